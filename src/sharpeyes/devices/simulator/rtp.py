"""H.264 over RTP (RFC 6184), interleaved into RTSP (RFC 2326, 10.12), and RTCP sender reports."""

import re
import struct
from collections.abc import Iterable, Iterator
from datetime import UTC, datetime

CLOCK_HZ = 90_000
PAYLOAD_TYPE = 96

_MAX_PAYLOAD_BYTES = 1_400  # what fits into a packet of Ethernet, as cameras send it
_FU_A = 28
_START_CODE = re.compile(rb"\x00\x00\x00?\x01")
_NTP_EPOCH = datetime(1900, 1, 1, tzinfo=UTC)
_MARKER = 0x80
_VERSION = 0x80


def split_nal_units(stream: bytes) -> list[bytes]:
    """The NAL units of an H.264 byte stream (Annex B), without their start codes."""
    return [unit for unit in _START_CODE.split(stream) if unit]


def payloads(nal_units: Iterable[bytes]) -> Iterator[bytes]:
    """RTP payloads of the NAL units of one picture: whole units, or FU-A pieces of long ones."""
    for unit in nal_units:
        if len(unit) <= _MAX_PAYLOAD_BYTES:
            yield unit
            continue
        indicator = (unit[0] & 0xE0) | _FU_A
        kind = unit[0] & 0x1F
        step = _MAX_PAYLOAD_BYTES - 2
        for start in range(1, len(unit), step):
            first, last = start == 1, start + step >= len(unit)
            header = (0x80 if first else 0) | (0x40 if last else 0) | kind
            yield bytes((indicator, header)) + unit[start : start + step]


class RtpWriter:
    """The packets of one playing session.

    Args:
        channel: interleaved channel of RTP; RTCP's is the next.
        ssrc: 32-bit source identifier.
        first_sequence: 16-bit number of the first packet.
    """

    __slots__ = ("_bytes_sent", "_packets_sent", "channel", "sequence", "ssrc")

    def __init__(self, channel: int, ssrc: int, first_sequence: int) -> None:
        self.sequence = first_sequence
        self.ssrc = ssrc
        self.channel = channel
        self._packets_sent = 0
        self._bytes_sent = 0

    def picture(self, parts: Iterable[bytes], timestamp: int) -> bytes:
        """The interleaved packets of one picture.

        Args:
            parts: its RTP payloads in order.
            timestamp: in ticks of CLOCK_HZ, 32 bits.
        """
        parts = tuple(parts)
        written = bytearray()
        for index, part in enumerate(parts):
            marker = _MARKER if index == len(parts) - 1 else 0
            written += struct.pack(
                ">cBHBBHII",
                b"$",
                self.channel,
                len(part) + 12,
                _VERSION,
                marker | PAYLOAD_TYPE,
                self.sequence,
                timestamp,
                self.ssrc,
            )
            written += part
            self.sequence = (self.sequence + 1) & 0xFFFF
            self._bytes_sent += len(part)
        self._packets_sent += len(parts)
        return bytes(written)

    def sender_report(self, now: datetime, timestamp: int) -> bytes:
        """An interleaved RTCP sender report with its source description (RFC 3550, 6.4.1 and 6.5).

        Args:
            now: the device's clock, aware.
            timestamp: of the picture that shows this moment, ticks of CLOCK_HZ.
        """
        since_1900 = now - _NTP_EPOCH
        seconds = since_1900.days * 86_400 + since_1900.seconds
        report = struct.pack(
            ">BBHIIIIII",
            _VERSION,
            200,
            6,
            self.ssrc,
            seconds & 0xFFFFFFFF,
            (since_1900.microseconds << 32) // 1_000_000,
            timestamp,
            self._packets_sent & 0xFFFFFFFF,
            self._bytes_sent & 0xFFFFFFFF,
        )
        name = b"simulator"
        item = bytes((1, len(name))) + name
        item += bytes(4 - len(item) % 4)
        description = struct.pack(">BBHI", _VERSION | 1, 202, 1 + len(item) // 4, self.ssrc) + item
        compound = report + description
        return struct.pack(">cBH", b"$", self.channel + 1, len(compound)) + compound
