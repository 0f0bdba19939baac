"""How many deliveries a second one relay makes, beside posting the same bodies and no record."""

import asyncio
import os
import random
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime

import aiohttp
import asyncpg

from benchmarks.events.stock import device_code
from sharpeyes.events.address import open_session
from sharpeyes.events.attempt import post
from sharpeyes.events.cloudevent import CONTENT_TYPE, body
from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.event import Event, EventType, NewEvent, Severity, new_event_id
from sharpeyes.events.payload import MotionSeen
from sharpeyes.events.relay import Relay
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.signing import signature_headers
from sharpeyes.events.store import ReadyEvent, event_from_row, insert
from sharpeyes.registry.sealing import Sealer

_WAITING_FOR_A_SECOND = 6000
"""Events are stored before for as many a second as no relay of this kind delivers."""
_SETTINGS = EventSettings(allow_loopback=True)
_NAME = "benchmark"


async def measure_relay(pool: asyncpg.Pool, seconds: float, rounds: int) -> dict[str, list[float]]:
    """Return the rates of each round: ours, and the bare loop's."""
    rates: dict[str, list[float]] = {"ours": [], "bare_post": []}
    sealer = Sealer(os.urandom(32))
    # What other parts left waiting is not for this receiver.
    await pool.execute("DELETE FROM endpoint_old_secret")
    async with _receiver() as url, open_session(_SETTINGS) as session:
        endpoints = EndpointStore(pool, session, sealer, _SETTINGS)
        name = f"{_NAME}-{time.time_ns():x}"
        await endpoints.add(name, url, handshake=False)
        for _ in range(rounds):
            events = await _store(pool, int(seconds * _WAITING_FOR_A_SECOND))
            rates["bare_post"].append(await _bare(session, url, events, seconds))
            rates["ours"].append(await _relayed(pool, session, sealer, seconds))
        await pool.execute("UPDATE endpoint SET state = 'disabled' WHERE name = $1", name)
    return rates


async def _store(pool: asyncpg.Pool, count: int) -> list[Event]:
    rows = await pool.fetch("SELECT device_code, camera_id FROM camera")
    cameras = {row["device_code"]: row["camera_id"] for row in rows}
    event_ids = list[str]()
    for start in range(0, count, 500):
        codes = [device_code(number) for number in range(start, min(start + 500, count))]
        ready = [ReadyEvent.of(_event(code, cameras[code])) for code in codes]
        async with pool.acquire() as connection, connection.transaction():
            event_ids += await insert(connection, ready)
    rows = await pool.fetch("SELECT * FROM event WHERE event_id = ANY ($1)", event_ids)
    return [event_from_row(row) for row in rows]


def _event(code: str, camera_id: int) -> NewEvent:
    now = datetime.now(UTC)
    event_id = new_event_id(now, random)
    return NewEvent(
        event_id=event_id,
        type=EventType.MOTION,
        camera_id=camera_id,
        device_code=code,
        severity=Severity.INFO,
        occurred_at=now,
        dedup_key=event_id,
        data=MotionSeen(
            phase="start",
            box_xyxy=(100.5, 200.25, 300.0, 400.0),
            picture_width_px=1280,
            picture_height_px=720,
            zone="bus stop",
            started_at=now,
        ),
    )


async def _bare(
    session: aiohttp.ClientSession, url: str, events: list[Event], seconds: float
) -> float:
    """Sign and post as the relay does, as many at once, and keep no record."""
    secret = os.urandom(32)
    began = time.perf_counter()
    until, waiting, posted = began + seconds, iter(events), 0

    async def poster() -> None:
        nonlocal posted
        for event in waiting:
            if time.perf_counter() > until:
                return
            content = body(event, _SETTINGS.source)
            now = datetime.now(UTC)
            headers = signature_headers((secret,), event.event_id, now, content)
            headers["Content-Type"] = CONTENT_TYPE
            answer = await post(session, url, headers, content, _SETTINGS.attempt_timeout_s)
            if answer.http_status != 200:
                raise RuntimeError(answer.error)
            posted += 1

    async with asyncio.TaskGroup() as group:
        for _ in range(_SETTINGS.posts_per_endpoint):
            group.create_task(poster())
    return posted / (time.perf_counter() - began)


async def _relayed(
    pool: asyncpg.Pool, session: aiohttp.ClientSession, sealer: Sealer, seconds: float
) -> float:
    delivered, stop = 0, asyncio.Event()

    def count(attempted: object) -> None:
        nonlocal delivered
        delivered += getattr(attempted, "outcome", "") == "delivered"

    relay = Relay(
        pool,
        session,
        sealer,
        _SETTINGS,
        lambda: datetime.now(UTC),
        random=random.Random(random.getrandbits(32)),
        observe=count,
    )
    began = time.perf_counter()
    asyncio.get_running_loop().call_later(seconds, stop.set)
    await relay.run(stop)
    return delivered / (time.perf_counter() - began)


@asynccontextmanager
async def _receiver() -> AsyncIterator[str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.events.receiver", stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        yield f"http://127.0.0.1:{port}/events"
    finally:
        process.terminate()
        await process.wait()
