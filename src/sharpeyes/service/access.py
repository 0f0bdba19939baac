"""Who may ask for what: tokens, browser sessions, and whom they stand for."""

from __future__ import annotations

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta

import asyncpg

from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.registry.fields import refuse_division_code
from sharpeyes.registry.history import SERVICE
from sharpeyes.service.audit import audit
from sharpeyes.service.errors import ServiceError
from sharpeyes.service.roles import Role, Scope
from sharpeyes.service.serving_pool import WHOLE_CITY, Reach, reaching

__all__ = ["Scope", "audit"]

TOKEN_PREFIX = "set_"  # noqa: S105  # lets a leaked one be recognised; not a secret
SESSION_LIFE = timedelta(hours=12)
COMMAND_LINE = "command line"
"""The audit's actor of all commands: whoever may run them on this machine is not told apart."""
NOBODY = "nobody"
"""The audit's actor where nobody has proved who they are."""
RESERVED_NAMES = frozenset({COMMAND_LINE, NOBODY, SERVICE, "anonymous"})
"""What audit and history call those who have neither account nor token; nobody may be named so."""


class NameTakenError(ServiceError):
    """The audit calls somebody else by that name already."""


@dataclass(frozen=True, slots=True)
class Principal:
    """Who asks.

    Attributes:
        name: Of the account or the token, as the audit has it.
        scopes: What it may do.
        reach: Of which divisions it may know.
        token_id: Its token, if it is one's.
        account_id: Its account, if it is one's.
    """

    name: str
    scopes: frozenset[Scope]
    reach: Reach = WHOLE_CITY
    token_id: str | None = None
    account_id: int | None = None

    @property
    def anonymous(self) -> bool:
        """Whether nobody signed in (demo mode on loopback)."""
        return self.token_id is None and self.account_id is None

    @property
    def division_code(self) -> str | None:
        """The division that it is confined to, with all below it; None: it is not."""
        return self.reach.split("/")[-2] if self.reach != WHOLE_CITY else None


# The demo's looker-on: sees all, changes nothing.
ANONYMOUS = Principal(
    name="anonymous",
    scopes=frozenset(
        {
            Scope.CAMERAS_READ,
            Scope.EVENTS_READ,
            Scope.PICTURES_READ,
            Scope.ENDPOINTS_READ,
            Scope.INCIDENTS_READ,
        }
    ),
)


async def create_token(
    pool: asyncpg.Pool,
    name: str,
    scopes: frozenset[Scope],
    expires_at: datetime,
    *,
    role: Role | None = None,
    division_code: str | None = None,
) -> str:
    """Make a token and return it; only its hash is kept, so it is shown this once.

    Args:
        pool: The database.
        name: Who will hold it.
        scopes: What it may do.
        expires_at: When it ends.
        role: Of which role the scopes are, to be shown in lists.
        division_code: To which division, with all below it, it is confined; None: to none.

    Raises:
        NameTakenError: The audit tells tokens, accounts and the service apart by name.
        UnknownDivisionError: There is no such division.
    """
    if division_code is not None and refuse_division_code(division_code):
        raise UnknownDivisionError(division_code)
    token = TOKEN_PREFIX + secrets.token_urlsafe(32)
    async with pool.acquire() as connection, connection.transaction():
        if name in RESERVED_NAMES or await connection.fetchval(
            "SELECT 1 FROM account WHERE login_name = $1", name
        ):
            raise NameTakenError(
                f"the audit calls an account, or the service itself, {name!r}: choose another name"
            )
        try:
            await connection.execute(
                "INSERT INTO token"
                " (token_id, name, sha256, scopes, expires_at, role, division_code)"
                " VALUES ($1, $2, $3, $4, $5, $6, $7)",
                secrets.token_hex(8),
                name,
                digest(token),
                sorted(scopes),
                expires_at,
                role,
                division_code,
            )
        except asyncpg.ForeignKeyViolationError:
            raise UnknownDivisionError(division_code or "") from None
        except asyncpg.UniqueViolationError:
            raise NameTakenError(
                f"there is or was a token named {name!r}, and the audit tells them apart by name: "
                "choose another, such as one with a date"
            ) from None
        detail = {"scopes": sorted(scopes), "division_code": division_code}
        await audit(connection, COMMAND_LINE, "token.create", name, detail=detail)
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
        "SELECT t.token_id, t.name, t.scopes, d.path"
        " FROM token t LEFT JOIN division d USING (division_code)"
        " WHERE t.sha256 = $1 AND t.revoked_at IS NULL AND t.expires_at > now()",
        digest(token),
    )
    return None if row is None else _of_token(row)


async def principal_of_session(pool: asyncpg.Pool, session: str) -> Principal | None:
    """Return who signed in with this cookie, or None when that is over.

    It ends with the session, with the token that opened it, and when the account is disabled.
    """
    row = await pool.fetchrow(
        "SELECT t.token_id, t.name, t.scopes, a.account_id, a.login_name, a.role, d.path"
        " FROM session s"
        " LEFT JOIN token t ON t.token_id = s.token_id"
        " AND t.revoked_at IS NULL AND t.expires_at > now()"
        " LEFT JOIN account a ON a.account_id = s.account_id AND a.disabled_at IS NULL"
        " LEFT JOIN division d ON d.division_code = COALESCE(t.division_code, a.division_code)"
        " WHERE s.sha256 = $1 AND s.expires_at > now()"
        " AND (t.token_id IS NOT NULL OR a.account_id IS NOT NULL)",
        digest(session),
    )
    if row is None:
        return None
    return _of_token(row) if row["account_id"] is None else of_account(row)


async def open_session(pool: asyncpg.Pool, principal: Principal) -> str:
    """Sign a browser in and return the value for its cookie."""
    session = secrets.token_urlsafe(32)
    async with pool.acquire() as connection, connection.transaction():
        await connection.execute("DELETE FROM session WHERE expires_at <= now()")
        await connection.execute(
            "INSERT INTO session (sha256, token_id, account_id, expires_at)"
            " VALUES ($1, $2, $3, now() + $4)",
            digest(session),
            principal.token_id,
            principal.account_id,
            SESSION_LIFE,
        )
        with reaching(principal.reach):
            await audit(connection, principal.name, "session.open", principal.name)
    return session


async def close_session(pool: asyncpg.Pool, session: str) -> None:
    """Sign a browser out."""
    await pool.execute("DELETE FROM session WHERE sha256 = $1", digest(session))


def of_account(row: asyncpg.Record) -> Principal:
    """Make the principal of a row with `account_id`, `login_name`, `role` and the path."""
    return Principal(
        name=row["login_name"],
        scopes=Role(row["role"]).scopes,
        reach=row["path"] or WHOLE_CITY,
        account_id=row["account_id"],
    )


def _of_token(row: asyncpg.Record) -> Principal:
    return Principal(
        name=row["name"],
        scopes=frozenset(Scope(scope) for scope in row["scopes"]),
        reach=row["path"] or WHOLE_CITY,
        token_id=row["token_id"],
    )


def digest(secret: str) -> bytes:
    """Return the hash under which a token or a session is kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()
