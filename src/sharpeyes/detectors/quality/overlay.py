"""Where a device draws its clock and captions: found in the picture, not configured.

Drawn text has steps of nearly the whole range of luma within a pixel or two, packed into a wide
line near the upper or the lower edge (the morphological text filter of Fabrizio et al., *Text
segmentation in natural scenes using toggle-mapping*, ICIP 2009, in its smallest form). A fence or
a row of signs may be taken for it: what is left out then is a strip of the scene.
"""

from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.quality.tiles import TileMask, tile_means

_STEP: Final = 90
"""Levels between a letter and its ground."""
_EDGE_SHARE: Final = 0.2
"""Text is looked for in this share of the height from above and from below."""
_HEIGHTS: Final = (0.02, 0.13)
"""Of a line of text, as shares of the picture's height."""
_LEAST_WIDTH: Final = 0.08
_LEAST_ASPECT: Final = 2.5
_LEAST_DENSITY: Final = 0.3
_TOUCHED: Final = 0.1
"""A tile of which text covers so much is left out."""


def find_overlay(luma: Plane) -> TileMask:
    """Return the tiles that a clock or caption touches, of an (h, w) uint8 luma."""
    height, width = luma.shape
    strokes = cv2.morphologyEx(luma, cv2.MORPH_GRADIENT, np.ones((3, 3), np.uint8)) > _STEP
    edge = round(_EDGE_SHARE * height)
    strokes[edge : height - edge] = False
    joined = cv2.morphologyEx(
        strokes.astype(np.uint8),
        cv2.MORPH_CLOSE,
        np.ones((3, max(3, width // 20)), np.uint8),
    )
    number, _, boxes, _ = cv2.connectedComponentsWithStats(joined)
    text = np.zeros((height, width), np.uint8)
    for left, top, wide, high, _ in boxes[1:number].tolist():
        if not _HEIGHTS[0] * height <= high <= _HEIGHTS[1] * height:
            continue
        if wide < max(_LEAST_WIDTH * width, _LEAST_ASPECT * high):
            continue
        box = np.s_[top : top + high, left : left + wide]
        if strokes[box].mean() >= _LEAST_DENSITY:
            text[box] = 1
    return np.asarray(tile_means(text) > _TOUCHED, np.bool_)
