"""One camera's watch on a film of a drawn street: the film sets the clock."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from random import Random

import asyncpg
import cv2
import msgspec
import numpy as np
import pytest

from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.picture import Frame
from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.devices.credentials import Credentials, LoginPermit
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.traffic import make_scene
from sharpeyes.events.event import Event, EventType
from sharpeyes.events.store import EventStore
from sharpeyes.ingest.camera_watch import CameraWatch
from sharpeyes.ingest.context import FrameFate, IngestContext
from sharpeyes.ingest.detection import Detection
from sharpeyes.ingest.settings import IngestSettings
from sharpeyes.ingest.sources import Take
from sharpeyes.ingest.store import load_state
from sharpeyes.registry.camera import Camera, SampleSource
from sharpeyes.registry.errors import StaleLeaseError
from sharpeyes.registry.shards import ShardLease
from sharpeyes.registry.store import CameraStore
from sharpeyes.registry.zoning import ZoneEdit

AddCamera = Callable[..., Awaitable[Camera]]

# A car stops in the strip, and leaves long after it has been told.
PARKED = make_scene("parked")
(CAR,) = PARKED.stopping
STOPS_S, LEAVES_S = int(CAR.stop_s or 0), int(CAR.leave_s or 0)
DUE_S = STOPS_S + 20
STRIP = Zone("strip", ZoneKind.NO_PARKING, PARKED.no_parking, dwell_s=20)
SKY = Zone("window", ZoneKind.PRIVACY, ((0.0, 0.0), (0.3, 0.0), (0.3, 0.2), (0.0, 0.2)))
MIDNIGHT = datetime(2026, 11, 21, tzinfo=UTC)


class Film:
    """A source that plays pictures of a scene, a second apart, and moves the clock along."""

    def __init__(self, begin_s: int, end_s: int) -> None:
        self.seconds = iter(range(begin_s, end_s))
        self.now_s = float(begin_s)
        self.over = asyncio.Event()

    def now(self) -> datetime:
        return MIDNIGHT + timedelta(seconds=self.now_s)

    @asynccontextmanager
    async def open(self, camera: Camera) -> AsyncIterator[Take | Fault]:  # noqa: ARG002  # the seam's
        yield self._take

    async def _take(self) -> Frame | Fault:
        for second in self.seconds:
            self.now_s = float(second)
            return Frame.of(render(PARKED, second))
        self.over.set()
        return Fault(FaultKind.NO_FRAMES, "the film is over")


class Noted:
    """What a watch counted."""

    def __init__(self) -> None:
        self.fates = dict.fromkeys(FrameFate, 0)
        self.findings: list[Finding] = []

    def frames(self, fate: FrameFate, count: int = 1) -> None:
        self.fates[fate] += count

    def found(self, finding: Finding) -> None:
        self.findings.append(finding)


class NoLogins:
    """The film asks for no password."""

    def begin(self, host: str, credentials: Credentials, now_s: float) -> bool:
        raise AssertionError(host, credentials, now_s)

    def end(
        self, host: str, credentials: Credentials, now_s: float, *, accepted: bool | None
    ) -> None:
        raise AssertionError(host, credentials, now_s, accepted)

    def permit(
        self, host: str, credentials: Credentials, monotonic_s: Callable[[], float]
    ) -> LoginPermit:
        raise AssertionError(host, credentials, monotonic_s)


async def no_credentials(camera_id: int) -> Credentials | None:
    return None


@pytest.fixture
def executor() -> Iterator[ThreadPoolExecutor]:
    with ThreadPoolExecutor(1) as executor:
        yield executor


class Studio:
    """Makes watches of one camera that play films."""

    def __init__(
        self,
        pool: asyncpg.Pool,
        executor: ThreadPoolExecutor,
        camera: Camera,
        lease: ShardLease,
        worker_id: str,
    ) -> None:
        self.pool = pool
        self.executor = executor
        self.camera = camera
        self.lease = lease
        self.worker_id = worker_id
        self.zones: Sequence[Zone] = (STRIP, SKY)
        self.noted = Noted()
        self.interval_s = 0.001
        self.settings = IngestSettings(motion_min_interval_s=30, state_interval_s=0.001)

    async def play(self, film: Film, *, state: bytes | None = None) -> bytes | None:
        """Watch a film to its end, close the watch and return what its detector knows."""
        watch = self.watch(film, state=state)
        running = asyncio.create_task(watch.run())
        over = asyncio.create_task(film.over.wait())
        async with asyncio.timeout(100):
            await asyncio.wait({running, over}, return_when=asyncio.FIRST_COMPLETED)
        over.cancel()
        if running.done():
            await running
        running.cancel()
        await asyncio.wait({running})
        return await watch.close()

    def watch(self, film: Film, *, state: bytes | None = None) -> CameraWatch:
        async def zones(camera_id: int) -> Sequence[Zone]:
            assert camera_id == self.camera.camera_id
            return self.zones

        context = IngestContext(
            pool=self.pool,
            http=None,  # type: ignore[arg-type]  # a film is not fetched
            worker_id=self.worker_id,
            settings=self.settings,
            devices=DeviceSettings(),
            credentials=no_credentials,
            zones=zones,
            logins=NoLogins(),
            executor=self.executor,
            metrics=self.noted,
            now=film.now,
            monotonic_s=asyncio.get_running_loop().time,
            random=Random(2),
        )
        detection = Detection(self.executor, threads=1, waiting_limit=4)
        camera = msgspec.structs.replace(self.camera, sample_interval_s=self.interval_s)
        return CameraWatch(context, film, detection, camera, self.lease, state=state)

    async def events(self, event_type: EventType) -> list[Event]:
        """Return the events of a type, the oldest first."""
        events = await EventStore(self.pool).list(limit=500, type=event_type)
        return sorted(events, key=lambda event: event.sequence)


@pytest.fixture
async def studio(
    pool: asyncpg.Pool,
    executor: ThreadPoolExecutor,
    add_camera: AddCamera,
    leases: dict[int, ShardLease],
    worker_id: str,
) -> Studio:
    camera = await add_camera(1, sample_source=SampleSource.KEYFRAME)
    return Studio(pool, executor, camera, leases[camera.shard], worker_id)


async def vehicle_phases(studio: Studio) -> list[str]:
    return [event.data["phase"] for event in await studio.events(EventType.ABANDONED_VEHICLE)]


async def test_an_abandoned_vehicle_is_told_once_and_its_end(studio: Studio) -> None:
    await studio.play(Film(0, LEAVES_S + 12))

    alert, end = await studio.events(EventType.ABANDONED_VEHICLE)
    assert (alert.data["phase"], end.data["phase"]) == ("alert", "end")
    assert (alert.severity, end.severity) == ("alert", "info")
    assert alert.data["zone"] == "strip"
    assert alert.data["started_at"] == end.data["started_at"]
    stopped_at = datetime.fromisoformat(alert.data["started_at"])
    assert abs((stopped_at - MIDNIGHT).total_seconds() - STOPS_S) <= 4
    assert abs((alert.occurred_at - stopped_at).total_seconds() - 20) <= 4
    assert abs((end.occurred_at - MIDNIGHT).total_seconds() - LEAVES_S) <= 8
    left, top, right, bottom = alert.data["box_xyxy"]
    assert 0 <= left < right <= alert.data["picture_width_px"]
    assert 0 <= top < bottom <= alert.data["picture_height_px"]


async def test_evidence_is_masked_and_carries_nothing_but_the_picture(studio: Studio) -> None:
    studio.settings = IngestSettings(evidence_width_px=320, motion_min_interval_s=30)
    await studio.play(Film(0, DUE_S + 10))

    (alert,) = await studio.events(EventType.ABANDONED_VEHICLE)
    evidence = await EventStore(studio.pool).picture(alert.event_id)
    assert evidence is not None
    assert (evidence.width_px, evidence.height_px) == (320, 180)
    assert evidence.taken_at == alert.occurred_at
    assert b"Exif" not in evidence.jpeg
    picture = cv2.imdecode(np.frombuffer(evidence.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (180, 320, 3)
    # The zone ends at (96, 36): its outermost pixels blend with the picture beside it.
    assert picture[:30, :88].max() <= 8
    assert picture[60:, 110:].mean() > 30


async def test_no_picture_is_kept_once_the_record_has_changed(studio: Studio) -> None:
    """A privacy zone may have come, which the watch will know of in a moment only."""
    async with CameraStore(studio.pool).edit("test") as edit:
        await (await ZoneEdit.of(edit.connection, studio.camera.device_code)).add([SKY])
    studio.zones = (STRIP,)
    await studio.play(Film(0, DUE_S + 10))

    (alert,) = await studio.events(EventType.ABANDONED_VEHICLE)
    assert await EventStore(studio.pool).picture(alert.event_id) is None
    assert alert.evidence_sha256 is None


async def test_motion_is_told_now_and_then_only(studio: Studio) -> None:
    studio.zones = ()
    await studio.play(Film(0, 150))

    moments = [event.data["started_at"] for event in await studio.events(EventType.MOTION)]
    times = [datetime.fromisoformat(moment) for moment in moments]
    assert len(times) >= 2
    assert all((b - a).total_seconds() >= 29 for a, b in pairwise(times))
    assert {event.data["phase"] for event in await studio.events(EventType.MOTION)} == {"start"}


@pytest.mark.parametrize("restart_s", [DUE_S - 6, DUE_S + 18])
async def test_a_restart_neither_repeats_nor_forgets(studio: Studio, restart_s: int) -> None:
    """Before the dwell was served, and after it was told; the first worker is not stopped well."""
    await studio.play(Film(0, restart_s))
    assert await load_state(studio.pool, studio.camera.camera_id)
    await studio.play(Film(restart_s, LEAVES_S + 12))

    alert, end = await studio.events(EventType.ABANDONED_VEHICLE)
    assert (alert.data["phase"], end.data["phase"]) == ("alert", "end")
    stopped_at = datetime.fromisoformat(alert.data["started_at"])
    assert abs((stopped_at - MIDNIGHT).total_seconds() - STOPS_S) <= 4


async def test_an_edit_hands_the_state_on(studio: Studio) -> None:
    state = await studio.play(Film(0, DUE_S - 5))
    await studio.pool.execute("DELETE FROM detector_state")
    await studio.play(Film(DUE_S - 5, DUE_S + 10), state=state)
    assert await vehicle_phases(studio) == ["alert"]


async def test_a_stale_lease_tells_nothing(studio: Studio) -> None:
    studio.lease = ShardLease(studio.lease.shard, studio.lease.epoch - 1)
    with pytest.raises(StaleLeaseError):
        await studio.play(Film(0, DUE_S + 10))
    assert await studio.pool.fetchval("SELECT count(*) FROM event") == 0
    assert await load_state(studio.pool, studio.camera.camera_id) is None


@asynccontextmanager
async def database_away(pool: asyncpg.Pool) -> AsyncIterator[None]:
    """Refuse every event, as a server does that is about to stop; count how often."""
    await pool.execute(
        """
        CREATE SEQUENCE refused;
        CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
            PERFORM nextval('refused');
            RAISE EXCEPTION 'shutting down' USING ERRCODE = 'cannot_connect_now'; END $$;
        CREATE TRIGGER refuse BEFORE INSERT ON event EXECUTE FUNCTION refuse();
        """
    )
    yield
    await pool.execute("DROP TRIGGER refuse ON event")


async def refusals(pool: asyncpg.Pool, number: int) -> None:
    async with asyncio.timeout(30):
        while await pool.fetchval("SELECT last_value FROM refused") < number:
            pass


async def test_findings_wait_for_the_database(studio: Studio) -> None:
    async with database_away(studio.pool):
        playing = asyncio.create_task(studio.play(Film(0, DUE_S + 10)))
        await refusals(studio.pool, 2)
        assert await studio.pool.fetchval("SELECT count(*) FROM event") == 0
    await playing
    assert await vehicle_phases(studio) == ["alert"]
    assert [finding.kind for finding in studio.noted.findings] == ["abandoned_vehicle"]


async def test_what_could_not_be_stored_is_not_kept_as_told(studio: Studio) -> None:
    """Stopped while the database is away: the next worker tells it."""
    before = await studio.play(Film(0, DUE_S - 5))
    async with database_away(studio.pool):
        watch = studio.watch(Film(DUE_S - 5, DUE_S + 10), state=before)
        running = asyncio.create_task(watch.run())
        await refusals(studio.pool, 2)
        running.cancel()
        kept = await watch.close()
    assert await vehicle_phases(studio) == []
    await studio.play(Film(DUE_S + 10, DUE_S + 20), state=kept)
    assert await vehicle_phases(studio) == ["alert"]


async def test_a_clock_set_back_begins_anew(studio: Studio) -> None:
    await studio.play(Film(100, 110))
    await studio.play(Film(0, DUE_S + 10))
    assert await vehicle_phases(studio) == ["alert"]


class SetBackFilm(Film):
    """A day is taken off the clock in the middle."""

    def now(self) -> datetime:
        return super().now() + timedelta(days=1 if self.now_s < 75 else 0)


async def test_motion_is_told_again_soon_after_the_clock_was_set_back(studio: Studio) -> None:
    studio.zones = ()
    await studio.play(SetBackFilm(0, 150))
    told_at = [event.occurred_at for event in await studio.events(EventType.MOTION)]
    assert max(told_at) > MIDNIGHT + timedelta(days=1) > min(told_at)


async def test_an_unreadable_state_begins_anew(studio: Studio) -> None:
    await studio.play(Film(0, DUE_S + 10), state=b"not a state")
    assert await vehicle_phases(studio) == ["alert"]


async def test_a_late_frame_is_dropped_and_counted(studio: Studio) -> None:
    """Looking takes longer than the interval: newer frames are taken, none are piled up."""
    studio.interval_s = 0.00005
    await studio.play(Film(0, 20))
    assert studio.noted.fates[FrameFate.LOOKED_AT] == 20
    assert studio.noted.fates[FrameFate.LATE] > 20
    assert studio.noted.fates[FrameFate.CROWDED_OUT] == 0
    assert studio.noted.fates[FrameFate.LOST] <= 1
