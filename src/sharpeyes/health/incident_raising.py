"""Incidents of one camera each: opened, changed and closed with the camera's transitions."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import Final, TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.deadline_light import Light
from sharpeyes.health.incident import IncidentKind, IncidentState, Step, deadline, next_due
from sharpeyes.health.incident_settings import IncidentSettings
from sharpeyes.health.status import Status, Transition
from sharpeyes.health.suspects import GROUPS

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_LATEST: Final = """
SELECT incident_id, state, cause, evidence, opened_at FROM incident
WHERE kind = 'camera' AND group_key = $1::bigint::text
  AND (state <> 'closed' OR closed_at >= $2)
ORDER BY state = 'closed', closed_at DESC LIMIT 1 FOR UPDATE
"""

# The unit that mends it is the first to see to it, where the camera's file names one.
_OPEN: Final = """
INSERT INTO incident (kind, group_key, title, cause, evidence, decided_by, began_at, opened_at,
                      division_code, division_path, assigned_unit, deadline_at, due_at,
                      event_camera_id)
SELECT 'camera', camera_id, name, $2, $3, $4, $5, $6, division_code, division_path,
       COALESCE(maintenance_unit, managing_unit, ''), $7, $8, camera_id
FROM camera WHERE camera_id = $1
RETURNING incident_id
"""

_JOIN: Final = """
INSERT INTO incident_camera (incident_id, camera_id, joined_at) VALUES ($1, $2, $3)
ON CONFLICT (incident_id, camera_id) DO UPDATE SET left_at = NULL
"""

_REOPEN: Final = """
UPDATE incident SET state = 'open', cause = $2, evidence = $3, decided_by = $4, began_at = $5,
    opened_at = $6, deadline_at = $7, due_at = $8, recovering_at = NULL, closed_at = NULL,
    closed_by = '', close_reason = '', light = '', worked_at = NULL, reminded_at = NULL,
    times_opened = times_opened + 1, revision = revision + 1
WHERE incident_id = $1
"""

_CHANGE: Final = """
UPDATE incident SET state = 'open', recovering_at = NULL, cause = $2, evidence = $3,
    decided_by = $4, revision = revision + 1
WHERE incident_id = $1
"""

_RECOVERING: Final = """
UPDATE incident SET state = 'recovering', recovering_at = $2, revision = revision + 1
WHERE kind = 'camera' AND group_key = $1::bigint::text AND state = 'open'
RETURNING incident_id
"""

_CLOSE: Final = """
UPDATE incident SET state = 'closed', closed_at = $2, close_reason = $3, due_at = NULL,
    revision = revision + 1
WHERE kind = 'camera' AND group_key = $1::bigint::text AND state = 'recovering'
RETURNING incident_id
"""

_SHARED: Final = f"""
WITH own AS (
    SELECT {GROUPS} FROM camera c LEFT JOIN shard_lease l USING (shard) WHERE c.camera_id = $1
)
SELECT i.incident_id FROM incident i, own
WHERE i.kind <> 'camera' AND (i.state <> 'closed' OR i.closed_at >= $2) AND (
    (i.kind, i.group_key) IN (
        ('recorder', own.host), ('subnet', own.subnet), ('network', own.network_name),
        ('district', own.district), ('poller', own.machine))
    OR EXISTS (SELECT FROM incident_camera m
               WHERE m.incident_id = i.incident_id AND m.camera_id = $1))
