"""What is known of each camera's health, in the database."""

from __future__ import annotations

import json
from collections.abc import Collection
from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.event import EventType, NewEvent, RandomBits, Severity, new_event_id
from sharpeyes.events.payload import CameraStatusChanged
from sharpeyes.events.store import append
from sharpeyes.health.judgement import CameraState, restore
from sharpeyes.health.status import Cause, Check, Status, Transition
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.shards import ShardLease, require_lease
from sharpeyes.registry.store import IS_MEASURED

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_EVENT_OF: Final = {
    Status.OFFLINE: (EventType.CAMERA_OFFLINE, Severity.WARNING),
    Status.DEGRADED: (EventType.CAMERA_DEGRADED, Severity.WARNING),
    Status.OK: (EventType.CAMERA_RESTORED, Severity.INFO),
}

# Says nothing when the row already is so: then the commit went through although its caller was
# cut off before it heard of it. Nor when the camera is not measured any more: it was taken out of
# service while it was asked, and whoever works on it is no outage.
_SET_STATUS = f"""
INSERT INTO camera_status AS s (camera_id, status, cause, evidence, decided_by, since, epoch)
SELECT $1, $2, $3, $4, $5, $6, $7 FROM camera c WHERE camera_id = $1 AND {IS_MEASURED}
ON CONFLICT (camera_id) DO UPDATE SET
    status = excluded.status, cause = excluded.cause, evidence = excluded.evidence,
    decided_by = excluded.decided_by, since = excluded.since, epoch = excluded.epoch
WHERE (s.status, s.cause) <> (excluded.status, excluded.cause)
RETURNING true
"""  # noqa: S608  # only constants are put together

_ADD_TRANSITION = """
INSERT INTO camera_transition
    (camera_id, from_status, to_status, cause, evidence, decided_by, at, event_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
"""

_TRANSITIONS = """
SELECT from_status, to_status, NULLIF(decided_by, '') AS "check", cause, evidence, at
FROM camera_transition WHERE camera_id = $1 ORDER BY at DESC, transition_id DESC LIMIT $2
"""

# From the counts that the database keeps. A district is the second code of a path; what is filed
# under the city itself has none. A camera that is not asked counts as nothing that it once was.
_SUMMARY = f"""
WITH known AS (
    SELECT c.tier, c.life, COALESCE(NULLIF(split_part(c.division_path, '/', 2), ''),
                                    split_part(c.division_path, '/', 1)) AS division_code,
           CASE WHEN {IS_MEASURED} THEN c.status ELSE 'not_measured' END AS status, c.cameras
    FROM camera_count c WHERE c.life <> 'removed'
), counted AS (
    SELECT tier, life, division_code, status, sum(cameras) AS cameras
    FROM known GROUP BY 1, 2, 3, 4 HAVING sum(cameras) <> 0
)
SELECT tier, division_code, COALESCE(sum(cameras), 0)::bigint AS registered,
       COALESCE(sum(cameras) FILTER (WHERE status <> 'not_measured'), 0)::bigint AS measured,
       COALESCE(sum(cameras) FILTER (WHERE status = 'ok'), 0)::bigint AS ok,
       COALESCE(sum(cameras) FILTER (WHERE status = 'degraded'), 0)::bigint AS degraded,
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
    """

    camera_id: int
    status: Status
    cause: Cause
    evidence: str
    check: Check | None
    since: datetime

    def to_state(self) -> CameraState:
        """Return the state from which judgement goes on."""
        return restore(self.status, self.cause, self.evidence, self.check)


class Counts(msgspec.Struct, frozen=True, kw_only=True):
    """How many cameras are how.

    Attributes:
        registered: all but those that were removed; `measured` + `not_measured`.
        measured: those in service that may be polled; `ok` + `degraded` + `offline` + `unknown`.
        ok: well.
        degraded: working for somebody, or badly.
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


async def record(
    connection: Connection,
    camera: Camera,
    transition: Transition,
    *,
    lease: ShardLease,
    worker_id: str,
    random: RandomBits,
) -> bool:
    """Store a transition: status, history and event, all or none.

    Args:
        connection: not in a transaction; from a pool that turns jsonb into Python values.
        camera: whose status changed.
        transition: what changed.
        lease: under which the camera was probed.
        worker_id: who holds the lease.
        random: for the event's identity.

    Returns:
        False when nothing was stored: all of it was already, by a commit whose answer was lost; or
        the camera is not measured any more.

    Raises:
        StaleLeaseError: somebody else looks after the camera now; nothing was changed.
    """
    async with connection.transaction():
        await require_lease(connection, lease, worker_id)
        changed = await connection.fetchval(
            _SET_STATUS,
            camera.camera_id,
            transition.to_status,
            transition.cause,
            transition.evidence,
            transition.check or "",
            transition.at,
            lease.epoch,
        )
        if not changed:
            return False
        event = _event(camera, transition, random)
        if event:
            # The pool's proxy is a connection in all but its type.
            await append(connection, event)
        await connection.execute(
            _ADD_TRANSITION,
            camera.camera_id,
            transition.from_status,
            transition.to_status,
            transition.cause,
            transition.evidence,
            transition.check or "",
            transition.at,
            event.event_id if event else None,
        )
        await connection.execute(
            "SELECT pg_notify('sharpeyes', $1)", json.dumps({"status": camera.camera_id})
        )
    return True


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
            SELECT camera_id, status, cause, evidence, NULLIF(decided_by, '') AS "check", since
            FROM camera_status WHERE camera_id = ANY ($1::bigint[])
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


def _event(camera: Camera, transition: Transition, random: RandomBits) -> NewEvent | None:
    """Return what the case system hears of a transition, if anything."""
    came_well = transition.from_status is Status.UNKNOWN and transition.to_status is Status.OK
    if came_well or transition.from_status is transition.to_status:
        return None
    event_type, severity = _EVENT_OF[transition.to_status]
    return NewEvent(
        event_id=new_event_id(transition.at, random),
        type=event_type,
        camera_id=camera.camera_id,
        device_code=camera.device_code,
        severity=severity,
        occurred_at=transition.at,
        dedup_key=f"health:{camera.camera_id}:{transition.at.isoformat()}",
        data=CameraStatusChanged(
            from_status=transition.from_status.value,
            to_status=transition.to_status.value,
            cause=transition.cause,
            evidence=transition.evidence,
        ),
    )
