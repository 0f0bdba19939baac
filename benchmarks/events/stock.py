"""Cameras, an endpoint, and as many stored events as an installation has after years."""

import asyncio
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Final

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.registry.history import sign

Connection = asyncpg.Connection | PoolConnectionProxy

CAMERAS: Final = 10_000
_OVER: Final = timedelta(days=700)
_DATA: Final = {
    "phase": "start",
    "box_xyxy": [100.5, 200.25, 300.0, 400.0],
    "picture_width_px": 1280,
    "picture_height_px": 720,
    "zone": "bus stop",
    "started_at": "2026-11-21T08:30:00Z",
}

_CAMERAS = """
INSERT INTO camera (device_code, name, tier, division_code, poll_mode)
SELECT '4201060000132' || lpad(n::text, 7, '0'), 'camera ' || n, 1, '420106', 'none'
FROM generate_series(1, $1) n
"""

_ENDPOINT = """
INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id, state)
VALUES ('nobody', 'http://127.0.0.1:9/', 'x', '123456789012', 'k', 'paused')
"""

# The events from one number to another, as the intake would have stored them, a UUID of version 7
# each. Made anew for each table from the number alone, so that tables can be filled side by side.
_GIVEN = """
WITH timed AS (
    SELECT n, $3::timestamptz + n * $4::interval AS at, md5(n::text) AS random,
           n % cardinality($5::bigint[]) + 1 AS place
    FROM generate_series($1::bigint, $2::bigint - 1) n
),
named AS (
    SELECT *, lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0') AS ms FROM timed
),
given AS (
    SELECT n, at, ($5::bigint[])[place] AS camera_id,
           '4201060000132' || lpad(place::text, 7, '0') AS device_code,
           n / cardinality($5::bigint[]) + 1 AS sequence,
           substr(ms, 1, 8) || '-' || substr(ms, 9) || '-7' || substr(random, 1, 3) || '-a'
           || substr(random, 4, 3) || '-' || substr(random, 7, 12) AS event_id
    FROM named
)
"""
_EVENTS = f"""{_GIVEN}
INSERT INTO {{table}} (event_id, type, camera_id, device_code, sequence, severity, occurred_at,
                recorded_at, dedup_key, data, origin_source, origin_id)
SELECT event_id, 'org.sharpeyes.motion.v1', camera_id, device_code, sequence, 'info', at, at,
       'outside:/stock ' || n, $6::jsonb, '/stock', n::text
FROM given
"""  # made of our own words
_KEYS = f"""{_GIVEN}
INSERT INTO event_key (dedup_key, event_id, camera_id, digest)
SELECT 'outside:/stock ' || n, event_id, camera_id, sha256(event_id::bytea) FROM given
"""
_DELIVERIES = f"""{_GIVEN}
INSERT INTO delivery (delivery_id, event_id, endpoint_id, camera_id, sequence, state,
                      attempt_count, delivered_at)
OVERRIDING SYSTEM VALUE
SELECT n + $6, event_id, endpoint_id, camera_id, sequence, 'delivered', 1, at + interval '0.1 s'
FROM given, endpoint WHERE name = 'nobody'
"""
_ATTEMPTS = """
INSERT INTO delivery_attempt (delivery_id, attempt, started_at, latency_ms, http_status)
SELECT n + $3, 1, $4::timestamptz + n * $5::interval, 7.5, 200
FROM generate_series($1::bigint, $2::bigint - 1) n
"""

_CONSTRAINTS = """
SELECT conrelid::regclass::text AS name, conname, pg_get_constraintdef(oid) AS definition
FROM pg_constraint
WHERE contype IN ('p', 'u', 'f') AND (conrelid = ANY ($1::text[]::regclass[])
      OR contype = 'f' AND confrelid = ANY ($1::text[]::regclass[]))
ORDER BY contype = 'f' DESC
"""
_INDEXES = """
SELECT indexrelid::regclass::text AS name, pg_get_indexdef(indexrelid) AS definition
FROM pg_index WHERE indrelid = ANY ($1::text[]::regclass[]) AND NOT EXISTS (
    SELECT FROM pg_constraint WHERE conindid = indexrelid)
"""


async def add_cameras(pool: asyncpg.Pool) -> None:
    """Register the cameras, and an endpoint that wants every event and is paused."""
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "benchmark")
        await connection.execute(_CAMERAS, CAMERAS)
        await connection.execute(_ENDPOINT)


