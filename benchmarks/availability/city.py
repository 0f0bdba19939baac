"""A city with a month behind it, made in the database."""

import asyncpg

_STREETS = """
INSERT INTO division (division_code, parent_code, level, name_zh, name_en)
SELECT division_code || lpad(n::text, 3, '0'), division_code, 'street', 's', 's'
FROM division, generate_series(1, 13) AS n WHERE level = 'district'
"""
_COMMUNITIES = """
INSERT INTO division (division_code, parent_code, level, name_zh, name_en)
SELECT division_code || lpad(n::text, 3, '0'), division_code, 'community', 'c', 'c'
FROM division, generate_series(1, 18) AS n WHERE level = 'street'
"""
# A community buys its cameras in four lots, each of one model; few makers sell most of them.
_CAMERAS = """
INSERT INTO camera (device_code, name, tier, division_code, host, main_stream_path, poll_mode,
    maker, model, created_at)
SELECT left(division_code, 6) || '00001320' || lpad(n::text, 6, '0'), 'c' || n,
    CASE WHEN n % 60 = 0 THEN 1 WHEN n % 12 = 0 THEN 2 ELSE 3 END, division_code,
    '10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256, '/m',
    CASE WHEN n % 10 = 9 THEN 'on_request' ELSE 'direct' END,
    maker, maker || '-' || floor(20 * model_draw ^ 2), '2026-09-01'
FROM generate_series(1, $1::integer) AS n
JOIN (SELECT row_number() OVER (ORDER BY division_code) - 1 AS place, division_code
      FROM division WHERE level = 'community') AS leaf ON leaf.place = n % 3042
CROSS JOIN LATERAL (SELECT abs(hashtext(division_code || n / 3042 % 4)) AS lot) AS bought
CROSS JOIN LATERAL (SELECT 1 + floor(15 * (lot % 1009 / 1009.0) ^ 3) AS maker,
    lot / 1009 % 1013 / 1013.0 AS model_draw) AS kind
"""
_JUDGED = """
INSERT INTO camera_transition (camera_id, from_status, to_status, at)
SELECT camera_id, 'unknown', 'ok', '2026-09-01 01:00+00' FROM camera WHERE poll_mode = 'direct'
"""
# Two outages of up to eight hours in October, of every third.
_OUTAGES = """
INSERT INTO camera_transition (camera_id, from_status, to_status, cause, at)
SELECT camera_id, before, after, cause, at
FROM (SELECT camera_id, '2026-10-01'::timestamptz + random() * interval '30 days' AS began
      FROM camera, generate_series(1, 2) WHERE poll_mode = 'direct' AND camera_id % 3 = 0) AS outage
CROSS JOIN LATERAL (VALUES
    ('ok', 'offline', 'network', began),
    ('offline', 'ok', '', began + random() * interval '8 hours')
) AS changed (before, after, cause, at)
ORDER BY at
"""


async def make_city(pool: asyncpg.Pool, cameras: int) -> int:
    """Fill an empty database; return how many transitions there are."""
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "SELECT set_config('sharpeyes.actor', 'benchmark', true), setseed(0.5)"
        )
        for sql in (_STREETS, _COMMUNITIES):
            await connection.execute(sql)
        await connection.execute(_CAMERAS, cameras)
        await connection.execute(_JUDGED)
        await connection.execute(_OUTAGES)
    await pool.execute("VACUUM ANALYZE")
    transitions: int = await pool.fetchval("SELECT count(*) FROM camera_transition")
    return transitions
