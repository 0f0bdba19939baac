"""Promises about many deliveries, at their figures: each once, none starved, drained in order."""

import asyncio
from collections import Counter, defaultdict
from collections.abc import Awaitable, Callable
from contextlib import asynccontextmanager
from functools import partial
from statistics import quantiles
from typing import Any

import asyncpg
import msgspec
import pytest
from aiohttp import web

from sharpeyes.events.attempt import Answer
from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.outbox import Outbox
from sharpeyes.events.receiver import CaseReceiver
from sharpeyes.events.recording import Ended, Recorder
from sharpeyes.events.relay import Attempted, Relay
from sharpeyes.events.retry import Delivered
from sharpeyes.registry.sealing import Sealer

Serve = Callable[[web.Application], Awaitable[str]]
StoreMany = Callable[..., Awaitable[None]]
TEN_S = 10.0


class Switchable:
    """A receiver that is down until it is switched on; clocks run ahead, so it verifies nothing."""

    def __init__(self) -> None:
        self.up = False
        self.attempts = 0
        self.taken: list[tuple[str, int]] = []

    def application(self) -> web.Application:
        application = web.Application()
        application.router.add_post("/events", self._receive)
        return application

    async def _receive(self, request: web.Request) -> web.Response:
        event = msgspec.json.decode(await request.read())
        self.attempts += 1
        if not self.up:
            return web.Response(status=503)
        self.taken.append((event["subject"], int(event["sequence"])))
        return web.Response()

    def was_tried(self, times: int) -> bool:
        return self.attempts >= times

    def assert_in_order(self, each: int) -> None:
        """All events of each camera, from the first on."""
        of_camera = defaultdict[str, list[int]](list)
        for subject, sequence in self.taken:
            of_camera[subject].append(sequence)
        assert all(numbers == list(range(1, each + 1)) for numbers in of_camera.values())


@asynccontextmanager
async def running(relay: Relay) -> Any:
    stop = asyncio.Event()
    task = asyncio.create_task(relay.run(stop))
    try:
        yield
    finally:
        stop.set()
        await task


async def until(is_so: Callable[[], bool], within_s: float = TEN_S) -> None:
    async with asyncio.timeout(within_s):
        while not is_so():  # noqa: ASYNC110
            await asyncio.sleep(0.01)


@pytest.mark.timeout(300)
async def test_eight_relays_claim_each_of_10000_deliveries_once_t3(
    *,
    pool: asyncpg.Pool,
    sealer: Sealer,
    clock: Any,
    endpoints: EndpointStore,
    store_many: StoreMany,
    cameras: dict[str, int],
) -> None:
    """Their figures: 8 and 10,000. Without a receiver, whose part is not asked about."""
    await endpoints.add("case", "http://10.0.0.1/", handshake=False)
    await store_many(tuple(cameras), 1000)
    claimed = Counter[int]()
    of_relay = Counter[int]()

    async def deliver(relay: int) -> None:
        outbox, recorder = Outbox(pool, sealer), Recorder(pool)
        (target,) = await outbox.targets(clock())
        while sum(claimed.values()) < 10_000:
            for claim in await outbox.claim(target, 2, clock(), 60):
                claimed[claim.delivery_id] += 1
                of_relay[relay] += 1
                now = clock()
                assert await recorder.record(Ended(claim, Answer(200), Delivered(), now, now))

    await asyncio.gather(*(deliver(relay) for relay in range(8)))

    assert len(claimed) == 10_000
    assert set(claimed.values()) == {1}
    assert min(of_relay.values()) > 10_000 / 8 / 4
    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE state = 'delivered'") == 10_000


async def test_a_dead_endpoint_is_probed_once_per_interval_and_the_other_is_quick_t7(
    *,
    pool: asyncpg.Pool,
    make_relay: Callable[..., Relay],
    endpoints: EndpointStore,
    receive: Callable[..., Awaitable[CaseReceiver]],
    serve: Serve,
    store_many: StoreMany,
    cameras: dict[str, int],
    clock: Any,
) -> None:
    dead = Switchable()
    await endpoints.add("dead", await serve(dead.application()), handshake=False)
    healthy = await receive("healthy")
    told = list[Attempted]()
    seen = 0

    async def tell() -> None:
        """Each camera tells something, and the healthy one has it: the relay has looked again."""
        nonlocal seen
        seen += 10
        await store_many(tuple(cameras), 1)
        await until(lambda: len(healthy.events) == seen)

    async with running(make_relay(observe=told.append)):
        for _ in range(20):
            await tell()
        ages_s = [attempted.age_s for attempted in told if attempted.endpoint == "healthy"]
        before = dead.attempts
        assert 10 <= before <= 30
        for probes in (before + 1, before + 2, before + 3):
            clock.advance(60)
            await until(partial(dead.was_tried, probes))
            await tell()
            assert dead.attempts == probes
        dead.up = True
        clock.advance(60)
        await until(lambda: len(dead.taken) == seen)

    assert quantiles(ages_s, n=20)[-1] < 1
    dead.assert_in_order(23)
    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE state <> 'delivered'") == 0


async def test_a_day_without_the_case_system_is_made_up_for_in_order(
    *,
    pool: asyncpg.Pool,
    relay: Relay,
    endpoints: EndpointStore,
    serve: Serve,
    store_many: StoreMany,
    cameras: dict[str, int],
    clock: Any,
) -> None:
    """24 hours of a clock of ours, in 288 steps; ten cameras tell something every 30 minutes."""
    down, up = Switchable(), Switchable()
    up.up = True
    await endpoints.add("down", await serve(down.application()), handshake=False)
    await endpoints.add("up", await serve(up.application()), handshake=False)
    for step in range(288):
        if step % 6 == 0:
            await store_many(tuple(cameras), 1)
        await relay.run_once()
        # Whoever is there is served in the step, whatever waits for the other.
        assert len(up.taken) == 10 * (step // 6 + 1)
        clock.advance(300)
    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE state = 'pending'") == 480
    assert down.attempts <= 288 + 10

    down.up = True
    rounds = [await relay.run_once() for _ in range(50)]

    # The trial, then all cameras at once, though some were to be tried again hours later only.
    assert rounds[:3] == [1, 10, 10]
    assert sum(rounds) == 480
    down.assert_in_order(48)
    up.assert_in_order(48)
    assert await pool.fetchval("SELECT count(*) FROM delivery WHERE state <> 'delivered'") == 0
