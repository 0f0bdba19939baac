"""Settled pixels to regions."""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.boxes import BoxXyxy, crop
from sharpeyes.detectors.cells import CELL_PX, connected
from sharpeyes.detectors.compiled import compiled
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


def find_regions(count: Plane) -> Iterator[tuple[BoxXyxy, Plane]]:
    """Find what has settled together.

    Args:
        count: (H, W) uint8 counters of the stationary model.

    Yields:
        The box and the (h, w) uint8 mask in it of each region that is large enough to be judged,
        largest first.
    """
    if cv2.countNonZero((count >= FULL).view(np.uint8)) < LEAST_CORE_PX:
        return
    numbers, parts = connected(count, (HALF_FULL, CELL_PIXELS, LEAST_CELLS), True)
    pixels = _pixels_of(numbers, count, CELL_PX, (HALF_FULL, FULL)).tolist()
    for _, number, x, y, wide, high in sorted(parts.tolist(), reverse=True):
        area, core = pixels[number]
        if area >= LEAST_AREA_PX and core >= CORE_SHARE * area:
            left, top = CELL_PX * x, CELL_PX * y
            cells = (numbers[y : y + high, x : x + wide] == number).view(np.uint8)
            grown = np.kron(cells, np.ones((CELL_PX, CELL_PX), np.uint8))
            window = count[top : top + CELL_PX * high, left : left + CELL_PX * wide]
            down, across = window.shape
            mask = np.where(window >= HALF_FULL, grown[:down, :across] * np.uint8(255), np.uint8(0))
            yield _tight((left, top, left + across, top + down), mask)


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


@compiled("int64[:, ::1](uint16[:, ::1], uint8[:, ::1], int64, UniTuple(int64, 2))")
def _pixels_of(
    numbers: npt.NDArray[np.uint16], count: Plane, cell_px: int, least: tuple[int, int]
) -> npt.NDArray[np.int64]:
    """Count the pixels of each part that have settled.

    Args:
        numbers: (h, w) uint16 of the part that each cell belongs to.
        count: (H, W) uint8 counters of the stationary model.
        cell_px: side of a cell.
        least: counters of a pixel that is half-way, and of one that has settled fully.

    Returns:
        (n, 2): the pixels of part 0 to n - 1 that are half-way, and of these those that are full.
    """
    half, full = least
    pixels = np.zeros((numbers.max() + 1, 2), np.int64)
    for y in range(count.shape[0]):
        for x in range(count.shape[1]):
            if count[y, x] >= half:
                number = numbers[y // cell_px, x // cell_px]
                pixels[number, 0] += 1
                pixels[number, 1] += count[y, x] >= full
    return pixels
