"""Storing what changed: status, history, event and incident in one transaction."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.event import EventType, NewEvent, RandomBits, Severity, new_event_id
from sharpeyes.events.payload import CameraStatusChanged
from sharpeyes.events.store import append
from sharpeyes.health.incident_raising import (
    camera_recovers,
    close_of_camera,
    is_work,
    open_of_camera,
    shares_an_incident,
)
from sharpeyes.health.incident_settings import IncidentSettings
from sharpeyes.health.status import Cause, Status, Transition
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.shards import ShardLease, require_lease
from sharpeyes.registry.store import IS_MEASURED

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_DEFAULT: Final = IncidentSettings()

_KNOWN: Final = """
SELECT status, cause, told FROM camera_status WHERE camera_id = $1 FOR UPDATE
"""

# Nothing of a camera that is not measured any more: it was taken out of service while it was asked,
# and whoever works on it is no outage.
_SET_STATUS: Final = f"""
INSERT INTO camera_status AS s
    (camera_id, status, cause, evidence, decided_by, since, began_at, told, epoch)
SELECT $1, $2, $3, $4, $5, $6, $7, $8, $9 FROM camera c WHERE camera_id = $1 AND {IS_MEASURED}
ON CONFLICT (camera_id) DO UPDATE SET
    status = excluded.status, cause = excluded.cause, evidence = excluded.evidence,
    decided_by = excluded.decided_by, since = excluded.since, began_at = excluded.began_at,
    told = excluded.told, epoch = excluded.epoch
RETURNING true
"""  # noqa: S608  # only constants are put together

_ADD_TRANSITION: Final = """
INSERT INTO camera_transition
    (camera_id, from_status, to_status, cause, evidence, decided_by, at, began_at, event_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
"""

# Whoever answers again is no longer concerned by what took many down.
_LEAVE_OTHERS: Final = """
UPDATE incident_camera m SET left_at = $2 FROM incident i
WHERE m.camera_id = $1 AND m.left_at IS NULL
  AND i.incident_id = m.incident_id AND i.kind <> 'camera'
"""

_EVENT_OF: Final = {
    Cause.CLOCK: EventType.CAMERA_CLOCK_FAULT,
    Cause.FROZEN: EventType.CAMERA_PICTURE_FAULT,
    Cause.PICTURE: EventType.CAMERA_PICTURE_FAULT,
    Cause.UNSTABLE: EventType.CAMERA_UNSTABLE,
}


async def record(
    connection: Connection,
    camera: Camera,
    transition: Transition,
    *,
    lease: ShardLease,
    worker_id: str,
    random: RandomBits,
    incidents: IncidentSettings = _DEFAULT,
) -> bool:
    """Store a transition: status, history, event and incident, all or none.

    What is stored decides from where the transition leads: a camera that did not answer may have
    been called offline meanwhile, and stays so while it does not answer for another reason.

    Args:
        connection: not in a transaction; from a pool that turns jsonb into Python values.
        camera: whose status changed.
        transition: what changed.
        lease: under which the camera was probed.
        worker_id: who holds the lease.
        random: for the event's identity.
        incidents: deadlines of those that are opened.

    Returns:
        False when nothing was stored: all of it was already, by a commit whose answer was lost; or
        the camera is not measured any more; or a camera that proved to be well had no incident.

    Raises:
        StaleLeaseError: somebody else looks after the camera now; nothing was changed.
    """
    async with connection.transaction():
        await require_lease(connection, lease, worker_id)
        if transition.from_status is Status.OK and transition.to_status is Status.OK:
            return await close_of_camera(
                connection, camera.camera_id, transition.evidence, transition.at
            )
        known = await connection.fetchrow(_KNOWN, camera.camera_id)
        before = Status(known["status"]) if known else Status.UNKNOWN
        to_status = transition.to_status
        if to_status is Status.UNREACHABLE and before is Status.OFFLINE:
            to_status = before
        if known and (to_status, transition.cause) == (before, known["cause"]):
            return False
        change = msgspec.structs.replace(transition, from_status=before, to_status=to_status)
        told = known["told"] if known else ""
        return await _store(
            connection,
            camera,
            change,
            told=told,
            epoch=lease.epoch,
            random=random,
            incidents=incidents,
        )


async def _store(
    connection: Connection,
    camera: Camera,
    change: Transition,
    *,
    told: str,
    epoch: int,
    random: RandomBits,
    incidents: IncidentSettings,
) -> bool:
    camera_id, at = camera.camera_id, change.at
    # One incident of many that comes and goes would else be an unstable camera for each.
    is_theirs = change.cause is Cause.UNSTABLE and await shares_an_incident(
        connection, camera_id, at, incidents
    )
    event = (
        None
        if is_theirs
        else status_event(camera_id, camera.device_code, change, told=told, random=random)
    )
    stored = await connection.fetchval(
        _SET_STATUS,
        camera_id,
        change.to_status,
        change.cause,
        change.evidence if change.cause else "",
        change.check or "",
        at,
        change.began_at,
        told if event is None else "" if change.to_status is Status.OK else change.to_status,
        epoch,
    )
    if not stored:
        return False
    if event:
        await append(connection, event)
    await add_transition(connection, camera_id, change, event)
    if change.from_status is Status.UNREACHABLE and not change.to_status.is_down:
        await connection.execute(_LEAVE_OTHERS, camera_id, at)
    if change.to_status is Status.OK:
        await camera_recovers(connection, camera_id, at)
    elif is_work(change.to_status) and not is_theirs:
        await open_of_camera(connection, camera_id, change, incidents)
    await notify_status(connection, camera_id)
    return True


async def add_transition(
    connection: Connection, camera_id: int, change: Transition, event: NewEvent | None
) -> None:
    """Write a transition into a camera's history."""
    await connection.execute(
        _ADD_TRANSITION,
        camera_id,
        change.from_status,
        change.to_status,
        change.cause,
        change.evidence,
        change.check or "",
        change.at,
        change.began_at,
        event.event_id if event else None,
    )


async def notify_status(connection: Connection, camera_id: int) -> None:
    """Tell the screens that a camera's status changed."""
    await connection.execute("SELECT pg_notify('sharpeyes', $1)", json.dumps({"status": camera_id}))


def status_event(
    camera_id: int, device_code: str, change: Transition, *, told: str, random: RandomBits
) -> NewEvent | None:
    """Return what the case system hears of a transition, if anything.

    Args:
        camera_id: whose it is.
        device_code: the same camera's.
        change: the transition, from what is stored.
        told: the status of which the case system heard last; empty: that it is well, or nothing.
        random: for the event's identity.
    """
    if change.to_status is Status.OK:
        if not told:
            return None
        event_type, severity = EventType.CAMERA_RESTORED, Severity.INFO
    elif not is_work(change.to_status) or change.to_status == told:
        return None
    elif change.to_status is Status.OFFLINE:
        event_type, severity = EventType.CAMERA_OFFLINE, Severity.WARNING
    else:
        event_type = _EVENT_OF.get(change.cause, EventType.CAMERA_DEGRADED)
        severity = Severity.WARNING
    return NewEvent(
        event_id=new_event_id(change.at, random),
        type=event_type,
        camera_id=camera_id,
        device_code=device_code,
        severity=severity,
        occurred_at=change.at,
        dedup_key=_dedup_key(camera_id, change.at),
        data=CameraStatusChanged(
            from_status=change.from_status.value,
            to_status=change.to_status.value,
            cause=change.cause,
            evidence=change.evidence,
        ),
    )


def _dedup_key(camera_id: int, at: datetime) -> str:
    return f"health:{camera_id}:{at.isoformat()}"
