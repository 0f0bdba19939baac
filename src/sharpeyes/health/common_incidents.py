"""Incidents of many cameras, as the desk keeps them: opened, watched, closed."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.deadline_light import Light
from sharpeyes.events.event import EventType, NewEvent, RandomBits, Severity, new_event_id
from sharpeyes.events.payload import CommonKind, IncidentChanged
from sharpeyes.events.store import append
from sharpeyes.health.common_cause import Group
from sharpeyes.health.incident import IncidentKind, Step, deadline, next_due
from sharpeyes.health.incident_raising import add_step
from sharpeyes.health.incident_settings import IncidentSettings
from sharpeyes.health.status import Cause, Status
from sharpeyes.registry.store import IS_MEASURED

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_CODES_TOLD: Final = 100

# Who has answered meanwhile is not concerned. The lock keeps a worker that hears of it out until
# we are done.
_STILL_AWAY: Final = """
SELECT c.camera_id, c.device_code, c.division_path, s.cause FROM camera_status s
JOIN camera c USING (camera_id)
WHERE s.camera_id = ANY ($1::bigint[]) AND s.status = 'unreachable'
ORDER BY s.camera_id FOR UPDATE OF s
"""

_OLD: Final = """
SELECT incident_id FROM incident
WHERE kind = $1 AND group_key = $2 AND state = 'closed' AND closed_at >= $3
ORDER BY closed_at DESC LIMIT 1 FOR UPDATE
"""

_REOPEN: Final = """
UPDATE incident SET state = 'open', title = $2, cause = $3, evidence = $4, began_at = $5,
    opened_at = $6, deadline_at = $7, due_at = $8, division_code = $9, division_path = $10,
    event_camera_id = $11, recovering_at = NULL, closed_at = NULL, closed_by = '',
    close_reason = '', light = '', worked_at = NULL, reminded_at = NULL,
    times_opened = times_opened + 1, revision = revision + 1
WHERE incident_id = $1 RETURNING incident_id
"""

_OPEN: Final = """
INSERT INTO incident (kind, group_key, title, cause, evidence, began_at, opened_at, deadline_at,
                      due_at, division_code, division_path, event_camera_id, cameras)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0)
ON CONFLICT (kind, group_key) WHERE state <> 'closed' DO NOTHING
RETURNING incident_id
"""

_JOIN: Final = """
INSERT INTO incident_camera (incident_id, camera_id, joined_at)
SELECT $1, camera_id, $3 FROM unnest($2::bigint[]) AS camera_id
ON CONFLICT (incident_id, camera_id) DO UPDATE SET left_at = NULL
"""

_COUNT: Final = """
UPDATE incident SET revision = revision + 1, cameras = (
    SELECT count(*) FROM incident_camera m WHERE m.incident_id = incident.incident_id)
WHERE incident_id = $1
"""

# Mended by a worker's hand, taken out of service, or removed: not concerned any more.
_SWEEP: Final = f"""
UPDATE incident_camera m SET left_at = $1 FROM incident i
WHERE i.incident_id = m.incident_id AND i.kind <> 'camera' AND i.state <> 'closed'
  AND m.left_at IS NULL AND NOT EXISTS (
      SELECT FROM camera c JOIN camera_status s USING (camera_id)
      WHERE c.camera_id = m.camera_id AND {IS_MEASURED} AND s.status IN ('unreachable', 'offline'))
"""  # noqa: S608  # only constants are put together

_UNCLOSED: Final = """
SELECT i.incident_id, i.kind, i.group_key, i.title, i.cause, i.evidence, i.state, i.cameras,
       i.began_at, i.recovering_at, i.event_camera_id,
       count(m.camera_id) AS away
FROM incident i LEFT JOIN incident_camera m
    ON m.incident_id = i.incident_id AND m.left_at IS NULL
