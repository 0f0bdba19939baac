"""What receivers may do to an attempt: be late, endless, elsewhere, rude or false."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
import pytest_asyncio
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from sharpeyes.events import handshake
from sharpeyes.events.address import open_session
from sharpeyes.events.attempt import MAX_ANSWER_BYTES, Answer, post
from sharpeyes.events.settings import EventSettings

Script = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[..., Awaitable[int]]

SETTINGS = EventSettings(allow_loopback=True)


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    """Serve connections by a script on a port of this machine, until the test is over."""
    servers = []
    under_way = set[asyncio.Task[None]]()

    async def start(script: Script, tls: ssl.SSLContext | None = None) -> int:
        async def serve_one(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            task = asyncio.current_task()
            assert task is not None
            under_way.add(task)
            try:
                await reader.readuntil(b"\r\n\r\n")
                await script(reader, writer)
            except (asyncio.CancelledError, OSError, asyncio.IncompleteReadError):
                pass
            finally:
                under_way.discard(task)
                writer.close()

        server = await asyncio.start_server(serve_one, "127.0.0.1", 0, ssl=tls)
        servers.append(server)
        return int(server.sockets[0].getsockname()[1])

    yield start
    for server in servers:
        server.close()
    for task in under_way:
        task.cancel()
    await asyncio.gather(*under_way)


async def attempt(port: int, timeout_s: float = 5, scheme: str = "http") -> Answer:
    async with open_session(SETTINGS) as session:
        return await post(session, f"{scheme}://127.0.0.1:{port}/x", {}, b"{}", timeout_s)


def answering(head: str, body: bytes = b"") -> Script:
    async def script(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(head.replace("\n", "\r\n").encode() + b"\r\n\r\n" + body)
        await writer.drain()

    return script


async def test_an_answer_is_read(serve: Serve) -> None:
    port = await serve(
        answering("HTTP/1.1 503 Busy\nContent-Length: 7\nRetry-After: 9", b"\x1b[31m\nx")
    )

    answer = await attempt(port)

    assert (answer.http_status, answer.error, answer.retry_after) == (503, "", "9")
    assert answer.head == "[31m x"
    assert answer.latency_ms > 0


async def test_a_redirect_is_not_followed_hostile_67(serve: Serve) -> None:
    followed = asyncio.Event()

    async def elsewhere(_: asyncio.StreamReader, __: asyncio.StreamWriter) -> None:
        followed.set()

    canary_port = await serve(elsewhere)
    location = f"http://127.0.0.1:{canary_port}/"
    for status in (301, 302, 303, 307, 308):
        port = await serve(
            answering(f"HTTP/1.1 {status} Away\nContent-Length: 0\nLocation: {location}")
        )
        assert (await attempt(port)).http_status == status

    assert not followed.is_set()


async def test_an_endless_body_is_not_read_on_hostile_66(serve: Serve) -> None:
    sent_bytes = 0
    refused = asyncio.Event()

    async def endless(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent_bytes
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        try:
            while True:
                writer.write(b"1000\r\n" + b"x" * 4096 + b"\r\n")
                await writer.drain()
                sent_bytes += 4096
        except OSError:
            refused.set()
            raise

    answer = await attempt(await serve(endless))

    assert answer.http_status == 200
    assert len(answer.head) == 500
    async with asyncio.timeout(10):
        await refused.wait()
    # What the kernel's buffers took beyond what was read.
    assert sent_bytes < MAX_ANSWER_BYTES + 16 * 1024 * 1024


async def test_a_body_that_never_ends_does_not_undo_the_status(serve: Serve) -> None:
    async def stalling(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nhalf")
        await writer.drain()
        await reader.read()

    answer = await attempt(await serve(stalling), timeout_s=0.2)

    assert answer.http_status == 200
    assert answer.head == "half"
    assert "within 0.2 s" in answer.error


@pytest.mark.parametrize("first", [b"", b"HTTP/1.1 200 O", b"HTTP/1.1 200 OK\r\nX-Slow: "])
async def test_a_late_answer_is_none_hostile_65(serve: Serve, first: bytes) -> None:
    async def late(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(first)
        await writer.drain()
        await reader.read()

    answer = await attempt(await serve(late), timeout_s=0.2)

    assert answer.http_status is None
    assert answer.error == "no full answer within 0.2 s"
    assert 150 < answer.latency_ms < 5000


async def test_a_reset_after_reading_is_no_answer_hostile_68(serve: Serve) -> None:
    async def reset(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readexactly(2)
        writer.transport.abort()

    answer = await attempt(await serve(reset))

    assert answer.http_status is None
    assert answer.error


@pytest.mark.parametrize(
    "answer_bytes",
    [
        b"SSH-2.0-OpenSSH_9\r\n\r\n",
        b"HTTP/1.1 abc\r\n\r\n",
        b"HTTP/1.1 200 OK\r\nA: " + b"x" * 99999,
    ],
)
async def test_what_is_not_http_is_no_answer(serve: Serve, answer_bytes: bytes) -> None:
    async def other(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(answer_bytes)
        await writer.drain()

    answer = await attempt(await serve(other))

    assert answer.http_status is None
    assert answer.error.isprintable()
    assert 0 < len(answer.error) <= 300


async def test_nobody_there_is_no_answer(unused_tcp_port_of_nobody: int) -> None:
    answer = await attempt(unused_tcp_port_of_nobody)

    assert answer.http_status is None
    assert "Connect call failed" in answer.error


@pytest_asyncio.fixture
async def unused_tcp_port_of_nobody() -> int:
    server = await asyncio.start_server(lambda _, __: None, "127.0.0.1", 0)
    port = int(server.sockets[0].getsockname()[1])
    server.close()
    await server.wait_closed()
    return port


async def test_an_expired_certificate_is_no_answer_hostile_71(serve: Serve, tmp_path: Path) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(_expired_certificate(tmp_path))
    port = await serve(answering("HTTP/1.1 200 OK\nContent-Length: 0"), context)

    answer = await attempt(port, scheme="https")

    assert answer.http_status is None
    assert "certificate" in answer.error


def _expired_certificate(folder: Path) -> Path:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    start = datetime(2020, 1, 1, tzinfo=UTC)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(start)
        .not_valid_after(start + timedelta(days=1))
        .sign(key, hashes.SHA256())
    )
    path = folder / "expired.pem"
    path.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + certificate.public_bytes(serialization.Encoding.PEM)
    )
    return path


async def consent(port: int, timeout_s: float = 5) -> str | None:
    async with open_session(SETTINGS) as session:
        return await handshake.refusal(
            session, f"http://127.0.0.1:{port}/x", "sharpeyes", timeout_s
        )


@pytest.mark.parametrize("allowed", ["*", "sharpeyes"])
async def test_a_receiver_consents(serve: Serve, allowed: str) -> None:
    agree = answering(f"HTTP/1.1 200 OK\nContent-Length: 0\nWebHook-Allowed-Origin: {allowed}")

    assert await consent(await serve(agree)) is None


@pytest.mark.parametrize(
    ("head", "reason"),
    [
        ("HTTP/1.1 200 OK\nContent-Length: 0", "sent no WebHook-Allowed-Origin"),
        ("HTTP/1.1 200 OK\nContent-Length: 0\nWebHook-Allowed-Origin: other", "allows 'other'"),
        ("HTTP/1.1 405 No\nContent-Length: 0\nWebHook-Allowed-Origin: *", "answered 405"),
        ("HTTP/1.1 302 No\nContent-Length: 0\nLocation: /y\nWebHook-Allowed-Origin: *", "302"),
        ("nonsense", "Bad"),
    ],
)
async def test_anything_else_is_no_consent(serve: Serve, head: str, reason: str) -> None:
    assert reason in str(await consent(await serve(answering(head))))


async def test_silence_is_no_consent(serve: Serve) -> None:
    async def silent(reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
        await reader.read()

    assert "within 0.2 s" in str(await consent(await serve(silent), timeout_s=0.2))
