"""Ingest against simulated cameras over real RTSP and HTTP."""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import TypeAlias

import asyncpg
import msgspec
import pytest

from sharpeyes.detectors import kept_state
from sharpeyes.detectors.finding import Finding
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.devices.simulator import fault
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.settings import PUBLIC_PASSWORD, PUBLIC_USERNAME
from sharpeyes.health.logins import LoginGuard
from sharpeyes.ingest.context import FrameFate, IngestContext
from sharpeyes.ingest.ingest import Ingest
from sharpeyes.ingest.settings import IngestSettings
from sharpeyes.ingest.store import load_state
from sharpeyes.registry.camera import Camera, Life, PollMode, SampleSource
from sharpeyes.registry.shards import ShardLease
from sharpeyes.registry.store import CameraStore

RIGHT = Credentials(PUBLIC_USERNAME, PUBLIC_PASSWORD)
WRONG = Credentials(PUBLIC_USERNAME, "not this")
HASTY = IngestSettings(reconnect_min_s=0.1, reconnect_max_s=0.3)


class Noted:
    """What ingest counted."""

    def __init__(self) -> None:
        self.fates = dict.fromkeys(FrameFate, 0)
        self.something = asyncio.Event()

    def frames(self, fate: FrameFate, count: int = 1) -> None:
        self.fates[fate] += count
        self.something.set()

    def found(self, finding: Finding) -> None:
        pytest.fail(f"nothing happens in this street: {finding}")

    async def more(self, fate: FrameFate, count: int = 3) -> None:
        """Wait for so many more frames of this fate."""
        wanted = self.fates[fate] + count
        async with asyncio.timeout(30):
            while self.fates[fate] < wanted:
                await self.something.wait()
                self.something.clear()


class Running:
    """An ingest at work."""

    def __init__(self, ingest: Ingest, noted: Noted) -> None:
        self.ingest = ingest
        self.noted = noted


AddCamera: TypeAlias = Callable[..., Awaitable[Camera]]
Sampling: TypeAlias = Callable[..., AbstractAsyncContextManager[Running]]


@pytest.fixture
def add(add: AddCamera) -> AddCamera:
    """Register the camera of the fleet that has this number, to be sampled often."""
    often = {"sample_source": SampleSource.KEYFRAME, "sample_interval_s": 0.2}
    return lambda number, **changes: add(number, **often | changes)


@pytest.fixture
def sampling(pool: asyncpg.Pool, leases: dict[int, ShardLease], worker_id: str) -> Sampling:
    """Run an ingest of cameras."""

    @asynccontextmanager
    async def sampling(
        *cameras: Camera, credentials: Credentials = RIGHT, settings: IngestSettings = HASTY
    ) -> AsyncIterator[Running]:
        async def look_up(camera_id: int) -> Credentials | None:
            assert camera_id in {camera.camera_id for camera in cameras}
            return credentials

        with ThreadPoolExecutor(settings.detection_threads) as executor:
            async with open_device_session() as http:
                noted = Noted()
                ingest = Ingest(
                    IngestContext(
                        pool=pool,
                        http=http,
                        worker_id=worker_id,
                        settings=settings,
                        devices=DeviceSettings(rtsp_timeout_s=3, keyframe_timeout_s=4),
                        credentials=look_up,
                        zones=CameraStore(pool).zones,
                        logins=LoginGuard(refusals_to_block=2, block_s=3600),
                        executor=executor,
                        metrics=noted,
                        now=lambda: datetime.now(UTC),
                        monotonic_s=time.monotonic,
                        random=Random(5),
                    )
                )
                ingest.set_cameras((camera, leases[camera.shard]) for camera in cameras)
                stop = asyncio.Event()
                running = asyncio.create_task(ingest.run(stop))
                try:
                    yield Running(ingest, noted)
                finally:
                    stop.set()
                    async with asyncio.timeout(10):
                        await running

    return sampling


@pytest.mark.parametrize(
    "way",
    [
        {"sample_source": SampleSource.KEYFRAME},
        {"sample_source": SampleSource.KEYFRAME, "sub_stream_path": None},
        {"sample_source": SampleSource.SNAPSHOT},
    ],
    ids=["sub stream", "main stream", "snapshot"],
)
async def test_frames_come(
    fleet: Fleet, add: AddCamera, sampling: Sampling, way: dict[str, object]
) -> None:
    camera = await add(1, **way)
    async with sampling(camera) as running:
        await running.noted.more(FrameFate.LOOKED_AT)
        held_open = camera.sample_source is SampleSource.KEYFRAME
        assert fleet.sessions == held_open
    assert running.noted.fates[FrameFate.LOST] == 0


async def test_a_stream_sampled_seldom_is_not_held_open(
    fleet: Fleet, add: AddCamera, sampling: Sampling
) -> None:
    settings = HASTY.model_copy(update={"hold_open_below_s": 0.1})
    async with sampling(await add(1), settings=settings) as running:
        await running.noted.more(FrameFate.LOOKED_AT)
    assert running.noted.fates[FrameFate.LOST] == 0


