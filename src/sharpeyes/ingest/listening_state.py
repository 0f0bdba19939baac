"""How it goes with listening to cameras, and who is to be heard: what anybody may read."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.registry.camera import BriefFile, PollMode

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_WANT: Final = """
INSERT INTO camera_listening (camera_id, wanted) VALUES ($1, $2)
ON CONFLICT (camera_id) DO UPDATE SET wanted = excluded.wanted
"""
_NOTIFY: Final = "SELECT pg_notify('sharpeyes', json_build_object('camera', $1::bigint)::text)"
_LIST: Final = """
SELECT c.device_code, l.wanted, l.state, l.evidence, l.since
FROM camera_listening AS l JOIN camera AS c USING (camera_id)
WHERE ($1::text IS NULL OR c.device_code = $1) AND ($2::text IS NULL OR l.state = $2)
    AND (l.wanted IS NOT NULL OR l.state IS NOT NULL)
ORDER BY c.device_code LIMIT $3
"""


def why_unheard(camera: BriefFile) -> str | None:
    """Return why a camera cannot be listened to, as the rest of a sentence; None: it can be.

    A recorder tells of all its inputs at once, and each maker names them differently: what it tells
    could not be filed under a camera.
    """
    if camera.poll_mode is PollMode.RECORDER:
        return "hangs on a recorder, which does not say of which of its inputs it tells"
    if camera.poll_mode is not PollMode.DIRECT:
        return f"is in poll mode {camera.poll_mode}: it may not be asked at any time"
    return "has no host on file" if camera.host is None else None


class ListeningState(StrEnum):
    """How it goes with listening to a camera."""

    LISTENING = "listening"
    AWAY = "away"
    """It does not answer; it is tried again and again, ever less often."""
    REFUSED = "refused"
    """It wants a password, or another one."""
    NO_ROOM = "no_room"
    """It has as many listeners as it can have; it is asked again after a long while."""
    UNFIT = "unfit"
    """It has no event service, or one that cannot be used."""
    OFF = "off"
    """It is not listened to."""


class CameraListening(msgspec.Struct, frozen=True, kw_only=True):
    """How it goes with one camera.

    Attributes:
        device_code: whose.
        wanted: whether an engineer wants it to be heard; None: the settings decide.
        state: how it goes; None while nobody has tried.
        evidence: why, in words.
        since: since when the state is that, UTC.
    """

    device_code: str
    wanted: bool | None
    state: ListeningState | None
    evidence: str
    since: datetime | None


async def want(connection: Connection, camera_id: int, wanted: bool | None) -> None:
    """Say whether a camera is to be heard; None: the settings decide. Its worker is told."""
    await connection.execute(_WANT, camera_id, wanted)
    await connection.execute(_NOTIFY, camera_id)


async def list_listening(
    pool: asyncpg.Pool,
    *,
    device_code: str | None = None,
    state: ListeningState | None = None,
    limit: int = 1000,
) -> list[CameraListening]:
    """Return how it goes with cameras that are listened to, or were, by device code.

    Args:
        pool: the database.
        device_code: this camera only.
        state: those in this state only.
        limit: so many at most.
    """
    rows = await pool.fetch(_LIST, device_code, state, limit)
    return [msgspec.convert(dict(row), CameraListening) for row in rows]
