"""A city as its duty officers look at it now: statuses, two days behind them, incidents."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg

from sharpeyes.health.calendar import HOUR, hour_of
from sharpeyes.health.rollup import Rollup

_ZONE = ZoneInfo("Asia/Shanghai")
_BELOW = """
INSERT INTO division (division_code, parent_code, level, name_zh, name_en)
SELECT division_code || lpad(n::text, $4, '0'), division_code, $2,
    substr('解放中山建设和平沿江友谊青年发展光谷长江汉阳武珞',
        1 + (n * 7 + length(division_code)) % 22, 2)
    || n || $3, initcap($2) || ' ' || division_code || '-' || n
FROM division, generate_series(1, $5) AS n WHERE level = $1
"""
_LEVELS = (
    ("district", "street", "街道", 3, 13),
    ("street", "community", "社区", 3, 18),
    ("community", "grid", "网格", 2, 5),
)
_CAMERAS = """
INSERT INTO camera (device_code, name, tier, division_code, host, main_stream_path, poll_mode,
    maker, model, maintenance_unit, address, longitude, latitude, created_at)
SELECT left(division_code, 6) || '00001320' || lpad(n::text, 6, '0'),
    name_zh || '路口' || n || '号枪机',
    CASE WHEN n % 60 = 0 THEN 1 WHEN n % 12 = 0 THEN 2 ELSE 3 END, division_code,
    '10.' || n / 65536 || '.' || n / 256 % 256 || '.' || n % 256, '/main',
    CASE WHEN n % 10 = 9 THEN 'on_request' ELSE 'direct' END,
    n % 15 + 1, (n % 15 + 1) || '-' || (n % 40) / 15, '运维' || n % 7 + 1 || '队',
    name_zh || n % 300 || '号', 113.9 + n % 997 / 1500.0, 30.4 + n % 499 / 900.0,
        now() - interval '40 days'
FROM generate_series(1, $1::integer) AS n
JOIN (SELECT row_number() OVER (ORDER BY division_code) - 1 AS place, count(*) OVER () AS places,
          division_code, name_zh
      FROM division WHERE level = 'grid') AS leaf ON leaf.place = n % leaf.places
"""
_JUDGED = """
INSERT INTO camera_transition (camera_id, from_status, to_status, at)
SELECT camera_id, 'unknown', 'ok', now() - interval '39 days'
FROM camera WHERE poll_mode = 'direct'
"""
_OUTAGES = """
INSERT INTO camera_transition (camera_id, from_status, to_status, cause, evidence, at)
SELECT camera_id, before, after, cause, evidence, at
FROM (SELECT camera_id, host, now() - random() * interval '72 hours' AS began
      FROM camera, generate_series(1, 2) WHERE poll_mode = 'direct' AND camera_id % 30 = 1)
          AS outage
CROSS JOIN LATERAL (VALUES
    ('ok', 'offline', 'network', host || ':554 refuses connections: nothing listens on that port, '
        'or a firewall rejects us (3 tries in 21 s)', began),
    ('offline', 'ok', '', '', began + random() * interval '4 hours')
) AS changed (before, after, cause, evidence, at)
WHERE at < now() - interval '1 minute' ORDER BY at
"""
_STATUSES = """
INSERT INTO camera_status (camera_id, status, cause, evidence, decided_by, since, began_at, epoch)
SELECT camera_id, status, cause, evidence, decided_by, since,
    CASE WHEN cause <> '' THEN since - interval '20 seconds' END, 1
