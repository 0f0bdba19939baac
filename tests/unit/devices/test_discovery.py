"""Looking for devices where some of those that answer mean no good."""

import asyncio
import re
import socket
import struct
from collections.abc import AsyncIterator, Callable
from ipaddress import IPv4Address

import pytest
import pytest_asyncio

from sharpeyes.devices.discovery import (
    GROUP,
    PORT,
    DiscoveredDevice,
    Discovery,
    DiscoveryError,
    discover_devices,
)
from sharpeyes.devices.settings import DiscoveryLimits

LOOPBACK = IPv4Address("127.0.0.1")
# Of this file alone: fleets of other tests may be there at the same time, and answer too.
HOST = "127.61.0.1"

ANSWER = (
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery">'
    "<s:Header><a:RelatesTo>{message_id}</a:RelatesTo></s:Header>"
    "<s:Body><d:ProbeMatches><d:ProbeMatch>"
    "<a:EndpointReference><a:Address>urn:uuid:1</a:Address></a:EndpointReference>"
    "<d:Scopes>{scopes}</d:Scopes><d:XAddrs>{addresses}</d:XAddrs>"
    "</d:ProbeMatch></d:ProbeMatches></s:Body></s:Envelope>"
)
SERVICE = "http://{host}:8081/onvif/device_service"

Write = Callable[[str], list[bytes]]
Answering = Callable[[Write], None]


def answer(
    addresses: str = SERVICE.format(host=HOST), scopes: str = "", message_id: str = ""
) -> Write:
    """Return what answers a question like this."""
    return lambda asked: [
        ANSWER.format(message_id=message_id or asked, scopes=scopes, addresses=addresses).encode()
    ]


@pytest_asyncio.fixture
async def answering() -> AsyncIterator[Answering]:
    """A device at `HOST` that answers what it is told to."""
    writers: list[Write] = []

    class Device(asyncio.DatagramProtocol):
        def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
            asked = re.search(rb"MessageID>(.*?)<", data)
            assert asked is not None
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending:
                sending.bind((HOST, 0))
                for datagram in writers[0](asked[1].decode()):
                    sending.sendto(datagram, addr)

    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    listening.bind((GROUP, PORT))
    membership = struct.pack("4s4s", socket.inet_aton(GROUP), LOOPBACK.packed)
    listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    transport, _ = await asyncio.get_running_loop().create_datagram_endpoint(Device, sock=listening)
    yield writers.append
    transport.close()


async def discover(**limits: int) -> Discovery:
    return await discover_devices(LOOPBACK, timeout_s=0.15, limits=DiscoveryLimits(**limits))


def ours(discovery: Discovery) -> list[DiscoveredDevice]:
    return [device for device in discovery.devices if device.host == HOST]


async def test_a_device_is_found_once_with_what_it_tells(answering: Answering) -> None:
    scopes = (
        "onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/hardware/DS-2CD"
        " onvif://www.onvif.org/name/%E8%A7%A3%E6%94%BE"
        " onvif://www.onvif.org/location/city/wuhan"
    )
    answering(answer(f"http://10.0.0.9/onvif {SERVICE.format(host=HOST)}", scopes))
    [device] = ours(await discover())
    assert device == DiscoveredDevice(
        host=HOST,
        http_port=8081,
        reference="urn:uuid:1",
        name="解放",
        hardware="DS-2CD",
        location="wuhan",
        told_elsewhere=False,
    )


@pytest.mark.parametrize(
    "address", ["http://127.0.0.1:5432/", "http://10.0.0.9:80/onvif", "http://evil/%00"]
)
async def test_an_address_elsewhere_is_not_followed(answering: Answering, address: str) -> None:
    answering(answer(address))
    [device] = ours(await discover())
    assert (device.host, device.http_port, device.told_elsewhere) == (HOST, 80, True)


@pytest.mark.parametrize(
    "address", ["", "file:///etc/passwd", f"http://u:p@{HOST}:81/", f"http://{HOST}:99999/"]
)
async def test_an_address_that_is_none_leaves_the_standard_port(
    answering: Answering, address: str
) -> None:
    answering(answer(address))
    [device] = ours(await discover())
    assert device.http_port == 80


async def test_a_slash_in_a_name_is_part_of_it(answering: Answering) -> None:
    answering(answer(scopes="onvif://www.onvif.org/name/HIKVISION%20DS-2CD2042WD%2FI"))
    [device] = ours(await discover())
    assert device.name == "HIKVISION DS-2CD2042WD/I"


async def test_escapes_of_a_terminal_are_left_out(answering: Answering) -> None:
    answering(answer(scopes="onvif://www.onvif.org/name/%1B%5B2Jx%0Ay%E2%80%AE"))
    [device] = ours(await discover())
    assert device.name == "[2Jxy"


BOMB = (
    b'<!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;">]>'
    b"<Envelope><Body>&b;</Body></Envelope>"
)


@pytest.mark.parametrize(
    "datagram",
    [
        b"",
        b"\xff\xfe\x00",
        b"<html>",
        BOMB,
        ANSWER.encode(),
        ANSWER.format(message_id="urn:uuid:of-another", scopes="", addresses="").encode(),
    ],
)
async def test_what_is_no_answer_to_us_is_ignored(answering: Answering, datagram: bytes) -> None:
    answering(lambda _: [datagram])
    discovery = await discover()
    assert ours(discovery) == []
    assert discovery.ignored_answers >= 2


async def test_a_long_answer_is_ignored(answering: Answering) -> None:
    answering(answer(scopes="x" * 5_000))
    discovery = await discover(max_answer_bytes=4_096)
    assert ours(discovery) == []
    assert discovery.ignored_answers >= 2


async def test_a_flood_of_devices_is_cut_off_and_said(answering: Answering) -> None:
    def flood(asked: str) -> list[bytes]:
        return [answer(f"http://{HOST}:{port}/")(asked)[0] for port in range(1000, 1050)]

    answering(flood)
    discovery = await discover(max_devices=10)
    assert len(discovery.devices) == 10
    assert discovery.is_full


async def test_a_flood_of_answers_is_cut_off_and_said(answering: Answering) -> None:
    answering(lambda _: [b"x"] * 50)
    discovery = await discover(max_answers=20)
    assert discovery.ignored_answers <= 20
    assert discovery.is_full


async def test_an_address_that_is_not_ours_is_named() -> None:
    with pytest.raises(DiscoveryError, match=r"203\.0\.113\.7 is no address of this machine"):
        await discover_devices(IPv4Address("203.0.113.7"), timeout_s=0.1)
