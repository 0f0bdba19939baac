"""The cameras nearest to a position: the kept counts say in which cells of the map they are."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.search import CELL_DEG, map_cells
from sharpeyes.service.api import camera_finding
from sharpeyes.service.api.camera_finding import (
    Few,
    Finder,
    Found,
    Key,
    found_page,
    of_status,
    read_cursor,
)
from sharpeyes.service.serving_pool import WHOLE_CITY, current_reach

_CURSOR = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?):([0-9]{20})", re.ASCII)
_M_PER_DEGREE: Final = 111_195.0
_FIRST_RADIUS_M: Final = 700.0
# Some 140 km around; from there on all cells are looked at.
_CELLS_MAX: Final = 65_536


class Nearest:
    """Finds the cameras of a search that are nearest to a position.

    Args:
        finder: Of the search.
        longitude: Degrees, WGS-84.
        latitude: Degrees, WGS-84.
    """

    def __init__(self, finder: Finder, longitude: float, latitude: float) -> None:
        self._finder = finder
        self._longitude = longitude
        self._latitude = latitude

    async def page(self, after: str | None, limit: int) -> Found:
        """Return a page in the order of distance from a position.

        Cameras without a position are left out of the page, but not of the total.

        Raises:
            SearchError: `after` is not the `next` of a page.
        """
        far, code = ("-1", "") if after is None else read_cursor(after, _CURSOR)
        cursor = (float(far), code)
        total, is_estimate = 0, True
        if self._finder.search.is_counted:
            total, is_estimate = await self._finder.count()
        few = await self._look(cursor, limit, total)
        if few is not None and few.are_all:
            return found_page(few.keys, limit, few.total, is_estimate=False)
        if not self._finder.search.is_counted:
            total = few.total if few is not None else (await self._finder.count())[0]
        keys = await self._around(cursor, limit)
        total = max(total, min(len(keys), limit)) if is_estimate else total
        return found_page(keys, limit, total, is_estimate=is_estimate)

    async def _look(self, cursor: tuple[float, str], limit: int, total: int) -> Few | None:
        """Return a page of what indexes find, as long as they find few; None: they cannot."""
        search, most = self._finder.search, 3 * camera_finding.COUNTED_MAX
        sources: Sequence[str] = search.sources
        if not self._finder.counts.are_kept or search.division_path.count("/") > 3:
            path = search.within
            sources = [
                f"camera c WHERE c.division_path >= '{path}'"
                f" AND c.division_path < '{path[:-1]}0'"
            ]
        elif search.boxed and not search.sources:
            sources = [f"camera c WHERE {search.boxed}"]
        elif (
            search.is_counted
            and total <= most
            and self._finder.status in {"offline", "degraded"}
            and current_reach() in {None, WHOLE_CITY}
        ):
            sources = [of_status(search, self._finder.status)]
        if not sources:
            return None
        distance = self._distance_m("hit")
        return await self._finder.look(distance, cursor, limit, sources, most)

    async def _around(self, cursor: tuple[float, str], limit: int) -> list[Key]:
        """Return the nearest, from cells that have any: a circle grows until it holds a page."""
        radius_m = max(_FIRST_RADIUS_M, cursor[0] + _FIRST_RADIUS_M)
        wanted = float(limit + 1)
        areas: list[str] | None = None
        while True:
            around = map_cells(_box_around(self._longitude, self._latitude, radius_m), _CELLS_MAX)
            cells, cameras = map(np.array, await self._finder.counts.cells(around, areas))
            if around is None:
                radius_m = math.inf
            within_m = self._enough(cells, cameras, cursor[0], wanted)
            if within_m > radius_m and around is not None:
                radius_m *= 3
                continue
            keys = await self._within(min(within_m, radius_m), cells, cursor, limit)
            if len(keys) > limit or math.isinf(within_m):
                return keys
            # The counts tell nothing of a text: fewer have it than that, and perhaps far away.
            if areas is None and self._finder.search.tokens:
                areas = await self._finder.areas_with_tokens()
            wanted *= min(max(1.3 * (limit + 1) / max(len(keys), 1), 2.0), 16.0)

    def _enough(
        self, cells: NDArray[np.int64], cameras: NDArray[np.int64], beyond_m: float, wanted: float
    ) -> float:
        """Return how far out there are as many as wanted, beyond where the last page ended.

        Returns:
            Metres; infinite where there are not as many.
        """
        if len(cells) == 0:
            return math.inf
        least_m, most_m = self._ranges(cells)
        counted = least_m > beyond_m
        order = np.argsort(most_m[counted])
        sums = np.cumsum(cameras[counted][order])
        place = int(np.searchsorted(sums, wanted))
        return math.inf if place >= len(sums) else float(most_m[counted][order][place])

    def _ranges(self, cells: NDArray[np.int64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Return how near and how far the points of each cell are at least and at most, in m."""
        shrink = math.cos(math.radians(self._latitude))
        near, far = [], []
        for low, here, scale in (
            ((cells >> 16) * CELL_DEG, self._longitude, shrink),
            ((cells & 65535) * CELL_DEG - 90, self._latitude, 1.0),
        ):
            first, last = (low - here) * scale, (low + CELL_DEG - here) * scale
            near.append(np.maximum(np.maximum(first, -last), 0.0))
            far.append(np.maximum(np.abs(first), np.abs(last)))
        # A hair wider: the database rounds distances down to millimetres.
        return (
            np.hypot(*near) * _M_PER_DEGREE - 0.01,
            np.hypot(*far) * _M_PER_DEGREE + 0.01,
        )

    async def _within(
        self, within_m: float, cells: NDArray[np.int64], cursor: tuple[float, str], limit: int
    ) -> list[Key]:
        """Return the nearest in some cells that are no further than that."""
        if len(cells) == 0:
            return []
        least_m, most_m = self._ranges(cells)
        chosen = cells[(least_m <= within_m) & (most_m >= cursor[0])].tolist()
        distance = self._distance_m("c")
        rows = await self._finder.fetch(
            f"""
            SELECT {distance}, c.device_code, c.camera_id FROM camera AS {self._finder.tables}
            WHERE c.map_cell = ANY ({{0}}::integer[]) AND {distance} <= {{1}}
                AND {self._finder.where} AND ({distance}, c.device_code) > ({{2}}, {{3}})
            ORDER BY 1, 2 LIMIT {{4}}
            """,  # noqa: S608  # made of our own words
            chosen,
            within_m,
            *cursor,
            limit + 1,
        )
        return [tuple(row) for row in rows]

    def _distance_m(self, table: str) -> str:
        """Return SQL for the metres to a position, as on a plane: right to 1 % within a city."""
        shrink = math.cos(math.radians(self._latitude))
        return (
            f"(floor({_M_PER_DEGREE * 1000} * sqrt(power(({table}.longitude - {self._longitude!r})"
            f" * {shrink!r}, 2) + power({table}.latitude - {self._latitude!r}, 2))) / 1000)"
        )


def _box_around(longitude: float, latitude: float, radius_m: float) -> Bounds:
    high = radius_m / _M_PER_DEGREE
    wide = high / max(math.cos(math.radians(latitude)), 0.01)
    return Bounds(longitude - wide, latitude - high, longitude + wide, latitude + high)
