"""What the tests of events on a real database share: cameras, a clock, receivers, relays."""

import os
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import pytest
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestServer

from sharpeyes.events.address import open_session
from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.event import Event, EventType, NewEvent, Severity, new_event_id
from sharpeyes.events.event_filter import ALL_EVENTS, EventFilter
from sharpeyes.events.payload import CameraStatusChanged
from sharpeyes.events.receiver import CaseReceiver, Fault
from sharpeyes.events.relay import Relay
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.signing import read_secret
from sharpeyes.events.store import ReadyEvent, append, insert
from sharpeyes.registry.history import sign
from sharpeyes.registry.sealing import Sealer


class Clock:
    """The real time, and as much later as a test has it."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def __call__(self) -> datetime:
        return datetime.now(UTC) + self.ahead

    def advance(self, seconds: float) -> None:
        self.ahead += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def settings() -> EventSettings:
    return EventSettings(
        allow_loopback=True, attempt_timeout_s=5, lease_s=20, poll_interval_s=0.05, jitter_ratio=0
    )


@pytest.fixture
def sealer() -> Sealer:
    return Sealer(os.urandom(32))


@pytest_asyncio.fixture
async def session(settings: EventSettings) -> AsyncIterator[aiohttp.ClientSession]:
    async with open_session(settings) as session:
        yield session


@pytest.fixture
def endpoints(
    pool: asyncpg.Pool, session: aiohttp.ClientSession, sealer: Sealer, settings: EventSettings
) -> EndpointStore:
    return EndpointStore(pool, session, sealer, settings)


@pytest_asyncio.fixture
async def cameras(pool: asyncpg.Pool) -> dict[str, int]:
    """Register ten cameras; give their identities by device code."""
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        rows = await connection.fetch(
            """
            INSERT INTO camera (device_code, name, tier, division_code, poll_mode)
            SELECT '4201060000132' || lpad(n::text, 7, '0'), 'camera ' || n, 1, '420106', 'none'
            FROM generate_series(1, 10) n RETURNING device_code, camera_id
            """
        )
    return {row["device_code"]: row["camera_id"] for row in rows}


@pytest.fixture
def make_event(cameras: dict[str, int]) -> Callable[..., NewEvent]:
    """Make an event of a camera; each has a dedup key of its own unless one is given."""

    def make(
        device_code: str,
        dedup_key: str | None = None,
        type: EventType = EventType.CAMERA_OFFLINE,  # noqa: A002  # the field's name
    ) -> NewEvent:
        event_id = new_event_id(datetime.now(UTC), random)
        return NewEvent(
            event_id=event_id,
            type=type,
            camera_id=cameras[device_code],
            device_code=device_code,
            severity=Severity.WARNING,
            occurred_at=datetime.now(UTC),
            dedup_key=dedup_key or event_id,
            data=CameraStatusChanged(from_status="ok", to_status="offline", cause="network"),
        )

    return make


@pytest.fixture
def store(
    pool: asyncpg.Pool, make_event: Callable[..., NewEvent]
) -> Callable[..., Awaitable[list[Event]]]:
    """Store events of a camera, each in a transaction of its own."""

    async def store_some(device_code: str, count: int = 1) -> list[Event]:
        events = []
        for _ in range(count):
            async with pool.acquire() as connection, connection.transaction():
                event = await append(connection, make_event(device_code))
            assert event is not None
            events.append(event)
        return events

    return store_some


@pytest.fixture
def store_many(
    pool: asyncpg.Pool, make_event: Callable[..., NewEvent]
) -> Callable[..., Awaitable[None]]:
    """Store many events, of these cameras in turn, in one transaction."""

    async def store_all(device_codes: Sequence[str], each: int) -> None:
        events = [ReadyEvent.of(make_event(code)) for _ in range(each) for code in device_codes]
        async with pool.acquire() as connection, connection.transaction():
            await insert(connection, events)

    return store_all


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Callable[[web.Application], Awaitable[str]]]:
    """Serve an application on this machine; give its address."""
    async with AsyncExitStack() as stack:

        async def start(application: web.Application) -> str:
            server = TestServer(application)
            await server.start_server()
            stack.push_async_callback(server.close)
            return str(server.make_url("/events"))

        yield start


@pytest.fixture
def receive(
    endpoints: EndpointStore, serve: Callable[[web.Application], Awaitable[str]]
) -> Callable[..., Awaitable[CaseReceiver]]:
    """Start a receiver and add it as an endpoint."""

    async def start(
        name: str = "case",
        *,
        faults: tuple[Fault, ...] = (),
        wanted: EventFilter = ALL_EVENTS,
    ) -> CaseReceiver:
        secrets = list[bytes]()
        receiver = CaseReceiver(lambda: secrets, faults=faults)
        url = await serve(receiver.application())
        secrets.append(read_secret((await endpoints.add(name, url, wanted)).secret))
        return receiver

    return start


@pytest.fixture
def script(
    endpoints: EndpointStore, serve: Callable[[web.Application], Awaitable[str]]
) -> Callable[..., Awaitable[list[web.Request]]]:
    """Add an endpoint that answers these statuses in turn and verifies nothing.

    It stands in where the relay's clock is far ahead, for which a receiver would refuse it.
    """

    async def start(*statuses: int) -> list[web.Request]:
        requests = list[web.Request]()

        async def answer(request: web.Request) -> web.Response:
            await request.read()  # and the request keeps it
            requests.append(request)
            status = statuses[len(requests) - 1]
            return web.Response(status=status, text=f"said {status}\n")

        application = web.Application()
        application.router.add_post("/events", answer)
        await endpoints.add("script", await serve(application), handshake=False)
        return requests

    return start


@pytest.fixture
def make_relay(
    pool: asyncpg.Pool,
    session: aiohttp.ClientSession,
    sealer: Sealer,
    settings: EventSettings,
    clock: Clock,
) -> Callable[..., Relay]:
    """Make one of several relays, by default with the settings of the test."""

    def make(settings: EventSettings = settings, **options: Any) -> Relay:
        source = random.Random(random.getrandbits(32))
        return Relay(pool, session, sealer, settings, clock, random=source, **options)

    return make


@pytest.fixture
def relay(make_relay: Callable[..., Relay]) -> Relay:
    return make_relay()
