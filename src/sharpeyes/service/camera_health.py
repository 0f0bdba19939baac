"""How one camera is, with all that somebody needs who has to act on it."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

import asyncpg
import msgspec

from sharpeyes.health.incident import Incident
from sharpeyes.health.incident_store import IncidentFilter, IncidentStore
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Cause, Check, Transition
from sharpeyes.health.store import StatusStore, StoredStatus
from sharpeyes.health.timeline_store import CameraTimeline, read_timeline
from sharpeyes.health.timers import interval_s
from sharpeyes.registry.camera import FiledCamera
from sharpeyes.service.api.camera_finding import StatusWord
from sharpeyes.service.api.camera_screen import camera_view

_TIMELINE: Final = timedelta(days=30)
_INCIDENTS: Final = 5
_ASKED_BY: Final = (
    "SELECT worker_id, expires_at FROM shard_lease WHERE shard = $1 AND expires_at > $2"
)


class Asking(msgspec.Struct, frozen=True, kw_only=True):
    """Who asks a camera.

    Attributes:
        worker_id: the process; None where none does.
        until: when its lease ends unless it renews it, UTC.
    """

    worker_id: str | None
    until: datetime | None


class CameraHealth(msgspec.Struct, frozen=True, kw_only=True):
    """How one camera is, with what an operator needs to act.

    Attributes:
        camera: what is on file.
        status: its status, or `not_measured`.
        stored: what is known of it; None before it was first judged.
        asked_by: who asks it.
        intervals_s: by check, how often it is made.
        failures_to_fault: how many results in a row make a fault.
        timeline: of the last 30 days.
        transitions: the latest changes, newest first.
        incidents: those that are not closed and touched it, newest first.
    """

    camera: FiledCamera
    status: StatusWord
    stored: StoredStatus | None
    asked_by: Asking
    intervals_s: dict[Check, float]
    failures_to_fault: int
    timeline: CameraTimeline
    transitions: list[Transition]
    incidents: list[Incident]

    @property
    def cause(self) -> Cause:
        """What is wrong now."""
        known = self.stored is not None and self.status == self.stored.status
        return self.stored.cause if known and self.stored is not None else Cause.NONE


async def read_camera_health(
    pool: asyncpg.Pool,
    camera: FiledCamera,
    now: datetime,
    settings: HealthSettings,
    *,
    last: int,
) -> CameraHealth:
    """Read how a camera is.

    Args:
        pool: the database.
        camera: whose health it is.
        now: the present, UTC.
        settings: how often it is asked.
        last: how many of its latest changes are read.
    """
    view = await camera_view(pool, camera.device_code)
    assert view is not None
    statuses = StatusStore(pool)
    asking = await pool.fetchrow(_ASKED_BY, view.shard, now)
    wanted = IncidentFilter(state="unclosed", device_code=camera.device_code)
    return CameraHealth(
        camera=camera,
        status=view.status,
        stored=await statuses.get(camera.camera_id),
        asked_by=Asking(
            worker_id=asking["worker_id"] if asking else None,
            until=asking["expires_at"] if asking else None,
        ),
        intervals_s={check: interval_s(check, settings) for check in Check},
        failures_to_fault=settings.failures_to_fault,
        timeline=await read_timeline(pool, camera.camera_id, now - _TIMELINE, now),
        transitions=await statuses.transitions(camera.camera_id, limit=last),
        incidents=await IncidentStore(pool).page(wanted, limit=_INCIDENTS),
    )
