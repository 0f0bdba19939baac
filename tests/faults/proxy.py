"""A TCP proxy that does to connections what networks, firewalls and broken programs do to them."""

import asyncio
import contextlib
import socket
import struct
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from enum import StrEnum

_CHUNK_BYTES = 65_536
_GARBAGE = b"\x15\x03\x01\x00\x02\x02\x46\x00SSH-2.0-nothing of this is HTTP\r\n\r\n"
# Closing with this sends a reset: what is on its way is thrown away.
_RESET_ON_CLOSE = struct.pack("ii", 1, 0)


class Fault(StrEnum):
    """What becomes of one connection."""

    NONE = "none"
    DELAY = "delay"
    """Everything goes through, the first byte after `pause_s`."""
    SLOW = "slow"
    """The answer trickles, a few bytes at a time, over about `pause_s`."""
    CUT = "cut"
    """The request goes through; the answer is thrown away and the connection reset."""
    HALF_CLOSE = "half-close"
    """The request goes through; the answering half is closed without a byte."""
    GARBAGE = "garbage"
    """The request goes through; something that is no answer comes back."""
    SILENT = "silent"
    """The request is taken and goes nowhere; nothing ever comes back."""


class FaultProxy:
    """Forwards connections to a server, each with a fault of its own.

    Args:
        host: The server's address.
        port: The server's port.
        choose: Gives the fault of each new connection.
        pause_s: How long `DELAY` waits and `SLOW` takes.

    Attributes:
        url_port: Where it listens on 127.0.0.1, once it runs.
        count: How many connections met which fault.
    """

    def __init__(
        self, host: str, port: int, choose: Callable[[], Fault], *, pause_s: float = 0.2
    ) -> None:
        self.url_port = 0
        self.count: dict[Fault, int] = dict.fromkeys(Fault, 0)
        self._server = (host, port)
        self._choose = choose
        self._pause_s = pause_s

    @asynccontextmanager
    async def running(self) -> AsyncIterator["FaultProxy"]:
        """Listen for as long as the block runs; what is open at its end is dropped."""
        tasks = set[asyncio.Task[None]]()

        async def accept(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            tasks.add(task)
            try:
                await self._carry(reader, writer)
            except (OSError, asyncio.CancelledError):
                pass  # one side has gone, or the proxy has
            finally:
                tasks.discard(task)
                writer.transport.abort()

        server = await asyncio.start_server(accept, "127.0.0.1", 0)
        self.url_port = server.sockets[0].getsockname()[1]
        try:
            yield self
        finally:
            server.close()
            for task in list(tasks):
                task.cancel()
            await asyncio.gather(*tasks, return_exceptions=True)

    async def _carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        fault = self._choose()
        self.count[fault] += 1
        if fault is Fault.DELAY:
            await asyncio.sleep(self._pause_s)
        if fault is Fault.SILENT:
            while await reader.read(_CHUNK_BYTES):
                pass
            return
        far_reader, far_writer = await asyncio.open_connection(*self._server)
        sending = asyncio.create_task(_pump(reader, far_writer))
        try:
            await self._answer(fault, far_reader, writer)
        finally:
            sending.cancel()
            await asyncio.gather(sending, return_exceptions=True)
            far_writer.transport.abort()

    async def _answer(
        self, fault: Fault, far: asyncio.StreamReader, near: asyncio.StreamWriter
    ) -> None:
        if fault in {Fault.NONE, Fault.DELAY}:
            await _pump(far, near)
            return
        # The server has done its part once it answers.
        answer = await far.read(_CHUNK_BYTES)
        if fault is Fault.CUT:
            link = near.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET_ON_CLOSE)
        elif fault is Fault.HALF_CLOSE:
            near.write_eof()
            await asyncio.sleep(self._pause_s)
        elif fault is Fault.GARBAGE:
            near.write(_GARBAGE)
            await near.drain()
        else:
            await self._trickle(answer, near)
            await _pump(far, near)

    async def _trickle(self, answer: bytes, near: asyncio.StreamWriter) -> None:
        step = max(1, len(answer) // 20)
        for start in range(0, len(answer), step):
            near.write(answer[start : start + step])
            await near.drain()
            await asyncio.sleep(self._pause_s / 20)


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    with contextlib.suppress(OSError):
        writer.write_eof()
