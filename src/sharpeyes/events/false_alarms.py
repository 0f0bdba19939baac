"""False alarms by camera, zone and type: where a detector, or another system, is to be tuned."""

from datetime import datetime
from typing import Final

import asyncpg
import msgspec

_COUNTS: Final = """
WITH counted AS (
    SELECT k.camera_id, k.zone, k.type,
           count(*) FILTER (WHERE k.state = 'rejected') AS rejected,
           count(*) FILTER (WHERE k.state = 'closed') AS closed,
           count(*) FILTER (WHERE k.state NOT IN ('closed', 'rejected')) AS unclosed,
           max(k.ended_at) FILTER (WHERE k.state = 'rejected') AS latest_at
    FROM event_case k
    WHERE k.dispatched_at >= $1
      AND ($2::text IS NULL OR EXISTS (
          SELECT FROM camera c JOIN division d ON d.division_code = $2
          WHERE c.camera_id = k.camera_id
            AND c.division_path >= d.path AND c.division_path < rtrim(d.path, '/') || '0'))
      AND ($3::text IS NULL OR k.camera_id = (SELECT camera_id FROM camera WHERE device_code = $3))
    GROUP BY 1, 2, 3
    HAVING count(*) FILTER (WHERE k.state = 'rejected') > 0
    ORDER BY rejected DESC, latest_at DESC, 1, 2, 3 LIMIT $4
)
SELECT c.device_code, c.name AS camera_name, c.division_code, n.zone, n.type, n.rejected, n.closed,
       n.unclosed, n.latest_at, latest.event_id AS latest_event_id, latest.words AS latest_reason
FROM counted n JOIN camera c USING (camera_id)
JOIN LATERAL (
    SELECT k.event_id, s.words FROM event_case k JOIN event_case_step s USING (event_id)
    WHERE k.camera_id = n.camera_id AND k.zone = n.zone AND k.type = n.type
      AND k.dispatched_at >= $1 AND s.step = 'rejected'
    ORDER BY s.step_id DESC LIMIT 1
) latest ON true
ORDER BY n.rejected DESC, n.latest_at DESC, c.device_code, n.zone, n.type
"""


class FalseAlarms(msgspec.Struct, frozen=True, kw_only=True):
    """How many cases of one camera, zone and type were false alarms.

    Attributes:
        device_code: Which camera.
        camera_name: What people call it.
        division_code: Where.
        zone: The zone that the events name; empty: the whole picture, or none was named.
        type: Of the events.
        rejected: How many were false alarms.
        closed: How many were closed: there was something to be done.
        unclosed: Of how many it is not known yet.
        latest_at: When the latest was called a false alarm, UTC.
        latest_event_id: Which event that was.
        latest_reason: Why.
    """

    device_code: str
    camera_name: str
    division_code: str
    zone: str
    type: str
    rejected: int
    closed: int
    unclosed: int
    latest_at: datetime
    latest_event_id: str
    latest_reason: str


async def count_false_alarms(
    pool: asyncpg.Pool,
    since: datetime,
    *,
    division_code: str | None = None,
    device_code: str | None = None,
    limit: int = 100,
) -> list[FalseAlarms]:
    """Count false alarms, where there were most first; what had none is left out.

    Args:
        pool: The database; through a serving pool, what the caller may see.
        since: Of events that were recorded at this time or later; aware.
        division_code: Only of this division, with all below it.
        device_code: Only of this camera.
        limit: How many cameras, zones and types at most.
    """
    rows = await pool.fetch(_COUNTS, since, division_code, device_code, limit)
    return [msgspec.convert(dict(row), FalseAlarms) for row in rows]
