"""Small fleets that start at once, and an RTSP client that sees every byte."""

import asyncio
import hashlib
import re
import time
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from typing import Protocol

import pytest
import pytest_asyncio

from sharpeyes.devices.simulator.authentication import AuthScheme
from sharpeyes.devices.simulator.camera import MAIN_STREAM_PATH
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.scene import Scene, Vehicle, VehicleKind
from sharpeyes.devices.simulator.settings import FleetSettings

DEADLINE_S = 20.0


class StartFleet(Protocol):
    """What `start_fleet` gives."""

    async def __call__(
        self,
        cameras: int = 1,
        *,
        speed_ratio: float = 1.0,
        auth: AuthScheme = AuthScheme.DIGEST,
        monotonic: Callable[[], float] = time.monotonic,
        recording_days: tuple[float, ...] = (40.0,),
        subscription_limit: int = 5,
    ) -> Fleet: ...


@pytest.fixture(scope="session")
def scene() -> Scene:
    """Six seconds in which one car drives past."""
    car = Vehicle(VehicleKind.CAR, (40, 40, 160), lane=1, appear_s=0.2, speed_m_s=24.0)
    return Scene(name="short", seed=3, loop_s=6, vehicles=(car,))


@pytest_asyncio.fixture
async def start_fleet(scene: Scene, own_address: IPv4Address) -> AsyncIterator[StartFleet]:
    """Starts fleets, and ends them with the test."""
    async with AsyncExitStack() as stack:

        async def start(
            cameras: int = 1,
            *,
            speed_ratio: float = 1.0,
            auth: AuthScheme = AuthScheme.DIGEST,
            monotonic: Callable[[], float] = time.monotonic,
            recording_days: tuple[float, ...] = (40.0,),
            subscription_limit: int = 5,
        ) -> Fleet:
            settings = FleetSettings(
                cameras=cameras,
                first_address=own_address,
                speed_ratio=speed_ratio,
                auth=auth,
                recording_days=recording_days,
                subscription_limit=subscription_limit,
            )
            names = ("parked", "busy", "quiet")
            scenes = [
                Scene(name, scene.seed, scene.loop_s, scene.vehicles, scene.view) for name in names
            ]
            fleet = Fleet(settings, scenes=scenes, monotonic=monotonic)
            return await stack.enter_async_context(fleet)

        yield start


@dataclass
class Answer:
    """An RTSP answer."""

    status: int
    headers: dict[str, str]
    body: str


@dataclass
class RtspClient:
    """Speaks RTSP byte by byte, with Digest where it is asked for."""

    url: str
    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    password: str = "street-1"
    frames: list[tuple[int, bytes]] = field(default_factory=list)
    session: dict[str, str] = field(default_factory=dict)
    _challenge: str = ""
    _sequence: int = 0

    async def ask(self, method: str, track: str = "", **headers: str) -> Answer:
        answer = await self.ask_once(method, track, **headers)
        if answer.status == 401 and not self._challenge:
            self._challenge = answer.headers["www-authenticate"]
            answer = await self.ask_once(method, track, **headers)
        if "session" in answer.headers:
            self.session = {"Session": answer.headers["session"].partition(";")[0]}
        return answer

    async def ask_once(self, method: str, track: str = "", **headers: str) -> Answer:
        self.send(method, track, **headers)
        async with asyncio.timeout(DEADLINE_S):
            while True:
                head = await self.reader.readexactly(4)
                if head[:1] == b"$":
                    self.frames.append((head[1], await self.reader.readexactly(_length(head))))
                    continue
                return await self._read_answer(head)

    def send(self, method: str, track: str = "", **headers: str) -> None:
        self._sequence += 1
        lines = {"CSeq": str(self._sequence), **self.session, **headers}
        if self._challenge:
            lines["Authorization"] = self._authorization(method, self.url + track)
        text = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
        self.writer.write(f"{method} {self.url}{track} RTSP/1.0\r\n{text}\r\n".encode())

    async def next_packet(self, channel: int = 0) -> bytes:
        """The next packet of a channel: 0 carries RTP, 1 RTCP. Others before it are dropped."""
        async with asyncio.timeout(DEADLINE_S):
            while True:
                while self.frames:
                    came_on, packet = self.frames.pop(0)
                    if came_on == channel:
                        return packet
                head = await self.reader.readexactly(4)
                assert head[:1] == b"$"
                self.frames.append((head[1], await self.reader.readexactly(_length(head))))

    async def next_picture(self) -> bytes:
        """The payloads of the packets up to the next that is marked as a picture's last."""
        payloads = b""
        while True:
            packet = await self.next_packet()
            payloads += packet[12:]
            if packet[1] & 0x80:
                return payloads

    async def play(self) -> Answer:
        """From DESCRIBE to PLAY."""
        await self.ask("DESCRIBE")
        set_up = await self.ask("SETUP", "/trackID=1", Transport="RTP/AVP/TCP;interleaved=0-1")
        assert set_up.status == 200
        return await self.ask("PLAY")

    async def _read_answer(self, head: bytes) -> Answer:
        lines = (head + await self.reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {
            name.lower(): value.strip()
            for name, _, value in (line.partition(":") for line in lines[1:] if line)
        }
        body = await self.reader.readexactly(int(headers.get("content-length", "0")))
        return Answer(int(lines[0].split(" ")[1]), headers, body.decode())

    def _authorization(self, method: str, uri: str) -> str:
        realm, nonce = (re.findall(f'{name}="([^"]+)"', self._challenge)[0] for name in _ASKED)
        who = _md5(f"sim:{realm}:{self.password}")
        response = _md5(f"{who}:{nonce}:{_md5(f'{method}:{uri}')}")
        return (
            f'Digest username="sim", realm="{realm}", nonce="{nonce}", uri="{uri}",'
            f' response="{response}"'
        )


_ASKED = ("realm", "nonce")


def _length(head: bytes) -> int:
    return int.from_bytes(head[2:4])


def _md5(text: str) -> str:
    return hashlib.md5(text.encode()).hexdigest()


class Connect(Protocol):
    """What `connect` gives."""

    async def __call__(
        self, fleet: Fleet, *, camera: int = 0, password: str = "street-1"
    ) -> RtspClient: ...


@pytest_asyncio.fixture
async def connect() -> AsyncIterator[Connect]:
    """Connects to a camera's RTSP port, and closes the connection with the test."""
    clients: list[RtspClient] = []

    async def open_client(
        fleet: Fleet, *, camera: int = 0, password: str = "street-1"
    ) -> RtspClient:
        host, port = fleet.cameras[camera].host, fleet.settings.rtsp_port
        async with asyncio.timeout(DEADLINE_S):
            reader, writer = await asyncio.open_connection(host, port)
        url = f"rtsp://{host}:{port}{MAIN_STREAM_PATH}"
        clients.append(RtspClient(url, reader, writer, password))
        return clients[-1]

    yield open_client
    for client in clients:
        client.writer.close()
