"""Saying of a camera that does not answer that it is its own fault."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.event import RandomBits
from sharpeyes.events.store import append
from sharpeyes.health.incident_raising import open_of_camera
from sharpeyes.health.incident_settings import IncidentSettings
from sharpeyes.health.recording import add_transition, notify_status, status_event
from sharpeyes.health.status import Cause, Check, Status, Transition

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_AWAY: Final = """
SELECT s.cause, s.evidence, s.decided_by, s.began_at, s.told, c.device_code
FROM camera_status s JOIN camera c USING (camera_id)
WHERE s.camera_id = $1 AND s.status = 'unreachable' FOR UPDATE OF s
"""


async def call_offline(
    connection: Connection,
    camera_id: int,
    *,
    now: datetime,
    settings: IncidentSettings,
    random: RandomBits,
) -> bool:
    """Say of a camera that does not answer that it is its own fault: event and incident.

    Args:
        connection: in a transaction that holds the desk.
        camera_id: which.
        now: the present, UTC.
        settings: deadlines.
        random: for the event's identity.

    Returns:
        False when it has answered meanwhile.
    """
    row = await connection.fetchrow(_AWAY, camera_id)
    if row is None:
        return False
    await connection.execute(
        "UPDATE camera_status SET status = 'offline', since = $2, told = 'offline'"
        " WHERE camera_id = $1",
        camera_id,
        now,
    )
    change = Transition(
        from_status=Status.UNREACHABLE,
        to_status=Status.OFFLINE,
        check=Check(row["decided_by"]) if row["decided_by"] else None,
        cause=Cause(row["cause"]),
        evidence=row["evidence"],
        at=now,
        began_at=row["began_at"],
    )
    event = status_event(camera_id, row["device_code"], change, told=row["told"], random=random)
    if event:
        await append(connection, event)
    await add_transition(connection, camera_id, change, event)
    await open_of_camera(connection, camera_id, change, settings)
    await notify_status(connection, camera_id)
    return True
