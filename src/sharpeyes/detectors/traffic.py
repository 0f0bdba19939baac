"""How large what passes is, row by row: the perspective of a view, learned from its traffic.

Each row of the picture is some distance away, so what passes with its lower edge there has the size
of vehicles there. Nothing is fitted: what passed near a candidate's row is compared with it, and
where too little has passed there is no opinion.
"""

from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.cells import CELL_PX, connected
from sharpeyes.detectors.picture import Plane

MOST_PASSED: Final = 256
"""The latest so many are remembered: an hour on a quiet road, ten minutes on a busy one."""
LOOK_PERIOD_S: Final = 2.0
"""What passes is measured no oftener, so that the same vehicle counts once or twice."""
CROWDED_RATIO: Final = 0.25
"""With so much foreground, blobs are many vehicles in one, or none."""
LEAST_CELLS: Final = 6
"""Of 2 x 2 pixels: what is smaller is dust."""
LEAST_FILL: Final = 0.45
"""Of its box: less is two things, or a shadow that reaches far."""
LEAST_WIDTH_TO_HEIGHT: Final = 0.8
"""People are narrower. A street of walkers must not teach how large vehicles are."""
ROWS_RATIO: Final = 0.08
"""Of the picture's height, up and down: what passed there is compared with."""
LEAST_PASSED: Final = 24
"""Fewer vehicles near a row tell nothing."""
SMALL_QUANTILE: Final = 0.2
SMALL_SHARE: Final = 0.4
"""Of the small among what passes. By the square root of its box, a motorcycle from the front is
0.43 of cars from the side and 0.69 of cars from the front; a bag is 0.17 to 0.27 of them."""
LARGE_QUANTILE: Final = 0.9
LARGE_SHARE: Final = 4.0
"""Of the large among what passes: a lorry's side is 3.3 times a car."""
CELL_PIXELS: Final = 2
"""Moving pixels that make a cell of 2 x 2 part of what passes."""


class Traffic:
    """Remembers the sizes of what passed lately.

    Sizes are the square roots of boxes' areas, in pixels of the stationary model.
    """

    def __init__(self, kept: bytes = b"") -> None:
        """Begin with what `keep` returned earlier, or with nothing."""
        whole = len(kept) // 3 * 3
        passed = np.frombuffer(kept[:whole], np.uint8).reshape(-1, 3)[-MOST_PASSED:]
        # Rows of bottom, width and height, in cells; a ring.
        self._passed = np.zeros((MOST_PASSED, 3), np.uint8)
        self._passed[: len(passed)] = passed
        self._number = len(passed)
        self._looked_s = -np.inf

    @property
    def state_bytes(self) -> int:
        """Bytes of arrays held."""
        return self._passed.nbytes

    def keep(self) -> bytes:
        """Return what a later model needs: 3 bytes for each of the latest, oldest first."""
        if self._number <= MOST_PASSED:
            return self._passed[: self._number].tobytes()
        return np.roll(self._passed, -(self._number % MOST_PASSED), 0).tobytes()

    def look(self, foreground: Plane, time_s: float) -> None:
        """Measure what moves in an (h, w) uint8 foreground mask of 0 and 255, now and then."""
        if time_s - self._looked_s < LOOK_PERIOD_S:
            return
        self._looked_s = time_s
        if not 0 < cv2.countNonZero(foreground) < CROWDED_RATIO * foreground.size:
            return
        numbers, parts = connected(foreground, (255, CELL_PIXELS, LEAST_CELLS), False)
        height, width = numbers.shape
        for area, _, x, y, wide, high in parts.tolist():
            # What is cut by the picture's border is larger than it looks.
            whole = x > 0 and y > 0 and x + wide < width and y + high < height
            solid = area >= LEAST_FILL * wide * high
            if whole and solid and wide >= LEAST_WIDTH_TO_HEIGHT * high:
                self._passed[self._number % MOST_PASSED] = (y + high, wide, high)
                self._number += 1

    def sizes_at(self, row: int, height: int) -> tuple[float, float] | None:
        """Return the sizes that are believed of a vehicle whose lower edge is in a row.

        Args:
            row: of the stationary model.
            height: of the stationary model, in pixels.

        Returns:
            The least and the greatest; None where too little has passed.
        """
        passed = self._passed[: min(self._number, MOST_PASSED)].astype(np.float32) * CELL_PX
        near = passed[np.abs(passed[:, 0] - row) <= ROWS_RATIO * height]
        if len(near) < LEAST_PASSED:
            return None
        sizes = np.sqrt(near[:, 1] * near[:, 2])
        small, large = np.quantile(sizes, (SMALL_QUANTILE, LARGE_QUANTILE)).tolist()
        return SMALL_SHARE * small, LARGE_SHARE * large


def size_of(box: BoxXyxy) -> float:
    """Return the side of a square that is as large as a box."""
    left, top, right, bottom = box
    return float(np.sqrt((right - left) * (bottom - top)))
