"""Surfaces: luma and colour of a small picture as planes, and how far two of them are apart.

A dark red car differs from the road by ten levels of luma on a third of its pixels, but by its
colour on most. Shadows change the luma and hardly the colour. One plane of colour, from blue to
red, tells paint from road and costs half of two.
"""

import cv2
import numpy as np

from sharpeyes.detectors.compiled import compiled
from sharpeyes.detectors.levels import lowered, raised
from sharpeyes.detectors.picture import Plane

Surface = Plane
"""(c, h, w) uint8: luma, and for colour pictures warmth; c is 1 or 2.

Warmth is red minus blue, 128 for grey.
"""


def to_surface(picture: Plane) -> Surface:
    """Make the planes of a (h, w, 3) BGR or (h, w) luma uint8 picture; a copy."""
    if picture.ndim == 2:  # noqa: PLR2004  # luma
        return picture[np.newaxis].copy()
    surface = np.empty((2, *picture.shape[:2]), np.uint8)
    cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY, dst=surface[0])
    blue, _, red = cv2.split(picture)
    _measure_warmth(np.asarray(blue, np.uint8), np.asarray(red, np.uint8), surface[1])
    return surface


Slack = tuple[int, ...]
"""For each plane, the levels that its noise alone makes."""


def distance(one: Surface, other: Surface, slack: Slack) -> Plane:
    """Return (h, w) uint8: the largest difference of any plane beyond its slack, in levels."""
    # OpenCV drops a last side of 1.
    levels = np.asarray(cv2.absdiff(one, other), np.uint8).reshape(one.shape)
    noise = np.array(slack, np.uint8)[:, np.newaxis, np.newaxis]
    return np.asarray((np.maximum(levels, noise) - noise).max(axis=0), np.uint8)


def copy_where(mask: Plane, source: Surface, target: Surface) -> None:
    """Copy all planes of a pixel where the (h, w) uint8 mask is set."""
    for kept, given in zip(target, source, strict=True):
        cv2.copyTo(given, mask, kept)


def blank(surface: Plane) -> Plane:
    """Return (h, w) uint8 zeros of the size of an (h, w) plane or a (c, h, w) surface."""
    return np.zeros(surface.shape[-2:], np.uint8)


@compiled("void(uint8[:, ::1], uint8[:, ::1], uint8[:, ::1])")
def _measure_warmth(blue: Plane, red: Plane, warmth: Plane) -> None:
    """Write red minus blue, 128 where they are alike; all (h, w) uint8."""
    for y in range(warmth.shape[0]):
        for x in range(warmth.shape[1]):
            warmer = raised(128, lowered(red[y, x], blue[y, x]))
            warmth[y, x] = lowered(warmer, lowered(blue[y, x], red[y, x]))
