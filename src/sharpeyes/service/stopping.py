"""When a process shall end: on SIGTERM or Ctrl-C, or when the process that started it is gone."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager


@asynccontextmanager
async def stop_requested(*, supervised: bool) -> AsyncIterator[asyncio.Event]:
    """Give an event that is set when the process shall end.

    A supervised process holds the read end of a pipe as its standard input: its supervisor's death
    closes the pipe, however it died, so that no orphan keeps a lease or a port.
    """
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    # SIGHUP: the terminal in which we were started has been closed.
    signals = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    for number in signals:
        loop.add_signal_handler(number, stop.set)
    watch = asyncio.create_task(_end_of_input(stop)) if supervised else None
    try:
        yield stop
    finally:
        if watch is not None:
            watch.cancel()
        for number in signals:
            loop.remove_signal_handler(number)


async def _end_of_input(stop: asyncio.Event) -> None:
    reader = asyncio.StreamReader()
    await asyncio.get_running_loop().connect_read_pipe(
        lambda: asyncio.StreamReaderProtocol(reader), sys.stdin
    )
    while await reader.read(1024):
        pass
    stop.set()
