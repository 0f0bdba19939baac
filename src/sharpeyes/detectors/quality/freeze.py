"""Has the picture stood still?"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.picture import Plane

TILE_PX: Final = 8
CLOCK_SHARE: Final = 0.06
"""An on-screen clock or caption touches fewer than this share of tiles."""


def is_frozen(previous: Plane, current: Plane, *, clock_share: float = CLOCK_SHARE) -> bool:
    """Say whether two pictures, some time apart, are one picture but for an on-screen clock.

    A sensor's noise changes nearly every tile of a picture a little, so equality is judged
    exactly, tile by tile, and a few tiles may differ: those of a clock that the device draws
    over a dead picture. Tiles at the ends of the luma range carry no noise and do not count; a
    picture that has hardly any other tile (night, a covered lens) is not called frozen.

    Two pictures of a scene without noise (drawn, or smoothed by the camera) in which nothing
    moves are equal too, and no test of two pictures can tell. A caller therefore waits until
    it has been so for longer than its quietest street stays empty.

    Args:
        previous: (H, W) uint8 luma.
        current: (H, W) uint8 luma; another size than `previous` is not frozen.
        clock_share: share of the tiles that may differ, 0-1.
    """
    if previous.shape != current.shape:
        return False
    moved = _tiles(cv2.absdiff(previous, current), cv2.MORPH_DILATE) > 0
    noisy = (_tiles(current, cv2.MORPH_DILATE) > _BLACK) & (
        _tiles(current, cv2.MORPH_ERODE) < _WHITE
    )
    if np.count_nonzero(noisy) < max(1, noisy.size // 4):
        return False
    return int(np.count_nonzero(moved)) <= clock_share * moved.size


_BLACK: Final = 20
_WHITE: Final = 235


def _tiles(plane: npt.ArrayLike, operation: int) -> Plane:
    """Return the largest (dilate) or smallest (erode) value of each tile."""
    kernel = np.ones((TILE_PX, TILE_PX), np.uint8)
    spread = cv2.morphologyEx(np.asarray(plane, np.uint8), operation, kernel)
    return np.asarray(spread, np.uint8)[TILE_PX // 2 :: TILE_PX, TILE_PX // 2 :: TILE_PX]
