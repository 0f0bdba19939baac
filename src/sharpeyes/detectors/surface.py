"""Surfaces: luma and colour of a small picture as planes, and how far two of them are apart.

A dark red car differs from the road by ten levels of luma on a third of its pixels, but by its
colour on most. Shadows change the luma and hardly the colour. One plane of colour, from blue to
red, tells paint from road and costs half of two.
"""

import cv2
import numpy as np

from sharpeyes.detectors.passes import lower
from sharpeyes.detectors.picture import Plane

Surface = Plane
"""(c, h, w) uint8: luma, and for colour pictures warmth; c is 1 or 2.

Warmth is red minus blue, 128 for grey.
"""


def to_surface(luma: Plane, picture: Plane) -> Surface:
    """Make the planes of an (h, w) uint8 luma and the (h, w, 3) BGR or luma picture it is of."""
    if picture.ndim == 2:  # noqa: PLR2004  # luma
        return luma[np.newaxis]
    surface = np.empty((2, *luma.shape), np.uint8)
    surface[0] = luma
    blue, _, red = cv2.split(picture)
    cv2.addWeighted(red, 1.0, blue, -1.0, 128.0, dst=surface[1])
    return surface


Slack = tuple[int, ...]
"""For each plane, the levels that its noise alone makes."""


def distance(one: Surface, other: Surface, slack: Slack) -> Plane:
    """Return (h, w) uint8: the largest difference of any plane beyond its slack, in levels."""
    return farthest(apart(one, other), slack)


def apart(one: Surface, other: Surface) -> Surface:
    """Return (c, h, w) uint8: how far each plane of two surfaces is apart, in levels."""
    # OpenCV drops a last side of 1.
    return np.asarray(cv2.absdiff(one, other), np.uint8).reshape(one.shape)


def farthest(levels: Surface, slack: Slack) -> Plane:
    """Return (h, w) uint8: the largest of (c, h, w) differences beyond slack; they are used up."""
    for plane, noise in zip(levels, slack, strict=True):
        lower(plane, noise)
    most: Plane = levels[0]
    for plane in levels[1:]:
        cv2.max(most, plane, dst=most)
    return most


def copy_where(mask: Plane, source: Surface, target: Surface) -> None:
    """Copy all planes of a pixel where the (h, w) uint8 mask is set."""
    for kept, given in zip(target, source, strict=True):
        cv2.copyTo(given, mask, kept)
