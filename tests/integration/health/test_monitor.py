"""The monitor against simulated cameras over real RTSP, ONVIF and HTTP."""

import asyncio
import resource
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import TypeAlias

import asyncpg
import msgspec
import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.devices.simulator import fault
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.settings import PUBLIC_PASSWORD, PUBLIC_USERNAME
from sharpeyes.events.event import EventType
from sharpeyes.events.store import EventStore
from sharpeyes.health.context import HealthContext
from sharpeyes.health.desk import DeskContext, IncidentDesk
from sharpeyes.health.incident_settings import CommonCauseSettings
from sharpeyes.health.incident_store import IncidentFilter, IncidentStore
from sharpeyes.health.kept_pictures import list_pictures
from sharpeyes.health.kept_recordings import read_recordings
from sharpeyes.health.logins import LoginGuard
from sharpeyes.health.monitor import HealthMonitor
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Check, CheckResult, Status, Transition
from sharpeyes.health.store import StatusStore, StoredStatus
from sharpeyes.health.trend_store import Trends
from sharpeyes.registry.camera import Camera, Life, PollMode
from sharpeyes.registry.shards import ShardLease

RIGHT = Credentials(PUBLIC_USERNAME, PUBLIC_PASSWORD)
WRONG = Credentials(PUBLIC_USERNAME, "not this")

HASTY = HealthSettings(
    reach_interval_s=0.5,
    login_interval_s=0.5,
    picture_interval_s=0.5,
    clock_interval_s=0.5,
    recheck_s=(0.1, 0.2),
    backoff_max_s=0.5,
    slow_ms=800,
    clock_limit_s=10,
    frozen_after_s=2,
    common_cause=CommonCauseSettings(hold_s=0.2, longest_hold_s=0.2, look_every_s=0.1),
)
PATIENT_ENOUGH = DeviceSettings(rtsp_timeout_s=3, keyframe_timeout_s=4, http_timeout_s=3)


class Noted:
    """What a monitor counted."""

    def __init__(self) -> None:
        self.results: list[CheckResult] = []
        self.transitions: list[Transition] = []
        self.waiting: list[Check] = []
        self.something = asyncio.Event()

    def probed(self, result: CheckResult) -> None:
        self.results.append(result)
        self.something.set()

    def delayed(self, delay_s: float) -> None:
        assert delay_s >= 0

    def put_off(self, check: Check) -> None:
        self.waiting.append(check)
        self.something.set()

    def changed(self, transition: Transition) -> None:
        self.transitions.append(transition)
        self.something.set()

    async def many_more(self) -> bool:
        """Whether so much was seen that whatever is done by mistake would have been done."""
        return len(self.results) >= 30

    async def until(self, holds: Callable[[], Awaitable[bool]], within_s: float = 60) -> None:
        """Wait until something holds, looking again whenever a result has come."""
        async with asyncio.timeout(within_s):
            while not await holds():
                await self.something.wait()
                self.something.clear()


class Watch:
    """A monitor on its cameras."""

    def __init__(self, monitor: HealthMonitor, noted: Noted, pool: asyncpg.Pool) -> None:
        self.monitor = monitor
        self.noted = noted
        self._pool = pool

    async def status(self, camera: Camera) -> StoredStatus | None:
        return await StatusStore(self._pool).get(camera.camera_id)

    async def until(self, camera: Camera, words: str, within_s: float = 60) -> StoredStatus:
        """Wait until a camera has a status ("offline network", "ok")."""
        seen: list[StoredStatus] = []

        async def holds() -> bool:
            status = await self.status(camera)
            seen.extend([status] if status else [])
            return status is not None and f"{status.status} {status.cause}".strip() == words

        try:
            await self.noted.until(holds, within_s)
        except TimeoutError:
            pytest.fail(f"{camera.device_code} is not {words} but {seen[-1:]}")
        return seen[-1]


AddCamera: TypeAlias = Callable[..., Awaitable[Camera]]
Watching: TypeAlias = Callable[..., AbstractAsyncContextManager[Watch]]


