"""How much waits to be delivered: whether more of other systems may be taken in."""

import asyncio
import time
from collections.abc import Callable

import asyncpg

# Of the pending alone there is an index; counting ends where the answer is known.
_COUNT = """
SELECT count(*) FROM (SELECT FROM delivery WHERE state = 'pending' LIMIT $1) AS waiting
"""

_LEAST_PAUSE_S = 5.0
# What counting costs the database at most: a part in this many.
_PAUSE_TO_COUNT = 50


class Backlog:
    """Counts waiting deliveries now and then, and says whether there is room.

    Args:
        pool: Connections that see all deliveries.
        most_waiting: How many may wait.
        clock: Monotonic seconds.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        most_waiting: int,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._pool = pool
        self._most_waiting = most_waiting
        self._clock = clock
        self._counting = asyncio.Lock()
        self._full = False
        self._next_at = -float("inf")

    async def is_full(self) -> bool:
        """Return whether as many wait as may; it is some seconds old at most while few wait."""
        if self._clock() >= self._next_at:
            async with self._counting:
                await self._count_if_due()
        return self._full

    async def _count_if_due(self) -> None:
        began_at = self._clock()
        if began_at < self._next_at:
            return
        waiting = await self._pool.fetchval(_COUNT, self._most_waiting)
        self._full = waiting >= self._most_waiting
        now = self._clock()
        self._next_at = now + max(_LEAST_PAUSE_S, _PAUSE_TO_COUNT * (now - began_at))
