"""A device on loopback that keeps pull points, honest, odd or hostile."""

import re
import tracemalloc
from collections.abc import AsyncIterator, Callable

import pytest
from aiohttp import web
from aiohttp.test_utils import RawTestServer

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.onvif_events import MOST_MESSAGES, EventClient, Pulled, Subscription
from sharpeyes.devices.onvif_messages import UNREADABLE_TOPIC, Operation

NAMESPACES = (
    'xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:ter="http://www.onvif.org/ver10/error"'
    ' xmlns:tds="http://www.onvif.org/ver10/device/wsdl"'
    ' xmlns:tt="http://www.onvif.org/ver10/schema"'
    ' xmlns:tev="http://www.onvif.org/ver10/events/wsdl"'
    ' xmlns:wsnt="http://docs.oasis-open.org/wsn/b-2" xmlns:a="http://www.w3.org/2005/08/addressing"'
    ' xmlns:topics="http://www.onvif.org/ver10/topics" xmlns:own="urn:maker"'
)
INNER = "http://192.168.1.64:{port}/onvif/sub?Idx=0"
TIMES = "<wsnt:CurrentTime>{0}</wsnt:CurrentTime><wsnt:TerminationTime>{1}</wsnt:TerminationTime>"
NOON, A_MINUTE_LATER = "2026-11-21T12:00:00Z", "2026-11-21T12:01:00Z"
CLOCK = (
    "<tds:GetSystemDateAndTimeResponse><tds:SystemDateAndTime><tt:UTCDateTime><tt:Time>"
    "<tt:Hour>12</tt:Hour><tt:Minute>0</tt:Minute><tt:Second>0</tt:Second></tt:Time><tt:Date>"
    "<tt:Year>2020</tt:Year><tt:Month>2</tt:Month><tt:Day>3</tt:Day></tt:Date></tt:UTCDateTime>"
    "</tds:SystemDateAndTime></tds:GetSystemDateAndTimeResponse>"
)
AXIS = '<ax:SubscriptionId xmlns:ax="http://www.axis.com/2009/event">4&amp;7</ax:SubscriptionId>'


def envelope(body: str) -> bytes:
    return f"<s:Envelope {NAMESPACES}><s:Body>{body}</s:Body></s:Envelope>".encode()


def soap_fault(reason: str, detail: str = "") -> bytes:
    return envelope(
        f"<s:Fault><s:Code><s:Value>s:Receiver</s:Value></s:Code><s:Reason><s:Text>{reason}"
        f"</s:Text></s:Reason><s:Detail>{detail}</s:Detail></s:Fault>"
    )


def subscription(address: str, times: str, reference: str = "") -> bytes:
    return envelope(
        "<tev:CreatePullPointSubscriptionResponse><tev:SubscriptionReference>"
        f"<a:Address>{address}</a:Address><a:ReferenceParameters>{reference}"
        "</a:ReferenceParameters></tev:SubscriptionReference>"
        f"{times}</tev:CreatePullPointSubscriptionResponse>"
    )


def pull(messages: str, now: str = NOON) -> bytes:
    return envelope(
        f"<tev:PullMessagesResponse><tev:CurrentTime>{now}</tev:CurrentTime>"
        f"<tev:TerminationTime>{A_MINUTE_LATER}</tev:TerminationTime>{messages}"
        "</tev:PullMessagesResponse>"
    )


def notification(topic: str, attributes: str, items: str = "") -> str:
    return (
        f"<wsnt:NotificationMessage><wsnt:Topic>{topic}</wsnt:Topic><wsnt:Message>"
        f"<tt:Message {attributes}>{items}</tt:Message></wsnt:Message></wsnt:NotificationMessage>"
    )


