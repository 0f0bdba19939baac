"""Descriptions of streams (SDP, RFC 8866), as far as cameras use them."""

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

# RFC 3551's fixed numbers that cameras use.
_STATIC_CODECS = {
    0: ("PCMU", 8_000),
    8: ("PCMA", 8_000),
    26: ("JPEG", 90_000),
    33: ("MP2T", 90_000),
}
_MEDIA_LINE = re.compile(r"(\w{1,32}) \d+(?:/\d+)? [\w/]+ (\d{1,3})(?: |\Z)")
_RTP_MAP = re.compile(r"(\d{1,3}) ([\w.+-]{1,32})/(\d{1,9})")
_SIZE = re.compile(r"(?:\d{1,3} )?(\d{1,5})[-,](\d{1,5})")
_LONGEST_CONTROL = 2_048


class SdpError(ValueError):
    """A description cannot be used; the message says why, after the device's address."""


@dataclass(frozen=True, slots=True)
class RtspMedia:
    """One stream of a presentation.

    Args:
        kind: "video", "audio", "application" ...
        codec: As the description names it, in capitals: "H264", "H265", "JPEG", "PCMA" ...
        clock_rate_hz: Ticks of its RTP timestamps per second.
        payload_type: Number that its RTP packets carry.
        width_px: Picture width, where the description says it.
        height_px: Picture height, where the description says it.
        format_parameters: The codec's own parameters, unparsed.
        control: Where SETUP goes; absolute or relative.
    """

    kind: str
    codec: str
    clock_rate_hz: int
    payload_type: int
    width_px: int | None = None
    height_px: int | None = None
    format_parameters: str = ""
    control: str = ""


@dataclass(frozen=True, slots=True)
class Sdp:
    """A description: its media, and where PLAY goes ("" and "*" mean the address asked)."""

    media: tuple[RtspMedia, ...]
    control: str


def parse_sdp(body: bytes, *, max_media: int) -> Sdp:
    """Read a description.

    Raises:
        SdpError: It is not one, has no media, or more than ``max_media``.
    """
    stripped = (line.strip() for line in body.decode("utf-8", "replace").split("\n"))
    lines = [line for line in stripped if line]
    if lines[:1] != ["v=0"]:
        raise SdpError("describes its stream in something that is not SDP")
    starts = [number for number, line in enumerate(lines) if line.startswith("m=")]
    if len(starts) > max_media:
        raise SdpError(f"describes {len(starts)} media, more than the {max_media} that are taken")
    ends = [*starts[1:], len(lines)] if starts else []
    parsed = [_parse_media(lines[a:b]) for a, b in zip(starts, ends, strict=True)]
    media = tuple(medium for medium in parsed if medium is not None)
    if not media:
        raise SdpError("describes a stream without any media")
    return Sdp(media, _control(lines[: starts[0]]))


def _parse_media(lines: list[str]) -> RtspMedia | None:
    match = _MEDIA_LINE.match(lines[0][2:])
    if match is None:
        return None  # not carried in RTP, so not for us
    payload_type = int(match[2])
    codec, clock_rate_hz = _STATIC_CODECS.get(payload_type, ("", 90_000))
    media = RtspMedia(match[1], codec, clock_rate_hz, payload_type, control=_control(lines))
    for line in lines[1:]:
        name, _, value = line.removeprefix("a=").partition(":")
        if name == "rtpmap" and (found := _RTP_MAP.match(value)) and int(found[1]) == payload_type:
            media = replace(media, codec=found[2].upper(), clock_rate_hz=int(found[3]))
        elif name == "fmtp" and value.startswith(f"{payload_type} "):
            media = replace(media, format_parameters=value.partition(" ")[2])
        elif name in {"framesize", "x-dimensions"} and (found := _SIZE.match(value)):
            media = replace(media, width_px=int(found[1]), height_px=int(found[2]))
    return media


def _control(lines: Iterable[str]) -> str:
    for line in lines:
        if line.startswith("a=control:"):
            control = line.removeprefix("a=control:").strip()
            # It goes back to the device in a request line, which a blank would end.
            if not (control.isascii() and control.isprintable()) or " " in control:
                raise SdpError("describes a medium with an unusable control address")
            return control[:_LONGEST_CONTROL]
    return ""
