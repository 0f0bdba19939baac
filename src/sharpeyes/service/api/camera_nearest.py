"""The cameras nearest to a position: the kept counts say in which cells of the map they are."""

from __future__ import annotations

import math
import re
from typing import Final

import numpy as np
from numpy.typing import NDArray

from sharpeyes.service.api import camera_finding
from sharpeyes.service.api.camera_finding import IN_RUN, READ_SHARE, RUNS, Finder
from sharpeyes.service.api.camera_found import Few, Found, Key, found_page, read_cursor
from sharpeyes.service.api.camera_rings import M_PER_DEGREE, Rings
from sharpeyes.service.api.kept_counts import path_range

_CURSOR = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?):([0-9]{20})", re.ASCII)
_FIRST_RADIUS_M: Final = 1_500.0
_FIRST_BREADTH_M: Final = 400.0
_SCANNED_MAX: Final = 20_000
_FOR_COUNTED: Final = 1.5
# The counts tell nothing of a text: fewer have it than that.
_AT_ONCE: Final = 24.0
# Nor where in a district that has it.
_IN_DISTRICTS: Final = 6.0
_NEAR_M: Final = 5_000.0


class Nearest:
    """Finds the cameras of a search that are nearest to a position.

    Args:
        finder: Of the search.
        longitude: Degrees, WGS-84.
        latitude: Degrees, WGS-84.
    """

    def __init__(self, finder: Finder, longitude: float, latitude: float) -> None:
        self._finder = finder
        self._rings = Rings(longitude, latitude)

    async def page(self, after: str | None, limit: int) -> Found:
        """Return a page in the order of distance from a position.

        Cameras without a position are left out of the page, but not of the total.

        Raises:
            SearchError: `after` is not the `next` of a page.
        """
        far, code = ("-1", "") if after is None else read_cursor(after, _CURSOR)
        cursor = (float(far), code)
        search = self._finder.search
        if search.is_counted:
            total, _ = await self._finder.count()
            few = await self._look(cursor, limit, total)
            keys = few.keys if few else await self._around(cursor, limit, _FOR_COUNTED)
            return found_page(keys, limit, total, is_estimate=False)
        share = _AT_ONCE
        if search.tokens and not search.boxed and cursor[0] < _NEAR_M:
            # What many have is around the corner, too.
            keys = await self._around(cursor, limit, _AT_ONCE, only_once=True)
            if len(keys) > limit:
                return found_page(keys, limit, limit, is_estimate=True)
            share *= _growth(len(keys), limit)
        few = await self._look(cursor, limit, 0)
        if few is not None:
            return found_page(few.keys, limit, few.total, is_estimate=False)
        keys = await self._around(cursor, limit, share)
        return found_page(keys, limit, min(len(keys), limit), is_estimate=True)

    async def _look(self, cursor: tuple[float, str], limit: int, total: int) -> Few | None:
        """Return a page of what is known to be few, or found to be; None: there are many."""
        finder, search, rank = self._finder, self._finder.search, self._distance_m("hit")
        most = camera_finding.COUNTED_MAX
        if not finder.counts.are_kept:
            return await finder.read(rank, cursor, limit, path_range(search.within))
        if search.boxed:
            standing = sum(area.standing for area in await finder.counts.areas())
            if standing <= READ_SHARE * most:
                return await finder.read_box(rank, cursor, limit)
        if search.is_counted and total * 4 <= most:
            areas = await finder.counts.areas()
            paths = await finder.counts.divisions(areas, "", most)
            its = f"c.division_path = ANY ({search.bind(paths)}::text[])"
            return await finder.read(rank, cursor, limit, its)
        few = None
        if search.sources and not search.is_counted:
            few = await finder.look(rank, cursor, limit, search.sources, most)
        elif search.is_counted and finder.finds_by_status and total <= finder.scarce_max:
            few = await finder.look_by_status(rank, cursor, limit)
        return few if few is not None and few.are_all else None

    async def _around(
        self, cursor: tuple[float, str], limit: int, share: float, *, only_once: bool = False
    ) -> list[Key]:
        """Return the nearest, from cells that have any: a circle grows until it holds a page.

        Args:
            cursor: After which distance and code.
            limit: Cameras on a page; one more is returned.
            share: How many times a page to read at first, as the counts have it.
            only_once: Give up when that was not enough; what is returned is no page then.
        """
        search, counts = self._finder.search, self._finder.counts
        beyond_m = max(cursor[0], 0.0)
        # Far out a ring is long: of the same breadth it would have many more cells.
        breadth_m = _FIRST_RADIUS_M if beyond_m < _FIRST_RADIUS_M else _FIRST_BREADTH_M
        wanted = share * (limit + 1)
        areas: list[str] | None = None
        are_all_cells = False
        while True:
            if areas is None and search.tokens and wanted > _SCANNED_MAX:
                # It is far away, perhaps: only where some camera has all of its pairs.
                areas = await self._finder.areas_with_tokens()
                wanted = _IN_DISTRICTS * (limit + 1)
                are_all_cells = False
            if not are_all_cells:
                is_ring = areas is None and math.isfinite(breadth_m)
                within_m = beyond_m + breadth_m
                around = self._rings.cells_between(beyond_m, within_m) if is_ring else None
                cells, cameras = map(np.array, await counts.cells(around, areas))
                are_all_cells = around is None
            within_m = self._rings.enough(cells, cameras, beyond_m, wanted)
            if within_m > beyond_m + breadth_m and not are_all_cells:
                # All cells of a district are fewer than those of a wide ring.
                breadth_m *= math.inf if search.depth > 1 else 2.5
                continue
            keys = await self._within(within_m, cells, cursor, limit)
            if len(keys) > limit or math.isinf(within_m) or only_once:
                return keys
            wanted *= _growth(len(keys), limit)

    async def _within(
        self, within_m: float, cells: NDArray[np.int64], cursor: tuple[float, str], limit: int
    ) -> list[Key]:
        """Return the nearest in some cells that are no further than that."""
        if len(cells) == 0:
            return []
        distance = self._distance_m("c")
        rows = await self._finder.fetch(
            f"""
            SELECT {distance}, c.device_code, c.camera_id
            FROM {RUNS.format("{0}", "{1}", "{2}")}, camera AS {self._finder.tables}
            WHERE {IN_RUN} AND {distance} <= {{3}}
                AND {self._finder.where} AND ({distance}, c.device_code) > ({{4}}, {{5}})
            ORDER BY 1, 2 LIMIT {{6}}
            """,  # noqa: S608  # made of our own words
            *self._rings.runs_between(cells, cursor[0], within_m),
            within_m,
            *cursor,
            limit + 1,
        )
        return [tuple(row) for row in rows]

    def _distance_m(self, table: str) -> str:
        """Return SQL for the metres to a position, as on a plane: right to 1 % within a city."""
        here = self._rings
        return (
            f"(floor({M_PER_DEGREE * 1000} * sqrt(power(({table}.longitude - {here.longitude!r})"
            f" * {here.shrink!r}, 2) + power({table}.latitude - {here.latitude!r}, 2))) / 1000)"
        )


def _growth(found: int, limit: int) -> float:
    """Return how many times as many to read, when so many were found of a page and one more."""
    return min(max(1.5 * (limit + 1) / max(found, 1), 2.0), 16.0)
