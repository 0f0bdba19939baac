"""Another key for what is sealed in the database: sealed anew in batches, while all goes on."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg

from sharpeyes.registry.credentials import Connection, owner_of
from sharpeyes.registry.errors import UnsealError
from sharpeyes.registry.history import sign
from sharpeyes.registry.sealing import Sealed, Sealer

_BATCH_ROWS = 500


@dataclass(frozen=True, slots=True)
class _Table:
    """Where sealed secrets are: names of a table and its columns, and whom each belongs to."""

    name: str
    key: str
    ciphertext: str
    nonce: str
    start: Any
    owner: Callable[[Any], bytes]


_TABLES = (
    _Table("camera_credential", "camera_id", "ciphertext", "nonce", 0, owner_of),
    _Table("credential_candidate", "camera_id", "ciphertext", "nonce", 0, owner_of),
    _Table("endpoint_old_secret", "label", "ciphertext", "nonce", "", str.encode),
    _Table("endpoint", "name", "secret_ciphertext", "secret_nonce", "", str.encode),
)


@dataclass(frozen=True, slots=True)
class Batch:
    """What one batch did: how many are sealed anew, and whose cannot be opened with any key."""

    resealed: int
    unopened: tuple[str, ...]


async def count_by_key(pool: asyncpg.Pool) -> dict[str, int]:
    """Return how many secrets each key has sealed, by the key's id."""
    counted: dict[str, int] = {}
    for table in _TABLES:
        for row in await pool.fetch(
            f"SELECT key_id, count(*) AS n FROM {table.name} GROUP BY key_id"  # noqa: S608  # ours
        ):
            counted[row["key_id"]] = counted.get(row["key_id"], 0) + row["n"]
    return counted


async def reseal(pool: asyncpg.Pool, sealer: Sealer, actor: str) -> AsyncIterator[Batch]:
    """Seal with the present key whatever an older one has sealed.

    Each batch is a transaction: who stops it may start it again, and it goes on where it was.

    Args:
        pool: The database.
        sealer: With the present key and the old ones.
        actor: In whose name.
    """
    for table in _TABLES:
        after = table.start
        while True:
            async with pool.acquire() as connection, connection.transaction():
                await sign(connection, actor, action="rekey")
                rows = await connection.fetch(
                    f"SELECT {table.key} AS key, {table.ciphertext} AS ciphertext,"  # noqa: S608  # ours
                    f" {table.nonce} AS nonce, key_id FROM {table.name}"
                    f" WHERE key_id <> $1 AND {table.key} > $2"
                    f" ORDER BY {table.key} LIMIT {_BATCH_ROWS} FOR UPDATE",
                    sealer.key_id,
                    after,
                )
                batch = await _reseal(connection, table, rows, sealer)
            if not rows:
                break
            yield batch
            after = rows[-1]["key"]


async def _reseal(
    connection: Connection, table: _Table, rows: list[asyncpg.Record], sealer: Sealer
) -> Batch:
    resealed, unopened = [], []
    for row in rows:
        sealed = Sealed(row["ciphertext"], row["nonce"], row["key_id"])
        try:
            anew = sealer.resealed(sealed, table.owner(row["key"]))
        except UnsealError:
            unopened.append(f"{table.name} {row['key']}")
        else:
            resealed.append((row["key"], anew.ciphertext, anew.nonce, anew.key_id))
    await connection.executemany(
        f"UPDATE {table.name} SET {table.ciphertext} = $2, {table.nonce} = $3, key_id = $4"  # noqa: S608  # ours
        f" WHERE {table.key} = $1",
        resealed,
    )
    return Batch(len(resealed), tuple(unopened))