async def fill(pool: asyncpg.Pool, events: int) -> None:
    """Store so many events of the last two years, each delivered to the paused endpoint.

    Without indexes, which are built afterwards: ten million take minutes instead of hours.
    """
    cameras = await pool.fetchval("SELECT array_agg(camera_id ORDER BY device_code) FROM camera")
    now = datetime.now(UTC)
    step = _OVER / events
    first_at = now - step * events
    delivery_ids = 1 + await pool.fetchval("SELECT COALESCE(max(delivery_id), 0) FROM delivery")

    async def fill_events() -> None:
        for month, start, stop in _months(first_at, step, events):
            async with (
                pool.acquire() as connection,
                connection.transaction(),
                _partition(connection, month) as table,
            ):
                await connection.execute(
                    _EVENTS.format(table=table), start, stop, first_at, step, cameras, _DATA
                )
        await pool.execute("VACUUM ANALYZE event")

    async def fill_deliveries() -> None:
        tables = ("event_key", "delivery", "delivery_attempt")
        async with pool.acquire() as connection, _without_indexes(connection, tables):
            named = (0, events, first_at, step, cameras)
            await connection.execute(_KEYS, *named)
            await connection.execute(_DELIVERIES, *named, delivery_ids)
            await connection.execute(_ATTEMPTS, 0, events, delivery_ids, first_at, step)
        await pool.execute(
            "SELECT setval(pg_get_serial_sequence('delivery', 'delivery_id'), $1)",
            delivery_ids + events,
        )
        await pool.execute("VACUUM ANALYZE event_key, delivery, delivery_attempt")

    async with asyncio.TaskGroup() as group:
        group.create_task(fill_events())
        group.create_task(fill_deliveries())
    await pool.execute(
        "INSERT INTO event_sequence (camera_id, last_sequence)"
        " SELECT camera_id, $1 FROM camera ON CONFLICT (camera_id)"
        " DO UPDATE SET last_sequence = event_sequence.last_sequence + $1",
        events // CAMERAS + 1,
    )
    await pool.execute("CHECKPOINT")
    os.sync()


def device_code(number: int) -> str:
    """Return the code of the camera that the event of this number is of."""
    return f"4201060000132{number % CAMERAS + 1:07}"


def _months(first_at: datetime, step: timedelta, events: int) -> list[tuple[datetime, int, int]]:
    """Return of each month its beginning, its first event and the first of the next."""
    months = []
    month, start = first_at.replace(day=1, hour=0, minute=0, second=0, microsecond=0), 0
    while start < events:
        following = (month + timedelta(days=32)).replace(day=1)
        stop = min(events, max(start, -((first_at - following) // step)))
        months.append((month, start, stop))
        month, start = following, stop
    return months


@asynccontextmanager
async def _partition(connection: Connection, month: datetime) -> AsyncIterator[str]:
    """Give the name of a month's table: one that is attached, and gets its indexes, when filled."""
    name = f"event_{month:%Y_%m}"
    if await connection.fetchval("SELECT to_regclass($1) IS NOT NULL", name):
        yield name
        return
    await connection.execute(f"CREATE TABLE {name} (LIKE event INCLUDING DEFAULTS)")
    yield name
    bounds = await connection.fetchrow(
        "SELECT event_ids_from($1), event_ids_from($1::timestamptz + interval '1 month')", month
    )
    assert bounds is not None
    low, high = bounds
    checks = await connection.fetch(
        "SELECT conname, pg_get_constraintdef(oid) FROM pg_constraint"
        " WHERE conrelid = 'event'::regclass AND contype = 'c'"
    )
    for check, definition in checks:
        await connection.execute(f"ALTER TABLE {name} ADD CONSTRAINT {check} {definition}")
    await connection.execute(
        f"ALTER TABLE event ATTACH PARTITION {name} FOR VALUES FROM ('{low}') TO ('{high}')"
    )


@asynccontextmanager
async def _without_indexes(connection: Connection, tables: tuple[str, ...]) -> AsyncIterator[None]:
    """Take away the indexes of tables, and what rests on them, and build them again at the end."""
    constraints = await connection.fetch(_CONSTRAINTS, tables)
    indexes = await connection.fetch(_INDEXES, tables)
    for table, name, _ in constraints:
        await connection.execute(f"ALTER TABLE {table} DROP CONSTRAINT {name}")
    for name, _ in indexes:
        await connection.execute(f"DROP INDEX {name}")
    yield
    await connection.execute("SET maintenance_work_mem = '512MB'")
    for table, name, definition in reversed(constraints):
        await connection.execute(f"ALTER TABLE {table} ADD CONSTRAINT {name} {definition}")
    for _, definition in indexes:
        await connection.execute(definition)
