"""Cells of 2 x 2 pixels, on which connected things are found.

That joins what a pole or a window pillar cuts, and costs a quarter.
"""

from typing import Final

import numpy as np

from sharpeyes.detectors.compiled import compiled
from sharpeyes.detectors.picture import Plane

CELL_PX: Final = 2
"""Side of a cell."""


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
