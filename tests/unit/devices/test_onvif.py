"""An ONVIF device on loopback, honest or hostile."""

import asyncio
import base64
import hashlib
import re
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

import aiohttp
import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.device_clock import DeviceClock
from sharpeyes.devices.errors import HttpUrlError
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.onvif import OnvifClient
from sharpeyes.devices.onvif_answers import DeviceInformation, MediaProfile
from sharpeyes.devices.recordings_kept import RecordingsKept
from sharpeyes.devices.settings import HttpLimits
from sharpeyes.devices.wsdl import SEARCH_NAMESPACE

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[int]]

ADMIN = Credentials("admin", "canary")
NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" '
    'xmlns:tds="http://www.onvif.org/ver10/device/wsdl" '
    'xmlns:trt="http://www.onvif.org/ver10/media/wsdl" '
    'xmlns:tt="http://www.onvif.org/ver10/schema" xmlns:ter="http://www.onvif.org/ver10/error"'
)
INFORMATION = (
    "<tds:GetDeviceInformationResponse><tds:Manufacturer>Acme</tds:Manufacturer>"
    "<tds:Model>球机 7</tds:Model><tds:FirmwareVersion>1.2</tds:FirmwareVersion>"
    "<tds:SerialNumber>S1</tds:SerialNumber><tds:HardwareId/></tds:GetDeviceInformationResponse>"
)
PROFILES = (
    '<trt:GetProfilesResponse><trt:Profiles token="p1" fixed="true"><tt:Name>main</tt:Name>'
    "<tt:VideoSourceConfiguration><tt:SourceToken>lens</tt:SourceToken>"
    "</tt:VideoSourceConfiguration><tt:VideoEncoderConfiguration><tt:Encoding>H264</tt:Encoding>"
    "<tt:Resolution><tt:Width>1920</tt:Width><tt:Height>1080</tt:Height></tt:Resolution>"
    "<tt:RateControl><tt:FrameRateLimit>25</tt:FrameRateLimit></tt:RateControl>"
    '</tt:VideoEncoderConfiguration></trt:Profiles><trt:Profiles token="bare"/>'
    "</trt:GetProfilesResponse>"
)


def envelope(body: str) -> bytes:
    return f"<s:Envelope {NAMESPACES}><s:Body>{body}</s:Body></s:Envelope>".encode()


def soap_fault(subcode: str, reason: str = "Sender not Authorized") -> bytes:
    return envelope(
        f"<s:Fault><s:Code><s:Value>s:Sender</s:Value><s:Subcode><s:Value>{subcode}</s:Value>"
        f"</s:Subcode></s:Code><s:Reason><s:Text>{reason}</s:Text></s:Reason></s:Fault>"
    )


def media_uri(operation: str, uri: str) -> str:
    return (
        f"<trt:{operation}Response><trt:MediaUri><tt:Uri>{uri}</tt:Uri></trt:MediaUri>"
        f"</trt:{operation}Response>"
    )


class Request(NamedTuple):
    operation: str
    head: str
    body: str


