import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.devices.rtp import EncodedKeyframe, KeyframeAssembler, can_assemble, parse_rtp
from sharpeyes.devices.sdp import RtspMedia

START = b"\x00\x00\x00\x01"
SPS, PPS, IDR, SLICE = b"\x67sps", b"\x68pps", b"\x65key", b"\x41other"
VPS5, SPS5, PPS5, IDR5 = b"\x40\x01v", b"\x42\x01s", b"\x44\x01p", b"\x26\x01key"
H264 = RtspMedia("video", "H264", 90_000, 96)
H265 = RtspMedia("video", "H265", 90_000, 96)


class Sender:
    """Numbers packets."""

    def __init__(self, sequence: int = 65_534) -> None:
        self.sequence = sequence

    def __call__(self, payload: bytes, timestamp: int, *, marked: bool = False) -> bytes:
        head = struct.pack(
            ">BBHII", 0x80, 96 | (0x80 if marked else 0), self.sequence, timestamp, 7
        )
        self.sequence = (self.sequence + 1) % 65_536
        return head + payload


class Collector:
    def __init__(self, media: RtspMedia, max_bytes: int = 1_000) -> None:
        self.keyframes: list[EncodedKeyframe] = []
        self.assembler = KeyframeAssembler(
            media, max_bytes=max_bytes, on_keyframe=self.keyframes.append
        )

    def take(self, *packets: bytes) -> list[bytes]:
        for packet in packets:
            self.assembler.take(packet)
        return [keyframe.data for keyframe in self.keyframes]


def annex_b(*nals: bytes) -> bytes:
    return b"".join(START + nal for nal in nals)


def aggregate(head: bytes, *nals: bytes) -> bytes:
    return head + b"".join(len(nal).to_bytes(2) + nal for nal in nals)


def test_knows_its_codecs() -> None:
    assert can_assemble(H264)
    assert can_assemble(H265)
    assert not can_assemble(RtspMedia("video", "JPEG", 90_000, 26))


def test_joins_single_packets() -> None:
    send, collector = Sender(), Collector(H264)

    data = collector.take(
        send(SPS, 0), send(PPS, 0), send(b"\x06sei", 0), send(IDR, 0, marked=True)
    )

    assert data == [annex_b(SPS, PPS, IDR)]


def test_lets_other_pictures_go() -> None:
    send, collector = Sender(), Collector(H264)

    data = collector.take(
        send(SLICE, 0, marked=True), send(SPS, 9), send(IDR, 9, marked=True), send(SLICE, 18)
    )

    assert data == [annex_b(SPS, IDR)]
    assert collector.assembler.packets == 4


def test_opens_aggregates_and_joins_fragments() -> None:
    send, collector = Sender(), Collector(H264)

    data = collector.take(
        send(aggregate(b"\x78", SPS, PPS), 0),
        send(b"\x7c\x85ke", 0),
        send(b"\x7c\x05y", 0),
        send(b"\x7c\x45!", 0, marked=True),
    )

    assert data == [annex_b(SPS, PPS, b"\x65key!")]


def test_reads_h265() -> None:
    send, collector = Sender(), Collector(H265)

    data = collector.take(
        send(aggregate(b"\x60\x01", VPS5, SPS5, PPS5), 0),
        send(b"\x62\x01\x93ke", 0),
        send(b"\x62\x01\x53y", 0, marked=True),
        send(b"\x02\x01other", 9, marked=True),
    )

    assert data == [annex_b(VPS5, SPS5, PPS5, IDR5)]


def test_takes_parameter_sets_from_the_description_until_the_stream_has_its_own() -> None:
    media = RtspMedia(
        "video",
        "H264",
        90_000,
        96,
        format_parameters="a=1; sprop-parameter-sets=Z29sZA==,!,aDI=",
    )
    send, collector = Sender(), Collector(media)

    data = collector.take(
        send(IDR, 0, marked=True),
        send(aggregate(b"\x78", SPS, PPS), 9, marked=True),
        send(IDR, 18, marked=True),
    )

    assert data == [annex_b(b"gold", b"h2", IDR), annex_b(SPS, PPS, IDR)]


