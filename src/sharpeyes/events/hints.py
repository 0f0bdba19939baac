"""Tells listeners of stored events a little later, many at once."""

import asyncio
from collections.abc import Iterable

import asyncpg

from sharpeyes.events.store import notify

# Screens need no more than this, and whoever listens for one hint looks for all there is.
_MOST = 20
_LATER_S = 0.05


class Hints:
    """Gathers hints for a moment, and sends them in a transaction of their own.

    One that is lost with the process or the database costs a listener its next regular look.

    Args:
        pool: Connections to the database.
        away: What the database raises while it cannot be reached.
    """

    def __init__(self, pool: asyncpg.Pool, away: tuple[type[Exception], ...]) -> None:
        self._pool = pool
        self._away = away
        self._waiting: dict[str, None] = {}
        self._sending: asyncio.Task[None] | None = None

    def add(self, event_ids: Iterable[str]) -> None:
        """Tell of these events soon."""
        for event_id in event_ids:
            if len(self._waiting) == _MOST:
                break
            self._waiting[event_id] = None
        if self._waiting and (self._sending is None or self._sending.done()):
            self._sending = asyncio.create_task(self._send())

    async def _send(self) -> None:
        while self._waiting:
            await asyncio.sleep(_LATER_S)
            event_ids = list(self._waiting)
            self._waiting.clear()
            try:
                await notify(self._pool, event_ids)
            except self._away:
                return
