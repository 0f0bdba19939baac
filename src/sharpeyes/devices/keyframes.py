"""Pictures from a camera's stream: keyframes only, and never more than one waiting."""

import asyncio
from dataclasses import dataclass
from types import TracebackType
from typing import Self

import numpy as np
from numpy.typing import NDArray

from sharpeyes.devices.address import DeviceAddress
from sharpeyes.devices.credentials import Credentials, LoginPermit
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.keyframe_decoding import UndecodableKeyframeError, decode_keyframe
from sharpeyes.devices.rtp import EncodedKeyframe, KeyframeAssembler
from sharpeyes.devices.rtsp_client import RtspClient
from sharpeyes.devices.rtsp_playback import set_up_video
from sharpeyes.devices.settings import RtspLimits

_DEFAULT_LIMITS = RtspLimits()


@dataclass(frozen=True, slots=True, eq=False)
class Keyframe:
    """One decoded picture.

    Args:
        picture: uint8 of shape (H, W, 3), BGR.
        pts_s: Time since the stream's first keyframe, by the camera's clock, in seconds.
        codec: "H264" or "H265".
        width_px: Width of the picture.
        height_px: Height of the picture.
    """

    picture: NDArray[np.uint8]
    pts_s: float
    codec: str
    width_px: int
    height_px: int


class KeyframeStream:
    """Keyframes of one RTSP session.

    Use it as an asynchronous context manager and iterate over it, or call ``next_keyframe``.
    Iteration ends when the stream does; ``fault`` then says why. A keyframe is decoded when it is
    asked for: while one waits and a newer one comes, the older one goes undecoded and is counted.

    Args:
        url: The stream's address, without user name and password.
        credentials: What is registered for the device, or None.
        timeout_s: Longest time from connecting to the first keyframe, and from asking for a later
            one to its arrival.
        limits: How much is taken.
        permit: Asked before each sign of life whether credentials may be sent with it.

    Raises:
        RtspUrlError: ``url`` cannot be used.
    """

    def __init__(
        self,
        url: str,
        credentials: Credentials | None,
        *,
        timeout_s: float,
        limits: RtspLimits = _DEFAULT_LIMITS,
        permit: LoginPermit | None = None,
    ) -> None:
        self.fault: Fault | None = None
        self.dropped = 0
        self._client = RtspClient(DeviceAddress.of_rtsp(url), credentials, limits, permit)
        self._timeout_s = timeout_s
        self._limits = limits
        self._deadline: float | None = None
        self._assembler: KeyframeAssembler | None = None
        self._keepalive: asyncio.Task[None] | None = None
        self._waiting: EncodedKeyframe | None = None
        self._changed = asyncio.Event()

    async def __aenter__(self) -> Self:
        self._deadline = asyncio.get_running_loop().time() + self._timeout_s
        try:
            self.fault = await self._open()
        except BaseException:
            self._client.close()
            raise
        return self

    async def __aexit__(
        self,
        exc_type: type[BaseException] | None,
        exc: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._keepalive is not None:
            self._keepalive.cancel()
        self._client.close()

    def __aiter__(self) -> Self:
        return self

    async def __anext__(self) -> Keyframe:
        keyframe = await self.next_keyframe()
        if isinstance(keyframe, Fault):
            raise StopAsyncIteration
        return keyframe

    async def next_keyframe(self) -> Keyframe | Fault:
        """Wait for the newest keyframe and decode it."""
        now = asyncio.get_running_loop().time()
        deadline, self._deadline = self._deadline or now + self._timeout_s, None
        problem = ""
        try:
            async with asyncio.timeout_at(deadline):
                while self.fault is None:
                    try:
                        return await self._decode(await self._newest())
                    except UndecodableKeyframeError as error:
                        problem = str(error)
                    except _EndOfStreamError:
                        self.fault = self._client.connection.fault
        except TimeoutError:
            self.fault = self._nothing_came(problem)
        assert self.fault is not None
        return self.fault

    async def _open(self) -> Fault | None:
        try:
            async with asyncio.timeout_at(self._deadline):
                if fault := await self._client.connect():
                    return fault
                self._client.connection.on_end = self._changed.set
                playback = await set_up_video(self._client, self._limits)
                if isinstance(playback, Fault):
                    return playback
                self._assembler = KeyframeAssembler(
                    playback.media,
                    max_bytes=self._limits.max_keyframe_bytes,
                    on_keyframe=self._put,
                )
                if fault := await playback.play(self._assembler.take):
                    return fault
        except TimeoutError:
            return self._client.connection.overdue(self._timeout_s)
        self._keepalive = asyncio.create_task(playback.keep_alive())
        return None

    def _put(self, encoded: EncodedKeyframe) -> None:
        self.dropped += self._waiting is not None
        self._waiting = encoded
        self._changed.set()

    async def _newest(self) -> EncodedKeyframe:
        while self._waiting is None:
            if self._client.connection.fault is not None:
                raise _EndOfStreamError
            self._changed.clear()
            await self._changed.wait()
        encoded, self._waiting = self._waiting, None
        return encoded

    async def _decode(self, encoded: EncodedKeyframe) -> Keyframe:
        picture = await asyncio.to_thread(
            decode_keyframe, encoded, max_pixels=self._limits.max_pixels
        )
        height_px, width_px = picture.shape[:2]
        return Keyframe(picture, encoded.pts_s, encoded.codec, width_px, height_px)

    def _nothing_came(self, problem: str) -> Fault:
        assert self._assembler is not None
        if problem:
            told = f"sends keyframes that {problem}"
        elif self._assembler.oversized:
            told = f"sends keyframes of more than {self._limits.max_keyframe_bytes} bytes"
        elif self._assembler.packets:
            told = f"sends video ({self._assembler.packets} packets so far), but no keyframe"
        else:
            told = "agrees to play, but sends no video"
        evidence = f"{self._client.address.endpoint} {told} within {self._timeout_s:g} s"
        return Fault(FaultKind.NO_FRAMES, evidence)


class _EndOfStreamError(Exception):
    """The connection has ended."""


async def first_keyframe(
    url: str,
    credentials: Credentials | None,
    *,
    timeout_s: float,
    limits: RtspLimits = _DEFAULT_LIMITS,
) -> Keyframe | Fault:
    """Open a stream, take its first keyframe and close it.

    Args:
        url: The stream's address, without user name and password.
        credentials: What is registered for the device, or None.
        timeout_s: Longest time for all of it.
        limits: How much is taken.

    Raises:
        RtspUrlError: ``url`` cannot be used.
    """
    async with KeyframeStream(url, credentials, timeout_s=timeout_s, limits=limits) as stream:
        return await stream.next_keyframe()
