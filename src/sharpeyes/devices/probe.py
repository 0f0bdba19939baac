"""Everything a device shows when it is asked once, for the engineer who registers it."""

import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeVar

import aiohttp

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.device_clock import DeviceClock
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.jpeg import jpeg_size
from sharpeyes.devices.keyframes import first_keyframe
from sharpeyes.devices.onvif import OnvifClient
from sharpeyes.devices.onvif_answers import DeviceInformation, MediaProfile
from sharpeyes.devices.rtsp import RtspDescription, check_rtsp
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.devices.snapshot import fetch_snapshot
from sharpeyes.devices.stream_choice import StreamAddresses, choose_streams

_Answer = TypeVar("_Answer")


@dataclass(frozen=True, slots=True)
class FirstKeyframe:
    """What came first over RTSP.

    Args:
        codec: "H264" or "H265".
        width_px: Width of the picture.
        height_px: Height of the picture.
        seconds: From connecting until the picture was decoded.
    """

    codec: str
    width_px: int
    height_px: int
    seconds: float


@dataclass(frozen=True, slots=True)
class SnapshotSize:
    """What came over HTTP; width and height as its header says."""

    bytes: int
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class DeviceProbe:
    """What a device answered: of each part its value, its fault, or None if it was not asked."""

    rtsp: RtspDescription | Fault | None
    keyframe: FirstKeyframe | Fault | None
    clock: DeviceClock | Fault | None
    information: DeviceInformation | Fault | None
    profiles: tuple[MediaProfile, ...] | Fault | None
    snapshot: SnapshotSize | Fault | None
    addresses: StreamAddresses | Fault | None = None

    @property
    def faults(self) -> tuple[Fault, ...]:
        """Everything that failed."""
        parts = (
            self.rtsp,
            self.keyframe,
            self.clock,
            self.information,
            self.profiles,
            self.snapshot,
            self.addresses,
        )
        return tuple(part for part in parts if isinstance(part, Fault))


async def probe_device(
    session: aiohttp.ClientSession,
    credentials: Credentials | None,
    *,
    settings: DeviceSettings,
    stream_url: str | None = None,
    onvif_host: str | None = None,
    onvif_port: int | None = None,
    snapshot_url: str | None = None,
    channel: int | None = None,
) -> DeviceProbe:
    """Ask a device one thing after the other.

    Once credentials are refused they are not tried on another way in: devices count bad logins
    over all of them, and lock the account.

    Args:
        session: Best from ``open_device_session``.
        credentials: What is registered for the device, or None.
        settings: Time and size limits.
        stream_url: Its RTSP address, or None not to ask for a stream.
        onvif_host: Its host, for ONVIF.
        onvif_port: Port of its ONVIF service, or None not to ask for it.
        snapshot_url: Where its snapshots are, or None: then ONVIF is asked where they are.
        channel: The input, from 1 on, whose streams' addresses ONVIF is asked for; None not to ask.

    Raises:
        DeviceUrlError: An address cannot be used.
    """
    sparing = _SparingAsker(credentials)
    rtsp: RtspDescription | Fault | None = None
    keyframe: FirstKeyframe | Fault | None = None
    if stream_url is not None:
        limits, timeout_s = settings.rtsp, settings.rtsp_timeout_s
        rtsp = await sparing.ask(
            lambda: check_rtsp(stream_url, credentials, timeout_s=timeout_s, limits=limits)
        )
        # A stream that is not described has no pictures either; one fault tells it.
        if not isinstance(rtsp, Fault):
            keyframe = await sparing.ask(lambda: _keyframe(stream_url, credentials, settings))
    clock: DeviceClock | Fault | None = None
    information: DeviceInformation | Fault | None = None
    profiles: tuple[MediaProfile, ...] | Fault | None = None
    addresses: StreamAddresses | Fault | None = None
    snapshot_address: str | Fault | None = snapshot_url
    if onvif_host is not None and onvif_port is not None:
        onvif = OnvifClient(
            session,
            onvif_host,
            onvif_port,
            credentials,
            timeout_s=settings.http_timeout_s,
            limits=settings.http,
        )
        clock = await onvif.system_date_and_time()
        if not isinstance(clock, Fault):
            information = await sparing.ask(onvif.device_information)
            profiles = await sparing.ask(onvif.profiles)
        if channel is not None and isinstance(profiles, tuple):
            addresses = await _addresses(sparing, onvif, profiles, channel)
            if snapshot_url is None and isinstance(addresses, StreamAddresses):
                snapshot_address = addresses.snapshot_url
        elif snapshot_url is None and isinstance(profiles, tuple) and profiles:
            token = profiles[0].token
            snapshot_address = await sparing.ask(lambda: onvif.snapshot_uri(token))
    snapshot: SnapshotSize | Fault | None = None
    if isinstance(snapshot_address, Fault):
        snapshot = snapshot_address
    elif (url := snapshot_address) is not None:
        snapshot = await sparing.ask(lambda: _snapshot(session, url, credentials, settings))
    return DeviceProbe(rtsp, keyframe, clock, information, profiles, snapshot, addresses)


