"""A camera of one file plays real H.264 and H.265 on loopback."""

import asyncio
import itertools
import struct
import threading
from collections.abc import Awaitable, Callable, Iterator
from fractions import Fraction
from functools import cache

import av
import numpy as np
import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.keyframe_decoding import UndecodableKeyframeError, decode_keyframe
from sharpeyes.devices.keyframes import Keyframe, KeyframeStream, first_keyframe
from sharpeyes.devices.rtp import EncodedKeyframe
from sharpeyes.devices.settings import RtspLimits

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[int]]

SOON = 0.5
OFTEN = RtspLimits(min_keepalive_s=0.01)
TICKS = 3_600  # of 90 kHz, at 25 pictures a second


@cache
def encoded_pictures(
    codec: str, width: int = 64, height: int = 48
) -> tuple[tuple[bytes, ...], ...]:
    """Return eight pictures as NAL units; each fourth is a keyframe, brighter each time."""
    encoder = av.CodecContext.create({"H264": "libx264", "H265": "libx265"}[codec], "w")
    assert isinstance(encoder, av.VideoCodecContext)
    encoder.width, encoder.height, encoder.pix_fmt = width, height, "yuv420p"
    encoder.time_base = Fraction(1, 25)
    encoder.gop_size = 4
    encoder.options = {
        "preset": "ultrafast",
        "tune": "zerolatency",
        "x264-params": "keyint=4:min-keyint=4:scenecut=0",
        "x265-params": "keyint=4:min-keyint=4:scenecut=0:log-level=none:pools=none",
    }
    pictures = []
    for number in range(8):
        shade = 60 + 20 * (number // 4)
        frame = av.VideoFrame.from_ndarray(
            np.full((height, width, 3), shade, np.uint8), format="bgr24"
        )
        frame.pts = number
        pictures += [bytes(packet) for packet in encoder.encode(frame)]
    pictures += [bytes(packet) for packet in encoder.encode(None)]
    return tuple(tuple(split(picture)) for picture in pictures)


def split(annex_b: bytes) -> Iterator[bytes]:
    for part in annex_b.replace(b"\0\0\0\1", b"\0\0\1").split(b"\0\0\1"):
        if part:
            yield part


class Camera:
    """Speaks enough RTSP for one client; subclasses misbehave."""

    def __init__(self, codec: str = "H264") -> None:
        self.codec = codec
        self.requests: list[str] = []
        self.playing = asyncio.Event()
        self.torn_down = asyncio.Event()
        self.pictures = encoded_pictures(codec)
        self.session = "abc;timeout=60"
        self.interval_s = 0.01
        self.statuses: dict[str, bytes] = {}

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        playing: asyncio.Task[None] | None = None
        try:
            while request := (await reader.readuntil(b"\r\n\r\n")).decode():
                self.requests.append(request)
                method = request.partition(" ")[0]
                writer.write(self.answer(method, request))
                if method == "PLAY":
                    playing = asyncio.create_task(self.play(writer))
                    self.playing.set()
                if method == "TEARDOWN":
                    self.torn_down.set()
        finally:
            if playing is not None:
                playing.cancel()
                await asyncio.gather(playing, return_exceptions=True)

    def answer(self, method: str, request: str) -> bytes:
        sequence = request.partition("CSeq: ")[2].partition("\r")[0]
        if method in self.statuses:
            return b"RTSP/1.0 " + self.statuses[method] + f"\r\nCSeq: {sequence}\r\n\r\n".encode()
        body, lines = "", f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\n"
        if method == "OPTIONS":
            lines += "Public: OPTIONS, DESCRIBE, SETUP, PLAY, GET_PARAMETER\r\n"
        elif method == "DESCRIBE":
            body = (
                f"v=0\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 {self.codec}/90000\r\na=control:t1\r\n"
            )
            lines += f"Content-Length: {len(body)}\r\n"
        elif method == "SETUP":
            lines += f"Session: {self.session}\r\n"
            lines += "Transport: RTP/AVP/TCP;unicast;interleaved=4-5;ssrc=1\r\n"
        return f"{lines}\r\n{body}".encode()

    async def play(self, writer: asyncio.StreamWriter) -> None:
        for data in self.frames():
            writer.write(data)
            await writer.drain()
            await asyncio.sleep(self.interval_s)

    def frames(self) -> Iterator[bytes]:
        sequence = number = 0
        while True:
            for picture in self.pictures:
                sent = b""
                for nal in picture:
                    packet = struct.pack(
                        ">BBHII",
                        0x80,
                        96 | (0x80 if nal is picture[-1] else 0),
                        sequence,
                        number * TICKS % 2**32,
                        1,
                    )
                    sequence = (sequence + 1) % 65_536
                    sent += b"$\x04" + len(packet + nal).to_bytes(2) + packet + nal
                number += 1
                yield sent + b"$\x05\x00\x04rtcp"


async def take(
    serve: Serve, camera: Camera, *, timeout_s: float = 10, limits: RtspLimits | None = None
) -> Keyframe | Fault:
    port = await serve(camera.talk)
    return await first_keyframe(
        f"rtsp://127.0.0.1:{port}/cam", None, timeout_s=timeout_s, limits=limits or RtspLimits()
    )


@pytest.mark.parametrize("codec", ["H264", "H265"])
async def test_takes_the_first_keyframe(serve: Serve, codec: str) -> None:
    camera = Camera(codec)

    keyframe = await take(serve, camera)

    assert isinstance(keyframe, Keyframe)
    assert keyframe.picture.shape == (48, 64, 3)
    assert keyframe.picture.dtype == np.uint8
    assert abs(keyframe.picture.mean() - 60) < 5
    assert (keyframe.codec, keyframe.width_px, keyframe.height_px) == (codec, 64, 48)
    assert keyframe.pts_s == 0.0
    async with asyncio.timeout(5):
        await camera.torn_down.wait()
    assert "Session: abc\r\n" in camera.requests[-1]


async def test_gives_every_keyframe_in_turn(serve: Serve) -> None:
    port = await serve(Camera().talk)
    seen: list[Keyframe] = []
    async with KeyframeStream(f"rtsp://127.0.0.1:{port}/", None, timeout_s=10) as stream:
        async for keyframe in stream:
            seen.append(keyframe)
            if len(seen) == 3:
                break

    assert stream.fault is None
    shades = [round(float(keyframe.picture.mean()) / 20) for keyframe in seen]
    assert shades[0] == 3
    assert set(shades) == {3, 4}
    times = [keyframe.pts_s for keyframe in seen]
    assert times == sorted(set(times))
    assert all(abs(time / 0.16 - round(time / 0.16)) < 1e-6 for time in times)


async def test_keeps_only_the_newest_keyframe(serve: Serve) -> None:
    camera = Camera()
    camera.interval_s = 0
    sent = asyncio.Event()
    first_twenty = list(itertools.islice(camera.frames(), 20))

    async def play(writer: asyncio.StreamWriter) -> None:
        writer.write(b"".join(first_twenty))
        await writer.drain()
        sent.set()

    camera.play = play  # type: ignore[method-assign]
    port = await serve(camera.talk)
    async with KeyframeStream(f"rtsp://127.0.0.1:{port}/", None, timeout_s=10) as stream:
        await sent.wait()
        async with asyncio.timeout(5):
            while stream.dropped < 4:  # noqa: ASYNC110  # nothing announces a drop
                await asyncio.sleep(0)
        keyframe = await stream.next_keyframe()

    assert isinstance(keyframe, Keyframe)
    assert keyframe.pts_s == pytest.approx(16 * TICKS / 90_000)


async def test_keeps_its_session_alive(serve: Serve) -> None:
    camera = Camera()
    camera.session = "abc;timeout=1"
    port = await serve(camera.talk)
    async with (
        asyncio.timeout(10),
        KeyframeStream(f"rtsp://127.0.0.1:{port}/", None, timeout_s=10, limits=OFTEN) as stream,
    ):
        while not any(request.startswith("GET_PARAMETER") for request in camera.requests):
            assert isinstance(await stream.next_keyframe(), Keyframe)


async def test_hostile_44_a_session_timeout_of_nothing_is_none(serve: Serve) -> None:
    camera = Camera()
    camera.session = "abc;timeout=0"
    port = await serve(camera.talk)
    async with KeyframeStream(
        f"rtsp://127.0.0.1:{port}/", None, timeout_s=10, limits=OFTEN
    ) as stream:
        for _ in range(5):
            assert isinstance(await stream.next_keyframe(), Keyframe)

    assert not any(request.startswith("GET_PARAMETER") for request in camera.requests)


class Mute(Camera):
    def frames(self) -> Iterator[bytes]:
        return iter(())


class Keyless(Camera):
    def frames(self) -> Iterator[bytes]:
        self.pictures = self.pictures[1:4]
        return super().frames()


class Unset(Camera):
    """Keyframes without the parameter sets that they need, in the stream or its description."""

    def frames(self) -> Iterator[bytes]:
        slices = tuple(nal for nal in self.pictures[0] if nal[0] & 31 not in {7, 8})
        assert len(slices) < len(self.pictures[0])
        self.pictures = (slices,)
        return super().frames()


class Torn(Camera):
    def frames(self) -> Iterator[bytes]:
        key = self.pictures[0]
        self.pictures = ((*key[:-1], b"\x65" + bytes(40)),)
        return super().frames()


@pytest.mark.parametrize(
    ("camera", "word"),
    [
        (Mute, "agrees to play, but sends no video within"),
        (Keyless, "packets so far), but no keyframe within"),
        (Unset, "sends keyframes that"),
        (Torn, "sends keyframes that"),
    ],
    ids=["hostile_41_no RTP", "hostile_61_no keyframe", "hostile_61_no parameter sets", "torn"],
)
async def test_no_picture_is_a_fault_of_its_own(
    serve: Serve, camera: type[Camera], word: str
) -> None:
    fault = await take(serve, camera(), timeout_s=SOON)

    assert isinstance(fault, Fault)
    assert (fault.kind, word in fault.evidence) == (FaultKind.NO_FRAMES, True), fault


@pytest.mark.parametrize(
    ("method", "status", "kind"),
    [
        ("SETUP", b"461 Unsupported Transport", FaultKind.PROTOCOL),
        ("SETUP", b"453 Not Enough Bandwidth", FaultKind.BUSY),
        ("SETUP", b"200 OK", FaultKind.PROTOCOL),
        ("PLAY", b"503 Service Unavailable", FaultKind.BUSY),
        ("PLAY", b"401 Unauthorized", FaultKind.AUTH),
        ("DESCRIBE", b"302 Moved", FaultKind.PROTOCOL),
    ],
)
async def test_refusals_keep_their_meaning(
    serve: Serve, method: str, status: bytes, kind: FaultKind
) -> None:
    camera = Camera()
    camera.statuses[method] = status

    fault = await take(serve, camera)

    assert isinstance(fault, Fault)
    assert fault.kind is kind, fault


async def test_other_codecs_are_named(serve: Serve) -> None:
    camera = Camera()
    camera.codec = "MP4V-ES"

    fault = await take(serve, camera)

    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.UNREADABLE
    assert '"MP4V-ES"; H264 and H265 are read' in fault.evidence


async def test_too_large_pictures_are_refused_undecoded(serve: Serve) -> None:
    camera = Camera()
    camera.pictures = encoded_pictures("H264", 320, 240)

    fault = await take(serve, camera, timeout_s=SOON, limits=RtspLimits(max_pixels=65_536))

    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.NO_FRAMES


async def test_hostile_60_the_resolution_may_change(serve: Serve) -> None:
    camera = Camera()
    camera.pictures = (*encoded_pictures("H264")[:4], *encoded_pictures("H264", 96, 64)[:4])
    port = await serve(camera.talk)
    sizes: set[tuple[int, int]] = set()
    async with (
        asyncio.timeout(10),
        KeyframeStream(f"rtsp://127.0.0.1:{port}/", None, timeout_s=10) as stream,
    ):
        async for keyframe in stream:
            sizes.add((keyframe.width_px, keyframe.height_px))
            if len(sizes) == 2:
                break

    assert sizes == {(64, 48), (96, 64)}


async def test_a_stream_ends_with_its_connection(serve: Serve) -> None:
    class Short(Camera):
        async def play(self, writer: asyncio.StreamWriter) -> None:
            writer.write(next(self.frames()))
            await writer.drain()
            writer.write_eof()

    port = await serve(Short().talk)
    async with KeyframeStream(f"rtsp://127.0.0.1:{port}/", None, timeout_s=10) as stream:
        keyframes = [keyframe async for keyframe in stream]

    assert len(keyframes) == 1
    assert stream.fault == Fault(FaultKind.NETWORK, f"127.0.0.1:{port} closed the connection")


async def test_waiting_ends_at_once_when_cancelled_and_leaves_no_thread(serve: Serve) -> None:
    camera = Mute()
    port = await serve(camera.talk)
    threads = threading.active_count()
    waiting = asyncio.create_task(first_keyframe(f"rtsp://127.0.0.1:{port}/", None, timeout_s=60))
    async with asyncio.timeout(5):
        await camera.playing.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        await camera.torn_down.wait()

    assert threading.active_count() == threads


async def test_a_fault_of_opening_ends_the_iteration(
    serve: Serve, capfd: pytest.CaptureFixture[str]
) -> None:
    camera = Camera()
    camera.statuses["DESCRIBE"] = b"401 Unauthorized\r\nWWW-Authenticate: Basic realm=x"
    port = await serve(camera.talk)
    credentials = Credentials("admin", "canary")
    async with KeyframeStream(f"rtsp://127.0.0.1:{port}/", credentials, timeout_s=10) as stream:
        assert [keyframe async for keyframe in stream] == []

    assert stream.fault is not None
    assert stream.fault.kind is FaultKind.AUTH
    assert "canary" not in "".join((*capfd.readouterr(), stream.fault.evidence))


def test_a_broken_keyframe_is_no_picture() -> None:
    with pytest.raises(UndecodableKeyframeError):
        decode_keyframe(EncodedKeyframe("H264", b"\0\0\0\1\x65garbage", 0.0), max_pixels=65_536)
