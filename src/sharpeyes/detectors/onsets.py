"""Since when each pixel differs from the scenery, and what began at one moment.

A vehicle drives in: it covers its place bit by bit. When a camera is bumped, or covered, much of
the picture differs from one look to the next and goes on to; a caption appears at once.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.passes import at_most, below
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.stillness import ASKED_PX, FULL, StillnessModel

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
RECENT_SHARE: Final = 1.5
"""Of the settling time: a jump has settled by then, or never will."""
CLOSE_S: Final = 0.6
"""With a longer time between two looks a vehicle may have driven in from nowhere."""
_LOOKS: Final = 255


class Onsets:
    """Remembers at which look each pixel began to differ."""

    def __init__(self, differs: Plane) -> None:
        """Begin with the (h, w) uint8 pixels of the stationary model that are asked."""
        # Numbers of looks from 1 to 255 and again; 0 where the scenery is seen.
        self._began = np.zeros_like(differs)
        self._is_close = np.zeros(_LOOKS + 1, np.bool_)
        self._at_s = np.full(_LOOKS + 1, -np.inf)
        self._look = 0

    @property
    def state_bytes(self) -> int:
        """Bytes of arrays held."""
        return self._began.nbytes + self._is_close.nbytes + self._at_s.nbytes

    def look(self, model: StillnessModel, time_s: float, elapsed_s: float) -> bool:
        """Take what differs after a look, and say whether the whole picture has jumped.

        It has where much of it began to differ at one moment, and has held for half of the settling
        time since: this is the view from now on.

        Args:
            model: after it has looked.
            time_s: now.
            elapsed_s: seconds since the look before.
        """
        self._look = self._look % _LOOKS + 1
        self._is_close[self._look] = elapsed_s <= CLOSE_S
        self._at_s[self._look] = time_s
        self._note_new(model.differs)
        tiles = (self._began.shape[0] // TILE) * (self._began.shape[1] // TILE)
        least = max(1.0, JUMPED_RATIO * tiles)
        if cv2.countNonZero(self._began) < LEAST_IN_TILE * least:
            return False
        together = np.bincount(self._began.ravel(), minlength=_LOOKS + 1)
        # What differs for longer and has not settled is glare, or another light.
        together[self._at_s < time_s - RECENT_SHARE * model.full_after_s] = 0
        moment = int(together.argmax())
        if together[moment] < LEAST_IN_TILE * least:
            return False
        count = model.count[::ASKED_PX, ::ASKED_PX]
        return bool(_tiles_with((self._began == moment) & (count >= HALF_FULL)) >= least)

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
