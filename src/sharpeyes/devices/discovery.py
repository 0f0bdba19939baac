"""Which devices are there: a WS-Discovery probe on one network interface.

Our own, because what there is for Python parses strangers' datagrams with entities, keeps whatever
comes, and asks on every interface at once.
"""

import asyncio
import errno
import socket
import uuid
from collections.abc import Container
from contextlib import suppress
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from urllib.parse import unquote

from lxml import etree

from sharpeyes.devices.address import DeviceAddress
from sharpeyes.devices.errors import DevicesError, DeviceUrlError
from sharpeyes.devices.settings import DiscoveryLimits
from sharpeyes.devices.soap import SoapError, SoapFault, read_answer

GROUP = "239.255.255.250"
PORT = 3702

_DEFAULT_LIMITS = DiscoveryLimits()
_DEFAULT_HTTP_PORT = 80
_LONGEST_TEXT = 200
_SCOPE_PREFIX = "onvif://www.onvif.org/"
# Cameras of the first profile answer to one type, recorders and newer ones to the other.
_TYPES = (
    ("http://www.onvif.org/ver10/network/wsdl", "NetworkVideoTransmitter"),
    ("http://www.onvif.org/ver10/device/wsdl", "Device"),
)
# Datagrams get lost; the standard has multicast ones sent again soon.
_SENT_AGAIN_AFTER_S = 0.2

_PROBE = (
    '<?xml version="1.0" encoding="utf-8"?>'
    '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
    ' xmlns:a="http://schemas.xmlsoap.org/ws/2004/08/addressing"'
    ' xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery"><s:Header>'
    "<a:Action>http://schemas.xmlsoap.org/ws/2005/04/discovery/Probe</a:Action>"
    "<a:MessageID>{message_id}</a:MessageID>"
    "<a:To>urn:schemas-xmlsoap-org:ws:2005:04:discovery</a:To></s:Header>"
    '<s:Body><d:Probe><d:Types xmlns:t="{namespace}">t:{name}</d:Types></d:Probe></s:Body>'
    "</s:Envelope>"
)


class DiscoveryError(DevicesError):
    """Nobody could be asked on that interface; the message says why."""


@dataclass(frozen=True, slots=True)
class DiscoveredDevice:
    """A device that answered; what it tells of itself is unchecked, and empty where untold.

    Args:
        host: The IPv4 address that its answer came from.
        http_port: Of its ONVIF service, from an address that it gave on this host; otherwise 80.
        reference: Its own lasting name, such as `urn:uuid:...`.
        name: For people.
        hardware: Its model, as a rule.
        location: Where it says that it is.
        told_elsewhere: Whether all addresses that it gave are on other hosts. They are not
            followed.
    """

    host: str
    http_port: int
    reference: str
    name: str
    hardware: str
    location: str
    told_elsewhere: bool


@dataclass(frozen=True, slots=True)
class Discovery:
    """Who answered.

    Args:
        devices: In the order of their addresses.
        ignored_answers: Datagrams that were no answer to our question, or too long.
        is_full: Whether more answered than were taken.
    """

    devices: tuple[DiscoveredDevice, ...]
    ignored_answers: int
    is_full: bool


async def discover_devices(
    interface: IPv4Address, *, timeout_s: float, limits: DiscoveryLimits = _DEFAULT_LIMITS
) -> Discovery:
    """Ask all devices on the network of one interface to tell where they are.

    Args:
        interface: Our own address on that network.
        timeout_s: How long answers are waited for, from the last question on.
        limits: How much of them is taken.

    Raises:
        DiscoveryError: The interface cannot be used.
    """
    loop = asyncio.get_running_loop()
    answers = _Answers(limits)
    transport, _ = await loop.create_datagram_endpoint(
        lambda: answers, sock=_open_socket(interface)
    )
    try:
        for probe in answers.probes:
            transport.sendto(probe, (GROUP, PORT))
        await asyncio.sleep(_SENT_AGAIN_AFTER_S)
        for probe in answers.probes:
            transport.sendto(probe, (GROUP, PORT))
        with suppress(TimeoutError):
            await asyncio.wait_for(answers.failed.wait(), timeout_s)
    finally:
        transport.close()
    if answers.error is not None:
        raise DiscoveryError(_explain(interface, answers.error)) from answers.error
    return answers.discovery()


