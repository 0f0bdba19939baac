"""Sums availability up by the hour and by the day.

An hour is a function of what is stored of it: summed up again it comes out the same, so that a
restart, or a second process, harms nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from sharpeyes.health.availability_sums import MODELS, PLACES, SUM_COLUMNS, SumTable, read_hour
from sharpeyes.health.calendar import HOUR, day_of, hour_of
from sharpeyes.health.pasts import CHANGES_OF_FIELDS, Connection

log = structlog.get_logger()

# What was decided in an hour is stored within seconds of it; that nobody asked shows after minutes.
_SETTLE: Final = timedelta(minutes=10)
# For so long a record that comes late is looked for.
_LATE: Final = timedelta(hours=48)

_ONE_AT_A_TIME = "SELECT pg_try_advisory_xact_lock(hashtext('sharpeyes.availability'))"
_FIRST = "SELECT min(created_at) FROM camera"
_LAST_ROLLED = "SELECT max(since) FROM availability_rolled"
_COUNT = f"""
SELECT (SELECT count(*) FROM camera_transition WHERE at >= $1 AND at < $2),
       (SELECT count(*) FROM camera_change WHERE at >= $1 AND at < $2 AND {CHANGES_OF_FIELDS})
"""  # noqa: S608  # made of our own names
# More than were there when the hour was summed up; cameras that were deleted since make it less.
_FIRST_LATE = f"""
WITH counted AS (
    SELECT date_trunc('hour', at) AS since, count(*) FILTER (WHERE here) AS transitions,
        count(*) FILTER (WHERE NOT here) AS changes
    FROM (
        SELECT at, true AS here FROM camera_transition WHERE at >= $1
        UNION ALL
        SELECT at, false FROM camera_change WHERE at >= $1 AND {CHANGES_OF_FIELDS}
    ) AS records GROUP BY 1
)
SELECT min(rolled.since) FROM availability_rolled AS rolled JOIN counted USING (since)
WHERE counted.transitions > rolled.transitions OR counted.changes > rolled.changes
"""  # noqa: S608  # as above


class Rollup:
    """Keeps the sums up to date.

    Args:
        pool: the database, as its owner.
        zone: the city's, by which days are told apart.
        hours_kept: how long sums by the hour are kept.
        days_kept: how long sums by the day are kept.
        now: the present, UTC.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        zone: ZoneInfo,
        *,
        hours_kept: timedelta,
        days_kept: timedelta,
        now: Callable[[], datetime],
    ) -> None:
        self._pool = pool
        self._zone = zone
        self._hours_kept = hours_kept
        self._days_kept = days_kept
        self._now = now

    async def run_once(self, *, most_hours: int = 24 * 366) -> int:
        """Sum up the hours that are over, and again those of which more has become known.

        Args:
            most_hours: how many at most; the next call goes on.

        Returns:
            How many hours were summed up.
        """
        now, hours = self._now(), 0
        since = await self._first_open(now)
        while since is not None and since + HOUR + _SETTLE <= now and hours < most_hours:
            if not await self._roll(since, is_last=since + 2 * HOUR + _SETTLE > now):
                return hours
            since += HOUR
            hours += 1
        return hours

    async def _first_open(self, now: datetime) -> datetime | None:
        oldest, _ = day_of(now - self._hours_kept, self._zone)
        late = await self._pool.fetchval(_FIRST_LATE, max(oldest, hour_of(now - _LATE)))
        if late is not None:
            return hour_of(late)
        last = await self._pool.fetchval(_LAST_ROLLED)
        if last is not None:
            return max(oldest, hour_of(last) + HOUR)
        first = await self._pool.fetchval(_FIRST)
        return None if first is None else max(oldest, hour_of(first))

    async def _roll(self, since: datetime, *, is_last: bool) -> bool:
        """Sum one hour up, and its day if that is over; False: another process is at it."""
        until = since + HOUR
        # One view of all tables, so that no camera is counted twice or not at all.
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read"),
        ):
            if not await connection.fetchval(_ONE_AT_A_TIME):
                return False
            (counts,) = await connection.fetch(_COUNT, since, until)
            sums = await read_hour(connection, since, until)
            for table, records in sums.rows(since).items():
                await connection.execute(f"DELETE FROM {table.hour} WHERE since = $1", since)  # noqa: S608  # a name of ours
                await connection.copy_records_to_table(
                    table.hour, records=records, columns=table.columns
                )
            # Later hours may build on what has changed.
            await connection.execute("DELETE FROM availability_rolled WHERE since >= $1", since)
            await connection.execute(
                "INSERT INTO availability_rolled VALUES ($1, $2, $3)",
                since,
                counts[0],
                counts[1],
            )
            begins, ends = day_of(since, self._zone)
            if until == ends:
                await self._sum_day(connection, begins, ends)
            if is_last:
                await self._forget(connection)
        return True

    async def _sum_day(self, connection: Connection, begins: datetime, ends: datetime) -> None:
        for table in (PLACES, MODELS):
            await connection.execute(f"DELETE FROM {table.day} WHERE since = $1", begins)  # noqa: S608  # a name of ours
            await connection.execute(_day_of_hours(table), begins, ends)

    async def _forget(self, connection: Connection) -> None:
        # Whole days only: what is left of one must not be summed up again.
        oldest, _ = day_of(self._now() - self._hours_kept, self._zone)
        await connection.execute("DELETE FROM availability_rolled WHERE since < $1", oldest)
        for table in (PLACES, MODELS):
            for name, before in (
                (table.hour, oldest),
                (table.day, self._now() - self._days_kept),
            ):
                await connection.execute(f"DELETE FROM {name} WHERE since < $1", before)  # noqa: S608  # a name of ours


def _day_of_hours(table: SumTable) -> str:
    key, sums = ", ".join(table.key), ", ".join(f"sum({column})" for column in SUM_COLUMNS)
    return f"""
    INSERT INTO {table.day} ({", ".join(table.columns)})
    SELECT $1, {key}, {sums} FROM {table.hour} WHERE since >= $1 AND since < $2 GROUP BY {key}
    """  # noqa: S608  # names of ours
