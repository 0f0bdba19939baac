"""Who may ask for what: tokens, browser sessions, scopes, and the audit of both."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

import asyncpg

from sharpeyes.service.errors import ServiceError

TOKEN_PREFIX = "set_"  # noqa: S105  # lets a leaked one be recognised; not a secret
SESSION_LIFE = timedelta(hours=12)
COMMAND_LINE = "command line"
"""The audit's actor of all commands: whoever may run them on this machine is not told apart."""


class Scope(StrEnum):
    """What a token may do."""

    CAMERAS_READ = "cameras:read"
    CAMERAS_WRITE = "cameras:write"
    EVENTS_READ = "events:read"
    PICTURES_READ = "pictures:read"
    ENDPOINTS_READ = "endpoints:read"
    ENDPOINTS_WRITE = "endpoints:write"


class TokenExistsError(ServiceError):
    """A token of that name was made before."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks: the token's name, and its scopes."""

    name: str
    scopes: frozenset[Scope]
    token_id: str | None

    @property
    def anonymous(self) -> bool:
        """Whether nobody signed in (demo mode on loopback)."""
        return self.token_id is None


# The demo's looker-on: sees all, changes nothing.
ANONYMOUS = Principal(
    name="anonymous",
    scopes=frozenset(
        {Scope.CAMERAS_READ, Scope.EVENTS_READ, Scope.PICTURES_READ, Scope.ENDPOINTS_READ}
    ),
    token_id=None,
)


async def create_token(
    pool: asyncpg.Pool, name: str, scopes: frozenset[Scope], expires_at: datetime
) -> str:
    """Make a token and return it; only its hash is kept, so it is shown this once.

    Raises:
        TokenExistsError: Tokens are told apart by name in the audit; this one is taken.
    """
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    async with pool.acquire() as connection, connection.transaction():
        try:
            await connection.execute(
                "INSERT INTO token (token_id, name, sha256, scopes, expires_at)"
                " VALUES ($1, $2, $3, $4, $5)",
                secrets.token_hex(8),
                name,
                _digest(token),
                sorted(scopes),
                expires_at,
            )
        except asyncpg.UniqueViolationError:
            raise TokenExistsError(
                f"there is or was a token named {name!r}, and the audit tells them apart by name: "
                "choose another, such as one with a date"
            ) from None
        await audit(
            connection, COMMAND_LINE, "token.create", name, detail={"scopes": sorted(scopes)}
        )
    return token


async def revoke_token(pool: asyncpg.Pool, name: str) -> bool:
    """End a token and every session opened with it; False if no such token is in force."""
    async with pool.acquire() as connection, connection.transaction():
        token_id = await connection.fetchval(
            "UPDATE token SET revoked_at = now() WHERE name = $1 AND revoked_at IS NULL"
            " RETURNING token_id",
            name,
        )
        if token_id is None:
            return False
        await connection.execute("DELETE FROM session WHERE token_id = $1", token_id)
        await audit(connection, COMMAND_LINE, "token.revoke", name)
    return True


async def principal_of_token(pool: asyncpg.Pool, token: str) -> Principal | None:
    """Return who holds this token, or None when it is unknown, revoked or expired."""
    row = await pool.fetchrow(
        "SELECT token_id, name, scopes FROM token"
        " WHERE sha256 = $1 AND revoked_at IS NULL AND expires_at > now()",
        _digest(token),
    )
    return None if row is None else _principal(row)


async def principal_of_session(pool: asyncpg.Pool, session: str) -> Principal | None:
    """Return who signed in with this cookie, or None when the session or its token has ended."""
    row = await pool.fetchrow(
        "SELECT t.token_id, t.name, t.scopes FROM session s JOIN token t USING (token_id)"
        " WHERE s.sha256 = $1 AND s.expires_at > now()"
        " AND t.revoked_at IS NULL AND t.expires_at > now()",
        _digest(session),
    )
    return None if row is None else _principal(row)


async def open_session(pool: asyncpg.Pool, principal: Principal) -> str:
    """Sign a browser in and return the value for its cookie."""
    session = secrets.token_urlsafe(32)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM session WHERE expires_at <= now()")
        await connection.execute(
            "INSERT INTO session (sha256, token_id, expires_at) VALUES ($1, $2, now() + $3)",
            _digest(session),
            principal.token_id,
            SESSION_LIFE,
        )
        await audit(connection, principal.name, "session.open", principal.name)
    return session


async def close_session(pool: asyncpg.Pool, session: str) -> None:
    """Sign a browser out."""
    await pool.execute("DELETE FROM session WHERE sha256 = $1", _digest(session))


async def audit(
    connection: asyncpg.Connection[asyncpg.Record]
    | asyncpg.pool.PoolConnectionProxy[asyncpg.Record],
    actor: str,
    action: str,
    subject: str,
    *,
    outcome: Literal["done", "refused"] = "done",
    detail: dict[str, object] | None = None,
) -> None:
    """Write who did what to which thing, in the transaction of the deed where there is one."""
    await connection.execute(
        "INSERT INTO audit (actor, action, object, outcome, detail) VALUES ($1, $2, $3, $4, $5)",
        actor,
        action,
        subject,
        outcome,
        detail or {},
    )


def _principal(row: asyncpg.Record) -> Principal:
    return Principal(
        name=row["name"],
        scopes=frozenset(Scope(scope) for scope in row["scopes"]),
        token_id=row["token_id"],
    )


def _digest(secret: str) -> bytes:
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
