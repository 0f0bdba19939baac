"""RTSP 1.0 messages (RFC 2326): requests as bytes, and bytes as answers.

The parser does no I/O and bounds everything it keeps. However the bytes are cut into chunks, it
gives the same messages and then, if at all, the same error.
"""

import re
from collections.abc import Iterable, Iterator

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
    lines = [f"{method} {url} RTSP/1.0", f"CSeq: {sequence}", "User-Agent: SharpEyes"]
    lines += [f"{name}: {value}" for name, value in headers]
    # A device's own bytes (its realm) go back as they came, whatever their encoding.
    return ("\r\n".join(lines) + "\r\n\r\n").encode("utf-8", "surrogateescape")


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
    first, *lines = head.decode("utf-8", "surrogateescape").split("\n")
    match = _STATUS_LINE.match(first.rstrip("\r"))
    if match is None:
        raise RtspMessageError(f"sends a status line that is not one: {quoted(first)}")
    if len(lines) > max_headers:
        raise RtspMessageError(f"sends more than {max_headers} header lines")
    headers: list[tuple[str, str]] = []
    for line in lines:
        name, colon, value = line.partition(":")
        if line.startswith((" ", "\t")) and headers:
            name, value = headers[-1]
            headers[-1] = (name, f"{value} {line.strip()}")
        elif colon:
            headers.append((name.strip().lower(), value.strip()))
        else:
            raise RtspMessageError(f"sends a header without a colon: {quoted(line)}")
    return RtspResponse(int(match[1]), match[2] or "", tuple(headers))


def _content_length(response: RtspResponse, limit: int) -> int:
    lengths = response.all_of("content-length")
    if not lengths:
        return 0
    length = lengths[0]
    if lengths.count(length) != len(lengths):
        raise RtspMessageError("sends two different Content-Length headers")
    if not (length.isascii() and length.isdigit()):
        raise RtspMessageError(f"sends a Content-Length that is no number: {quoted(length)}")
    if len(length) > _LONGEST_LENGTH_DIGITS or int(length) > limit:
        raise RtspMessageError(
            f"announces a body of {quoted(length)} bytes, more than the {limit} that are taken"
        )
    return int(length)
