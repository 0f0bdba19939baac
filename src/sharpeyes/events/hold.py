"""Legal holds: events that must not be deleted, however old they are."""

from datetime import datetime

import asyncpg
import msgspec

from sharpeyes.events.errors import EventsError
from sharpeyes.events.store import Connection


class HoldError(EventsError):
    """A hold cannot be placed or released."""


class LegalHold(msgspec.Struct, frozen=True, kw_only=True):
    """A legal hold.

    Attributes:
        hold_id: Its number.
        device_code: Of which camera.
        event_id: Of which event; null: of all that occurred at the camera in the time.
        since: From when; null where it is one event's.
        until: Until when.
        reason: Why: the file number of whoever asked for it.
        placed_by: Who placed it.
        placed_at: When.
        expires_at: When it ends by itself.
        released_by: Who released it; null: nobody.
        released_at: When.
    """

    hold_id: int
    device_code: str
    event_id: str | None
    since: datetime | None
    until: datetime | None
    reason: str
    placed_by: str
    placed_at: datetime
    expires_at: datetime
    released_by: str | None
    released_at: datetime | None


_HOLDS = """
SELECT h.*, c.device_code FROM legal_hold h JOIN camera c USING (camera_id)
WHERE $1 OR (h.released_at IS NULL AND h.expires_at > now()) ORDER BY h.hold_id DESC
"""
_ONE = (
    "SELECT h.*, c.device_code FROM legal_hold h JOIN camera c USING (camera_id) WHERE hold_id = $1"
)
_HOLD_EVENT = """
INSERT INTO legal_hold (camera_id, event_id, reason, placed_by, expires_at)
SELECT camera_id, event_id, $2, $3, $4 FROM event WHERE event_id = $1 RETURNING hold_id
"""
_HOLD_CAMERA = """
INSERT INTO legal_hold (camera_id, since, until, reason, placed_by, expires_at)
SELECT camera_id, $2, $3, $4, $5, $6 FROM camera WHERE device_code = $1 RETURNING hold_id
"""
_RELEASE = """
UPDATE legal_hold SET released_by = $2, released_at = now()
WHERE hold_id = $1 AND released_at IS NULL RETURNING hold_id
"""


async def hold_event(
    connection: Connection, event_id: str, *, reason: str, by: str, expires_at: datetime
) -> LegalHold:
    """Place a hold on one event, which is written down by whoever calls.

    Raises:
        HoldError: There is no such event.
    """
    hold_id = await connection.fetchval(_HOLD_EVENT, event_id, reason, by, expires_at)
    if hold_id is None:
        raise HoldError(f"no event {event_id[:64]!r}")
    return await _one(connection, hold_id)


async def hold_camera(  # what a hold is made of
    connection: Connection,
    device_code: str,
    since: datetime,
    until: datetime,
    *,
    reason: str,
    by: str,
    expires_at: datetime,
) -> LegalHold:
    """Place a hold on all that occurred at a camera from `since` until before `until`.

    Raises:
        HoldError: There is no such camera, or the time is none.
    """
    if since >= until:
        raise HoldError("the time of a hold must end after it begins")
    hold_id = await connection.fetchval(
        _HOLD_CAMERA, device_code, since, until, reason, by, expires_at
    )
    if hold_id is None:
        raise HoldError(f"no camera {device_code[:64]!r}")
    return await _one(connection, hold_id)


async def release_hold(connection: Connection, hold_id: int, by: str) -> LegalHold:
    """Release a hold; what is due is deleted by the next run.

    Raises:
        HoldError: There is no such hold, or it was released before.
    """
    if await connection.fetchval(_RELEASE, hold_id, by) is None:
        raise HoldError(f"no hold {hold_id} is in force")
    return await _one(connection, hold_id)


async def holds(pool: asyncpg.Pool, *, ended: bool = False) -> list[LegalHold]:
    """Return the holds in force, the latest first; with `ended` also those that are over."""
    return [_hold(row) for row in await pool.fetch(_HOLDS, ended)]


async def _one(connection: Connection, hold_id: int) -> LegalHold:
    return _hold(await connection.fetchrow(_ONE, hold_id))


def _hold(row: asyncpg.Record | None) -> LegalHold:
    return msgspec.convert(dict(row or {}), LegalHold)
