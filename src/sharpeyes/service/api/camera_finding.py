"""Looking for the cameras of one search: what indexes find, as long as it is few.

Estimates of how many there are mislead, so an index is asked for a bounded number, and what to do
next depends on whether that was all. See docs/design/registry.md.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from typing import Final, Literal

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.map_grid import map_runs
from sharpeyes.registry.search import Search
from sharpeyes.registry.store import IS_MEASURED
from sharpeyes.registry.tokens import area_token, district_token
from sharpeyes.service.api.camera_found import HITS, Few, few_of, page_of_hits
from sharpeyes.service.api.kept_counts import Area, KeptCounts
from sharpeyes.service.serving_pool import WHOLE_CITY, current_reach

StatusWord = Literal["ok", "degraded", "unreachable", "offline", "unknown", "not_measured"]

COUNTED_MAX: Final = 2_000
"""Cameras that are counted one by one; of more it is said that they are more, at least where
looking at twice as many does not spare much work."""

# Looked up camera by camera: there are few of them, and the planner would read all statuses.
_STATUS = (
    "LEFT JOIN LATERAL (SELECT known.status FROM camera_status AS known"
    " WHERE known.camera_id = c.camera_id OFFSET 0) AS s ON true"
)
IN_STATUS_MAX: Final = 8_000
"""Cameras in a status on record that are looked at one by one, at some 4 us each. Of more, a page
is met on the way about as soon."""
READ_SHARE: Final = 15
"""How many times as many may be read where they stand together, at a fraction of the cost each."""
ON_RECORD: Final = frozenset({"degraded", "unreachable", "offline"})
"""Statuses that are few, and by which the database finds cameras."""

AREAS_WITH_TOKENS: Final = """
    unnest({0}::integer[]) WITH ORDINALITY AS district (token, number)
    CROSS JOIN LATERAL (
        SELECT own.* FROM unnest({1}::integer[], {2}::text[], {3}::text[], {4}::bigint[])
            AS own (token, path, beyond, number)
        WHERE own.number = district.number
            AND EXISTS (SELECT FROM cameras_with({5}::integer[] || district.token, 1))
        OFFSET 0
    ) AS area
