"""Which worker judges common causes: a lease with an epoch, as for shards.

The database's clock is the only one that counts: workers need not agree on the time.
"""

from __future__ import annotations

from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.health.errors import StaleDeskError

Connection: TypeAlias = asyncpg.Connection | PoolConnectionProxy

_RENEW = """
UPDATE incident_desk SET expires_at = now() + make_interval(secs => $2) WHERE worker_id = $1
RETURNING epoch
"""

# FOR UPDATE, and not the weaker lock of a plain UPDATE, because `require_desk` must keep it out.
_TAKE = """
UPDATE incident_desk
SET worker_id = $1, epoch = epoch + 1, expires_at = now() + make_interval(secs => $2)
WHERE singleton IN (
    SELECT singleton FROM incident_desk WHERE worker_id IS NULL OR expires_at < now()
    FOR UPDATE SKIP LOCKED
)
RETURNING epoch
"""


async def hold_desk(pool: asyncpg.Pool, worker_id: str, ttl_s: float) -> int | None:
    """Take the desk if it is free, or keep it.

    Returns:
        The epoch under which to write; None: somebody else has it.
    """
    epoch: int | None = await pool.fetchval(_RENEW, worker_id, ttl_s)
    if epoch is None:
        epoch = await pool.fetchval(_TAKE, worker_id, ttl_s)
    return epoch


async def leave_desk(pool: asyncpg.Pool, worker_id: str) -> None:
    """Give the desk back, so that others need not wait."""
    await pool.execute(
        "UPDATE incident_desk SET worker_id = NULL, expires_at = NULL WHERE worker_id = $1",
        worker_id,
    )


async def require_desk(connection: Connection, worker_id: str, epoch: int) -> None:
    """See to it that the desk is held until the caller's transaction ends.

    Raises:
        StaleDeskError: somebody else has it; nothing may be written.
    """
    held = await connection.fetchval(
        "SELECT 1 FROM incident_desk WHERE worker_id = $1 AND epoch = $2 FOR KEY SHARE",
        worker_id,
        epoch,
    )
    if not held:
        raise StaleDeskError(worker_id, epoch)
