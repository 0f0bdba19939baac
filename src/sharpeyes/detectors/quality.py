"""Is the picture itself well: frozen, black, blinded, flat."""

from typing import Final

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.picture import Plane, check_picture, shrink, to_luma, working_size

TILE_PX: Final = 8
CLOCK_SHARE: Final = 0.06
"""An on-screen clock or caption touches fewer than this share of tiles."""


class PictureQuality(msgspec.Struct, frozen=True):
    """Simple measures of one picture.

    Attributes:
        brightness: mean luma, 0-255.
        contrast: standard deviation of luma, 0-127.5.
        dark: too dark to see by.
        glaring: so bright that shapes are lost.
        flat: nearly one colour: a covered lens, or a grey picture for a lost signal.
    """

    brightness: float
    contrast: float
    dark: bool
    glaring: bool
    flat: bool


DARK: Final = 30.0
GLARING: Final = 220.0
FLAT: Final = 8.0
"""Lower than the 25 by which the field calls a picture poor in contrast: fog is not a fault."""


def measure_quality(picture: npt.NDArray[np.uint8]) -> PictureQuality:
    """Measure brightness and flatness of one (H, W, 3) or (H, W) uint8 picture.

    Raises:
        PictureError: it is not a picture.
    """
    luma = to_luma(shrink(picture, *working_size(*check_picture(picture))))
    mean, deviation = cv2.meanStdDev(luma)
    brightness, contrast = float(np.ravel(mean)[0]), float(np.ravel(deviation)[0])
    return PictureQuality(
        brightness=brightness,
        contrast=contrast,
        dark=brightness < DARK,
        glaring=brightness > GLARING,
        flat=contrast < FLAT,
    )


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