FROM camera CROSS JOIN LATERAL (SELECT camera_id * 7919 % 1000 AS draw) AS drawn
CROSS JOIN LATERAL (SELECT
    CASE WHEN draw < 15 THEN 'offline' WHEN draw < 25 THEN 'degraded'
        WHEN draw < 28 THEN 'unreachable'
        ELSE 'ok' END AS status,
    CASE WHEN draw < 10 THEN 'network' WHEN draw < 13 THEN 'silent' WHEN draw < 15 THEN 'no_frames'
        WHEN draw < 18 THEN 'auth' WHEN draw < 21 THEN 'frozen' WHEN draw < 25 THEN 'clock'
        WHEN draw < 28 THEN 'network' ELSE '' END AS cause,
    CASE WHEN draw < 10 THEN host || ':554 did not accept a connection within 5 s (3 tries in 25 s)'
        WHEN draw < 13 THEN host || ':554 did not answer OPTIONS within 5 s (3 tries in 25 s)'
        WHEN draw < 15 THEN host
            || ':554 agrees to play, but sends no video within 10 s (3 tries in 620 s)'
        WHEN draw < 18 THEN host
            || ':554 refuses the user name and password known for it (DESCRIBE)'
        WHEN draw < 21 THEN 'the picture has not changed for 17 min, on-screen clock apart'
        WHEN draw < 25 THEN 'the clock of ' || host || ':80 is 94 s ahead of ours'
        WHEN draw < 28 THEN host || ':554 did not accept a connection within 5 s' ELSE '' END
            AS evidence,
    CASE WHEN draw < 13 THEN 'reach' WHEN draw < 15 THEN 'frames' WHEN draw < 18 THEN 'stream'
        WHEN draw < 21 THEN 'freeze' WHEN draw < 25 THEN 'clock'
            WHEN draw < 28 THEN 'reach' ELSE '' END
        AS decided_by,
    CASE WHEN draw < 28 THEN now() - interval '2 minutes' - power(random(), 3) * interval '30 hours'
        ELSE now() - interval '39 days' END AS since
) AS how
WHERE poll_mode = 'direct' AND camera_id % 200 <> 7
"""
_BROKE = """
INSERT INTO camera_transition (camera_id, from_status, to_status, cause, evidence, decided_by,
    at, began_at)
SELECT camera_id, 'ok', status, cause, evidence, decided_by, since, began_at
FROM camera_status WHERE status <> 'ok' ORDER BY since
"""
# One for each camera that is wrong by itself, up to some hundreds; the others fail together.
_INCIDENTS = """
INSERT INTO incident (kind, group_key, title, cause, evidence, decided_by, state, began_at,
    opened_at,
    recovering_at, division_code, division_path, assigned_unit, deadline_at, light, event_camera_id)
SELECT 'camera', camera_id, name, cause, evidence, decided_by,
    CASE WHEN n % 13 = 0 THEN 'recovering' ELSE 'open' END, began_at, since,
    CASE WHEN n % 13 = 0 THEN now() - interval '3 minutes' END, division_code, division_path,
    CASE WHEN n % 3 = 0 THEN '' ELSE maintenance_unit END, since + allowed,
    CASE WHEN now() > since + allowed THEN 'red' WHEN now() > since + allowed * .75 THEN 'yellow'
        WHEN now() > since + allowed * .5 THEN 'blue' ELSE '' END, camera_id
FROM (SELECT row_number() OVER (ORDER BY since) AS n, s.*, c.name, c.division_code, c.division_path,
          c.maintenance_unit, CASE WHEN status = 'offline' THEN interval '12 hours'
              ELSE interval '3 days' END
          AS allowed
      FROM camera_status AS s JOIN camera AS c USING (camera_id)
      WHERE status IN ('offline', 'degraded') ORDER BY since LIMIT $1) AS wrong
ORDER BY since
"""
_MANY = """
WITH touched AS (
    SELECT s.camera_id, s.since, c.division_code, c.division_path, substr(c.division_code, 1,
        9) AS street,
        'metro-' || substr(c.division_code, 5, 5) AS network
    FROM camera_status AS s JOIN camera AS c USING (camera_id) WHERE s.status = 'unreachable'
), named AS (
    INSERT INTO incident (kind, group_key, title, cause, evidence, began_at, opened_at, cameras,
        division_code, division_path, deadline_at, light)
    SELECT 'network', network, network, 'network', count(*) || ' of ' || count(*)
        || ' cameras of this network do not answer', min(since), min(since), count(*),
            d.division_code,
        d.path, now() + interval '2 hours', 'blue'
    FROM touched JOIN division AS d ON d.division_code = touched.street
    GROUP BY network, d.division_code, d.path ORDER BY 7 LIMIT $1 RETURNING incident_id, group_key
)
INSERT INTO incident_camera (incident_id, camera_id, joined_at)
SELECT incident_id, camera_id, since FROM touched JOIN named ON group_key = network
"""
_CLOSED = """
INSERT INTO incident (kind, group_key, title, cause, evidence, decided_by, state, began_at,
    opened_at,
    closed_at, close_reason, division_code, division_path, deadline_at)
