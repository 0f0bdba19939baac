"""The other processes of a simulated city: each answers for its share of the switches."""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import signal
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess

import uvloop

from sharpeyes.devices.simulator.city.scenario import Scenario
from sharpeyes.devices.simulator.city.server import City, Ports
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.devices.simulator.city.tally import Tally
from sharpeyes.devices.simulator.errors import SimulatorError

_STARTS_WITHIN_S = 60.0
_ENDS_WITHIN_S = 10.0
_READY = "ready"


@dataclass(frozen=True, slots=True)
class Part:
    """Another process.

    Args:
        process: it.
        pipe: tells it what to do: to begin, to tell its tally, and, by closing, to end.
    """

    process: BaseProcess
    pipe: Connection

    @property
    def pid(self) -> int:
        """Its process id."""
        return self.process.pid or 0

    def begin(self, start_s: float) -> None:
        """Let its scenario begin, at a moment of the monotonic clock."""
        self.pipe.send(start_s)

    def tally(self) -> Tally:
        """What it was asked until now.

        Raises:
            SimulatorError: it is gone.
        """
        try:
            self.pipe.send(None)
            told: Tally = self.pipe.recv()
        except (OSError, EOFError) as error:
            raise SimulatorError("a process of the city has died") from error
        return told


@contextmanager
def parts(
    settings: CitySettings, scenario: Scenario, ports: Sequence[Ports]
) -> Iterator[list[Part]]:
    """Start a process for each of some ports; they answer once this is entered, until its end.

    Raises:
        SimulatorError: one does not start.
    """
    context = multiprocessing.get_context("spawn")
    started: list[Part] = []
    try:
        for its_ports in ports:
            ours, its = context.Pipe()
            process = context.Process(
                target=_run, args=(settings, scenario, its_ports, its), daemon=True
            )
            process.start()
            its.close()
            started.append(Part(process, ours))
        for part in started:
            _wait_until_ready(part)
        yield started
    finally:
        for part in started:
            part.pipe.close()
        for part in started:
            part.process.join(_ENDS_WITHIN_S)
            if part.process.is_alive():
                part.process.kill()
                part.process.join()


def _wait_until_ready(part: Part) -> None:
    with contextlib.suppress(EOFError):
        if part.pipe.poll(_STARTS_WITHIN_S) and part.pipe.recv() == _READY:
            return
    raise SimulatorError("a process of the city did not start")


def _run(settings: CitySettings, scenario: Scenario, ports: Ports, pipe: Connection) -> None:
    # Ctrl-C reaches all processes of a terminal; the first one ends us, by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    uvloop.run(_answer(settings, scenario, ports, pipe))


async def _answer(
    settings: CitySettings, scenario: Scenario, ports: Ports, pipe: Connection
) -> None:
    ended = asyncio.Event()
    async with City(settings, scenario, ports=ports, waits=True) as city:

        def asked() -> None:
            try:
                start_s: float | None = pipe.recv()
                if start_s is None:
                    pipe.send(city.tally)
                else:
                    city.begin(start_s)
            except (EOFError, OSError):
                ended.set()

        asyncio.get_running_loop().add_reader(pipe.fileno(), asked)
        pipe.send(_READY)
        await ended.wait()
        asyncio.get_running_loop().remove_reader(pipe.fileno())
