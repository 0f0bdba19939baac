"""What of the map lies how far from a position: its cells, and the spots in them.

Distances are those on a plane that touches the position: right to 1 % within a city.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.map_grid import CELL_DEG, SPOT_DEG, SPOTS_ACROSS, Runs, map_cells

M_PER_DEGREE: Final = 111_195.0

_STEPS: Final = 64
# Some 140 km around; from there on all cells are looked at.
_CELLS_MAX: Final = 65_536
_SPOTS: Final = np.arange(SPOTS_ACROSS**2)
# The database rounds distances down to millimetres.
_HAIR_M: Final = 0.01


@dataclass(frozen=True, slots=True)
class Rings:
    """Rings around a position.

    Attributes:
        longitude: Degrees, WGS-84.
        latitude: Degrees, WGS-84.
    """

    longitude: float
    latitude: float

    @property
    def shrink(self) -> float:
        """How long a degree of longitude is here, in degrees of latitude."""
        return math.cos(math.radians(self.latitude))

    def cells_between(self, beyond_m: float, within_m: float) -> list[int] | None:
        """Return the cells that a ring touches; None where they are too many."""
        cells = map_cells(self._box_around(within_m), _CELLS_MAX)
        if cells is None:
            return None
        all_ = np.array(cells)
        least_m, most_m = self._ranges(all_)
        chosen: list[int] = all_[(least_m <= within_m) & (most_m >= beyond_m)].tolist()
        return chosen

    def enough(
        self, cells: NDArray[np.int64], cameras: NDArray[np.int64], beyond_m: float, wanted: float
    ) -> float:
        """Return how far out there should be as many as wanted beyond where the last page ended.

        As if the cameras of each cell were spread evenly from its nearest to its farthest point.

        Args:
            cells: Of the map.
            cameras: How many each has.
            beyond_m: Where the last page ended.
            wanted: How many.

        Returns:
            Metres; infinite where there are not as many.
        """
        if len(cells) == 0:
            return math.inf
        least_m, most_m = self._ranges(cells)
        first_m = np.maximum(least_m, beyond_m)
        steps_m = np.linspace(beyond_m, float(most_m.max()), _STEPS + 1)[1:]
        shares = np.clip((steps_m[:, None] - first_m) / (most_m - least_m), 0.0, 1.0)
        expected = (shares * np.where(most_m > beyond_m, cameras, 0)).sum(axis=1)
        place = int(np.searchsorted(expected, wanted))
        return math.inf if place >= len(steps_m) else float(steps_m[place])

    def runs_between(self, cells: NDArray[np.int64], beyond_m: float, within_m: float) -> Runs:
        """Return the spots that a ring touches in some cells; a cell within it is one run."""
        least_m, most_m = self._ranges(cells)
        is_touched = (least_m <= within_m) & (most_m >= beyond_m)
        is_whole = (least_m >= beyond_m) & (most_m <= within_m)
        whole: list[int] = cells[is_whole].tolist()
        crossed = cells[is_touched & ~is_whole]
        least_m, most_m = self._ranges(crossed[:, None], _SPOTS)
        touched = np.pad((least_m <= within_m) & (most_m >= beyond_m), ((0, 0), (1, 1)))
        places, firsts = np.nonzero(touched[:, 1:-1] & ~touched[:, :-2])
        _, lasts = np.nonzero(touched[:, 1:-1] & ~touched[:, 2:])
        return (
            whole + crossed[places].tolist(),
            [0] * len(whole) + firsts.tolist(),
            [len(_SPOTS) - 1] * len(whole) + lasts.tolist(),
        )

    def _ranges(
        self, cells: NDArray[np.int64], spots: NDArray[np.int64] | None = None
    ) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how near and how far the points of each cell are at least and at most, in m.

        Args:
            cells: Of the map.
            spots: Of these in each cell instead: then the result has a row of them for each.
        """
        east, north = (cells >> 16) * CELL_DEG, (cells & 65535) * CELL_DEG - 90
        size = CELL_DEG
        if spots is not None:
            east = east + spots // SPOTS_ACROSS * SPOT_DEG
            north = north + spots % SPOTS_ACROSS * SPOT_DEG
            size = SPOT_DEG
        near, far = [], []
        for low, here, scale in (
            (east, self.longitude, self.shrink),
            (north, self.latitude, 1.0),
        ):
            first, last = (low - here) * scale, (low + size - here) * scale
            near.append(np.maximum(np.maximum(first, -last), 0.0))
            far.append(np.maximum(np.abs(first), np.abs(last)))
        return (
            np.hypot(*near) * M_PER_DEGREE - _HAIR_M,
            np.hypot(*far) * M_PER_DEGREE + _HAIR_M,
        )

    def _box_around(self, radius_m: float) -> Bounds:
        high = radius_m / M_PER_DEGREE
        wide = high / max(self.shrink, 0.01)
        return Bounds(
            self.longitude - wide,
            self.latitude - high,
            self.longitude + wide,
            self.latitude + high,
        )
