"""The database: the pool of connections, and what a server must promise before we use it."""

import contextlib
from collections.abc import Iterator
from urllib.parse import urlsplit

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.service.errors import DatabaseError, DurabilityError

SERVER_SETTINGS = {"timezone": "UTC"}


async def open_pool(
    url: str,
    *,
    min_size: int,
    max_size: int,
    application_name: str = "sharpeyes",
    command_timeout_s: float = 30.0,
) -> asyncpg.Pool:
    """Open a pool whose connections speak UTC and turn ``json`` into Python values and back.

    Whatever msgspec can encode goes in as ``json`` or ``jsonb``, records included; what comes out
    is made of dict, list, str, int, float, bool and None.

    Args:
        url: ``postgresql://...``; a secret.
        min_size: Connections that are opened at once and kept.
        max_size: Connections at most; who wants one more waits.
        application_name: How the server's views name these connections.
        command_timeout_s: How long one statement may take unless its caller says otherwise.

    Returns:
        The open pool; the caller closes it.

    Raises:
        DatabaseError: The server cannot be reached, or refuses us.
    """
    with connecting(url):
        return await asyncpg.create_pool(
            url,
            min_size=min_size,
            max_size=max_size,
            command_timeout=command_timeout_s,
            init=speak_json,
            server_settings={**SERVER_SETTINGS, "application_name": application_name},
        )


async def speak_json(connection: asyncpg.Connection) -> None:
    """Set a new connection up as `open_pool` says."""
    for name in ("json", "jsonb"):
        await connection.set_type_codec(
            name,
            schema="pg_catalog",
            encoder=lambda value: msgspec.json.encode(value).decode(),
            decoder=msgspec.json.decode,
        )


@contextlib.contextmanager
def connecting(url: str) -> Iterator[None]:
    """Turn what goes wrong while connecting to ``url`` into one line without the password.

    Raises:
        DatabaseError: The server cannot be reached, or refuses us.
    """
    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise DatabaseError(f"cannot use the database at {_place(url)}: {reason}") from error


def _place(url: str) -> str:
    """Return host, port and database of an address; neither user nor password."""
    parts = urlsplit(url)
    return parts.netloc.rpartition("@")[2] + parts.path


async def check_durability(connection: asyncpg.Connection | PoolConnectionProxy) -> None:
    """Refuse a server that may lose what it has acknowledged: an event accepted must arrive.

    Of ``synchronous_commit`` only ``off`` acknowledges before the commit is on disk. ``local``,
    ``remote_write``, ``on`` and ``remote_apply`` all flush it here, and differ in what they promise
    of standbys, which is the operator's choice.

    Args:
        connection: As the service will use it: the setting can differ per user and database.

    Raises:
        DurabilityError: The message names the setting and where its value comes from.
    """
    weak = await connection.fetch(
        """
        SELECT name, source FROM pg_settings
        WHERE name IN ('fsync', 'full_page_writes', 'synchronous_commit') AND setting = 'off'
        ORDER BY name
        """
    )
    if weak:
        found = ", ".join(f"{row['name']} is off (set by: {row['source']})" for row in weak)
        raise DurabilityError(
            f"the database may lose acknowledged events: {found}; turn it on and start again"
        )
