"""Cameras, an endpoint, and as many stored events as an installation has after years."""

import os

import asyncpg

from sharpeyes.registry.history import sign

CAMERAS = 500
_AT_ONCE = 250_000

_CAMERAS = """
INSERT INTO camera (device_code, name, tier, division_code, poll_mode)
SELECT '4201060000132' || lpad(n::text, 7, '0'), 'camera ' || n, 1, '420106', 'none'
FROM generate_series(1, $1) n
"""

# As the intake would have stored them over the last two years, delivered.
_EVENTS = """
WITH given AS (
    SELECT camera_id, device_code, n,
           now() - n::float / $4 * interval '700 days' AS at, gen_random_uuid()::text AS tail
    FROM generate_series($1::bigint, $2::bigint) n
    JOIN camera ON device_code = '4201060000132' || lpad((n % $3 + 1)::text, 7, '0')
),
named AS (
    SELECT *, regexp_replace(
        lpad(to_hex((extract(epoch FROM at) * 1000)::bigint), 12, '0'), '(.{8})(.{4})', '\\1-\\2-7'
    ) || substr(tail, 16) AS event_id FROM given
),
keyed AS (
    INSERT INTO event_key (dedup_key, event_id, camera_id)
    SELECT 'stock:' || n, event_id, camera_id FROM named
),
stored AS (
    INSERT INTO event (event_id, type, camera_id, device_code, sequence, severity, occurred_at,
                       recorded_at, dedup_key, data)
    SELECT event_id, 'org.sharpeyes.motion.v1', camera_id, device_code, n, 'info', at, at,
           'stock:' || n, '{"phase": "start", "box_xyxy": [1, 2, 3, 4], "picture_width_px": 640,'
           ' "picture_height_px": 360, "zone": "", "started_at": "2026-11-21T08:30:00Z"}'
    FROM named RETURNING event_id, camera_id, sequence, recorded_at
)
INSERT INTO delivery
    (event_id, endpoint_id, camera_id, sequence, state, attempt_count, delivered_at)
SELECT event_id, endpoint_id, camera_id, sequence, 'delivered', 1, recorded_at
FROM stored, endpoint
"""


async def add_cameras(pool: asyncpg.Pool) -> None:
    """Register the cameras."""
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "benchmark")
        await connection.execute(_CAMERAS, CAMERAS)


async def fill(pool: asyncpg.Pool, events: int) -> None:
    """Store so many events, each delivered to every endpoint."""
    await pool.execute("SELECT add_event_months((now() - interval '701 days')::date, now()::date)")
    async with pool.acquire() as connection:
        # References need no check, as they are made of what is referred to.
        await connection.execute("SET session_replication_role = replica")
        for start in range(0, events, _AT_ONCE):
            until = min(start + _AT_ONCE, events)
            await connection.execute(_EVENTS, start + 1, until, CAMERAS, events)
        await connection.execute("RESET session_replication_role")
    await pool.execute(
        "INSERT INTO event_sequence (camera_id, last_sequence)"
        " SELECT camera_id, $1 FROM camera ON CONFLICT (camera_id)"
        " DO UPDATE SET last_sequence = event_sequence.last_sequence + $1",
        events,
    )
    await pool.execute("VACUUM ANALYZE")
    os.sync()


def device_code(number: int) -> str:
    """Return the code of the camera that the event of this number is of."""
    return f"4201060000132{number % CAMERAS + 1:07}"