ORDER BY i.state = 'closed', i.incident_id DESC LIMIT 1
"""  # noqa: S608  # only constants are put together

_TOUCH: Final = """
INSERT INTO incident_camera (incident_id, camera_id, joined_at, left_at) VALUES ($1, $2, $3, $3)
ON CONFLICT DO NOTHING RETURNING true
"""

_STEP: Final = """
INSERT INTO incident_step (incident_id, at, actor, step, words) VALUES ($1, $2, $3, $4, $5)
"""


async def add_step(
    connection: Connection,
    incident_id: int,
    step: Step,
    words: str,
    *,
    at: datetime,
    actor: str = "",
) -> None:
    """Write a step into an incident's history.

    Args:
        connection: in the transaction that changes the incident.
        incident_id: whose history.
        step: what was done.
        words: what there is to say of it.
        at: when.
        actor: who did it; empty: the service.
    """
    await connection.execute(_STEP, incident_id, at, actor, step, words)
    # Told once a transaction, however many steps it has.
    notice = json.dumps({"incident": incident_id})
    await connection.execute("SELECT pg_notify('sharpeyes', $1)", notice)


async def open_of_camera(
    connection: Connection, camera_id: int, transition: Transition, settings: IncidentSettings
) -> int:
    """Open the incident of a camera that is unwell; or go on with the one that it has.

    Its old one is opened again if it was closed not long ago.

    Args:
        connection: in the transaction that stores the transition; the camera's status is locked.
        camera_id: which camera.
        transition: to degraded or offline.
        settings: deadlines.

    Returns:
        The incident.
    """
    at = transition.at
    said = (transition.cause, transition.evidence, transition.check or "")
    since = at - timedelta(seconds=settings.reopen_within_s)
    known = await connection.fetchrow(_LATEST, camera_id, since)
    if known is not None and known["state"] != IncidentState.CLOSED:
        incident_id: int = known["incident_id"]
        await connection.execute(_CHANGE, incident_id, *said)
        if known["state"] == IncidentState.RECOVERING:
            await add_step(connection, incident_id, Step.RELAPSED, transition.evidence, at=at)
        elif known["cause"] != transition.cause:
            words = f"{known['cause']} is now {transition.cause}: {transition.evidence}"
            await add_step(connection, incident_id, Step.CAUSE, words, at=at)
        return incident_id
    until = deadline(IncidentKind.CAMERA, transition.to_status, at, settings)
    moments = (
        transition.began_at or at,
        at,
        until,
        next_due(at, until, Light.NONE, at, settings),
    )
    if known is not None:
        incident_id = known["incident_id"]
        await connection.execute(_REOPEN, incident_id, *said, *moments)
        # The camera may have been moved while it was closed.
        await connection.execute("SELECT place_incidents(ARRAY[$1::bigint])", incident_id)
        step = Step.REOPENED
    else:
        began_at, opened_at, deadline_at, due_at = moments
        incident_id = await connection.fetchval(
            _OPEN, camera_id, *said, began_at, opened_at, deadline_at, due_at
        )
        step = Step.OPENED
    await connection.execute(_JOIN, incident_id, camera_id, at)
    await add_step(connection, incident_id, step, transition.evidence, at=at)
    return incident_id


async def camera_recovers(connection: Connection, camera_id: int, at: datetime) -> None:
    """Note that a camera with an incident looks well."""
    incident_id = await connection.fetchval(_RECOVERING, camera_id, at)
    if incident_id is not None:
        await add_step(connection, incident_id, Step.RECOVERING, "", at=at)


async def close_of_camera(
    connection: Connection, camera_id: int, reason: str, at: datetime
) -> bool:
    """Close the incident of a camera that has proved that it is well; False: it has none."""
    incident_id = await connection.fetchval(_CLOSE, camera_id, at, reason)
    if incident_id is None:
        return False
    await connection.execute(
        "UPDATE incident_camera SET left_at = $2 WHERE incident_id = $1 AND left_at IS NULL",
        incident_id,
        at,
    )
    await add_step(connection, incident_id, Step.CLOSED, reason, at=at)
    return True


async def shares_an_incident(
    connection: Connection, camera_id: int, at: datetime, settings: IncidentSettings
) -> bool:
    """Tell whether a camera has, or had not long ago, a part in what struck many.

    Something that many hang on and that comes and goes strikes them at different moments of their
    rounds: who was not found away while its incident was opened has a part in it, too, and is
    counted with it from now on.
    """
    since = at - timedelta(seconds=settings.reopen_within_s)
    incident_id = await connection.fetchval(_SHARED, camera_id, since)
    if incident_id is None:
        return False
    if await connection.fetchval(_TOUCH, incident_id, camera_id, at):
        await connection.execute(
            "UPDATE incident SET cameras = cameras + 1, revision = revision + 1"
            " WHERE incident_id = $1",
            incident_id,
        )
    return True


def is_work(status: Status) -> bool:
    """Tell whether somebody has to do something about a camera of this status, by itself."""
    return status in {Status.DEGRADED, Status.OFFLINE}
