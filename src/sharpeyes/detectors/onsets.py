"""Since when each pixel differs from the scenery, and what began at one moment.

A vehicle drives in: it covers its place bit by bit. When a camera is bumped, or covered, much of
the picture differs from one look to the next and goes on to; a caption appears at once.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.compiled import compiled
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

Times = npt.NDArray[np.float64]
"""Seconds."""


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
        _note(model.differs, self._look, self._began)
        tiles = (self._began.shape[0] // TILE) * (self._began.shape[1] // TILE)
        least = max(1.0, JUMPED_RATIO * tiles)
        # What differs for longer and has not settled is glare, or another light.
        since_s = time_s - RECENT_SHARE * model.full_after_s
        moment, pixels = _busiest(self._began, self._at_s, since_s)
        if pixels < LEAST_IN_TILE * least:
            return False
        jumped = _jumped_tiles(self._began, moment, model.count, ASKED_PX, HALF_FULL)
        return bool(jumped >= least)

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


@compiled("void(uint8[:, ::1], int64, uint8[:, ::1])")
def _note(differs: Plane, look: int, began: Plane) -> None:
    """Note which pixels begin to differ, and which differ no more.

    Args:
        differs: (h, w) uint8, not 0 where a pixel differs from the scenery.
        look: the number of this look, 1-255.
        began: (h, w) uint8 numbers of looks, changed; 0 where nothing differs.
    """
    height, width = began.shape
    for y in range(height):
        for x in range(width):
            kept = began[y, x] or np.uint8(look)
            began[y, x] = kept if differs[y, x] else np.uint8(0)


@compiled("UniTuple(int64, 2)(uint8[:, ::1], float64[::1], float64)")
def _busiest(began: Plane, at_s: Times, since_s: float) -> tuple[int, int]:
    """Return the look at which most pixels began to differ, and how many did.

    Args:
        began: (h, w) uint8 numbers of looks; 0 where nothing differs.
        at_s: (256,) when each look was.
        since_s: of looks before it nothing is told.
    """
    together = np.zeros(256, np.int64)
    for y in range(began.shape[0]):
        for x in range(began.shape[1]):
            together[began[y, x]] += 1
    busiest = pixels = 0
    for look in range(1, 256):
        if at_s[look] >= since_s and together[look] > pixels:
            busiest, pixels = look, together[look]
    return busiest, pixels


@compiled("int64(uint8[:, ::1], int64, uint8[:, ::1], int64, int64)")
def _jumped_tiles(began: Plane, moment: int, count: Plane, asked_px: int, held: int) -> int:
    """Count the tiles with enough pixels that began at one look and have held since.

    Args:
        began: (h, w) uint8 numbers of looks.
        moment: the look.
        count: (H, W) uint8 counters of the stationary model.
        asked_px: of whose pixels one in so many is asked, down and across.
        held: from which counter on a pixel has held.
    """
    tiles = 0
    for top in range(0, began.shape[0] - TILE + 1, TILE):
        for left in range(0, began.shape[1] - TILE + 1, TILE):
            inside = 0
            for y in range(top, top + TILE):
                for x in range(left, left + TILE):
                    holds = count[asked_px * y, asked_px * x] >= held
                    inside += holds & (began[y, x] == moment)
            tiles += inside >= LEAST_IN_TILE
    return tiles
