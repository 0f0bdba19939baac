"""The API's connections: each transaction reaches as far as whoever asks.

The database refuses the rest (rights.sql): a query that forgets its condition finds nothing that is
not the caller's to see, and without a caller nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import TypeAlias

import asyncpg
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

from sharpeyes.service.database import SERVER_SETTINGS, connecting, speak_json

Reach: TypeAlias = str
"""The path of a division, to which all below it belongs, or `WHOLE_CITY`."""
WHOLE_CITY: Reach = ""

_PATH = re.compile(r"([0-9A-Z]{1,16}/)+\Z")
# Not inherited by chance: whoever runs for nobody reaches nothing.
_reach: ContextVar[Reach | None] = ContextVar("reach", default=None)


def current_reach() -> Reach | None:
    """Return how far the running request reaches; None: it acts for nobody."""
    return _reach.get()


@contextmanager
def reaching(reach: Reach) -> Iterator[None]:
    """Let all transactions of a `ServingPool` that begin in here reach so far, and no further.

    Raises:
        ValueError: `reach` is no path.
    """
    if reach != WHOLE_CITY and not _PATH.match(reach):
        raise ValueError(f"{reach!r} is no path of a division")
    before = _reach.set(reach)
    try:
        yield
    finally:
        _reach.reset(before)


class ServingPool(asyncpg.Pool):
    """A pool whose connections act as ``sharpeyes_serving``.

    Whatever is acquired is a transaction, which ends with the acquisition; a transaction opened
    within it is a savepoint. Its reach is that of the context which acquires it.
    """

    def acquire(self, *, timeout: float | None = None) -> _Transaction:
        """Acquire a connection inside a transaction of the current reach: `async with` only."""
        return _Transaction(self, timeout)


class _Transaction(PoolAcquireContext):
    __slots__ = ("_transaction",)

    async def __aenter__(self) -> PoolConnectionProxy:
        connection = await super().__aenter__()
        self._transaction = connection.transaction()
        try:
            await self._transaction.__aenter__()
            if (reach := _reach.get()) is not None:
                await connection.execute(_settings(reach))
        except BaseException:
            await super().__aexit__(None, None, None)
            raise
        return connection

    async def __aexit__(self, *exc: object) -> None:
        try:
            await self._transaction.__aexit__(*exc)
        finally:
            await super().__aexit__(*exc)


def _settings(reach: Reach) -> str:
    # A path has no quotes in it: `reaching` has seen to that.
    return (
        "SET LOCAL ROLE sharpeyes_whole"
        if reach == WHOLE_CITY
        else f"SET LOCAL sharpeyes.scope = '{reach}'"
    )


async def open_serving_pool(
    url: str, *, min_size: int, max_size: int, command_timeout_s: float = 30.0
) -> ServingPool:
    """Open the pool of an API process; as `open_pool`.

    The role comes with the connection, so that nothing which resets a session lifts it.

    Raises:
        DatabaseError: The server cannot be reached, or refuses us.
    """
    pool = ServingPool(
        url,
        min_size=min_size,
        max_size=max_size,
        max_queries=50_000,
        max_inactive_connection_lifetime=300.0,
        loop=None,
        connection_class=asyncpg.Connection,
        record_class=asyncpg.Record,
        command_timeout=command_timeout_s,
        init=speak_json,
        server_settings={
            **SERVER_SETTINGS,
            "application_name": "sharpeyes api",
            "role": "sharpeyes_serving",
            # City and grid want different plans. One for all, which
            # Postgres tries from the sixth question on, made the overview's ten times slower.
            "plan_cache_mode": "force_custom_plan",
        },
    )
    with connecting(url):
        await pool
    return pool
