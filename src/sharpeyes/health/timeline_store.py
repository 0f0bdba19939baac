"""One camera's past for its page: status, latency, clock."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from sharpeyes.health.availability import Tally, tally
from sharpeyes.health.availability_figures import Availability, availability
from sharpeyes.health.kept_recordings import CameraRecordings, read_recordings
from sharpeyes.health.pasts import read_gaps, read_pasts
from sharpeyes.health.trend import hour_start


class TimelineStretch(msgspec.Struct, frozen=True, kw_only=True):
    """A stretch of time in which nothing changed.

    Attributes:
        since: its first moment, UTC.
        until: the first moment after it.
        standing: as what it counts; see `Standing`.
        cause: what was wrong.
    """

    since: datetime
    until: datetime
    standing: str
    cause: str


class LatencyPoint(msgspec.Struct, frozen=True, kw_only=True):
    """How fast a camera answered in one hour, in ms; `at` is the hour's first moment."""

    at: datetime
    least_ms: int
    median_ms: int
    most_ms: int


class ClockPoint(msgspec.Struct, frozen=True, kw_only=True):
    """How far a camera's clock was ahead of ours, in one hour."""

    at: datetime
    offset_ms: int


class CameraClock(msgspec.Struct, frozen=True, kw_only=True):
    """A camera's clock.

    Attributes:
        asked_at: when it was last asked, UTC.
        offset_ms: how far it was ahead, without what `zone_error_s` explains.
        zone_error_s: by how much it calls a local time UTC; 0 for most.
        is_synchronised: whether it says that it follows NTP.
        time_zone: the POSIX zone it names.
        drift_ms_per_day: how much it gains in a day; None where that cannot be said yet.
        points: earlier offsets, the oldest first: hourly ones of two days, then four a day.
    """

    asked_at: datetime
    offset_ms: int
    zone_error_s: int
    is_synchronised: bool
    time_zone: str
    drift_ms_per_day: float | None
    points: list[ClockPoint]


class CameraTimeline(msgspec.Struct, frozen=True, kw_only=True):
    """How a camera was.

    Attributes:
        since: the first moment that was asked for, UTC.
        until: the first moment after.
        stretches: without holes but for times before it was registered, or at which it was removed.
        availability: the figures of that time.
        latency: by the hour, of the last seven days at most.
        clock: None where it never told its time.
        recordings: what its device keeps; None where it was not asked yet.
    """

    since: datetime
    until: datetime
    stretches: list[TimelineStretch]
    availability: Availability
    latency: list[LatencyPoint]
    clock: CameraClock | None
    recordings: CameraRecordings | None


async def read_timeline(
    pool: asyncpg.Pool, camera_id: int, since: datetime, until: datetime
) -> CameraTimeline:
    """Read how a camera was within [since, until)."""
    sums = Tally()
    stretches = []
    async with pool.acquire() as connection:
        gaps = await read_gaps(connection, until)
        async for pasts in read_pasts(connection, since, until, camera_ids=[camera_id]):
            intervals = pasts[0].timeline(gaps, since, until)
            for _, part in tally(intervals, since, until):
                sums.add(part)
            stretches = [
                TimelineStretch(
                    since=max(interval.since, since),
                    until=interval.until,
                    standing=interval.standing,
                    cause=interval.cause,
                )
                for interval in intervals
                if interval.until > since
            ]
        latency = await connection.fetchrow(
            "SELECT * FROM camera_latency WHERE camera_id = $1", camera_id
        )
        clock = await connection.fetchrow(
            "SELECT * FROM camera_clock WHERE camera_id = $1", camera_id
        )
    return CameraTimeline(
        since=since,
        until=until,
        stretches=stretches,
        availability=availability(sums),
        latency=_latency(latency) if latency else [],
        clock=_clock(clock) if clock else None,
        recordings=await read_recordings(pool, camera_id),
    )


def _latency(row: asyncpg.Record) -> list[LatencyPoint]:
    columns = (row["hours"], row["least_ms"], row["median_ms"], row["most_ms"])
    return [
        LatencyPoint(at=hour_start(hour), least_ms=least, median_ms=median, most_ms=most)
        for hour, least, median, most in zip(*columns, strict=True)
    ]


def _clock(row: asyncpg.Record) -> CameraClock:
    points = zip(row["hours"], row["offsets_ms"], strict=True)
    return CameraClock(
        asked_at=row["asked_at"],
        offset_ms=row["offset_ms"],
        zone_error_s=row["zone_error_s"],
        is_synchronised=row["is_synchronised"],
        time_zone=row["time_zone"],
        drift_ms_per_day=row["drift_ms_per_day"],
        points=[ClockPoint(at=hour_start(hour), offset_ms=offset) for hour, offset in points],
    )
