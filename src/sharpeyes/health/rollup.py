"""Sums availability up by the hour and by the day.

An hour is a function of what is stored of it: summed up again it comes out the same, so that a
restart, or a second process, harms nothing. Most cameras do nothing in an hour: they are counted in
the database, and only those that changed are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from sharpeyes.health.availability import (
    CAUSES_IMPAIRED,
    CAUSES_UNSEEN,
    MEASURED,
    Gap,
    Standing,
    Tally,
    tally,
)
from sharpeyes.health.calendar import HOUR, day_of, hour_of
from sharpeyes.health.pasts import CHANGES_OF_FIELDS, Connection, read_gaps, read_pasts

log = structlog.get_logger()

TIME_COLUMNS: Final = tuple(f"{standing}_us" for standing in Standing)
SUM_COLUMNS: Final = (*TIME_COLUMNS, "faults", "repaired", "repair_us")
_KEY: Final = ("division_code", "tier", "maker", "model")
_COLUMNS: Final = ("since", *_KEY, *SUM_COLUMNS)

# What was decided in an hour is stored within seconds of it; that nobody asked shows after minutes.
_SETTLE: Final = timedelta(minutes=10)
# For so long a record that comes late is looked for.
_LATE: Final = timedelta(hours=48)
_TIMEOUT_S: Final = 600.0

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
# Changed in the hour, or in a gap that reaches into it, at the end of which that counts; or filed
# otherwise since, so that what is on file says nothing of the hour; or we were blind for it.
_CHANGED = f"""
SELECT camera_id FROM camera_transition WHERE at >= $3 AND at < $2
UNION SELECT camera_id FROM camera_change WHERE at >= $1 AND {CHANGES_OF_FIELDS}
UNION SELECT camera_id FROM camera WHERE created_at > $1 AND created_at < $2
UNION SELECT camera_id FROM incident JOIN incident_camera USING (incident_id)
WHERE kind = 'poller' AND joined_at < $2 AND (left_at IS NULL OR left_at >= $1)
"""  # noqa: S608  # as above
_STEADY = """
SELECT division_code, tier, maker, model, standing, count(*) AS cameras
FROM (
    SELECT c.division_code, c.tier, COALESCE(c.maker, 0) AS maker, COALESCE(c.model, '') AS model,
        CASE
            WHEN c.life = 'planned' THEN 'planned'
            WHEN c.life = 'maintenance' THEN 'maintenance'
            WHEN c.poll_mode = 'on_request' THEN 'on_request'
            WHEN c.poll_mode = 'none' THEN 'never'
            WHEN t.to_status = 'ok' THEN 'well'
            WHEN t.to_status IN ('offline', 'unreachable') THEN t.to_status
            WHEN t.to_status = 'degraded' AND t.cause = ANY ($3) THEN 'impaired'
            WHEN t.to_status = 'degraded' AND t.cause = ANY ($4) THEN 'unseen'
            WHEN t.to_status = 'degraded' THEN 'faulty'
            ELSE 'unknown'
        END AS standing
    FROM camera AS c
    LEFT JOIN LATERAL (
        SELECT to_status, cause FROM camera_transition
        WHERE camera_id = c.camera_id AND at < $1 ORDER BY at DESC, transition_id DESC LIMIT 1
    ) AS t ON true
    WHERE c.created_at <= $1 AND c.life <> 'removed' AND NOT c.camera_id = ANY ($2::bigint[])
) AS known
GROUP BY 1, 2, 3, 4, 5
"""
_STREETS = """
SELECT below.division_code, above.division_code AS street
FROM division AS below
JOIN division AS above ON starts_with(below.path, above.path) AND above.level = 'street'
WHERE below.level IN ('community', 'grid')
"""
_SUM_DAY = f"""
INSERT INTO availability_day ({", ".join(_COLUMNS)})
SELECT $1, {", ".join(_KEY)}, {", ".join(f"sum({column})" for column in SUM_COLUMNS)}
FROM availability_hour WHERE since >= $1 AND since < $2 GROUP BY {", ".join(_KEY)}
"""  # noqa: S608  # made of our own names


class _Group(NamedTuple):
    """What sums are kept for."""

    division_code: str
    tier: int
    maker: int
    model: str


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
            sums = await self._sums(connection, since, until)
            await connection.execute("DELETE FROM availability_hour WHERE since = $1", since)
            await connection.copy_records_to_table(
                "availability_hour",
                records=[(since, *group, *_row(of)) for group, of in sums.items()],
                columns=_COLUMNS,
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

    async def _sums(
        self, connection: Connection, since: datetime, until: datetime
    ) -> dict[_Group, Tally]:
        streets = {row["division_code"]: row["street"] for row in await connection.fetch(_STREETS)}
        gaps = await read_gaps(connection, until)
        begins = min([since, *(gap.since for gap in gaps if gap.until > since)])
        changed = [row[0] for row in await connection.fetch(_CHANGED, since, until, begins)]
        sums: dict[_Group, Tally] = {}
        steady = await connection.fetch(
            _STEADY,
            since,
            changed,
            list(CAUSES_IMPAIRED),
            list(CAUSES_UNSEEN),
            timeout=_TIMEOUT_S,
        )
        unasked_us = _covered_us(gaps, since, until)
        for row in steady:
            group = _Group(
                streets.get(row["division_code"], row["division_code"]),
                row["tier"],
                row["maker"],
                row["model"],
            )
            part = _steady(Standing(row["standing"]), row["cameras"], unasked_us)
            sums.setdefault(group, Tally()).add(part)
        async for pasts in read_pasts(connection, since, until, camera_ids=changed):
            for past in pasts:
                for filed, part in tally(past.timeline(gaps, since, until), since, until):
                    group = _Group(
                        streets.get(filed.division_code, filed.division_code),
                        filed.tier,
                        filed.maker or 0,
                        filed.model or "",
                    )
                    sums.setdefault(group, Tally()).add(part)
        return sums

    async def _sum_day(self, connection: Connection, begins: datetime, ends: datetime) -> None:
        await connection.execute("DELETE FROM availability_day WHERE since = $1", begins)
        await connection.execute(_SUM_DAY, begins, ends)

    async def _forget(self, connection: Connection) -> None:
        # Whole days only: what is left of one must not be summed up again.
        oldest, _ = day_of(self._now() - self._hours_kept, self._zone)
        await connection.execute("DELETE FROM availability_hour WHERE since < $1", oldest)
        await connection.execute("DELETE FROM availability_rolled WHERE since < $1", oldest)
        await connection.execute(
            "DELETE FROM availability_day WHERE since < $1", self._now() - self._days_kept
        )


def _steady(standing: Standing, cameras: int, unasked_us: int) -> Tally:
    hour_us = HOUR // timedelta(microseconds=1)
    if standing not in MEASURED:
        return Tally({standing: cameras * hour_us})
    return Tally(
        {standing: cameras * (hour_us - unasked_us), Standing.UNKNOWN: cameras * unasked_us}
    )


def _covered_us(gaps: Sequence[Gap], since: datetime, until: datetime) -> int:
    """Return how much of [since, until) lies in gaps."""
    covered = timedelta()
    for gap in gaps:
        covered += max(min(gap.until, until) - max(gap.since, since), timedelta())
    return covered // timedelta(microseconds=1)


def _row(sums: Tally) -> tuple[int, ...]:
    times = (sums.times_us.get(standing, 0) for standing in Standing)
    return (*times, sums.faults, sums.repaired, sums.repair_us)
