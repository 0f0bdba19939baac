from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from sharpeyes.devices.device_clock import DeviceClock
from sharpeyes.health.timeline_store import read_timeline
from sharpeyes.health.trend_store import Trends
from sharpeyes.registry.camera import Camera

AddCamera = Callable[..., Awaitable[Camera]]
START = datetime(2026, 11, 20, 16, tzinfo=UTC)


class Clock:
    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        return self.at


def told(offset_s: float) -> DeviceClock:
    return DeviceClock(utc=START, offset_s=offset_s, is_synchronised=True, time_zone="CST-8")


async def test_a_camera_has_a_week_of_latencies_and_a_month_of_readings(
    pool: asyncpg.Pool, add_camera: AddCamera
) -> None:
    camera, other = await add_camera(1), await add_camera(2)
    clock = Clock()
    trends = Trends(clock.now)
    for hour in range(200):
        clock.at = START + timedelta(hours=hour)
        trends.answered(camera.camera_id, 20)
        trends.answered(camera.camera_id, 30 + hour)
        trends.told_time(camera.camera_id, told(28_800 + hour * 0.05))
        # One that is deleted meanwhile holds up nobody.
        trends.answered(other.camera_id + 1, 20)
        trends.told_time(other.camera_id + 1, told(0))
        await trends.write(pool)
    clock.at += timedelta(hours=1)
    await trends.write(pool)
    timeline = await read_timeline(pool, camera.camera_id, START, clock.at)
    assert len(timeline.latency) == 168
    assert timeline.latency[-1].at == START + timedelta(hours=199)
    assert (timeline.latency[-1].least_ms, timeline.latency[-1].most_ms) == (20, 229)
    assert timeline.clock is not None
    assert timeline.clock.zone_error_s == 28_800
    assert timeline.clock.offset_ms == 9950
    assert timeline.clock.drift_ms_per_day == pytest.approx(1200, rel=0.05)
    assert len(timeline.clock.points) <= 160
    size = await pool.fetchval(
        "SELECT pg_column_size(l.*) + pg_column_size(c.*)"
        " FROM camera_latency l JOIN camera_clock c USING (camera_id)"
    )
    assert size < 4096


async def test_an_hour_is_stored_once(pool: asyncpg.Pool, add_camera: AddCamera) -> None:
    camera = await add_camera(1)
    for latency_ms in (20, 40):
        # The second worker is one that was restarted within the hour.
        clock = Clock()
        trends = Trends(clock.now)
        trends.answered(camera.camera_id, latency_ms)
        clock.at += timedelta(hours=1)
        await trends.write(pool)
    timeline = await read_timeline(pool, camera.camera_id, START, START + timedelta(days=1))
    assert [point.median_ms for point in timeline.latency] == [20]
