from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree
from zeep.wsse.username import UsernameToken

from sharpeyes.devices.simulator.fault import ClockOff
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.onvif import OnvifAnswer, answer_onvif
from sharpeyes.devices.simulator.soap import DEVICE, MEDIA, SCHEMA, SOAP

StartFleet = Callable[..., Awaitable[Fleet]]

WSU = "http://docs.oasis-open.org/wss/2004/01/oasis-200401-wss-wssecurity-utility-1.0.xsd"
NAMES = {"s": SOAP, "tds": DEVICE, "trt": MEDIA, "tt": SCHEMA}


def request(operation: str, password: str | None = "street-1", **token: object) -> bytes:
    """A request, signed as zeep does it unless there is no password."""
    namespace = MEDIA if operation in MEDIA_OPERATIONS else DEVICE
    envelope = etree.fromstring(
        f'<s:Envelope xmlns:s="{SOAP}"><s:Header/><s:Body><{operation} xmlns="{namespace}">'
        f"<ProfileToken>{token.pop('profile', 'main')}</ProfileToken></{operation}></s:Body>"
        "</s:Envelope>"
    )
    if password is not None:
        signature = UsernameToken("sim", password, use_digest=True, **token)  # type: ignore[no-untyped-call]  # zeep
        envelope, _ = signature.apply(envelope, {})  # type: ignore[no-untyped-call]  # zeep
    return etree.tostring(envelope)


MEDIA_OPERATIONS = ("GetProfiles", "GetStreamUri", "GetSnapshotUri")
SIGNED = ("GetDeviceInformation", *MEDIA_OPERATIONS)
UNSIGNED = ("GetSystemDateAndTime", "GetCapabilities", "GetServices")


async def ask(fleet: Fleet, data: bytes) -> OnvifAnswer:
    return await answer_onvif(fleet._world, fleet.device(fleet.cameras[0].device_code), data)


def texts(answer: OnvifAnswer, path: str) -> list[str]:
    found = etree.fromstring(answer.body).findall(f".//{path}", NAMES)
    return [element.text or "" for element in found]


def fault_code(answer: OnvifAnswer) -> str:
    (_, code) = texts(answer, "s:Value")
    return code


@pytest.mark.parametrize("operation", [*SIGNED, *UNSIGNED])
async def test_signed_requests_are_answered(start_fleet: StartFleet, operation: str) -> None:
    answer = await ask(await start_fleet(), request(operation))
    assert answer.status == 200
    (answered,) = etree.fromstring(answer.body)[0]
    assert etree.QName(answered).localname == f"{operation}Response"


@pytest.mark.parametrize("operation", SIGNED)
async def test_unsigned_requests_are_refused_but_are_no_bad_login(
    start_fleet: StartFleet, operation: str
) -> None:
    fleet = await start_fleet()
    answer = await ask(fleet, request(operation, password=None))
    assert (answer.status, fault_code(answer)) == (400, "ter:NotAuthorized")
    assert fleet.device(fleet.cameras[0].device_code).bad_logins == 0


@pytest.mark.parametrize("operation", UNSIGNED)
async def test_what_clients_need_before_they_can_sign(
    start_fleet: StartFleet, operation: str
) -> None:
    assert (await ask(await start_fleet(), request(operation, password=None))).status == 200


async def test_five_wrong_signatures_lock_the_account(start_fleet: StartFleet) -> None:
    fleet = await start_fleet()
    for _ in range(5):
        answer = await ask(fleet, request("GetProfiles", "wrong"))
        assert fault_code(answer) == "ter:NotAuthorized"
    assert texts(answer, "s:Text") == ["the account is locked"]
    assert (await ask(fleet, request("GetProfiles"))).status == 400
    assert fleet.device(fleet.cameras[0].device_code).lockouts == 1


@pytest.mark.parametrize(("ahead_s", "status"), [(290, 200), (-290, 200), (310, 400), (-310, 400)])
async def test_a_signature_must_be_of_now(
    start_fleet: StartFleet, ahead_s: int, status: int
) -> None:
    fleet = await start_fleet()
    created = datetime.now(UTC) + timedelta(seconds=ahead_s)
    answer = await ask(fleet, request("GetProfiles", created=created, zulu_timestamp=True))
    assert answer.status == status
    assert fleet.device(fleet.cameras[0].device_code).bad_logins == 0