SELECT 'camera', camera_id, name, 'network', host || ':554 refuses connections', 'reach',
    'closed', at, at,
    at + interval '3 hours', '3 good results in a row of the check reach since it was restored',
    division_code, division_path, at + interval '12 hours'
FROM (SELECT *, now() - interval '4 days' - random() * interval '30 days' AS at FROM camera
      WHERE poll_mode = 'direct' AND camera_id % 8 = 0) AS old ORDER BY at
"""
_TOUCHED = """
INSERT INTO incident_camera (incident_id, camera_id, joined_at, left_at)
SELECT incident_id, group_key::bigint, opened_at, closed_at FROM incident WHERE kind = 'camera'
"""
_STEPS = """
INSERT INTO incident_step (incident_id, at, actor, step, words)
SELECT incident_id, at, actor, step, words FROM incident CROSS JOIN LATERAL (VALUES
    (opened_at, '', 'opened', evidence),
    (opened_at + interval '4 minutes', 'duty desk', 'assigned', assigned_unit),
    (opened_at + interval '9 minutes', 'duty desk', 'note', '已电话通知运维单位，预计两小时到场。'),
    (closed_at, '', 'closed', close_reason)
) AS done (at, actor, step, words)
WHERE at < now() AND (step <> 'assigned' OR assigned_unit <> '') ORDER BY at
"""
_LATENCY = """
INSERT INTO camera_latency (camera_id, hours, least_ms, median_ms, most_ms)
SELECT camera_id, array_agg(hour ORDER BY hour),
    array_agg(20 + camera_id % 30 + hour % 5 ORDER BY hour),
    array_agg(40 + camera_id % 40 + hour % 24 ORDER BY hour),
    array_agg(90 + camera_id % 60 + hour * 37 % 200 ORDER BY hour)
FROM camera, generate_series($1::integer - 167, $1::integer) AS hour
WHERE poll_mode = 'direct' AND camera_id % 50 < 2 GROUP BY camera_id
"""
_CLOCKS = """
INSERT INTO camera_clock (camera_id, asked_at, offset_ms, zone_error_s, is_synchronised, time_zone,
    drift_ms_per_day, hours, offsets_ms)
SELECT camera_id, now(), 90000, 28800, false, 'CST-8', 850, array_agg(hour ORDER BY hour),
    array_agg(90000 - ($1::integer - hour) * 35 + hour % 7 * 40 ORDER BY hour)
FROM camera, generate_series($1::integer - 47, $1::integer) AS hour
WHERE poll_mode = 'direct' AND camera_id % 50 < 2 GROUP BY camera_id
"""


async def make_city(pool: asyncpg.Pool, cameras: int, *, hours: int, incidents: int = 400) -> None:
    """Fill an empty database with so many cameras, of which about three in a hundred are unwell.

    Args:
        pool: the database, migrated.
        cameras: how many.
        hours: of how many hours availability is summed up.
        incidents: how many of one camera each are open; of many cameras there are a tenth of that,
            and closed ones for every eighth camera.
    """
    now = datetime.now(UTC)
    hour = int(now.timestamp()) // 3600
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute(
            "SELECT set_config('sharpeyes.actor', 'benchmark', true), setseed(0.5)"
        )
        for above, level, suffix, digits, number in _LEVELS:
            await connection.execute(_BELOW, above, level, suffix, digits, number)
        await connection.execute(_CAMERAS, cameras)
        for sql in (_JUDGED, _OUTAGES, _STATUSES, _BROKE):
            await connection.execute(sql)
        await connection.execute(_CLOSED)
        await connection.execute(_INCIDENTS, incidents)
        await connection.execute(_TOUCHED)
        await connection.execute(_MANY, incidents // 10)
        await connection.execute(_STEPS)
        for sql in (_LATENCY, _CLOCKS):
            await connection.execute(sql, hour)
        await connection.execute(
            "INSERT INTO availability_rolled VALUES ($1, 0, 0)", hour_of(now) - (hours + 1) * HOUR
        )
    await pool.execute("VACUUM ANALYZE")
    rollup = Rollup(
        pool,
        _ZONE,
        hours_kept=timedelta(days=40),
        days_kept=timedelta(days=1100),
        now=lambda: datetime.now(UTC),
    )
    while await rollup.run_once(most_hours=hours):
        pass
