"""A camera's HTTP side that misbehaves for real, on loopback."""

import asyncio
import re
import socket
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.errors import HttpUrlError
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.snapshot import fetch_snapshot

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[int]]

ADMIN = Credentials("admin", "canary")
JPEG = b"\xff\xd8\xff\xe0" + b"picture" * 100
SOON = 0.3


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_device_session() as opened:
        yield opened


def http(body: bytes, head: str = "HTTP/1.1 200 OK\r\nContent-Type: image/jpeg") -> bytes:
    return f"{head}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


def camera(*answers: bytes, requests: list[str] | None = None) -> Handler:
    """Give the first connection the first answer, the second the second, the rest the last."""
    waiting = list(answers)

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        request = (await reader.readuntil(b"\r\n\r\n")).decode()
        if requests is not None:
            requests.append(request)
        writer.write(waiting.pop(0) if len(waiting) > 1 else waiting[0])
        await writer.drain()
        await reader.read()

    return talk


async def fetch(
    session: aiohttp.ClientSession,
    port: int,
    credentials: Credentials | None = None,
    *,
    timeout_s: float = 5,
) -> bytes | Fault:
    url = f"http://127.0.0.1:{port}/snap?channel=1"
    fetched = await fetch_snapshot(
        session, url, credentials, timeout_s=timeout_s, max_bytes=100_000
    )
    if isinstance(fetched, Fault):
        assert fetched.evidence.startswith(f"127.0.0.1:{port} ")
        assert "canary" not in fetched.evidence
    return fetched


async def test_fetches_a_picture(session: aiohttp.ClientSession, serve: Serve) -> None:
    requests: list[str] = []
    port = await serve(camera(http(JPEG), requests=requests))

    assert await fetch(session, port, ADMIN) == JPEG
    assert requests[0].startswith("GET /snap?channel=1 HTTP/1.1\r\n")
    assert "Accept-Encoding: identity\r\n" in requests[0]
    assert "Connection: close\r\n" in requests[0]
    assert "Authorization" not in requests[0]


