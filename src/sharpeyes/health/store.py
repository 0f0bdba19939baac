"""What is known of each camera's health, in the database."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.health.judgement import CameraState, restore
from sharpeyes.health.status import Cause, Check, Status, Transition
from sharpeyes.registry.store import IS_MEASURED

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_TRANSITIONS = """
SELECT from_status, to_status, NULLIF(decided_by, '') AS "check", cause, evidence, at, began_at
FROM camera_transition WHERE camera_id = $1 ORDER BY at DESC, transition_id DESC LIMIT $2
"""

# From the counts that the database keeps: of whole areas, or for whoever is confined to less than
# one, and so is told none of those, of divisions. A district is the second code of a path; what is
# filed under the city itself has none. A camera that is not asked counts as nothing that it was.
_SUMMARY = f"""
WITH kept AS (
    SELECT area_path AS path, tier, life, poll_mode, status, cameras FROM area_count
    UNION ALL
    SELECT division_path, tier, life, poll_mode, status, cameras FROM camera_count
    WHERE NOT EXISTS (SELECT FROM area_count)
), known AS (
    SELECT c.tier, c.life, COALESCE(NULLIF(split_part(c.path, '/', 2), ''),
                                    split_part(c.path, '/', 1)) AS division_code,
           CASE WHEN {IS_MEASURED} THEN c.status ELSE 'not_measured' END AS status, c.cameras
    FROM kept c WHERE c.life <> 'removed'
), counted AS (
    SELECT tier, life, division_code, status, sum(cameras) AS cameras
    FROM known GROUP BY 1, 2, 3, 4 HAVING sum(cameras) <> 0
)
SELECT tier, division_code, COALESCE(sum(cameras), 0)::bigint AS registered,
       COALESCE(sum(cameras) FILTER (WHERE status <> 'not_measured'), 0)::bigint AS measured,
       COALESCE(sum(cameras) FILTER (WHERE status = 'ok'), 0)::bigint AS ok,
       COALESCE(sum(cameras) FILTER (WHERE status = 'degraded'), 0)::bigint AS degraded,
       COALESCE(sum(cameras) FILTER (WHERE status = 'unreachable'), 0)::bigint AS unreachable,
       COALESCE(sum(cameras) FILTER (WHERE status = 'offline'), 0)::bigint AS offline,
       COALESCE(sum(cameras) FILTER (WHERE status = 'unknown'), 0)::bigint AS unknown,
       COALESCE(sum(cameras) FILTER (WHERE status = 'not_measured'), 0)::bigint AS not_measured,
       COALESCE(sum(cameras) FILTER (WHERE life = 'maintenance'), 0)::bigint AS maintenance
FROM counted GROUP BY GROUPING SETS ((), (tier), (division_code)) ORDER BY tier, division_code
"""  # noqa: S608  # only constants are put together


class StoredStatus(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of one camera.

    Attributes:
        camera_id: of the registry.
        status: never `unknown` once it was judged.
        cause: what is wrong.
        evidence: what was seen, in words.
        check: the rule that decided; None where nothing is wrong.
        since: when it became so, UTC.
        began_at: when the first result was seen that led to it; None where nothing is wrong.
        proving: the check that failed, where it has to prove yet that it is well.
    """

    camera_id: int
    status: Status
    cause: Cause
    evidence: str
    check: Check | None
    since: datetime
    began_at: datetime | None = None
    proving: Check | None = None

    def to_state(self) -> CameraState:
        """Return the state from which judgement goes on."""
        return restore(self.status, self.cause, self.evidence, self.check, self.proving)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many cameras are how.

    Attributes:
        registered: all but those that were removed; `measured` + `not_measured`.
        measured: those in service that may be polled; `ok` + `degraded` + `unreachable` +
            `offline` + `unknown`.
        ok: well.
        degraded: working for somebody, or badly.
        unreachable: not answering, for a common cause or not yet judged: not called down.
        offline: seen by nobody.
        unknown: not judged yet.
        not_measured: those of which nothing can be said: they may not be polled, are planned, or
            are under maintenance.
        maintenance: how many of `not_measured` are being seen to.
    """

    registered: int = 0
    measured: int = 0
    ok: int = 0
    degraded: int = 0
    unreachable: int = 0
    offline: int = 0
    unknown: int = 0
    not_measured: int = 0
    maintenance: int = 0


class Summary(msgspec.Struct, frozen=True, kw_only=True):
    """How the fleet is.

    Attributes:
        total: all cameras.
        by_tier: by tier number.
        by_division: by the code of the district or local zone right below the city, with all
            divisions below it; a camera filed under the city itself counts under the city.
    """

    total: Counts
    by_tier: dict[int, Counts]
    by_division: dict[str, Counts]


class StatusStore:
    """Reads what is known of cameras' health.

    Args:
        pool: the database.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def get(self, camera_id: int) -> StoredStatus | None:
        """Return what is known of a camera; None before it was judged for the first time."""
        return (await self.get_many([camera_id])).get(camera_id)

    async def get_many(self, camera_ids: Collection[int]) -> dict[int, StoredStatus]:
        """Return what is known of several cameras, by camera id; without those never judged."""
        rows = await self._pool.fetch(
            """
            SELECT s.camera_id, s.status, s.cause, s.evidence, NULLIF(s.decided_by, '') AS "check",
                   s.since, s.began_at, NULLIF(i.decided_by, '') AS proving
            FROM camera_status s LEFT JOIN incident i ON i.kind = 'camera'
                 AND i.group_key = s.camera_id::text AND i.state = 'recovering'
            WHERE s.camera_id = ANY ($1::bigint[])
            """,
            list(camera_ids),
        )
        return {row["camera_id"]: msgspec.convert(dict(row), StoredStatus) for row in rows}

    async def transitions(self, camera_id: int, *, limit: int = 50) -> list[Transition]:
        """Return a camera's latest transitions, newest first, `limit` at most."""
        rows = await self._pool.fetch(_TRANSITIONS, camera_id, limit)
        return [msgspec.convert(dict(row), Transition) for row in rows]

    async def summary(self) -> Summary:
        """Count the cameras by status: in all, by tier and by district."""
        total, by_tier, by_division = Counts(), {}, {}
        for row in await self._pool.fetch(_SUMMARY):
            counts = Counts(**{name: row[name] for name in Counts.__struct_fields__})
            if row["tier"] is not None:
                by_tier[row["tier"]] = counts
            elif row["division_code"] is not None:
                by_division[row["division_code"]] = counts
            else:
                total = counts
        return Summary(total=total, by_tier=by_tier, by_division=by_division)
