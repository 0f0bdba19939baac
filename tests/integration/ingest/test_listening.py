"""Cameras of the simulator are listened to, over HTTP and into the database."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from random import Random
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.devices import onvif_events
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.devices.simulator.fault import Down, WrongPassword
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.pull_points import PullPoints
from sharpeyes.events.event import Event, EventType
from sharpeyes.events.payload import AlarmKind
from sharpeyes.events.store import EventStore
from sharpeyes.health.device_verdicts import DeviceVerdicts
from sharpeyes.health.logins import LoginGuard
from sharpeyes.ingest import camera_listener
from sharpeyes.ingest.heard_topics import TopicFate, list_topics
from sharpeyes.ingest.listening import Listening
from sharpeyes.ingest.listening_context import ListeningContext
from sharpeyes.ingest.listening_settings import ListeningSettings
from sharpeyes.ingest.listening_state import ListeningState, list_listening, want
from sharpeyes.ingest.listening_store import store_alarms
from sharpeyes.ingest.topic_counts import TopicCounts
from sharpeyes.registry.camera import Camera, PollMode
from sharpeyes.registry.shards import ShardLease, ShardLeases

AddCamera = Callable[..., Awaitable[Camera]]

MOTION = "tns1:RuleEngine/CellMotionDetector/Motion"
FACE = "tns1:RuleEngine/MyRuleDetector/FaceDetect"
INPUT = "tns1:Device/Trigger/DigitalInput"
DARK = "tns1:VideoSource/ImageTooDark/ImagingService"
RIGHT = Credentials("sim", "street-1")
QUICK = ListeningSettings(
    tiers=("city",),
    wait_s=1,
    lasting_s=20,
    retry_min_s=0.05,
    retry_max_s=0.2,
    motion_min_interval_s=0,
)


class Noted:
    """What was counted, and a bell for each message and event."""

    def __init__(self) -> None:
        self.fates: list[TopicFate] = []
        self.kinds: list[tuple[AlarmKind, str]] = []

    def heard(self, fate: TopicFate) -> None:
        self.fates.append(fate)

    def unread(self, count: int) -> None:
        assert count == 0

    def alarmed(self, kind: AlarmKind, phase: str) -> None:
        self.kinds.append((kind, phase))


class House:
    """Runs listening to cameras of a fleet under leases of one worker."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        http: aiohttp.ClientSession,
        leases: dict[int, ShardLease],
        worker_id: str,
        fleet: Fleet,
    ) -> None:
        self.pool, self.http, self.fleet = pool, http, fleet
        self.leases, self.worker_id = leases, worker_id
        self.noted, self.verdicts = Noted(), DeviceVerdicts()
        self.logins = LoginGuard(refusals_to_block=2, block_s=3600)

    def points(self, camera: Camera) -> PullPoints:
        return self.fleet.device(camera.device_code).pull_points

    def is_heard(self, camera: Camera) -> bool:
        return self.fleet.listeners(camera.device_code) == 1

    @asynccontextmanager
    async def listening(
        self, *cameras: Camera, settings: ListeningSettings = QUICK
    ) -> AsyncIterator[Listening]:
        async def credentials(camera_id: int) -> Credentials:
            assert camera_id in {camera.camera_id for camera in cameras}
            return RIGHT

        listening = Listening(
            ListeningContext(
                pool=self.pool,
                http=self.http,
                worker_id=self.worker_id,
                settings=settings,
                devices=DeviceSettings(),
                credentials=credentials,
                logins=self.logins,
                verdicts=self.verdicts,
                topics=TopicCounts(lambda: datetime.now(UTC)),
                metrics=self.noted,
                now=lambda: datetime.now(UTC),
                monotonic_s=asyncio.get_running_loop().time,
                sleep=lambda seconds: asyncio.sleep(seconds / 10),
                random=Random(3),
            )
        )
        self.set(listening, *cameras)
        stop = asyncio.Event()
        running = asyncio.create_task(listening.run(stop))
        try:
            async with asyncio.timeout(30):
                yield listening
        finally:
            stop.set()
            await running

    def set(self, listening: Listening, *cameras: Camera) -> None:
        listening.set_cameras([(camera, self.leases[camera.shard]) for camera in cameras])

    async def state_is(self, camera: Camera, state: ListeningState) -> bool:
        told = await list_listening(self.pool, device_code=camera.device_code, state=state)
        return len(told) == 1

    async def alarms(self) -> list[Event]:
        events = await EventStore(self.pool).list(type=EventType.CAMERA_ALARM)
        return events[::-1]

    def tell(self, camera: Camera, topic: str, **data: str) -> None:
        self.fleet.tell(camera.device_code, topic, data, source={"VideoSourceToken": "lens"})


