"""Keeps cameras' latencies, clocks, recordings: gathered in a worker, written now and then.

What is gathered and not written yet is lost with the worker: an hour of a chart, and no judgement.
"""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime
from typing import Final

import asyncpg
import structlog

from sharpeyes.devices.device_clock import DeviceClock
from sharpeyes.health.kept_recordings import KeptRecordings
from sharpeyes.health.trend import (
    LATENCY_HOURS,
    HourOfLatency,
    LatencyHour,
    drift_ms_per_day,
    hour_number,
    kept_points,
)
from sharpeyes.registry.outage import DATABASE_AWAY

log = structlog.get_logger()

_WRITE_EVERY_S: Final = 60.0
_AT_ONCE: Final = 1000

_ADD_LATENCIES: Final = f"""
INSERT INTO camera_latency AS kept (camera_id, hours, least_ms, median_ms, most_ms)
SELECT camera_id, ARRAY[hour], ARRAY[least_ms], ARRAY[median_ms], ARRAY[most_ms]
FROM unnest($1::bigint[], $2::integer[], $3::smallint[], $4::smallint[], $5::smallint[])
    AS told (camera_id, hour, least_ms, median_ms, most_ms)
JOIN camera USING (camera_id)
ON CONFLICT (camera_id) DO UPDATE SET
    hours = (kept.hours || excluded.hours)[cardinality(kept.hours) - {LATENCY_HOURS - 2}:],
    least_ms = (kept.least_ms || excluded.least_ms)[cardinality(kept.hours) - {LATENCY_HOURS - 2}:],
    median_ms =
        (kept.median_ms || excluded.median_ms)[cardinality(kept.hours) - {LATENCY_HOURS - 2}:],
    most_ms = (kept.most_ms || excluded.most_ms)[cardinality(kept.hours) - {LATENCY_HOURS - 2}:]
WHERE kept.hours[cardinality(kept.hours)] < excluded.hours[1]
"""  # noqa: S608  # made of our own number
_KNOWN_CLOCKS: Final = (
    "SELECT camera_id, hours, offsets_ms FROM camera_clock WHERE camera_id = ANY ($1)"
)
_PUT_CLOCK: Final = """
INSERT INTO camera_clock AS kept (camera_id, asked_at, offset_ms, zone_error_s, is_synchronised,
    time_zone, drift_ms_per_day, hours, offsets_ms)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM camera WHERE camera_id = $1
ON CONFLICT (camera_id) DO UPDATE SET asked_at = excluded.asked_at,
    offset_ms = excluded.offset_ms, zone_error_s = excluded.zone_error_s,
    is_synchronised = excluded.is_synchronised, time_zone = excluded.time_zone,
    drift_ms_per_day = excluded.drift_ms_per_day, hours = excluded.hours,
    offsets_ms = excluded.offsets_ms
WHERE kept.asked_at < excluded.asked_at
"""


class Trends:
    """Gathers what was seen of cameras' latencies and clocks, and of their recordings.

    Args:
        now: the present, UTC.

    Attributes:
        recordings: what devices say of their recordings.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._under_way: dict[int, LatencyHour] = {}
        self._over: list[tuple[int, HourOfLatency]] = []
        self._clocks: dict[int, tuple[datetime, DeviceClock]] = {}
        self.recordings = KeptRecordings(now)

    def answered(self, camera_id: int, latency_ms: float) -> None:
        """Note how long a camera took to answer."""
        hour = hour_number(self._now())
        gathered = self._under_way.get(camera_id)
        if gathered is None or gathered.hour != hour:
            if gathered is not None:
                self._over.append((camera_id, gathered.closed()))
            gathered = self._under_way[camera_id] = LatencyHour(hour)
        gathered.add(latency_ms)

    def told_time(self, camera_id: int, clock: DeviceClock) -> None:
        """Note what a camera's clock said."""
        self._clocks[camera_id] = (self._now(), clock)

    async def run(
        self, pool: asyncpg.Pool, stop: asyncio.Event, *, every_s: float = _WRITE_EVERY_S
    ) -> None:
        """Write down what was gathered, now and then, until `stop`, and then once more."""
        while True:
            try:
                await self.write(pool)
            except DATABASE_AWAY as error:
                log.warning("trends cannot be stored", error=type(error).__name__)
            if stop.is_set():
                return
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), every_s)

    async def write(self, pool: asyncpg.Pool) -> None:
        """Write down the hours that are over, and the clocks; what cannot be written is kept."""
        hour = hour_number(self._now())
        for camera_id in [its for its, of in self._under_way.items() if of.hour != hour]:
            self._over.append((camera_id, self._under_way.pop(camera_id).closed()))
        while self._over:
            batch = self._over[:_AT_ONCE]
            # A camera may have two hours in it, which must go in one after the other.
            first = list(dict(reversed(batch)).items())
            await pool.execute(
                _ADD_LATENCIES,
                [camera_id for camera_id, _ in first],
                [of.hour for _, of in first],
                [of.least_ms for _, of in first],
                [of.median_ms for _, of in first],
                [of.most_ms for _, of in first],
            )
            done = set(first)
            # Not the whole list for each batch: at the full hour it is as long as the city.
            self._over[: len(batch)] = [entry for entry in batch if entry not in done]
        while self._clocks:
            ids = list(self._clocks)[:_AT_ONCE]
            await self._write_clocks(
                pool, {camera_id: self._clocks[camera_id] for camera_id in ids}
            )
            for camera_id in ids:
                del self._clocks[camera_id]

        await self.recordings.write(pool)

    async def _write_clocks(
        self, pool: asyncpg.Pool, told: dict[int, tuple[datetime, DeviceClock]]
    ) -> None:
        known = {
            row["camera_id"]: list(zip(row["hours"], row["offsets_ms"], strict=True))
            for row in await pool.fetch(_KNOWN_CLOCKS, list(told))
        }
        rows = []
        for camera_id, (at, clock) in told.items():
            offset_ms = round(clock.error_s * 1000)
            points = kept_points([*known.get(camera_id, []), (hour_number(at), offset_ms)])
            rows.append(
                (
                    camera_id,
                    at,
                    points[-1][1],
                    clock.zone_error_s,
                    clock.is_synchronised,
                    clock.time_zone,
                    drift_ms_per_day(points),
                    [hour for hour, _ in points],
                    [offset for _, offset in points],
                )
            )
        await pool.executemany(_PUT_CLOCK, rows)
