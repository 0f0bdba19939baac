"""The one fake that everything is measured against: the simulated city, in a process of its own."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
from collections.abc import Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection
from pathlib import Path

import uvloop

from sharpeyes.devices.simulator.city.server import City
from sharpeyes.devices.simulator.city.settings import CitySettings

RTSP_PORT = 8554
HTTP_PORT = 8080
_STOPS_WITHIN_S = 10
_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@contextmanager
def crowd(cameras: int) -> Iterator[int]:
    """Let so many cameras answer that want no password; gives the process's number."""
    spawn = multiprocessing.get_context("spawn")
    ours, theirs = spawn.Pipe()
    arguments = (crowd_settings(cameras), theirs)
    process = spawn.Process(target=_serve, args=arguments, daemon=True)
    process.start()
    try:
        ours.recv()
        assert process.pid is not None
        yield process.pid
    finally:
        ours.close()
        process.join(_STOPS_WITHIN_S)
        process.kill()


def crowd_settings(cameras: int) -> CitySettings:
    """Return what the crowd is like."""
    return CitySettings(cameras=cameras, login_ratio=0, rtsp_port=RTSP_PORT, http_port=HTTP_PORT)


def hosts(cameras: int) -> list[str]:
    """Return the address of each camera's device."""
    layout = CitySettings(cameras=cameras).layout
    return [layout.host_of(layout.device_of(number)) for number in range(cameras)]


def cpu_s(pid: int) -> float:
    """Return the processor time that a process has used, its kernel's part with it."""
    fields = Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def _serve(settings: CitySettings, parent: Connection) -> None:
    uvloop.run(_answer(settings, parent))


async def _answer(settings: CitySettings, parent: Connection) -> None:
    async with City(settings):
        parent.send("answering")
        ended = asyncio.Event()
        asyncio.get_running_loop().add_reader(parent.fileno(), ended.set)
        await ended.wait()
