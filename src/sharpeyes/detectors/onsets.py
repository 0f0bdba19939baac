"""Since when each pixel differs from the scenery, and what began at one moment.

A vehicle drives in: it covers its place bit by bit. When a camera is bumped, or covered, much of
the picture differs from one look to the next and goes on to; a caption appears at once.
"""

from enum import Enum, auto
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.passes import at_most, below
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.stillness import ASKED_PX, FULL

TILE: Final = 5
"""Side of a tile, in pixels that are asked."""
LEAST_IN_TILE: Final = 2
"""Pixels of a tile of 25 that have to begin together."""
JUMPED_RATIO: Final = 1 / 4
"""Of all tiles. No vehicle covers half of that; a bump by 3 pixels moves edges in half of them."""
HALF_FULL: Final = FULL // 2
AT_ONCE_SHARE: Final = 0.55
"""Of a thing's pixels: of vehicles that drive in a third or less begin together at two looks a
second, of captions two thirds, since traffic goes on beneath them."""
CLOSE_S: Final = 0.6
"""With a longer time between two looks a vehicle may have driven in from nowhere."""
_LOOKS: Final = 255


class Jump(Enum):
    """What the picture as a whole did."""

    NONE = auto()
    MAYBE = auto()
    """Much of it is another, but not for long: a flash, or a jump."""
    SETTLED = auto()
    """It has held for half of the settling time: this is the view from now on."""


class Onsets:
    """Remembers at which look each pixel began to differ."""

    def __init__(self, differs: Plane) -> None:
        """Begin with the (h, w) uint8 pixels of the stationary model that are asked."""
        # Numbers of looks from 1 to 255 and again; 0 where the scenery is seen.
        self._began = np.zeros_like(differs)
        self._is_close = np.zeros(_LOOKS + 1, np.bool_)
        self._look = 0

    @property
    def state_bytes(self) -> int:
        """Bytes of arrays held."""
        return self._began.nbytes + self._is_close.nbytes

    def look(self, differs: Plane, count: Plane, elapsed_s: float) -> Jump:
        """Take what differs after a look, and say what the picture did.

        Args:
            differs: (h, w) uint8, 255 where a pixel that is asked differs from the scenery.
            count: (H, W) uint8 counters of the stationary model.
            elapsed_s: seconds since the look before.
        """
        self._look = self._look % _LOOKS + 1
        self._is_close[self._look] = elapsed_s <= CLOSE_S
        self._note_new(differs)
        tiles = (self._began.shape[0] // TILE) * (self._began.shape[1] // TILE)
        least = max(1.0, JUMPED_RATIO * tiles)
        if cv2.countNonZero(self._began) < LEAST_IN_TILE * least:
            return Jump.NONE
        together = np.bincount(self._began.ravel(), minlength=_LOOKS + 1)
        together[0] = 0
        moment = int(together.argmax())
        if together[moment] < LEAST_IN_TILE * least:
            return Jump.NONE
        jumped = self._began == moment
        if _tiles_with(jumped) < least:
            return Jump.NONE
        held = count[::ASKED_PX, ::ASKED_PX] >= HALF_FULL
        return Jump.SETTLED if _tiles_with(jumped & held) >= least else Jump.MAYBE

    def came_at_once(self, box: BoxXyxy, mask: Plane) -> bool:
        """Say whether a region appeared from one look to the next, too fast to have driven in.

        Args:
            box: of the region, in pixels of the stationary model.
            mask: (h, w) uint8 of the box, 255 in the region.
        """
        left, top = -box[0] % ASKED_PX, -box[1] % ASKED_PX
        inside = mask[top::ASKED_PX, left::ASKED_PX] > 0
        down, across = (box[1] + top) // ASKED_PX, (box[0] + left) // ASKED_PX
        began = self._began[down : down + inside.shape[0], across : across + inside.shape[1]]
        moments = np.bincount(began[inside], minlength=_LOOKS + 1)
        moments[0] = 0
        moment = int(moments.argmax())
        share = moments[moment] / max(1, np.count_nonzero(inside))
        return bool(self._is_close[moment] and share >= AT_ONCE_SHARE)

    def _note_new(self, differs: Plane) -> None:
        cv2.bitwise_and(self._began, differs, dst=self._began)
        new = np.zeros_like(self._began)
        below(self._began, 0, new)
        cv2.bitwise_and(new, differs, dst=new)
        at_most(new, self._look)
        cv2.bitwise_or(self._began, new, dst=self._began)


def _tiles_with(pixels: npt.NDArray[np.bool_]) -> int:
    """Count the tiles that have enough of the (h, w) pixels."""
    down, across = pixels.shape[0] // TILE, pixels.shape[1] // TILE
    tiles = pixels[: down * TILE, : across * TILE].reshape(down, TILE, across, TILE)
    return int(np.count_nonzero(tiles.sum(axis=(1, 3)) >= LEAST_IN_TILE))
