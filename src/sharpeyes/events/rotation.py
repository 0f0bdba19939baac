"""Replacing an endpoint's signing secret without an outage at the receiver.

For a settable time deliveries carry the signatures of the old and the new secret, so that the
receiver may learn the new one whenever it suits it.
"""

import uuid
from datetime import datetime, timedelta

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.errors import RotationError, UnknownEndpointError
from sharpeyes.events.sealed_secret import Sealer, StoredSecret
from sharpeyes.events.signing import new_secret, written

Connection = asyncpg.Connection | PoolConnectionProxy | asyncpg.Pool

MOST_OLD_SECRETS = 5
"""Each is one more signature in the header of every delivery."""

_ENDPOINT = """
SELECT endpoint_id, secret_ciphertext, secret_nonce, key_id FROM endpoint WHERE name = $1
FOR UPDATE
"""

_KEEP_OLD = """
INSERT INTO endpoint_old_secret (label, endpoint_id, ciphertext, nonce, key_id, valid_until)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_REPLACE = """
UPDATE endpoint SET secret_ciphertext = $2, secret_nonce = $3, key_id = $4 WHERE endpoint_id = $1
"""


async def rotate(
    connection: Connection,
    sealer: Sealer,
    name: str,
    keep: timedelta,
    now: datetime,
) -> str:
    """Give an endpoint a new signing secret, in the caller's transaction.

    Args:
        connection: In a transaction, in which the caller writes who did this, too.
        sealer: Opens the old secret and seals both.
        name: The endpoint's.
        keep: How long the old one goes on signing beside the new one; nothing: it ends now, and so
            do those that were replaced before.
        now: From when that counts, UTC.

    Returns:
        The new secret (whsec_...); it cannot be read again.

    Raises:
        UnknownEndpointError: None has this name.
        RotationError: Too many old secrets are still in use, or the present one does not open.
    """
    row = await connection.fetchrow(_ENDPOINT, name)
    if row is None:
        raise UnknownEndpointError(name)
    endpoint_id = row["endpoint_id"]
    await connection.execute(
        "DELETE FROM endpoint_old_secret WHERE endpoint_id = $1 AND (valid_until <= $2 OR $3)",
        endpoint_id,
        now,
        not keep,
    )
    if keep:
        await _keep_old(connection, sealer, name, row, now + keep)
    secret = new_secret()
    sealed = sealer.seal(secret, name.encode())
    await connection.execute(_REPLACE, endpoint_id, sealed.ciphertext, sealed.nonce, sealed.key_id)
    return written(secret)


async def _keep_old(
    connection: Connection,
    sealer: Sealer,
    name: str,
    row: asyncpg.Record,
    until: datetime,
) -> None:
    endpoint_id = row["endpoint_id"]
    kept = await connection.fetchval(
        "SELECT count(*) FROM endpoint_old_secret WHERE endpoint_id = $1", endpoint_id
    )
    if kept >= MOST_OLD_SECRETS:
        raise RotationError(
            f"endpoint {name!r} has {kept} replaced secrets that still sign: wait until one ends, "
            "or end them all by keeping none"
        )
    stored = StoredSecret(row["secret_ciphertext"], row["secret_nonce"], row["key_id"])
    try:
        old = sealer.open(stored, name.encode())
    except ValueError as error:
        raise RotationError(
            f"the present secret of endpoint {name!r} cannot be kept: {error}"
        ) from error
    label = f"{name}/{uuid.uuid4()}"
    sealed = sealer.seal(old, label.encode())
    await connection.execute(
        _KEEP_OLD, label, endpoint_id, sealed.ciphertext, sealed.nonce, sealed.key_id, until
    )
