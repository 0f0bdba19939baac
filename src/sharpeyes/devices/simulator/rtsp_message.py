"""RTSP requests as a camera reads them, and its answers (RFC 2326)."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

MAX_HEAD_BYTES = 16_384
MAX_BODY_BYTES = 65_536

_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    405: "Method Not Allowed",
    453: "Not Enough Bandwidth",
    454: "Session Not Found",
    455: "Method Not Valid In This State",
    461: "Unsupported Transport",
    503: "Service Unavailable",
}
_INTERLEAVED_HEAD_BYTES = 4
# What nearly all addresses are like; a tenth of what urlsplit costs.
_PLAIN_URL = re.compile(r"rtsp://[\w.-]+(?::\d+)?((?:/[\w./=-]*)?)", re.ASCII)


class BadRequestError(Exception):
    """The bytes received are not an RTSP request, or more of one than a camera takes."""


@dataclass(frozen=True, slots=True)
class RtspRequest:
    """One request.

    Args:
        method: upper case.
        url: as sent.
        path: of this address; "*" as it is.
        headers: by lower-case name; of a repeated one, the last.
    """

    method: str
    url: str
    path: str
    headers: Mapping[str, str]

    @property
    def sequence(self) -> str:
        """Its CSeq."""
        return self.headers["cseq"]


def take_request(buffer: bytearray) -> RtspRequest | None:
    """Take the next request out of what has been received.

    RTP and RTCP that players send between requests are dropped.

    Args:
        buffer: received bytes; what is taken is removed.

    Returns:
        None if more bytes are needed.

    Raises:
        BadRequestError: the connection can only be closed.
    """
    while buffer[:1] == b"$":
        if len(buffer) < _INTERLEAVED_HEAD_BYTES:
            return None
        end = _INTERLEAVED_HEAD_BYTES + int.from_bytes(buffer[2:4])
        if len(buffer) < end:
            return None
        del buffer[:end]
    end = buffer.find(b"\r\n\r\n")
    if end < 0:
        if len(buffer) > MAX_HEAD_BYTES:
            raise BadRequestError(f"a request's headers exceed {MAX_HEAD_BYTES} bytes")
        return None
    request = _parse_head(bytes(buffer[:end]))
    length = _body_length(request)
    if len(buffer) < end + 4 + length:
        return None
    del buffer[: end + 4 + length]  # no method that we know has a body that matters
    return request


def answer(
    sequence: str,
    status: int,
    headers: Mapping[str, str] | None = None,
    body: str = "",
) -> bytes:
    """An answer as bytes."""
    lines = [f"RTSP/1.0 {status} {_REASONS[status]}", f"CSeq: {sequence}"]
    lines += [f"{name}: {value}" for name, value in (headers or {}).items()]
    if body:
        lines.append(f"Content-Length: {len(body.encode())}")
    return ("\r\n".join(lines) + "\r\n\r\n" + body).encode()


def _parse_head(head: bytes) -> RtspRequest:
    if len(head) > MAX_HEAD_BYTES:
        raise BadRequestError(f"a request's headers exceed {MAX_HEAD_BYTES} bytes")
    # Every byte has a character in Latin-1, so nothing that is sent can fail to decode.
    first, *lines = head.decode("latin-1").lstrip("\r\n").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or parts[2] != "RTSP/1.0":  # noqa: PLR2004  # method, address, version
        raise BadRequestError("the request line is not one of RTSP/1.0")
    headers = {}
    for line in lines:
        name, colon, value = line.partition(":")
        if not colon:
            raise BadRequestError("a header has no colon")
        headers[name.strip().lower()] = value.strip()
    if not headers.get("cseq", "").isdecimal():
        raise BadRequestError("CSeq is missing or not a number")
    return RtspRequest(parts[0], parts[1], _path(parts[1]), headers)


def _path(url: str) -> str:
    plain = _PLAIN_URL.fullmatch(url)
    if plain is not None:
        return plain[1]
    try:
        return urlsplit(url).path
    except ValueError as error:
        raise BadRequestError("the address is not one") from error


def _body_length(request: RtspRequest) -> int:
    given = request.headers.get("content-length", "0")
    if not given.isdecimal() or len(given) > 9 or int(given) > MAX_BODY_BYTES:  # noqa: PLR2004
        raise BadRequestError(f"Content-Length is not a number up to {MAX_BODY_BYTES}")
    return int(given)
