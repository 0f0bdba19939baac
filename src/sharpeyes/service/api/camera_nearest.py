"""The cameras nearest to a position: a circle grows until it holds a page."""

from __future__ import annotations

import math
import re
from typing import Final

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.search import map_cells
from sharpeyes.service.api.camera_finding import Finder, Found, Key, found_page, read_cursor

_CURSOR = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?):([0-9]{20})", re.ASCII)
_M_PER_DEGREE: Final = 111_195.0
_FIRST_RADIUS_M: Final = 300.0
# Some 140 km around; from there on all cameras are compared.
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
        if self._finder.search.sources and not self._finder.search.is_counted:
            distance = _distance_m(self._longitude, self._latitude).format("hit")
            few = await self._finder.few(
                distance, cursor, limit, self._finder.search.sources, "true"
            )
            if few.are_all:
                return found_page(few.keys, limit, few.total, is_estimate=False)
            total = few.total
        else:
            total, is_estimate = await self._finder.count()
        radius_m = max(_FIRST_RADIUS_M, cursor[0] * 1.2)
        while True:
            cells = map_cells(_box_around(self._longitude, self._latitude, radius_m), _CELLS_MAX)
            keys = await self._within(radius_m, cells, cursor, limit)
            if len(keys) > limit or cells is None:
                return found_page(keys, limit, total, is_estimate=is_estimate)
            # As if they were spread evenly, and a little more.
            wider = 1.2 * math.sqrt((limit + 1) / max(len(keys), 1))
            radius_m *= min(max(wider, 1.5), 4.0)

    async def _within(
        self,
        radius_m: float,
        cells: list[int] | None,
        cursor: tuple[float, str],
        limit: int,
    ) -> list[Key]:
        """Return the nearest of those within a radius; of all where there are too many cells."""
        distance = _distance_m(self._longitude, self._latitude).format("c")
        arguments = [*self._finder.search.arguments, *cursor, limit + 1, radius_m, cells]
        first, second, most, radius, near = (
            f"${len(arguments) - back}" for back in range(4, -1, -1)
        )
        is_near = f"c.map_cell = ANY ({near}::integer[]) AND {distance} <= {radius}"
        rows = await self._finder.fetch(
            f"""
            SELECT {distance}, c.device_code, c.camera_id FROM camera AS {self._finder.tables}
            WHERE c.longitude IS NOT NULL AND {"true" if cells is None else is_near}
                AND {self._finder.where} AND ({distance}, c.device_code) > ({first}, {second})
            ORDER BY 1, 2 LIMIT {most}
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        return [tuple(row) for row in rows]


def _distance_m(longitude: float, latitude: float) -> str:
    """Return SQL for the metres to a position, as on a plane: right to 1 % within a city."""
    shrink = math.cos(math.radians(latitude))
    return (
        f"(floor({_M_PER_DEGREE * 1000} * sqrt(power(({{0}}.longitude - {longitude!r})"
        f" * {shrink!r}, 2) + power({{0}}.latitude - {latitude!r}, 2))) / 1000)"
    )


def _box_around(longitude: float, latitude: float, radius_m: float) -> Bounds:
    high = radius_m / _M_PER_DEGREE
    wide = high / max(math.cos(math.radians(latitude)), 0.01)
    return Bounds(longitude - wide, latitude - high, longitude + wide, latitude + high)
