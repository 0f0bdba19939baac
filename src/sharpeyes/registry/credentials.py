"""What cameras ask for before they answer: encrypted in the database, shown to nobody."""

from __future__ import annotations

from typing import TypeAlias

import asyncpg
import asyncpg.pool
import msgspec

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.errors import CredentialKeyError, FieldProblem, UnsealError, shown
from sharpeyes.registry.fields import refuse_text
from sharpeyes.registry.sealing import Sealed, Sealer

Connection: TypeAlias = asyncpg.Connection | asyncpg.pool.PoolConnectionProxy

_LONGEST = 128
_HIDDEN = "(not shown)"


def validate_credentials(credentials: Credentials) -> list[FieldProblem]:
    """Check a user name and password; a password may be empty, and is in no problem's text."""
    problems = []
    reason = refuse_text(credentials.username, longest=_LONGEST)
    if reason is None and ":" in credentials.username:
        reason = "must not have a colon, which would end it early (RFC 7617)"
    if reason is not None:
        problems.append(FieldProblem("username", shown(credentials.username), reason))
    password = credentials.password
    if password and (reason := refuse_text(password, longest=_LONGEST)):
        problems.append(FieldProblem("password", _HIDDEN, reason))
    return problems


class CredentialStore:
    """The sealed credentials of cameras.

    Args:
        pool: The database.
        sealer: What seals them, or its key: 32 bytes, kept outside the database.
    """

    def __init__(self, pool: asyncpg.Pool, sealer: Sealer | bytes) -> None:
        self._pool = pool
        self._sealer = Sealer(sealer) if isinstance(sealer, bytes) else sealer

    async def put(self, connection: Connection, camera_id: int, credentials: Credentials) -> None:
        """Store or replace a camera's credentials in the caller's transaction."""
        await self.put_many(connection, {camera_id: credentials})

    async def put_many(self, connection: Connection, credentials: dict[int, Credentials]) -> None:
        """Store or replace the credentials of many cameras, by camera id."""
        sealed = [
            (camera_id, self.sealed(camera_id, credentials[camera_id]))
            for camera_id in sorted(credentials)
        ]
        await connection.executemany(
            """
            INSERT INTO camera_credential (camera_id, ciphertext, nonce, key_id)
            VALUES ($1, $2, $3, $4)
            ON CONFLICT (camera_id) DO UPDATE SET
                ciphertext = excluded.ciphertext, nonce = excluded.nonce,
                key_id = excluded.key_id, updated_at = now()
            """,
            [(camera_id, s.ciphertext, s.nonce, s.key_id) for camera_id, s in sealed],
        )

    async def get(self, camera_id: int) -> Credentials | None:
        """Return a camera's credentials; None where it has none.

        Raises:
            CredentialKeyError: They cannot be opened with this key.
        """
        row = await self._pool.fetchrow(
            "SELECT ciphertext, nonce, key_id FROM camera_credential WHERE camera_id = $1",
            camera_id,
        )
        return None if row is None else self.opened(camera_id, row)

    async def has(self, camera_id: int) -> bool:
        """Tell whether a camera has credentials, be it that they can be opened or not."""
        found = await self._pool.fetchval(
            "SELECT 1 FROM camera_credential WHERE camera_id = $1", camera_id
        )
        return found is not None

    async def differing(
        self, connection: Connection, credentials: dict[int, Credentials]
    ) -> dict[int, Credentials]:
        """Return those credentials that are not stored yet, or otherwise.

        What cannot be opened with this key counts as stored otherwise: it is of no use as it is.
        """
        rows = await connection.fetch(
            "SELECT camera_id, ciphertext, nonce, key_id FROM camera_credential"
            " WHERE camera_id = ANY($1::bigint[])",
            list(credentials),
        )
        stored: dict[int, Credentials] = {}
        for row in rows:
            try:
                stored[row["camera_id"]] = self.opened(row["camera_id"], row)
            except CredentialKeyError:
                continue
        return {
            camera_id: wanted
            for camera_id, wanted in credentials.items()
            if stored.get(camera_id) != wanted
        }

    def sealed(self, camera_id: int, credentials: Credentials) -> Sealed:
        """Return a camera's credentials as they are stored."""
        secret = msgspec.msgpack.encode((credentials.username, credentials.password))
        return self._sealer.seal(secret, owner_of(camera_id))

    def opened(self, camera_id: int, row: asyncpg.Record) -> Credentials:
        """Open a row with `ciphertext`, `nonce` and `key_id`.

        Raises:
            CredentialKeyError: It cannot be opened with the keys at hand.
        """
        sealed = Sealed(row["ciphertext"], row["nonce"], row["key_id"])
        try:
            secret = self._sealer.open(sealed, owner_of(camera_id))
        except UnsealError as error:
            raise CredentialKeyError(camera_id, str(error)) from error
        username, password = msgspec.msgpack.decode(secret, type=tuple[str, str])
        return Credentials(username, password)


def owner_of(camera_id: int) -> bytes:
    """Return what a camera's credentials are bound to."""
    return f"camera {camera_id}".encode()