"""
"""Areas in the order of lists, but for those in districts where none has all tokens; the values are
those of `Finder.token_loops`."""
RUNS: Final = (
    "unnest({}::integer[], {}::smallint[], {}::smallint[]) AS run (map_cell, first_spot, last_spot)"
)
"""Runs of spots of the map, whose values are `Runs`."""
IN_RUN: Final = "c.map_cell = run.map_cell AND c.map_spot BETWEEN run.first_spot AND run.last_spot"
"""The condition that a camera stands in one of `RUNS`."""
# A larger box is best read in the order of pages: few of its cells are crossed by its edges.
_SPOTTED_MAX: Final = 64
_PLANNING: Final = (
    "SET LOCAL plan_cache_mode = force_custom_plan; SET LOCAL max_parallel_workers_per_gather = 0"
)


@asynccontextmanager
async def finding(pool: asyncpg.Pool) -> AsyncIterator[PoolConnectionProxy]:
    """Give a connection on which every query is planned for its own values.

    A plan for all values knows neither how many cells a box has nor how common a text is, and
    compares a thousand cells one by one where it might look them up. One process does it: to start
    more takes as long as most pages do, and at times much longer.
    """
    async with pool.acquire() as connection, connection.transaction(readonly=True):
        await connection.execute(_PLANNING)
        yield connection


def require_status(search: Search, status: StatusWord) -> None:
    """Narrow down to cameras that are so now."""
    if status == "not_measured":
        search.conditions.append(f"NOT {IS_MEASURED}")
        search.counted.append(search.conditions[-1])
        return
    search.conditions.append(IS_MEASURED)
    # Where there is no row yet, nothing is known; no other status needs to be asked so.
    known = "COALESCE(s.status, 'unknown')" if status == "unknown" else "s.status"
    search.require(f"{known} = {{0}}", status)
    search.counted += search.conditions[-2:]


class Finder:
    """Looks for the cameras of one search.

    Args:
        connection: In a transaction, so that all queries of a page see as far.
        search: What is asked for, status included.
        status: Of which they must be; None: of any.

    Attributes:
        search: As given.
        status: As given.
        counts: The kept counts of the search.
        tables: To follow `FROM camera AS`.
        where: Its conditions.
    """

    def __init__(self, connection: Connection, search: Search, status: StatusWord | None) -> None:
        self.search = search
        self.status = status
        self.counts = KeptCounts(connection, search)
        has_status = any("s.status" in condition for condition in search.conditions)
        self.tables = f"c {_STATUS}" if has_status else "c"
        self.where = " AND ".join(search.conditions) or "true"

    @property
    def scarce_max(self) -> int:
        """How many cameras in the status are few enough to go through all of them."""
        return IN_STATUS_MAX if self.finds_by_status else 2 * COUNTED_MAX

    @property
    def finds_by_status(self) -> bool:
        """Whether `look_by_status` may be asked."""
        return self.status in ON_RECORD and current_reach() in {None, WHOLE_CITY}

    async def look(
        self,
        rank: str,
        cursor: tuple[object, str],
        limit: int,
        sources: Sequence[str],
        most: int,
    ) -> Few:
        """Return a page of what indexes find, as long as they find few.

        Args:
            rank: SQL of where in its list the camera `hit` stands.
            cursor: After which rank and code.
            limit: Cameras on a page; one more is returned.
            sources: As those of a search.
            most: How many are few.
        """
        found = " UNION ".join(
            f"(SELECT camera_id FROM {source.format('{3}')} LIMIT {{3}})"  # noqa: S608  # ours
            for source in sources
        )
        [row] = await self.fetch(
            f"""
            WITH candidate AS MATERIALIZED ({found}),
            hit AS MATERIALIZED (
                SELECT c.camera_id, c.division_path, c.device_code, c.longitude, c.latitude
                FROM (
                    SELECT c.* FROM candidate JOIN camera AS c USING (camera_id)
                    WHERE (SELECT count(*) FROM candidate) < {{3}}
                ) AS {self.tables} WHERE {self.where}
            ), {page_of_hits(rank)}
            SELECT (SELECT count(*) FROM candidate) AS candidates, {HITS}
            """,  # noqa: S608  # made of our own words
            *cursor,
            limit + 1,
            most + 1,
        )
        return few_of(row, are_all=row["candidates"] <= most)

    async def look_by_status(self, rank: str, cursor: tuple[object, str], limit: int) -> Few:
        """Return a page of those in a status that is on record, as long as there are few.

        Only where `finds_by_status`.

        Args:
            rank: As for `look`.
            cursor: The same.
            limit: The same.
        """
        [row] = await self.fetch(
            f"""
            WITH s AS MATERIALIZED (
                SELECT camera_id, status FROM camera_status WHERE status = {{3}} LIMIT {{4}}
            ), hit AS MATERIALIZED (
                SELECT c.camera_id, c.division_path, c.device_code, c.longitude, c.latitude
                FROM s JOIN camera AS c USING (camera_id)
                WHERE (SELECT count(*) FROM s) < {{4}} AND {self.where}
            ), {page_of_hits(rank)}
            SELECT (SELECT count(*) FROM s) AS candidates, {HITS}
            """,  # noqa: S608  # made of our own words
            *cursor,
            limit + 1,
            self.status,
            IN_STATUS_MAX + 1,
        )
        return few_of(row, are_all=row["candidates"] <= IN_STATUS_MAX)

    async def read(self, rank: str, cursor: tuple[object, str], limit: int, within: str) -> Few:
        """Return a page of the cameras that meet a condition, of which it is known they are few.

        They are read where they stand: if they stand together, at a fraction of what `look` costs.

        Args:
            rank: As for `look`.
            cursor: The same.
            limit: The same.
            within: SQL of the condition, for which `camera AS c` has an index.
        """
        return await self._read(rank, cursor, limit, f"camera AS {self.tables} WHERE {within}")

    async def read_box(self, rank: str, cursor: tuple[object, str], limit: int) -> Few:
        """Return a page of the cameras in the search's box, of which it is known they are few.

        Args:
            rank: As for `look`.
            cursor: The same.
            limit: The same.
        """
        box, boxed = self.search.box, self.search.boxed
        runs = None if box is None else map_runs(box)
        if runs is None or len(set(runs[0])) > _SPOTTED_MAX:
            return await self.read(rank, cursor, limit, boxed or "true")
        source = f"{RUNS.format('{3}', '{4}', '{5}')}, camera AS {self.tables} WHERE {IN_RUN}"
        return await self._read(rank, cursor, limit, source, *runs)

    async def _read(
        self, rank: str, cursor: tuple[object, str], limit: int, source: str, *values: object
    ) -> Few:
        [row] = await self.fetch(
            f"""
            WITH hit AS MATERIALIZED (
                SELECT c.camera_id, c.division_path, c.device_code, c.longitude, c.latitude
                FROM {source} AND {self.where}
            ), {page_of_hits(rank)}
            SELECT {HITS}
            """,  # noqa: S608  # made of our own words
            *cursor,
            limit + 1,
            *values,
        )
        return few_of(row, are_all=True)

    def token_loops(self, areas: Sequence[Area]) -> tuple[object, ...]:
        """Return the values for `AREAS_WITH_TOKENS`."""
        districts = list(dict.fromkeys(district_token(area.path) for area in areas))
        return (
            districts,
            [area_token(area.path) for area in areas],
            [area.path for area in areas],
            [area.beyond for area in areas],
            [districts.index(district_token(area.path)) + 1 for area in areas],
            self.search.tokens,
        )

    async def areas_with_tokens(self) -> list[str]:
        """Return the paths of the areas in districts where some camera has all tokens."""
        areas = await self.counts.areas()
        rows = await self.fetch(
            """
            SELECT token FROM unnest({0}::integer[]) AS district (token)
            WHERE EXISTS (SELECT FROM cameras_with({1}::integer[] || token, 1))
            """,
            list({district_token(area.path) for area in areas}),
            self.search.tokens,
        )
        having = {row["token"] for row in rows}
        return [area.path for area in areas if district_token(area.path) in having]

    async def count(self) -> tuple[int, bool]:
        """Return how many match, and whether there are more than that."""
        if self.search.is_counted:
            return await self.counts.total(), False
        [row] = await self.fetch(
            f"""
            SELECT count(*) AS total FROM (
                SELECT 1 FROM camera AS {self.tables} WHERE {self.where} LIMIT {COUNTED_MAX + 1}
            ) AS counted
            """  # noqa: S608  # made of our own words
        )
        return min(row["total"], COUNTED_MAX), row["total"] > COUNTED_MAX

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """Return the rows of a query in which `{0}`, `{1}`, ... stand for the values."""
        return await self.counts.fetch(sql, *values)
