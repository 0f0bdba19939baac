"""An installation as its users have it: commands in a folder, the service in processes."""

import asyncio
import contextlib
import os
import random
import shutil
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import aiohttp
import asyncpg
import cv2
import msgspec
import numpy as np
import pytest
import pytest_asyncio
from playwright.async_api import Browser, ConsoleMessage, Page, Request, async_playwright

from sharpeyes.events.event import EventType, Evidence, NewEvent, Severity, new_event_id
from sharpeyes.events.payload import VehicleAbandoned
from sharpeyes.events.store import append
from sharpeyes.service.database import open_pool

SHARPEYES = Path(sys.executable).with_name("sharpeyes")
RTSP_SERVER = Path(__file__).with_name("rtsp_server.py")
SYSTEM_PYTHON = "/usr/bin/python3"
# MapLibre draws with WebGL; there is no graphics card here.
CHROMIUM_ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
]
PATIENCE_MS = 15_000

Ask = Callable[[], Awaitable[Any]]


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and how it ended."""

    code: int
    out: str
    err: str

    def json(self) -> Any:
        return msgspec.json.decode(self.out)


@dataclass(frozen=True, slots=True)
class Installation:
    """A folder with settings and a database of its own."""

    folder: Path
    environ: Mapping[str, str]
    port: int
    outputs: dict[str, bytes] = field(default_factory=dict)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def command(self, *words: str | Path, text: str = "") -> Answer:
        process = await asyncio.create_subprocess_exec(
            SHARPEYES,
            *words,
            cwd=self.folder,
            env=self.environ,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        try:
            out, err = await asyncio.wait_for(process.communicate(text.encode()), 90)
        finally:
            if process.returncode is None:
                process.kill()
                await process.communicate()
        assert process.returncode is not None
        return Answer(process.returncode, out.decode(), err.decode())

    async def done(self, *words: str | Path, text: str = "") -> Answer:
        """Run a command that has to succeed."""
        answer = await self.command(*words, text=text)
        assert answer.code == 0, answer
        return answer

    @asynccontextmanager
    async def running(self, *words: str | Path) -> AsyncIterator[asyncio.subprocess.Process]:
        """Keep a command running; end it as Ctrl-C does."""
        log = self.folder / f"{words[0]}.log"
        with log.open("ab") as output:
            process = await asyncio.create_subprocess_exec(
                SHARPEYES,
                *words,
                cwd=self.folder,
                env=self.environ,
                stdin=asyncio.subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                start_new_session=True,
            )
        try:
            yield process
        finally:
            if process.returncode is None:
                process.send_signal(signal.SIGINT)
            try:
                await asyncio.wait_for(process.wait(), 60)
            except TimeoutError:
                process.kill()
                await process.wait()
            sys.stdout.write(f"--- {log.name}\n{log.read_text(errors='replace')[-4000:]}\n")

    @asynccontextmanager
    async def serving(self, command: str = "serve") -> AsyncIterator[asyncio.subprocess.Process]:
        """Run the service until it answers, and for as long as the test needs it.

        Args:
            command: ``serve`` for all of its five processes; ``api``, at an eighth of the start,
                where nothing is measured, detected or delivered.
        """
        async with self.running(command) as process:
            await self.until(self.get("/readyz"), lambda ready: ready is not None, within_s=60)
            yield process

    def get(self, path: str, **query: str) -> Ask:
        """Return what asks our API for this; it answers None while the API cannot be reached."""
        return self.get_at(f"{self.url}{path}", **query)

    def get_at(self, url: str, **query: str) -> Ask:
        """Return what asks for this; it answers None while nobody answers."""

        async def ask() -> Any:
            try:
                async with (
                    aiohttp.ClientSession() as session,
                    session.get(url, params=query) as answer,
                ):
                    return await answer.json() if answer.ok else None
            except aiohttp.ClientConnectionError:
                return None

        return ask

    async def until(self, ask: Ask, is_so: Callable[[Any], bool], *, within_s: float) -> Any:
        """Ask again and again until the answer is so, and return it."""
        value = None
        try:
            async with asyncio.timeout(within_s):
                while True:
                    value = await ask()
                    if value is not None and is_so(value):
                        return value
                    await asyncio.sleep(0.1)
        except TimeoutError:
            raise AssertionError(f"not within {within_s} s; last seen: {value}") from None


QUICK = """
workers = 2

[http]
port = {port}
anonymous = true

[events]
allow_loopback = true
schedule_s = [0, 0.2, 0.5, 1, 2, 5, 5, 5, 5, 5]
lease_s = 40

[health]
reach_interval_s = 1
login_interval_s = 1
picture_interval_s = 2
clock_interval_s = 5
recheck_s = [0.2, 0.4]
backoff_max_s = 1
frozen_after_s = 600

