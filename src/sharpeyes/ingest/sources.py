"""Where sampled frames come from: a stream that is held open, or one request for each frame."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Literal, Protocol, TypeVar

from sharpeyes.detectors.picture import Frame, look_size
from sharpeyes.devices.credentials import Credentials, LoginPermit
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.jpeg import decode_jpeg, jpeg_size
from sharpeyes.devices.keyframes import Keyframe, KeyframeStream, first_keyframe
from sharpeyes.devices.snapshot import fetch_snapshot
from sharpeyes.ingest.context import IngestContext
from sharpeyes.ingest.looking import Picture
from sharpeyes.registry.camera import Camera, SampleSource
from sharpeyes.registry.errors import RegistryError
from sharpeyes.registry.outage import DATABASE_AWAY

Take = Callable[[], Awaitable[Frame | Fault]]
"""Gives the newest frame; after a fault the source is over."""

_Answer = TypeVar("_Answer")
_REDUCTIONS: tuple[Literal[8, 4, 2], ...] = (8, 4, 2)


class FrameSources(Protocol):
    """Opens cameras for sampling."""

    def open(self, camera: Camera) -> AbstractAsyncContextManager[Take | Fault]:
        """Open a camera's source, or say why it cannot be."""
        ...


def can_be_sampled(camera: Camera) -> bool:
    """Say whether a camera's record allows sampling, and says where from.

    A camera that is not in service is not sampled: who works on it would be reported as motion.
    """
    if not camera.is_measured or camera.host is None:
        return False
    match camera.sample_source:
        case SampleSource.KEYFRAME:
            return (camera.sub_stream_url or camera.main_stream_url) is not None
        case SampleSource.SNAPSHOT:
            return camera.snapshot_url is not None
        case SampleSource.NONE:
            return False


class Sources:
    """Opens cameras for sampling; shared by all cameras of a worker.

    Args:
        context: what ingest was given.
    """

    def __init__(self, context: IngestContext) -> None:
        self._context = context
        self._opening = asyncio.Semaphore(context.settings.opening_limit)

    @asynccontextmanager
    async def open(self, camera: Camera) -> AsyncIterator[Take | Fault]:
        """Open a camera's source.

        A stream is held open if it is sampled often: opening one costs the camera more than
        sending it. At most one keyframe waits undecoded there; a newer one takes its place.

        Args:
            camera: one that can be sampled.
        """
        devices = self._context.devices

        async def snapshot(credentials: Credentials | None) -> Frame | Fault:
            return await self._fetch_snapshot(camera, credentials)

        async def keyframe(credentials: Credentials | None) -> Frame | Fault:
            return _frame(
                await first_keyframe(
                    _stream_url(camera),
                    credentials,
                    timeout_s=devices.keyframe_timeout_s,
                    limits=devices.rtsp,
                )
            )

        if camera.sample_source is SampleSource.SNAPSHOT:
            yield partial(self._ask, camera, snapshot)
        elif camera.sample_interval_s >= self._context.settings.hold_open_below_s:
            yield partial(self._ask, camera, keyframe)
        else:
            async with AsyncExitStack() as stack:

                async def stream(credentials: Credentials | None) -> KeyframeStream | Fault:
                    stream = KeyframeStream(
                        _stream_url(camera),
                        credentials,
                        timeout_s=devices.keyframe_timeout_s,
                        limits=devices.rtsp,
                        permit=self._permit(camera, credentials),
                    )
                    await stack.enter_async_context(stream)
                    return stream.fault or stream

                opened = await self._ask(camera, stream)
                yield opened if isinstance(opened, Fault) else partial(_next_picture, opened)

    async def _ask(
        self, camera: Camera, ask: Callable[[Credentials | None], Awaitable[_Answer | Fault]]
    ) -> _Answer | Fault:
        """Ask a camera with its credentials, unless its device has refused them."""
        assert camera.host is not None
        context, host = self._context, camera.host
        try:
            credentials = await context.credentials(camera.camera_id)
        except (*DATABASE_AWAY, RegistryError) as error:
            return Fault(FaultKind.LOCAL, f"credentials cannot be read: {error}")
        async with self._opening:
            if credentials is None:
                return await ask(None)
            if not context.logins.begin(host, credentials, context.monotonic_s()):
                return Fault(FaultKind.AUTH, f"{host} is sent no password for now")
            accepted: bool | None = None
            try:
                answer = await ask(credentials)
                accepted = _accepted(answer)
                return answer
            finally:
                context.logins.end(host, credentials, context.monotonic_s(), accepted=accepted)

    def _permit(self, camera: Camera, credentials: Credentials | None) -> LoginPermit | None:
        """Keep the streams of a device whose password changes from locking it, each with a try."""
        if credentials is None or camera.host is None:
            return None
        context = self._context
        return context.logins.permit(camera.host, credentials, context.monotonic_s)

    async def _fetch_snapshot(
        self, camera: Camera, credentials: Credentials | None
    ) -> Frame | Fault:
        context, limits = self._context, self._context.devices.http
        assert camera.snapshot_url is not None
        jpeg = await fetch_snapshot(
            context.http,
            camera.snapshot_url,
            credentials,
            timeout_s=context.devices.http_timeout_s,
            max_bytes=limits.max_snapshot_bytes,
        )
        if isinstance(jpeg, Fault):
            return jpeg
        return await asyncio.get_running_loop().run_in_executor(
            context.executor, partial(decode_snapshot, jpeg, max_pixels=limits.max_snapshot_pixels)
        )


async def _next_picture(stream: KeyframeStream) -> Frame | Fault:
    return _frame(await stream.next_keyframe())


def _frame(keyframe: Keyframe | Fault) -> Frame | Fault:
    return keyframe if isinstance(keyframe, Fault) else Frame.of(keyframe.picture)


def decode_snapshot(jpeg: bytes, *, max_pixels: int) -> Frame | Fault:
    """Decode a snapshot as small as a detector can do with, at a fraction of the cost.

    Args:
        jpeg: the picture as it came; its frame keeps it, to decode it whole when it is told of.
        max_pixels: most pixels that the whole picture may have.
    """
    size = jpeg_size(jpeg)
    reduce = 1 if size is None else _reduction(*size)
    small = decode_jpeg(jpeg, max_pixels=max_pixels, reduce=reduce)
    if size is None or isinstance(small, Fault):
        return small if isinstance(small, Fault) else Frame.of(small)
    width_px, height_px = size

    def whole() -> Picture:
        decoded = decode_jpeg(jpeg, max_pixels=max_pixels)
        return small if isinstance(decoded, Fault) else decoded

    return Frame(small, (height_px, width_px), whole)


def _reduction(width_px: int, height_px: int) -> Literal[1, 2, 4, 8]:
    """Return by how much a picture can be reduced and not fall below the detectors' size."""
    least_height_px, least_width_px = look_size(height_px, width_px)
    for reduce in _REDUCTIONS:
        if height_px >= reduce * least_height_px and width_px >= reduce * least_width_px:
            return reduce
    return 1


def _accepted(answer: object) -> bool | None:
    if isinstance(answer, Fault):
        return False if answer.kind is FaultKind.AUTH else None
    return True


def _stream_url(camera: Camera) -> str:
    """Return the stream that costs least."""
    url = camera.sub_stream_url or camera.main_stream_url
    assert url is not None
    return url
