"""The API is killed with -9 and its connections are cut while events are handed in.

What was answered with success is stored, once, however often it was sent.
"""

import asyncio
import json
import random
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import aiohttp
import asyncpg
import pytest
from asyncpg.exceptions import PostgresError

from sharpeyes.registry.history import sign
from sharpeyes.service.access import Scope, create_token

CLIENTS = 6
KILLS = 5
CUTS = 6
CUT_AFTER_S = 0.1
TAKEN = {HTTPStatus.OK, HTTPStatus.ACCEPTED}
KINDS = ("cloudevents+json", "cloudevents-batch+json", "x-ndjson")


class Client:
    """Hands in events, one request after the other, each until it is answered with success."""

    def __init__(self, number: int, url: str, token: str, rng: random.Random) -> None:
        self._number = number
        self._url = f"{url}/api/v1/events"
        self._headers = {"Authorization": f"Bearer {token}"}
        self._rng = rng
        self._sent = 0
        self.taken: list[str] = []
        self.failures = 0

    async def run(self, stop: asyncio.Event) -> None:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=20)) as session:
            while not stop.is_set():
                kind = self._rng.choice(KINDS)
                events = [self._event() for _ in range(1 if kind == KINDS[0] else 40)]
                while not await self._hand_in(session, kind, events):
                    self.failures += 1
                    await asyncio.sleep(0.05)  # as a polite sender would, before it tries again
                self.taken += [event["id"] for event in events]

    async def _hand_in(
        self, session: aiohttp.ClientSession, kind: str, events: list[dict[str, Any]]
    ) -> bool:
        texts = [json.dumps(event) for event in events]
        body = {KINDS[0]: texts[0], KINDS[1]: f"[{','.join(texts)}]"}.get(kind, "\n".join(texts))
        headers = self._headers | {"Content-Type": f"application/{kind}"}
        with suppress(aiohttp.ClientError, TimeoutError):
            async with session.post(self._url, data=body, headers=headers) as answer:
                text = await answer.text()
                assert answer.status in TAKEN | {HTTPStatus.SERVICE_UNAVAILABLE}, text
                return answer.status in TAKEN
        return False

    def _event(self) -> dict[str, Any]:
        self._sent += 1
        return {
            "specversion": "1.0",
            "id": f"{self._number}-{self._sent}",
            "source": "/test",
            "type": "org.sharpeyes.outside-report.v1",
            "subject": f"4201060000132{self._rng.randrange(20) + 1:07}",
            "time": datetime.now(UTC).isoformat(),
            "data": {"kind": "test", "text": str(self._sent)},
        }


@pytest.fixture
def rng() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed: {seed}")  # noqa: T201  # shown when the test fails
    return random.Random(seed)


async def _prepare(pool: asyncpg.Pool) -> str:
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        await connection.execute(
            "INSERT INTO camera (device_code, name, tier, division_code, poll_mode)"
            " SELECT '4201060000132' || lpad(n::text, 7, '0'), 'camera ' || n, 1, '420106', 'none'"
            " FROM generate_series(1, 20) n"
        )
        await connection.execute(
            "INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id)"
            " VALUES ('case', 'https://case/', 'x', '123456789012', 'k')"
        )
    expires_at = datetime.now(UTC) + timedelta(days=1)
    return await create_token(pool, "machine", frozenset({Scope.EVENTS_WRITE}), expires_at)


@pytest.mark.timeout(180)
async def test_what_was_answered_is_stored_once_whatever_is_killed(
    installation: Any, pool: asyncpg.Pool, rng: random.Random
) -> None:
    token = await _prepare(pool)
    clients = [Client(number, installation.url, token, rng) for number in range(CLIENTS)]
    stop = asyncio.Event()
    async with asyncio.TaskGroup() as group:
        running = [group.create_task(client.run(stop)) for client in clients]
        for _ in range(KILLS):
            async with installation.serving("api") as api:
                await _some_more(clients)
                await _cut(pool, rng)
                await _some_more(clients)
                api.kill()
                await api.wait()
        async with installation.serving("api"):
            await _some_more(clients)
            stop.set()
            await asyncio.wait(running, timeout=60)  # until their last requests are answered

    rows = await pool.fetch("SELECT origin_id, camera_id, sequence FROM event")
    stored = [row["origin_id"] for row in rows]
    assert len(stored) == len(set(stored)), "stored twice"
    taken = {event_id for client in clients for event_id in client.taken}
    assert taken == set(stored), "answered and lost, or stored and never answered"
    assert len(taken) == sum(len(client.taken) for client in clients)
    assert sum(client.failures for client in clients) >= KILLS
    of_cameras: dict[int, list[int]] = {}
    for row in rows:
        of_cameras.setdefault(row["camera_id"], []).append(row["sequence"])
    for sequences in of_cameras.values():
        assert sorted(sequences) == list(range(1, len(sequences) + 1))
    assert await pool.fetchval("SELECT count(*) FROM delivery") == len(stored)
    assert await pool.fetchval("SELECT sum(stored) FROM intake_tally") == len(stored)


async def _some_more(clients: list[Client]) -> None:
    least = sum(len(client.taken) for client in clients) + 200
    async with asyncio.timeout(60):
        while sum(len(client.taken) for client in clients) < least:  # noqa: ASYNC110  # no event
            await asyncio.sleep(0.02)


async def _cut(pool: asyncpg.Pool, rng: random.Random) -> None:
    """End the API's connections at any moment, that of a commit among them."""
    for _ in range(CUTS):
        with suppress(PostgresError):
            await pool.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE application_name = 'sharpeyes api' AND datname = current_database()"
            )
        await asyncio.sleep(rng.random() * CUT_AFTER_S)  # which moment is the point
