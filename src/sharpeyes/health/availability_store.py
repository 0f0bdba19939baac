"""Reads availability: from the sums by hour and day, or for small divisions from the intervals."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final
from zoneinfo import ZoneInfo

import asyncpg

from sharpeyes.health.availability import Filed, Standing, Tally, tally
from sharpeyes.health.availability_figures import availability
from sharpeyes.health.availability_report import (
    MOST_CAMERAS,
    AvailabilityReport,
    AvailabilityRow,
    By,
    TooManyCamerasError,
)
from sharpeyes.health.availability_sums import MODELS, PLACES, SUM_COLUMNS, TIME_COLUMNS
from sharpeyes.health.calendar import HOUR, day_of
from sharpeyes.health.pasts import read_gaps, read_pasts
from sharpeyes.registry.camera import Tier
from sharpeyes.registry.division import Division, Level

_SUMS: Final = ", ".join(f"sum({column}) AS {column}" for column in SUM_COLUMNS)
_TIMEOUT_S: Final = 60.0
# Whole days from their sums, what is left over from the hours'.
_READ: Final = """
WITH kept AS (
    SELECT * FROM {day} WHERE since >= $3 AND since < $4
    UNION ALL
    SELECT * FROM {hour}
    WHERE since >= $1 AND since < $2 AND NOT (since >= $3 AND since < $4)
)
SELECT {key} AS key, {sums}
FROM kept JOIN division AS filed USING (division_code) {join}
WHERE $5::text IS NULL OR starts_with(filed.path, $5)
GROUP BY 1 ORDER BY 1
"""
_ABOVE: Final = """
LEFT JOIN division AS above ON starts_with(filed.path, above.path) AND above.level = '{level}'
"""

_ABOVE_ALL: Final = """
SELECT below.division_code, above.division_code AS above FROM division AS below
JOIN division AS above ON starts_with(below.path, above.path) AND above.level = $1
"""
_HOURS: Final = """
SELECT count(*) FROM availability_rolled
WHERE since >= $1 AND since < $2 AND NOT (since >= $3 AND since < $4)
"""
_LAST_ROLLED: Final = "SELECT max(since) FROM availability_rolled"
_DAYS: Final = "SELECT DISTINCT since FROM availability_day WHERE since >= $1 AND since < $2"


# There are sums of these by district; below, cameras are few enough to be looked at.
_BY_MODEL: Final = frozenset({By.MAKER, By.MODEL})
_KEYS: Final = {
    By.TOTAL: "''",
    By.TIER: "tier::text",
    By.MAKER: "NULLIF(maker, 0)::text",
    By.MODEL: "NULLIF(model, '')",
    By.DISTRICT: "above.division_code",
    By.STREET: "above.division_code",
    By.HOUR: 'to_char(since, \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')',
    By.DAY: "to_char(since AT TIME ZONE $6, 'YYYY-MM-DD')",
}


class AvailabilityStore:
    """Reads how available cameras were.

    Args:
        pool: the database.
        zone: the city's.
    """

    def __init__(self, pool: asyncpg.Pool, zone: ZoneInfo) -> None:
        self._pool = pool
        self._zone = zone

    async def report(
        self, since: datetime, until: datetime, by: By, division: Division | None
    ) -> AvailabilityReport:
        """Return the figures of a stretch of time.

        Args:
            since: the first moment, a full hour.
            until: the first moment after, a full hour.
            by: by what to tell cameras apart.
            division: whose cameras; None for all.

        Raises:
            TooManyCamerasError: they are told apart so finely that each would have to be looked at.
        """
        path = await self._path(division)
        if self._is_of_intervals(by, division):
            source, sums = "intervals", await self._from_intervals(since, until, by, path)
            known = (until - since) // HOUR
        else:
            source, sums = "sums", await self._from_sums(since, until, by, path)
            known = await self._hours_known(since, until)
        return AvailabilityReport(
            since=since,
            until=until,
            by=by,
            division_code=division.division_code if division else None,
            source=source,
            hours=(until - since) // HOUR,
            hours_known=known,
            rows=[
                AvailabilityRow(key=_word(by, key), availability=availability(sums[key]))
                for key in sorted(sums, key=lambda key: (key is None, key))
            ],
        )

    @staticmethod
    def _is_of_intervals(by: By, division: Division | None) -> bool:
        if by in {By.COMMUNITY, By.GRID}:
            return True
        summed = Level.DISTRICT if by in _BY_MODEL else Level.STREET
        return division is not None and division.level.depth > summed.depth

    async def _path(self, division: Division | None) -> str | None:
        if division is None:
            return None
        path: str = await self._pool.fetchval(
            "SELECT path FROM division WHERE division_code = $1", division.division_code
        )
        return path

    async def _hours_known(self, since: datetime, until: datetime) -> int:
        begins, ends = await self._whole_days(since, until, By.TOTAL)
        known: int = await self._pool.fetchval(_HOURS, since, until, begins, ends)
        rows = await self._pool.fetch(_DAYS, begins, ends)
        days = [day_of(row["since"], self._zone) for row in rows]
        # A day has 24 hours, but for zones that change their clocks.
        return known + sum((after - first) // HOUR for first, after in days)

    async def _whole_days(
        self, since: datetime, until: datetime, by: By
    ) -> tuple[datetime, datetime]:
        """Return which part is read from the sums of days."""
        last = await self._pool.fetchval(_LAST_ROLLED)
        if by is By.HOUR or last is None:
            return until, until
        begins, next_day = day_of(since, self._zone)
        begins = begins if begins == since else next_day
        # Of a day that is over but not summed up, there are hours.
        ends, _ = day_of(min(until, last + HOUR), self._zone)
        return begins, max(begins, ends)

    async def _from_sums(
        self, since: datetime, until: datetime, by: By, path: str | None
    ) -> dict[str | None, Tally]:
        join = _ABOVE.format(level=by.value) if by in {By.DISTRICT, By.STREET} else ""
        table = MODELS if by in _BY_MODEL else PLACES
        sql = _READ.format(key=_KEYS[by], sums=_SUMS, join=join, day=table.day, hour=table.hour)
        zone = [self._zone.key] if by is By.DAY else []
        days = await self._whole_days(since, until, by)
        rows = await self._pool.fetch(sql, since, until, *days, path, *zone, timeout=_TIMEOUT_S)
        return {row["key"]: _tally(row) for row in rows}

    async def _from_intervals(
        self, since: datetime, until: datetime, by: By, path: str | None
    ) -> dict[str | None, Tally]:
        cameras = await self._pool.fetchval(
            "SELECT count(*) FROM camera WHERE $1::text IS NULL OR division_path ^@ $1", path
        )
        if cameras > MOST_CAMERAS:
            raise TooManyCamerasError(cameras)
        key_of = await self._key_of(by)
        sums: dict[str | None, Tally] = {}
        windows = [(since, until)]
        if by is By.HOUR:
            windows = [
                (since + n * HOUR, since + (n + 1) * HOUR) for n in range((until - since) // HOUR)
            ]
        elif by is By.DAY:
            windows = self._days(since, until)
        async with self._pool.acquire() as connection:
            gaps = await read_gaps(connection, until)
            async for pasts in read_pasts(connection, since, until, path=path):
                for past in pasts:
                    intervals = past.timeline(gaps, since, until)
                    for begins, ends in windows:
                        for filed, part in tally(intervals, begins, ends):
                            sums.setdefault(key_of(filed, begins), Tally()).add(part)
        return sums

    def _days(self, since: datetime, until: datetime) -> list[tuple[datetime, datetime]]:
        days = []
        while since < until:
            _, ends = day_of(since, self._zone)
            days.append((since, min(ends, until)))
            since = ends
        return days

    async def _key_of(self, by: By) -> Callable[[Filed, datetime], str | None]:
        if by in {By.DISTRICT, By.STREET, By.COMMUNITY, By.GRID}:
            rows = await self._pool.fetch(_ABOVE_ALL, by.value)
            above = {row["division_code"]: row["above"] for row in rows}
            return lambda filed, _begins: above.get(filed.division_code)
        keys: dict[By, Callable[[Filed, datetime], str | None]] = {
            By.TOTAL: lambda _filed, _begins: "",
            By.TIER: lambda filed, _begins: str(filed.tier),
            By.MAKER: lambda filed, _begins: str(filed.maker) if filed.maker else None,
            By.MODEL: lambda filed, _begins: filed.model or None,
            By.HOUR: lambda _filed, begins: f"{begins:%Y-%m-%dT%H:%M:%SZ}",
            By.DAY: lambda _filed, begins: f"{begins.astimezone(self._zone):%Y-%m-%d}",
        }
        return keys[by]


def _tally(row: asyncpg.Record) -> Tally:
    return Tally(
        times_us={
            standing: int(row[column])
            for standing, column in zip(Standing, TIME_COLUMNS, strict=True)
            if row[column]
        },
        faults=int(row["faults"] or 0),
        repaired=int(row["repaired"] or 0),
        repair_us=int(row["repair_us"] or 0),
    )


def _word(by: By, key: str | None) -> str | None:
    return Tier(int(key)).word if by is By.TIER and key else key