def test_tells_time_from_the_first_keyframe_through_the_wrap() -> None:
    send, collector = Sender(), Collector(H264)

    collector.take(
        send(IDR, 2**32 - 45_000, marked=True),
        send(SLICE, 0, marked=True),
        send(IDR, 45_000, marked=True),
    )

    assert [keyframe.pts_s for keyframe in collector.keyframes] == [0.0, 1.0]


def test_ends_a_picture_without_a_marker_when_the_next_begins() -> None:
    send, collector = Sender(), Collector(H264)

    assert collector.take(send(IDR, 0)) == []
    assert collector.take(send(SLICE, 9)) == [annex_b(IDR)]


@pytest.mark.parametrize("lost", [0, 1, 2])
def test_half_a_picture_is_none(lost: int) -> None:
    send, collector = Sender(), Collector(H264)
    packets = [
        send(SLICE, 0, marked=True),
        send(b"\x7c\x85ke", 9),
        send(b"\x7c\x05y", 9),
        send(b"\x7c\x45!", 9, marked=True),
        send(IDR, 18, marked=True),
    ]
    del packets[1 + lost]

    data = collector.take(*packets)

    # Which picture the last fragment belonged to cannot be known: the next one may go too.
    assert data in ([annex_b(IDR)], [])
    assert collector.take(send(IDR, 27, marked=True))[-1] == annex_b(IDR)


def test_leaves_oversized_pictures_out() -> None:
    send, collector = Sender(), Collector(H264, max_bytes=100)
    fragment = b"\x7c\x05" + b"x" * 60

    data = collector.take(
        send(b"\x7c\x85" + b"x" * 60, 0),
        *(send(fragment, 0) for _ in range(50)),
        send(b"\x7c\x45", 0, marked=True),
        *(send(b"\x65" + b"y" * 60, 9) for _ in range(3)),
        send(IDR, 18, marked=True),
    )

    assert data == [annex_b(IDR)]
    assert collector.assembler.oversized == 2


def test_strips_what_surrounds_a_payload() -> None:
    plain = struct.pack(">BBHII", 0x80, 96, 1, 2, 3)
    extended = struct.pack(">BBHIIIHHI", 0x91, 96, 1, 2, 3, 4, 0xBEDE, 1, 5)
    padded = struct.pack(">BBHII", 0xA0, 0xE0, 1, 2, 3)

    for packet, marked in (
        (plain + b"ab", False),
        (extended + b"ab", False),
        (padded + b"ab\0\0\3", True),
    ):
        parsed = parse_rtp(packet)
        assert parsed is not None
        assert (parsed.payload, parsed.is_marked) == (b"ab", marked)
        assert (parsed.payload_type, parsed.sequence, parsed.timestamp) == (96, 1, 2)


@pytest.mark.parametrize(
    "data", [b"", b"\x80" * 11, b"\x40" + b"\0" * 20, b"\x80" + b"\0" * 11, b"\xa0" + b"\xff" * 20]
)
def test_other_data_is_no_packet(data: bytes) -> None:
    assert parse_rtp(data) is None


@given(
    st.sampled_from([H264, H265]),
    st.lists(st.tuples(st.binary(max_size=30), st.integers(0, 3), st.booleans()), max_size=30),
)
def test_bears_any_payload(media: RtspMedia, parts: list[tuple[bytes, int, bool]]) -> None:
    send, collector = Sender(), Collector(media)

    data = collector.take(*(send(p, timestamp, marked=m) for p, timestamp, m in parts))

    assert all(len(keyframe) <= 2_000 for keyframe in data)


@given(st.lists(st.binary(max_size=40), max_size=10))
def test_bears_any_data(packets: list[bytes]) -> None:
    Collector(H264).take(*packets)
