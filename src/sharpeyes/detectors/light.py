"""Is it the light that changed, all over the picture, and how?

Seen by the signed differences of tiles, not by the share of foreground: a lorry that fills half of
the picture makes tiles brighter and darker, the sun makes nearly all of them one or the other.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.compiled import compiled
from sharpeyes.detectors.picture import Plane

Tiles = npt.NDArray[np.int64]
"""(144,): levels of the tiles, row by row."""
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
    return Light(*_fit(before, now))


def changed_light(before: Plane, now: Plane) -> Light | None:
    """Return the change of light where nearly all of the picture shares it, else None."""
    dark, bright = _tiles(before), _tiles(now)
    change = bright - dark
    middle = float(np.median(change))
    if abs(middle) < LEAST_LEVELS:
        return None
    same = np.count_nonzero(change * middle > abs(middle) * LEAST_LEVELS / 2)
    return Light(*_robust_line(dark, bright)) if same >= ONE_SIDED * change.size else None


@compiled("int64[::1](uint8[:, ::1])")
def _tiles(luma: Plane) -> Tiles:
    """Return the mean luma of each tile, row by row, of an (h, w) uint8 picture."""
    height, width = luma.shape
    down, across = TILES
    means = np.empty(down * across, np.int64)
    columns = np.empty(width, np.uint32)
    for row in range(down):
        top = min(row * height // down, height - 1)
        bottom = max((row + 1) * height // down, top + 1)
        columns[:] = 0
        for y in range(top, bottom):
            for x in range(width):
                columns[x] += luma[y, x]
        for column in range(across):
            left = min(column * width // across, width - 1)
            right = max((column + 1) * width // across, left + 1)
            total = columns[left:right].sum()
            means[row * across + column] = round(total / ((bottom - top) * (right - left)))
    return means


@compiled("int64[::1](int64[::1])")
def _ordered(changes: Tiles) -> Tiles:
    """Sort changes of -255 to 255; Numba's own sort takes ten seconds to compile."""
    often = np.zeros(511, np.int64)
    for change in changes:
        often[change + 255] += 1
    ordered = np.empty(changes.size, np.int64)
    place = 0
    for level in range(511):
        for _ in range(often[level]):
            ordered[place] = level - 255
            place += 1
    return ordered


@compiled("UniTuple(float64, 2)(int64[::1], int64[::1])")
def _robust_line(before: Tiles, now: Tiles) -> tuple[float, float]:
    """Fit a line through the tiles that changed most alike; return its gain and its offset."""
    changes = now - before
    ordered = _ordered(changes)
    trusted = int(TRUSTED_SHARE * ordered.size)
    first = 0
    for start in range(1, ordered.size - trusted):
        if ordered[start + trusted] - ordered[start] < ordered[first + trusted] - ordered[first]:
            first = start
    number = total_dark = total_bright = squares = products = 0
    for tile in range(changes.size):
        if ordered[first] <= changes[tile] <= ordered[first + trusted]:
            dark, bright = before[tile], now[tile]
            number += 1
            total_dark += dark
            total_bright += bright
            squares += dark * dark
            products += dark * bright
    spread = number * squares - total_dark * total_dark
    gain = 1.0
    if spread > number * number:
        shared = number * products - total_dark * total_bright
        gain = min(MOST_GAIN, max(1 / MOST_GAIN, shared / spread))
    return gain, (total_bright - gain * total_dark) / number


@compiled("UniTuple(float64, 2)(uint8[:, ::1], uint8[:, ::1])")
def _fit(before: Plane, now: Plane) -> tuple[float, float]:
    """Return gain and offset of the light between two (h, w) uint8 pictures."""
    return _robust_line(_tiles(before), _tiles(now))
