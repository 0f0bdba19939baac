"""From RTP packets to encoded keyframes: H.264 (RFC 6184) and H.265 (RFC 7798).

Everything but keyframes and parameter sets is let go packet by packet, before it is copied.
"""

import base64
import binascii
import struct
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import msgspec

from sharpeyes.devices.sdp import RtspMedia

_FIXED_HEADER_BYTES = 12
_START_CODE = b"\x00\x00\x00\x01"
_TIMESTAMPS = 1 << 32
_SEQUENCE_NUMBERS = 1 << 16
_MOST_PARAMETER_SETS = 32


# Hundreds a second and camera: msgspec's records are made in a fifth of a dataclass's time.
class RtpPacket(msgspec.Struct, frozen=True, gc=False):
    """One packet (RFC 3550, 5.1), without what surrounds its payload."""

    payload_type: int
    is_marked: bool
    sequence: int
    timestamp: int
    payload: bytes


def parse_rtp(data: bytes) -> RtpPacket | None:
    """Read a packet; None if it is none."""
    if len(data) < _FIXED_HEADER_BYTES or data[0] >> 6 != 2:  # noqa: PLR2004  # RTP's version
        return None
    start = _FIXED_HEADER_BYTES + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:  # a header extension
        start += 4 + 4 * int.from_bytes(data[start + 2 : start + 4])
    end = len(data) - (data[-1] if data[0] & 0x20 else 0)  # padding
    if start >= end:
        return None
    sequence, timestamp = struct.unpack_from(">HI", data, 2)
    return RtpPacket(data[1] & 0x7F, bool(data[1] & 0x80), sequence, timestamp, data[start:end])


@dataclass(frozen=True, slots=True)
class _NalFormat:
    """Where two codecs that share an idea differ."""

    header_bytes: int
    type_of: Callable[[int], int]
    aggregation: int
    fragment: int
    key_types: frozenset[int]
    sequence_set: int
    parameter_sets: frozenset[int]
    # A fragment's own header: (its first byte, type of the whole) -> first byte of the whole.
    whole_first_byte: Callable[[int, int], int]
    fragment_type: Callable[[int], int]
    sdp_parameters: tuple[str, ...]


_FORMATS: Mapping[str, _NalFormat] = {
    "H264": _NalFormat(
        header_bytes=1,
        type_of=lambda byte: byte & 0x1F,
        aggregation=24,
        fragment=28,
        key_types=frozenset({5}),
        sequence_set=7,
        parameter_sets=frozenset({7, 8}),
        whole_first_byte=lambda byte, nal_type: byte & 0xE0 | nal_type,
        fragment_type=lambda byte: byte & 0x1F,
        sdp_parameters=("sprop-parameter-sets",),
    ),
    "H265": _NalFormat(
        header_bytes=2,
        type_of=lambda byte: byte >> 1 & 0x3F,
        aggregation=48,
        fragment=49,
        key_types=frozenset(range(16, 24)),
        sequence_set=33,
        parameter_sets=frozenset({32, 33, 34}),
        whole_first_byte=lambda byte, nal_type: byte & 0x81 | nal_type << 1,
        fragment_type=lambda byte: byte & 0x3F,
        sdp_parameters=("sprop-vps", "sprop-sps", "sprop-pps"),
    ),
}


@dataclass(frozen=True, slots=True)
class EncodedKeyframe:
    """One picture that needs no other.

    Args:
        codec: "H264" or "H265".
        data: Parameter sets and slices with start codes (Annex B).
        pts_s: Time since the stream's first keyframe, by the camera's clock.
    """

    codec: str
    data: bytes
    pts_s: float