@pytest.mark.parametrize("one", [fault.Down(), fault.NoFrames(), fault.Silent()])
async def test_frames_come_again_after_a_fault(
    fleet: Fleet, add: AddCamera, sampling: Sampling, one: fault.Fault
) -> None:
    camera = await add(1)
    async with sampling(camera) as running:
        await running.noted.more(FrameFate.LOOKED_AT, 1)
        await fleet.set_fault(camera.device_code, one)
        await running.noted.more(FrameFate.LOST, 1)
        await fleet.clear(camera.device_code)
        await running.noted.more(FrameFate.LOOKED_AT, 1)


@pytest.mark.parametrize("source", [SampleSource.KEYFRAME, SampleSource.SNAPSHOT])
async def test_a_wrong_password_never_locks_a_device(
    fleet: Fleet, add: AddCamera, sampling: Sampling, source: SampleSource
) -> None:
    camera = await add(1, sample_source=source)
    async with sampling(camera, credentials=WRONG) as running:
        await running.noted.more(FrameFate.LOST, 12)
    device = fleet.device(camera.device_code)
    assert (device.bad_logins, device.lockouts) == (2, 0)


async def test_one_silent_camera_does_not_hold_up_another(
    fleet: Fleet, add: AddCamera, sampling: Sampling
) -> None:
    silent, well = await add(1), await add(2)
    await fleet.set_fault(silent.device_code, fault.Silent())
    async with sampling(silent, well) as running:
        await running.noted.more(FrameFate.LOOKED_AT, 2)
        assert running.noted.fates[FrameFate.LOST] == 0


async def test_cameras_come_and_go(
    fleet: Fleet, add: AddCamera, sampling: Sampling, leases: dict[int, ShardLease]
) -> None:
    first, second = await add(1), await add(2)
    async with sampling(first, second) as running:
        await running.noted.more(FrameFate.LOOKED_AT, 4)
        assert fleet.sessions == 2
        running.ingest.set_cameras([(second, leases[second.shard])])
        await running.noted.more(FrameFate.LOOKED_AT, 3)
        assert fleet.sessions == 1
        edited = msgspec.structs.replace(second, revision=2, sample_source=SampleSource.SNAPSHOT)
        running.ingest.set_cameras([(edited, leases[second.shard])])
        await running.noted.more(FrameFate.LOOKED_AT, 5)
        assert fleet.sessions == 0


async def test_a_shard_that_comes_back_brings_what_another_worker_knew(
    fleet: Fleet,
    add: AddCamera,
    sampling: Sampling,
    pool: asyncpg.Pool,
    leases: dict[int, ShardLease],
) -> None:
    camera = await add(1)
    async with sampling(camera) as running:
        await running.noted.more(FrameFate.LOOKED_AT)
        await pool.execute("UPDATE shard_lease SET epoch = epoch + 2")
        theirs = msgspec.structs.replace(kept_state.NOTHING, next_id=77)
        await pool.execute(
            "INSERT INTO detector_state (camera_id, state, saved_at, epoch)"
            " VALUES ($1, $2, now(), 2)",
            camera.camera_id,
            kept_state.dump(theirs),
        )
        lease = ShardLease(camera.shard, leases[camera.shard].epoch + 2)
        running.ingest.set_cameras([(camera, lease)])
        await running.noted.more(FrameFate.LOOKED_AT, 6)
    saved = await load_state(pool, camera.camera_id)
    assert saved is not None
    assert kept_state.load(saved).next_id >= 77


async def test_a_stop_keeps_what_the_detectors_know(
    fleet: Fleet, add: AddCamera, sampling: Sampling, pool: asyncpg.Pool
) -> None:
    camera = await add(1)
    async with sampling(camera) as running:
        await running.noted.more(FrameFate.LOOKED_AT)
        assert await load_state(pool, camera.camera_id) is None
    assert await load_state(pool, camera.camera_id)


async def test_what_is_not_to_be_sampled_is_left_alone(
    fleet: Fleet, add: AddCamera, sampling: Sampling
) -> None:
    none = await add(1, sample_source=SampleSource.NONE)
    on_request = msgspec.structs.replace(await add(2), poll_mode=PollMode.ON_REQUEST)
    mended = await add(4, life=Life.MAINTENANCE)
    well = await add(3)
    async with sampling(none, on_request, mended, well) as running:
        await running.noted.more(FrameFate.LOOKED_AT)
        assert fleet.sessions == 1


async def test_one_watch_that_fails_unforeseen_harms_no_other(
    fleet: Fleet, add: AddCamera, sampling: Sampling
) -> None:
    # The registry refuses such a path: it stands for what nobody foresaw.
    broken = msgspec.structs.replace(await add(1), main_stream_path="/\x00", sub_stream_path=None)
    async with sampling(broken, await add(2)) as running:
        await running.noted.more(FrameFate.LOOKED_AT, 5)