async def test_a_camera_whose_clock_is_off_says_so_and_judges_by_it(
    start_fleet: StartFleet,
) -> None:
    fleet = await start_fleet()
    offset_s = -86_400.0
    await fleet.set_fault(fleet.cameras[0].device_code, ClockOff(offset_s=offset_s))
    answer = await ask(fleet, request("GetSystemDateAndTime", password=None))
    year, month, day, hour, minute, second = (
        int(texts(answer, f"tt:UTCDateTime//tt:{part}")[0])
        for part in ("Year", "Month", "Day", "Hour", "Minute", "Second")
    )
    said = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    assert (said - datetime.now(UTC)).total_seconds() == pytest.approx(offset_s, abs=10)
    assert (await ask(fleet, request("GetProfiles"))).status == 400
    adjusted = request("GetProfiles", created=said, zulu_timestamp=True)
    assert (await ask(fleet, adjusted)).status == 200


async def test_profiles_tell_the_streams_and_their_addresses(start_fleet: StartFleet) -> None:
    fleet = await start_fleet()
    host = fleet.cameras[0].host
    profiles = await ask(fleet, request("GetProfiles"))
    assert texts(profiles, "tt:VideoEncoderConfiguration//tt:Width") == ["640", "320"]
    for token, channel in (("main", 101), ("sub", 102)):
        stream = await ask(fleet, request("GetStreamUri", profile=token))
        assert texts(stream, "tt:Uri") == [f"rtsp://{host}:8554/Streaming/Channels/{channel}"]
        snapshot = await ask(fleet, request("GetSnapshotUri", profile=token))
        assert texts(snapshot, "tt:Uri") == [f"http://{host}:8080/snapshot.jpg"]
    unknown = await ask(fleet, request("GetStreamUri", profile="third"))
    assert (unknown.status, fault_code(unknown)) == (400, "ter:InvalidArgVal")


ENTITIES = (
    f'<!DOCTYPE s:Envelope [<!ENTITY a SYSTEM "file:///etc/hostname">]>'
    f'<s:Envelope xmlns:s="{SOAP}"><s:Body><GetServices xmlns="{DEVICE}">&a;'
    "</GetServices></s:Body></s:Envelope>"
)


@pytest.mark.parametrize(
    ("data", "status", "code"),
    [
        (b"", 400, "ter:WellFormed"),
        (b"<a", 400, "ter:WellFormed"),
        (b"<a/>", 400, "ter:WellFormed"),
        (b"\xff\xfe<", 400, "ter:WellFormed"),
        (ENTITIES.encode(), 400, "ter:WellFormed"),
        (ENTITIES.replace("&a;", "").encode(), 400, "ter:WellFormed"),
        (f'<s:Envelope xmlns:s="{SOAP}"/>'.encode(), 400, "ter:WellFormed"),
        (f'<s:Envelope xmlns:s="{SOAP}"><s:Body/></s:Envelope>'.encode(), 400, "ter:WellFormed"),
        (request("GetUsers"), 500, "ter:ActionNotSupported"),
    ],
)
async def test_what_is_no_request_gets_a_fault(
    start_fleet: StartFleet, data: bytes, status: int, code: str
) -> None:
    answer = await ask(await start_fleet(), data)
    assert (answer.status, fault_code(answer)) == (status, code)


@pytest.mark.parametrize(
    "replacement",
    [
        ("Nonce", "not base64 !"),
        ("Password", "AAAA"),
        ("Username", "admin"),
        ("Created", "yesterday"),
    ],
)
async def test_a_spoilt_signature_is_a_bad_login(
    start_fleet: StartFleet, replacement: tuple[str, str]
) -> None:
    fleet = await start_fleet()
    envelope = etree.fromstring(request("GetProfiles"))
    name, text = replacement
    (element,) = envelope.iter(f"{{*}}{name}")
    element.text = text
    assert fault_code(await ask(fleet, etree.tostring(envelope))) == "ter:NotAuthorized"
    assert fleet.device(fleet.cameras[0].device_code).bad_logins == 1
