"""The RTSP side of a simulated camera: from OPTIONS to pictures."""

import asyncio
import re
from typing import cast

from sharpeyes.devices.simulator.authentication import Request
from sharpeyes.devices.simulator.camera import MAIN_STREAM_PATH, SUB_STREAM_PATH, Device
from sharpeyes.devices.simulator.encoding import Stream
from sharpeyes.devices.simulator.fault import Silent, Slow
from sharpeyes.devices.simulator.rtsp_message import (
    BadRequestError,
    RtspRequest,
    answer,
    take_request,
)
from sharpeyes.devices.simulator.rtsp_session import Session
from sharpeyes.devices.simulator.session_description import TRACK, describe_clip
from sharpeyes.devices.simulator.world import World

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_STREAMS = {MAIN_STREAM_PATH: Stream.MAIN, SUB_STREAM_PATH: Stream.SUB}
_INTERLEAVED = re.compile(r"interleaved=(\d{1,3})-(\d{1,3})")
_SESSION_TIMEOUT_S = 60
_MAX_CHANNEL = 254


class RtspServer:
    """Makes the protocol of every connection, and knows which are open."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._open: set[RtspConnection] = set()

    def __call__(self) -> "RtspConnection":
        """The protocol of a new connection, as asyncio wants it."""
        return RtspConnection(self._world, self._open)

    @property
    def sessions(self) -> int:
        """How many streams are being played."""
        return sum(connection.is_playing for connection in self._open)

    def cut(self, device: Device | None = None) -> None:
        """Break every connection, or those to one device, off."""
        for connection in list(self._open):
            if device is None or connection.device is device:
                connection.transport.abort()


class RtspConnection(asyncio.Protocol):
    """One client's connection; it carries at most one session."""

    transport: asyncio.Transport
    device: Device

    def __init__(self, world: World, open_connections: set["RtspConnection"]) -> None:
        self._world = world
        self._open = open_connections
        self._buffer = bytearray()
        self._session: Session | None = None

    @property
    def is_playing(self) -> bool:
        """Whether pictures are due on it."""
        return self._session is not None and self._session.is_playing

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """See whose address was called."""
        # Not isinstance: uvloop's transports only behave like asyncio's.
        transport = cast("asyncio.Transport", transport)
        self.transport = transport
        self.device = self._world.device_of(transport)
        self._open.add(self)

    def connection_lost(self, exc: Exception | None) -> None:  # noqa: ARG002  # asyncio's signature
        """End the session with its connection."""
        self._open.discard(self)
        self._end_session()

    def pause_writing(self) -> None:
        """The client reads too slowly: its requests wait until it has caught up."""
        self.transport.pause_reading()

    def resume_writing(self) -> None:
        """Take requests again."""
        self.transport.resume_reading()

    def data_received(self, data: bytes) -> None:
        """Answer the requests that are complete."""
        if isinstance(self.device.fault, Silent):
            return
        self._buffer += data
        try:
            while (request := take_request(self._buffer)) is not None:
                self._receive(request)
        except BadRequestError:
            self.transport.write(answer("0", 400))
            self.transport.close()

    def _receive(self, request: RtspRequest) -> None:
        if isinstance(self.device.fault, Slow):
            loop = asyncio.get_running_loop()
            loop.call_later(self.device.fault.after_s, self._answer, request)
        else:
            self._answer(request)

    def _answer(self, request: RtspRequest) -> None:
        if self.transport.is_closing():
            return
        match request.method:
            case "OPTIONS":
                self._reply(request, 200, {"Public": _METHODS})
            case "DESCRIBE" | "SETUP" | "PLAY" | "GET_PARAMETER" | "TEARDOWN":
                self._answer_authenticated(request)
            case _:
                self._reply(request, 405, {"Allow": _METHODS})

    def _answer_authenticated(self, request: RtspRequest) -> None:
        asked = Request(request.method, request.headers.get("authorization"))
        challenge = self._world.refuse(self.device, asked, qop=False)
        if challenge is not None:
            self._reply(request, 401, {"WWW-Authenticate": challenge})
            return
        match request.method:
            case "DESCRIBE":
                self._describe(request)
            case "SETUP":
                self._set_up(request)
            case "PLAY":
                self._play(request)
            case "GET_PARAMETER":
                self._reply(request, 200, self._session_header())
            case _:
                self._tear_down(request)

    def _describe(self, request: RtspRequest) -> None:
        stream = _STREAMS.get(request.path.rstrip("/"))
        if stream is None:
            self._reply(request, 404)
            return
        headers = {
            "Content-Type": "application/sdp",
            "Content-Base": f"{request.url.rstrip('/')}/",
        }
        description = describe_clip(self._world.clip(self.device, stream), self.device.camera.host)
        self._reply(request, 200, headers, description)

    def _set_up(self, request: RtspRequest) -> None:
        stream = _STREAMS.get(request.path.removesuffix(f"/{TRACK}").rstrip("/"))
        transport = request.headers.get("transport", "")
        if stream is None:
            self._reply(request, 404)
        elif self._session is not None:
            self._reply(request, 455)
        elif "RTP/AVP/TCP" not in transport:
            self._reply(request, 461)
        else:
            asked = _INTERLEAVED.search(transport)
            channel = min(int(asked[1]), _MAX_CHANNEL) if asked else 0
            session = Session(self._world, self.device, stream, self.transport, channel)
            self._session = session
            accepted = (
                f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1};ssrc={session.ssrc:08X}"
            )
            self._reply(request, 200, {"Transport": accepted, **self._session_header()})

    def _play(self, request: RtspRequest) -> None:
        session = self._session
        if session is None or not self._names_session(request):
            self._reply(request, 454)
            return
        track = f"{request.url.rstrip('/').removesuffix(f'/{TRACK}')}/{TRACK}"
        info = f"url={track};seq={session.next_sequence};rtptime={session.timestamp}"
        headers = {"Range": "npt=0.000-", "RTP-Info": info, **self._session_header()}
        self._reply(request, 200, headers)
        session.play()

    def _tear_down(self, request: RtspRequest) -> None:
        if self._session is None or not self._names_session(request):
            self._reply(request, 454)
            return
        self._reply(request, 200)
        self._end_session()

    def _end_session(self) -> None:
        if self._session is not None:
            self._session.end()
        self._session = None

    def _names_session(self, request: RtspRequest) -> bool:
        named = request.headers.get("session", "").partition(";")[0].strip()
        return self._session is not None and named == self._session.id

    def _session_header(self) -> dict[str, str]:
        if self._session is None:
            return {}
        return {"Session": f"{self._session.id};timeout={_SESSION_TIMEOUT_S}"}

    def _reply(
        self,
        request: RtspRequest,
        status: int,
        headers: dict[str, str] | None = None,
        body: str = "",
    ) -> None:
        self.transport.write(answer(request.sequence, status, headers, body))
