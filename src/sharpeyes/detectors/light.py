"""Is it the light that changed, all over the picture, and how?

Seen by the signed differences of tiles, not by the share of foreground: a lorry that fills half of
the picture makes tiles brighter and darker, the sun makes nearly all of them one or the other.
"""

from dataclasses import dataclass
from itertools import compress
from operator import mul, sub
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.picture import Plane, shrink

TILES: Final = (9, 16)
"""Rows and columns of tiles."""
LEAST_LEVELS: Final = 3.0
"""Median change of the tiles that is worth the name of a change of light."""
ONE_SIDED: Final = 0.75
"""Share of the tiles that must change to the same side."""
MOST_GAIN: Final = 4.0
TRUSTED_SHARE: Final = 2 / 3
"""The narrowest band of changes that so many tiles share is the light's; the rest is traffic."""


@dataclass(frozen=True, slots=True)
class Light:
    """A change of light: luma becomes `gain` * luma + `offset`."""

    gain: float
    offset: float

    def apply(self, luma: Plane) -> None:
        """Bring an (h, w) uint8 luma into the changed light, in place; it is cut at 0 and 255."""
        cv2.addWeighted(luma, self.gain, luma, 0.0, self.offset, dst=luma)


def find_light(before: Plane, now: Plane) -> Light:
    """Fit the change of light that leads from one (h, w) uint8 luma to another of the scene."""
    return _robust_line(_tiles(before), _tiles(now))


def changed_light(before: Plane, now: Plane) -> Light | None:
    """Return the change of light where nearly all of the picture shares it, else None."""
    dark, bright = _tiles(before), _tiles(now)
    change = sorted(map(sub, bright, dark))
    middle = change[len(change) // 2]
    if abs(middle) < LEAST_LEVELS:
        return None
    same = sum(level * middle > abs(middle) * LEAST_LEVELS / 2 for level in change)
    return _robust_line(dark, bright) if same >= ONE_SIDED * len(change) else None


def _tiles(luma: Plane) -> bytes:
    """Return the mean luma of each tile, row by row."""
    down, across = luma.shape[0] // TILES[0], luma.shape[1] // TILES[1]
    if (whole := min(down, across)) > 1:
        # By whole numbers: by area alone, OpenCV takes ten times as long for what is left.
        size = (luma.shape[1] // whole, luma.shape[0] // whole)
        luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    return shrink(luma, *TILES).tobytes()


def _robust_line(before: bytes, now: bytes) -> Light:
    """Fit a line through the tiles that changed most alike.

    In plain Python, which takes half of numpy's time for so few numbers with cold caches.
    """
    changes = list(map(sub, now, before))
    ordered = sorted(changes)
    trusted = int(TRUSTED_SHARE * len(ordered))
    spans = list(map(sub, ordered[trusted:], ordered))
    first = spans.index(min(spans))
    band = frozenset(range(ordered[first], ordered[first + trusted] + 1))
    alike = list(map(band.__contains__, changes))
    dark, bright = bytes(compress(before, alike)), bytes(compress(now, alike))
    number, total_dark, total_bright = len(dark), sum(dark), sum(bright)
    spread = number * sum(map(mul, dark, dark)) - total_dark * total_dark
    gain = 1.0
    if spread > number * number:
        shared = number * sum(map(mul, dark, bright)) - total_dark * total_bright
        gain = min(MOST_GAIN, max(1 / MOST_GAIN, shared / spread))
    return Light(gain, (total_bright - gain * total_dark) / number)