class Device:
    """Answers by operation, and keeps what it was asked."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, str]] = []
        self.port = 0
        self.answers: dict[str, Callable[[str], bytes]] = {
            "GetSystemDateAndTime": lambda _: envelope(CLOCK),
            "GetCapabilities": lambda _: envelope(
                "<tds:GetCapabilitiesResponse><tds:Capabilities><tt:Events><tt:XAddr>"
                f"http://192.168.1.64:{self.port}/onvif/events</tt:XAddr></tt:Events>"
                "</tds:Capabilities></tds:GetCapabilitiesResponse>"
            ),
            "CreatePullPointSubscription": lambda _: subscription(
                INNER.format(port=self.port), TIMES.format(NOON, A_MINUTE_LATER), AXIS
            ),
            "PullMessages": lambda _: pull(""),
            "Renew": lambda _: envelope(
                f"<wsnt:RenewResponse>{TIMES.format(NOON, A_MINUTE_LATER)}</wsnt:RenewResponse>"
            ),
            "Unsubscribe": lambda _: envelope("<wsnt:UnsubscribeResponse/>"),
        }

    async def answer(self, request: web.BaseRequest) -> web.StreamResponse:
        body = (await request.read()).decode()
        found = re.search(r"Body>\s*<(?:\w+:)?(\w+)", body)
        assert found is not None
        self.asked.append((found[1], request.path_qs, body))
        return web.Response(body=self.answers[found[1]](body))

    @property
    def operations(self) -> list[str]:
        return [operation for operation, _, _ in self.asked]


@pytest.fixture
async def device() -> AsyncIterator[Device]:
    device = Device()
    async with RawTestServer(device.answer, host="127.0.0.1") as server:
        assert server.port is not None
        device.port = server.port
        yield device


@pytest.fixture
async def client(device: Device) -> AsyncIterator[EventClient]:
    async with open_device_session() as session:
        yield EventClient(
            session, "127.0.0.1", device.port, Credentials("admin", "canary"), timeout_s=5
        )


async def subscribed(client: EventClient) -> Subscription:
    made = await client.subscribe(60)
    assert isinstance(made, Subscription), made
    return made


async def fault_of_subscribing(client: EventClient) -> Fault:
    fault = await client.subscribe(60)
    assert isinstance(fault, Fault), fault
    return fault


async def pulled(
    client: EventClient, wants: Callable[[str], bool] = lambda _topic: True
) -> Pulled | Fault:
    return await client.pull(await subscribed(client), 5, wants)


async def test_hostile_48_a_pull_point_is_asked_at_its_path_on_the_registered_host_and_by_its_name(
    device: Device, client: EventClient
) -> None:
    made = await subscribed(client)
    assert isinstance(await client.pull(made, 20, bool), Pulled)
    assert await client.renew(made, 60) == 60
    assert await client.unsubscribe(made) is None

    assert device.operations == [
        "GetCapabilities",
        "CreatePullPointSubscription",
        "PullMessages",
        "Renew",
        "Unsubscribe",
    ]
    for operation, path, body in device.asked[2:]:
        assert path == "/onvif/sub?Idx=0"
        # As the device has it, which may know itself by no other address.
        assert f"<a:To>{INNER.format(port=device.port)}</a:To>" in body
        assert re.search(r"SubscriptionId[^>]*IsReferenceParameter=\"true\"[^>]*>4&amp;7<", body)
        assert re.search(rf"<a:Action>http://\S+/{operation}Request</a:Action>", body)
    assert "Timeout>PT20S<" in device.asked[2][2]


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:0/x", "ftp://10.0.0.1/x", "file:///etc/passwd", "", "x" * 4000]
)
async def test_hostile_49_an_unusable_address_of_a_pull_point_is_named(
    device: Device, client: EventClient, address: str
) -> None:
    device.answers["CreatePullPointSubscription"] = lambda _: subscription(address, "")
    fault = await fault_of_subscribing(client)
    assert fault.kind is FaultKind.PROTOCOL
    assert "subscription" in fault.evidence


@pytest.mark.parametrize("reference", [AXIS * 9, AXIS.replace("4", "4" * 5_000)])
async def test_a_name_without_end_is_not_repeated(
    device: Device, client: EventClient, reference: str
) -> None:
    device.answers["CreatePullPointSubscription"] = lambda _: subscription(
        "http://10.0.0.1/x", "", reference
    )
    assert "too long" in (await fault_of_subscribing(client)).evidence


@pytest.mark.parametrize(
    ("now", "end", "lasts_s"),
    [
        (NOON, "2026-11-21T12:00:40Z", 40),
        # By its own clock alone, however far that is off.
        ("1970-01-01T00:00:00Z", "1970-01-01T00:00:30Z", 30),
        ("2026-11-21T20:00:00+08:00", "2026-11-21T12:00:30Z", 30),
        (NOON, "2038-01-19T03:14:07Z", 60),
        (NOON, "2026-11-21T12:00:00.5Z", 10),
        # Over already, no moment, or none at all.
        (NOON, "2026-11-21T11:00:00Z", 60),
        (NOON, "2026-13-41T12:00:00Z", 60),
        (NOON, "9" * 10_000, 60),
        ("", "", 60),
    ],
)
async def test_hostile_51_terms_go_by_the_clock_of_the_device(
    device: Device, client: EventClient, now: str, end: str, lasts_s: float
) -> None:
    device.answers["CreatePullPointSubscription"] = lambda _: subscription(
        "http://10.0.0.1/x", TIMES.format(now, end)
    )
    assert (await subscribed(client)).lasts_s == lasts_s


async def test_a_device_that_wants_moments_is_given_some_of_its_own_clock(
    device: Device, client: EventClient
) -> None:
    made = device.answers["CreatePullPointSubscription"]

    def choosy(body: str) -> bytes:
        return soap_fault("Invalid TerminationTime") if "PT60S" in body else made(body)

    device.answers["CreatePullPointSubscription"] = choosy
    device.answers["Renew"] = lambda body: (
        soap_fault("no") if "PT60S" in body else envelope("<wsnt:RenewResponse/>")
    )
    assert await client.renew(await subscribed(client), 60) == 60
    terms = [
        found[1]
        for _, _, body in device.asked
        if (found := re.search(r"TerminationTime>([^<]+)<", body))
    ]
    assert terms[0] == "PT60S"
    # It lives in 2020.
    assert all(re.fullmatch(r"2020-02-03T12:01:\d\dZ", term) for term in terms[1:])
    assert len(terms) == 3


@pytest.mark.parametrize(
    ("answer", "kind", "attempts"),
    [
        (soap_fault("the maximum number of pull points is reached"), FaultKind.BUSY, 1),
        (soap_fault("Too many subscriptions"), FaultKind.BUSY, 1),
        (soap_fault("", "<wsnt:SubscribeCreationFailedFault/>"), FaultKind.BUSY, 2),
        (soap_fault("internal error"), FaultKind.PROTOCOL, 2),
    ],
)
async def test_no_room_is_told_from_other_refusals(
    device: Device, client: EventClient, answer: bytes, kind: FaultKind, attempts: int
) -> None:
    device.answers["CreatePullPointSubscription"] = lambda _: answer
    assert (await fault_of_subscribing(client)).kind is kind
    assert device.operations.count("CreatePullPointSubscription") == attempts


async def test_messages_are_read_as_makers_write_them(device: Device, client: EventClient) -> None:
    source = '<tt:Source><tt:SimpleItem Name="Source" Value="lens"/></tt:Source>'
    data = '<tt:Data><tt:SimpleItem Name="State" Value="true"/></tt:Data>'
    messages = (
        notification(
            " topics:VideoSource/topics:MotionAlarm ",
            'UtcTime="2026-11-21T11:59:58Z" PropertyOperation="Changed"',
            source + data,
        )
        + notification("tns1:VideoSource/SignalLoss/", 'UtcTime="2026-11-21T20:00:00"', data)
        + notification("own:Device/own:Lid", 'PropertyOperation="Deleted"')
        + notification("tns1:VideoSource/X", 'UtcTime="0000-99-99" PropertyOperation="?"')
        + notification("<b/>", "")
        + "<wsnt:NotificationMessage/>"
    )
    device.answers["PullMessages"] = lambda _: pull(messages)
    answer = await pulled(client)
    assert isinstance(answer, Pulled)
    motion, lost, lid, odd, *rest = answer.messages
    assert (motion.topic, motion.age_s) == ("tns1:VideoSource/MotionAlarm", 2)
    assert (motion.source, motion.data) == ((("Source", "lens"),), {"State": "true"})
    # hostile_52: local time labelled UTC; it is eight hours in the future.
    assert (lost.topic, lost.age_s) == ("tns1:VideoSource/SignalLoss", -28_800)
    assert (lid.topic, lid.operation) == ("own:Device/own:Lid", Operation.DELETED)
    assert (odd.operation, odd.age_s, odd.data) == (Operation.CHANGED, None, {})
    assert [message.topic for message in rest] == [UNREADABLE_TOPIC, UNREADABLE_TOPIC]


async def test_of_topics_that_are_not_wanted_no_content_is_read(
    device: Device, client: EventClient
) -> None:
    face = '<tt:Data><tt:SimpleItem Name="Who" Value="canary person"/></tt:Data>'
    told = notification("tns1:RuleEngine/FaceDetect", f'UtcTime="{NOON}"', face)
    device.answers["PullMessages"] = lambda _: pull(told)
    answer = await pulled(client, wants=lambda topic: "Face" not in topic)
    assert "RuleEngine/FaceDetect" in repr(answer)
    assert "canary" not in repr(answer)
    assert NOON not in repr(answer)


async def test_of_more_messages_than_were_asked_for_the_rest_is_counted(
    device: Device, client: EventClient
) -> None:
    device.answers["PullMessages"] = lambda _: pull(notification("tns1:A", "") * 5_000)
    answer = await pulled(client)
    assert isinstance(answer, Pulled)
    assert (len(answer.messages), answer.unread) == (MOST_MESSAGES, 5_000 - MOST_MESSAGES)


@pytest.mark.parametrize(
    ("body", "words"),
    [
        pytest.param(
            b'<!DOCTYPE s [<!ENTITY e SYSTEM "file:///etc/passwd">]><s>&e;</s>', "", id="hostile_45"
        ),
        pytest.param(
            b'<!DOCTYPE s [<!ENTITY a "aa"><!ENTITY b "&a;&a;">]><s>&b;</s>', "", id="hostile_46"
        ),
        pytest.param(b"\xff\xfe<s", "not well formed", id="hostile_50"),
        pytest.param(b"<s>" + b"x" * 5_000_000, "more than", id="hostile_53"),
        pytest.param(b"<html>login<br></html>", "web page", id="hostile_54"),
        pytest.param(envelope("<tev:PullResponse/>"), "another question", id="another answer"),
        pytest.param(envelope("<a>" * 5_000 + "</a>" * 5_000), "not well formed", id="deep"),
        pytest.param(soap_fault("NotAuthorized: 26 attempts left"), "does not do", id="hostile_55"),
    ],
)
async def test_hostile_answers_are_faults_in_little_memory(
    device: Device, client: EventClient, body: bytes, words: str
) -> None:
    device.answers["PullMessages"] = lambda _: body
    made = await subscribed(client)
    tracemalloc.start()
    fault = await client.pull(made, 1, lambda _topic: True)
    _, peak_bytes = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert isinstance(fault, Fault)
    assert fault.kind is FaultKind.PROTOCOL
    assert words in fault.evidence
    assert device.operations.count("PullMessages") == 1
    assert peak_bytes < 32_000_000


async def test_hostile_values_are_shortened(device: Device, client: EventClient) -> None:
    item = f'<tt:SimpleItem Name="{"n" * 9_000}" Value="{"v" * 9_000}"/>'
    told = notification("tns1:A", f'UtcTime="{"9" * 9_000}"', f"<tt:Data>{item * 99}</tt:Data>")
    device.answers["PullMessages"] = lambda _: pull(told + notification("tns1:" + "A" * 200, ""))
    answer = await pulled(client)
    assert isinstance(answer, Pulled)
    assert len(repr(answer.messages[0])) < 2_000
    assert answer.messages[1].topic == UNREADABLE_TOPIC
