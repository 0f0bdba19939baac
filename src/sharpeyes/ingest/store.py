"""What ingest keeps: events, and what detectors must not forget."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import TypeAlias

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.event import NewEvent
from sharpeyes.events.store import append
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.shards import ShardLease, require_lease

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_SAVE = """
INSERT INTO detector_state AS s (camera_id, state, saved_at, epoch) VALUES ($1, $2, $3, $4)
ON CONFLICT (camera_id) DO UPDATE SET
    state = excluded.state, saved_at = excluded.saved_at, epoch = excluded.epoch
"""


async def record(
    connection: Connection,
    camera: Camera,
    events: Sequence[NewEvent],
    state: bytes,
    *,
    lease: ShardLease,
    worker_id: str,
    now: datetime,
) -> int:
    """Store what a detector told together with what it knew then, all or none.

    A restarted detector goes on from that state, so it neither repeats nor forgets an event.

    Args:
        connection: not in a transaction; from a pool that turns jsonb into Python values.
        camera: whose detector it is, as of the revision that it was sampled by. Once that is
            outdated events are stored without their pictures: a privacy zone may have come.
        events: what it told; may be none.
        state: what it knew after telling.
        lease: under which the camera was sampled.
        worker_id: who holds the lease.
        now: the time, UTC.

    Returns:
        How many of the events were not known yet.

    Raises:
        StaleLeaseError: somebody else looks after the camera now; nothing was changed.
    """
    async with connection.transaction():
        await require_lease(connection, lease, worker_id)
        if any(event.evidence for event in events) and not await _is_current(connection, camera):
            events = [msgspec.structs.replace(event, evidence=None) for event in events]
        stored = [await append(connection, event) for event in events]
        await connection.execute(_SAVE, camera.camera_id, state, now, lease.epoch)
    return sum(event is not None for event in stored)


async def load_state(pool: asyncpg.Pool, camera_id: int) -> bytes | None:
    """Return what the camera's last detector knew, or None."""
    state: bytes | None = await pool.fetchval(
        "SELECT state FROM detector_state WHERE camera_id = $1", camera_id
    )
    return state


async def save_states(
    connection: Connection,
    states: Sequence[tuple[int, bytes]],
    *,
    lease: ShardLease,
    worker_id: str,
    now: datetime,
) -> None:
    """Save what detectors of one shard know.

    Args:
        connection: not in a transaction.
        states: camera id and state.
        lease: of their shard.
        worker_id: who holds the lease.
        now: the time, UTC.

    Raises:
        StaleLeaseError: somebody else looks after the shard now; nothing was changed.
    """
    async with connection.transaction():
        await require_lease(connection, lease, worker_id)
        await connection.executemany(
            _SAVE, [(camera_id, state, now, lease.epoch) for camera_id, state in states]
        )


async def _is_current(connection: Connection, camera: Camera) -> bool:
    revision: int | None = await connection.fetchval(
        "SELECT revision FROM camera WHERE camera_id = $1", camera.camera_id
    )
    return revision == camera.revision
