"""Incidents as people work on them: lists, and what is done about one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.deadline_light import Light
from sharpeyes.health.errors import (
    IncidentChangedError,
    IncidentClosedError,
    IncidentElsewhereError,
    UnknownIncidentError,
)
from sharpeyes.health.incident import (
    Incident,
    IncidentKind,
    IncidentState,
    IncidentStep,
    Step,
)
from sharpeyes.health.incident_raising import add_step
from sharpeyes.health.status import Cause, Status

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

COLUMNS: Final = ", ".join(f"i.{name}" for name in Incident.__struct_fields__)

_PAGE: Final = f"""
SELECT {COLUMNS} FROM incident i
WHERE ($1::bigint IS NULL OR i.incident_id < $1)
  AND CASE $2 WHEN 'any' THEN true WHEN 'unclosed' THEN i.state <> 'closed'
      ELSE i.state = $2 END
  AND ($3::text IS NULL OR i.kind = $3)
  AND ($4::text IS NULL OR i.cause = $4)
  AND ($5::text IS NULL OR i.light = $5)
  AND ($6::text IS NULL OR i.assigned_unit = $6)
  AND ($7::text IS NULL OR EXISTS (
      SELECT FROM division d WHERE d.division_code = $7
      AND i.division_path >= d.path AND i.division_path < rtrim(d.path, '/') || '0'))
  AND ($8::text IS NULL OR EXISTS (
      SELECT FROM incident_camera m JOIN camera c USING (camera_id)
      WHERE m.incident_id = i.incident_id AND c.device_code = $8))
  AND (NOT $9 OR (i.assigned_unit = '' AND i.assigned_role = ''))
ORDER BY i.incident_id DESC LIMIT $10
"""  # noqa: S608  # only constants are put together

_ONE: Final = f"SELECT {COLUMNS} FROM incident i WHERE i.incident_id = $1"  # noqa: S608  # as above

_CAMERAS: Final = """
SELECT c.device_code, c.name, COALESCE(s.status, 'unknown') AS status, m.joined_at, m.left_at
FROM incident_camera m JOIN camera c USING (camera_id)
LEFT JOIN camera_status s USING (camera_id)
WHERE m.incident_id = $1 ORDER BY m.left_at IS NOT NULL, c.device_code LIMIT $2
"""

_STEPS: Final = """
SELECT at, actor, step, words FROM incident_step WHERE incident_id = $1 ORDER BY step_id
"""

StateFilter: TypeAlias = Literal["unclosed", "open", "recovering", "closed", "any"]


@dataclass(frozen=True, slots=True, kw_only=True)
class IncidentFilter:
    """Which incidents.

    Attributes:
        state: how far they are.
        kind: what is wrong together.
        cause: what is wrong.
        light: which light is on.
        unit: who sees to it.
        division_code: in which division all of their cameras are, or below it.
        device_code: which camera they touched.
        unassigned: only those that nobody sees to.
    """

    state: StateFilter = "unclosed"
    kind: IncidentKind | None = None
    cause: Cause | None = None
    light: Light | None = None
    unit: str | None = None
    division_code: str | None = None
    device_code: str | None = None
    unassigned: bool = False


class IncidentCamera(msgspec.Struct, frozen=True, kw_only=True):
    """A camera of an incident.

    Attributes:
        device_code: which.
        name: what people call it.
        status: how it is now.
        joined_at: since when it is concerned, UTC.
        left_at: until when; None: it still is.
    """

    device_code: str
    name: str
    status: Status
    joined_at: datetime
    left_at: datetime | None


class IncidentStore:
    """Reads incidents, and changes what people may change of them.

    Args:
        pool: the database; through a serving pool, what the caller may see.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def page(
        self, wanted: IncidentFilter, *, before: int | None = None, limit: int = 50
    ) -> list[Incident]:
        """Return incidents, the newest first.

        Args:
            wanted: which.
            before: only those before this one, the last of the page before.
            limit: how many at most.
        """
        rows = await self._pool.fetch(
            _PAGE,
            before,
            wanted.state,
            wanted.kind,
            wanted.cause,
            wanted.light,
            wanted.unit,
            wanted.division_code,
            wanted.device_code,
            wanted.unassigned,
            limit,
        )
        return [msgspec.convert(dict(row), Incident) for row in rows]

    async def get(self, incident_id: int) -> Incident:
        """Return one incident.

        Raises:
            UnknownIncidentError: there is none, or it is not the caller's to see.
        """
        row = await self._pool.fetchrow(_ONE, incident_id)
        if row is None:
            raise UnknownIncidentError(incident_id)
        return msgspec.convert(dict(row), Incident)

    async def cameras(self, incident_id: int, *, limit: int = 1000) -> list[IncidentCamera]:
        """Return an incident's cameras, those still concerned first, by device code."""
        rows = await self._pool.fetch(_CAMERAS, incident_id, limit)
        return [msgspec.convert(dict(row), IncidentCamera) for row in rows]

    async def steps(self, incident_id: int) -> list[IncidentStep]:
        """Return an incident's history, the oldest step first."""
        rows = await self._pool.fetch(_STEPS, incident_id)
        return [msgspec.convert(dict(row), IncidentStep) for row in rows]


