"""From a source picture to the small luma that the detectors look at."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Self

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.errors import PictureError

Plane = npt.NDArray[np.uint8]
"""(h, w) uint8: luma 0-255, or a mask of 0 and 255."""

LOOK_SIDE_PX = 160
"""Longer side of what motion and standing things are looked for in. Cars at the far end of a
street keep some 10 x 5 pixels, and their noise is averaged away."""
WORKING_SIDE_PX = 320
"""Longer side of the picture by which its quality is measured."""

_COLOUR_DIMENSIONS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One frame, decoded as small as may be.

    Attributes:
        picture: (H, W, 3) BGR or (H, W) luma uint8, no smaller than `look_size` of the whole.
        size: (height, width) of the whole picture, in pixels of which boxes are told.
        whole: decodes it for who needs to see details, (height, width, 3) or (height, width).
    """

    picture: Plane
    size: tuple[int, int]
    whole: Callable[[], Plane]

    @classmethod
    def of(cls, picture: Plane) -> Self:
        """Make a frame of a whole picture.

        Raises:
            PictureError: it is not (H, W, 3) or (H, W) uint8 with at least one pixel.
        """
        return cls(picture, check_picture(picture), lambda: picture)


def check_picture(picture: npt.NDArray[np.uint8]) -> tuple[int, int]:
    """Check a source picture and return its (height, width).

    Raises:
        PictureError: it is not (H, W, 3) or (H, W) uint8 with at least one pixel.
    """
    shape = picture.shape
    colour = picture.ndim == _COLOUR_DIMENSIONS and shape[2] == 3  # noqa: PLR2004  # B, G, R
    if picture.dtype != np.uint8 or not (colour or picture.ndim == 2) or 0 in shape:  # noqa: PLR2004
        raise PictureError(
            f"a picture is (H, W, 3) or (H, W) uint8, this is {shape} {picture.dtype}"
        )
    return shape[0], shape[1]


def working_size(height: int, width: int) -> tuple[int, int]:
    """Return the working (height, width): the same shape, even, at most 320 pixels long."""
    scale = min(1.0, WORKING_SIDE_PX / max(height, width))
    return 2 * max(1, round(height * scale / 2)), 2 * max(1, round(width * scale / 2))


def look_size(height: int, width: int) -> tuple[int, int]:
    """Return the (height, width) at which detectors look at a picture of another.

    The same shape, at most 160 long and at most half: single pixels are noisy.
    """
    scale = min(0.5, LOOK_SIDE_PX / max(height, width))
    return max(1, round(height * scale)), max(1, round(width * scale))


def shrink(picture: Plane, height: int, width: int) -> Plane:
    """Shrink an (H, W) or (H, W, 3) picture; the same size gives the picture itself.

    By halves as far as they go, which averages noise and is what OpenCV does fastest; what is
    left is less than a factor of two, and bilinear.
    """
    while picture.shape[0] >= 2 * height and picture.shape[1] >= 2 * width:
        size = (picture.shape[1] // 2, picture.shape[0] // 2)
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
    if picture.shape[:2] == (height, width):
        return picture
    shrunk = cv2.resize(picture, (width, height), interpolation=cv2.INTER_LINEAR)
    return np.asarray(shrunk, np.uint8)


def half(picture: Plane) -> Plane:
    """Return an even-sided (h, w) or (h, w, 3) picture at half its size."""
    return shrink(picture, picture.shape[0] // 2, picture.shape[1] // 2)


def to_luma(picture: npt.NDArray[np.uint8]) -> Plane:
    """Return the (h, w) luma of a checked (h, w, 3) BGR or (h, w) luma picture."""
    if picture.ndim == _COLOUR_DIMENSIONS:
        return np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY), np.uint8)
    return picture
