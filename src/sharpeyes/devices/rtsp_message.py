"""RTSP 1.0 messages (RFC 2326): requests as bytes, and bytes as answers.

The parser does no I/O and bounds everything it keeps. However the bytes are cut into chunks, it
gives the same messages and then, if at all, the same error.
"""

import re
from collections.abc import Iterable, Iterator
from functools import lru_cache

import msgspec

from sharpeyes.devices.errors import RtspMessageError
from sharpeyes.devices.fault import quoted
from sharpeyes.devices.settings import RtspLimits

_INTERLEAVED = 0x24
_FRAME_HEADER_BYTES = 4
_STATUS_LINE = re.compile(r"RTSP/\d\.\d (\d{3})(?: (.*))?\Z")
_END_OF_HEAD = re.compile(rb"\r?\n\r?\n")
_LONGEST_END_OF_HEAD = 4
_START = b"RTSP/"
_LONGEST_LENGTH_DIGITS = 12
_END = b"\r\n\r\n"
# Cameras of one model say the same lines all day: read once, remembered, 2 MB at most.
_LONGEST_REMEMBERED = 1_024
_REMEMBERED = 2_048


# The records of this module are msgspec's, which are made in a fifth of a dataclass's time.
class RtspResponse(msgspec.Struct, frozen=True):
    """One answer.

    Args:
        status: The three-digit status.
        reason: What stands beside it.
        headers: Names in lower case, and values, in the order received.
        body: What follows the headers.
    """

    status: int
    reason: str
    headers: tuple[tuple[str, str], ...]
    body: bytes = b""

    def header(self, name: str) -> str | None:
        """Return the first value of a header, by its name in lower case."""
        for key, value in self.headers:
            if key == name:
                return value
        return None

    def all_of(self, name: str) -> list[str]:
        """Return every value of a header, by its name in lower case."""
        return [value for key, value in self.headers if key == name]


class InterleavedFrame(msgspec.Struct, frozen=True):
    """Binary data between the answers (RFC 2326, 10.12): RTP or RTCP."""

    channel: int
    payload: bytes


def write_request(
    method: str, url: str, sequence: int, headers: Iterable[tuple[str, str]] = ()
) -> bytes:
    """Return a request without a body as bytes."""
    more = "".join([f"{name}: {value}\r\n" for name, value in headers])
    request = f"{method} {url} RTSP/1.0\r\nCSeq: {sequence}\r\nUser-Agent: SharpEyes\r\n{more}\r\n"
    # A device's own bytes (its realm) go back as they came, whatever their encoding.
    return request.encode("utf-8", "surrogateescape")


