"""What a demonstration stands on: its folder, its ports, and commands in processes of their own."""

from __future__ import annotations

import asyncio
import fcntl
import json
import os
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from sharpeyes.service.errors import ServiceError
from sharpeyes.service.postgres import EmbeddedPostgres
from sharpeyes.service.settings import PREFIX

HOST = "127.0.0.1"

_FIRST_CAMERA = "127.20.0.1"
_STARTED_WITHIN_S = 120.0
_ASK_EVERY_S = 0.3
_GRACE_S = 40.0
# A polygon would fill the screen.
_LONGEST_SHOWN = 60

# Quicker than a city would have it, so that a visitor need not wait.
_SETTINGS = """\
# Written by `sharpeyes demo`. The defaults, made for a city, are slower: docs/ref/settings.md.
data_dir = {data_dir}
workers = 2

[http]
host = "{host}"
port = {port}
# Whoever is on this machine may look without signing in, and change nothing.
anonymous = true

[log]
level = "warning"

[events]
allow_loopback = true

[health]
reach_interval_s = 5
login_interval_s = 20
picture_interval_s = 10
clock_interval_s = 20
recheck_s = [1, 2]
backoff_max_s = 10
login_block_s = 30
frozen_after_s = 20

[health.common_cause]
hold_s = 4
longest_hold_s = 6
settle_s = 10
look_every_s = 0.5
"""


class DemoError(ServiceError):
    """The demonstration cannot go on; the message says why, and what helps."""


@dataclass(frozen=True, slots=True)
class Ports:
    """Where the parts listen, all on addresses of this machine only."""

    dashboard: int
    receiver: int
    control: int
    camera_rtsp: int
    camera_http: int

    @classmethod
    def free(cls, dashboard: int) -> Ports:
        """Take the usual ports where they are free, and others where not."""
        return cls(
            dashboard=_free_port(HOST, dashboard),
            receiver=_free_port(HOST, 9000),
            control=_free_port(HOST, 8090),
            camera_rtsp=_free_port(_FIRST_CAMERA, 8554),
            camera_http=_free_port(_FIRST_CAMERA, 8080),
        )


