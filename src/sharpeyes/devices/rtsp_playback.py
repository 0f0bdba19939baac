"""Playing a stream's video, its packets interleaved with the RTSP connection.

Over TCP only: cameras stand behind firewalls, and lost packets spoil pictures.
"""

import asyncio
import re
from collections.abc import Callable
from dataclasses import dataclass

from sharpeyes.devices.fault import Fault, FaultKind, quoted
from sharpeyes.devices.rtp import can_assemble
from sharpeyes.devices.rtsp import describe
from sharpeyes.devices.rtsp_client import RtspClient
from sharpeyes.devices.rtsp_message import InterleavedFrame, RtspResponse
from sharpeyes.devices.sdp import RtspMedia, Sdp
from sharpeyes.devices.settings import RtspLimits

PacketSink = Callable[[bytes], None]

_DEFAULT_TIMEOUT_S = 60.0  # RFC 2326, 12.37
_SESSION = re.compile(r"([^\s;]{1,256})(?:\s*;\s*timeout\s*=\s*(\d{1,9}))?", re.IGNORECASE)
_CHANNEL = re.compile(r"TCP.*interleaved\s*=\s*(\d{1,3})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class _Session:
    name: str
    timeout_s: float
    channel: int


@dataclass(frozen=True, slots=True)
class Playback:
    """A video that is set up on a connection, ready to be played.

    Closing the client ends it.
    """

    media: RtspMedia
    _client: RtspClient
    _control: str
    _session: _Session
    _keepalive_method: str
    _min_keepalive_s: float

    async def play(self, sink: PacketSink) -> Fault | None:
        """Let the video's RTP packets come to ``sink``."""
        self._client.connection.on_frame = _only_channel(self._session.channel, sink)
        headers = [("Session", self._session.name), ("Range", "npt=0.000-")]
        played = await self._client.demand("PLAY", self._control, headers)
        return played if isinstance(played, Fault) else None

    async def keep_alive(self) -> None:
        """Remind the camera of us until cancelled."""
        interval_s = max(self._min_keepalive_s, self._session.timeout_s / 2)
        headers = [("Session", self._session.name)]
        while True:
            await asyncio.sleep(interval_s)
            try:
                # Unanswered or refused: the packets, or their absence, will tell what it means.
                async with asyncio.timeout(interval_s):
                    await self._client.request(self._keepalive_method, self._control, headers)
            except TimeoutError:
                continue


async def set_up_video(client: RtspClient, limits: RtspLimits) -> Playback | Fault:
    """Describe a connected server's stream and set its first video up."""
    options = await client.request("OPTIONS", client.address.url)
    if isinstance(options, Fault):
        return options
    described = await describe(client, limits)
    if isinstance(described, Fault):
        return described
    media = _video_of(described.sdp, client.address.endpoint)
    if isinstance(media, Fault):
        return media
    transport = [("Transport", "RTP/AVP/TCP;unicast;interleaved=0-1")]
    setup = await client.demand("SETUP", _resolve(described.base, media.control), transport)
    if isinstance(setup, Fault):
        return setup
    session = _session_of(setup, client.address.endpoint)
    if isinstance(session, Fault):
        return session
    control = _resolve(described.base, described.sdp.control)
    client.session = (control, session.name)
    method = "GET_PARAMETER" if "GET_PARAMETER" in (options.header("public") or "") else "OPTIONS"
    return Playback(media, client, control, session, method, limits.min_keepalive_s)


def _video_of(sdp: Sdp, endpoint: str) -> RtspMedia | Fault:
    media = next((medium for medium in sdp.media if medium.kind == "video"), None)
    if media is None:
        return Fault(FaultKind.PROTOCOL, f"{endpoint} offers no video")
    if not can_assemble(media):
        told = f"offers video in {quoted(media.codec)}; H264 and H265 are read"
        return Fault(FaultKind.UNREADABLE, f"{endpoint} {told}")
    return media


def _session_of(setup: RtspResponse, endpoint: str) -> _Session | Fault:
    name = _SESSION.match(setup.header("session") or "")
    channel = _CHANNEL.search(setup.header("transport") or "")
    if name is None or channel is None:
        told = "agrees to SETUP without naming a session over TCP"
        return Fault(FaultKind.PROTOCOL, f"{endpoint} {told}")
    # Some devices say timeout=0; they mean "none", not "at once".
    timeout_s = float(name[2] or 0) or _DEFAULT_TIMEOUT_S
    return _Session(name[1], timeout_s, int(channel[1]))


def _only_channel(channel: int, sink: PacketSink) -> Callable[[InterleavedFrame], None]:
    def take(frame: InterleavedFrame) -> None:
        if frame.channel == channel:
            sink(frame.payload)

    return take


def _resolve(base: str, control: str) -> str:
    # Not RFC 3986: servers expect what all clients do, and that is to append.
    if control in {"", "*"}:
        return base
    if control.lower().startswith("rtsp://"):
        return control
    return f"{base.removesuffix('/')}/{control.removeprefix('/')}"