def _open_socket(interface: IPv4Address) -> socket.socket:
    opened = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        opened.setblocking(False)
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, interface.packed)
        # Not beyond this network, whatever routers do.
        opened.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_TTL, 1)
        opened.bind((str(interface), 0))
    except OSError as error:
        opened.close()
        raise DiscoveryError(_explain(interface, error)) from error
    return opened


def _explain(interface: IPv4Address, error: OSError) -> str:
    if error.errno == errno.EADDRNOTAVAIL:
        return f"{interface} is no address of this machine: `ip -4 address` lists those it has"
    return f"nobody can be asked on {interface}: {error.strerror or error}"


@dataclass
class _Answers(asyncio.DatagramProtocol):
    """Takes answers, as many and as long as the limits allow."""

    limits: DiscoveryLimits
    error: OSError | None = None
    failed: asyncio.Event = field(default_factory=asyncio.Event)

    def __post_init__(self) -> None:
        self._asked = {f"urn:uuid:{uuid.uuid4()}": kind for kind in _TYPES}
        self._devices: dict[tuple[str, int], DiscoveredDevice] = {}
        self._received = 0
        self._ignored = 0
        self._is_full = False

    @property
    def probes(self) -> list[bytes]:
        """The questions, each with an identity of its own."""
        return [
            _PROBE.format(message_id=message_id, namespace=namespace, name=name).encode()
            for message_id, (namespace, name) in self._asked.items()
        ]

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Take one answer."""
        self._received += 1
        if self._received > self.limits.max_answers:
            self._is_full = True
            return
        device = None
        if len(data) <= self.limits.max_answer_bytes:
            device = _read(data, addr[0], self._asked.keys())
        if device is None:
            self._ignored += 1
            return
        # It answers each question, and may have a reference for each of its types.
        key = (device.host, device.http_port)
        if len(self._devices) >= self.limits.max_devices and key not in self._devices:
            self._is_full = True
            return
        self._devices.setdefault(key, device)

    def error_received(self, exc: Exception) -> None:
        """Note that the network refused our question."""
        if isinstance(exc, OSError):
            self.error = exc
            self.failed.set()

    def discovery(self) -> Discovery:
        """Return what came."""
        found = sorted(self._devices.values(), key=lambda d: (IPv4Address(d.host), d.http_port))
        return Discovery(tuple(found), self._ignored, self._is_full)


def _read(data: bytes, sender: str, asked: Container[str]) -> DiscoveredDevice | None:
    """Return what an answer tells; None if it is none to our question."""
    try:
        content = read_answer(data)
    except SoapError:
        return None
    if isinstance(content, SoapFault):
        return None
    envelope = content.getroottree().getroot()
    related = (envelope.findtext("{*}Header/{*}RelatesTo") or "").strip()
    match = content.find("{*}ProbeMatch")
    if related not in asked or match is None:
        return None
    ports = [_port(address, sender) for address in _words(match, "{*}XAddrs")]
    here = [port for port in ports if port is not None]
    scopes = _words(match, "{*}Scopes")
    return DiscoveredDevice(
        host=sender,
        http_port=here[0] if here else _DEFAULT_HTTP_PORT,
        reference=_visible(match.findtext("{*}EndpointReference/{*}Address") or ""),
        name=_scope(scopes, "name"),
        hardware=_scope(scopes, "hardware"),
        location=_scope(scopes, "location"),
        told_elsewhere=bool(ports) and not here,
    )


def _words(match: etree._Element, path: str) -> list[str]:
    return (match.findtext(path) or "").split()


def _port(address: str, sender: str) -> int | None:
    """Return the port of an address; None unless it is one on the host that sent it."""
    try:
        told = DeviceAddress.of_http(address)
    except DeviceUrlError:
        return None
    return told.port if told.host == sender else None


def _scope(scopes: list[str], kind: str) -> str:
    """Return the last part of the first scope of a kind: `onvif://www.onvif.org/name/X` -> X."""
    prefix = f"{_SCOPE_PREFIX}{kind}/"
    for scope in scopes:
        if scope.lower().startswith(prefix):
            return _visible(unquote(scope[len(prefix) :].rpartition("/")[2]))
    return ""


def _visible(text: str) -> str:
    return "".join(c for c in text if c.isprintable()).strip()[:_LONGEST_TEXT]