class Stage:
    """Runs commands for a demonstration, and asks its parts how they are.

    Args:
        folder: Keeps all of it.
        ports: Where it listens.
        say: Tells the visitor a line.

    Attributes:
        broken: Set when a part has ended unasked.
    """

    def __init__(self, folder: Path, ports: Ports, say: Callable[[str], None]) -> None:
        self.folder = folder.absolute()
        self.ports = ports
        self.say = say
        self.url = f"http://{HOST}:{ports.dashboard}"
        self.broken = asyncio.Event()

    @asynccontextmanager
    async def set_up(self) -> AsyncIterator[None]:
        """Hold the folder, emptied of an earlier demonstration, with settings in it.

        Raises:
            DemoError: Another demonstration uses it, or it cannot be emptied.
        """
        with _alone_in(self.folder):
            await asyncio.to_thread(_empty, self.folder)
            self.settings_file.write_text(
                _SETTINGS.format(
                    data_dir=json.dumps(str(self.folder / "data")),
                    host=HOST,
                    port=self.ports.dashboard,
                )
            )
            yield

    @property
    def settings_file(self) -> Path:
        """The settings of all its commands."""
        return self.folder / "sharpeyes.toml"

    async def command(self, *words: str) -> str:
        """Give a command, telling the visitor, and return what it prints.

        Raises:
            DemoError: It failed.
        """
        shown = [word if len(word) <= _LONGEST_SHOWN else "..." for word in words]
        self.say(f"$ sharpeyes {' '.join(shown)}")
        process = await asyncio.create_subprocess_exec(
            *self._words(words),
            env=_environment(),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        try:
            out, err = await process.communicate()
        finally:
            await _end(process)
        if process.returncode:
            raise DemoError(f"sharpeyes {words[0]} failed: {err.decode().strip()}")
        return out.decode()

    @asynccontextmanager
    async def part(self, name: str, *words: str) -> AsyncIterator[None]:
        """Keep a command running, its output in NAME.log; end it as Ctrl-C would."""
        log = self.folder / f"{name}.log"
        with log.open("wb") as output:
            # Its own session: the visitor's Ctrl-C is for us, and we end the parts in good order.
            process = await asyncio.create_subprocess_exec(
                *self._words(words),
                "--supervised",
                env=_environment(),
                stdin=asyncio.subprocess.PIPE,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        watch = asyncio.create_task(self._watch(name, process, log))
        try:
            yield
        finally:
            watch.cancel()
            await _end(process)

    async def _watch(self, name: str, process: asyncio.subprocess.Process, log: Path) -> None:
        code = await process.wait()
        last = _last_line(log)
        self.say(f"`sharpeyes {name}` has ended (exit code {code}): {last}")
        self.broken.set()

    def _words(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "sharpeyes", "--config", str(self.settings_file), *words]

    async def until(
        self,
        what: str,
        ask: Callable[[], Awaitable[Any]],
        is_so: Callable[[Any], bool],
        *,
        within_s: float = _STARTED_WITHIN_S,
    ) -> Any:
        """Ask until the answer is so, and return it.

        Raises:
            DemoError: It was not, within the time.
        """
        try:
            async with asyncio.timeout(within_s):
                while True:
                    value = await ask()
                    if value is not None and is_so(value):
                        return value
                    await asyncio.sleep(_ASK_EVERY_S)
        except TimeoutError:
            raise DemoError(
                f"gave up: not within {within_s:.0f} s: {what}; see the logs in {self.folder}"
            ) from None

    async def get(self, path: str) -> Any:
        """Ask our API; None while nothing answers."""
        return await _get_json(f"{self.url}{path}")

    async def received(self) -> Any:
        """Ask the case system what arrived; None while nothing answers."""
        return await _get_json(f"http://{HOST}:{self.ports.receiver}/events")

    async def simulated(self) -> Any:
        """Ask the simulator for its cameras; None while nothing answers."""
        return await _get_json(f"http://{HOST}:{self.ports.control}/cameras")


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Hold the demonstration's folder, emptied of an earlier one.

    Raises:
        DemoError: Another demonstration uses it, or it cannot be emptied.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with (folder / "demo.lock").open("w") as lock:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise DemoError(
                    f"another demonstration runs in {folder}; end it, or name another --folder"
                ) from None
            yield
    except PermissionError as error:
        raise DemoError(
            f"{error.filename}: not yours to change; remove {folder} as whoever made it"
        ) from None


def _empty(folder: Path) -> None:
    data = folder / "data"
    if (data / "postgres").exists():
        # Of one that was killed, parts may still be ending, and its database server may still run.
        _wait_for_users(data / "users.lock")
        with EmbeddedPostgres(data):
            pass
    if data.exists():
        shutil.rmtree(data)
    for name in ("cameras.csv", "receiver.secret", "received.ndjson", "sharpeyes.toml"):
        (folder / name).unlink(missing_ok=True)


def _environment() -> dict[str, str]:
    """Return ours without the visitor's settings, which would win over the demonstration's own."""
    return {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}


def _wait_for_users(lock_file: Path) -> None:
    deadline = time.monotonic() + _GRACE_S
    with lock_file.open("a") as lock:
        while True:
            try:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                if time.monotonic() > deadline:
                    raise DemoError(
                        f"commands still use the database in {lock_file.parent}; end them first"
                    ) from None
                time.sleep(_ASK_EVERY_S)
            else:
                return


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
        try:
            await asyncio.wait_for(process.wait(), _GRACE_S)
        except TimeoutError:
            process.kill()
            await process.wait()


def _last_line(log: Path) -> str:
    return log.read_text(errors="replace").strip().rpartition("\n")[2]


async def _get_json(url: str) -> Any:
    """Return what is there, or None as long as nothing answers."""
    try:
        async with aiohttp.ClientSession() as session, session.get(url) as answer:
            return await answer.json() if answer.ok else None
    except aiohttp.ClientConnectionError:
        return None


def _free_port(host: str, preferred: int) -> int:
    for port in (preferred, 0):
        with socket.socket() as listener:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            try:
                listener.bind((host, port))
            except OSError:
                continue
            chosen: int = listener.getsockname()[1]
            return chosen
    raise DemoError(f"no port is free on {host}")
