"""A camera that misbehaves for real answers on loopback; the check must stay calm."""

import asyncio
import hashlib
import re
import socket
from collections.abc import Awaitable, Callable

import pytest

from sharpeyes.devices.address import DeviceAddress
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.errors import RtspUrlError
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.rtsp import RtspDescription, check_rtsp
from sharpeyes.devices.rtsp_client import RtspClient
from sharpeyes.devices.settings import RtspLimits

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[int]]

ADMIN = Credentials("admin", "canary")
SDP = b"v=0\r\ns=x\r\nm=video 0 RTP/AVP 96\r\na=rtpmap:96 H264/90000\r\n"
OPTIONS_OK = b"RTSP/1.0 200 OK\r\nCSeq: 1\r\nPublic: OPTIONS, DESCRIBE\r\nServer: Cam 1.0\r\n\r\n"
SOON = 0.3
"""Long enough for loopback, short enough to wait for."""


def with_body(body: bytes, sequence: int = 2) -> bytes:
    return (
        f"RTSP/1.0 200 OK\r\nCSeq: {sequence}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        + body
    )


def camera(*answers: bytes, requests: list[str] | None = None) -> Handler:
    """Give each request its answer, then nothing more."""

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            if requests is not None:
                requests.append(request)
            writer.write(answer)
            await writer.drain()
        await reader.read()

    return talk


async def check(
    port: int, credentials: Credentials | None = None, *, timeout_s: float = 5
) -> RtspDescription | Fault:
    return await check_rtsp(f"rtsp://127.0.0.1:{port}/cam", credentials, timeout_s=timeout_s)


async def fault_of(
    port: int, credentials: Credentials | None = None, *, timeout_s: float = 5
) -> Fault:
    fault = await check(port, credentials, timeout_s=timeout_s)
    assert isinstance(fault, Fault)
    assert fault.evidence.startswith(f"127.0.0.1:{port} ")
    assert "canary" not in fault.evidence
    return fault


async def test_describes_a_stream(serve: Serve) -> None:
    requests: list[str] = []
    port = await serve(camera(OPTIONS_OK, with_body(SDP), requests=requests))

    description = await check(port)

    assert isinstance(description, RtspDescription)
    assert description.video is not None
    assert description.video.codec == "H264"
    assert description.server == "Cam 1.0"
    assert 0 < description.connect_ms < description.latency_ms < 5_000
    assert requests[0].startswith(f"OPTIONS rtsp://127.0.0.1:{port}/cam RTSP/1.0\r\n")
    assert requests[1].startswith(f"DESCRIBE rtsp://127.0.0.1:{port}/cam RTSP/1.0\r\n")
    assert "Accept: application/sdp\r\n" in requests[1]


@pytest.mark.parametrize(
    "options",
    [
        b"RTSP/1.0 501 Not Implemented\r\nCSeq: 1\r\n\r\n",
        b"RTSP/1.0 200 OK\r\n\r\n",
        b"RTSP/1.0 100 Continue\r\nCSeq: 1\r\n\r\n" + OPTIONS_OK,
        b"$\x00\x00\x04abcd" + OPTIONS_OK,
    ],
    ids=["not implemented", "no cseq", "continue first", "frame first"],
)
async def test_bears_harmless_oddities(serve: Serve, options: bytes) -> None:
    port = await serve(camera(options, with_body(SDP)))

    assert isinstance(await check(port), RtspDescription)


async def test_hostile_38_but_a_description_of_128_kilobytes_is_taken(serve: Serve) -> None:
    body = SDP + b"a=note:" + b"n" * (128_000 - len(SDP) - 9) + b"\r\n"
    port = await serve(camera(OPTIONS_OK, with_body(body)))

    assert isinstance(await check(port), RtspDescription)


