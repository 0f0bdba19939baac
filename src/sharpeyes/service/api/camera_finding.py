"""Which cameras are on a page, and how many there are: quick at a million, whatever is asked.

What few cameras have is looked up in an index, and the few are sorted. What many have is met on
the way along the order of the list, and whoever walks there soon has a page. Which of the two it is
shows when the index is asked for a bounded number. See docs/design/registry.md.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import asyncpg

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.errors import SearchError
from sharpeyes.registry.search import Search, map_cells, numbered
from sharpeyes.registry.store import IS_MEASURED
from sharpeyes.registry.tokens import district_token

StatusWord = Literal["ok", "degraded", "offline", "unknown", "not_measured"]

COUNTED_MAX: Final = 2_000
"""Cameras that are counted one by one; of more it is said that they are more."""

_STATUS = "LEFT JOIN camera_status AS s ON s.camera_id = c.camera_id"
_COLUMNS = ", ".join(
    f"c.{column}"
    for column in (
        *("camera_id", "division_path", "device_code", "name", "place_name", "address", "host"),
        *("shard", "tier", "life", "maker", "place_kinds", "poll_mode", "longitude", "latitude"),
    )
)
Key: TypeAlias = tuple[str | float, str, int]
"""Where in its list a camera stands, its device code, and its identity."""

_CURSOR = re.compile(r"((?:[0-9A-Z]{2,16}/)+)([0-9]{20})", re.ASCII)
_NEAR_CURSOR = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,9})?):([0-9]{20})", re.ASCII)
_CODE = re.compile(r"[0-9]{20}", re.ASCII)
_NOT_A_CURSOR = "after must be the `next` of a page of the same search"
_BY_DIVISION = "hit.division_path"
_WITH_TOKENS = "camera c WHERE c.tokens @> {0}::integer[]"
_GLANCED = 1_500
_M_PER_DEGREE = 111_195.0
_FIRST_RADIUS_M = 300.0
_LAST_RADIUS_M = 200_000.0


@dataclass(frozen=True, slots=True)
class Found:
    """Cameras of one page.

    Attributes:
        camera_ids: In the order of the list.
        next: What the next page comes after; None on the last.
        total: How many match in all.
        total_is_estimate: There are more than `total`, which is where counting stopped.
    """

    camera_ids: list[int]
    next: str | None
    total: int
    total_is_estimate: bool


@dataclass(frozen=True, slots=True)
class _Few:
    """What indexes found.

    Attributes:
        keys: A page of it and one more; complete only where `are_all`.
        total: Of what was looked at, how many match.
        are_all: All there is was looked at.
    """

    keys: list[Key]
    total: int
    are_all: bool


def require_status(search: Search, status: StatusWord) -> bool:
    """Narrow down to cameras that are so now, and return whether their status must be read."""
    if status == "not_measured":
        search.conditions.append(f"NOT {IS_MEASURED}")
        return False
    search.conditions.append(IS_MEASURED)
    search.require("COALESCE(s.status, 'unknown') = {0}", status)
    if status in {"offline", "degraded"} and not search.sources:
        found = search.bind(status)
        search.sources = [
            f"camera_status AS known JOIN camera c USING (camera_id) WHERE known.status = {found}"
        ]
    return True


class Finder:
    """Finds the pages of one search.

    Args:
        connection: In a transaction, so that all queries of a page see as far.
        search: What is asked for, status included.
        has_status: Whether its conditions name `s`, the status.
    """

    def __init__(self, connection: Connection, search: Search, *, has_status: bool) -> None:
        self._connection = connection
        self._search = search
        self._tables = f"c {_STATUS}" if has_status else "c"
        self._where = " AND ".join(search.conditions) or "true"

    async def page(self, after: str | None, limit: int) -> Found:
        """Return a page in the order of divisions and, in each, of device codes.

        Raises:
            SearchError: `after` is not the `next` of a page.
        """
        search = self._search
        if search.begins:
            return await self._page_of_codes(after, limit)
        cursor = ("", "") if after is None else _read_cursor(after, _CURSOR)
        if search.is_counted:
            return await self._page_of_counted(cursor, limit)
        if not search.sources:
            keys = await self._walk(cursor, limit, "true")
            return _found(keys, limit, *await self._count())
        if search.tokens and len(keys := await self._glance(cursor, limit)) > limit:
            return _found(keys, limit, limit, is_estimate=True)
        few = await self._few(_BY_DIVISION, cursor, limit, search.sources, "true")
        if few.are_all:
            return _found(few.keys, limit, few.total, is_estimate=False)
        if search.tokens:
            keys = await self._by_district(cursor, limit)
        else:
            keys = await self._walk(cursor, limit, "true")
        return _found(keys, limit, few.total, is_estimate=True)

    async def nearest(
        self, longitude: float, latitude: float, after: str | None, limit: int
    ) -> Found:
        """Return a page in the order of distance from a position.

        Cameras without a position are left out of the page, but not of the total.

        Raises:
            SearchError: `after` is not the `next` of a page.
        """
        far, code = ("-1", "") if after is None else _read_cursor(after, _NEAR_CURSOR)
        cursor = (float(far), code)
        total, is_estimate = 0, True
        if self._search.sources and not self._search.is_counted:
            distance = _distance_m(longitude, latitude).format("hit")
            few = await self._few(distance, cursor, limit, self._search.sources, "true")
            if few.are_all:
                return _found(few.keys, limit, few.total, is_estimate=False)
            total = few.total
        else:
            total, is_estimate = await self._count()
        radius_m = max(_FIRST_RADIUS_M, cursor[0] * 1.2)
        while True:
            keys = await self._within(longitude, latitude, radius_m, cursor, limit)
            if len(keys) > limit or radius_m > _LAST_RADIUS_M:
                return _found(keys, limit, total, is_estimate=is_estimate)
            radius_m *= 2

    async def _page_of_codes(self, after: str | None, limit: int) -> Found:
        """Return a page in the order of codes: a range of them is asked for."""
        if after is not None and not _CODE.fullmatch(after):
            raise SearchError(_NOT_A_CURSOR)
        arguments = [*self._search.arguments, after or "", limit + 1]
        code, most = f"${len(arguments) - 1}", f"${len(arguments)}"
        rows = await self._fetch(
            f"""
            SELECT '', c.device_code, c.camera_id FROM camera AS {self._tables}
            WHERE c.device_code > {code} AND {self._where} ORDER BY c.device_code LIMIT {most}
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        return _found([tuple(row) for row in rows], limit, *await self._count())

    async def _page_of_counted(self, cursor: tuple[str, str], limit: int) -> Found:
        """Return a page of what the kept counts tell apart: they say in which divisions to look."""
        if all("c.division_path" in condition for condition in self._search.conditions):
            [row] = await self._fetch(
                "SELECT COALESCE(sum(c.cameras), 0)::bigint AS total"  # noqa: S608  # our own words
                f" FROM camera_count AS c WHERE {self._where}",
                self._search.arguments,
            )
            keys = await self._walk(cursor, limit, "true")
            return _found(keys, limit, row["total"], is_estimate=False)
        arguments = [*self._search.arguments, cursor[0], limit + 2]
        path, most = f"${len(arguments) - 1}", f"${len(arguments)}"
        [held] = await self._fetch(
            f"""
            WITH held AS (
                SELECT c.division_path AS path, sum(c.cameras)::bigint AS cameras
                FROM camera_count AS c WHERE {self._where.replace("s.status", "c.status")}
                GROUP BY 1 HAVING sum(c.cameras) > 0
            )
            SELECT COALESCE(sum(cameras), 0)::bigint AS total, ARRAY(
                SELECT path FROM held WHERE path >= {path} ORDER BY path LIMIT {most}
            ) AS paths FROM held
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        paths = held["paths"]
        keys = await self._walk(cursor, limit, "c.division_path = ANY ({0}::text[])", paths)
        return _found(keys, limit, held["total"], is_estimate=False)

    async def _by_district(self, cursor: tuple[str, str], limit: int) -> list[Key]:
        """Return a page of what many have: in some districts they are few, in others next door."""
        districts = await self._connection.fetch(
            "SELECT path, level = 'city' AS is_city FROM division"
            " WHERE level IN ('city', 'district') ORDER BY path"
        )
        keys: list[Key] = []
        for path, is_city in districts:
            end = path if is_city else f"{path[:-1]}0"
            if cursor[0] > end or len(keys) > limit:
                continue
            tokens = [*self._search.tokens, district_token(path)]
            within = (
                f"c.division_path = '{path}'"
                if is_city
                else f"c.division_path >= '{path}' AND c.division_path < '{end}'"
            )
            most = limit - len(keys)
            few = await self._few(_BY_DIVISION, cursor, most, [_WITH_TOKENS], within, tokens)
            keys += few.keys if few.are_all else await self._walk(cursor, most, within)
        return keys

    async def _few(
        self,
        rank: str,
        cursor: tuple[object, str],
        limit: int,
        sources: Sequence[str],
        within: str,
        *values: object,
    ) -> _Few:
        """Return a page of what indexes find, as long as they find few."""
        arguments = [*self._search.arguments, *values, *cursor, limit + 1]
        first, second, most = (f"${len(arguments) - back}" for back in (2, 1, 0))
        value = f"${len(arguments) - 3}"
        bound = COUNTED_MAX + 1
        found = " UNION ".join(
            f"(SELECT {_COLUMNS} FROM {source.format(value)} LIMIT {bound})"  # noqa: S608  # ours
            for source in sources
        )
        [row] = await self._fetch(
            f"""
            WITH candidate AS MATERIALIZED ({found}),
            hit AS MATERIALIZED (
                SELECT c.camera_id, c.division_path, c.device_code, c.longitude, c.latitude
                FROM candidate AS {self._tables} WHERE {self._where} AND {within}
            ), page AS (
                SELECT {rank} AS rank, device_code, camera_id FROM hit
                WHERE ({rank}, device_code) > ({first}, {second}) ORDER BY 1, 2 LIMIT {most}
            )
            SELECT (SELECT count(*) FROM candidate) AS candidates,
                (SELECT count(*) FROM hit) AS total,
                ARRAY(SELECT rank FROM page ORDER BY rank, device_code) AS ranks,
                ARRAY(SELECT device_code FROM page ORDER BY rank, device_code) AS codes,
                ARRAY(SELECT camera_id FROM page ORDER BY rank, device_code) AS camera_ids
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        keys = zip(row["ranks"], row["codes"], row["camera_ids"], strict=True)
        return _Few(list(keys), row["total"], row["candidates"] <= COUNTED_MAX)

    async def _walk(
        self, cursor: tuple[str, str], limit: int, within: str, *values: object
    ) -> list[Key]:
        """Return a page as it is met on the way along the order of the list."""
        arguments = [*self._search.arguments, *values, *cursor, limit + 1]
        path, code, most = (f"${len(arguments) - back}" for back in (2, 1, 0))
        rows = await self._fetch(
            f"""
            SELECT c.division_path, c.device_code, c.camera_id FROM camera AS {self._tables}
            WHERE (c.division_path, c.device_code) > ({path}, {code}) AND {self._where}
                AND {within.format(f"${len(arguments) - 3}")}
            ORDER BY c.division_path, c.device_code LIMIT {most}
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        return [tuple(row) for row in rows]

    async def _glance(self, cursor: tuple[str, str], limit: int) -> list[Key]:
        """Return what of a page is among the very next cameras: all of it, where most match."""
        arguments = [*self._search.arguments, *cursor, limit + 1]
        path, code, most = (f"${len(arguments) - back}" for back in (2, 1, 0))
        # The division's range is repeated inside, or the glance would not reach into it.
        range_ = (
            " AND ".join(c for c in self._search.conditions if "c.division_path" in c) or "true"
        )
        rows = await self._fetch(
            f"""
            SELECT c.division_path, c.device_code, c.camera_id FROM (
                SELECT {_COLUMNS} FROM camera AS c
                WHERE (c.division_path, c.device_code) > ({path}, {code}) AND {range_}
                ORDER BY c.division_path, c.device_code LIMIT {_GLANCED}
            ) AS {self._tables} WHERE {self._where}
            ORDER BY c.division_path, c.device_code LIMIT {most}
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        return [tuple(row) for row in rows]

    async def _within(
        self,
        longitude: float,
        latitude: float,
        radius_m: float,
        cursor: tuple[float, str],
        limit: int,
    ) -> list[Key]:
        """Return the nearest of those within a radius; of all where there are too many cells."""
        distance = _distance_m(longitude, latitude).format("c")
        cells = map_cells(_box_around(longitude, latitude, radius_m))
        arguments = [*self._search.arguments, *cursor, limit + 1, radius_m, cells]
        first, second, most, radius, near = (
            f"${len(arguments) - back}" for back in range(4, -1, -1)
        )
        is_near = f"c.map_cell = ANY ({near}::integer[]) AND {distance} <= {radius}"
        rows = await self._fetch(
            f"""
            SELECT {distance}, c.device_code, c.camera_id FROM camera AS {self._tables}
            WHERE c.longitude IS NOT NULL AND {"true" if cells is None else is_near}
                AND {self._where} AND ({distance}, c.device_code) > ({first}, {second})
            ORDER BY 1, 2 LIMIT {most}
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        return [tuple(row) for row in rows]

    async def _count(self) -> tuple[int, bool]:
        """Return how many match, and whether there are more than that."""
        [row] = await self._fetch(
            f"""
            SELECT count(*) AS total FROM (
                SELECT 1 FROM camera AS {self._tables} WHERE {self._where} LIMIT {COUNTED_MAX + 1}
            ) AS counted
            """,  # noqa: S608  # made of our own words
            self._search.arguments,
        )
        return min(row["total"], COUNTED_MAX), row["total"] > COUNTED_MAX

    async def _fetch(self, sql: str, arguments: list[object]) -> list[asyncpg.Record]:
        text, values = numbered(sql, arguments)
        return await self._connection.fetch(text, *values)


def _found(keys: Sequence[Key], limit: int, total: int, is_estimate: bool) -> Found:
    page = keys[:limit]
    following = None
    if len(keys) > limit:
        rank, code, _ = page[-1]
        following = f"{rank}{code}" if isinstance(rank, str) else f"{rank:f}:{code}"
    return Found([key[2] for key in page], following, total, is_estimate)


def _read_cursor(after: str, form: re.Pattern[str]) -> tuple[str, str]:
    match = form.fullmatch(after)
    if match is None:
        raise SearchError(_NOT_A_CURSOR)
    return match[1], match[2]


def _distance_m(longitude: float, latitude: float) -> str:
    """Return SQL for the metres to a position, as on a plane: right to 1 % within a city."""
    shrink = math.cos(math.radians(latitude))
    return (
        f"round(({_M_PER_DEGREE} * sqrt(power(({{0}}.longitude - {longitude!r}) * {shrink!r}, 2)"
        f" + power({{0}}.latitude - {latitude!r}, 2)))::numeric, 3)::float8"
    )


def _box_around(longitude: float, latitude: float, radius_m: float) -> Bounds:
    high = radius_m / _M_PER_DEGREE
    wide = high / max(math.cos(math.radians(latitude)), 0.01)
    return Bounds(longitude - wide, latitude - high, longitude + wide, latitude + high)
