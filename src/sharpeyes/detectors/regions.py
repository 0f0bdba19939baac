"""Settled pixels to regions."""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.boxes import BoxXyxy, crop
from sharpeyes.detectors.cells import CELL_PX, cells_of
from sharpeyes.detectors.judge import LEAST_AREA_PX
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.stillness import FULL
from sharpeyes.detectors.surface import Surface, blank

HALF_FULL: Final = FULL // 2
CORE_SHARE: Final = 0.5
"""Share of a region's pixels that must have settled fully; the rest may be half-way."""
LEAST_CORE_PX: Final = int(CORE_SHARE * LEAST_AREA_PX)
"""With fewer fully settled pixels a region is dust, or too small to be judged."""
CELL_PIXELS: Final = 2
"""Half-settled pixels that make a cell of 2 x 2 part of a region."""
LEAST_CELLS: Final = LEAST_AREA_PX // CELL_PX**2
"""Smaller ones are dust, and there may be hundreds."""
_AROUND: Final = np.ones((3, 3), np.uint8)


def find_regions(count: Plane) -> Iterator[tuple[BoxXyxy, Plane]]:
    """Find what has settled together.

    Args:
        count: (H, W) uint8 counters of the stationary model.

    Yields:
        The box and the (h, w) uint8 mask in it of each region that is large enough to be judged,
        largest first.
    """
    full = (count >= FULL).view(np.uint8)
    if cv2.countNonZero(full) < LEAST_CORE_PX:
        return
    half = cells_of(count, HALF_FULL, CELL_PIXELS)
    # Sixteen bits are enough for all cells, and take half of the time.
    _, labels, stats, _ = cv2.connectedComponentsWithStats(
        cv2.morphologyEx(half, cv2.MORPH_CLOSE, _AROUND), connectivity=8, ltype=cv2.CV_16U
    )
    parts = [
        (cells, label, x, y, wide, high)
        for label, (x, y, wide, high, cells) in enumerate(stats.tolist())
        if cells >= LEAST_CELLS and label > 0
    ]
    for _, label, x, y, wide, high in sorted(parts, reverse=True):
        left, top = CELL_PX * x, CELL_PX * y
        settled = full[top : top + CELL_PX * high, left : left + CELL_PX * wide]
        if cv2.countNonZero(settled) < LEAST_CORE_PX:
            continue
        down, across = settled.shape
        inside = (labels[y : y + high, x : x + wide] == label).view(np.uint8)
        grown = cv2.resize(inside, (across, down), interpolation=cv2.INTER_NEAREST)
        box = (left, top, left + across, top + down)
        held = (crop(count, box) >= HALF_FULL).view(np.uint8) * np.uint8(255)
        mask = np.asarray(cv2.copyTo(held, grown), np.uint8).reshape(down, across)
        area = cv2.countNonZero(mask)
        core = cv2.countNonZero(cv2.copyTo(settled, mask))
        if area >= LEAST_AREA_PX and core >= CORE_SHARE * area:
            yield _tight(box, mask)


def planted(mask: Plane, box: BoxXyxy, surface: Surface) -> Plane:
    """Return an (H, W) uint8 mask of the whole picture with a box's mask in its place."""
    region = blank(surface)
    crop(region, box)[:] = mask
    return region


def padded_to(window: BoxXyxy, mask: Plane, box: BoxXyxy) -> Plane:
    """Return the (h, w) uint8 mask of a window from that of a box within it."""
    padded = np.zeros((window[3] - window[1], window[2] - window[0]), np.uint8)
    left, top = box[0] - window[0], box[1] - window[1]
    padded[top : top + mask.shape[0], left : left + mask.shape[1]] = mask
    return padded


def _tight(box: BoxXyxy, mask: Plane) -> tuple[BoxXyxy, Plane]:
    x, y, width, height = cv2.boundingRect(mask)
    left, top = box[0] + x, box[1] + y
    return (left, top, left + width, top + height), mask[y : y + height, x : x + width]