[health.common_cause]
hold_s = 1
longest_hold_s = 1
look_every_s = 0.2
"""


@pytest_asyncio.fixture
async def installation(
    tmp_path: Path, database_url: str, free_port: Callable[[], int]
) -> Installation:
    port = free_port()
    settings = tmp_path / "sharpeyes.toml"
    settings.write_text(QUICK.format(port=port))
    return Installation(
        folder=tmp_path,
        environ={
            "PATH": os.environ["PATH"],
            "HOME": str(tmp_path),
            "SHARPEYES_DATABASE_URL": database_url,
        },
        port=port,
    )


@pytest.fixture
def vehicle_stands(installation: Installation) -> Callable[..., Awaitable[str]]:
    """What stores that a vehicle was left at a registered camera, or has gone; gives the event.

    `ends` is the event that told of the vehicle first.
    """
    picture = np.full((360, 640, 3), 90, np.uint8)
    cv2.rectangle(picture, (210, 130), (420, 290), (40, 40, 190), -1)
    jpeg = cv2.imencode(".jpg", picture)[1].tobytes()

    async def store(device_code: str, *, ends: str | None = None) -> str:
        now = datetime.now(UTC)
        event_id = new_event_id(now, random)
        pool: asyncpg.Pool
        async with (
            await open_pool(
                installation.environ["SHARPEYES_DATABASE_URL"], min_size=1, max_size=1
            ) as pool,
            pool.acquire() as connection,
            connection.transaction(),
        ):
            event = NewEvent(
                event_id=event_id,
                type=EventType.ABANDONED_VEHICLE,
                camera_id=await connection.fetchval(
                    "SELECT camera_id FROM camera WHERE device_code = $1", device_code
                ),
                device_code=device_code,
                severity=Severity.ALERT if ends is None else Severity.INFO,
                occurred_at=now,
                dedup_key=event_id,
                follows=ends or "",
                evidence=None
                if ends
                else Evidence.of(jpeg, width_px=640, height_px=360, taken_at=now),
                data=VehicleAbandoned(
                    phase="alert" if ends is None else "end",
                    box_xyxy=(210, 130, 420, 290),
                    picture_width_px=640,
                    picture_height_px=360,
                    zone="kerb",
                    dwell_s=400,
                    started_at=now - timedelta(seconds=400),
                ),
            )
            assert await append(connection, event)
        return event_id

    return store


@dataclass(slots=True)
class RtspServer:
    """Debian's gst-rtsp-server on a file, which can be killed and started again."""

    host: str
    port: int
    footage: Path
    username: str = "viewer"
    password: str = "street-2"
    process: asyncio.subprocess.Process | None = None

    async def start(self) -> None:
        self.process = await asyncio.create_subprocess_exec(
            SYSTEM_PYTHON,
            RTSP_SERVER,
            self.host,
            str(self.port),
            self.footage,
            self.username,
            self.password,
            stdout=asyncio.subprocess.PIPE,
        )
        assert self.process.stdout is not None
        assert await asyncio.wait_for(self.process.stdout.readline(), 30) == b"ready\n"

    async def kill(self) -> None:
        if self.process is not None and self.process.returncode is None:
            self.process.kill()
            await self.process.wait()


@pytest_asyncio.fixture
async def rtsp_server(
    footage: Path, own_address: IPv4Address, free_port: Callable[[], int]
) -> AsyncIterator[RtspServer]:
    _need(_has_gst_rtsp_server(), "gst-rtsp-server (see scripts/install_test_packages)")
    video = footage / "cvtrafficcam-stopsign/traffic.mp4"
    server = RtspServer(str(own_address), free_port(), video)
    await server.start()
    yield server
    await server.kill()


@pytest.fixture(scope="session")
def chromium() -> Path:
    found = shutil.which("chromium") or shutil.which("chromium-browser")
    _need(found is not None, "Chromium (see scripts/install_test_packages)")
    assert found is not None
    return Path(found)


@dataclass
class Seen:
    """What a page did that its user does not see."""

    complaints: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def watch(self, page: Page) -> None:
        page.on("console", self._console)
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("request", self._request)

    def _console(self, message: ConsoleMessage) -> None:
        # The browser's own note of a refused or unanswered question; the page shows it in words.
        if message.type == "error" and not message.text.startswith("Failed to load resource"):
            self.complaints.append(message.text)

    def _request(self, request: Request) -> None:
        self.requests.append(request.url)

    def hosts(self) -> set[str | None]:
        return {urlsplit(url).hostname for url in self.requests if url.startswith("http")}


# One for all: tests that use it run in the session's event loop, as theirs alone cannot reach it.
@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser(chromium: Path) -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=chromium, args=CHROMIUM_ARGUMENTS
        )
        yield browser
        await browser.close()


@pytest.fixture
def seen() -> Seen:
    return Seen()


@pytest_asyncio.fixture(loop_scope="session")
async def page(browser: Browser, seen: Seen) -> AsyncIterator[Page]:
    """A page as a duty officer in Wuhan has it; it must end without a complaint of its own."""
    context = await browser.new_context(
        locale="zh-CN", timezone_id="UTC", viewport={"width": 1366, "height": 860}
    )
    context.set_default_timeout(PATIENCE_MS)
    page = await context.new_page()
    seen.watch(page)
    yield page
    await context.close()
    assert seen.complaints == []
    assert seen.hosts() <= {"127.0.0.1"}


@pytest.fixture
def processes_in() -> Callable[[Path], dict[int, str]]:
    """What lists the processes, by their working folder or their words, of a test's folder."""
    return _processes_in


@pytest.fixture
def no_process_left(tmp_path: Path) -> Iterator[None]:
    """Fail if a process of this test's folder outlives it."""
    yield
    assert _processes_in(tmp_path) == {}


def _processes_in(folder: Path) -> dict[int, str]:
    return {
        pid: Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
        for pid in (int(entry.name) for entry in Path("/proc").iterdir() if entry.name.isdigit())
        if _belongs_to(pid, folder)
    }


def _belongs_to(pid: int, folder: Path) -> bool:
    with contextlib.suppress(OSError):
        return pid != os.getpid() and Path(f"/proc/{pid}/cwd").readlink().is_relative_to(folder)
    return False


def _has_gst_rtsp_server() -> bool:
    if not Path(SYSTEM_PYTHON).exists():
        return False
    check = "import gi; gi.require_version('GstRtspServer', '1.0')"
    return os.spawnv(os.P_WAIT, SYSTEM_PYTHON, [SYSTEM_PYTHON, "-c", check]) == 0


def _need(there: bool, what: str) -> None:
    if there:
        return
    if "CI" in os.environ:
        pytest.fail(f"not installed: {what}")
    pytest.skip(f"not installed: {what}")
