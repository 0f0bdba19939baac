"""Descriptions of streams (SDP, RFC 8866), as far as cameras use them."""

import re
from functools import lru_cache

import msgspec

# RFC 3551's fixed numbers that cameras use.
_STATIC_CODECS = {
    0: ("PCMU", 8_000),
    8: ("PCMA", 8_000),
    26: ("JPEG", 90_000),
    33: ("MP2T", 90_000),
}
_WORDS_OF_A_MEDIUM = 4
_PAYLOAD_TYPE = re.compile(r"\d{1,3}", re.ASCII)
_RTP_MAP = re.compile(r"(\d{1,3}) ([\w.+-]{1,32})/(\d{1,9})")
_SIZE = re.compile(r"(?:\d{1,3} )?(\d{1,5})[-,](\d{1,5})")
_SENDABLE = re.compile(r"[\x21-\x7e]*")
_LONGEST_CONTROL = 2_048
# Cameras of one model describe their media in the same words: read once, remembered, 4 MB at most.
_LONGEST_REMEMBERED = 2_048
_REMEMBERED = 1_024


class SdpError(ValueError):
    """A description cannot be used; the message says why, after the device's address."""


class RtspMedia(msgspec.Struct, frozen=True):
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


class Sdp(msgspec.Struct, frozen=True):
    """A description: its media, and where PLAY goes ("" and "*" mean the address asked)."""

    media: tuple[RtspMedia, ...]
    control: str


def parse_sdp(body: bytes, *, max_media: int) -> Sdp:
    """Read a description.

    Raises:
        SdpError: It is not one, has no media, or more than ``max_media``.
    """
    session, *sections = body.decode("utf-8", "replace").split("\nm=")
    if not session.lstrip().startswith("v=0"):
        raise SdpError("describes its stream in something that is not SDP")
    if len(sections) > max_media:
        raise SdpError(f"describes {len(sections)} media, more than the {max_media} that are taken")
    parsed = [
        (_remembered_media if len(section) <= _LONGEST_REMEMBERED else _parse_media)(section)
        for section in sections
    ]
    media = tuple(medium for medium in parsed if medium is not None)
    if not media:
        raise SdpError("describes a stream without any media")
    return Sdp(media, _control(session))


def _parse_media(section: str) -> RtspMedia | None:
    first, *lines = section.split("\n")
    words = first.split()
    if len(words) < _WORDS_OF_A_MEDIUM or not _PAYLOAD_TYPE.fullmatch(words[3]):
        return None  # not carried in RTP, so not for us
    number = words[3]
    codec, clock_rate_hz = _STATIC_CODECS.get(int(number), ("", 90_000))
    format_parameters, size = "", None
    for line in lines:
        name, _, value = line.partition(":")
        if name == "a=rtpmap" and (found := _RTP_MAP.match(value)) and found[1] == number:
            codec, clock_rate_hz = found[2].upper(), int(found[3])
        elif name == "a=fmtp" and value.startswith(f"{number} "):
            format_parameters = value.partition(" ")[2].strip()
        elif name in {"a=framesize", "a=x-dimensions"}:
            size = _SIZE.match(value)
    return RtspMedia(
        kind=words[0],
        codec=codec,
        clock_rate_hz=clock_rate_hz,
        payload_type=int(number),
        width_px=int(size[1]) if size else None,
        height_px=int(size[2]) if size else None,
        format_parameters=format_parameters,
        control=_control(section),
    )


_remembered_media = lru_cache(_REMEMBERED)(_parse_media)


def _control(section: str) -> str:
    _, found, rest = section.partition("\na=control:")
    if not found:
        return ""
    control = rest.partition("\n")[0].strip()
    # It goes back to the device in a request line, which a blank would end.
    if len(control) > _LONGEST_CONTROL or not _SENDABLE.fullmatch(control):
        raise SdpError("describes a medium with an unusable control address")
    return control
