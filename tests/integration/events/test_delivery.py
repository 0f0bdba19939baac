"""Reading what was sent and answered, and sending again."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from datetime import timedelta

import asyncpg
import pytest
from aiohttp import web

from sharpeyes.events import delivery
from sharpeyes.events.delivery import (
    DeliveryFilter,
    FoundDeliveries,
    ReplayRange,
    deliveries,
    deliveries_of,
    replay,
)
from sharpeyes.events.event import Event
from sharpeyes.events.relay import Relay

Store = Callable[..., Awaitable[list[Event]]]
Script = Callable[..., Awaitable[list[web.Request]]]


async def again(pool: asyncpg.Pool, wanted: ReplayRange, limit: int = 100) -> int:
    async with pool.acquire() as connection, connection.transaction():
        return await replay(connection, wanted, limit)


async def test_every_attempt_can_be_read(
    *, relay: Relay, script: Script, store: Store, cameras: dict[str, int], pool: asyncpg.Pool
) -> None:
    await script(503, 200)
    waiting_code, delivered_code, *_ = cameras
    (waiting,) = await store(waiting_code)
    assert await relay.run_once() == 1
    (delivered,) = await store(delivered_code)
    assert await relay.run_once() == 1

    last, first = (await deliveries(pool, DeliveryFilter(endpoint="script"))).deliveries
    assert (last.event_id, last.state, last.last_http_status) == (
        delivered.event_id,
        "delivered",
        200,
    )
    assert (first.event_id, first.state, first.last_http_status) == (
        waiting.event_id,
        "pending",
        503,
    )
    for wanted in (
        DeliveryFilter(state="pending"),
        DeliveryFilter(device_code=waiting_code),
        DeliveryFilter(event_id=waiting.event_id),
    ):
        assert await deliveries(pool, wanted) == FoundDeliveries([first], None)
    before = await deliveries(pool, DeliveryFilter(), before=last.delivery_id)
    assert before == FoundDeliveries([first], None)
    assert await deliveries(pool, DeliveryFilter(endpoint="other")) == FoundDeliveries([], None)

    (detail,) = await deliveries_of(pool, waiting.event_id)
    (attempt,) = detail.attempts
    assert detail.delivery == first
    assert (attempt.attempt, attempt.http_status, attempt.answer_head) == (
        1,
        503,
        "said 503",
    )
    assert attempt.latency_ms > 0


async def test_few_of_many_are_found_a_stretch_at_a_time(
    *,
    script: Script,
    store: Store,
    cameras: dict[str, int],
    pool: asyncpg.Pool,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(delivery, "_MOST_SEARCHED", 2)
    await script()
    rare, common, *_ = cameras
    (wanted,) = await store(rare)
    await store(common, 4)

    pages, before = list[list[str]](), None
    while True:
        page = await deliveries(pool, DeliveryFilter(device_code=rare), before=before)
        pages.append([one.event_id for one in page.deliveries])
        if page.next is None:
            break
        assert before is None or page.next < before
        before = page.next
    assert pages == [[], [], [wanted.event_id]]
    await pool.execute("UPDATE delivery SET state = 'dead' WHERE event_id = $1", wanted.event_id)
    dead = await deliveries(pool, DeliveryFilter(state="dead"))
    assert ([one.event_id for one in dead.deliveries], dead.next) == ([wanted.event_id], None)


async def test_what_was_given_up_is_sent_again_with_its_whole_schedule(
    *, relay: Relay, script: Script, store: Store, cameras: dict[str, int], pool: asyncpg.Pool
) -> None:
    requests = await script(422, 422, 422, 200, 422, 422, 200)
    (poison, _) = await store(next(iter(cameras)), 2)
    wanted = ReplayRange(event_id=poison.event_id)

    async def attempt(times: int) -> None:
        for _ in range(times):
            await pool.execute("UPDATE delivery_lane SET due_at = '-infinity'")
            assert await relay.run_once() == 1

    assert await again(pool, wanted) == 0, "it is on its way"
    await attempt(4)
    assert await again(pool, wanted) == 1
    assert await again(pool, wanted) == 0, "it waits already"
    await attempt(3)

    (detail,) = await deliveries_of(pool, poison.event_id)
    assert detail.delivery.state == "delivered"
    assert [a.http_status for a in detail.attempts] == [422, 422, 422, 422, 422, 200]
    assert {request.headers["webhook-id"] for request in requests[4:]} == {poison.event_id}
    assert await pool.fetchval("SELECT count(*) FROM delivery_lane") == 0


async def test_a_range_is_sent_again_in_order_before_what_waits(
    *, relay: Relay, script: Script, store: Store, cameras: dict[str, int], pool: asyncpg.Pool
) -> None:
    requests = await script(*[200] * 4, 503, *[200] * 4)
    code = next(iter(cameras))
    events = await store(code, 4)
    for _ in range(4):
        assert await relay.run_once() == 1
    (waiting,) = await store(code)
    assert await relay.run_once() == 1
    of_a_time = ReplayRange(
        since=events[1].recorded_at, until=events[3].recorded_at, endpoint="script", delivered=True
    )

    nothing_dead = ReplayRange(since=events[0].recorded_at - timedelta(days=1))
    assert await again(pool, nothing_dead) == 0, "all of it arrived"
    assert await again(pool, of_a_time, limit=1) == 1
    assert await again(pool, of_a_time) == 1
    for _ in range(3):
        assert await relay.run_once() == 1

    assert [request.headers["webhook-id"] for request in requests[5:]] == [
        events[1].event_id,
        events[2].event_id,
        waiting.event_id,
    ]


async def test_replaying_while_relays_deliver_loses_nothing(
    *,
    make_relay: Callable[..., Relay],
    script: Script,
    store: Store,
    cameras: dict[str, int],
    pool: asyncpg.Pool,
) -> None:
    source = random.Random(random.getrandbits(32))  # its seed is what pytest-randomly prints
    await script(*[200] * 2000)
    for code in cameras:
        await store(code, 5)
    everything = ReplayRange(endpoint="script", delivered=True)

    async def relay_some() -> None:
        relay = make_relay()
        for _ in range(15):
            await relay.run_once()
            await asyncio.sleep(source.random() * 0.01)

    async def replay_some() -> None:
        for _ in range(8):
            await again(pool, everything, limit=source.randrange(1, 30))
            await asyncio.sleep(source.random() * 0.02)

    await asyncio.gather(relay_some(), relay_some(), replay_some(), replay_some())
    relay = make_relay()
    while await relay.run_once():
        pass

    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE state = 'delivered'") == 50
    assert await pool.fetchval("SELECT count(*) FROM delivery_lane") == 0