@pytest.fixture
def watching(pool: asyncpg.Pool, leases: dict[int, ShardLease], worker_id: str) -> Watching:
    """Run a monitor of cameras, with the credentials of each camera by its id."""

    @asynccontextmanager
    async def watching(
        *cameras: Camera,
        credentials: Mapping[int, Credentials] | None = None,
        settings: HealthSettings = HASTY,
        devices: DeviceSettings = PATIENT_ENOUGH,
        trends: Trends | None = None,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> AsyncIterator[Watch]:
        async def look_up(camera_id: int) -> Credentials | None:
            return (credentials or {}).get(camera_id)

        async with open_device_session() as http:
            noted = Noted()
            context = HealthContext(
                pool=pool,
                http=http,
                worker_id=worker_id,
                settings=settings,
                devices=devices,
                credentials=look_up,
                logins=LoginGuard(
                    refusals_to_block=settings.refusals_to_block, block_s=settings.login_block_s
                ),
                metrics=noted,
                now=now,
                monotonic_s=time.monotonic,
                random=Random(5),
                trends=trends,
            )
            monitor = HealthMonitor(context)
            monitor.set_cameras((camera, leases[camera.shard]) for camera in cameras)
            stop = asyncio.Event()
            desk = IncidentDesk(
                DeskContext(
                    pool=pool,
                    worker_id=worker_id,
                    settings=settings,
                    ask_soon=monitor.ask_soon,
                    now=lambda: datetime.now(UTC),
                    monotonic_s=time.monotonic,
                    random=Random(5),
                )
            )
            running = asyncio.gather(monitor.run(stop), desk.run(stop))
            try:
                yield Watch(monitor, noted, pool)
            finally:
                stop.set()
                async with asyncio.timeout(10):
                    await running

    return watching


async def test_recordings_are_asked_for_now_and_then(
    pool: asyncpg.Pool, add: AddCamera, watching: Watching
) -> None:
    camera, trends = await add(1), Trends(lambda: datetime.now(UTC))
    settings = HASTY.model_copy(update={"recording_interval_s": 0.5})

    async def is_known() -> bool:
        await trends.write(pool)
        told = await read_recordings(pool, camera.camera_id)
        return told is not None and told.least_days == 40

    async with watching(
        camera, credentials={camera.camera_id: RIGHT}, settings=settings, trends=trends
    ) as watch:
        await watch.noted.until(is_known)


async def test_each_fault_has_its_cause(fleet: Fleet, add: AddCamera, watching: Watching) -> None:
    faults: dict[str, fault.Fault] = {
        "offline network": fault.Down(),
        "offline silent": fault.Silent(),
        "offline no_frames": fault.NoFrames(),
        "degraded auth_blocked": fault.WrongPassword(),
        "degraded frozen": fault.Frozen(),
        "degraded clock": fault.ClockOff(28_800),
        "degraded slow": fault.Slow(0.7),
    }
    cameras = {words: await add(number) for number, words in enumerate([*faults, "ok"], start=1)}
    for words, one in faults.items():
        await fleet.set_fault(cameras[words].device_code, one)
    known = {camera.camera_id: RIGHT for camera in cameras.values()}
    async with watching(*cameras.values(), credentials=known) as watch:
        stored = {words: await watch.until(camera, words) for words, camera in cameras.items()}
        assert "refuses connections" in stored["offline network"].evidence
        assert "tries in" in stored["offline network"].evidence
        # It adds its zone to that once more: the time in its picture is wrong.
        assert "8.0 h ahead of ours" in stored["degraded clock"].evidence
        assert all(
            str(cameras[w].host) in s.evidence
            for w, s in stored.items()
            if w not in {"ok", "degraded frozen"}
        )
        for words, camera in cameras.items():
            await fleet.clear(camera.device_code)
            if words != "degraded auth_blocked":
                await watch.until(camera, "ok")
        locked = fleet.device(cameras["degraded auth_blocked"].device_code)
        assert (locked.bad_logins, locked.lockouts) == (2, 0)


async def test_an_outage_is_one_event_there_and_one_back(
    fleet: Fleet, add: AddCamera, watching: Watching, pool: asyncpg.Pool
) -> None:
    camera = await add(1)
    async with watching(camera, credentials={camera.camera_id: RIGHT}) as watch:
        await watch.until(camera, "ok")
        await fleet.set_fault(camera.device_code, fault.Down())
        await watch.until(camera, "offline network")
        await fleet.clear(camera.device_code)
        await watch.until(camera, "ok")
    events = await EventStore(pool).list()
    assert [event.data["to_status"] for event in events] == ["ok", "offline"]
    transitions = await StatusStore(pool).transitions(camera.camera_id)
    assert [t.to_status for t in transitions] == [
        Status.OK,
        Status.OFFLINE,
        Status.UNREACHABLE,
        Status.OK,
    ]


async def test_one_dead_switch_is_one_incident_and_what_stays_down_is_told_singly(
    fleet: Fleet, add: AddCamera, watching: Watching, pool: asyncpg.Pool
) -> None:
    """T10 with everything real: 10 cameras for 16,000, and seconds for minutes."""
    cameras = [
        await add(number, network_name="metro-7" if number <= 7 else "metro-8")
        for number in range(1, 11)
    ]
    common = CommonCauseSettings(
        least_cameras=5,
        hold_s=1,
        longest_hold_s=2,
        settle_s=2,
        look_every_s=0.1,
        probe_every_s=0.2,
        canaries=(f"{cameras[9].host}:{cameras[9].rtsp_port}",),
    )
    # A stream that starts again shows what it showed before.
    settings = HASTY.model_copy(update={"common_cause": common, "frozen_after_s": 600})
    known = {camera.camera_id: RIGHT for camera in cameras}
    store = IncidentStore(pool)

    async def incidents() -> list[str]:
        found = await store.page(IncidentFilter(state="any"))
        return sorted(f"{i.kind} {i.state} {i.cameras}" for i in found)

    async with watching(*cameras, credentials=known, settings=settings) as watch:
        for camera in cameras:
            await watch.until(camera, "ok")
        for camera in cameras[:7]:
            await fleet.set_fault(camera.device_code, fault.Down())
        for camera in cameras[:7]:
            await watch.until(camera, "unreachable network")
        await watch.noted.until(lambda: _is(incidents(), ["network open 7"]))
        for camera in cameras[:5]:
            await fleet.clear(camera.device_code)
        for camera in cameras[5:7]:
            await watch.until(camera, "offline network")
        for camera in cameras[:5]:
            await watch.until(camera, "ok")
        assert await incidents() == ["camera open 1", "camera open 1", "network closed 7"]
        for camera in cameras[5:7]:
            await fleet.clear(camera.device_code)
        closed = ["camera closed 1", "camera closed 1", "network closed 7"]
        await watch.noted.until(lambda: _is(incidents(), closed))
    heard = sorted(event.type for event in await EventStore(pool).list())
    assert heard == sorted(
        [
            EventType.INCIDENT_OPENED,
            EventType.INCIDENT_CLOSED,
            *[EventType.CAMERA_OFFLINE, EventType.CAMERA_RESTORED] * 2,
        ]
    )


async def _is(told: Awaitable[list[str]], wanted: list[str]) -> bool:
    return await told == wanted


async def test_a_wrong_password_never_locks_a_device(
    fleet: Fleet, add: AddCamera, watching: Watching
) -> None:
    """Three channels of one device, and every check that would log in."""
    cameras = [await add(number, host=fleet.cameras[0].host) for number in (1, 2, 3)]
    wrong = {camera.camera_id: WRONG for camera in cameras}
    async with watching(*cameras, credentials=wrong) as watch:
        for camera in cameras:
            status = await watch.until(camera, "degraded auth_blocked")
            assert "to keep it from locking" in status.evidence
        device = fleet.device(cameras[0].device_code)
        assert (device.bad_logins, device.lockouts) == (2, 0)

        seen = len(watch.noted.results)
        await watch.noted.until(lambda: _reached(len(watch.noted.results) >= seen + 30))
        assert device.bad_logins == 2


async def test_one_channels_wrong_password_is_not_blamed_on_the_others(
    fleet: Fleet, add: AddCamera, watching: Watching, pool: asyncpg.Pool
) -> None:
    """Nor after a restart, which goes on from the stored refusal."""
    well, wrong = [await add(number, host=fleet.cameras[0].host) for number in (1, 2)]
    known = {well.camera_id: RIGHT, wrong.camera_id: WRONG}
    for _ in range(2):
        async with watching(wrong, well, credentials=known) as watch:
            await watch.until(wrong, "degraded auth_blocked")
            await watch.until(well, "ok")
            watch.noted.results.clear()
            await watch.noted.until(watch.noted.many_more)
    assert {t.to_status for t in await StatusStore(pool).transitions(well.camera_id)} == {Status.OK}
    device = fleet.device(well.device_code)
    assert (device.bad_logins, device.lockouts) == (2, 0)


async def test_a_changed_record_may_log_in_again(
    fleet: Fleet, add: AddCamera, watching: Watching, leases: dict[int, ShardLease]
) -> None:
    camera = await add(1)
    known = {camera.camera_id: WRONG}
    async with watching(camera, credentials=known) as watch:
        await watch.until(camera, "degraded auth_blocked")
        known[camera.camera_id] = RIGHT
        edited = msgspec.structs.replace(camera, revision=camera.revision + 1)
        watch.monitor.set_cameras([(edited, leases[camera.shard])])
        await watch.until(camera, "ok")


async def test_without_a_password_a_camera_that_wants_one_is_degraded(
    fleet: Fleet, add: AddCamera, watching: Watching
) -> None:
    camera = await add(1)
    async with watching(camera) as watch:
        assert "none are known" in (await watch.until(camera, "degraded auth")).evidence
    assert fleet.device(camera.device_code).bad_logins == 0


async def test_a_camera_with_a_snapshot_only(
    fleet: Fleet, add: AddCamera, watching: Watching
) -> None:
    camera = await add(1, main_stream_path=None, sub_stream_path=None)
    async with watching(camera, credentials={camera.camera_id: RIGHT}) as watch:
        await watch.until(camera, "ok")
        await fleet.set_fault(camera.device_code, fault.Down())
        await watch.until(camera, "offline network")


async def test_a_reference_is_learned_from_what_a_well_camera_shows(
    pool: asyncpg.Pool, add: AddCamera, watching: Watching
) -> None:
    camera = await add(1)
    noon = datetime(2026, 11, 21, 4, tzinfo=UTC)

    async def is_learned() -> bool:
        kept = await list_pictures(pool, camera.camera_id)
        return [(one.kind, one.is_ready) for one in kept] == [("day", True), ("last", None)]

    hasty = HASTY.model_copy(update={"picture_interval_s": 0.2})
    known = {camera.camera_id: RIGHT}
    async with watching(camera, credentials=known, settings=hasty, now=lambda: noon) as watch:
        await watch.noted.until(is_learned)


async def test_what_may_not_be_polled_is_not_asked(
    fleet: Fleet, add: AddCamera, watching: Watching
) -> None:
    asked = await add(1)
    left_alone = [
        await add(2, poll_mode=PollMode.ON_REQUEST),
        await add(3, poll_mode=PollMode.NONE),
        await add(4, main_stream_path=None, sub_stream_path=None, snapshot_path=None),
        await add(5, life=Life.MAINTENANCE),
        await add(6, life=Life.REMOVED),
    ]
    for camera in left_alone:
        await fleet.set_fault(camera.device_code, fault.Down())
    async with watching(asked, *left_alone, credentials={asked.camera_id: RIGHT}) as watch:
        await watch.until(asked, "ok")
        assert [await watch.status(camera) for camera in left_alone] == [None] * len(left_alone)
        assert {result.cause for result in watch.noted.results} == {""}


async def test_a_camera_behind_a_recorder_is_asked_there(
    fleet: Fleet, add: AddCamera, watching: Watching
) -> None:
    camera = await add(
        1,
        poll_mode=PollMode.RECORDER,
        recorder_code="42010200001180000001",
        recorder_channel=1,
    )
    async with watching(camera, credentials={camera.camera_id: RIGHT}) as watch:
        await watch.until(camera, "ok")
        await fleet.set_fault(camera.device_code, fault.Down())
        await watch.until(camera, "offline network")


async def test_maintenance_ends_with_what_was_known_before(
    fleet: Fleet, add: AddCamera, watching: Watching
) -> None:
    camera = await add(1)
    mended = msgspec.structs.replace(camera, life=Life.MAINTENANCE, revision=2)
    back = msgspec.structs.replace(camera, revision=3)
    await fleet.set_fault(camera.device_code, fault.Down())
    known = {camera.camera_id: RIGHT}
    async with watching(camera, credentials=known) as watch:
        await watch.until(camera, "offline network")
    await fleet.clear(camera.device_code)
    other = await add(2)
    async with watching(mended, other, credentials={other.camera_id: RIGHT} | known) as watch:
        await watch.until(other, "ok")
        status = await watch.status(camera)
        assert status is not None
        assert status.status is Status.OFFLINE
    async with watching(back, credentials=known) as watch:
        await watch.until(camera, "ok")


async def test_a_restart_changes_nobodys_status(
    fleet: Fleet, add: AddCamera, watching: Watching, pool: asyncpg.Pool
) -> None:
    well, down, off = await add(1), await add(2), await add(3)
    await fleet.set_fault(down.device_code, fault.Down())
    await fleet.set_fault(off.device_code, fault.ClockOff(3600))
    known = {camera.camera_id: RIGHT for camera in (well, down, off)}
    words = ((well, "ok"), (down, "offline network"), (off, "degraded clock"))
    async with watching(well, down, off, credentials=known) as watch:
        for camera, status in words:
            await watch.until(camera, status)
    before = await pool.fetch("SELECT * FROM camera_transition")
    async with watching(well, down, off, credentials=known) as watch:
        await watch.noted.until(lambda: _reached(len(watch.noted.results) >= 60))
    assert await pool.fetch("SELECT * FROM camera_transition") == before


async def test_a_camera_that_changed_hands_is_left_alone(
    fleet: Fleet, add: AddCamera, watching: Watching, pool: asyncpg.Pool
) -> None:
    lost, kept = await add(1), await add(2)
    await pool.execute(
        "UPDATE shard_lease SET worker_id = 'worker-b', epoch = epoch + 1 WHERE shard = $1",
        lost.shard,
    )
    known = {camera.camera_id: RIGHT for camera in (lost, kept)}
    async with watching(lost, kept, credentials=known) as watch:
        await watch.until(kept, "ok")
        await watch.noted.until(lambda: _reached(len(watch.noted.results) >= 40))
        assert await watch.status(lost) is None
    assert await StatusStore(pool).transitions(lost.camera_id) == []


async def test_without_sockets_of_our_own_no_camera_is_asked_again_and_again(
    add: AddCamera, watching: Watching
) -> None:
    camera = await add(1)
    async with watching(camera) as watch:
        limits = resource.getrlimit(resource.RLIMIT_NOFILE)
        resource.setrlimit(resource.RLIMIT_NOFILE, (0, limits[1]))
        try:
            began_s = time.monotonic()
            await watch.noted.until(lambda: _reached(len(watch.noted.waiting) >= 5))
            lasted_s = time.monotonic() - began_s
        finally:
            resource.setrlimit(resource.RLIMIT_NOFILE, limits)
        assert lasted_s >= 4 * HASTY.recheck_s[0] * (1 - HASTY.jitter_ratio)
        assert watch.noted.results == []
        assert await watch.status(camera) is None


async def test_a_shard_that_comes_back_brings_the_status_that_another_worker_stored(
    fleet: Fleet,
    add: AddCamera,
    watching: Watching,
    pool: asyncpg.Pool,
    leases: dict[int, ShardLease],
) -> None:
    camera = await add(1)
    async with watching(camera, credentials={camera.camera_id: RIGHT}) as watch:
        await watch.until(camera, "ok")
        # Worker B held the shard for a moment in which the camera was away.
        await pool.execute(
            "UPDATE shard_lease SET epoch = epoch + 2 WHERE shard = $1", camera.shard
        )
        await pool.execute(
            "UPDATE camera_status SET status = 'offline', cause = 'network', decided_by = 'reach'"
            " WHERE camera_id = $1",
            camera.camera_id,
        )
        lease = ShardLease(camera.shard, leases[camera.shard].epoch + 2)
        watch.monitor.set_cameras([(camera, lease)])
        await watch.until(camera, "ok")


async def test_one_probe_that_fails_unforeseen_harms_no_other(
    fleet: Fleet, add: AddCamera, watching: Watching
) -> None:
    # The registry refuses such a path: it stands for what nobody foresaw.
    broken = msgspec.structs.replace(await add(1), main_stream_path="/\x00", sub_stream_path=None)
    well = await add(2)
    async with watching(broken, well, credentials={well.camera_id: RIGHT}) as watch:
        await watch.until(well, "ok")
        assert await watch.status(broken) is None


async def _reached(holds: bool) -> bool:
    return holds
