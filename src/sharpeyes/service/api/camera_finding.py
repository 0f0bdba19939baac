"""Which cameras are on a page, and how many there are: quick at a million, whatever is asked.

What few cameras have is looked up in an index, and the few are sorted. What many have is met on
the way along the order of the list, and whoever walks there soon has a page. Which of the two it is
shows when the index is asked for a bounded number. See docs/design/registry.md.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Final, Literal, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.errors import SearchError
from sharpeyes.registry.search import Search, numbered
from sharpeyes.registry.store import IS_MEASURED
from sharpeyes.registry.tokens import district_token

StatusWord = Literal["ok", "degraded", "unreachable", "offline", "unknown", "not_measured"]

COUNTED_MAX: Final = 2_000
"""Cameras that are counted one by one; of more it is said that they are more."""

# Looked up camera by camera: there are few of them, and the planner would read all statuses.
_STATUS = (
    "LEFT JOIN LATERAL (SELECT known.status FROM camera_status AS known"
    " WHERE known.camera_id = c.camera_id OFFSET 0) AS s ON true"
)
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
_CODE = re.compile(r"[0-9]{20}", re.ASCII)
NOT_A_CURSOR = "after must be the `next` of a page of the same search"
_BY_DIVISION = "hit.division_path"
_WITH_TOKENS = "camera c WHERE c.tokens @> {0}::integer[]"
_GLANCED = 1_500


@asynccontextmanager
async def finding(pool: asyncpg.Pool) -> AsyncIterator[PoolConnectionProxy]:
    """Give a connection on which every query is planned for its own values.

    A plan for all values knows neither how many cells a box has nor how common a text is, and
    compares a thousand cells one by one where it might look them up.
    """
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute("SET LOCAL plan_cache_mode = force_custom_plan")
        yield connection


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
class Few:
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
    # Where there is no row yet, nothing is known; no other status needs to be asked so.
    known = "COALESCE(s.status, 'unknown')" if status == "unknown" else "s.status"
    search.require(f"{known} = {{0}}", status)
    if status in {"offline", "unreachable", "degraded"} and not search.sources:
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

    Attributes:
        search: As given.
        tables: To follow `FROM camera AS`.
        where: Its conditions.
    """

    def __init__(self, connection: Connection, search: Search, *, has_status: bool) -> None:
        self._connection = connection
        self.search = search
        self.tables = f"c {_STATUS}" if has_status else "c"
        self.where = " AND ".join(search.conditions) or "true"

    async def page(self, after: str | None, limit: int) -> Found:
        """Return a page in the order of divisions and, in each, of device codes.

        Raises:
            SearchError: `after` is not the `next` of a page.
        """
        search = self.search
        if search.begins:
            return await self._page_of_codes(after, limit)
        # An index begins where the cursor says, and goes through all before the division otherwise.
        first = (search.division_path, "")
        cursor = first if after is None else max(first, read_cursor(after, _CURSOR))
        if search.is_counted:
            return await self._page_of_counted(cursor, limit)
        if not search.sources:
            keys = await self._walk(cursor, limit, "true")
            return found_page(keys, limit, *await self.count())
        if search.tokens and len(keys := await self._glance(cursor, limit)) > limit:
            return found_page(keys, limit, limit, is_estimate=True)
        few = await self.few(_BY_DIVISION, cursor, limit, search.sources, "true")
        if few.are_all:
            return found_page(few.keys, limit, few.total, is_estimate=False)
        if search.tokens:
            keys = await self._by_district(cursor, limit)
        else:
            keys = await self._walk(cursor, limit, "true")
        # What is on the page was not among what was counted, perhaps.
        total = max(few.total, min(len(keys), limit))
        return found_page(keys, limit, total, is_estimate=True)

    async def _page_of_codes(self, after: str | None, limit: int) -> Found:
        """Return a page in the order of codes: a range of them is asked for."""
        if after is not None and not _CODE.fullmatch(after):
            raise SearchError(NOT_A_CURSOR)
        arguments = [*self.search.arguments, after or "", limit + 1]
        code, most = f"${len(arguments) - 1}", f"${len(arguments)}"
        rows = await self.fetch(
            f"""
            SELECT '', c.device_code, c.camera_id FROM camera AS {self.tables}
            WHERE c.device_code > {code} AND {self.where} ORDER BY c.device_code LIMIT {most}
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        return found_page([tuple(row) for row in rows], limit, *await self.count())

    async def _page_of_counted(self, cursor: tuple[str, str], limit: int) -> Found:
        """Return a page of what the kept counts tell apart: they say in which divisions to look."""
        if all("c.division_path" in condition for condition in self.search.conditions):
            keys = await self._walk(cursor, limit, "true")
            return found_page(keys, limit, *await self.count())
        arguments = [*self.search.arguments, cursor[0], limit + 2]
        path, most = f"${len(arguments) - 1}", f"${len(arguments)}"
        [held] = await self.fetch(
            f"""
            WITH held AS (
                SELECT c.division_path AS path, sum(c.cameras)::bigint AS cameras
                FROM camera_count AS c WHERE {self.where.replace("s.status", "c.status")}
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
        return found_page(keys, limit, held["total"], is_estimate=False)

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
            tokens = [*self.search.tokens, district_token(path)]
            within = (
                f"c.division_path = '{path}'"
                if is_city
                else f"c.division_path >= '{path}' AND c.division_path < '{end}'"
            )
            most = limit - len(keys)
            start = max(cursor, (path, ""))
            few = await self.few(_BY_DIVISION, start, most, [_WITH_TOKENS], within, tokens)
            keys += few.keys if few.are_all else await self._walk(start, most, within)
        return keys

    async def few(
        self,
        rank: str,
        cursor: tuple[object, str],
        limit: int,
        sources: Sequence[str],
        within: str,
        *values: object,
    ) -> Few:
        """Return a page of what indexes find, as long as they find few."""
        arguments = [*self.search.arguments, *values, *cursor, limit + 1]
        first, second, most = (f"${len(arguments) - back}" for back in (2, 1, 0))
        value = f"${len(arguments) - 3}"
        bound = COUNTED_MAX + 1
        found = " UNION ".join(
            f"(SELECT {_COLUMNS} FROM {source.format(value)} LIMIT {bound})"  # noqa: S608  # ours
            for source in sources
        )
        [row] = await self.fetch(
            f"""
            WITH candidate AS MATERIALIZED ({found}),
            hit AS MATERIALIZED (
                SELECT c.camera_id, c.division_path, c.device_code, c.longitude, c.latitude
                FROM candidate AS {self.tables} WHERE {self.where} AND {within}
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
        return Few(list(keys), row["total"], row["candidates"] <= COUNTED_MAX)

    async def _walk(
        self, cursor: tuple[str, str], limit: int, within: str, *values: object
    ) -> list[Key]:
        """Return a page as it is met on the way along the order of the list."""
        arguments = [*self.search.arguments, *values, *cursor, limit + 1]
        path, code, most = (f"${len(arguments) - back}" for back in (2, 1, 0))
        rows = await self.fetch(
            f"""
            SELECT c.division_path, c.device_code, c.camera_id FROM camera AS {self.tables}
            WHERE (c.division_path, c.device_code) > ({path}, {code}) AND {self.where}
                AND {within.format(f"${len(arguments) - 3}")}
            ORDER BY c.division_path, c.device_code LIMIT {most}
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        return [tuple(row) for row in rows]

    async def _glance(self, cursor: tuple[str, str], limit: int) -> list[Key]:
        """Return what of a page is among the very next cameras: all of it, where most match."""
        arguments = [*self.search.arguments, *cursor, limit + 1]
        path, code, most = (f"${len(arguments) - back}" for back in (2, 1, 0))
        # The division's range is repeated inside, or the glance would not reach into it.
        range_ = " AND ".join(c for c in self.search.conditions if "c.division_path" in c) or "true"
        rows = await self.fetch(
            f"""
            SELECT c.division_path, c.device_code, c.camera_id FROM (
                SELECT {_COLUMNS} FROM camera AS c
                WHERE (c.division_path, c.device_code) > ({path}, {code}) AND {range_}
                ORDER BY c.division_path, c.device_code LIMIT {_GLANCED}
            ) AS {self.tables} WHERE {self.where}
            ORDER BY c.division_path, c.device_code LIMIT {most}
            """,  # noqa: S608  # made of our own words
            arguments,
        )
        return [tuple(row) for row in rows]

    async def count(self) -> tuple[int, bool]:
        """Return how many match, and whether there are more than that."""
        if self.search.is_counted:
            [row] = await self.fetch(
                "SELECT COALESCE(sum(c.cameras), 0)::bigint AS total"  # noqa: S608  # our own words
                f" FROM camera_count AS c WHERE {self.where.replace('s.status', 'c.status')}",
                self.search.arguments,
            )
            return row["total"], False
        [row] = await self.fetch(
            f"""
            SELECT count(*) AS total FROM (
                SELECT 1 FROM camera AS {self.tables} WHERE {self.where} LIMIT {COUNTED_MAX + 1}
            ) AS counted
            """,  # noqa: S608  # made of our own words
            self.search.arguments,
        )
        return min(row["total"], COUNTED_MAX), row["total"] > COUNTED_MAX

    async def fetch(self, sql: str, arguments: list[object]) -> list[asyncpg.Record]:
        """Return the rows of a query, which need not name all arguments."""
        text, values = numbered(sql, arguments)
        return await self._connection.fetch(text, *values)


def found_page(keys: Sequence[Key], limit: int, total: int, is_estimate: bool) -> Found:
    """Return the page that is in keys, of which one more than a page was asked for."""
    page = keys[:limit]
    following = None
    if len(keys) > limit:
        rank, code, _ = page[-1]
        following = f"{rank}{code}" if isinstance(rank, str) else f"{rank:f}:{code}"
    return Found([key[2] for key in page], following, total, is_estimate)


def read_cursor(after: str, form: re.Pattern[str]) -> tuple[str, str]:
    """Return the two parts of a cursor.

    Raises:
        SearchError: It is none of this form.
    """
    match = form.fullmatch(after)
    if match is None:
        raise SearchError(NOT_A_CURSOR)
    return match[1], match[2]
