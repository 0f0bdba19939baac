"""`sharpeyes demo`: a street of simulated cameras, the service, and a case system, told as it goes.

Nothing here is special to the demonstration but the order of things: it writes a settings file and
then gives the commands that an engineer would give.
"""

from __future__ import annotations

import asyncio
import fcntl
import json
import shutil
import signal
import socket
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import aiohttp

from sharpeyes.devices.simulator.traffic import make_scene
from sharpeyes.service.errors import ServiceError
from sharpeyes.service.postgres import EmbeddedPostgres

HOST = "127.0.0.1"
CAMERAS = 30
DWELL_S = 15

_FIRST_CAMERA = "127.20.0.1"
_STARTED_WITHIN_S = 120.0
_TOLD_WITHIN_S = 150.0
_ASK_EVERY_S = 0.3
_GRACE_S = 40.0
_FAULT_LASTS_S = 40.0
# A polygon would fill the screen.
_LONGEST_SHOWN = 60
_FAULTS = ("frozen", "silent", "clock_off", "wrong_password", "down", "slow")
_VEHICLE = "org.sharpeyes.abandoned-vehicle.v1"

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


class Demo:
    """One demonstration.

    Args:
        folder: Keeps all of it; what an earlier one left there is removed.
        ports: Where it listens.
        say: Tells the visitor a line.
    """

    def __init__(self, folder: Path, ports: Ports, say: Callable[[str], None]) -> None:
        self._folder = folder.absolute()
        self._ports = ports
        self._say = say
        self._url = f"http://{HOST}:{ports.dashboard}"
        self._broken = asyncio.Event()

    async def run(self, stop: asyncio.Event, *, once: bool) -> None:
        """Tell the story and keep the street alive until `stop`; with `once`, end after the story.

        Raises:
            DemoError: A part did not start, or something did not happen in its time.
        """
        with _alone_in(self._folder):
            self._settings_file.write_text(
                _SETTINGS.format(
                    data_dir=json.dumps(str(self._folder / "data")),
                    host=HOST,
                    port=self._ports.dashboard,
                )
            )
            ends = [
                asyncio.create_task(self._tell(once=once)),
                asyncio.create_task(self._broken.wait()),
                asyncio.create_task(stop.wait()),
            ]
            try:
                done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()
                await asyncio.gather(*ends, return_exceptions=True)
            for end in done:
                end.result()
            if self._broken.is_set() and not stop.is_set():
                raise DemoError(f"a part ended unasked; see the logs in {self._folder}")
            self._say("The demonstration has ended.")

    async def _tell(self, *, once: bool) -> None:
        started = time.monotonic()
        async with AsyncExitStack() as parts:
            self._say("Starting the service, with a database of its own ...")
            await parts.enter_async_context(self._part("serve", "serve"))
            await self._until("the service answers", lambda: self._get("/readyz"), bool)
            self._say(f"\n    Dashboard: {self._url}/\n")
            await self._connect_receiver(parts)
            cameras = await self._open_street(parts)
            await self._show_online(cameras)
            await self._show_outage(next(c for c in cameras if c["scene"] == "quiet"))
            event_id = await self._show_vehicle()
            self._say(
                f"\nAll of it took {time.monotonic() - started:.0f} s. The picture, and how it was"
                f" delivered: {self._url}/#/en/events/{event_id}"
            )
            if not once:
                self._say("Cameras go on failing and recovering until Ctrl-C.")
                await self._keep_failing([c for c in cameras if c["scene"] != "parked"])

    async def _connect_receiver(self, parts: AsyncExitStack) -> None:
        secret = self._folder / "receiver.secret"
        secret.touch(mode=0o600)
        await parts.enter_async_context(
            self._part(
                "receiver",
                "receiver",
                *("--port", str(self._ports.receiver), "--secret-file", str(secret)),
                *("--store", str(self._folder / "received.ndjson")),
            )
        )
        await self._until("the case system answers", self._received, lambda got: got is not None)
        url = f"http://{HOST}:{self._ports.receiver}/events"
        added = await self._command("endpoint", "add", "case-system", url, "--json")
        secret.write_text(json.loads(added)["secret"])

    async def _open_street(self, parts: AsyncExitStack) -> list[dict[str, Any]]:
        """Start the cameras and register them; return those that may be polled."""
        table = self._folder / "cameras.csv"
        await parts.enter_async_context(
            self._part(
                "simulate",
                "simulate",
                *("--cameras", str(CAMERAS), "--csv", str(table)),
                *("--rtsp-port", str(self._ports.camera_rtsp)),
                *("--http-port", str(self._ports.camera_http)),
                *("--control-port", str(self._ports.control)),
            )
        )
        cameras: list[dict[str, Any]] = await self._until(
            "the simulated cameras answer", self._simulated, bool
        )
        # Zones first for those that see the car: a zone that comes later makes them look anew.
        await self._command("camera", "import", str(table))
        strip = make_scene("parked").no_parking
        polygon = " ".join(f"{x:.4f},{y:.4f}" for x, y in strip)
        for camera in cameras:
            if camera["scene"] == "parked":
                await self._command(
                    *("zone", "add", camera["device_code"], "kerb", "--kind", "no_parking"),
                    *("--polygon", polygon, "--dwell-s", str(DWELL_S)),
                )
        listed = await self._get("/api/v1/cameras?limit=1000")
        polled = {c["device_code"] for c in listed["cameras"] if c["poll_mode"] == "direct"}
        return [camera for camera in cameras if camera["device_code"] in polled]

    async def _show_online(self, cameras: Sequence[dict[str, Any]]) -> None:
        status = await self._until(
            "the cameras are online",
            lambda: self._get("/api/v1/status"),
            lambda status: status["total"]["ok"] == len(cameras),
        )
        total = status["total"]
        self._say(
            f"{total['ok']} of {total['measured']} measured cameras are online;"
            f" {total['not_measured']} are asked only on request and are not measured."
        )

    async def _show_outage(self, camera: dict[str, Any]) -> None:
        code, name = camera["device_code"], camera["name"]
        await self._fault(code, "down")
        lost = await self._until(
            f"camera {code} is seen to be offline",
            lambda: self._get(f"/api/v1/cameras/{code}"),
            lambda view: view["status"] == "offline",
        )
        self._say(f"{name} is offline, cause {lost['cause']}: {lost['evidence']}")

    async def _show_vehicle(self) -> str:
        page = await self._until(
            "a vehicle stays where it must not",
            lambda: self._get(f"/api/v1/events?type={_VEHICLE}"),
            lambda page: bool(page["events"]),
            within_s=_TOLD_WITHIN_S,
        )
        event = page["events"][-1]
        self._say(
            f"A vehicle stands in zone {event['data']['zone']!r} of {event['camera_name']} for"
            f" {event['data']['dwell_s']:.0f} s: event {event['event_id']}"
        )
        await self._until(
            "the case system has verified the event",
            self._received,
            lambda got: any(
                one["id"] == event["event_id"] and one["verified"] for one in got["events"]
            ),
        )
        self._say("The case system has received it and verified its signature.")
        return str(event["event_id"])

    async def _keep_failing(self, cameras: Sequence[dict[str, Any]]) -> None:
        turn = 0
        while True:
            camera, kind = cameras[turn % len(cameras)], _FAULTS[turn % len(_FAULTS)]
            await self._fault(camera["device_code"], kind)
            await asyncio.sleep(_FAULT_LASTS_S)
            await self._command(
                *("simulate", "clear", camera["device_code"]),
                *("--control-port", str(self._ports.control)),
            )
            turn += 1

    async def _fault(self, code: str, kind: str) -> None:
        await self._command(
            "simulate", "fault", code, kind, "--control-port", str(self._ports.control)
        )

    @property
    def _settings_file(self) -> Path:
        return self._folder / "sharpeyes.toml"

    async def _command(self, *words: str) -> str:
        """Give a command, telling the visitor, and return what it prints.

        Raises:
            DemoError: It failed.
        """
        shown = [word if len(word) <= _LONGEST_SHOWN else "..." for word in words]
        self._say(f"$ sharpeyes {' '.join(shown)}")
        process = await asyncio.create_subprocess_exec(
            *self._words(words),
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            start_new_session=True,
        )
        out, err = await process.communicate()
        if process.returncode:
            raise DemoError(f"sharpeyes {words[0]} failed: {err.decode().strip()}")
        return out.decode()

    @asynccontextmanager
    async def _part(self, name: str, *words: str) -> AsyncIterator[None]:
        """Keep a command running, its output in NAME.log; end it as Ctrl-C would."""
        log = self._folder / f"{name}.log"
        with log.open("wb") as output:
            # Its own session: the visitor's Ctrl-C is for us, and we end the parts in good order.
            process = await asyncio.create_subprocess_exec(
                *self._words(words),
                stdin=asyncio.subprocess.DEVNULL,
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
        self._say(f"`sharpeyes {name}` has ended (exit code {code}): {last}")
        self._broken.set()

    def _words(self, words: Sequence[str]) -> list[str]:
        return [sys.executable, "-m", "sharpeyes", "--config", str(self._settings_file), *words]

    async def _until(
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
                f"gave up: not within {within_s:.0f} s: {what}; see the logs in {self._folder}"
            ) from None

    async def _get(self, path: str) -> Any:
        return await _get_json(f"{self._url}{path}")

    async def _received(self) -> Any:
        return await _get_json(f"http://{HOST}:{self._ports.receiver}/events")

    async def _simulated(self) -> Any:
        return await _get_json(f"http://{HOST}:{self._ports.control}/cameras")


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
            _empty(folder)
            yield
    except PermissionError as error:
        raise DemoError(
            f"{error.filename}: not yours to change; remove {folder} as whoever made it"
        ) from None


def _empty(folder: Path) -> None:
    data = folder / "data"
    if (data / "postgres").exists():
        # One that was killed may have left its database server running.
        with EmbeddedPostgres(data):
            pass
    if data.exists():
        shutil.rmtree(data)
    for name in ("cameras.csv", "receiver.secret", "received.ndjson", "sharpeyes.toml"):
        (folder / name).unlink(missing_ok=True)


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
