"""Bring the database's schema, and the rights in it, to the version of this program.

The steps are raw SQL files, applied by pogo. Several processes may start at once and no runner of
migrations bears that, so one works at a time, under an advisory lock. The lock is polled: a
process that waits inside PostgreSQL holds a snapshot, for which CREATE INDEX CONCURRENTLY in the
process at work would wait in turn, for ever.
"""

import asyncio
import hashlib
import logging
import time
from pathlib import Path

import asyncpg
import structlog
from pogo_core.error import BadMigrationError
from pogo_core.util import migrate as pogo
from pogo_core.util import sql as pogo_sql

from sharpeyes.service.database import connecting
from sharpeyes.service.errors import MigrationError

MIGRATIONS = Path(__file__).with_name("migrations")
RIGHTS = Path(__file__).with_name("rights.sql")

_OLDEST_VERSION = 16
_SCHEMA = "public"
# Any number, as long as nobody else locks it: "sharpeye" in ASCII.
_LOCK = int.from_bytes(b"sharpeye")
_POLL_S = 0.2

_log = structlog.get_logger(__name__)
# It warns of each step that it applies, which is nothing to be warned of.
_pogo_log = logging.getLogger("pogo")
_pogo_log.setLevel(logging.ERROR)


async def migrate(
    url: str, *, deadline_s: float = 300.0, migrations: Path = MIGRATIONS
) -> tuple[str, ...]:
    """Apply the steps that the database lacks; safe to call from many processes at once.

    Args:
        url: ``postgresql://...``; a secret.
        deadline_s: How long to wait for another process that is migrating.
        migrations: The folder of the steps.

    Returns:
        The names of the steps that this call applied, sorted.

    Raises:
        DatabaseError: The server cannot be reached.
        MigrationError: A step failed and was rolled back, the server is unfit, the database is
            newer than this program, or the wait took too long.
    """
    with connecting(url):
        connection = await asyncpg.connect(
            url,
            server_settings={"application_name": "sharpeyes migrate", "search_path": _SCHEMA},
        )
    try:
        if unfit := unfitness(
            connection.get_server_version().major, connection.get_settings().server_encoding
        ):
            raise MigrationError(unfit)
        await _wait_for_turn(connection, deadline_s)
        applied = await _apply(connection, migrations)
        if migrations == MIGRATIONS:
            await _grant(connection, changed=bool(applied))
        return applied
    finally:
        # Also lets go of the lock.
        await connection.close()


def unfitness(major_version: int, encoding: str) -> str | None:
    """Say why a server cannot hold our schema; None when it can.

    Args:
        major_version: Of PostgreSQL.
        encoding: Of the database, as ``server_encoding`` names it.
    """
    if major_version < _OLDEST_VERSION:
        return f"PostgreSQL {major_version} is too old: {_OLDEST_VERSION} or newer is needed"
    if encoding != "UTF8":
        return (
            f"the database is encoded in {encoding} and cannot hold Chinese names: "
            f"create it with ENCODING 'UTF8'"
        )
    return None


async def _wait_for_turn(connection: asyncpg.Connection, deadline_s: float) -> None:
    deadline = time.monotonic() + deadline_s
    while not await connection.fetchval("SELECT pg_try_advisory_lock($1)", _LOCK):
        if time.monotonic() > deadline:
            raise MigrationError(
                f"another process has been migrating the database for {deadline_s:g} s"
            )
        await asyncio.sleep(_POLL_S)


async def _apply(connection: asyncpg.Connection, migrations: Path) -> tuple[str, ...]:
    known = await asyncio.to_thread(_steps, migrations)
    await pogo_sql.ensure_pogo_sync(connection)
    before = await pogo_sql.get_applied_migrations(connection, schema_name=_SCHEMA)
    if newer := sorted(before - known):
        raise MigrationError(
            f"the database is newer than this program, which does not know {', '.join(newer)}: "
            f"update the program"
        )
    if known == before:
        # pogo would read all steps all the same: half a second, at each command and process.
        return ()
    try:
        await pogo.apply(connection, migrations, schema_name=_SCHEMA, logger=_pogo_log)
    except BadMigrationError as error:
        cause = error.__cause__ or error.__context__
        raise MigrationError(f"{error}: {cause}" if cause else str(error)) from error
    applied = tuple(sorted(known - before))
    for name in applied:
        _log.info("migration_applied", migration=name)
    return applied


async def _grant(connection: asyncpg.Connection, *, changed: bool) -> None:
    """Put the rights in force that belong to this schema, unless they are."""
    rights = await asyncio.to_thread(RIGHTS.read_bytes)
    sha256 = hashlib.sha256(rights).digest()
    # A dump that was restored on another server has the rights, but the roles were left behind.
    in_force = await connection.fetchval(
        "SELECT EXISTS (SELECT FROM rights WHERE sha256 = $1)"
        " AND to_regrole('sharpeyes_serving') IS NOT NULL"
        " AND to_regrole('sharpeyes_whole') IS NOT NULL",
        sha256,
    )
    if in_force and not changed:
        return
    try:
        async with connection.transaction():
            await connection.execute(rights.decode())
            await connection.execute(
                "INSERT INTO rights (sha256) VALUES ($1)"
                " ON CONFLICT (singleton) DO UPDATE SET sha256 = excluded.sha256",
                sha256,
            )
    except asyncpg.InsufficientPrivilegeError as error:
        reason = str(error).partition("\n")[0]
        raise MigrationError(
            f"the roles that the API acts as cannot be set up: {reason}. Let an administrator run: "
            "CREATE ROLE sharpeyes_serving NOLOGIN; CREATE ROLE sharpeyes_whole NOLOGIN; "
            "GRANT sharpeyes_serving TO <our user> WITH INHERIT FALSE, SET TRUE; "
            "GRANT sharpeyes_whole TO <our user> WITH INHERIT TRUE, SET TRUE"
        ) from error


def _steps(migrations: Path) -> set[str]:
    return {path.stem for path in migrations.glob("*.sql")}