class KeyframeAssembler:
    """Collects one medium's packets into keyframes.

    Args:
        media: A medium for which ``can_assemble`` says yes.
        max_bytes: Longest keyframe; longer ones are left out and counted.
        on_keyframe: Takes each complete keyframe.
    """

    def __init__(
        self, media: RtspMedia, *, max_bytes: int, on_keyframe: Callable[[EncodedKeyframe], None]
    ) -> None:
        self.packets = 0
        self.oversized = 0
        self._media = media
        self._format = _FORMATS[media.codec]
        self._max_bytes = max_bytes
        self._on_keyframe = on_keyframe
        self._parameter_sets = _from_sdp(media.format_parameters, self._format.sdp_parameters)
        self._sequence: int | None = None
        self._timestamp: int | None = None
        self._is_broken = False
        self._nals: list[bytes] = []
        self._fragment: bytearray | None = None
        self._bytes = 0
        self._last_key_timestamp: int | None = None
        self._ticks = 0

    def take(self, data: bytes) -> None:
        """Take one RTP packet as it came."""
        packet = parse_rtp(data)
        if packet is None or packet.payload_type != self._media.payload_type:
            return
        self.packets += 1
        if packet.timestamp != self._timestamp:
            self._finish_picture()
            self._timestamp = packet.timestamp
        if self._sequence is not None and packet.sequence != self._sequence:
            # A server drops packets when we or the network are slow: half a picture is none.
            self._is_broken = True
        self._sequence = (packet.sequence + 1) % _SEQUENCE_NUMBERS
        if not self._is_broken:
            self._take_payload(packet.payload)
        if packet.is_marked:
            self._finish_picture()

    def _take_payload(self, payload: bytes) -> None:
        nal_type = self._format.type_of(payload[0])
        if nal_type == self._format.fragment:
            self._take_fragment(payload)
        elif nal_type == self._format.aggregation:
            self._take_aggregate(payload)
        else:
            self._keep(payload)

    def _take_aggregate(self, payload: bytes) -> None:
        position = self._format.header_bytes
        while position + 2 < len(payload):
            start = position + 2
            position = start + int.from_bytes(payload[position:start])
            if start < position <= len(payload):
                self._keep(payload[start:position])

    def _take_fragment(self, payload: bytes) -> None:
        own = self._format.header_bytes
        if len(payload) <= own + 1:
            return
        begins, ends = payload[own] & 0x80, payload[own] & 0x40
        nal_type = self._format.fragment_type(payload[own])
        if begins:
            wanted = self._is_wanted(nal_type)
            first = self._format.whole_first_byte(payload[0], nal_type)
            self._fragment = bytearray([first, *payload[1:own]]) if wanted else None
        if self._fragment is None:
            return
        self._fragment += payload[own + 1 :]
        if self._bytes + len(self._fragment) > self._max_bytes:
            self._refuse_size()
        elif ends:
            self._keep(bytes(self._fragment))
            self._fragment = None

    def _is_wanted(self, nal_type: int) -> bool:
        return nal_type in self._format.key_types or nal_type in self._format.parameter_sets

    def _keep(self, nal: bytes) -> None:
        if not self._is_wanted(self._format.type_of(nal[0])):
            return
        self._nals.append(nal)
        self._bytes += len(nal) + len(_START_CODE)
        if self._bytes > self._max_bytes:
            self._refuse_size()

    def _refuse_size(self) -> None:
        self.oversized += 1
        self._is_broken = True
        self._nals, self._fragment, self._bytes = [], None, 0

    def _finish_picture(self) -> None:
        nals, is_broken = self._nals, self._is_broken or self._fragment is not None
        self._nals, self._fragment, self._bytes, self._is_broken = [], None, 0, False
        if is_broken or not nals:
            return
        types = [self._format.type_of(nal[0]) for nal in nals]
        own_sets = [
            nal
            for nal, kind in zip(nals, types, strict=True)
            if kind in self._format.parameter_sets
        ]
        if self._format.sequence_set in types:
            self._parameter_sets = own_sets
        else:
            self._parameter_sets = (self._parameter_sets + own_sets)[-_MOST_PARAMETER_SETS:]
        if not self._format.key_types.isdisjoint(types):
            self._give(nals[len(own_sets) :] if nals[: len(own_sets)] == own_sets else nals)

    def _give(self, slices: list[bytes]) -> None:
        assert self._timestamp is not None
        if self._last_key_timestamp is not None:
            self._ticks += _signed(self._timestamp - self._last_key_timestamp)
        self._last_key_timestamp = self._timestamp
        data = b"".join(_START_CODE + nal for nal in [*self._parameter_sets, *slices])
        pts_s = self._ticks / (self._media.clock_rate_hz or 90_000)
        self._on_keyframe(EncodedKeyframe(self._media.codec, data, pts_s))


def can_assemble(media: RtspMedia) -> bool:
    """Return whether a medium's codec is known here."""
    return media.codec in _FORMATS


def _signed(difference: int) -> int:
    """Return a difference of two 32-bit timestamps, the shorter way round."""
    half = _TIMESTAMPS // 2
    return (difference + half) % _TIMESTAMPS - half


def _from_sdp(format_parameters: str, names: tuple[str, ...]) -> list[bytes]:
    pairs = (part.strip().partition("=") for part in format_parameters.split(";"))
    encoded = [word for name, _, value in pairs if name in names for word in value.split(",")]
    sets = []
    for word in encoded[:_MOST_PARAMETER_SETS]:
        try:
            sets.append(base64.b64decode(word))
        except (binascii.Error, ValueError):
            continue  # the stream itself may still carry them
    return [s for s in sets if s]
