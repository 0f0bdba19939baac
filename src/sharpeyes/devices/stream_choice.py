"""Which of a device's profiles are the main and the sub stream of one input."""

from collections.abc import Sequence
from dataclasses import dataclass

from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.onvif_answers import MediaProfile


@dataclass(frozen=True, slots=True)
class StreamAddresses:
    """Where the pictures of one input are, on the registered host and without credentials.

    Args:
        codec: Of the main stream: "H264", "H265", "JPEG" ..., or "".
        main_url: RTSP.
        sub_url: RTSP; None where there is no smaller stream.
        snapshot_url: HTTP or HTTPS; None where the device names none.
    """

    codec: str
    main_url: str
    sub_url: str | None
    snapshot_url: str | None


@dataclass(frozen=True, slots=True)
class StreamChoice:
    """The profiles of one input.

    Args:
        main: The one with the largest picture.
        sub: The one with the smallest picture, where that is smaller.
    """

    main: MediaProfile
    sub: MediaProfile | None


def choose_streams(profiles: Sequence[MediaProfile], channel: int) -> StreamChoice | Fault:
    """Choose the profiles of an input.

    Inputs are counted in the order in which the device first names them.

    Args:
        profiles: What the device offers.
        channel: The input's number, from 1 on.
    """
    inputs: dict[str, list[MediaProfile]] = {}
    for profile in profiles:
        # Without a picture size it may be sound or metadata only.
        if profile.token and profile.codec:
            inputs.setdefault(profile.source_token, []).append(profile)
    if not inputs:
        return Fault(FaultKind.PROTOCOL, "the device offers no profile with video")
    if not 1 <= channel <= len(inputs):
        told = f"the device has {len(inputs)} inputs, and channel {channel} is none of them"
        return Fault(FaultKind.PROTOCOL, told)
    own = sorted(list(inputs.values())[channel - 1], key=_pixels)
    main = own[-1]
    sub = own[0] if 0 < _pixels(own[0]) < _pixels(main) else None
    return StreamChoice(main, sub)


def _pixels(profile: MediaProfile) -> int:
    return (profile.width_px or 0) * (profile.height_px or 0)
