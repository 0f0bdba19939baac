"""How a fleet answers those who look for devices on loopback (WS-Discovery)."""

import asyncio
import socket
import struct
import uuid
from collections import deque
from contextlib import suppress
from urllib.parse import quote
from xml.sax.saxutils import escape

from lxml import etree

from sharpeyes.devices.discovery import GROUP, PORT
from sharpeyes.devices.simulator.camera import Device
from sharpeyes.devices.simulator.errors import AddressError
from sharpeyes.devices.simulator.fault import Down, Silent
from sharpeyes.devices.simulator.onvif import DEVICE_SERVICE_PATH, MODEL
from sharpeyes.devices.simulator.soap import NotSoapError, SoapRequest, read_request
from sharpeyes.devices.simulator.world import World

_DISCOVERY = "http://schemas.xmlsoap.org/ws/2005/04/discovery"
_ADDRESSING = "http://schemas.xmlsoap.org/ws/2004/08/addressing"
_NETWORK = "http://www.onvif.org/ver10/network/wsdl"
_LOOPBACK = "127.0.0.1"
# Linux; Python has no name for it. Without it, a group that any program of this machine has joined
# on another network would reach us from there.
_IP_MULTICAST_ALL = 49
_REMEMBERED_QUESTIONS = 64
_QUESTIONS_AT_ONCE = 8
# A large fleet answers over a while, for nobody's socket holds thousands of answers.
_ANSWERS_A_STEP = 50
_STEP_S = 0.01


class DiscoveryResponder(asyncio.DatagramProtocol):
    """Answers questions for every camera that could answer itself, from `open` to `close`."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._seen: deque[str] = deque(maxlen=_REMEMBERED_QUESTIONS)
        self._answering: set[asyncio.Task[None]] = set()
        self._transport: asyncio.DatagramTransport | None = None

    async def open(self) -> None:
        """Listen for questions.

        Raises:
            AddressError: The group cannot be joined, or its port is another program's alone.
        """
        try:
            listening = _listen()
        except OSError as error:
            raise AddressError(
                f"cannot listen for discovery on {GROUP} port {PORT}: {error.strerror or error}"
            ) from error
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: self, sock=listening)

    def close(self) -> None:
        """Answer no more."""
        if self._transport is not None:
            self._transport.close()
        for task in self._answering:
            task.cancel()

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        """Answer a question, once, however often it is sent."""
        with suppress(NotSoapError):
            request = read_request(data)
            message_id = _message_id(request)
            if message_id in self._seen or not _is_for_us(request):
                return
            if len(self._answering) >= _QUESTIONS_AT_ONCE:
                return
            self._seen.append(message_id)
            task = asyncio.create_task(self._answer(message_id, addr))
            self._answering.add(task)
            task.add_done_callback(self._answering.discard)

    async def _answer(self, message_id: str, asker: tuple[str, int]) -> None:
        for number, device in enumerate(self._world.devices.values()):
            if isinstance(device.fault, Down | Silent):
                continue
            # From the camera's own address: that is how it is told apart.
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sending, suppress(OSError):
                sending.bind((device.camera.host, 0))
                sending.sendto(self._match(device, message_id), asker)
            if number % _ANSWERS_A_STEP == _ANSWERS_A_STEP - 1:
                await asyncio.sleep(_STEP_S)

    def _match(self, device: Device, message_id: str) -> bytes:
        camera = device.camera
        url = f"http://{camera.host}:{self._world.settings.http_port}{DEVICE_SERVICE_PATH}"
        scopes = " ".join(
            f"onvif://www.onvif.org/{kind}/{quote(value, safe='')}"
            for kind, value in (("name", camera.name), ("hardware", MODEL), ("location", "street"))
        )
        reference = uuid.uuid5(uuid.NAMESPACE_OID, camera.device_code)
        return (
            '<?xml version="1.0" encoding="UTF-8"?>'
            '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"'
            f' xmlns:a="{_ADDRESSING}" xmlns:d="{_DISCOVERY}" xmlns:n="{_NETWORK}"><s:Header>'
            f"<a:MessageID>urn:uuid:{uuid.uuid4()}</a:MessageID>"
            f"<a:RelatesTo>{escape(message_id)}</a:RelatesTo>"
            f"<a:Action>{_DISCOVERY}/ProbeMatches</a:Action></s:Header><s:Body><d:ProbeMatches>"
            f"<d:ProbeMatch><a:EndpointReference><a:Address>urn:uuid:{reference}</a:Address>"
            "</a:EndpointReference><d:Types>n:NetworkVideoTransmitter</d:Types>"
            f"<d:Scopes>{scopes}</d:Scopes><d:XAddrs>{url}</d:XAddrs>"
            "<d:MetadataVersion>1</d:MetadataVersion></d:ProbeMatch></d:ProbeMatches>"
            "</s:Body></s:Envelope>"
        ).encode()


def _listen() -> socket.socket:
    listening = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    try:
        listening.setblocking(False)
        # Other fleets, and other programs that look for devices, use the same port.
        listening.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listening.setsockopt(socket.IPPROTO_IP, _IP_MULTICAST_ALL, 0)
        listening.bind((GROUP, PORT))
        membership = struct.pack("4s4s", socket.inet_aton(GROUP), socket.inet_aton(_LOOPBACK))
        listening.setsockopt(socket.IPPROTO_IP, socket.IP_ADD_MEMBERSHIP, membership)
    except OSError:
        listening.close()
        raise
    return listening


def _message_id(request: SoapRequest) -> str:
    header: etree._Element | None = request.header
    found = "" if header is None else header.findtext(f"{{{_ADDRESSING}}}MessageID", "")
    return found.strip()


def _is_for_us(request: SoapRequest) -> bool:
    if (request.namespace, request.operation) != (_DISCOVERY, "Probe"):
        return False
    types = request.body.findtext(f"{{{_DISCOVERY}}}Types", "").split()
    return not types or any(t.rpartition(":")[2] == "NetworkVideoTransmitter" for t in types)