class RtspParser:
    """Cuts a stream of bytes into answers and interleaved frames."""

    def __init__(self, limits: RtspLimits) -> None:
        self._limits = limits
        self._buffer = bytearray()
        self._searched = 0
        self._head: RtspResponse | None = None
        self._body_bytes = 0

    def feed(self, data: bytes) -> Iterator[RtspResponse | InterleavedFrame]:
        """Take bytes and give the messages that they complete.

        Raises:
            RtspMessageError: The bytes are not RTSP, or too many; nothing can follow it.
        """
        self._buffer += data
        while (message := self._next()) is not None:
            yield message

    def whole(self, data: bytes) -> RtspResponse | None:
        """Return the one answer that these bytes are, from the first to the last; else take none.

        Nearly all answers come so, and this way costs half of `feed`'s.

        Raises:
            RtspMessageError: As `feed` would.
        """
        if self._buffer or self._head is not None or not data.startswith(_START):
            return None
        end = data.find(_END)
        start_of_body = end + len(_END)
        is_odd = data.find(b"\n\n", 0, end) >= 0 or data.find(b"\n\r\n", 0, end + 3) >= 0
        if end < 0 or is_odd or start_of_body > self._limits.max_head_bytes:
            return None
        response = _parse_head(data[:end], self._limits.max_headers)
        size = _content_length(response, self._limits.max_body_bytes)
        if start_of_body + size != len(data):
            return None
        if not size:
            return response
        return RtspResponse(
            response.status, response.reason, response.headers, data[start_of_body:]
        )

    def _next(self) -> RtspResponse | InterleavedFrame | None:
        if self._head is None:
            if self._buffer.startswith((b"\r", b"\n")):
                self._buffer = self._buffer.lstrip(b"\r\n")
            if not self._buffer:
                return None
            if self._buffer[0] == _INTERLEAVED:
                return self._next_frame()
            self._head = self._next_head()
        if self._head is None or len(self._buffer) < self._body_bytes:
            return None
        head, self._head = self._head, None
        if not self._body_bytes:
            return head
        return RtspResponse(head.status, head.reason, head.headers, self._take(self._body_bytes))

    def _take(self, size: int) -> bytes:
        taken = bytes(self._buffer[:size])
        del self._buffer[:size]
        return taken

    def _next_frame(self) -> InterleavedFrame | None:
        if len(self._buffer) < _FRAME_HEADER_BYTES:
            return None
        end = _FRAME_HEADER_BYTES + int.from_bytes(self._buffer[2:4])
        if len(self._buffer) < end:
            return None
        frame = self._take(end)
        return InterleavedFrame(frame[1], frame[_FRAME_HEADER_BYTES:])

    def _next_head(self) -> RtspResponse | None:
        if len(self._buffer) < len(_START):
            return None
        if not self._buffer.startswith(_START):
            is_http = self._buffer.startswith(b"HTTP/")
            raise RtspMessageError("speaks HTTP, not RTSP" if is_http else "does not speak RTSP")
        match = _END_OF_HEAD.search(self._buffer, self._searched)
        limit = self._limits.max_head_bytes
        if (len(self._buffer) if match is None else match.end()) > limit:
            raise RtspMessageError(f"sends headers longer than {limit} bytes")
        if match is None:
            self._searched = max(0, len(self._buffer) - _LONGEST_END_OF_HEAD)
            return None
        self._searched = 0
        head = self._take(match.end())[: match.start() - match.end()]
        response = _parse_head(head, self._limits.max_headers)
        self._body_bytes = _content_length(response, self._limits.max_body_bytes)
        return response


def _parse_head(head: bytes, max_headers: int) -> RtspResponse:
    text = head.decode("utf-8", "surrogateescape")
    first, *lines = text.split("\n")
    is_short = len(text) <= _LONGEST_REMEMBERED
    status, reason = _remembered_status(first) if is_short else _read_status(first)
    if len(lines) > max_headers:
        raise RtspMessageError(f"sends more than {max_headers} header lines")
    if is_short and "\n " not in text and "\n\t" not in text:
        return RtspResponse(status, reason, tuple(map(_remembered_header, lines)))
    headers: list[tuple[str, str]] = []
    for line in lines:
        if line.startswith((" ", "\t")) and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip()}")
        else:
            headers.append(_read_header(line))
    return RtspResponse(status, reason, tuple(headers))


def _read_status(line: str) -> tuple[int, str]:
    match = _STATUS_LINE.match(line.rstrip("\r"))
    if match is None:
        raise RtspMessageError(f"sends a status line that is not one: {quoted(line)}")
    return int(match[1]), match[2] or ""


def _read_header(line: str) -> tuple[str, str]:
    name, colon, value = line.partition(":")
    if not colon:
        raise RtspMessageError(f"sends a header without a colon: {quoted(line)}")
    return name.strip().lower(), value.strip()


_remembered_status = lru_cache(_REMEMBERED)(_read_status)
_remembered_header = lru_cache(_REMEMBERED)(_read_header)


def _content_length(response: RtspResponse, limit: int) -> int:
    length = response.header("content-length")
    if length is None:
        return 0
    lengths = response.all_of("content-length")
    if lengths.count(length) != len(lengths):
        raise RtspMessageError("sends two different Content-Length headers")
    if not (length.isascii() and length.isdigit()):
        raise RtspMessageError(f"sends a Content-Length that is no number: {quoted(length)}")
    if len(length) > _LONGEST_LENGTH_DIGITS or int(length) > limit:
        raise RtspMessageError(
            f"announces a body of {quoted(length)} bytes, more than the {limit} that are taken"
        )
    return int(length)
