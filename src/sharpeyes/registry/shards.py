"""Which worker looks after which cameras: shards, held by leases with an epoch.

The database's clock is the only one that counts: workers need not agree on the time.
"""

from __future__ import annotations

from dataclasses import dataclass

import asyncpg

from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.errors import StaleLeaseError

SHARD_COUNT = 1024


@dataclass(frozen=True, slots=True)
class ShardLease:
    """The right to act for a shard's cameras.

    Attributes:
        shard: 0-1023.
        epoch: Rises each time that the shard changes hands.
    """

    shard: int
    epoch: int


class ShardLeases:
    """One worker's leases.

    Args:
        pool: The database.
        worker_id: Unique to this run of the worker: a restarted one is another.
        ttl_s: Seconds after which others may take what was not renewed. Renew at least three
            times as often. Who cannot renew because the database is away may go on: nobody can
            take over without it either, and every write asks for the lease.
    """

    def __init__(self, pool: asyncpg.Pool, worker_id: str, ttl_s: float) -> None:
        self._pool = pool
        self._worker_id = worker_id
        self._ttl_s = ttl_s

    async def renew(self) -> frozenset[ShardLease]:
        """Stay alive, take a fair share of the shards, and give back what is more.

        Workers that start or vanish are noticed at the next renewal of the others: after two of
        them everybody has a fair share of what is free.

        Returns:
            All leases that this worker now holds. Stop work for every other shard.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            share = await self._fair_share(connection)
            await connection.execute(
                "UPDATE shard_lease SET expires_at = now() + make_interval(secs => $2)"
                " WHERE worker_id = $1",
                self._worker_id,
                self._ttl_s,
            )
            held = await self._held(connection)
            if len(held) > share:
                await self._give_back(connection, len(held) - share)
            elif len(held) < share:
                await self._take(connection, share - len(held))
            else:
                return held
            return await self._held(connection)

    async def release_all(self) -> None:
        """Give everything back at once, so that others need not wait for the leases to end."""
        async with self._pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "UPDATE shard_lease SET worker_id = NULL, expires_at = NULL WHERE worker_id = $1",
                self._worker_id,
            )
            await connection.execute("DELETE FROM worker WHERE worker_id = $1", self._worker_id)

    async def _fair_share(self, connection: Connection) -> int:
        """Say that we live, and return how many shards are ours by right.

        The shares of all workers add up to all shards.
        """
        await connection.execute(
            """
            INSERT INTO worker (worker_id, expires_at)
            VALUES ($1, now() + make_interval(secs => $2))
            ON CONFLICT (worker_id) DO UPDATE SET expires_at = excluded.expires_at
            """,
            self._worker_id,
            self._ttl_s,
        )
        await connection.execute(
            """
            DELETE FROM worker WHERE worker_id IN (
                SELECT worker_id FROM worker WHERE expires_at < now() FOR UPDATE SKIP LOCKED
            )
            """
        )
        rows = await connection.fetch(
            "SELECT worker_id FROM worker WHERE expires_at >= now() ORDER BY worker_id"
        )
        rank = [row["worker_id"] for row in rows].index(self._worker_id)
        share, over = divmod(SHARD_COUNT, len(rows))
        return share + (rank < over)

    async def _take(self, connection: Connection, count: int) -> None:
        # FOR UPDATE, and not the weaker lock of a plain UPDATE, because `require_lease` must keep
        # it out: a shard whose old holder is about to commit is passed over until next time.
        await connection.execute(
            """
            UPDATE shard_lease
            SET worker_id = $1, epoch = epoch + 1, expires_at = now() + make_interval(secs => $2)
            WHERE shard IN (
                SELECT shard FROM shard_lease
                WHERE worker_id IS NULL OR expires_at < now()
                ORDER BY shard LIMIT $3
                FOR UPDATE SKIP LOCKED
            )
            """,
            self._worker_id,
            self._ttl_s,
            count,
        )

    async def _give_back(self, connection: Connection, count: int) -> None:
        await connection.execute(
            """
            UPDATE shard_lease SET worker_id = NULL, expires_at = NULL
            WHERE shard IN (
                SELECT shard FROM shard_lease WHERE worker_id = $1
                ORDER BY shard DESC LIMIT $2
                FOR UPDATE SKIP LOCKED
            )
            """,
            self._worker_id,
            count,
        )

    async def _held(self, connection: Connection) -> frozenset[ShardLease]:
        rows = await connection.fetch(
            "SELECT shard, epoch FROM shard_lease WHERE worker_id = $1", self._worker_id
        )
        return frozenset(ShardLease(row["shard"], row["epoch"]) for row in rows)


async def require_lease(connection: Connection, lease: ShardLease, worker_id: str) -> None:
    """See to it that the lease is held until the caller's transaction ends.

    Until then nobody can take the shard over; the holder's own renewals are not kept waiting.

    Raises:
        StaleLeaseError: The worker no longer holds it: nothing may be written.
    """
    held = await connection.fetchval(
        "SELECT 1 FROM shard_lease WHERE shard = $1 AND epoch = $2 AND worker_id = $3"
        " FOR KEY SHARE",
        lease.shard,
        lease.epoch,
        worker_id,
    )
    if not held:
        raise StaleLeaseError(lease.shard, lease.epoch, worker_id)