async def until(is_so: Callable[[], bool | Awaitable[bool]]) -> None:
    """Wait until something is so; the test's own time limit ends it."""
    while True:
        told = is_so()
        if told if isinstance(told, bool) else await told:
            return
        await asyncio.sleep(0.01)


@pytest_asyncio.fixture
async def house(
    pool: asyncpg.Pool, leases: dict[int, ShardLease], worker_id: str, fleet: Fleet
) -> AsyncIterator[House]:
    async with open_device_session() as http:
        yield House(pool, http, leases, worker_id, fleet)


async def test_what_a_camera_tells_becomes_one_event_with_an_end(
    house: House, add: AddCamera, pool: asyncpg.Pool
) -> None:
    camera = await add(1)
    house.tell(camera, MOTION, IsMotion="true")
    async with house.listening(camera):
        await until(lambda: TopicFate.ALARM in house.noted.fates)
        house.tell(camera, MOTION, IsMotion="false")
        for _ in range(5):
            house.tell(camera, MOTION, IsMotion="true")
        house.tell(camera, FACE, Who="canary person")
        house.tell(camera, INPUT, LogicalState="canary")
        house.tell(camera, DARK, State="true")
        house.tell(camera, MOTION, IsMotion="false")
        await until(lambda: len(house.noted.kinds) == 2)
        assert house.verdicts.said(camera.camera_id) == {DARK}
    assert house.verdicts.said(camera.camera_id) == frozenset()

    begin, end = await house.alarms()
    assert (begin.data["kind"], begin.data["phase"], end.data["phase"]) == (
        "motion",
        "start",
        "end",
    )
    assert begin.data["source"] == "VideoSourceToken=lens"
    assert end.data["started_at"] == begin.data["started_at"]
    assert abs(begin.occurred_at - datetime.now(UTC)).total_seconds() < 30
    topics = {topic.topic: (topic.fate, topic.messages) for topic in await list_topics(pool)}
    assert topics == {
        MOTION: (TopicFate.ALARM, 8),
        DARK: (TopicFate.VERDICT, 1),
        FACE: (TopicFate.ABOUT_PERSONS, 1),
        INPUT: (TopicFate.UNKNOWN, 1),
    }
    points = house.points(camera)
    assert (points.opened, points.ended, house.fleet.listeners(camera.device_code)) == (1, 1, 0)
    assert house.fleet.device(camera.device_code).bad_logins == 0


