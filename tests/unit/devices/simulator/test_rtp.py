import struct
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.devices.simulator.rtp import CLOCK_HZ, RtpWriter, payloads, split_nal_units

nal_units = st.builds(
    lambda kind, size, filler: bytes((0x60 | kind,)) + bytes([filler]) * size,
    st.integers(1, 23),
    st.one_of(st.integers(0, 20), st.integers(1_390, 1_410), st.integers(2_780, 9_000)),
    st.integers(4, 255),
)


def put_together(parts: list[bytes]) -> list[bytes]:
    """What a receiver makes of RTP payloads (RFC 6184, 5.6 and 5.8)."""
    units: list[bytes] = []
    open_unit: bytes | None = None
    for part in parts:
        if part[0] & 0x1F != 28:
            assert open_unit is None
            units.append(part)
            continue
        first, last = part[1] & 0x80, part[1] & 0x40
        assert not (first and last)
        if first:
            assert open_unit is None
            open_unit = bytes(((part[0] & 0xE0) | (part[1] & 0x1F),))
        assert open_unit is not None
        open_unit += part[2:]
        if last:
            units.append(open_unit)
            open_unit = None
    assert open_unit is None
    return units


@given(st.lists(nal_units, max_size=5))
def test_nal_units_survive_packets(units: list[bytes]) -> None:
    parts = list(payloads(units))
    assert put_together(parts) == units
    assert all(len(part) <= 1_400 for part in parts)


@given(st.lists(nal_units, min_size=1, max_size=5), st.booleans())
def test_a_byte_stream_is_cut_at_its_start_codes(units: list[bytes], long_codes: bool) -> None:
    code = b"\x00\x00\x00\x01" if long_codes else b"\x00\x00\x01"
    assert split_nal_units(b"".join(code + unit for unit in units)) == units


def packets(data: bytes) -> list[tuple[int, bytes]]:
    found = []
    while data:
        assert data[:1] == b"$"
        size = int.from_bytes(data[2:4])
        found.append((data[1], data[4 : 4 + size]))
        data = data[4 + size :]
    return found


def test_packets_of_a_picture_are_numbered_and_the_last_is_marked() -> None:
    writer = RtpWriter(channel=2, ssrc=0xDEADBEEF, first_sequence=65_534)
    sent = packets(writer.picture([b"one", b"two", b"three"], 5))
    heads = [struct.unpack(">BBHII", packet[:12]) for _, packet in sent]
    assert [channel for channel, _ in sent] == [2, 2, 2]
    assert [packet[12:] for _, packet in sent] == [b"one", b"two", b"three"]
    assert [head[2] for head in heads] == [65_534, 65_535, 0]
    assert [head[1] for head in heads] == [96, 96, 96 | 0x80]
    assert {(head[0], head[3], head[4]) for head in heads} == {(0x80, 5, 0xDEADBEEF)}
    assert writer.sequence == 1


@pytest.mark.parametrize(
    ("now", "seconds", "fraction"),
    [
        (datetime(1970, 1, 1, tzinfo=UTC), 2_208_988_800, 0),
        (datetime(2026, 11, 21, 8, 0, 0, 500_000, tzinfo=UTC), 4_004_236_800, 2**31),
    ],
)
def test_a_sender_report_says_the_time_and_what_was_sent(
    now: datetime, seconds: int, fraction: int
) -> None:
    writer = RtpWriter(channel=0, ssrc=7, first_sequence=0)
    writer.picture([b"12345", b"678"], 0)
    ((channel, compound),) = packets(writer.sender_report(now, CLOCK_HZ))
    assert channel == 1
    assert len(compound) % 4 == 0
    report = struct.unpack(">BBHIIIIII", compound[:28])
    assert report == (0x80, 200, 6, 7, seconds, fraction, CLOCK_HZ, 2, 8)
    version, kind, length, ssrc = struct.unpack(">BBHI", compound[28:36])
    assert (version, kind, ssrc) == (0x81, 202, 7)
    assert len(compound) == 28 + 4 * (length + 1)
