from itertools import pairwise

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from sharpeyes.devices.errors import RtspMessageError
from sharpeyes.devices.rtsp_message import (
    InterleavedFrame,
    RtspParser,
    RtspResponse,
    write_request,
)
from sharpeyes.devices.settings import RtspLimits

LIMITS = RtspLimits(max_head_bytes=1_024, max_headers=10, max_body_bytes=4_096)
Message = RtspResponse | InterleavedFrame


def parse(data: bytes, cuts: list[int] | None = None) -> tuple[list[Message], str | None]:
    """Return the messages, and the error that followed them."""
    parser = RtspParser(LIMITS)
    places = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts or [])})
    messages: list[Message] = []
    try:
        for start, end in pairwise(places):
            messages.extend(parser.feed(data[start:end]))
    except RtspMessageError as error:
        return messages, str(error)
    return messages, None


def error_of(data: bytes) -> str:
    _, error = parse(data)
    assert error is not None
    return error


def test_reads_an_answer() -> None:
    messages, error = parse(
        b"RTSP/1.0 200 OK\r\nCSeq: 2\r\nContent-Type:application/sdp\r\n"
        b"CONTENT-length: 5\r\n\r\nv=0\r\n"
    )

    assert error is None
    (response,) = messages
    assert isinstance(response, RtspResponse)
    assert (response.status, response.reason, response.body) == (200, "OK", b"v=0\r\n")
    assert response.header("cseq") == "2"
    assert response.header("session") is None


def test_reads_answers_and_frames_in_turn() -> None:
    messages, error = parse(
        b"$\x00\x00\x02ab\r\nRTSP/1.0 404\n\n$\x01\x00\x00RTSP/2.0 200 Ok\n\r\n"
    )

    assert error is None
    assert messages == [
        InterleavedFrame(0, b"ab"),
        RtspResponse(404, "", ()),
        InterleavedFrame(1, b""),
        RtspResponse(200, "Ok", ()),
    ]


def test_joins_continuation_lines() -> None:
    (response,), _ = parse(b"RTSP/1.0 200 OK\r\nPublic: OPTIONS,\r\n\tDESCRIBE\r\n  , PLAY\r\n\r\n")

    assert isinstance(response, RtspResponse)
    assert response.header("public") == "OPTIONS, DESCRIBE , PLAY"


def test_keeps_repeated_headers() -> None:
    (response,), _ = parse(
        b"RTSP/1.0 401 No\r\nWWW-Authenticate: Basic\r\nwww-authenticate: Digest\r\n\r\n"
    )

    assert isinstance(response, RtspResponse)
    assert response.all_of("www-authenticate") == ["Basic", "Digest"]


@pytest.mark.parametrize(
    ("data", "word"),
    [
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP"),
        (b"SSH-2.0-OpenSSH_9.2\r\n", "does not speak RTSP"),
        (b"RTSP/1.0 abc\r\n\r\n", "status line"),
        (b"RTSP/1.0 2000 OK\r\n\r\n", "status line"),
        (b"RTSP/1.0 200 OK\r\nno colon here\r\n\r\n", "without a colon"),
        (b"RTSP/1.0 200 OK\r\n" + b"X: 1\r\n" * 11 + b"\r\n", "more than 10 header lines"),
        (b"RTSP/1.0 200 OK\r\nX: " + b"a" * 2_000, "longer than 1024 bytes"),
        (b"RTSP/1.0 200 OK\r\nX: " + b"a" * 2_000 + b"\r\n\r\n", "longer than 1024 bytes"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n", "no number"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 1_0\r\n\r\n", "no number"),
        ("RTSP/1.0 200 OK\r\nContent-Length: ٣\r\n\r\n".encode(), "no number"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 10000000000\r\n\r\n", "more than the 4096"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: " + b"9" * 900 + b"\r\n\r\n", "more than the 4096"),
        (b"RTSP/1.0 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", "two different"),
    ],
)
def test_refuses_what_is_not_rtsp_or_too_much(data: bytes, word: str) -> None:
    assert word in error_of(data)


def test_keeps_no_more_than_the_limits_allow() -> None:
    parser = RtspParser(LIMITS)

    assert list(parser.feed(b"RTSP/" + b"x" * 1_000)) == []
    with pytest.raises(RtspMessageError, match="longer than 1024 bytes"):
        list(parser.feed(b"x" * 100))


headers = st.lists(
    st.tuples(
        st.from_regex(r"[A-Za-z][A-Za-z-]{0,10}", fullmatch=True).filter(
            lambda name: name.lower() != "content-length"
        ),
        st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"]), max_size=20),
    ),
    max_size=5,
)


@st.composite
def wire_messages(draw: st.DrawFn) -> bytes:
    if draw(st.booleans()):
        payload = draw(st.binary(max_size=50))
        return b"$" + bytes([draw(st.integers(0, 255))]) + len(payload).to_bytes(2) + payload
    end = draw(st.sampled_from(["\r\n", "\n"]))
    body = draw(st.binary(max_size=50))
    lines = [f"RTSP/1.0 {draw(st.integers(100, 999))} Word"]
    lines += [f"{name}: {value}" for name, value in draw(headers)]
    if body or draw(st.booleans()):
        lines.append(f"Content-Length: {len(body)}")
    return (end.join(lines) + end * 2).encode() + body


@given(st.lists(wire_messages(), max_size=6), st.lists(st.integers(0, 5_000), max_size=20))
def test_gives_the_same_messages_however_they_are_cut(wire: list[bytes], cuts: list[int]) -> None:
    data = b"".join(wire)

    whole, error = parse(data)

    assert error is None
    assert len(whole) == len(wire)
    assert parse(data, cuts) == (whole, None)
    assert parse(data, list(range(len(data)))) == (whole, None)


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=40),
            wire_messages(),
            st.sampled_from([b"RTSP/", b"\r\n", b"\n", b"$", b"RTSP/1.0 200 OK\r\n", b":"]),
        ),
        max_size=8,
    ),
    st.lists(st.integers(0, 5_000), max_size=20),
)
@example([b"RTSP/1.0 200 OK\r\n\r", b"\n\r\n$"], [17])
def test_garbage_is_refused_alike_however_it_is_cut(parts: list[bytes], cuts: list[int]) -> None:
    data = b"".join(parts)

    assert parse(data, cuts) == parse(data)


def test_writes_requests() -> None:
    assert write_request("PLAY", "rtsp://h/", 7, [("Session", "abc")]) == (
        b"PLAY rtsp://h/ RTSP/1.0\r\nCSeq: 7\r\nUser-Agent: SharpEyes\r\nSession: abc\r\n\r\n"
    )


def test_gives_a_devices_own_bytes_back() -> None:
    realm = bytes([0xB5, 0xC2])  # a realm in GBK
    (response,), _ = parse(b"RTSP/1.0 401 No\r\nX: " + realm + b"\r\n\r\n")
    assert isinstance(response, RtspResponse)

    assert realm in write_request("A", "b", 1, [("X", response.header("x") or "")])
