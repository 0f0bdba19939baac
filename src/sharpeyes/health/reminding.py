"""Lights and reminders of incidents: each raised once, when it is due."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.deadline_light import Light, light_at
from sharpeyes.health.incident import IncidentKind, Step, is_reminder_due, next_due
from sharpeyes.health.incident_raising import add_step
from sharpeyes.health.incident_settings import IncidentSettings
from sharpeyes.registry.store import IS_MEASURED

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_MEASURED_AGAIN: Final = timedelta(minutes=10)

_DUE: Final = f"""
SELECT i.incident_id, i.kind, i.opened_at, i.deadline_at, i.light, i.worked_at, i.reminded_at,
       COALESCE({IS_MEASURED}, false) AS is_measured, COALESCE(c.life, 'removed') AS life
FROM incident i LEFT JOIN camera c
    ON i.kind = 'camera' AND c.camera_id = i.event_camera_id
WHERE i.state <> 'closed' AND i.due_at <= $1
ORDER BY i.due_at LIMIT $2 FOR UPDATE OF i SKIP LOCKED
"""  # noqa: S608  # only constants are put together


async def raise_due(
    connection: Connection, now: datetime, settings: IncidentSettings, *, limit: int = 200
) -> int:
    """Raise the lights and reminders that are due.

    An incident of a camera that is being seen to raises nothing until the maintenance is over; one
    of a camera that was removed is closed.

    Args:
        connection: in a transaction that holds the desk.
        now: the present, UTC.
        settings: when they are due.
        limit: incidents at most.

    Returns:
        How many incidents were looked at; where as many as `limit`, more may be due.
    """
    rows = await connection.fetch(_DUE, now, limit)
    for row in rows:
        if row["kind"] == IncidentKind.CAMERA and not row["is_measured"]:
            await _put_aside(connection, row, now)
        else:
            await _raise(connection, row, now, settings)
    return len(rows)


async def _put_aside(connection: Connection, row: asyncpg.Record, now: datetime) -> None:
    incident_id: int = row["incident_id"]
    if row["life"] != "removed":
        await connection.execute(
            "UPDATE incident SET due_at = $2 WHERE incident_id = $1",
            incident_id,
            now + _MEASURED_AGAIN,
        )
        return
    reason = "the camera was removed"
    await connection.execute(
        "UPDATE incident SET state = 'closed', closed_at = $2, close_reason = $3, due_at = NULL,"
        " revision = revision + 1 WHERE incident_id = $1",
        incident_id,
        now,
        reason,
    )
    await add_step(connection, incident_id, Step.CLOSED, reason, at=now)


async def _raise(
    connection: Connection, row: asyncpg.Record, now: datetime, settings: IncidentSettings
) -> None:
    incident_id: int = row["incident_id"]
    opened_at, deadline_at = row["opened_at"], row["deadline_at"]
    light = light_at(opened_at, deadline_at, now, settings)
    if light != row["light"]:
        words = f"{light}: to be mended by {deadline_at:%Y-%m-%d %H:%M:%S} UTC"
        await add_step(connection, incident_id, Step.LIGHT, words, at=now)
    moments = (opened_at, row["worked_at"], row["reminded_at"])
    seen_at = max(moment for moment in moments if moment is not None)
    reminded_at = row["reminded_at"]
    if is_reminder_due(seen_at, now, settings):
        words = f"nobody has worked on it since {seen_at:%Y-%m-%d %H:%M:%S} UTC"
        await add_step(connection, incident_id, Step.REMINDER, words, at=now)
        reminded_at = seen_at = now
    await connection.execute(
        "UPDATE incident SET light = $2, reminded_at = $3, due_at = $4, revision = revision + 1"
        " WHERE incident_id = $1",
        incident_id,
        light,
        reminded_at,
        next_due(opened_at, deadline_at, Light(light), seen_at, settings),
    )
