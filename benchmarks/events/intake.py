"""How many events a second are on disk and answered for, beside bare inserts of the same rows."""

import asyncio
import itertools
import os
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Final

import aiohttp
import asyncpg
import msgspec

from benchmarks.events.stock import device_code

_PORT: Final = 18_099
_URL: Final = f"http://127.0.0.1:{_PORT}/api/v1/events"
_CLIENTS: Final = 4
_IN_BATCH: Final = 100
_LINES: Final = 2000

# The row of an event and nothing else: no order, no key of the caller's, nothing to deliver.
_BARE_TABLE = """
CREATE TABLE IF NOT EXISTS bare_event (
    event_id text PRIMARY KEY, type text NOT NULL, device_code text NOT NULL,
    severity text NOT NULL, occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(), data jsonb NOT NULL
)
"""
_BARE_INSERT = """
INSERT INTO bare_event (event_id, type, device_code, severity, occurred_at, data)
VALUES ($1, $2, $3, $4, $5, $6)
"""

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
    await pool.execute(_BARE_TABLE)
    await pool.execute(
        "INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id, state)"
        " VALUES ('nobody', 'http://127.0.0.1:9/', 'x', '123456789012', 'k', 'paused')"
        " ON CONFLICT DO NOTHING"
    )
    run = f"{time.time_ns():x}"
    numbers = itertools.count()
    rates: dict[str, list[float]] = {"single": [], "batch": [], "ndjson": [], "bare_insert": []}
    async with _serving(service.database_url, service.folder), aiohttp.ClientSession() as session:

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

        async def bare_insert() -> int:
            rows = [_row(event) for event in events(_IN_BATCH)]
            async with pool.acquire() as connection, connection.transaction():
                await connection.executemany(_BARE_INSERT, rows)
            return _IN_BATCH

        for _ in range(rounds):
            for hand in (single, bare_insert, batch, ndjson):
                rates[hand.__name__].append(await _rate(hand, seconds))
        await pool.execute("TRUNCATE bare_event")
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


def _row(event: dict[str, Any]) -> tuple[object, ...]:
    at = datetime.fromisoformat(event["time"])
    return event["id"], event["type"], event["subject"], "info", at, event["data"]


@asynccontextmanager
async def _serving(url: str, folder: Path) -> AsyncIterator[None]:
    (folder / "sharpeyes.toml").write_text(f"[http]\nport = {_PORT}\n")
    with (folder / "api.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            Path(sys.executable).with_name("sharpeyes"),
            "api",
            cwd=folder,
            env=dict(os.environ, SHARPEYES_DATABASE_URL=url),
            stdout=log,
            stderr=log,
        )
        try:
            await _wait_until_ready()
            yield
        finally:
            process.terminate()
            await process.wait()


async def _wait_until_ready() -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(600):
            try:
                async with session.get(f"http://127.0.0.1:{_PORT}/readyz") as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(0.1)
    raise RuntimeError("the API did not start within a minute")
