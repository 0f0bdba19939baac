"""Boxes in pictures."""

from sharpeyes.detectors.picture import Plane

BoxXyxy = tuple[int, int, int, int]
"""Left, top, right, bottom in pixels; right and bottom are exclusive."""


def crop(plane: Plane, window_xyxy: BoxXyxy) -> Plane:
    """Return a view of a window of an (H, W) plane or a (c, H, W) surface."""
    left, top, right, bottom = window_xyxy
    return plane[..., top:bottom, left:right]


def widen(box_xyxy: BoxXyxy, margin_px: int, shape: tuple[int, ...]) -> BoxXyxy:
    """Return the box with a margin, cut at the borders of an (H, W, ...) picture."""
    left, top, right, bottom = box_xyxy
    return (
        max(left - margin_px, 0),
        max(top - margin_px, 0),
        min(right + margin_px, shape[1]),
        min(bottom + margin_px, shape[0]),
    )


def area(box: BoxXyxy) -> int:
    """Return the pixels of a box."""
    return (box[2] - box[0]) * (box[3] - box[1])


def shared_ratio(one: BoxXyxy, other: BoxXyxy) -> float:
    """Return how much of the smaller box the two share, 0-1."""
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    return max(across, 0) * max(down, 0) / min(area(one), area(other))


def scale_box(box_xyxy: BoxXyxy, from_hw: tuple[int, int], to_hw: tuple[int, int]) -> BoxXyxy:
    """Return a box of a picture of one (height, width) as pixels of another."""
    down, across = to_hw[0] / from_hw[0], to_hw[1] / from_hw[1]
    left, top, right, bottom = box_xyxy
    return round(left * across), round(top * down), round(right * across), round(bottom * down)
