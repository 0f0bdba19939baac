"""The RTSP side of a device of a simulated city: from OPTIONS to a keyframe a second."""

import asyncio
import re
import secrets

from sharpeyes.devices.simulator.authentication import Request
from sharpeyes.devices.simulator.city.connection import CityConnection
from sharpeyes.devices.simulator.city.fault import NoDescription, NoFrames, Silent, Unanswered
from sharpeyes.devices.simulator.city.world import World
from sharpeyes.devices.simulator.encoding import Stream
from sharpeyes.devices.simulator.rtp import CLOCK_HZ, RtpWriter
from sharpeyes.devices.simulator.rtsp_message import RtspRequest, answer, take_request
from sharpeyes.devices.simulator.session_description import TRACK

_METHODS = "OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER, TEARDOWN"
_PUBLIC = {"Public": _METHODS}
_PATH = re.compile(rf"/Streaming/Channels/(\d{{1,2}})0([12])(?:/|/{TRACK})?", re.ASCII)
_STREAMS = {"1": Stream.MAIN, "2": Stream.SUB}
_INTERLEAVED = re.compile(r"interleaved=(\d{1,3})-(\d{1,3})")
_SESSION_TIMEOUT_S = 60
_MAX_CHANNEL = 254
_MAX_WAITING_BYTES = 131_072  # a client that reads so slowly loses pictures


def stream_path(channel: int, stream: Stream) -> str:
    """Where a stream of a device's input is."""
    return f"/Streaming/Channels/{channel}0{1 if stream is Stream.MAIN else 2}"


class RtspConnection(CityConnection[RtspRequest]):
    """One client's connection; it carries at most one session."""

    __slots__ = ("_camera", "_rtp", "_session", "_stream", "_timer", "_timestamp")

    _bad_request = answer("0", 400)

    def __init__(self, world: World) -> None:
        super().__init__(world)
        self._session = ""
        self._timer: asyncio.TimerHandle | None = None

    def connection_lost(self, exc: Exception | None) -> None:
        """End the session with its connection."""
        super().connection_lost(exc)
        self._stop()

    def _take(self, buffer: bytearray) -> RtspRequest | None:
        return take_request(buffer)

    def _refuse(self, request: RtspRequest) -> bytes:
        return answer(request.sequence, 453)

    def _answer(self, request: RtspRequest) -> bytes:
        method = request.method
        requests = self._world.tally.requests
        requests[method] = requests.get(method, 0) + 1
        match method:
            case "OPTIONS":
                return answer(request.sequence, 200, _PUBLIC)
            case "DESCRIBE" | "SETUP" | "PLAY" | "GET_PARAMETER" | "TEARDOWN":
                asked = Request(method, request.headers.get("authorization"))
                challenge = self._world.refuse(self._device, asked, qop=False)
                if challenge is not None:
                    return answer(request.sequence, 401, {"WWW-Authenticate": challenge})
                return self._answer_authenticated(request)
            case _:
                return answer(request.sequence, 405, {"Allow": _METHODS})

    def _answer_authenticated(self, request: RtspRequest) -> bytes:
        match request.method:
            case "DESCRIBE":
                return self._describe(request)
            case "SETUP":
                return self._set_up(request)
            case "GET_PARAMETER":
                return answer(request.sequence, 200, self._session_header())
            case _ if not self._session or not self._names_session(request):
                return answer(request.sequence, 454)
            case "PLAY":
                # The first picture follows the answer.
                asyncio.get_running_loop().call_soon(self._send_picture)
                return answer(request.sequence, 200, self._session_header())
            case _:
                self._stop()
                return answer(request.sequence, 200)

    def _describe(self, request: RtspRequest) -> bytes:
        asked = self._asked(request)
        if asked is None:
            return answer(request.sequence, 404)
        camera, stream = asked
        if isinstance(self._world.cameras.fault(camera, "stream"), NoDescription):
            return answer(request.sequence, 200)
        headers = {
            "Content-Type": "application/sdp",
            "Content-Base": f"{request.url.rstrip('/')}/",
        }
        return answer(request.sequence, 200, headers, self._world.description(camera, stream))

    def _set_up(self, request: RtspRequest) -> bytes:
        asked = self._asked(request)
        transport = request.headers.get("transport", "")
        if asked is None:
            return answer(request.sequence, 404)
        if self._session:
            return answer(request.sequence, 455)
        if "RTP/AVP/TCP" not in transport:
            return answer(request.sequence, 461)
        self._camera, self._stream = asked
        self._session = secrets.token_hex(4)
        interleaved = _INTERLEAVED.search(transport)
        channel = min(int(interleaved[1]), _MAX_CHANNEL) if interleaved else 0
        self._rtp = RtpWriter(channel, secrets.randbits(32), secrets.randbits(16))
        self._timestamp = secrets.randbits(32)
        accepted = f"RTP/AVP/TCP;unicast;interleaved={channel}-{channel + 1}"
        return answer(request.sequence, 200, {"Transport": accepted, **self._session_header()})

    def _send_picture(self) -> None:
        """Send the picture of this second, if one can be sent, and see to the next."""
        if self._transport.is_closing() or not self._session:
            return
        world = self._world
        if not (
            isinstance(self._fault, Unanswered | Silent)
            or isinstance(world.cameras.fault(self._camera, "stream"), NoFrames)
            or self._transport.get_write_buffer_size() > _MAX_WAITING_BYTES
        ):
            frames = world.clip(self._camera, self._stream).frames
            frame = frames[world.moment(self._camera) % len(frames)]
            self._transport.write(self._rtp.picture(frame.payloads, self._timestamp))
        self._timestamp = (self._timestamp + CLOCK_HZ) & 0xFFFF_FFFF
        self._timer = asyncio.get_running_loop().call_later(1.0, self._send_picture)

    def _stop(self) -> None:
        self._session = ""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _asked(self, request: RtspRequest) -> tuple[int, Stream] | None:
        """The camera and stream that a request is about; None if there is none."""
        found = _PATH.fullmatch(request.path)
        if found is None:
            return None
        camera = self._world.layout.camera_at(self._device, int(found[1]))
        return None if camera is None else (camera, _STREAMS[found[2]])

    def _names_session(self, request: RtspRequest) -> bool:
        return request.headers.get("session", "").partition(";")[0].strip() == self._session

    def _session_header(self) -> dict[str, str]:
        if not self._session:
            return {}
        return {"Session": f"{self._session};timeout={_SESSION_TIMEOUT_S}"}
