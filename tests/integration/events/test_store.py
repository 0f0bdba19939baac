"""Events and their deliveries are stored together, or not at all."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import asyncpg
import msgspec
import pytest

from sharpeyes.events.errors import EventInvalidError
from sharpeyes.events.event import Event, EventType, Evidence, NewEvent
from sharpeyes.events.event_filter import EventFilter
from sharpeyes.events.receiver import CaseReceiver
from sharpeyes.events.store import EventStore, append

Store = Callable[..., Awaitable[list[Event]]]
MakeEvent = Callable[..., NewEvent]
Receive = Callable[..., Awaitable[CaseReceiver]]


@pytest.fixture
def events(pool: asyncpg.Pool) -> EventStore:
    return EventStore(pool)


async def test_an_event_is_read_as_it_was_stored(
    events: EventStore, store: Store, cameras: dict[str, int]
) -> None:
    code = next(iter(cameras))
    (stored,) = await store(code)

    assert await events.get(stored.event_id) == stored
    assert stored.type is EventType.CAMERA_OFFLINE
    assert stored.data == {
        "from_status": "ok",
        "to_status": "offline",
        "cause": "network",
        "evidence": "",
    }
    assert await events.get("no-such-event") is None
    assert await events.picture(stored.event_id) is None


async def test_a_camera_that_has_events_cannot_be_deleted(
    pool: asyncpg.Pool, store: Store, cameras: dict[str, int]
) -> None:
    code = next(iter(cameras))
    await store(code)

    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("SELECT set_config('sharpeyes.actor', 'test', true)")
        with pytest.raises(asyncpg.ForeignKeyViolationError, match="event_sequence"):
            async with connection.transaction():
                await connection.execute("DELETE FROM camera WHERE device_code = $1", code)


async def test_the_same_thing_told_twice_is_one_event_and_leaves_no_gap(
    pool: asyncpg.Pool, make_event: MakeEvent, cameras: dict[str, int], receive: Receive
) -> None:
    await receive()
    code = next(iter(cameras))
    async with pool.acquire() as connection:
        first = await append(connection, make_event(code, "outage/1"))
        again = await append(connection, make_event(code, "outage/1"))
        other = await append(connection, make_event(code, "outage/2"))

    assert first is not None
    assert again is None
    assert other is not None
    assert (first.sequence, other.sequence) == (1, 2)
    assert await pool.fetchval("SELECT count(*) FROM delivery") == 2


async def test_one_dedup_key_from_many_at_once_is_one_event(
    pool: asyncpg.Pool, make_event: MakeEvent, cameras: dict[str, int]
) -> None:
    async def tell(code: str) -> Event | None:
        async with pool.acquire() as connection, connection.transaction():
            return await append(connection, make_event(code, "switch/9"))

    told = await asyncio.gather(*(tell(code) for code in cameras))

    assert len([event for event in told if event is not None]) == 1


async def test_sequences_have_no_gaps_whatever_is_rolled_back(
    pool: asyncpg.Pool, make_event: MakeEvent, cameras: dict[str, int]
) -> None:
    code = next(iter(cameras))
    source = random.Random(random.getrandbits(32))  # which fail; the seed is printed

    async def tell(fails: bool) -> None:
        async with pool.acquire() as connection:
            transaction = connection.transaction()
            await transaction.start()
            await append(connection, make_event(code))
            await (transaction.rollback() if fails else transaction.commit())

    await asyncio.gather(*(tell(source.random() < 0.5) for _ in range(40)))

    sequences = [row["sequence"] for row in await pool.fetch("SELECT sequence FROM event")]
    assert sorted(sequences) == list(range(1, len(sequences) + 1))


async def test_what_the_caller_rolls_back_leaves_nothing(
    pool: asyncpg.Pool, make_event: MakeEvent, cameras: dict[str, int], receive: Receive
) -> None:
    await receive()

    async def fail() -> None:
        async with pool.acquire() as connection, connection.transaction():
            await append(connection, make_event(next(iter(cameras))))
            raise RuntimeError("the caller fails")

    with pytest.raises(RuntimeError):
        await fail()

    for table in ("event", "event_sequence", "delivery", "delivery_lane"):
        assert await pool.fetchval(f"SELECT count(*) FROM {table}") == 0


async def test_an_invalid_event_leaves_the_callers_transaction_usable(
    pool: asyncpg.Pool, make_event: MakeEvent, cameras: dict[str, int]
) -> None:
    valid = make_event(next(iter(cameras)))
    invalid = msgspec.structs.replace(valid, data=msgspec.structs.replace(valid.data, cause="\0"))
    async with pool.acquire() as connection, connection.transaction():
        with pytest.raises(EventInvalidError, match="cause"):
            await append(connection, invalid)
        assert await append(connection, valid) is not None


async def test_a_picture_is_kept_and_its_hash_outlives_it(
    pool: asyncpg.Pool, make_event: MakeEvent, cameras: dict[str, int], events: EventStore
) -> None:
    picture = Evidence.of(
        b"\xff\xd8picture\xff\xd9", width_px=640, height_px=360, taken_at=datetime.now(UTC)
    )
    event = msgspec.structs.replace(make_event(next(iter(cameras))), evidence=picture)
    async with pool.acquire() as connection, connection.transaction():
        stored = await append(connection, event)
        # The second telling brings its picture too; it must not stay behind.
        assert await append(connection, msgspec.structs.replace(event, event_id="x")) is None

    assert stored is not None
    assert await events.picture(event.event_id) == picture
    assert await pool.fetchval("SELECT count(*) FROM evidence") == 1

    await pool.execute("UPDATE event SET evidence_id = NULL")
    await pool.execute("DELETE FROM evidence")

    assert await events.picture(event.event_id) is None
    read = await events.get(event.event_id)
    assert read is not None
    assert (read.evidence_id, read.evidence_sha256) == (None, picture.sha256)


async def test_pages_hold_each_event_once_newest_first(
    events: EventStore, store: Store, cameras: dict[str, int]
) -> None:
    for code in list(cameras)[:3]:
        await store(code, 5)

    found = list[Event]()
    while page := await events.list(limit=4, after=found[-1].event_id if found else None):
        found += page

    assert len({event.event_id for event in found}) == len(found) == 15
    assert [e.recorded_at for e in found] == sorted((e.recorded_at for e in found), reverse=True)


async def test_lists_can_be_of_one_camera_or_type(
    pool: asyncpg.Pool,
    events: EventStore,
    store: Store,
    make_event: MakeEvent,
    cameras: dict[str, int],
) -> None:
    first, second = list(cameras)[:2]
    await store(first, 2)
    await store(second, 1)
    async with pool.acquire() as connection:
        await append(connection, make_event(second, type=EventType.CAMERA_RESTORED))

    assert len(await events.list(device_code=first)) == 2
    assert len(await events.list(type=EventType.CAMERA_RESTORED)) == 1
    assert not await events.list(device_code=first, type=EventType.CAMERA_RESTORED)


async def test_deliveries_are_for_whoever_wants_the_type_and_is_not_gone(
    pool: asyncpg.Pool, store: Store, cameras: dict[str, int], receive: Receive
) -> None:
    await receive("all")
    offline = EventFilter(event_types=(EventType.CAMERA_OFFLINE, EventType.MOTION))
    await receive("offline", wanted=offline)
    vehicles = EventFilter(event_types=(EventType.ABANDONED_VEHICLE,))
    await receive("vehicles", wanted=vehicles)
    await receive("paused")
    await receive("gone")
    await pool.execute("UPDATE endpoint SET state = 'paused' WHERE name = 'paused'")
    await pool.execute("UPDATE endpoint SET state = 'disabled' WHERE name = 'gone'")

    await store(next(iter(cameras)))

    rows = await pool.fetch("SELECT name FROM delivery JOIN endpoint USING (endpoint_id)")
    assert {row["name"] for row in rows} == {"all", "offline", "paused"}


async def test_listeners_hear_of_an_event_when_it_is_committed(
    pool: asyncpg.Pool, make_event: MakeEvent, cameras: dict[str, int]
) -> None:
    heard = asyncio.Queue[str]()
    event = make_event(next(iter(cameras)))
    async with pool.acquire() as listening:

        def on_notice(_c: object, _p: object, _ch: object, payload: object) -> None:
            heard.put_nowait(str(payload))

        await listening.add_listener("sharpeyes", on_notice)
        async with pool.acquire() as connection, connection.transaction():
            await append(connection, event)
            assert heard.empty()
        async with asyncio.timeout(10):
            notice = await heard.get()
        await listening.remove_listener("sharpeyes", on_notice)

    assert msgspec.json.decode(notice) == {"event": event.event_id}
