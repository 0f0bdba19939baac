"""Asking one camera: the network side of the checks."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import numpy as np
import structlog
from numpy.typing import NDArray

from sharpeyes.devices.address import DeviceAddress, endpoint
from sharpeyes.devices.connecting import check_connection
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.device_clock import DeviceClock
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.jpeg import decode_jpeg
from sharpeyes.devices.keyframes import first_keyframe
from sharpeyes.devices.onvif import OnvifClient
from sharpeyes.devices.rtsp import check_stream
from sharpeyes.devices.snapshot import fetch_snapshot
from sharpeyes.health.context import HealthContext
from sharpeyes.health.evaluation import (
    Login,
    judge_answer,
    judge_clock,
    judge_description,
    judge_picture,
)
from sharpeyes.health.status import CheckResult
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.errors import RegistryError

log = structlog.get_logger()

Picture = NDArray[np.uint8]
"""(H, W, 3) BGR."""


_NO_LOGIN = Login(wanted=False)


@dataclass(slots=True)
class _Attempt:
    """One use of a camera's credentials: how it stands, and how it ended."""

    login: Login
    credentials: Credentials | None = field(default=None, repr=False)
    accepted: bool | None = None

    def ended(self, fault: Fault | None) -> None:
        """Note what came of it: a picture or description, or a fault."""
        if self.credentials is not None and fault is None:
            self.accepted = True
        elif self.credentials is not None and fault and fault.kind is FaultKind.AUTH:
            self.accepted = False


