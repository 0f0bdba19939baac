"""Surfaces: luma and colour of a small picture as planes, and how far two of them are apart.

A dark red car differs from the road by ten levels of luma on a third of its pixels, but by its
colour on most. Shadows change the luma and hardly the colour. One plane of colour, from blue to
red, tells paint from road and costs half of two.
"""

import cv2
import numpy as np

from sharpeyes.detectors.passes import blank, lower
from sharpeyes.detectors.picture import Plane

Surface = Plane
"""(c, h, w) uint8: luma, and for colour pictures warmth; c is 1 or 2.

Warmth is red minus blue, 128 for grey.
"""


def to_surface(picture: Plane) -> Surface:
    """Make the planes of an (h, w, 3) BGR or (h, w) luma uint8 picture."""
    if picture.ndim == 2:  # noqa: PLR2004  # luma
        return picture[np.newaxis]
    surface = np.empty((2, *picture.shape[:2]), np.uint8)
    cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY, dst=surface[0])
    blue, red = cv2.extractChannel(picture, 0), cv2.extractChannel(picture, 2)
    cv2.addWeighted(red, 1.0, blue, -1.0, 128.0, dst=surface[1])
    return surface


Slack = tuple[int, ...]
"""For each plane, the levels that its noise alone makes."""


def distance(one: Surface, other: Surface, slack: Slack) -> Plane:
    """Return (h, w) uint8: the largest difference of any plane beyond its slack, in levels."""
    farthest = blank(one)
    for plane, other_plane, noise in zip(one, other, slack, strict=True):
        apart = np.asarray(cv2.absdiff(plane, other_plane), np.uint8)
        if noise:
            lower(apart, noise)
        cv2.max(farthest, apart, dst=farthest)
    return farthest


def median_level(plane: Plane) -> int:
    """Return the median of an (h, w) uint8 plane, from its histogram."""
    counts = cv2.calcHist([plane], [0], None, [256], [0, 256])
    return int(np.searchsorted(np.cumsum(counts), plane.size / 2))


def copy_where(mask: Plane, source: Surface, target: Surface) -> None:
    """Copy all planes of a pixel where the (h, w) uint8 mask is set."""
    for kept, given in zip(target, source, strict=True):
        cv2.copyTo(given, mask, kept)
