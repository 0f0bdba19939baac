"""What the relay promises: at least once, in order per camera, each endpoint by itself."""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any, Protocol

import asyncpg
import pytest
from aiohttp import web

from sharpeyes.events.endpoint import EndpointStore, pause, resume
from sharpeyes.events.event import Event, NewEvent
from sharpeyes.events.outbox import Outbox
from sharpeyes.events.receiver import CaseReceiver, Fault
from sharpeyes.events.relay import Attempted, Relay
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.store import append
from sharpeyes.registry.sealing import Sealer

Store = Callable[..., Awaitable[list[Event]]]
Receive = Callable[..., Awaitable[CaseReceiver]]
Script = Callable[..., Awaitable[list[web.Request]]]
MakeRelay = Callable[..., Relay]
Serve = Callable[[web.Application], Awaitable[str]]


class Clock(Protocol):
    def __call__(self) -> Any: ...
    def advance(self, seconds: float) -> None: ...


@asynccontextmanager
async def running(*relays: Relay) -> AsyncIterator[None]:
    """Run relays, and stop them as the service does."""
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        for relay in relays:
            group.create_task(relay.run(stop))
        try:
            yield
        finally:
            stop.set()


async def until(condition: Callable[[], bool]) -> None:
    async with asyncio.timeout(60):
        while not condition():  # noqa: ASYNC110  # of a receiver that knows no tests
            await asyncio.sleep(0.01)


async def until_drained(pool: asyncpg.Pool) -> None:
    async with asyncio.timeout(60):
        while await pool.fetchval(  # noqa: ASYNC110  # the database's state
            "SELECT count(*) FROM delivery_lane"
        ):
            await asyncio.sleep(0.02)


async def until_listening(pool: asyncpg.Pool) -> None:
    async with asyncio.timeout(60):
        while not await pool.fetchval(  # noqa: ASYNC110  # the database's state
            "SELECT count(*) FROM pg_stat_activity"
            " WHERE datname = current_database() AND query ILIKE 'LISTEN%'"
        ):
            await asyncio.sleep(0.02)


def assert_in_order(receiver: CaseReceiver) -> None:
    """Check that first deliveries came in order per camera."""
    last: dict[str, int] = {}
    for event in receiver.events:
        assert int(event.sequence) > last.get(event.subject, 0)
        last[event.subject] = int(event.sequence)


async def test_an_event_arrives_verified_and_is_recorded(
    relay: Relay, receive: Receive, store: Store, cameras: dict[str, int], pool: asyncpg.Pool
) -> None:
    receiver = await receive()
    (event,) = await store(next(iter(cameras)))

    assert await relay.run_once() == 1
    assert await relay.run_once() == 0

    (received,) = receiver.events
    assert (received.id, received.subject) == (event.event_id, event.device_code)
    assert receiver.refused_count == 0
    attempt = await pool.fetchrow(
        "SELECT * FROM delivery_attempt JOIN delivery USING (delivery_id)"
    )
    assert attempt is not None
    assert (attempt["http_status"], attempt["answer_head"]) == (200, "kept")
    assert (attempt["state"], attempt["attempt_count"]) == ("delivered", 1)
    assert await pool.fetchval("SELECT count(*) FROM delivery_lane") == 0


async def test_every_attempt_has_the_same_body_and_its_own_time(
    *, relay: Relay, script: Script, store: Store, cameras: dict[str, int], clock: Clock
) -> None:
    requests = await script(500, 500, 500)
    (event,) = await store(next(iter(cameras)))
    for _ in range(3):
        assert await relay.run_once() == 1
        clock.advance(400)

    first, _, third = requests
    assert await first.read() == await third.read()
    assert (await first.json())["id"] == event.event_id
    assert first.headers["webhook-id"] == third.headers["webhook-id"] == event.event_id
    assert first.headers["webhook-timestamp"] != third.headers["webhook-timestamp"]
    assert first.headers["content-type"] == "application/cloudevents+json"


