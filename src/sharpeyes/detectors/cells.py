"""Cells of 2 x 2 pixels, on which connected things are found.

That joins what a pole or a window pillar cuts, and costs a quarter.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.compiled import compiled
from sharpeyes.detectors.picture import Plane

CELL_PX: Final = 2
"""Side of a cell."""


def largest_box(mask: Plane) -> BoxXyxy:
    """Return the box of the largest connected part of an (h, w) mask that is not empty.

    It is found on cells.
    """
    height, width = mask.shape
    _, parts = connected(mask, (1, 1, 1), False)
    if not len(parts):
        return 0, 0, width, height
    _, _, x, y, wide, high = max(parts.tolist())
    right, bottom = CELL_PX * (x + wide), CELL_PX * (y + high)
    return CELL_PX * x, CELL_PX * y, min(right, width), min(bottom, height)


@compiled("uint8[:, ::1](uint8[:, ::1], int64, int64)")
def cells_of(plane: Plane, least_level: int, least_px: int) -> Plane:
    """Return the cells that have enough high pixels.

    Args:
        plane: (h, w) uint8, contiguous.
        least_level: from which on a pixel counts.
        least_px: so many of the four must.

    Returns:
        uint8 of half the size, rounded up; 255 where they do, else 0.
    """
    height, width = plane.shape
    counts = np.zeros(((height + 1) // CELL_PX, (width + 1) // CELL_PX), np.uint8)
    for y in range(height):
        for x in range(width):
            counts[y // CELL_PX, x // CELL_PX] += plane[y, x] >= least_level
    for y in range(counts.shape[0]):
        for x in range(counts.shape[1]):
            counts[y, x] = 255 * (counts[y, x] >= least_px)
    return counts


@compiled("uint8[:, ::1](uint8[:, ::1])")
def _widened(cells: Plane) -> Plane:
    """Return the greatest of 3 x 3 cells, (h, w) uint8."""
    height, width = cells.shape
    across, wide = cells.copy(), cells.copy()
    for y in range(height):
        for x in range(1, width):
            across[y, x] = max(across[y, x], cells[y, x - 1])
            across[y, x - 1] = max(across[y, x - 1], cells[y, x])
    wide[:] = across
    for y in range(1, height):
        for x in range(width):
            wide[y, x] = max(wide[y, x], across[y - 1, x])
            wide[y - 1, x] = max(wide[y - 1, x], across[y, x])
    return wide


@compiled(
    "Tuple((uint16[:, ::1], int64[:, ::1]))(uint8[:, ::1], UniTuple(int64, 3), boolean)",
)
def connected(
    plane: Plane, least: tuple[int, int, int], close: bool
) -> tuple[npt.NDArray[np.uint16], npt.NDArray[np.int64]]:
    """Find the cells that are connected, diagonally too.

    Args:
        plane: (H, W) uint8, contiguous.
        least: level from which on a pixel counts, pixels that make a cell, and cells of a part;
            smaller ones are left out.
        close: close holes and gaps of a cell first.

    Returns:
        (h, w) uint16, the number of the part that each cell belongs to, 0 for none; and (n, 6) for
        each part: its cells, its number, left, top, width and height.
    """
    cells = cells_of(plane, least[0], least[1])
    if close:
        cells = ~_widened(~_widened(cells))
    height, width = cells.shape
    numbers = np.zeros((height, width), np.uint16)
    # Parts that do not touch have every second cell at most.
    parts = np.empty((((height + 1) // 2) * ((width + 1) // 2), 6), np.int64)
    waiting = np.empty((height * width, 2), np.int64)
    number = found = 0
    for y in range(height):
        for x in range(width):
            if cells[y, x] == 0 or numbers[y, x] != 0:
                continue
            number += 1
            numbers[y, x] = number
            waiting[0] = y, x
            reached, left, right, bottom = 1, x, x, y
            done = 0
            while done < reached:
                row, column = waiting[done]
                done += 1
                left, right, bottom = min(left, column), max(right, column), max(bottom, row)
                for down in range(max(row - 1, 0), min(row + 2, height)):
                    for across in range(max(column - 1, 0), min(column + 2, width)):
                        if cells[down, across] != 0 and numbers[down, across] == 0:
                            numbers[down, across] = number
                            waiting[reached] = down, across
                            reached += 1
            if reached >= least[2]:
                parts[found] = reached, number, left, y, right + 1 - left, bottom + 1 - y
                found += 1
    return numbers, parts[:found]
