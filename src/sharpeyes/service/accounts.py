"""People's access: a login name, a password, a role, and a subtree of divisions.

An account says what somebody who works here may do, and nothing else about them.
"""

from __future__ import annotations

import asyncio
import re
from datetime import datetime

import asyncpg
import msgspec
from argon2 import PasswordHasher
from argon2.exceptions import VerifyMismatchError

from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.registry.fields import refuse_division_code
from sharpeyes.service.access import RESERVED_NAMES, Principal, of_account
from sharpeyes.service.audit import audit
from sharpeyes.service.errors import ServiceError
from sharpeyes.service.roles import Role
from sharpeyes.service.serving_pool import WHOLE_CITY, current_reach

_LOGIN_NAME = re.compile(r"[a-z0-9][a-z0-9._-]{1,63}\Z")
_SHORTEST_PASSWORD = 12
_LONGEST_PASSWORD = 256
# Each takes 64 MB for some 50 ms.
_AT_ONCE = 2

_hasher = PasswordHasher()
# Compared with when there is no such account, so that the time taken does not tell.
_NOBODY = _hasher.hash("nobody has this password")


class AccountError(ServiceError):
    """An account cannot be made or changed; the message says why."""


class Account(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of an account; never its password.

    Attributes:
        login_name: what its holder signs in as, and the audit calls them.
        role: what they are here for.
        division_code: to which division, with all below it, they are confined; None: to none.
        created_at: when it was made, UTC.
        password_changed_at: when its password was last set, UTC.
        disabled_at: since when it opens nothing, UTC; None while it does.
    """

    login_name: str
    role: Role
    division_code: str | None
    created_at: datetime
    password_changed_at: datetime
    disabled_at: datetime | None


class Accounts:
    """The accounts in the database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._hashing = asyncio.Semaphore(_AT_ONCE)

    async def add(
        self, login_name: str, password: str, role: Role, division_code: str | None, *, actor: str
    ) -> None:
        """Make an account.

        Raises:
            AccountError: The name or the password will not do, or the name is taken, by a token
                too: the audit tells them apart by name.
            UnknownDivisionError: There is no such division.
        """
        _check(login_name, password)
        if division_code is not None and refuse_division_code(division_code):
            raise UnknownDivisionError(division_code)
        if role.of_a_machine:
            raise AccountError(
                f"{role} is a machine's role: `sharpeyes token create NAME --role {role}`"
            )
        hashed = await self._hash(password)
        async with self._pool.acquire() as connection, connection.transaction():
            if await connection.fetchval("SELECT 1 FROM token WHERE name = $1", login_name):
                raise AccountError(f"there is or was a token named {login_name}: choose another")
            try:
                await connection.execute(
                    "INSERT INTO account (login_name, password_hash, role, division_code)"
                    " VALUES ($1, $2, $3, $4)",
                    login_name,
                    hashed,
                    role,
                    division_code,
                )
            except asyncpg.UniqueViolationError:
                raise AccountError(f"there is or was an account {login_name}") from None
            except asyncpg.ForeignKeyViolationError:
                raise UnknownDivisionError(division_code or "") from None
            detail: dict[str, object] = {"role": role, "division_code": division_code}
            await audit(connection, actor, "account.add", login_name, detail=detail)

    async def list(self) -> list[Account]:
        """Return the accounts of the running request's reach in the order of their names."""
        rows = await self._pool.fetch(
            "SELECT login_name, role, division_code, created_at, password_changed_at, disabled_at"
            " FROM account LEFT JOIN division USING (division_code)"
            " WHERE COALESCE(path, '') ^@ $1 ORDER BY login_name",
            current_reach() or WHOLE_CITY,
        )
        return [msgspec.convert(dict(row), Account) for row in rows]

    async def set_password(self, login_name: str, password: str, *, actor: str) -> None:
        """Give an account another password and end its sessions.

        Raises:
            AccountError: The password will not do, or there is no such account.
        """
        _check(login_name, password)
        hashed = await self._hash(password)
        async with self._pool.acquire() as connection, connection.transaction():
            account_id = await connection.fetchval(
                "UPDATE account SET password_hash = $2, password_changed_at = now()"
                " WHERE login_name = $1 RETURNING account_id",
                login_name,
                hashed,
            )
            await _ended(connection, account_id, login_name)
            await audit(connection, actor, "account.password", login_name)

    async def disable(self, login_name: str, *, actor: str) -> None:
        """Let an account open nothing from now on, and end its sessions.

        Raises:
            AccountError: There is no such account that is in force.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            account_id = await connection.fetchval(
                "UPDATE account SET disabled_at = now()"
                " WHERE login_name = $1 AND disabled_at IS NULL RETURNING account_id",
                login_name,
            )
            await _ended(connection, account_id, login_name)
            await audit(connection, actor, "account.disable", login_name)

    async def principal(self, login_name: str, password: str) -> Principal | None:
        """Return who signs in so; None if the name or the password is wrong, or it is disabled."""
        row = None
        if _LOGIN_NAME.match(login_name):
            row = await self._pool.fetchrow(
                "SELECT a.account_id, a.login_name, a.role, a.password_hash, d.path"
                " FROM account a LEFT JOIN division d USING (division_code)"
                " WHERE a.login_name = $1 AND a.disabled_at IS NULL",
                login_name,
            )
        hashed = _NOBODY if row is None else row["password_hash"]
        async with self._hashing:
            fits = await asyncio.to_thread(_fits, hashed, password[:_LONGEST_PASSWORD])
        return of_account(row) if fits and row is not None else None

    async def _hash(self, password: str) -> str:
        async with self._hashing:
            return await asyncio.to_thread(_hasher.hash, password)


def _fits(hashed: str, password: str) -> bool:
    try:
        return _hasher.verify(hashed, password.encode("utf-8", "surrogatepass"))
    except VerifyMismatchError:
        return False


def _check(login_name: str, password: str) -> None:
    if not _LOGIN_NAME.match(login_name):
        raise AccountError(
            "a login name has 2 to 64 characters: a-z, 0-9, and . _ - but not in front"
        )
    if login_name in RESERVED_NAMES:
        raise AccountError(f"the audit calls no account {login_name!r}: choose another name")
    if not _SHORTEST_PASSWORD <= len(password) <= _LONGEST_PASSWORD:
        raise AccountError(
            f"a password has {_SHORTEST_PASSWORD} to {_LONGEST_PASSWORD} characters, "
            f"and this one has {len(password)}"
        )


async def _ended(
    connection: asyncpg.Connection | asyncpg.pool.PoolConnectionProxy,
    account_id: int | None,
    login_name: str,
) -> None:
    if account_id is None:
        raise AccountError(f"no account {login_name!r} is in force")
    await connection.execute("DELETE FROM session WHERE account_id = $1", account_id)
