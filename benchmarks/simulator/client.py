"""A bare RTSP client: OPTIONS and DESCRIBE on a new connection, and nothing made of the answers."""

from __future__ import annotations

import asyncio
import random
import re
import resource
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import cast

_LENGTH = re.compile(rb"\r\nContent-Length: (\d+)")
_ANSWERED = (b"RTSP/1.0 200 ", b"RTSP/1.0 401 ")


@dataclass(frozen=True, slots=True)
class Load:
    """What a client did.

    Attributes:
        checks: That were answered as they should be.
        failed: That were not.
        wall_s: How long it took.
        cpu_s: Our own CPU time.
    """

    checks: int
    failed: int
    wall_s: float
    cpu_s: float


class _Check(asyncio.Protocol):
    """One check; the future is told whether both answers came."""

    def __init__(self, url: str, ended: asyncio.Future[bool]) -> None:
        self._url = url
        self._ended = ended
        self._received = b""
        self._asked = 1

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._transport.write(f"OPTIONS {self._url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())

    def data_received(self, data: bytes) -> None:
        self._received += data
        end = self._received.find(b"\r\n\r\n")
        if end < 0:
            return
        length = _LENGTH.search(self._received, 0, end + 2)
        if length and len(self._received) < end + 4 + int(length[1]):
            return
        if not self._received.startswith(_ANSWERED):
            self._end(well=False)
        elif self._asked == 1:
            self._asked, self._received = 2, b""
            head = f"DESCRIBE {self._url} RTSP/1.0\r\nCSeq: 2\r\nAccept: application/sdp\r\n\r\n"
            self._transport.write(head.encode())
        else:
            self._end(well=True)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        self._end(well=False)

    def _end(self, *, well: bool) -> None:
        self._transport.close()
        if not self._ended.done():
            self._ended.set_result(well)


async def ask(hosts: list[str], port: int, *, lasts_s: float, at_once: int, seed: int = 1) -> Load:
    """Check cameras picked by a seed for some seconds.

    Args:
        hosts: Whom.
        port: Of their streams.
        lasts_s: For how long.
        at_once: How many checks are under way at any time.
        seed: Of the order.
    """
    rng = random.Random(seed)
    results = {True: 0, False: 0}
    started_s = time.perf_counter()
    cpu_s = _cpu_s()
    end_s = started_s + lasts_s

    async def keep_asking(pick: Callable[[], str]) -> None:
        while time.perf_counter() < end_s:
            host = pick()
            url = f"rtsp://{host}:{port}/Streaming/Channels/101"
            loop = asyncio.get_running_loop()
            ended: asyncio.Future[bool] = loop.create_future()
            await loop.create_connection(partial(_Check, url, ended), host, port)
            results[await ended] += 1

    await asyncio.gather(*(keep_asking(lambda: rng.choice(hosts)) for _ in range(at_once)))
    return Load(results[True], results[False], time.perf_counter() - started_s, _cpu_s() - cpu_s)


def _cpu_s() -> float:
    used = resource.getrusage(resource.RUSAGE_SELF)
    return used.ru_utime + used.ru_stime