async def test_the_schedule_lives_in_rows(
    *,
    make_relay: MakeRelay,
    script: Script,
    store: Store,
    cameras: dict[str, int],
    clock: Clock,
    pool: asyncpg.Pool,
    settings: EventSettings,
) -> None:
    await script(*[503] * 9, 200)
    await store(next(iter(cameras)))

    for delay_s in settings.schedule_s:
        # Each attempt is made by another relay: nothing is remembered but in rows.
        if delay_s:
            # The clock goes on by itself too: two seconds for what the test takes.
            clock.advance(delay_s - 2)
            assert await make_relay().run_once() == 0
            clock.advance(2)
        assert await make_relay().run_once() == 1

    rows = await pool.fetch("SELECT * FROM delivery_attempt ORDER BY attempt")
    assert [row["http_status"] for row in rows] == [503] * 9 + [200]
    assert timedelta(hours=75) < rows[-1]["started_at"] - rows[0]["started_at"]
    assert await pool.fetchval("SELECT state FROM delivery") == "delivered"


async def test_a_delivery_that_fails_to_the_end_is_kept_dead_and_the_next_goes_on(
    *,
    relay: Relay,
    script: Script,
    store: Store,
    cameras: dict[str, int],
    clock: Clock,
    pool: asyncpg.Pool,
) -> None:
    await script(422, 413, 415, 200)
    poison, healthy = await store(next(iter(cameras)), 2)

    for _ in range(4):
        assert await relay.run_once() == 1
        clock.advance(400)

    rows = await pool.fetch("SELECT event_id, state, attempt_count FROM delivery ORDER BY sequence")
    assert [tuple(row) for row in rows] == [
        (poison.event_id, "dead", 3),
        (healthy.event_id, "delivered", 1),
    ]
    assert await pool.fetchval("SELECT count(*) FROM delivery_lane") == 0


async def test_gone_disables_the_endpoint_and_resuming_sends_what_waited_hostile_70(
    relay: Relay,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
    pool: asyncpg.Pool,
) -> None:
    receiver = await receive(faults=(Fault(410),))
    await store(next(iter(cameras)), 2)

    assert await relay.run_once() == 1
    endpoint = await pool.fetchrow("SELECT state, state_reason FROM endpoint")
    assert endpoint is not None
    assert tuple(endpoint) == ("disabled", "the receiver answered 410 Gone")
    assert await relay.run_once() == 0

    await resume(pool, "case")
    async with running(relay):
        await until(lambda: len(receiver.events) == 2)


async def test_a_paused_endpoint_misses_nothing(
    relay: Relay, receive: Receive, store: Store, cameras: dict[str, int], pool: asyncpg.Pool
) -> None:
    receiver = await receive()
    await pause(pool, "case")
    await store(next(iter(cameras)), 2)
    assert await relay.run_once() == 0

    await resume(pool, "case")
    async with running(relay):
        await until(lambda: len(receiver.events) == 2)
    assert_in_order(receiver)


async def test_one_failing_camera_holds_up_itself_only_hostile_74(
    relay: Relay, receive: Receive, store: Store, cameras: dict[str, int], pool: asyncpg.Pool
) -> None:
    bad, *good = cameras
    receiver = await receive(faults=(Fault(500, only_subject=bad),) * 10)
    for code in cameras:
        await store(code, 3)

    async with running(relay):
        await until(lambda: len(receiver.events) == 3 * len(good))

    assert bad not in {event.subject for event in receiver.events}
    assert_in_order(receiver)
    # Those behind the failing one were not tried: they would have come out of order.
    tried = await pool.fetch(
        "SELECT sequence FROM delivery WHERE camera_id = $1 AND attempt_count > 0", cameras[bad]
    )
    assert [row["sequence"] for row in tried] == [1]