async def test_one_subscription_is_renewed_for_as_long_as_somebody_listens(
    house: House, add: AddCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Seconds instead of minutes, as the simulator's clock is the real one.
    monkeypatch.setattr(onvif_events, "_LEAST_LASTING_S", 0.5)
    settings = QUICK.model_copy(update={"lasting_s": 2.0})
    camera = await add(1)
    async with house.listening(camera, settings=settings):
        await until(lambda: house.points(camera).renewed == 2)
        assert house.is_heard(camera)
    assert (house.points(camera).opened, house.points(camera).ended) == (1, 1)


async def test_a_camera_that_restarts_is_listened_to_again_and_what_is_over_is_told(
    house: House, add: AddCamera
) -> None:
    camera = await add(1)
    async with house.listening(camera):
        await until(lambda: house.is_heard(camera))
        house.tell(camera, MOTION, IsMotion="true")
        await until(lambda: len(house.noted.kinds) == 1)
        await house.fleet.set_fault(camera.device_code, Down())
        await until(lambda: house.state_is(camera, ListeningState.AWAY))
        house.tell(camera, MOTION, IsMotion="false")
        await house.fleet.clear(camera.device_code)
        await until(lambda: house.state_is(camera, ListeningState.LISTENING))
        await until(lambda: len(house.noted.kinds) == 2)
    assert house.noted.kinds == [("motion", "start"), ("motion", "end")]
    assert house.points(camera).opened == 2


async def test_the_worker_that_comes_next_tells_what_is_over(house: House, add: AddCamera) -> None:
    camera = await add(1)
    async with house.listening(camera):
        await until(lambda: house.is_heard(camera))
        house.tell(camera, MOTION, IsMotion="true")
        await until(lambda: len(house.noted.kinds) == 1)
    house.tell(camera, MOTION, IsMotion="false")
    async with house.listening(camera):
        await until(lambda: len(house.noted.kinds) == 2)
    begin, end = await house.alarms()
    assert (begin.data["started_at"], end.data["phase"]) == (end.data["started_at"], "end")


async def test_a_full_camera_is_left_alone_and_said_to_be_full(
    house: House, add: AddCamera, pool: asyncpg.Pool
) -> None:
    camera = await add(1)
    house.points(camera).limit = 1
    other = house.points(camera).open(asyncio.get_running_loop().time(), 3600)
    assert other is not None
    async with house.listening(camera):
        await until(lambda: house.state_is(camera, ListeningState.NO_ROOM))
    (told,) = await list_listening(pool, state=ListeningState.NO_ROOM)
    assert "maximum number of subscriptions" in told.evidence
    assert house.points(camera).opened == 1


async def test_a_refused_password_is_not_sent_until_the_account_is_locked(
    house: House, add: AddCamera
) -> None:
    camera = await add(1)
    await house.fleet.set_fault(camera.device_code, WrongPassword())
    async with house.listening(camera):
        await until(lambda: house.state_is(camera, ListeningState.REFUSED))
        await until(lambda: house.logins.blocked_for_s(camera.host or "", RIGHT, 0) > 0)
    device = house.fleet.device(camera.device_code)
    assert (device.bad_logins, device.lockouts) == (2, 0)


@pytest.mark.parametrize("wanted", [True, False])
async def test_an_engineer_decides_camera_by_camera(
    house: House, add: AddCamera, pool: asyncpg.Pool, *, wanted: bool
) -> None:
    by_rule, by_hand = await add(1), await add(2)
    chosen = by_hand if wanted else by_rule
    settings = QUICK if not wanted else ListeningSettings(**{**QUICK.model_dump(), "tiers": ()})
    async with house.listening(by_rule, by_hand, settings=settings) as listening:
        if not wanted:
            await until(lambda: house.is_heard(by_rule) and house.is_heard(by_hand))
        async with pool.acquire() as connection:
            await want(connection, chosen.camera_id, wanted)
        house.set(listening, by_rule, by_hand)
        heard = by_hand
        await until(lambda: house.is_heard(heard) and not house.is_heard(by_rule))
        if not wanted:
            await until(lambda: house.state_is(by_rule, ListeningState.OFF))


async def test_what_cannot_be_filed_under_one_camera_is_not_listened_to(
    house: House, add: AddCamera
) -> None:
    alone = await add(1)
    behind_a_recorder = await add(
        2, poll_mode=PollMode.RECORDER, recorder_code="42010200001180000001", recorder_channel=1
    )
    left, right = await add(3), await add(4, host=house.fleet.cameras[2].host)
    async with house.listening(alone, behind_a_recorder, left, right):
        await until(lambda: house.is_heard(alone))
        await until(lambda: house.state_is(left, ListeningState.UNFIT))
        await until(lambda: house.state_is(right, ListeningState.UNFIT))
    for camera in (behind_a_recorder, left):
        assert house.points(camera).opened == 0


async def test_a_worker_that_lost_its_shard_stores_nothing_and_ends_its_subscription(
    house: House, add: AddCamera, pool: asyncpg.Pool
) -> None:
    camera = await add(1)
    async with house.listening(camera):
        await until(lambda: house.is_heard(camera))
        await until(lambda: house.state_is(camera, ListeningState.LISTENING))
        await ShardLeases(pool, house.worker_id, 600).release_all()
        await ShardLeases(pool, "worker-b", 600).renew()
        house.tell(camera, MOTION, IsMotion="true")
        await until(lambda: not house.is_heard(camera))
    assert await house.alarms() == []


async def test_a_database_that_fails_before_or_after_its_commit_makes_it_one_event(
    house: House, add: AddCamera, monkeypatch: pytest.MonkeyPatch
) -> None:
    calls = 0

    async def store(*arguments: Any, **words: Any) -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise ConnectionResetError
        await store_alarms(*arguments, **words)
        if calls == 2:
            raise ConnectionResetError

    monkeypatch.setattr(camera_listener, "store_alarms", store)
    camera = await add(1)
    async with house.listening(camera):
        await until(lambda: house.is_heard(camera))
        house.tell(camera, MOTION, IsMotion="true")
        await until(lambda: len(house.noted.kinds) == 1)
    assert calls == 3
    assert [event.data["phase"] for event in await house.alarms()] == ["start"]
