"""Is it the light that changed, all over the picture, and how?

Seen by the signed differences of tiles, not by the share of foreground: a lorry that fills half of
the picture makes tiles brighter and darker, the sun makes nearly all of them one or the other.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.picture import Plane, shrink

Floats = npt.NDArray[np.float32]

TILES: Final = (9, 16)
"""Rows and columns of tiles."""
LEAST_LEVELS: Final = 3.0
"""Median change of the tiles that is worth the name of a change of light."""
ONE_SIDED: Final = 0.75
"""Share of the tiles that must change to the same side."""
MOST_GAIN: Final = 4.0
TRUSTED_SHARE: Final = 2 / 3
"""The tiles that fit worst are traffic, and are left out."""


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
    return _robust_line(_tiles(before).ravel(), _tiles(now).ravel())


def changed_light(before: Plane, now: Plane) -> Light | None:
    """Return the change of light where nearly all of the picture shares it, else None."""
    change = (_tiles(now) - _tiles(before)).ravel()
    middle = _quantile(change, 1 / 2)
    if abs(middle) < LEAST_LEVELS:
        return None
    if np.mean(change * np.sign(middle) > LEAST_LEVELS / 2) < ONE_SIDED:
        return None
    return find_light(before, now)


def _tiles(luma: Plane) -> Floats:
    down, across = luma.shape[0] // TILES[0], luma.shape[1] // TILES[1]
    if (whole := min(down, across)) > 1:
        # By whole numbers: by area alone, OpenCV takes ten times as long for what is left.
        size = (luma.shape[1] // whole, luma.shape[0] // whole)
        luma = np.asarray(cv2.resize(luma, size, interpolation=cv2.INTER_AREA), np.uint8)
    return shrink(luma, *TILES).astype(np.float32)


def _robust_line(before: Floats, now: Floats) -> Light:
    """Fit a line through the tiles that are nearest to one change of all of them."""
    change = now - before
    offset = _quantile(change, 1 / 2)
    misfit = np.abs(change - offset)
    weights = (misfit <= _quantile(misfit, TRUSTED_SHARE)).astype(np.float32)
    weights /= weights.sum()
    # Sums of products, not numpy's statistics: these take a tenth of the time on so few tiles.
    terms = np.stack((before, now, before * before, before * now))
    dark, bright, square, product = (terms @ weights).tolist()
    spread = square - dark * dark
    gain = 1.0
    if spread > 1.0:
        gain = min(MOST_GAIN, max(1 / MOST_GAIN, (product - dark * bright) / spread))
    return Light(gain, bright - gain * dark)


def _quantile(values: Floats, share: float) -> float:
    rank = int(share * values.size)
    return float(np.partition(values, rank)[rank])