async def test_a_dead_endpoint_does_not_slow_a_healthy_one(
    *,
    make_relay: MakeRelay,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
    endpoints: EndpointStore,
    serve: Serve,
) -> None:
    over = asyncio.Event()

    async def be_silent(_request: web.Request) -> web.Response:
        await over.wait()
        return web.Response()

    application = web.Application()
    application.router.add_post("/events", be_silent)
    await endpoints.add("silent", await serve(application), handshake=False)
    healthy = await receive("healthy")
    told = list[Attempted]()
    for code in cameras:
        await store(code, 10)

    async with running(make_relay(observe=told.append)):
        await until(lambda: len(healthy.events) == 100)
        # Not even the first attempt at the silent one has ended.
        assert {attempted.endpoint for attempted in told} == {"healthy"}
        over.set()


async def test_an_endpoint_whose_secret_does_not_open_holds_up_no_other(
    *,
    pool: asyncpg.Pool,
    make_relay: MakeRelay,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
) -> None:
    """Its key was lost, or its row was restored from another installation."""
    await receive("locked")
    await pool.execute("UPDATE endpoint SET key_id = 'another'")
    await receive("damaged")
    await pool.execute(
        "UPDATE endpoint SET secret_ciphertext = '\\x00' || secret_ciphertext"
        " WHERE name = 'damaged'"
    )
    healthy = await receive("healthy")
    await store(next(iter(cameras)), 3)

    async with running(make_relay()):
        await until(lambda: len(healthy.events) == 3)
    # What waits for the others goes on waiting, unattempted.
    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE state = 'pending'") == 6
    assert (
        await pool.fetchval("SELECT max(attempt_count) FROM delivery WHERE state = 'pending'") == 0
    )