async def assign(
    connection: Connection,
    incident_id: int,
    *,
    unit: str,
    role: str,
    actor: str,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Say which unit or role sees to an incident.

    Args:
        connection: in a transaction.
        incident_id: which.
        unit: the organisation that mends it; empty where a role does.
        role: of those here; empty where a unit does. Both empty: nobody.
        actor: who says so.
        now: when.
        revision: which the caller has read; None: any.

    Raises:
        UnknownIncidentError: there is none, or it is not the caller's to see.
        IncidentElsewhereError: it reaches beyond the caller's divisions.
        IncidentClosedError: it is closed.
        IncidentChangedError: it was changed since.
    """
    await _lock(connection, incident_id, revision)
    await connection.execute(
        "UPDATE incident SET assigned_unit = $2, assigned_role = $3, worked_at = $4,"
        " revision = revision + 1 WHERE incident_id = $1",
        incident_id,
        unit,
        role,
        now,
    )
    await add_step(connection, incident_id, Step.ASSIGNED, unit or role, at=now, actor=actor)


async def note(
    connection: Connection,
    incident_id: int,
    words: str,
    *,
    actor: str,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Write down what somebody found or did. Arguments and errors: as `assign`."""
    await _lock(connection, incident_id, revision)
    await connection.execute(
        "UPDATE incident SET worked_at = $2, revision = revision + 1 WHERE incident_id = $1",
        incident_id,
        now,
    )
    await add_step(connection, incident_id, Step.NOTE, words, at=now, actor=actor)


async def close(
    connection: Connection,
    incident_id: int,
    reason: str,
    *,
    actor: str,
    now: datetime,
    revision: int | None = None,
) -> None:
    """Close an incident though its cameras have not proved that they are well.

    Arguments and errors: as `assign`.
    """
    await _lock(connection, incident_id, revision)
    await connection.execute(
        "UPDATE incident SET state = 'closed', closed_at = $2, closed_by = $3, close_reason = $4,"
        " due_at = NULL, revision = revision + 1 WHERE incident_id = $1",
        incident_id,
        now,
        actor,
        reason,
    )
    await add_step(connection, incident_id, Step.CLOSED, reason, at=now, actor=actor)


async def _lock(connection: Connection, incident_id: int, revision: int | None) -> None:
    seen = await connection.fetchval(
        "SELECT true FROM incident WHERE incident_id = $1", incident_id
    )
    if seen is None:
        raise UnknownIncidentError(incident_id)
    row = await connection.fetchrow(
        "SELECT state, revision FROM incident WHERE incident_id = $1 FOR UPDATE", incident_id
    )
    if row is None:
        raise IncidentElsewhereError(incident_id)
    if revision is not None and row["revision"] != revision:
        raise IncidentChangedError(incident_id, row["revision"])
    if row["state"] == IncidentState.CLOSED:
        raise IncidentClosedError(incident_id)