WHERE i.kind <> 'camera' AND i.state <> 'closed'
GROUP BY i.incident_id ORDER BY i.incident_id
"""


class CommonIncident(msgspec.Struct, frozen=True, kw_only=True):
    """An incident of many cameras that is not closed.

    Attributes:
        incident_id: its number.
        kind: what its cameras have in common.
        group_key: which.
        title: what people call that.
        cause: what is wrong.
        evidence: in words.
        state: open or recovering.
        cameras: how many were touched.
        away: how many are concerned yet.
        began_at: when the first failed.
        recovering_at: since when it is back.
        event_camera_id: what its events are filed under.
    """

    incident_id: int
    kind: IncidentKind
    group_key: str
    title: str
    cause: Cause
    evidence: str
    state: str
    cameras: int
    away: int
    began_at: datetime
    recovering_at: datetime | None
    event_camera_id: int | None

    @property
    def group(self) -> Group:
        """What its cameras have in common."""
        return Group(self.kind, self.group_key)


class Opening(msgspec.Struct, frozen=True, kw_only=True):
    """What an incident of many cameras is opened with.

    Attributes:
        group: what its cameras have in common.
        camera_ids: those that failed.
        members: how many the group has in all.
        began_at: when the first failed.
        evidence: in words.
    """

    group: Group
    camera_ids: tuple[int, ...]
    members: int
    began_at: datetime
    evidence: str


async def unclosed(pool: asyncpg.Pool) -> list[CommonIncident]:
    """Return the incidents of many cameras that are not closed."""
    return [msgspec.convert(dict(row), CommonIncident) for row in await pool.fetch(_UNCLOSED)]


async def open_common(
    connection: Connection,
    opening: Opening,
    *,
    least: int,
    now: datetime,
    settings: IncidentSettings,
    random: RandomBits,
) -> int | None:
    """Open an incident of many cameras, with its event.

    Args:
        connection: in a transaction that holds the desk.
        opening: with what.
        least: how many must not have answered meanwhile.
        now: the present, UTC.
        settings: deadlines.
        random: for the event's identity.

    Returns:
        The incident; None where it is open already, or where too many have answered meanwhile.
    """
    away = await connection.fetch(_STILL_AWAY, list(opening.camera_ids))
    if len(away) < least:
        return None
    kind, key = opening.group
    path = _common_path([row["division_path"] for row in away])
    title = await _title(connection, opening.group)
    cause = Cause.RECORDER if kind is IncidentKind.RECORDER else _commonest(away)
    if kind is IncidentKind.POLLER:
        cause = Cause.UNKNOWN
    until = deadline(kind, Status.UNREACHABLE, now, settings)
    due_at = next_due(now, until, Light.NONE, now, settings)
    code = path.split("/")[-2] if path else None
    first: asyncpg.Record = away[0]
    said = (title, cause, opening.evidence, opening.began_at, now, until, due_at)
    since = now - timedelta(seconds=settings.reopen_within_s)
    incident_id = await connection.fetchval(_OLD, kind, key, since)
    step = Step.REOPENED if incident_id is not None else Step.OPENED
    if incident_id is not None:
        await connection.execute(_REOPEN, incident_id, *said, code, path, first["camera_id"])
    else:
        incident_id = await connection.fetchval(
            _OPEN, kind, key, *said, code, path, first["camera_id"]
        )
    if incident_id is None:
        return None
    number: int = incident_id
    await _take_in(connection, number, [row["camera_id"] for row in away], now)
    await add_step(connection, number, step, opening.evidence, at=now)
    event = IncidentChanged(
        incident_id=number,
        phase="opened",
        kind=msgspec.convert(kind.value, CommonKind),
        title=title[:200],
        cause=cause,
        evidence=opening.evidence,
        cameras=len(away),
        device_codes=tuple(row["device_code"] for row in away[:_CODES_TOLD]),
        began_at=opening.began_at,
    )
    await append(
        connection,
        common_event(first["camera_id"], first["device_code"], event, now=now, random=random),
    )
    return number


async def join_common(
    connection: Connection, incident_id: int, camera_ids: Sequence[int], now: datetime
) -> None:
    """Add cameras to an incident of many; those that have answered meanwhile stay out."""
    away = await connection.fetch(_STILL_AWAY, list(camera_ids))
    if away:
        await _take_in(connection, incident_id, [row["camera_id"] for row in away], now)


async def sweep(connection: Connection, now: datetime) -> None:
    """Let cameras leave incidents of many that they are not concerned by any more."""
    await connection.execute(_SWEEP, now)


async def set_recovering(
    connection: Connection, incident_id: int, words: str, now: datetime
) -> None:
    """Note that a group is back: workers then ask its cameras, one after the other."""
    await connection.execute(
        "UPDATE incident SET state = 'recovering', recovering_at = $2, revision = revision + 1"
        " WHERE incident_id = $1",
        incident_id,
        now,
    )
    await add_step(connection, incident_id, Step.RECOVERING, words, at=now)


async def set_relapsed(connection: Connection, incident_id: int, words: str, now: datetime) -> None:
    """Note that a group was not back after all."""
    await connection.execute(
        "UPDATE incident SET state = 'open', recovering_at = NULL, revision = revision + 1"
        " WHERE incident_id = $1",
        incident_id,
    )
    await add_step(connection, incident_id, Step.RELAPSED, words, at=now)


def common_event(
    camera_id: int, device_code: str, data: IncidentChanged, *, now: datetime, random: RandomBits
) -> NewEvent:
    """Return what the case system hears of an incident of many.

    Args:
        camera_id: under which it is filed: one of its cameras.
        device_code: the same camera's.
        data: what is said.
        now: the present, UTC.
        random: for the event's identity.
    """
    opened = data.phase == "opened"
    return NewEvent(
        event_id=new_event_id(now, random),
        type=EventType.INCIDENT_OPENED if opened else EventType.INCIDENT_CLOSED,
        camera_id=camera_id,
        device_code=device_code,
        severity=Severity.ALERT if opened else Severity.INFO,
        occurred_at=now,
        dedup_key=f"incident:{data.incident_id}:{data.phase}:{now.isoformat()}",
        data=data,
    )


async def _take_in(
    connection: Connection, incident_id: int, camera_ids: Sequence[int], now: datetime
) -> None:
    await connection.execute(_JOIN, incident_id, list(camera_ids), now)
    await connection.execute(_COUNT, incident_id)
    # Who joins may be elsewhere.
    await connection.execute("SELECT place_incidents(ARRAY[$1::bigint])", incident_id)


async def _title(connection: Connection, group: Group) -> str:
    if group.kind is not IncidentKind.DISTRICT:
        return group.key
    name: str | None = await connection.fetchval(
        "SELECT name_zh FROM division WHERE division_code = $1", group.key
    )
    return name or group.key


def _commonest(rows: Sequence[asyncpg.Record]) -> Cause:
    causes = [row["cause"] for row in rows]
    return Cause(max(set(causes), key=causes.count))


def _common_path(paths: Sequence[str]) -> str:
    """Return the path of the smallest division in which all of them are; empty: of none."""
    # Of all texts between the first and the last in order, these two differ soonest.
    first, last = min(paths), max(paths)
    shared = next((i for i, (a, b) in enumerate(zip(first, last, strict=False)) if a != b), None)
    return first if shared is None else first[: first.rfind("/", 0, shared) + 1]