async def test_a_relay_cut_off_between_answer_and_record_sends_again_with_the_same_id(
    *,
    pool: asyncpg.Pool,
    make_relay: MakeRelay,
    settings: EventSettings,
    clock: Clock,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    receiver = await receive()
    events = await store(next(iter(cameras)), 3)
    at_record = asyncio.Event()

    async def never(*_: object) -> bool:
        at_record.set()
        await asyncio.Event().wait()
        return False

    first = make_relay()
    with monkeypatch.context() as patch:
        patch.setattr(first._recorder, "record", never)
        cut_off = asyncio.create_task(first.run(asyncio.Event()))
        async with asyncio.timeout(30):
            await at_record.wait()
        cut_off.cancel()
        await asyncio.wait([cut_off])

    second = make_relay()
    assert await second.run_once() == 0, "the lease is still in force"
    clock.advance(settings.lease_s)
    async with running(second):
        await until_drained(pool)

    assert [(e.id, e.times_received) for e in receiver.events] == [
        (events[0].event_id, 2),
        (events[1].event_id, 1),
        (events[2].event_id, 1),
    ]


async def test_a_relay_that_was_stopped_and_wakes_changes_nothing(
    *,
    pool: asyncpg.Pool,
    make_relay: MakeRelay,
    sealer: Sealer,
    settings: EventSettings,
    clock: Clock,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
) -> None:
    await receive(faults=(Fault(503),))
    await store(next(iter(cameras)), 2)
    told = list[Attempted]()
    stopped = make_relay(observe=told.append)
    outbox = Outbox(pool, sealer)
    (target,) = await outbox.targets(clock())
    (claim,) = await outbox.claim(target, 5, clock(), settings.lease_s)
    clock.advance(settings.lease_s + 1)
    assert await make_relay().run_once() == 1
    before = await _rows(pool)

    line = stopped._line(target)
    line.add([claim], clock() + timedelta(minutes=1))
    (begun,) = line.begin(clock())
    await stopped._attempt(begun, line, lambda _: None, asyncio.Event())

    assert [attempted.outcome for attempted in told] == ["stale"]
    assert await _rows(pool) == before


async def test_a_lease_is_given_once_among_many(
    *,
    pool: asyncpg.Pool,
    sealer: Sealer,
    clock: Clock,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
) -> None:
    await receive()
    for code in cameras:
        await store(code, 2)
    outbox = Outbox(pool, sealer)
    (target,) = await outbox.targets(clock())

    claims = await asyncio.gather(*(outbox.claim(target, 3, clock(), 60) for _ in range(8)))

    claimed = [claim.event for batch in claims for claim in batch]
    assert sorted(event.device_code for event in claimed) == sorted(cameras)
    assert {event.sequence for event in claimed} == {1}


async def test_several_relays_deliver_each_event_once(
    pool: asyncpg.Pool,
    make_relay: MakeRelay,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
) -> None:
    receiver = await receive()
    for code in cameras:
        await store(code, 40)

    # Of the pool's eight connections each relay keeps one to listen.
    async with running(*(make_relay() for _ in range(4))):
        await until_drained(pool)

    assert len(receiver.events) == 400
    assert {event.times_received for event in receiver.events} == {1}
    assert_in_order(receiver)


async def test_nothing_is_lost_while_relays_are_cut_off_and_the_receiver_fails(
    pool: asyncpg.Pool,
    make_relay: MakeRelay,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
) -> None:
    # Fails as often as it may, and never gives up: 40 times.
    settings = EventSettings(
        allow_loopback=True,
        poll_interval_s=0.02,
        schedule_s=(0, *[0.02] * 40),
        breaker_interval_s=0.05,
    )
    source = random.Random(random.getrandbits(32))  # its seed is what pytest-randomly prints
    faults = [
        Fault(source.choice([500, 503, 429]), keeps=source.random() < 0.3) for _ in range(120)
    ]
    receiver = await receive(faults=tuple(faults))
    expected = set[str]()
    producing = True

    async def produce(code: str) -> None:
        for _ in range(25):
            (event,) = await store(code)
            expected.add(event.event_id)
            await asyncio.sleep(source.random() * 0.05)

    async def cut_off_often() -> None:
        while producing:
            cut_off = asyncio.create_task(make_relay(settings).run(asyncio.Event()))
            await asyncio.sleep(0.1 + source.random() * 0.2)
            cut_off.cancel()
            await asyncio.wait([cut_off])
            # As if the time of its leases were over.
            await pool.execute(
                "UPDATE delivery_lane SET due_at = '-infinity' WHERE lease_token IS NOT NULL"
            )

    cutting = asyncio.create_task(cut_off_often())
    await asyncio.gather(*map(produce, cameras))
    producing = False
    await cutting
    async with running(make_relay(settings), make_relay(settings)):
        await until_drained(pool)

    assert {event.id for event in receiver.events} == expected
    assert_in_order(receiver)
    states = await pool.fetch("SELECT state, count(*) FROM delivery GROUP BY state")
    assert [tuple(row) for row in states] == [("delivered", len(expected))]
    assert sum(e.times_received for e in receiver.events) > len(expected), "no fault struck"


async def test_events_that_are_committed_late_are_seen(
    pool: asyncpg.Pool,
    relay: Relay,
    receive: Receive,
    cameras: dict[str, int],
    make_event: Callable[..., NewEvent],
) -> None:
    receiver = await receive()
    source = random.Random(random.getrandbits(32))

    async def hold_open(code: str) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await append(connection, make_event(code))
            await asyncio.sleep(source.random() * 0.02)

    async with running(relay):
        for _ in range(30):
            await asyncio.gather(*(hold_open(source.choice(list(cameras))) for _ in range(4)))
        await until(lambda: len(receiver.events) == 120)
        await until_drained(pool)

    assert_in_order(receiver)


async def test_a_new_event_wakes_the_relay(
    *,
    pool: asyncpg.Pool,
    make_relay: MakeRelay,
    settings: EventSettings,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
) -> None:
    receiver = await receive()
    patient = settings.model_copy(update={"poll_interval_s": 60})

    async with running(make_relay(patient)):
        await until_listening(pool)
        async with asyncio.timeout(30):
            await store(next(iter(cameras)), 5)
            await until(lambda: len(receiver.events) == 5)


async def test_stopping_ends_what_is_under_way_and_records_it(
    relay: Relay, receive: Receive, store: Store, cameras: dict[str, int], pool: asyncpg.Pool
) -> None:
    receiver = await receive(faults=(Fault(None, delay_s=0.3),))
    await store(next(iter(cameras)))

    async with running(relay):
        await until(lambda: any(line.is_posting for line in relay._lines.values()))

    assert len(receiver.events) == 1
    assert await pool.fetchval("SELECT state FROM delivery") == "delivered"


async def test_stopping_gives_back_what_was_claimed_ahead(
    *,
    pool: asyncpg.Pool,
    make_relay: MakeRelay,
    settings: EventSettings,
    receive: Receive,
    store_many: Callable[..., Awaitable[None]],
    cameras: dict[str, int],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("sharpeyes.events.line._AHEAD_S", 1e6)
    receiver = await receive(faults=(Fault(None, delay_s=0.1),) * 100)
    await store_many(tuple(cameras), 1)
    leased = "SELECT count(*) FROM delivery_lane WHERE lease_token IS NOT NULL"

    async with running(make_relay(settings.model_copy(update={"posts_per_endpoint": 1}))):
        async with asyncio.timeout(30):
            while await pool.fetchval(leased) < 3:  # noqa: ASYNC110  # the database's state
                await asyncio.sleep(0.01)

    arrived = len(receiver.events)
    assert 1 <= arrived < len(cameras)
    assert await pool.fetchval(leased) == 0
    assert await make_relay().run_once() == len(cameras) - arrived


async def _rows(pool: asyncpg.Pool) -> list[list[tuple[object, ...]]]:
    tables = ("delivery", "delivery_lane", "delivery_attempt", "endpoint")
    return [
        [tuple(row.values()) for row in await pool.fetch(f"SELECT * FROM {table} ORDER BY 1, 2")]
        for table in tables
    ]


async def test_a_dead_endpoint_gets_one_trial_per_interval_and_nothing_uses_up_attempts(
    *,
    make_relay: MakeRelay,
    script: Script,
    store: Store,
    cameras: dict[str, int],
    clock: Clock,
    pool: asyncpg.Pool,
    endpoints: EndpointStore,
) -> None:
    requests = await script(*[503] * 13, *[200] * 20)
    for code in cameras:
        await store(code, 2)

    assert await make_relay().run_once() == 10
    (endpoint,) = await endpoints.list()
    assert endpoint.deferred_until is not None
    for _ in range(3):
        # All lanes are due, and any relay that starts anew finds the time in the row.
        clock.advance(61)
        both = await asyncio.gather(make_relay().run_once(), make_relay().run_once())
        assert sorted(both) == [0, 1]
        assert await make_relay().run_once() == 0
    assert await pool.fetchval("SELECT sum(attempt_count) FROM delivery") == 13

    clock.advance(61)
    assert await make_relay().run_once() == 1
    (endpoint,) = await endpoints.list()
    assert endpoint.deferred_until is None
    # What failed while it was away does not wait for its next time, hours later perhaps.
    assert [await make_relay().run_once() for _ in range(3)] == [10, 9, 0]
    assert len(requests) == 33


async def test_resuming_ends_a_deferral(
    *,
    relay: Relay,
    receive: Receive,
    store: Store,
    cameras: dict[str, int],
    clock: Clock,
    pool: asyncpg.Pool,
) -> None:
    receiver = await receive(faults=(Fault(503),) * 10)
    for code in cameras:
        await store(code)
    assert await relay.run_once() == 10
    clock.advance(10)
    assert await relay.run_once() == 0

    await resume(pool, "case")

    assert await relay.run_once() == 10
    assert len(receiver.events) == 10
