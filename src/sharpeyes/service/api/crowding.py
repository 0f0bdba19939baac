"""Heavy operations take turns, so that a crowd of them leaves the database to all others."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from enum import Enum
from http import HTTPStatus

from aiohttp import web

from sharpeyes.service.api.problem import ProblemError

WAIT_S = 5.0
"""How long one waits for a turn before being sent away."""
_RETRY_AFTER_S = 10


class Crowd(Enum):
    """Operations that keep a connection for long; the number is how many run at once.

    Together they leave four of the fourteen connections that the API process has.
    """

    EXPORTS = ("exports", 3)
    REPORTS = ("reports", 3)
    INTAKES = ("intakes of events", 4)

    @property
    def at_once(self) -> int:
        """How many of them run at once."""
        return self.value[1]


class Turns:
    """The turns of one application."""

    def __init__(self) -> None:
        self._free = {crowd: asyncio.Semaphore(crowd.at_once) for crowd in Crowd}

    async def take(self, crowd: Crowd) -> asyncio.Semaphore:
        """Wait for a turn and take it; whoever has one releases it.

        Raises:
            ProblemError: 503, when none was free in time.
        """
        free = self._free[crowd]
        try:
            async with asyncio.timeout(WAIT_S):
                await free.acquire()
        except TimeoutError:
            raise ProblemError(
                HTTPStatus.SERVICE_UNAVAILABLE,
                f"{crowd.at_once} {crowd.value[0]} are running already: try again in "
                f"{_RETRY_AFTER_S} s",
                headers={"Retry-After": str(_RETRY_AFTER_S)},
            ) from None
        return free


TURNS = web.AppKey("turns", Turns)

Next = Callable[[web.Request], Awaitable[web.StreamResponse]]


def in_turn(crowd: Crowd | None, handler: Next) -> Next:
    """Return `handler` as it is asked in its turn; None makes nobody wait."""
    if crowd is None:
        return handler

    async def waiting(request: web.Request) -> web.StreamResponse:
        turn = await request.app[TURNS].take(crowd)
        try:
            return await handler(request)
        finally:
            turn.release()

    return waiting
