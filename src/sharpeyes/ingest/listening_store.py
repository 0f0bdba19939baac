"""What is kept of listening to cameras: who is to be heard, how it goes, and what is in alarm."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Final, TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.event import NewEvent
from sharpeyes.events.store import append
from sharpeyes.ingest.alarm_book import OpenAlarm
from sharpeyes.ingest.listening_state import ListeningState
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.shards import ShardLease, require_lease

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_KNOWN: Final = """
SELECT camera_id, wanted, open_alarms FROM camera_listening WHERE camera_id = ANY($1::bigint[])
"""
_SAY: Final = """
INSERT INTO camera_listening AS kept (camera_id, state, evidence, since)
SELECT camera_id, $2, $3, $4 FROM camera WHERE camera_id = $1
ON CONFLICT (camera_id) DO UPDATE SET state = excluded.state, evidence = excluded.evidence,
    since = CASE WHEN kept.state = excluded.state THEN kept.since ELSE excluded.since END
"""
_OPEN: Final = """
INSERT INTO camera_listening (camera_id, open_alarms) VALUES ($1, $2)
ON CONFLICT (camera_id) DO UPDATE SET open_alarms = excluded.open_alarms
"""


class KnownListening(msgspec.Struct, frozen=True):
    """What a worker goes on from.

    Attributes:
        wanted: whether an engineer wants the camera to be heard; None: the settings decide.
        open_alarms: what was told as begun.
    """

    wanted: bool | None = None
    open_alarms: tuple[OpenAlarm, ...] = ()


async def read_known(pool: asyncpg.Pool, camera_ids: Sequence[int]) -> dict[int, KnownListening]:
    """Return what is known of cameras, by id; nothing of most."""
    rows = await pool.fetch(_KNOWN, camera_ids)
    return {
        row["camera_id"]: msgspec.convert(
            {"wanted": row["wanted"], "open_alarms": row["open_alarms"]}, KnownListening
        )
        for row in rows
    }


async def store_alarms(
    connection: Connection,
    camera: Camera,
    events: Sequence[NewEvent],
    open_alarms: Iterable[OpenAlarm],
    *,
    lease: ShardLease,
    worker_id: str,
) -> None:
    """Store what a camera told together with what is in alarm after it, all or none.

    Args:
        connection: not in a transaction; from a pool that turns jsonb into Python values.
        camera: whose.
        events: that are new; those that are known change nothing.
        open_alarms: what was told as begun.
        lease: under which the camera is listened to.
        worker_id: who holds the lease.

    Raises:
        StaleLeaseError: somebody else looks after the camera now; nothing was changed.
    """
    async with connection.transaction():
        await require_lease(connection, lease, worker_id)
        for event in events:
            await append(connection, event)
        await connection.execute(_OPEN, camera.camera_id, msgspec.to_builtins(tuple(open_alarms)))


async def store_state(
    connection: Connection,
    camera: Camera,
    state: ListeningState,
    evidence: str,
    *,
    lease: ShardLease,
    worker_id: str,
    now: datetime,
) -> None:
    """Store how it goes with listening to a camera.

    Raises:
        StaleLeaseError: somebody else looks after the camera now; nothing was changed.
    """
    async with connection.transaction():
        await require_lease(connection, lease, worker_id)
        await connection.execute(_SAY, camera.camera_id, state, evidence, now)
