"""What is due: the incidents that are not closed, counted, and the most urgent of them."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from sharpeyes.health.incident import Incident
from sharpeyes.health.incident_store import COLUMNS

_WITHIN: Final = """
i.state <> 'closed' AND ($1::text IS NULL OR EXISTS (
    SELECT FROM division d WHERE d.division_code = $1
    AND i.division_path >= d.path AND i.division_path < rtrim(d.path, '/') || '0'))
"""
_COUNTS: Final = f"""
SELECT i.state, i.light, count(*) AS incidents, sum(i.cameras)::bigint AS cameras,
    count(*) FILTER (WHERE i.assigned_unit = '' AND i.assigned_role = '') AS unassigned,
    count(*) FILTER (WHERE i.deadline_at < $2) AS overdue
FROM incident i WHERE {_WITHIN} GROUP BY 1, 2
"""  # noqa: S608  # only constants are put together
# What looks well again is no longer urgent.
_MOST_URGENT: Final = f"""
SELECT {COLUMNS} FROM incident i WHERE {_WITHIN}
ORDER BY i.state = 'recovering', i.deadline_at, i.incident_id LIMIT $2
"""  # noqa: S608  # as above


class IncidentsDue(msgspec.Struct, frozen=True, kw_only=True):
    """The incidents that are not closed.

    Attributes:
        as_of: UTC.
        unclosed: how many there are.
        by_state: the same by how far they are.
        by_light: the same by how much of the time is gone; "" is not half of it.
        unassigned: to how many nobody sees.
        overdue: of how many the deadline is over.
        cameras: how many cameras they touched.
        most_urgent: what is still wrong, by its deadline; then what looks well again.
    """

    as_of: datetime
    unclosed: int
    by_state: dict[str, int]
    by_light: dict[str, int]
    unassigned: int
    overdue: int
    cameras: int
    most_urgent: list[Incident]


async def read_due(
    pool: asyncpg.Pool, division_code: str | None, as_of: datetime, *, limit: int
) -> IncidentsDue:
    """Count what is not closed, and return what is most urgent.

    Args:
        pool: the database; through a serving pool, what the caller may see.
        division_code: only of this division, with all below it.
        as_of: now.
        limit: of how many incidents more than their number is wanted.
    """
    async with pool.acquire() as connection:
        counts = await connection.fetch(_COUNTS, division_code, as_of)
        rows = await connection.fetch(_MOST_URGENT, division_code, limit)
    by_state: dict[str, int] = {}
    by_light: dict[str, int] = {}
    for row in counts:
        by_state[row["state"]] = by_state.get(row["state"], 0) + row["incidents"]
        by_light[row["light"]] = by_light.get(row["light"], 0) + row["incidents"]
    return IncidentsDue(
        as_of=as_of,
        unclosed=sum(by_state.values()),
        by_state=by_state,
        by_light=by_light,
        unassigned=sum(row["unassigned"] for row in counts),
        overdue=sum(row["overdue"] for row in counts),
        cameras=sum(row["cameras"] for row in counts),
        most_urgent=[msgspec.convert(dict(row), Incident) for row in rows],
    )
