"""Notices of change: one LISTEN connection a process, many listeners."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import asyncpg
import msgspec
import structlog

from sharpeyes.registry.outage import DATABASE_AWAY

CHANNEL = "sharpeyes"

log = structlog.get_logger()

# A listener that reads nothing for this many notices is told to read its stores afresh instead.
_WAITING_AT_MOST = 256


class Change(msgspec.Struct, frozen=True):
    """A hint to read a store again: the one set field says what changed."""

    camera: int | None = None
    status: int | None = None
    event: str | None = None
    incident: int | None = None

    @property
    def unspecific(self) -> bool:
        """Whether anything may have changed: notices were lost."""
        known = (self.camera, self.status, self.event, self.incident)
        return all(value is None for value in known)


ANYTHING = Change()


class Changes:
    """Hands every notice on the channel to every listener.

    Notices are hints: they are lost while the connection is away, so `ANYTHING` is handed out
    whenever it has been made anew, and listeners read their stores.
    """

    def __init__(
        self, database_url: str, *, retry_s: float = 1.0, check_every_s: float = 20.0
    ) -> None:
        self._database_url = database_url
        self._retry_s = retry_s
        self._check_every_s = check_every_s
        self._listeners: set[asyncio.Queue[Change]] = set()

    @contextmanager
    def listen(self) -> Iterator[asyncio.Queue[Change]]:
        """Give a queue of changes for as long as the caller is interested."""
        queue: asyncio.Queue[Change] = asyncio.Queue(_WAITING_AT_MOST)
        self._listeners.add(queue)
        try:
            yield queue
        finally:
            self._listeners.discard(queue)

    async def run(self) -> None:
        """Listen until cancelled; reconnect when the database comes back."""
        while True:
            try:
                await self.run_once()
            except DATABASE_AWAY as error:
                log.warning("notices of change are away", error=type(error).__name__)
            await asyncio.sleep(self._retry_s)

    async def run_once(self) -> None:
        """Listen until the connection ends."""
        connection = await asyncpg.connect(
            self._database_url, server_settings={"application_name": "sharpeyes changes"}
        )
        ended = asyncio.Event()
        connection.add_termination_listener(lambda _: ended.set())
        try:
            await connection.add_listener(CHANNEL, self._on_notice)
            self._tell(ANYTHING)
            while not ended.is_set():
                # A network can fall silent without an end: then only a question finds out.
                await connection.execute("SELECT 1", timeout=self._check_every_s)
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(ended.wait(), self._check_every_s)
        finally:
            connection.terminate()

    def _on_notice(self, _connection: Any, _pid: int, _channel: str, payload: object) -> None:
        try:
            change = msgspec.json.decode(str(payload), type=Change)
        except msgspec.DecodeError:
            log.warning("a notice of change cannot be read", payload=str(payload)[:100])
            change = ANYTHING
        self._tell(change)

    def _tell(self, change: Change) -> None:
        for queue in self._listeners:
            if queue.full():
                while not queue.empty():
                    queue.get_nowait()
                queue.put_nowait(ANYTHING)
            else:
                queue.put_nowait(change)
