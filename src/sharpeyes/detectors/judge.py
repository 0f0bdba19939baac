"""What a settled region is: a thing that came, a ghost, light, or no shape of a vehicle."""

from enum import StrEnum
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.surface import Surface

LEAST_EDGE: Final = 4.0
"""Mean gradient along a border, levels per pixel, below which there is no edge to speak of."""
GHOST_BELOW: Final = 0.42
"""Share of the border's edges that the picture has; the rest are the scenery's."""
THING_FROM: Final = 0.6
"""Waiting vehicles have 0.7 and more; bags on dark ground and digits that change have half."""
ALIKE: Final = 0.66
"""Correlation of gradients from which picture and scenery show one surface in another light."""
MOST_SHIFT_PX: Final = 1
MOST_WIDTH_TO_HEIGHT: Final = 4.5
MOST_HEIGHT_TO_WIDTH: Final = 2.4
CAPTION_WIDTH_TO_HEIGHT: Final = 2.6
"""What appears at once and is wider than this is a caption: vehicles drive in."""
LEAST_FILL: Final = 0.35
LEAST_AREA_PX: Final = 28
MOST_AREA_RATIO: Final = 1 / 8


class Verdict(StrEnum):
    """Why a region is, or is not, a candidate."""

    THING = "thing"
    GHOST = "ghost"
    LIGHT = "light"
    TOO_LARGE = "too_large"
    TOO_SMALL = "too_small"
    SHAPE = "shape"
    UNCLEAR = "unclear"
    CAPTION = "caption"
    SMALL_HERE = "small_here"
    LARGE_HERE = "large_here"


Gradient = npt.NDArray[np.float32]
"""(2 * c, h, w): derivatives to the right and down of each plane, in levels per pixel."""


def gradient(surface: Surface) -> Gradient:
    """Return the derivatives of a (c, h, w) uint8 surface."""
    parts = [
        cv2.Scharr(plane, cv2.CV_32F, *axis, scale=1 / 32, borderType=cv2.BORDER_REPLICATE)
        for plane in surface
        for axis in ((1, 0), (0, 1))
    ]
    return np.asarray(parts, np.float32)


def judge_shape(mask: Plane, width: int, height: int, picture_area: int) -> Verdict:
    """Judge a region by its size and proportions alone.

    Args:
        mask: (h, w) uint8 of the region's box, 255 where it is settled.
        width: of its box, pixels.
        height: of its box, pixels.
        picture_area: pixels of the whole picture.
    """
    area = cv2.countNonZero(mask)
    if width * height > MOST_AREA_RATIO * picture_area:
        return Verdict.TOO_LARGE
    if area < LEAST_AREA_PX:
        return Verdict.TOO_SMALL
    if width > MOST_WIDTH_TO_HEIGHT * height or height > MOST_HEIGHT_TO_WIDTH * width:
        return Verdict.SHAPE
    if area < LEAST_FILL * width * height:
        return Verdict.SHAPE
    return Verdict.THING


def judge_edges(picture: Surface, scenery: Surface, mask: Plane) -> Verdict:
    """Judge a region by whose edges run along its border.

    A thing that came has its outline in the picture, a ghost (something of the scenery that left)
    in the scenery; a patch of light has the same surface in both.

    Args:
        picture: (c, h, w) uint8 of the region with a margin of a few pixels.
        scenery: (c, h, w) uint8 of the same place.
        mask: (h, w) uint8, 255 in the region.
    """
    now, before = gradient(picture), gradient(scenery)
    border, inside = _border_and_inside(mask)
    if _likeness(now, before, inside) > ALIKE:
        return Verdict.LIGHT
    strength_now, strength_before = _own_strength(now, before), _own_strength(before, now)
    edge_now, edge_before = (
        float(cv2.mean(strength, border)[0]) for strength in (strength_now, strength_before)
    )
    if max(edge_now, edge_before) < LEAST_EDGE:
        return Verdict.LIGHT
    share = edge_now / (edge_now + edge_before)
    if share < GHOST_BELOW:
        return Verdict.GHOST
    return Verdict.THING if share >= THING_FROM else Verdict.UNCLEAR


def _border_and_inside(mask: Plane) -> tuple[Plane, Plane]:
    kernel = np.ones((3, 3), np.uint8)
    # A border as the zero outside the crop would make is none.
    wide = cv2.dilate(mask, kernel)
    narrow = cv2.erode(mask, kernel, borderType=cv2.BORDER_REPLICATE)
    border = np.asarray(cv2.subtract(wide, narrow), np.uint8)
    return border, np.asarray(wide, np.uint8)


def _likeness(one: Gradient, other: Gradient, mask: Plane) -> float:
    """Correlate two gradient fields, at the best of a few shifts; -1 to 1."""
    best = -1.0
    kept = mask > 0
    here = one[:, kept]
    for down in range(-MOST_SHIFT_PX, MOST_SHIFT_PX + 1):
        for across in range(-MOST_SHIFT_PX, MOST_SHIFT_PX + 1):
            moved = np.roll(other, (down, across), (1, 2))[:, kept]
            energy = float(np.sqrt(np.vdot(here, here) * np.vdot(moved, moved)))
            best = max(best, float(np.vdot(here, moved)) / (energy + 1e-6))
    return best


def _own_strength(mine: Gradient, theirs: Gradient) -> npt.NDArray[np.float32]:
    """Return how strong a gradient is beyond what the other one shares with it."""
    length = np.sqrt(np.sum(mine * mine, axis=0))
    shared = np.sum(mine * theirs, axis=0) / (length + 1e-3)
    return np.asarray(np.maximum(length - np.maximum(shared, 0.0), 0.0), np.float32)
