import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.devices.simulator.rtsp_message import (
    BadRequestError,
    answer,
    take_request,
)

OPTIONS = b"OPTIONS rtsp://127.0.0.1/a?b=c RTSP/1.0\r\nCSeq: 7\r\nX-Two: b:c\r\n\r\n"


def test_requests_are_taken_one_by_one_and_media_between_them_dropped() -> None:
    buffer = bytearray(b"$\x01\x00\x03abc" + OPTIONS + b"$\x01\x00\x01a" + OPTIONS)
    for _ in range(2):
        request = take_request(buffer)
        assert request is not None
        assert (request.method, request.path, request.sequence) == ("OPTIONS", "/a", "7")
        assert request.headers["x-two"] == "b:c"
    assert take_request(buffer) is None
    assert not buffer


@given(st.integers(0, len(OPTIONS) - 1))
def test_a_request_can_come_in_two_pieces(cut: int) -> None:
    buffer = bytearray(OPTIONS[:cut])
    assert take_request(buffer) is None
    buffer += OPTIONS[cut:]
    assert take_request(buffer) is not None


def test_a_body_is_waited_for() -> None:
    buffer = bytearray(OPTIONS.replace(b"X-Two: b:c", b"Content-Length: 4") + b"abc")
    assert take_request(buffer) is None
    buffer += b"d" + OPTIONS
    assert take_request(buffer) is not None
    assert buffer == OPTIONS


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"A" * 17_000, "exceed 16384 bytes"),
        (OPTIONS.replace(b"\r\n\r\n", b"\r\nX: " + b"b" * 17_000 + b"\r\n\r\n"), "exceed"),
        (b"GET / HTTP/1.1\r\n\r\n", "not one of RTSP/1.0"),
        (b"\r\n\r\n", "not one of RTSP/1.0"),
        (b"OPTIONS * RTSP/1.0\r\n\r\n", "CSeq"),
        (b"OPTIONS * RTSP/1.0\r\nCSeq: -1\r\n\r\n", "CSeq"),
        (b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\nno colon\r\n\r\n", "colon"),
        (b"OPTIONS rtsp://[1 RTSP/1.0\r\nCSeq: 1\r\n\r\n", "address"),
        (OPTIONS.replace(b"X-Two: b:c", b"Content-Length: -1"), "Content-Length"),
        (OPTIONS.replace(b"X-Two: b:c", b"Content-Length: 10000000000"), "Content-Length"),
        (OPTIONS.replace(b"X-Two: b:c", b"Content-Length: 65537"), "Content-Length"),
    ],
)
def test_what_no_camera_takes_is_refused(data: bytes, why: str) -> None:
    with pytest.raises(BadRequestError, match=why):
        take_request(bytearray(data))


@given(st.binary(max_size=400))
def test_no_bytes_do_anything_else_than_wait_or_be_refused(data: bytes) -> None:
    buffer = bytearray(data + b"\r\n\r\n")
    try:
        request = take_request(buffer)
    except BadRequestError:
        return
    assert request is None or request.sequence.isdecimal()


def test_an_answer_counts_the_bytes_of_its_body() -> None:
    assert answer("3", 200, {"A": "b"}, "街") == (
        "RTSP/1.0 200 OK\r\nCSeq: 3\r\nA: b\r\nContent-Length: 3\r\n\r\n街".encode()
    )