class Device:
    """Answers one request a connection, and keeps what it was asked."""

    def __init__(self) -> None:
        self.port = 0
        self.clock = NOW
        self.asked: list[str] = []
        self.paths: list[str] = []
        self.requests: list[str] = []
        self.media_address = "http://192.168.1.64/onvif/media"
        self.answers = {
            "GetDeviceInformation": INFORMATION,
            "GetProfiles": PROFILES,
            "GetStreamUri": media_uri("GetStreamUri", "rtsp://192.168.1.64:554/s?a=1"),
            "GetSnapshotUri": media_uri("GetSnapshotUri", "http://u:p@192.168.1.64:8080/snap"),
        }

    async def talk(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        length = re.search(r"Content-Length: (\d+)", head)
        assert length is not None
        body = (await reader.readexactly(int(length[1]))).decode()
        operation = re.search(r"Body>\s*<(?:\w+:)?(\w+)", body)
        assert operation is not None
        self.asked.append(operation[1])
        self.paths.append(head.split()[1])
        self.requests.append(head + body)
        status, answer = self.answer(Request(operation[1], head, body))
        lines = f"HTTP/1.1 {status}\r\nContent-Length: {len(answer)}\r\n\r\n"
        writer.write(lines.encode() + answer)
        await writer.drain()
        await reader.read()

    def answer(self, request: Request) -> tuple[str, bytes]:
        if request.operation == "GetSystemDateAndTime":
            return "200 OK", envelope(self.system_time())
        if request.operation == "GetCapabilities":
            return "200 OK", envelope(self.capabilities())
        return self.guarded(request)

    def guarded(self, request: Request) -> tuple[str, bytes]:
        return "200 OK", envelope(self.answers[request.operation])

    def system_time(self) -> str:
        t = self.clock
        return (
            "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime>"
            f"<tt:Time><tt:Hour>{t.hour}</tt:Hour><tt:Minute>{t.minute}</tt:Minute>"
            f"<tt:Second>{t.second}</tt:Second></tt:Time><tt:Date><tt:Year>{t.year}</tt:Year>"
            f"<tt:Month>{t.month}</tt:Month><tt:Day>{t.day}</tt:Day></tt:Date></tt:UTCDateTime>"
            "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
        )

    def capabilities(self) -> str:
        return (
            "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Media>"
            f"<tt:XAddr>{self.media_address.format(port=self.port)}</tt:XAddr></tt:Media>"
            "</tds:Capabilities></tds:GetCapabilitiesResponse>"
        )

    def token_is_right(self, body: str, tolerance: timedelta) -> bool:
        """Judge a UsernameToken as the OASIS profile says."""
        fields = {
            name: (re.search(rf"{name}(?:\s[^>]*)?>([^<]*)<", body) or ["", ""])[1]
            for name in ("Username", "Password", "Nonce", "Created")
        }
        created = fields["Created"]
        nonce = base64.b64decode(fields["Nonce"])
        digest = hashlib.sha1(nonce + created.encode() + b"canary").digest()
        if not created or abs(datetime.fromisoformat(created) - self.clock) > tolerance:
            return False
        return (fields["Username"], fields["Password"]) == (
            "admin",
            base64.b64encode(digest).decode(),
        )


class Guarded(Device):
    """Demands WS-Security, with a clock of its own."""

    tolerance = timedelta(seconds=5)

    def __init__(self) -> None:
        super().__init__()
        self.signed = 0

    def guarded(self, request: Request) -> tuple[str, bytes]:
        if "UsernameToken" not in request.body:
            return "400 Bad Request", soap_fault("ter:NotAuthorized")
        self.signed += 1
        if self.token_is_right(request.body, self.tolerance):
            return super().guarded(request)
        return "400 Bad Request", soap_fault("ter:NotAuthorized", "26 attempts left")


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_device_session() as opened:
        yield opened


@pytest.fixture
def connect(session: aiohttp.ClientSession, serve: Serve) -> Callable[..., Awaitable[OnvifClient]]:
    """Put a device on the network and return a client for it."""

    async def start(
        device: Device, credentials: Credentials | None = None, *, timeout_s: float = 10
    ) -> OnvifClient:
        device.port = await serve(device.talk)
        return OnvifClient(
            session,
            "127.0.0.1",
            device.port,
            credentials,
            timeout_s=timeout_s,
            now=lambda: NOW,
            limits=HttpLimits(max_soap_bytes=65_536),
        )

    return start


Connect = Callable[..., Awaitable[OnvifClient]]


def expect_fault(answer: object, kind: FaultKind, word: str) -> None:
    assert isinstance(answer, Fault)
    assert answer.evidence.startswith("127.0.0.1:")
    assert "canary" not in answer.evidence
    assert (answer.kind, word in answer.evidence) == (kind, True), answer


async def test_asks_an_open_device_everything(connect: Connect) -> None:
    device = Device()
    device.media_address = "http://192.168.1.64:{port}/onvif/media?x=1"
    client = await connect(device, ADMIN)

    assert await client.device_information() == DeviceInformation("Acme", "球机 7", "1.2", "S1", "")
    assert await client.profiles() == (
        MediaProfile("p1", "main", "lens", "H264", 1_920, 1_080, 25.0),
        MediaProfile("bare", "", "", "", None, None, None),
    )
    assert await client.stream_uri("p1") == "rtsp://127.0.0.1:554/s?a=1"
    assert await client.snapshot_uri("p1") == "http://127.0.0.1:8080/snap"
    assert device.asked == [
        "GetDeviceInformation",
        "GetCapabilities",
        "GetProfiles",
        "GetStreamUri",
        "GetSnapshotUri",
    ]
    assert device.paths[:3] == ["/onvif/device_service"] * 2 + ["/onvif/media?x=1"]
    assert "<ns0:ProfileToken>p1</ns0:ProfileToken>" in device.requests[-1]
    # Nobody asked who we are, so nobody was told.
    assert "UsernameToken" not in "".join(device.requests)


async def test_tells_the_devices_time(connect: Connect) -> None:
    device = Device()
    device.clock = NOW + timedelta(hours=8)
    client = await connect(device, ADMIN)

    clock = await client.system_date_and_time()

    assert isinstance(clock, DeviceClock)
    assert (clock.offset_s, clock.zone_error_s) == (28_800, 28_800)
    assert "UsernameToken" not in "".join(device.requests)


@pytest.mark.parametrize(
    "clock",
    [
        NOW,
        NOW + timedelta(hours=8),
        NOW - timedelta(minutes=20),
        datetime(1970, 1, 1, tzinfo=UTC),
    ],
)
async def test_signs_by_the_devices_clock(connect: Connect, clock: datetime) -> None:
    device = Guarded()
    device.clock = clock
    device.media_address = "http://h:{port}/m"
    client = await connect(device, ADMIN)

    assert isinstance(await client.device_information(), DeviceInformation)
    assert isinstance(await client.profiles(), tuple)
    assert device.asked == [
        "GetDeviceInformation",
        "GetSystemDateAndTime",
        "GetDeviceInformation",
        "GetCapabilities",
        "GetProfiles",
    ]
    assert device.signed == 2


async def test_a_clock_that_jumped_is_no_wrong_password(connect: Connect) -> None:
    device = Guarded()
    client = await connect(device, ADMIN)
    assert isinstance(await client.device_information(), DeviceInformation)
    device.clock += timedelta(minutes=10)

    assert isinstance(await client.device_information(), DeviceInformation)
    assert device.signed == 3


async def test_a_clock_that_always_jumps_is_tried_no_more_than_twice(connect: Connect) -> None:
    class Restless(Guarded):
        def system_time(self) -> str:
            self.clock += timedelta(hours=1)
            told = super().system_time()
            self.clock += timedelta(hours=1)
            return told

    device = Restless()

    expect_fault(
        await (await connect(device, ADMIN)).device_information(), FaultKind.AUTH, "refuses"
    )
    assert device.signed == 2


async def test_gives_a_wrong_password_once(connect: Connect) -> None:
    device = Guarded()
    client = await connect(device, Credentials("admin", "not the canary"))

    expect_fault(await client.device_information(), FaultKind.AUTH, '"26 attempts left"')
    expect_fault(await client.profiles(), FaultKind.AUTH, "")
    expect_fault(await client.stream_uri("p1"), FaultKind.AUTH, "")
    assert device.signed == 1


async def test_says_when_no_password_is_known(connect: Connect) -> None:
    client = await connect(Guarded())

    expect_fault(await client.device_information(), FaultKind.AUTH, "none are known")


class Challenging(Device):
    """Demands HTTP Digest, and looks at the signature too."""

    def __init__(self) -> None:
        super().__init__()
        self.attempts = 0

    def guarded(self, request: Request) -> tuple[str, bytes]:
        header = re.search(r"Authorization: Digest (.*)\r\n", request.head)
        if header is not None:
            self.attempts += 1
            fields = dict(re.findall(r'(\w+)="?([^",]*)"?', header[1]))

            def hashed(text: str) -> str:
                return hashlib.md5(text.encode()).hexdigest()

            middle = f"{fields['nonce']}:{fields['nc']}:{fields['cnonce']}:auth"
            expected = hashed(
                f"{hashed('admin:cam:canary')}:{middle}:{hashed('POST:' + fields['uri'])}"
            )
            signed = self.token_is_right(request.body, timedelta(days=1))
            if fields["response"] == expected and signed:
                return super().guarded(request)
        challenge = 'WWW-Authenticate: Digest realm="cam", nonce="n", qop="auth"'
        return f"401 Unauthorized\r\n{challenge}", b"<html>401</html>"


async def test_answers_http_challenges_and_signs_as_well(connect: Connect) -> None:
    device = Challenging()
    device.media_address = "http://h:{port}/m"
    client = await connect(device, ADMIN)

    assert isinstance(await client.device_information(), DeviceInformation)
    assert isinstance(await client.profiles(), tuple)
    # The nonce is kept: only the first call was challenged.
    assert device.asked.count("GetDeviceInformation") == 2
    assert device.asked.count("GetProfiles") == 1
    assert device.attempts == 2


async def test_gives_a_wrong_password_to_an_http_challenge_once(connect: Connect) -> None:
    device = Challenging()
    client = await connect(device, Credentials("admin", "not the canary"))

    expect_fault(await client.device_information(), FaultKind.AUTH, "refuses the user name")
    expect_fault(await client.device_information(), FaultKind.AUTH, "refuses the user name")
    assert device.attempts == 1


class Hostile(Device):
    """Gives every question the same answer."""

    def __init__(self, status: str, body: bytes) -> None:
        super().__init__()
        self._given = status, body

    def answer(self, _request: Request) -> tuple[str, bytes]:
        return self._given


HOSTILE_ANSWERS = {
    "hostile_54_login page": (
        "200 OK",
        b"<!DOCTYPE html><html><form>",
        FaultKind.PROTOCOL,
        "web page",
    ),
    "hostile_53_two hundred megabytes": (
        "200 OK",
        b" " * 2_000_000,
        FaultKind.PROTOCOL,
        "65536 bytes",
    ),
    "hostile_45_external entity": (
        "200 OK",
        b'<!DOCTYPE s [<!ENTITY x SYSTEM "file:///etc/passwd">]>' + envelope("<a>&x;</a>"),
        FaultKind.PROTOCOL,
        "document type",
    ),
    "hostile_50_invalid utf-8": (
        "200 OK",
        envelope("<a>\xff</a>").replace(b"\xc3", b""),
        FaultKind.PROTOCOL,
        "well formed",
    ),
    "hostile_51_month 13": (
        "200 OK",
        envelope(
            "<tds:GetSystemDateAndTimeResponse><tt:UTCDateTime><tt:Date><tt:Month>13</tt:Month>"
            "</tt:Date></tt:UTCDateTime></tds:GetSystemDateAndTimeResponse>"
        ),
        FaultKind.PROTOCOL,
        "",
    ),
    "another answer": ("200 OK", envelope("<tds:OtherResponse/>"), FaultKind.PROTOCOL, "another"),
    "not found": ("404 Not Found", b"", FaultKind.PROTOCOL, '404 "Not Found"'),
    "not supported": (
        "500 Error",
        soap_fault("ter:ActionNotSupported", "no such thing"),
        FaultKind.PROTOCOL,
        'does not do GetSystemDateAndTime: "no such thing"',
    ),
    "hostile_55_26 attempts left": (
        "401 Unauthorized",
        soap_fault("s:x", "26 attempts left"),
        FaultKind.AUTH,
        "none are known",
    ),
    "busy": ("503 Busy", b"", FaultKind.BUSY, "503"),
    "redirected": (
        "307 Go\r\nLocation: http://127.0.0.1:1/",
        b"",
        FaultKind.PROTOCOL,
        "unfollowed",
    ),
}


@pytest.mark.parametrize("name", HOSTILE_ANSWERS)
async def test_names_what_is_wrong(connect: Connect, name: str) -> None:
    status, body, kind, word = HOSTILE_ANSWERS[name]
    client = await connect(Hostile(status, body))

    expect_fault(await client.system_date_and_time(), kind, word)
    expect_fault(await client.device_information(), kind, "")
    expect_fault(await client.profiles(), kind, "")


async def test_hostile_48_a_media_service_elsewhere_is_looked_for_on_the_device(
    connect: Connect,
) -> None:
    device = Device()
    device.media_address = "http://127.0.0.2:{port}/onvif/media"

    assert isinstance(await (await connect(device)).profiles(), tuple)


@pytest.mark.parametrize(
    ("address", "word"),
    [("file:///etc/passwd", "http://"), ("", "no ONVIF media"), ("http://h:99999/", "port")],
)
async def test_an_unusable_media_service_is_named(
    connect: Connect, address: str, word: str
) -> None:
    device = Device()
    device.media_address = address

    expect_fault(await (await connect(device)).profiles(), FaultKind.PROTOCOL, word)


async def test_hostile_49_unusable_addresses_are_named(connect: Connect) -> None:
    device = Device()
    device.media_address = "http://h:{port}/m"
    device.answers["GetSnapshotUri"] = media_uri("GetSnapshotUri", "file:///etc/passwd")
    device.answers["GetStreamUri"] = media_uri("GetStreamUri", "http://h/")
    client = await connect(device)

    expect_fault(await client.snapshot_uri("p1"), FaultKind.PROTOCOL, "unusable snapshot address")
    expect_fault(await client.stream_uri("p1"), FaultKind.PROTOCOL, "unusable stream address")


class RecordingDevice(Device):
    def guarded(self, request: Request) -> tuple[str, bytes]:
        status, answer = super().guarded(request)
        return status, answer.replace(b"{port}", str(self.port).encode())


def recording_device(count: str, since: str, until: str) -> Device:
    device = RecordingDevice()
    device.answers["GetServices"] = (
        "<tds:GetServicesResponse><tds:Service>"
        f"<tds:Namespace>{SEARCH_NAMESPACE}</tds:Namespace>"
        "<tds:XAddr>http://192.168.1.64:{port}/onvif/search</tds:XAddr></tds:Service>"
        "</tds:GetServicesResponse>"
    )
    device.answers["GetRecordingSummary"] = (
        f"<tds:GetRecordingSummaryResponse><tds:Summary><tt:DataFrom>{since}</tt:DataFrom>"
        f"<tt:DataUntil>{until}</tt:DataUntil><tt:NumberRecordings>{count}</tt:NumberRecordings>"
        "</tds:Summary></tds:GetRecordingSummaryResponse>"
    )
    device.answers["FindRecordings"] = (
        "<tds:FindRecordingsResponse><tds:SearchToken>&lt;s&gt;</tds:SearchToken>"
        "</tds:FindRecordingsResponse>"
    )
    # Never "Completed", and never the second recording.
    device.answers["GetRecordingSearchResults"] = (
        "<tds:GetRecordingSearchResultsResponse><tds:ResultList>"
        "<tt:SearchState>Searching</tt:SearchState></tds:ResultList>"
        "</tds:GetRecordingSearchResultsResponse>"
    )
    device.answers["EndSearch"] = "<tds:EndSearchResponse/>"
    return device


async def test_a_search_that_never_ends_is_given_up(connect: Connect) -> None:
    device = recording_device("2", "2026-10-01T00:00:00+08:00", "2026-11-10T12:00:00")
    kept = await (await connect(device)).recordings()
    since = datetime(2026, 9, 30, 16, tzinfo=UTC)
    until = datetime(2026, 11, 10, 12, tzinfo=UTC)
    assert kept == RecordingsKept(2, since, until, None, (until - since) / timedelta(days=1))
    assert device.asked.count("GetRecordingSearchResults") == 8
    assert device.asked[-1] == "EndSearch"
    assert set(device.paths[1:]) == {"/onvif/search"}


@pytest.mark.parametrize(
    ("count", "since", "until", "told"),
    [
        ("", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "no number of recordings"),
        ("-1", "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "no number of recordings"),
        ("9" * 4000, "2026-10-01T00:00:00Z", "2026-11-01T00:00:00Z", "no number of recordings"),
        ("1", "2026-11-01T00:00:00Z", "2026-10-01T00:00:00Z", "no usable times"),
        ("1", "0001-01-01T00:00:00+14:00", "2026-10-01T00:00:00Z", "no usable times"),
        ("1", "yesterday", "now", "no usable times"),
    ],
)
async def test_a_summary_that_cannot_be_is_named(
    connect: Connect, count: str, since: str, until: str, told: str
) -> None:
    client = await connect(recording_device(count, since, until))
    expect_fault(await client.recordings(), FaultKind.PROTOCOL, told)


async def test_no_recordings_are_none(connect: Connect) -> None:
    client = await connect(recording_device("0", "", ""))
    assert await client.recordings() == RecordingsKept(0, None, None, 0.0, 0.0)


async def test_silence_is_named(connect: Connect) -> None:
    class Silent(Device):
        async def talk(self, reader: asyncio.StreamReader, _: asyncio.StreamWriter) -> None:
            await reader.read()

    client = await connect(Silent(), timeout_s=0.2)

    expect_fault(await client.system_date_and_time(), FaultKind.SILENT, "within 0.2 s")


async def test_refuses_hosts_that_are_none(session: aiohttp.ClientSession) -> None:
    with pytest.raises(HttpUrlError):
        OnvifClient(session, "not a host", 80, None, timeout_s=1)
