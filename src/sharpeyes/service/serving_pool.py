"""The API's connections: each transaction reaches as far as whoever asks.

The database refuses the rest (rights.sql): a query that forgets its condition finds nothing that is
not the caller's to see, and without a caller nothing at all.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any, TypeAlias

import asyncpg
from asyncpg.pool import PoolAcquireContext, PoolConnectionProxy

from sharpeyes.service.database import SERVER_SETTINGS, connecting, speak_json

Reach: TypeAlias = str
"""The path of a division, to which all below it belongs, or `WHOLE_CITY`."""
WHOLE_CITY: Reach = ""

_PATH = re.compile(r"([0-9A-Z]{1,16}/)+\Z")
# Not inherited by chance: whoever runs for nobody reaches nothing.
_reach: ContextVar[Reach | None] = ContextVar("reach", default=None)
_keeps_plans: ContextVar[bool] = ContextVar("keeps_plans", default=False)


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


@contextmanager
def keeping_plans() -> Iterator[None]:
    """Let the transactions that begin in here plan each statement once, whatever it is asked with.

    For statements that are good with one plan for all, such as those that add rows: planning them
    anew, and each check of a reference with them, costs more than they do.
    """
    before = _keeps_plans.set(True)
    try:
        yield
    finally:
        _keeps_plans.reset(before)


class ServingPool(asyncpg.Pool):
    """A pool whose connections act as ``sharpeyes_serving``.

    Whatever is acquired is a transaction, which ends with the acquisition; a transaction opened
    within it is a savepoint. Its reach is that of the context which acquires it.
    """

    def acquire(self, *, timeout: float | None = None) -> _Transaction:
        """Acquire a connection inside a transaction of the current reach: `async with` only."""
        return _Transaction(self, timeout)

    async def fetchrow(self, query: str, *args: object, **options: Any) -> Any:
        """As of any pool. Who asks is found out in one statement, which needs nothing around it."""
        if _reach.get() is not None:
            return await super().fetchrow(query, *args, **options)
        async with PoolAcquireContext(self, options.get("timeout")) as connection:
            return await connection.fetchrow(query, *args, **options)


class _Transaction(PoolAcquireContext):
    __slots__ = ("_transaction",)

    async def __aenter__(self) -> PoolConnectionProxy:
        connection = await super().__aenter__()
        self._transaction = connection.transaction()
        try:
            await self._transaction.__aenter__()
            if settings := _settings(_reach.get(), keeps_plans=_keeps_plans.get()):
                await connection.execute(settings)
        except BaseException:
            await super().__aexit__(None, None, None)
            raise
        return connection

    async def __aexit__(self, *exc: object) -> None:
        try:
            await self._transaction.__aexit__(*exc)
        finally:
            await super().__aexit__(*exc)


def _settings(reach: Reach | None, *, keeps_plans: bool) -> str:
    settings = []
    if reach == WHOLE_CITY:
        settings.append("SET LOCAL ROLE sharpeyes_whole")
    elif reach is not None:
        # A path has no quotes in it: `reaching` has seen to that.
        settings.append(f"SET LOCAL sharpeyes.scope = '{reach}'")
    if keeps_plans:
        settings.append("SET LOCAL plan_cache_mode = force_generic_plan")
    return "; ".join(settings)


async def _reset_nothing(_: asyncpg.Connection[Any]) -> None:
    """Leave a connection as it is: all that was set on it has ended with its transaction."""


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
        reset=_reset_nothing,
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
