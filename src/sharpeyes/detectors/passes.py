"""OpenCV passes with a constant, on 8-bit planes, in place.

`cv2.threshold` does them at a few microseconds for 320 x 180; the arithmetic functions take twice
as long with a scalar, and numpy's seven times.
"""

from functools import lru_cache

import cv2
import numpy as np

from sharpeyes.detectors.picture import Plane


def blank(surface: Plane) -> Plane:
    """Return (h, w) uint8 zeros of the size of an (h, w) plane or a (c, h, w) surface."""
    return np.zeros(surface.shape[-2:], np.uint8)


def at_most(plane: Plane, level: int) -> None:
    """Cut values above a level down to it."""
    cv2.threshold(plane, level, 0, cv2.THRESH_TRUNC, dst=plane)


def above(plane: Plane, level: int, out: Plane, value: int = 255) -> None:
    """Set `out` to `value` where the plane is above a level, to 0 elsewhere."""
    cv2.threshold(plane, level, value, cv2.THRESH_BINARY, dst=out)


def lower(plane: Plane, levels: int) -> None:
    """Subtract some levels, down to 0."""
    if levels:
        cv2.subtract(plane, constant(plane.shape, levels), dst=plane)


def follow(kept: Plane, now: Plane, steps: Plane) -> None:
    """Move `kept` towards `now`, each pixel by no more than its step; all of one shape."""
    most = cv2.add(kept, steps)
    cv2.subtract(kept, steps, dst=kept)
    cv2.max(kept, now, dst=kept)
    cv2.min(kept, most, dst=kept)


@lru_cache(maxsize=64)
def constant(shape: tuple[int, ...], level: int) -> Plane:
    """Return a read-only uint8 array of one level, which all cameras of a size share."""
    plane = np.full(shape, level, np.uint8)
    plane.flags.writeable = False
    return plane


def below(plane: Plane, level: int, out: Plane, value: int = 255) -> None:
    """Set `out` to `value` where the plane is not above a level, to 0 elsewhere."""
    cv2.threshold(plane, level, value, cv2.THRESH_BINARY_INV, dst=out)
