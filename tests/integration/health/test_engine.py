"""The monitor against hundreds of simulated cameras, and what it must never do to them."""

import asyncio
import multiprocessing
import os
import resource
import time
from collections.abc import AsyncIterator, Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from random import Random
from resource import RLIMIT_NOFILE
from signal import SIGKILL
from typing import Any, TypeAlias

import asyncpg
import pytest
from benchmarks.polling.city import fill
from benchmarks.polling.poller import poll

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.devices.simulator.city.fault import Reset, Slow
from sharpeyes.devices.simulator.city.selection import Selection
from sharpeyes.devices.simulator.city.server import City
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.health.context import HealthContext
from sharpeyes.health.logins import LoginGuard
from sharpeyes.health.monitor import HealthMonitor
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Cause, Check, CheckResult, Transition
from sharpeyes.registry.shards import ShardLease
from sharpeyes.registry.store import CameraStore

FEW_FILES = (256, 256)
SELDOM_S = 86_400.0


@pytest.fixture
def city_of(free_port: Callable[[], int]) -> Callable[..., CitySettings]:
    """What makes the settings of a city with so many cameras, on ports of its own."""

    def city_of(cameras: int, login_ratio: float = 0) -> CitySettings:
        return CitySettings(
            cameras=cameras, login_ratio=login_ratio, rtsp_port=free_port(), http_port=free_port()
        )

    return city_of


class Noted:
    """What a monitor counted."""

    def __init__(self) -> None:
        self.results = 0
        self.longest_delay_s = 0.0
        self.transitions: list[Transition] = []
        self.something = asyncio.Event()

    def probed(self, result: CheckResult) -> None:
        self.results += result.check is Check.REACH
        self.something.set()

    def delayed(self, delay_s: float) -> None:
        self.longest_delay_s = max(self.longest_delay_s, delay_s)

    def put_off(self, check: Check) -> None:
        pass

    def changed(self, transition: Transition) -> None:
        self.transitions.append(transition)
        self.something.set()

    async def until(self, holds: Callable[[], bool], within_s: float = 60) -> None:
        async with asyncio.timeout(within_s):
            while not holds():
                self.something.clear()
                await self.something.wait()


Watching: TypeAlias = Callable[..., AbstractAsyncContextManager[tuple[HealthMonitor, Noted]]]


@pytest.fixture
def watching(pool: asyncpg.Pool, leases: dict[int, ShardLease], worker_id: str) -> Watching:
    """Run a monitor of all cameras of the database, with the credentials of each by its id."""

    @asynccontextmanager
    async def watching(
        settings: HealthSettings,
        credentials: Callable[[int], Credentials | None] = lambda _: None,
        database: Any = None,
    ) -> AsyncIterator[tuple[HealthMonitor, Noted]]:
        async def look_up(camera_id: int) -> Credentials | None:
            return credentials(camera_id)

        noted, stop = Noted(), asyncio.Event()
        async with open_device_session() as http:
            monitor = HealthMonitor(
                HealthContext(
                    pool=database or pool,
                    http=http,
                    worker_id=worker_id,
                    settings=settings,
                    devices=DeviceSettings(),
                    credentials=look_up,
                    logins=LoginGuard(refusals_to_block=2, block_s=3600),
                    metrics=noted,
                    now=lambda: datetime.now(UTC),
                    monotonic_s=time.monotonic,
                    random=Random(5),
                )
            )
            cameras = await CameraStore(pool).measured_in_shards(leases)
            monitor.set_cameras((camera, leases[camera.shard]) for camera in cameras.values())
            await monitor.run_once()
            running = asyncio.create_task(monitor.run(stop))
            try:
                yield monitor, noted
            finally:
                stop.set()
                async with asyncio.timeout(10):
                    await running

    return watching


async def test_a_recorder_that_locks_after_five_bad_logins_is_never_locked(
    pool: asyncpg.Pool, watching: Watching, city_of: Callable[..., CitySettings]
) -> None:
    """Sixteen channels with sixteen wrong passwords, all asked at once, again and again."""
    settings = city_of(16, login_ratio=1)
    async with City(settings) as city, pool.acquire() as connection:
        await fill(connection, settings)
        hasty = HealthSettings(
            reach_interval_s=0.1, login_interval_s=0.1, picture_interval_s=0.1, recheck_s=(0.05,)
        )

        def wrong(camera_id: int) -> Credentials:
            return Credentials(settings.username, f"wrong {camera_id}")

        # Three refusals at one address are all there will be: one channel's or three channels', as
        # they come first. Whoever was refused is told of; nobody else is, and nobody is locked.
        async with watching(hasty, wrong) as (_, noted):
            await noted.until(lambda: noted.results >= 512 and bool(noted.transitions))
        assert {change.cause for change in noted.transitions} <= {Cause.AUTH, Cause.AUTH_BLOCKED}
        assert len(noted.transitions) <= 3
        assert city.tally.bad_logins == 3
        assert city.tally.lockouts == 0