BAD_ANSWERS = {
    "hostile_59_login page": (http(b"<html>log in</html>"), FaultKind.PROTOCOL, "else than a JPEG"),
    "empty": (http(b""), FaultKind.PROTOCOL, "else than a JPEG"),
    "announced too long": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 10000000000\r\n\r\n" + JPEG * 200,
        FaultKind.PROTOCOL,
        "more than 100000 bytes",
    ),
    "endless": (
        b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
        + (b"2bf\r\n" + JPEG[:703] + b"\r\n") * 1_000,
        FaultKind.PROTOCOL,
        "more than 100000 bytes",
    ),
    "compressed": (
        http(JPEG, "HTTP/1.1 200 OK\r\nContent-Encoding: gzip"),
        FaultKind.PROTOCOL,
        "compresses",
    ),
    "redirected": (
        http(b"", "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:5432/"),
        FaultKind.PROTOCOL,
        "unfollowed",
    ),
    "not found": (http(b"", "HTTP/1.1 404 Not Found"), FaultKind.PROTOCOL, '404 "Not Found"'),
    "busy": (http(b"", "HTTP/1.1 503 Busy"), FaultKind.BUSY, "503"),
    "forbidden": (http(b"", "HTTP/1.1 403 Forbidden"), FaultKind.AUTH, "may not ask"),
    "unauthorized": (http(b"", "HTTP/1.1 401 No"), FaultKind.AUTH, "401"),
    "asks who": (
        http(b"", "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x"),
        FaultKind.AUTH,
        "none are known",
    ),
    "asks unprintably": (
        http(b"", "HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm=\xb5\xc2,nonce=1"),
        FaultKind.AUTH,
        "",
    ),
    "short body": (
        b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\nConnection: close\r\n\r\n" + JPEG,
        FaultKind.SILENT,
        "did not answer in full within 0.3 s",
    ),
    "garbage": (b"\0\1\2\3\r\n\r\n", FaultKind.PROTOCOL, "not HTTP"),
    "endless header": (b"HTTP/1.1 200 OK\r\nX: " + b"a" * 1_000_000, FaultKind.PROTOCOL, "HTTP"),
    "nothing": (b"", FaultKind.SILENT, "did not answer in full within 0.3 s"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_names_what_is_wrong(session: aiohttp.ClientSession, serve: Serve, name: str) -> None:
    answer, kind, word = BAD_ANSWERS[name]
    port = await serve(camera(answer))

    fault = await fetch(session, port, timeout_s=SOON if kind is FaultKind.SILENT else 5)

    assert isinstance(fault, Fault)
    assert (fault.kind, word in fault.evidence) == (kind, True), fault


async def test_a_body_cut_short_is_named(session: aiohttp.ClientSession, serve: Serve) -> None:
    async def cut(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 5000\r\n\r\n" + JPEG)
        writer.write_eof()
        await reader.read()

    fault = await fetch(session, await serve(cut))

    assert isinstance(fault, Fault)
    assert "ended its answer too early" in fault.evidence


async def test_a_connection_ended_unanswered_is_named(
    session: aiohttp.ClientSession, serve: Serve
) -> None:
    async def leave(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()
        await reader.read()

    fault = await fetch(session, await serve(leave))

    assert isinstance(fault, Fault)
    assert (fault.kind, "without an answer" in fault.evidence) == (FaultKind.NETWORK, True)


async def test_a_refused_connection_is_the_networks_fault(session: aiohttp.ClientSession) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        fault = await fetch(session, taken.getsockname()[1])

    assert isinstance(fault, Fault)
    assert (fault.kind, "refuses connections" in fault.evidence) == (FaultKind.NETWORK, True)


async def test_an_unknown_name_is_the_networks_fault(session: aiohttp.ClientSession) -> None:
    fault = await fetch_snapshot(
        session, "http://camera.invalid/x", None, timeout_s=10, max_bytes=1_000
    )

    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.NETWORK


async def test_a_connection_never_accepted_is_the_networks_fault(
    session: aiohttp.ClientSession,
) -> None:
    loop = asyncio.get_running_loop()
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
        attempts = [
            asyncio.ensure_future(loop.sock_connect(filler, ("127.0.0.1", port)))
            for filler in fillers
        ]
        await asyncio.wait(attempts, timeout=0.05)

        fault = await fetch(session, port, timeout_s=SOON)

        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
        for filler in fillers:
            filler.close()
    assert isinstance(fault, Fault)
    assert (fault.kind, "did not accept" in fault.evidence) == (FaultKind.NETWORK, True)


async def test_logs_in_once_with_digest(session: aiohttp.ClientSession, serve: Serve) -> None:
    requests: list[str] = []
    challenge = (
        "HTTP/1.1 401 No\r\nWWW-Authenticate: Basic realm=x\r\n"
        'WWW-Authenticate: Digest realm="x", nonce="n", qop="auth", algorithm=SHA-256'
    )
    port = await serve(camera(http(b"", challenge), http(JPEG), requests=requests))

    assert await fetch(session, port, ADMIN) == JPEG
    assert len(requests) == 2
    header = re.search(r"Authorization: (.*)\r\n", requests[1])
    assert header is not None
    assert header[1].startswith("Digest ")
    assert 'uri="/snap?channel=1"' in header[1]


async def test_gives_a_wrong_password_once(session: aiohttp.ClientSession, serve: Serve) -> None:
    requests: list[str] = []
    challenge = http(b"", 'HTTP/1.1 401 No\r\nWWW-Authenticate: Digest realm="x", nonce="n"')
    port = await serve(camera(challenge, requests=requests))

    fault = await fetch(session, port, ADMIN)

    assert isinstance(fault, Fault)
    assert (fault.kind, "refuses the user name" in fault.evidence) == (FaultKind.AUTH, True)
    assert len(requests) == 2


async def test_refuses_addresses_of_other_kinds(session: aiohttp.ClientSession) -> None:
    for url in ("file:///etc/passwd", "http://admin:canary@127.0.0.1/"):
        with pytest.raises(HttpUrlError) as caught:
            await fetch_snapshot(session, url, None, timeout_s=1, max_bytes=1_000)
        assert "canary" not in str(caught.value)
