"""The soak itself."""

import asyncio
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from pathlib import Path
from random import Random

import aiohttp
import msgspec
from aiohttp.test_utils import TestServer
from tests.faults.proxy import FaultProxy

from benchmarks.soak.case_system import CaseSystem
from benchmarks.soak.installation import ROLES, Installation, Role
from benchmarks.soak.ledger import Book, Ledger
from benchmarks.soak.sender import Sender

_SENDERS = 4
_STALLED_S = 90.0
_PROXY_PAUSE_S = 0.5


class Plan(msgspec.Struct, frozen=True, kw_only=True):
    """How much.

    Attributes:
        events: handed in.
        cameras: of which they tell.
        kills: with -9, of API, relay and workers in turn.
        restarts: of the database server, without a checkpoint.
        seed: decides which fault meets which request, and when something is killed.
    """

    events: int = 20_000
    cameras: int = 500
    kills: int = 25
    restarts: int = 3
    seed: int = 0

    @property
    def batch(self) -> int:
        """Events in one request."""
        return 25

    @property
    def ahead(self) -> int:
        """How many accepted events may wait before the senders pause, so that all flows at once."""
        return max(200, self.events // 8)


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """What came of it.

    Attributes:
        plan: what was asked for.
        ledger: the sums.
        faults: how many connections to the receiver met which fault of the network.
        refused: deliveries whose signature was not right.
        fresh_s: how long an event took to arrive once all was calm.
        took_s: from the first event to the last arrival.
    """

    plan: Plan
    ledger: Ledger
    faults: dict[str, int]
    refused: int
    fresh_s: float
    took_s: float

    @property
    def holds(self) -> bool:
        """Whether T1 holds."""
        return self.ledger.holds and not self.refused and self.fresh_s <= 5


class Soak:
    """One run.

    Args:
        plan: how much.
        folder: an empty one.
        port: on which the API may listen.
        say: is given a line now and then.
    """

    def __init__(self, plan: Plan, folder: Path, port: int, say: Callable[[str], None]) -> None:
        self._plan = plan
        self._folder = folder
        self._port = port
        self._say = say
        self._random = Random(plan.seed)
        self._book = Book()

    @property
    def _accepted(self) -> int:
        return len(self._book.accepted)

    @property
    def _arrived(self) -> int:
        return len(self._book.arrivals)

    @property
    def _waiting(self) -> int:
        return self._accepted - self._arrived

    async def run(self) -> Outcome:
        """Do it all and add up."""
        plan, book = self._plan, self._book
        cases = CaseSystem(book, Random(self._random.getrandbits(32)))
        installation = Installation(self._folder, self._port)
        async with AsyncExitStack() as stack:
            server = TestServer(cases.application())
            await stack.enter_async_context(server)
            assert server.port is not None
            proxy = FaultProxy("127.0.0.1", server.port, cases.fault, pause_s=_PROXY_PAUSE_S)
            await stack.enter_async_context(proxy.running())
            serve = await stack.enter_async_context(installation.running())
            cameras = await installation.add_cameras(plan.cameras)
            url = f"http://127.0.0.1:{proxy.url_port}/events"
            added = await installation.command("endpoint", "add", "cases", url, "--no-handshake")
            cases.secret = added["secret"]
            made = await installation.command("token", "create", "soak", "--role", "ingest")
            session = await stack.enter_async_context(aiohttp.ClientSession())
            sender = Sender(session, installation.url, made["token"], book)

            began_s = time.monotonic()
            async with asyncio.TaskGroup() as tasks:
                for number in range(_SENDERS):
                    tasks.create_task(self._send(sender, cameras[number::_SENDERS], number))
                tasks.create_task(self._harm(installation, serve))
            await self._drained()
            took_s = time.monotonic() - began_s

            cases.calm = True
            fresh_s = await self._fresh(sender, cameras[0])
        return Outcome(
            plan=plan,
            ledger=book.close(),
            faults={fault.value: count for fault, count in proxy.count.items() if count},
            refused=cases.refused,
            fresh_s=round(fresh_s, 2),
            took_s=round(took_s, 1),
        )

    async def _send(self, sender: Sender, cameras: list[str], number: int) -> None:
        plan = self._plan
        count = plan.events // _SENDERS
        source = Random(plan.seed * _SENDERS + number)
        items = [(f"{number}-{n}", source.choice(cameras)) for n in range(count)]
        for start in range(0, count, plan.batch):
            await _until(lambda: self._waiting <= plan.ahead)
            await sender.send(items[start : start + plan.batch])

    async def _harm(self, installation: Installation, serve: asyncio.subprocess.Process) -> None:
        """Kill and restart, spread over the whole of handing in and delivering."""
        plan = self._plan
        roles: list[Role | None] = [ROLES[n % len(ROLES)] for n in range(plan.kills)]
        deeds = roles + [None] * plan.restarts
        self._random.shuffle(deeds)
        for number, role in enumerate(deeds, 1):
            due = 2 * plan.events * number / (len(deeds) + 1)
            await self._until_moved(due)
            if role is None:
                await installation.restart_database()
            else:
                await installation.kill(serve, role)
            self._say(
                f"{number}/{len(deeds)}: {role or 'database'} killed at "
                f"{self._accepted:,} accepted, {self._arrived:,} arrived"
            )

    async def _until_moved(self, due: float) -> None:
        await _until(lambda: self._accepted + self._arrived >= due)

    async def _drained(self) -> None:
        """Wait until all that was accepted has arrived, or nothing arrives any more."""
        seen, since_s = -1, time.monotonic()
        while self._book.close().lost:
            if self._arrived != seen:
                seen, since_s = self._arrived, time.monotonic()
            elif time.monotonic() - since_s > _STALLED_S:
                return
            await asyncio.sleep(0.5)

    async def _fresh(self, sender: Sender, device_code: str) -> float:
        began_s = time.monotonic()
        await sender.send([("fresh", device_code)])
        await _until(
            lambda: (
                self._book.arrivals[-1].origin_id == "fresh"
                or time.monotonic() - began_s > _STALLED_S
            )
        )
        return time.monotonic() - began_s


async def _until(is_so: Callable[[], bool]) -> None:
    # What is waited for happens in other processes: there is nobody to set an event.
    while not is_so():  # noqa: ASYNC110
        await asyncio.sleep(0.02)
