"""HTTP requests as a device of a simulated city reads them, and its answers (RFC 9112)."""

from collections.abc import Mapping
from dataclasses import dataclass

from sharpeyes.devices.simulator.rtsp_message import (
    MAX_BODY_BYTES,
    MAX_HEAD_BYTES,
    BadRequestError,
)

_REASONS = {
    200: "OK",
    400: "Bad Request",
    401: "Unauthorized",
    404: "Not Found",
    500: "Internal Server Error",
    503: "Service Unavailable",
}
_MAX_LENGTH_DIGITS = 9


@dataclass(frozen=True, slots=True)
class HttpRequest:
    """One request.

    Args:
        method: upper case.
        path: with its query, as sent.
        headers: by lower-case name; of a repeated one, the last.
        body: as sent.
    """

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes


def take_http_request(buffer: bytearray) -> HttpRequest | None:
    """Take the next request out of what has been received.

    Args:
        buffer: received bytes; what is taken is removed.

    Returns:
        None if more bytes are needed.

    Raises:
        BadRequestError: the connection can only be closed.
    """
    end = buffer.find(b"\r\n\r\n")
    if end > MAX_HEAD_BYTES or (end < 0 and len(buffer) > MAX_HEAD_BYTES):
        raise BadRequestError(f"a request's headers exceed {MAX_HEAD_BYTES} bytes")
    if end < 0:
        return None
    # Every byte has a character in Latin-1, so nothing that is sent can fail to decode.
    first, *lines = buffer[:end].decode("latin-1").split("\r\n")
    parts = first.split(" ")
    if len(parts) != 3 or not parts[2].startswith("HTTP/1."):  # noqa: PLR2004  # its three words
        raise BadRequestError("the request line is not one of HTTP/1.1")
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    length = headers.get("content-length", "0")
    if not length.isdecimal() or len(length) > _MAX_LENGTH_DIGITS or int(length) > MAX_BODY_BYTES:
        raise BadRequestError(f"Content-Length is not a number up to {MAX_BODY_BYTES}")
    if "transfer-encoding" in headers:
        raise BadRequestError("a body in chunks is not taken")
    whole = end + 4 + int(length)
    if len(buffer) < whole:
        return None
    body = bytes(buffer[end + 4 : whole])
    del buffer[:whole]
    return HttpRequest(parts[0], parts[1], headers, body)


def http_answer(
    status: int, body: bytes = b"", content_type: str = "", challenge: str = ""
) -> bytes:
    """An answer as bytes; the connection stays open.

    Args:
        status: of HTTP.
        body: what it holds.
        content_type: of the body.
        challenge: how to ask for credentials.
    """
    head = f"HTTP/1.1 {status} {_REASONS[status]}\r\nContent-Length: {len(body)}\r\n"
    if content_type:
        head += f"Content-Type: {content_type}\r\n"
    if challenge:
        head += f"WWW-Authenticate: {challenge}\r\n"
    return f"{head}\r\n".encode() + body