class _SparingAsker:
    """Asks until credentials are refused."""

    def __init__(self, credentials: Credentials | None) -> None:
        self._has_credentials = credentials is not None
        self._refusal: Fault | None = None

    async def ask(self, question: Callable[[], Awaitable[_Answer | Fault]]) -> _Answer | Fault:
        if self._refusal is not None:
            told = f"not asked, so that no account is locked: {self._refusal.evidence}"
            return Fault(FaultKind.AUTH, told)
        answer = await question()
        if isinstance(answer, Fault) and answer.kind is FaultKind.AUTH and self._has_credentials:
            self._refusal = answer
        return answer


async def _addresses(
    sparing: _SparingAsker, onvif: OnvifClient, profiles: tuple[MediaProfile, ...], channel: int
) -> StreamAddresses | Fault:
    choice = choose_streams(profiles, channel)
    if isinstance(choice, Fault):
        return choice
    main, sub = choice.main, choice.sub
    main_url = await sparing.ask(lambda: onvif.stream_uri(main.token))
    if isinstance(main_url, Fault):
        return main_url
    sub_url = None if sub is None else await sparing.ask(lambda: onvif.stream_uri(sub.token))
    if isinstance(sub_url, Fault):
        return sub_url
    snapshot_url = await sparing.ask(lambda: onvif.snapshot_uri(main.token))
    # Many devices have streams and no snapshots.
    told = None if isinstance(snapshot_url, Fault) else snapshot_url
    return StreamAddresses(main.codec, main_url, sub_url, told)


async def _keyframe(
    url: str, credentials: Credentials | None, settings: DeviceSettings
) -> FirstKeyframe | Fault:
    started = time.monotonic()
    keyframe = await first_keyframe(
        url, credentials, timeout_s=settings.keyframe_timeout_s, limits=settings.rtsp
    )
    if isinstance(keyframe, Fault):
        return keyframe
    seconds = time.monotonic() - started
    return FirstKeyframe(keyframe.codec, keyframe.width_px, keyframe.height_px, seconds)


async def _snapshot(
    session: aiohttp.ClientSession,
    url: str,
    credentials: Credentials | None,
    settings: DeviceSettings,
) -> SnapshotSize | Fault:
    picture = await fetch_snapshot(
        session,
        url,
        credentials,
        timeout_s=settings.http_timeout_s,
        max_bytes=settings.http.max_snapshot_bytes,
    )
    if isinstance(picture, Fault):
        return picture
    size = jpeg_size(picture)
    if size is None:
        return Fault(FaultKind.PROTOCOL, "the snapshot is no JPEG, or has no readable header")
    return SnapshotSize(len(picture), *size)