BAD_ANSWERS = {
    "hostile_32_negative length": (
        b"RTSP/1.0 200 OK\r\nContent-Length: -1\r\n\r\n",
        FaultKind.PROTOCOL,
        "no number",
    ),
    "hostile_33_ten gigabytes": (
        b"RTSP/1.0 200 OK\r\nContent-Length: 10000000000\r\n\r\n",
        FaultKind.PROTOCOL,
        "announces",
    ),
    "hostile_34_endless header": (
        b"RTSP/1.0 200 OK\r\nX: " + b"a" * 2_000_000,
        FaultKind.PROTOCOL,
        "longer than",
    ),
    "hostile_35_continuation lines": (
        b"RTSP/1.0 200 OK\r\nX: 1\r\n" + b" 2\r\n" * 10_000,
        FaultKind.PROTOCOL,
        "longer than",
    ),
    "hostile_36_ten thousand headers": (
        b"RTSP/1.0 200 OK\r\n" + b"X: 1\r\n" * 10_000,
        FaultKind.PROTOCOL,
        "longer than",
    ),
    "hostile_36_many headers": (
        b"RTSP/1.0 200 OK\r\n" + b"X:1\r\n" * 200 + b"\r\n",
        FaultKind.PROTOCOL,
        "more than 100",
    ),
    "frame cut short": (b"$\x00\xff\xff" + b"x" * 100, FaultKind.SILENT, "did not end it within"),
    "hostile_37_frame, then silence": (
        b"$\x00\x01\x00" + b"x" * 256,
        FaultKind.SILENT,
        "did not end it within",
    ),
    "frames only": (
        (b"$\x00\xff\xff" + b"x" * 65_535) * 20,
        FaultKind.PROTOCOL,
        "without an answer",
    ),
    "hostile_38_ten thousand media": (
        with_body(b"v=0\r\n" + b"m=video 0 RTP/AVP 96\r\n" * 10_000),
        FaultKind.PROTOCOL,
        "10000",
    ),
    "hostile_42_cseq of the future": (with_body(SDP, sequence=7), FaultKind.PROTOCOL, "CSeq"),
    "hostile_42_endless cseq": (
        b"RTSP/1.0 200 OK\r\nCSeq: " + b"1" * 5_000 + b"\r\n\r\n",
        FaultKind.PROTOCOL,
        "CSeq",
    ),
    "hostile_42_cseq of the past": (with_body(SDP, sequence=1), FaultKind.PROTOCOL, "CSeq"),
    "hostile_43_not enough bandwidth": (
        b"RTSP/1.0 453 Not Enough Bandwidth\r\nCSeq: 2\r\n\r\n",
        FaultKind.BUSY,
        "no room",
    ),
    "unavailable": (b"RTSP/1.0 503 Unavailable\r\nCSeq: 2\r\n\r\n", FaultKind.BUSY, "no room"),
    "not found": (
        b"RTSP/1.0 404 Not Found\r\nCSeq: 2\r\n\r\n",
        FaultKind.PROTOCOL,
        '404 "Not Found"',
    ),
    "forbidden": (b"RTSP/1.0 403 Forbidden\r\nCSeq: 2\r\n\r\n", FaultKind.AUTH, "may not see"),
    "unauthorized": (b"RTSP/1.0 401 No\r\nCSeq: 2\r\n\r\n", FaultKind.AUTH, "none are known"),
    "empty": (b"RTSP/1.0 200 OK\r\nCSeq: 2\r\n\r\n", FaultKind.PROTOCOL, "not SDP"),
    "login page": (with_body(b"<html>login</html>"), FaultKind.PROTOCOL, "not SDP"),
    "http": (b"HTTP/1.0 200 OK\r\n\r\n", FaultKind.PROTOCOL, "speaks HTTP"),
    "garbage": (b"\x00\x01\x02\x03\x04\x05", FaultKind.PROTOCOL, "does not speak RTSP"),
    "blank lines": (b"\r\n" * 600_000, FaultKind.PROTOCOL, "without an answer"),
    "nothing": (b"", FaultKind.SILENT, "did not answer DESCRIBE within 0.3 s"),
    "half an answer": (b"RTSP/1.0 200 OK\r\n", FaultKind.SILENT, "began an answer to DESCRIBE"),
}


@pytest.mark.parametrize("name", BAD_ANSWERS)
async def test_names_what_is_wrong(serve: Serve, name: str) -> None:
    answer, kind, word = BAD_ANSWERS[name]
    port = await serve(camera(OPTIONS_OK, answer))

    fault = await fault_of(port, timeout_s=SOON if kind is FaultKind.SILENT else 5)

    assert (fault.kind, word in fault.evidence) == (kind, True), fault