async def test_a_thousand_returning_cameras_stay_under_the_caps(
    pool: asyncpg.Pool, watching: Watching, city_of: Callable[..., CitySettings]
) -> None:
    settings = city_of(1_000)
    seldom = HealthSettings(
        reach_interval_s=SELDOM_S,
        login_interval_s=SELDOM_S,
        picture_interval_s=SELDOM_S,
        clock_interval_s=SELDOM_S,
        recheck_s=(60,),
        global_limit=32,
        recovery_ratio_per_s=1,
        recovery_limit_per_s=400,
    )
    async with City(settings) as city, pool.acquire() as connection:
        await fill(connection, settings)
        async with watching(seldom) as (monitor, noted):
            monitor.ask_soon(range(1, settings.cameras + 1))
            await noted.until(lambda: noted.results >= settings.cameras)
        tally = city.tally
        assert tally.connections == settings.cameras
        assert tally.peak_open <= 32
        assert tally.peak_open_of_switch <= 8
        assert tally.peak_open_of_device <= 2
        # On a machine that is busy they begin late, and what is late may come together.
        assert tally.peak_connects_per_s <= 400 * (1 + noted.longest_delay_s) + 32


async def test_cameras_are_taken_over_in_slices_between_which_others_have_their_turn(
    pool: asyncpg.Pool, watching: Watching, city_of: Callable[..., CitySettings]
) -> None:
    """A quarter of a million in one step would hold up leases, probes and pages for seconds."""
    settings = city_of(3_000)
    seldom = HealthSettings(
        reach_interval_s=SELDOM_S, login_interval_s=SELDOM_S, picture_interval_s=SELDOM_S
    )
    async with pool.acquire() as connection:
        await fill(connection, settings)
    async with watching(seldom) as (monitor, _):
        cameras = [(one.camera, one.lease) for one in monitor._watched.values()]
        monitor.set_cameras([])
        await _until(lambda: not monitor._watched)
        monitor.set_cameras(cameras)
        seen = [0]
        while seen[-1] < settings.cameras:
            await asyncio.sleep(0)
            seen.append(len(monitor._watched))
    assert max(after - before for before, after in pairwise(seen)) <= 500


async def test_a_poller_without_files_hostile_88_that_is_killed_then_tells_nothing_false(
    pool: asyncpg.Pool, database_url: str, city_of: Callable[..., CitySettings]
) -> None:
    """One that may open 256 files and wants more; and killed (SIGKILL) while it wants them."""
    settings = city_of(600)
    spawn = multiprocessing.get_context("spawn")
    # All at once, and again so soon that a fault of ours would be told as theirs by the end.
    asking = partial(
        poll,
        database_url,
        os.getpid(),
        interval_s=1.0,
        warm_up_s=0.0,
        global_limit=600,
        subnet_limit=200,
        recheck_s=(0.2,),
    )
    async with City(settings) as city, pool.acquire() as connection:
        await fill(connection, settings)
        city.strike(Slow(0.3), Selection(all=True))
        with ProcessPoolExecutor(1, spawn, resource.setrlimit, (RLIMIT_NOFILE, FEW_FILES)) as other:
            pid = await asyncio.wrap_future(other.submit(os.getpid))
            polled = await asyncio.wrap_future(other.submit(asking, lasts_s=1.5))
            asked = city.tally.connections
            unfinished = other.submit(asking, lasts_s=60.0)
            await _until(lambda: city.tally.connections > asked + 200)
            os.kill(pid, SIGKILL)
            with pytest.raises(BrokenProcessPool):
                await asyncio.wrap_future(unfinished)
    assert polled.put_off > 0
    assert polled.checks > 0
    assert polled.transitions == 0
    assert await pool.fetchval("SELECT count(*) FROM camera_transition") == 0


class FailsAt:
    """A database whose n-th call fails."""

    def __init__(self, pool: asyncpg.Pool, number: int) -> None:
        self._pool = pool
        self._left = number
        self.has_failed = False

    def acquire(self) -> Any:
        self._count()
        return self._pool.acquire()

    async def fetch(self, *query: Any) -> Sequence[Any]:
        self._count()
        rows: Sequence[Any] = await self._pool.fetch(*query)
        return rows

    def _count(self) -> None:
        self._left -= 1
        if self._left == 0:
            self.has_failed = True
            raise ConnectionRefusedError


@pytest.mark.parametrize("number", [1, 2, 3])
async def test_whichever_call_of_the_database_fails_an_outage_is_told_once(
    pool: asyncpg.Pool, watching: Watching, city_of: Callable[..., CitySettings], number: int
) -> None:
    settings = city_of(1)
    hasty = HealthSettings(
        reach_interval_s=0.2, picture_interval_s=SELDOM_S, recheck_s=(0.05,), backoff_max_s=0.1
    )
    failing = FailsAt(pool, number)
    async with City(settings) as city, pool.acquire() as connection:
        await fill(connection, settings)
        trouble = city.strike(Reset(), Selection(all=True))
        async with watching(hasty, database=failing) as (_, noted):
            await noted.until(lambda: bool(noted.transitions))
            city.release(trouble)
            await noted.until(lambda: len(noted.transitions) > 1 and failing.has_failed)
        told = await connection.fetch("SELECT to_status FROM camera_transition ORDER BY at")
        assert [row["to_status"] for row in told][-1] == "ok"
        assert len(told) == 2


async def _until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not holds():  # noqa: ASYNC110  # a city tells nobody that it was asked
            await asyncio.sleep(0.01)
