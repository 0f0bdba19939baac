"""Closing an incident of many cameras, and the events of its beginning and its end."""

from __future__ import annotations

from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.event import RandomBits
from sharpeyes.events.payload import CommonKind, IncidentChanged
from sharpeyes.events.store import append
from sharpeyes.health.blaming import call_offline
from sharpeyes.health.common_incidents import CommonIncident, common_event
from sharpeyes.health.incident import Step
from sharpeyes.health.incident_raising import add_step
from sharpeyes.health.incident_settings import IncidentSettings

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_LEFT: Final = """
SELECT s.camera_id FROM camera_status s JOIN incident_camera m USING (camera_id)
WHERE m.incident_id = $1 AND m.left_at IS NULL ORDER BY s.camera_id FOR UPDATE OF s
"""


async def close_common(
    connection: Connection,
    incident: CommonIncident,
    *,
    now: datetime,
    settings: IncidentSettings,
    random: RandomBits,
) -> list[int]:
    """Close an incident of many: what is still away is told of by itself.

    Returns:
        The cameras that stayed down.
    """
    # Their statuses are locked first, in the order of those who open incidents.
    rows = await connection.fetch(_LEFT, incident.incident_id)
    left = [row["camera_id"] for row in rows]
    told = [
        camera_id
        for camera_id in left
        if await call_offline(connection, camera_id, now=now, settings=settings, random=random)
    ]
    await connection.execute(
        "UPDATE incident_camera SET left_at = $2 WHERE incident_id = $1 AND left_at IS NULL",
        incident.incident_id,
        now,
    )
    back = incident.cameras - len(told)
    words = f"{back} of {incident.cameras} cameras are back"
    if told:
        words += f"; {len(told)} stayed down and have incidents of their own"
    await connection.execute(
        "UPDATE incident SET state = 'closed', closed_at = $2, close_reason = $3, due_at = NULL,"
        " revision = revision + 1 WHERE incident_id = $1",
        incident.incident_id,
        now,
        words,
    )
    await add_step(connection, incident.incident_id, Step.CLOSED, words, at=now)
    code = await connection.fetchval(
        "SELECT device_code FROM camera WHERE camera_id = $1", incident.event_camera_id
    )
    if incident.event_camera_id is not None and code is not None:
        event = IncidentChanged(
            incident_id=incident.incident_id,
            phase="closed",
            kind=msgspec.convert(incident.kind.value, CommonKind),
            title=incident.title[:200],
            cause=incident.cause,
            evidence=words,
            cameras=max(incident.cameras, 1),
            began_at=incident.began_at,
            told_singly=len(told),
        )
        await append(
            connection,
            common_event(incident.event_camera_id, code, event, now=now, random=random),
        )
    return told
