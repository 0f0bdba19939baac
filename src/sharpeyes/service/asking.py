"""Asking registered cameras everything once, for engineers: one by one, or many with manners."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import aiohttp

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.probe import DeviceProbe, probe_device
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.health.schedule import subnet_of
from sharpeyes.registry.camera import FiledCamera, Life, PollMode


async def ask_camera(
    session: aiohttp.ClientSession,
    camera: FiledCamera,
    credentials: Credentials | None,
    settings: DeviceSettings,
    *,
    addresses: bool = False,
) -> DeviceProbe:
    """Ask a camera for all that its file promises, and for what ONVIF tells.

    Args:
        session: Best from `open_device_session`.
        camera: Which one; it has a host.
        credentials: What is registered for it, or None.
        settings: Time and size limits.
        addresses: Whether also to ask where its streams are.
    """
    channel = camera.recorder_channel if camera.poll_mode is PollMode.RECORDER else None
    return await probe_device(
        session,
        credentials,
        settings=settings,
        stream_url=camera.main_stream_url or camera.sub_stream_url,
        onvif_host=camera.host,
        onvif_port=camera.http_port,
        snapshot_url=camera.snapshot_url,
        channel=(channel or 1) if addresses else None,
    )


def failure_of(camera: FiledCamera, answers: DeviceProbe) -> Fault | None:
    """Return what makes a probe fail; a camera need not speak ONVIF."""
    promised: list[object] = [answers.rtsp, answers.keyframe]
    if camera.snapshot_path is not None:
        promised.append(answers.snapshot)
    faults = [answer for answer in promised if isinstance(answer, Fault)]
    faults += [fault for fault in answers.faults if fault.kind is FaultKind.AUTH]
    if not any(promised):
        faults += answers.faults
    return faults[0] if faults else None


def why_not_ask(camera: FiledCamera) -> str | None:
    """Return when a camera may be asked, where that is not now; None where it is."""
    if camera.life is not Life.IN_SERVICE:
        return f"once it is in service, and its life is {camera.life}"
    if camera.poll_mode is PollMode.ON_REQUEST:
        return "only on request (poll mode on_request)"
    if camera.poll_mode is PollMode.NONE:
        return "never (poll mode none)"
    return None


class Manners:
    """Sees to it that no device and no network is asked too much at once.

    Args:
        subnet_limit: Devices asked at once in one /24 network (IPv6: /64).
    """

    def __init__(self, subnet_limit: int) -> None:
        self._subnet_limit = subnet_limit
        self._busy: Counter[str] = Counter()
        self._freed = asyncio.Condition()

    @asynccontextmanager
    async def asking(self, host: str) -> AsyncIterator[None]:
        """Wait until nobody asks this host and its network has room, and hold both."""
        subnet = subnet_of(host)

        def is_free() -> bool:
            return not self._busy[host] and self._busy[subnet] < self._subnet_limit

        async with self._freed:
            await self._freed.wait_for(is_free)
            # A host name is a network of its own.
            self._busy.update({host, subnet})
        try:
            yield
        finally:
            async with self._freed:
                for key in {host, subnet}:
                    self._busy[key] -= 1
                    if not self._busy[key]:
                        del self._busy[key]
                self._freed.notify_all()