async def test_hostile_40_no_redirection_is_followed(serve: Serve) -> None:
    elsewhere_asked = asyncio.Event()

    async def elsewhere(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        elsewhere_asked.set()

    other = await serve(elsewhere)
    moved = f"RTSP/1.0 302 Moved\r\nCSeq: 2\r\nLocation: rtsp://127.0.0.1:{other}/\r\n\r\n"
    port = await serve(camera(OPTIONS_OK, moved.encode()))

    fault = await fault_of(port)

    assert fault.kind is FaultKind.PROTOCOL
    assert "unfollowed" in fault.evidence
    assert not elsewhere_asked.is_set()


async def test_a_closed_connection_is_the_networks_fault(serve: Serve) -> None:
    async def close(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write_eof()
        await reader.read()

    fault = await fault_of(await serve(close))

    assert fault.kind is FaultKind.NETWORK
    assert "closed the connection without an answer to OPTIONS" in fault.evidence


async def test_a_refused_connection_is_the_networks_fault() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        fault = await fault_of(taken.getsockname()[1])

    assert fault.kind is FaultKind.NETWORK
    assert "refuses connections" in fault.evidence


async def test_a_connection_never_accepted_is_the_networks_fault() -> None:
    with socket.socket() as full:
        full.bind(("127.0.0.1", 0))
        full.listen(0)
        port = full.getsockname()[1]
        loop = asyncio.get_running_loop()
        fillers = [socket.socket() for _ in range(3)]
        for filler in fillers:
            filler.setblocking(False)
        attempts = [
            asyncio.ensure_future(loop.sock_connect(filler, ("127.0.0.1", port)))
            for filler in fillers
        ]
        await asyncio.wait(attempts, timeout=0.05)

        fault = await fault_of(port, timeout_s=SOON)

        for attempt in attempts:
            attempt.cancel()
        await asyncio.gather(*attempts, return_exceptions=True)
        for filler in fillers:
            filler.close()
    assert fault.kind is FaultKind.NETWORK
    assert "did not accept a connection within 0.3 s" in fault.evidence


async def test_one_deadline_holds_for_all_of_it(serve: Serve) -> None:
    async def drip(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:  # a byte now and then, as long as the client bears it
            writer.write(b"$\x00\x00\x00")
            await writer.drain()
            await asyncio.sleep(0.05)

    started = asyncio.get_running_loop().time()
    fault = await fault_of(await serve(drip), timeout_s=SOON)

    assert fault.kind is FaultKind.SILENT
    assert asyncio.get_running_loop().time() - started < 4 * SOON


async def test_can_be_cancelled(serve: Serve) -> None:
    connected, left = asyncio.Event(), asyncio.Event()

    async def listen(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        connected.set()
        try:
            await reader.read()
        finally:
            left.set()

    checking = asyncio.create_task(check(await serve(listen), timeout_s=60))
    await connected.wait()
    checking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await checking

    async with asyncio.timeout(5):
        await left.wait()


async def test_refuses_addresses_with_secrets() -> None:
    with pytest.raises(RtspUrlError):
        await check_rtsp("rtsp://admin:canary@127.0.0.1/", None, timeout_s=1)


class PasswordCamera:
    """Asks for credentials, and judges them as the standards say."""

    def __init__(self, *challenges: str, nonces: list[str] | None = None) -> None:
        self.challenges = challenges
        self.nonces = nonces or ["n1"]
        self.attempts = 0

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while True:
            request = (await reader.readuntil(b"\r\n\r\n")).decode()
            sequence = re.search(r"CSeq: (\d+)", request)
            assert sequence is not None
            if request.startswith("OPTIONS"):
                answer = OPTIONS_OK
            elif self.accepts(request):
                answer = with_body(SDP, int(sequence[1]))
            else:
                lines = "".join(
                    f"WWW-Authenticate: {c.format(nonce=self.nonce, stale=self.stale)}\r\n"
                    for c in self.challenges
                )
                answer = f"RTSP/1.0 401 No\r\nCSeq: {sequence[1]}\r\n{lines}\r\n".encode()
            writer.write(answer)

    @property
    def nonce(self) -> str:
        return self.nonces[min(self.attempts, len(self.nonces) - 1)]

    @property
    def stale(self) -> str:
        return "true" if self.attempts else "false"

    def accepts(self, request: str) -> bool:
        header = re.search(r"Authorization: (\w+) (.*)\r\n", request)
        if header is None:
            return False
        self.attempts += 1
        if header[1] == "Basic":
            return header[2] == "YWRtaW46Y2FuYXJ5"  # admin:canary
        fields = dict(re.findall(r'(\w+)="?([^",]*)"?', header[2]))
        name = "sha256" if fields.get("algorithm") == "SHA-256" else "md5"

        def hashed(text: str) -> str:
            return hashlib.new(name, text.encode()).hexdigest()

        secret = hashed(f"admin:{fields['realm']}:canary")
        asked = hashed(f"DESCRIBE:{request.split()[1]}")
        middle = f"{fields['nc']}:{fields['cnonce']}:auth:" if "qop" in fields else ""
        expected = hashed(f"{secret}:{fields['nonce']}:{middle}{asked}")
        return (fields["nonce"], fields["response"]) == (self.nonces[-1], expected)


@pytest.mark.parametrize(
    "challenges",
    [
        ('Basic realm="cam"',),
        ('Digest realm="cam", nonce="{nonce}"',),
        ('Digest realm="cam", nonce="{nonce}", algorithm=MD5, qop="auth"',),
        ('Digest realm="cam", nonce="{nonce}", algorithm=SHA-256, qop="auth"',),
        ('Digest realm="cam", nonce="{nonce}", algorithm="SHA-256"', 'Basic realm="cam"'),
        ('Basic realm="cam", Digest realm="cam", nonce="{nonce}"',),
    ],
)
async def test_logs_in(serve: Serve, challenges: tuple[str, ...]) -> None:
    cam = PasswordCamera(*challenges)

    assert isinstance(await check(await serve(cam.talk), ADMIN), RtspDescription)
    assert cam.attempts == 1


async def test_renews_a_stale_nonce(serve: Serve) -> None:
    cam = PasswordCamera('Digest realm="cam", nonce="{nonce}", stale={stale}', nonces=["n1", "n2"])

    assert isinstance(await check(await serve(cam.talk), ADMIN), RtspDescription)
    assert cam.attempts == 2


@pytest.mark.parametrize(
    "challenge", ['Basic realm="cam"', 'Digest realm="cam", nonce="{nonce}", qop="auth"']
)
async def test_gives_a_wrong_password_once(serve: Serve, challenge: str) -> None:
    cam = PasswordCamera(challenge)

    fault = await fault_of(await serve(cam.talk), Credentials("admin", "wrong canary"))

    assert fault.kind is FaultKind.AUTH
    assert "refuses the user name and password" in fault.evidence
    assert cam.attempts == 1


async def test_hostile_39_nonces_without_end(serve: Serve) -> None:
    endless = [f"n{number}" for number in range(100)]
    cam = PasswordCamera('Digest realm="cam", nonce="{nonce}", stale={stale}', nonces=endless)

    fault = await fault_of(await serve(cam.talk), ADMIN)

    assert fault.kind is FaultKind.AUTH
    assert "again and again" in fault.evidence
    assert cam.attempts == 2


class ChangingCamera(PasswordCamera):
    is_changed = False

    def accepts(self, request: str) -> bool:
        return super().accepts(request) and not self.is_changed


class Permit:
    def __init__(self) -> None:
        self.refusals = 0

    def may_send(self) -> bool:
        return not self.refusals

    def refused(self) -> None:
        self.refusals += 1


async def test_a_password_that_was_changed_is_not_sent_by_the_next_open_stream(
    serve: Serve,
) -> None:
    """Nor with the goodbye of the one that has found out."""
    cam = ChangingCamera('Digest realm="cam", nonce="{nonce}"')
    port, permit = await serve(cam.talk), Permit()
    address = DeviceAddress.of_rtsp(f"rtsp://127.0.0.1:{port}/cam")
    clients = [RtspClient(address, ADMIN, RtspLimits(), permit) for _ in range(2)]
    for client in clients:
        assert await client.connect() is None
        assert not isinstance(await client.request("DESCRIBE", address.url), Fault)
    cam.is_changed, attempts = True, cam.attempts
    for client in clients:
        answer = await client.request("DESCRIBE", address.url)
        assert isinstance(answer, Fault)
        assert answer.kind is FaultKind.AUTH
        client.session = (address.url, "1")
        client.close()
    assert permit.refusals == 1
    assert cam.attempts - attempts <= 2


async def test_gives_no_password_where_none_is_asked(serve: Serve) -> None:
    requests: list[str] = []
    port = await serve(camera(OPTIONS_OK, with_body(SDP), requests=requests))

    await check(port, ADMIN)

    assert "Authorization" not in "".join(requests)


async def test_limits_are_the_callers(serve: Serve) -> None:
    port = await serve(camera(OPTIONS_OK, with_body(SDP + b"a=x:" + b"y" * 5_000)))
    limits = RtspLimits(max_body_bytes=4_096)

    fault = await check_rtsp(f"rtsp://127.0.0.1:{port}/", None, timeout_s=5, limits=limits)

    assert isinstance(fault, Fault)
    assert "more than the 4096" in fault.evidence
