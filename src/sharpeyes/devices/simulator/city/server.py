"""A simulated city, or one process's share of it."""

import asyncio
import random
import resource
import socket
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from types import TracebackType
from typing import Self

import msgspec

from sharpeyes.devices.simulator.city.fault import (
    AnswerFault,
    CityFault,
    Unanswered,
    is_of_device,
)
from sharpeyes.devices.simulator.city.gallery import make_gallery
from sharpeyes.devices.simulator.city.http import HttpConnection
from sharpeyes.devices.simulator.city.listening import BACKLOG, close, listen
from sharpeyes.devices.simulator.city.packet_filter import answer_only, ranges
from sharpeyes.devices.simulator.city.rtsp import RtspConnection
from sharpeyes.devices.simulator.city.scenario import QUIET, Scenario
from sharpeyes.devices.simulator.city.selection import Selection, choose
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.devices.simulator.city.tally import Tally
from sharpeyes.devices.simulator.city.timeline import Change, Trouble, plan
from sharpeyes.devices.simulator.city.unanswered import check_unanswered
from sharpeyes.devices.simulator.city.world import World
from sharpeyes.devices.simulator.errors import AddressError

_SPARE_FILES = 64  # for all that is not a connection


@dataclass(frozen=True, slots=True)
class Ports:
    """The listening sockets of one process."""

    rtsp: socket.socket
    http: socket.socket


OnChange = Callable[[Change, Trouble, datetime], None]


def _ignore(_change: Change, _trouble: Trouble, _at: datetime) -> None:
    pass


class City:
    """Cameras that answer from `async with` on until its end.

    Args:
        settings: how many cameras, where.
        scenario: what goes wrong when.
        on_change: told of every change, after it was made.
        ports: the sockets of this process where several share a city; else they are opened here.
        waits: whether the scenario waits for `begin`; else it begins on entering.
        monotonic: seconds that only grow, the same in all processes; lock-outs go by them.
        utc_now: the true time, aware; device clocks go by it.

    Attributes:
        settings: as given.
        layout: who is where.
        timeline: what will have gone wrong.

    Raises:
        ScenarioError: the scenario does not fit the city.
        AddressError: on entering, if a port cannot be listened on.
    """

    def __init__(
        self,
        settings: CitySettings | None = None,
        scenario: Scenario = QUIET,
        *,
        on_change: OnChange = _ignore,
        ports: Ports | None = None,
        waits: bool = False,
        monotonic: Callable[[], float] = time.monotonic,
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings or CitySettings()
        self.layout = self.settings.layout
        self.timeline = plan(scenario, self.layout, self.settings.seed)
        check_unanswered(self.timeline)
        self._on_change = on_change
        self._ports = ports
        self._waits = waits
        self._start_s: float | None = None
        self._monotonic = monotonic
        self._utc_now = utc_now
        self._by_hand: list[Trouble] = []
        self._timer: asyncio.TimerHandle | None = None
        self._stack = AsyncExitStack()

    async def __aenter__(self) -> Self:
        gallery = await asyncio.to_thread(make_gallery, self.settings.seed)
        self._world = World(
            self.settings, gallery, _max_open(), monotonic=self._monotonic, utc_now=self._utc_now
        )
        async with AsyncExitStack() as stack:
            if self._ports is None:
                self._ports = open_ports(self.settings)[0]
            loop = asyncio.get_running_loop()
            for port, protocol in (
                (self._ports.rtsp, partial(RtspConnection, self._world)),
                (self._ports.http, partial(HttpConnection, self._world)),
            ):
                server = await loop.create_server(protocol, sock=port, backlog=BACKLOG)
                stack.callback(server.close)
            stack.callback(self._world.cut)
            stack.callback(self._cancel)
            self._stack = stack.pop_all()
        if not self._waits:
            self.begin()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    def begin(self, start_s: float | None = None) -> None:
        """Let the scenario begin.

        Args:
            start_s: its second 0 on the monotonic clock; None: now.
        """
        self._start_s = self._monotonic() if start_s is None else start_s
        self._play(0)

    @property
    def tally(self) -> Tally:
        """What was asked until now; a copy."""
        used = resource.getrusage(resource.RUSAGE_SELF)
        tally = msgspec.structs.replace(self._world.tally, cpu_s=used.ru_utime + used.ru_stime)
        tally.requests = dict(tally.requests)
        return tally

    @property
    def now_s(self) -> float:
        """Seconds after the scenario's start."""
        assert self._start_s is not None
        return self._monotonic() - self._start_s

    def strike(self, fault: CityFault, on: Selection) -> Trouble:
        """Let something go wrong now, beside the scenario.

        Returns:
            What to give to `release`.

        Raises:
            SelectionError: there is nobody of that selection.
            TooManyRangesError: the unanswered are in too many separate places.
        """
        rng = random.Random(f"{self.settings.seed}/{len(self._by_hand)}")  # noqa: S311  # no secret
        members = choose(on, self.layout, rng, devices=is_of_device(fault))
        trouble = Trouble("", fault, fault.cause, "", "", members)
        self._by_hand.append(trouble)
        self._change(self._number(trouble), trouble, members, begins=True)
        return trouble

    def release(self, trouble: Trouble) -> None:
        """Let it be right again."""
        self._change(self._number(trouble), trouble, trouble.members, begins=False)

    def _number(self, trouble: Trouble) -> int:
        """Whatever is struck by hand counts on from the scenario's."""
        return len(self.timeline.troubles) + self._by_hand.index(trouble)

    def _play(self, index: int) -> None:
        """Make all changes that are due from one on, and see to the next."""
        self._timer = None
        changes = self.timeline.changes
        while index < len(changes) and changes[index].at_s <= self.now_s:
            change = changes[index]
            trouble = self.timeline.troubles[change.trouble]
            self._change(change.trouble, trouble, change.members, begins=change.begins)
            self._on_change(change, trouble, self._utc_now())
            index += 1
        if index < len(changes):
            wait_s = changes[index].at_s - self.now_s
            self._timer = asyncio.get_running_loop().call_later(wait_s, self._play, index)

    def _change(
        self, number: int, trouble: Trouble, members: tuple[int, ...], *, begins: bool
    ) -> None:
        change = self._world.begin if begins else self._world.end
        change(number, trouble.fault, members)
        if isinstance(trouble.fault, AnswerFault):
            self._filter()

    def _filter(self) -> None:
        """Tell the kernel whom nobody hears."""
        assert self._ports is not None
        unanswered = sorted(self._world.devices.members_with(Unanswered))
        address_of = self.layout.address_of
        # Stretches of devices, not of addresses: those that nobody has divide none.
        dropped = [(address_of(first), address_of(last)) for first, last in ranges(unanswered)]
        for port in (self._ports.rtsp, self._ports.http):
            answer_only(port, self.layout.first_network, self.layout.last_address, dropped)

    def _cancel(self) -> None:
        if self._timer is not None:
            self._timer.cancel()


def open_ports(settings: CitySettings, processes: int = 1) -> list[Ports]:
    """Open a city's ports for so many processes.

    Raises:
        AddressError: a port cannot be listened on.
    """
    layout = settings.layout
    rtsp = listen(layout, settings.rtsp_port, processes)
    try:
        http = listen(layout, settings.http_port, processes)
    except AddressError:
        close(rtsp)
        raise
    return [Ports(*pair) for pair in zip(rtsp, http, strict=True)]


def _max_open() -> int:
    """How many connections there may be, once all files are used that the system allows."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft < hard:
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))
    return max(hard - _SPARE_FILES, 1)
