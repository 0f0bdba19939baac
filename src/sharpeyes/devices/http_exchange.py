"""HTTP requests to devices: bounded, never redirected, authenticated at most once."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import aiohttp
from multidict import CIMultiDictProxy
from yarl import URL

from sharpeyes.devices.address import DeviceAddress
from sharpeyes.devices.authentication import Authorizer
from sharpeyes.devices.fault import Fault, FaultKind, connection_fault, quoted

_UNAUTHORIZED = 401
_FORBIDDEN = 403
_BUSY = 503
_REDIRECTIONS = range(300, 400)
# What a connection attempt may take of the whole time: a device that needs longer has no time left
# to answer, and so a silent address can be told from a silent device.
_CONNECTING_SHARE = 0.8


@dataclass(frozen=True, slots=True)
class HttpAnswer:
    """An answer with its whole body."""

    status: int
    reason: str
    headers: CIMultiDictProxy[str]
    body: bytes


def open_device_session() -> aiohttp.ClientSession:
    """Return a session fit for talking to devices.

    No cookies (devices share nothing), no decompression (a kilobyte could become a gigabyte), no
    proxies, no connection held between questions (devices have room for few, and end them when
    it suits them), and no limit of connections: how many devices are asked at once is the
    caller's to say.
    """
    return aiohttp.ClientSession(
        connector=aiohttp.TCPConnector(limit=0, force_close=True),
        cookie_jar=aiohttp.DummyCookieJar(),
        auto_decompress=False,
        trust_env=False,
    )


async def exchange(
    session: aiohttp.ClientSession,
    method: str,
    address: DeviceAddress,
    authorizer: Authorizer,
    *,
    timeout_s: float,
    max_bytes: int,
    body: Callable[[], bytes] | None = None,
    headers: Mapping[str, str] | None = None,
) -> HttpAnswer | Fault:
    """Ask once, and once more where the device challenges us.

    Args:
        session: Any session; best from ``open_device_session``.
        method: "GET", "POST" ...
        address: What is asked.
        authorizer: Answers challenges; it remembers a nonce from call to call.
        timeout_s: Longest time for all of it.
        max_bytes: Longest body that is taken.
        body: Writes what is sent, anew for each attempt.
        headers: What is sent beside our own headers.

    Returns:
        The answer, unless its status is one that always means a fault (3xx, 403, 503, or 401
        with a challenge). A 401 without one is an answer: SOAP has its own way to authenticate.
    """
    url = URL(address.url, encoded=True)
    try:
        async with asyncio.timeout(timeout_s):
            while True:
                signed = {**(headers or {}), "Accept-Encoding": "identity"}
                if authorization := authorizer.header(method, url.raw_path_qs):
                    signed["Authorization"] = authorization
                answer = await _send(
                    session,
                    method,
                    url,
                    body=None if body is None else body(),
                    headers=signed,
                    timeout_s=timeout_s,
                    max_bytes=max_bytes,
                )
                offered = answer.headers.getall("WWW-Authenticate", [])
                if answer.status != _UNAUTHORIZED:
                    authorizer.accepted()
                if answer.status != _UNAUTHORIZED or not offered:
                    return _status_fault(answer, address.endpoint) or answer
                # What cannot be printed cannot be sent back in a header either.
                refusal = authorizer.refusal([o for o in offered if o.isprintable()])
                if refusal is not None:
                    return Fault(FaultKind.AUTH, f"{address.endpoint} {refusal}")
    except (TimeoutError, aiohttp.ClientError, _UnusableAnswerError) as error:
        return _fault_of(error, address.endpoint, timeout_s)


class _UnusableAnswerError(Exception):
    """An answer is not taken; the message follows the device's address."""


async def _send(
    session: aiohttp.ClientSession,
    method: str,
    url: URL,
    *,
    body: bytes | None,
    headers: Mapping[str, str],
    timeout_s: float,
    max_bytes: int,
) -> HttpAnswer:
    timeout = aiohttp.ClientTimeout(total=None, sock_connect=_CONNECTING_SHARE * timeout_s)
    async with session.request(
        method, url, data=body, headers=headers, timeout=timeout, allow_redirects=False
    ) as response:
        encoding = response.headers.get("Content-Encoding", "identity")
        if encoding.lower() != "identity":
            raise _UnusableAnswerError(f"compresses its answer unasked: {quoted(encoding)}")
        received = bytearray()
        # Read to the limit and no further, whatever length is announced.
        async for chunk in response.content.iter_any():
            received += chunk
            if len(received) > max_bytes:
                raise _UnusableAnswerError(f"answers with more than {max_bytes} bytes")
        return HttpAnswer(response.status, response.reason or "", response.headers, bytes(received))


def _status_fault(answer: HttpAnswer, endpoint: str) -> Fault | None:
    evidence = f"{endpoint} answers with status {answer.status} {quoted(answer.reason)}"
    if answer.status == _BUSY:
        return Fault(FaultKind.BUSY, evidence)
    if answer.status == _FORBIDDEN:
        return Fault(FaultKind.AUTH, f"{evidence}: this user may not ask that")
    if answer.status in _REDIRECTIONS:
        return Fault(FaultKind.PROTOCOL, f"{evidence}: it sends us elsewhere, unfollowed")
    return None


def _fault_of(error: Exception, endpoint: str, timeout_s: float) -> Fault:
    kind = FaultKind.PROTOCOL
    match error:
        case aiohttp.ConnectionTimeoutError():
            kind = FaultKind.NETWORK
            told = f"did not accept a connection within {_CONNECTING_SHARE * timeout_s:g} s"
        case TimeoutError():
            kind = FaultKind.SILENT
            told = f"accepted the connection and did not answer in full within {timeout_s:g} s"
        case aiohttp.ClientSSLError():
            told = "offers no trusted encrypted connection (certificate or protocol)"
        case aiohttp.ClientConnectorError():
            return connection_fault(endpoint, error.os_error)
        case OSError():
            return connection_fault(endpoint, error)
        case aiohttp.ServerDisconnectedError():
            kind = FaultKind.NETWORK
            told = "closed the connection without an answer"
        case aiohttp.ClientPayloadError():
            told = "ended its answer too early"
        case _UnusableAnswerError():
            told = str(error)
        case _:
            told = "sends an answer that is not HTTP"
    return Fault(kind, f"{endpoint} {told}")