class Probes:
    """Asks cameras, within the limits of what their devices put up with.

    Args:
        context: what the monitor was given.
    """

    def __init__(self, context: HealthContext) -> None:
        self._context = context

    async def connect(self, camera: Camera) -> Fault | None:
        """Ask for a connection and no more."""
        assert camera.host is not None
        port = camera.rtsp_port if _stream_path(camera) else camera.http_port
        timeout_s = self._context.devices.rtsp_timeout_s
        return await check_connection(camera.host, port, timeout_s=timeout_s)

    async def ask_stream(self, camera: Camera, *, log_in: bool) -> list[CheckResult]:
        """Ask for the description of a camera's stream.

        Args:
            camera: has a stream or a snapshot; without a stream the snapshot speaks for it.
            log_in: whether to send its password if it wants one; without, a device that asks for
                one is reached, and that is all.
        """
        if not log_in:
            return await self._describe(camera, _Attempt(_NO_LOGIN))
        async with self._attempt(camera) as attempt:
            return await self._describe(camera, attempt)

    async def _describe(self, camera: Camera, attempt: _Attempt) -> list[CheckResult]:
        assert camera.host is not None
        context, path = self._context, _stream_path(camera)
        if path is None:
            picture = await self._fetch(camera, attempt.credentials)
            attempt.ended(fault := picture if isinstance(picture, Fault) else None)
            place = endpoint(camera.host, camera.http_port)
            return judge_answer(fault, attempt.login, place)
        answer = await check_stream(
            DeviceAddress.of_stream(camera.host, camera.rtsp_port, path),
            attempt.credentials,
            timeout_s=context.devices.rtsp_timeout_s,
            limits=context.devices.rtsp,
        )
        attempt.ended(answer if isinstance(answer, Fault) else None)
        if context.trends is not None and not isinstance(answer, Fault):
            context.trends.answered(camera.camera_id, answer.latency_ms)
        place = endpoint(camera.host, camera.rtsp_port)
        return judge_description(answer, attempt.login, place, context.settings.slow_ms)

    async def look(self, camera: Camera) -> tuple[list[CheckResult], Picture | None]:
        """Fetch a picture: a keyframe, or where there is no stream a snapshot."""
        async with self._attempt(camera) as attempt:
            picture = await self._fetch(camera, attempt.credentials)
            fault = picture if isinstance(picture, Fault) else None
            attempt.ended(fault)
        assert camera.host is not None
        port = camera.rtsp_port if _stream_url(camera) else camera.http_port
        results = judge_picture(fault, attempt.login, endpoint(camera.host, port))
        return results, None if isinstance(picture, Fault) else picture

    async def read_clock(self, camera: Camera) -> list[CheckResult]:
        """Ask for the device's time, unauthenticated; a device without ONVIF has no result."""
        context, client = self._context, self._onvif(camera, None)
        clock = await client.system_date_and_time()
        limit_s = context.settings.clock_limit_s
        if isinstance(clock, DeviceClock) and abs(clock.error_s) > limit_s:
            # Before it is blamed: of two answers the quicker one is the nearer to the truth.
            again = await client.system_date_and_time()
            if isinstance(again, DeviceClock) and again.round_trip_s <= clock.round_trip_s:
                clock = again
        if context.trends is not None and isinstance(clock, DeviceClock):
            context.trends.told_time(camera.camera_id, clock)
        return judge_clock(clock, client.endpoint, limit_s)

    async def ask_recordings(self, camera: Camera) -> bool:
        """Ask which recordings the device keeps; nothing is judged by it.

        Returns:
            False where it could not be asked now for a reason of ours: ask again soon.
        """
        context = self._context
        if context.trends is None:
            return True
        async with self._attempt(camera) as attempt:
            if attempt.credentials is None and attempt.login == _NO_LOGIN:
                return False
            answer = await self._onvif(camera, attempt.credentials).recordings()
            if isinstance(answer, Fault):
                attempt.ended(answer)
            # An answer says nothing of the password: many give it to whomever asks.
        if isinstance(answer, Fault) and answer.kind is FaultKind.LOCAL:
            return False
        context.trends.recordings.told(camera.camera_id, answer)
        return True

    def _onvif(self, camera: Camera, credentials: Credentials | None) -> OnvifClient:
        assert camera.host is not None
        context = self._context
        return OnvifClient(
            context.http,
            camera.host,
            camera.http_port,
            credentials,
            timeout_s=context.devices.http_timeout_s,
            now=context.now,
            limits=context.devices.http,
        )

    async def _fetch(self, camera: Camera, credentials: Credentials | None) -> Picture | Fault:
        devices = self._context.devices
        stream_url = _stream_url(camera)
        if stream_url is not None:
            keyframe = await first_keyframe(
                stream_url,
                credentials,
                timeout_s=devices.keyframe_timeout_s,
                limits=devices.rtsp,
            )
            return keyframe if isinstance(keyframe, Fault) else keyframe.picture
        assert camera.snapshot_url is not None
        jpeg = await fetch_snapshot(
            self._context.http,
            camera.snapshot_url,
            credentials,
            timeout_s=devices.http_timeout_s,
            max_bytes=devices.http.max_snapshot_bytes,
        )
        if isinstance(jpeg, Fault):
            return jpeg
        return await asyncio.to_thread(
            decode_jpeg, jpeg, max_pixels=devices.http.max_snapshot_pixels, reduce=2
        )

    @asynccontextmanager
    async def _attempt(self, camera: Camera) -> AsyncIterator[_Attempt]:
        """Use a camera's credentials if its device has not refused them."""
        assert camera.host is not None
        context, host = self._context, camera.host
        try:
            credentials = await context.credentials(camera.camera_id)
        except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, RegistryError) as error:
            # Our trouble, not the camera's: it can still be reached.
            log.error(  # noqa: TRY400  # foreseen: its line says all
                "credentials cannot be read", camera=camera.device_code, error=str(error)
            )
            yield _Attempt(_NO_LOGIN)
            return
        if credentials is None:
            yield _Attempt(Login(wanted=True))
            return
        now_s = context.monotonic_s()
        if blocked_for_s := context.logins.blocked_for_s(host, credentials, now_s):
            yield _Attempt(Login(wanted=True, blocked_for_s=blocked_for_s))
            return
        if not context.logins.begin(host, credentials, now_s):
            yield _Attempt(_NO_LOGIN)
            return
        attempt = _Attempt(Login(wanted=True), credentials)
        try:
            yield attempt
        finally:
            context.logins.end(host, credentials, context.monotonic_s(), accepted=attempt.accepted)


def _stream_path(camera: Camera) -> str | None:
    return camera.main_stream_path or camera.sub_stream_path


def _stream_url(camera: Camera) -> str | None:
    """Return the stream that costs least."""
    return camera.sub_stream_url or camera.main_stream_url
