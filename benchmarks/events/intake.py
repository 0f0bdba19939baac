"""How many events a second are on disk and answered for, beside bare inserts of the same rows."""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
import msgspec

from benchmarks.events.bare import BareInserts
from benchmarks.events.stock import device_code
from benchmarks.serving import serving

_PORT: Final = 18_099
_URL: Final = f"http://127.0.0.1:{_PORT}/api/v1/events"
_CLIENTS: Final = 4
_IN_BATCH: Final = 100
_LINES: Final = 2000

Hand = Callable[[], Awaitable[int]]
"""Hands some events in, and returns how many once they are on disk."""


@dataclass(frozen=True, slots=True)
class Service:
    """Where the API process finds its database and its settings, and what opens it."""

    database_url: str
    folder: Path
    token: str


async def measure_intake(
    pool: asyncpg.Pool, service: Service, seconds: float, rounds: int
) -> dict[str, list[float]]:
    """Return the rates of each round by way of handing in."""
    bare = await BareInserts.of(pool)
    run = f"{time.time_ns():x}"
    numbers = itertools.count()
    async with (
        serving("api", service.database_url, service.folder, _PORT, f"[http]\nport = {_PORT}\n"),
        aiohttp.ClientSession() as session,
    ):

        async def post(count: int, kind: str, body: bytes) -> int:
            headers = {"Authorization": f"Bearer {service.token}", "Content-Type": kind}
            async with session.post(_URL, data=body, headers=headers) as answer:
                if not answer.ok or answer.status == 207:
                    raise RuntimeError(await answer.text())
                await answer.read()
            return count

        def events(count: int) -> list[dict[str, Any]]:
            return [_event(run, next(numbers)) for _ in range(count)]

        async def single() -> int:
            body = msgspec.json.encode(*events(1))
            return await post(1, "application/cloudevents+json", body)

        async def batch() -> int:
            body = msgspec.json.encode(events(_IN_BATCH))
            return await post(_IN_BATCH, "application/cloudevents-batch+json", body)

        async def ndjson() -> int:
            body = b"\n".join(map(msgspec.json.encode, events(_LINES)))
            return await post(_LINES, "application/x-ndjson", body)

        ways: dict[str, Hand] = {
            "single": single,
            "bare_insert": lambda: bare.insert_events(events(_IN_BATCH)),
            "batch": batch,
            "bare_all_rows": lambda: bare.insert_all_rows(events(_IN_BATCH)),
            "ndjson": ndjson,
        }
        rates: dict[str, list[float]] = {way: [] for way in ways}
        for _ in range(rounds):
            for way, hand in ways.items():
                rates[way].append(await _rate(hand, seconds))
    await bare.clear()
    return rates


async def _rate(hand: Hand, seconds: float) -> float:
    """Return how many a second some clients have handed in, each with one request at a time."""
    began = time.perf_counter()
    until = began + seconds

    async def client() -> int:
        handed = 0
        while time.perf_counter() < until:
            handed += await hand()
        return handed

    handed = sum(await asyncio.gather(*(client() for _ in range(_CLIENTS))))
    return handed / (time.perf_counter() - began)


def _event(run: str, number: int) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    return {
        "specversion": "1.0",
        "id": f"{run}-{number}",
        "source": "/benchmark",
        "type": "org.sharpeyes.motion.v1",
        "subject": device_code(number),
        "time": now,
        "data": {
            "phase": "start",
            "box_xyxy": [100.5, 200.25, 300.0, 400.0],
            "picture_width_px": 1280,
            "picture_height_px": 720,
            "zone": "bus stop",
            "started_at": now,
        },
    }
