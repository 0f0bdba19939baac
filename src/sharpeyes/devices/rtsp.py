"""The cheap check: does the camera describe its stream?"""

import asyncio
import re

import msgspec

from sharpeyes.devices.address import DeviceAddress
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.deadline import Deadline
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.rtsp_client import RtspClient
from sharpeyes.devices.sdp import RtspMedia, Sdp, SdpError, parse_sdp
from sharpeyes.devices.settings import RtspLimits

_LONGEST_SERVER_NAME = 100
# An address goes back in a request line, which a blank would end.
_SENDABLE = re.compile(r"[\x21-\x7e]{1,2048}\Z")
_DEFAULT_LIMITS = RtspLimits()


class RtspDescription(msgspec.Struct, frozen=True):
    """What a camera says of its stream.

    Args:
        media: The stream's parts, in the camera's order.
        server: The software it names, or "".
        connect_ms: Until the connection stood.
        latency_ms: Until the description was there.
    """

    media: tuple[RtspMedia, ...]
    server: str
    connect_ms: float
    latency_ms: float

    @property
    def video(self) -> RtspMedia | None:
        """The first video among the media."""
        return next((medium for medium in self.media if medium.kind == "video"), None)


async def check_rtsp(
    url: str,
    credentials: Credentials | None,
    *,
    timeout_s: float,
    limits: RtspLimits = _DEFAULT_LIMITS,
) -> RtspDescription | Fault:
    """Ask for a stream's description: OPTIONS and DESCRIBE on one connection.

    Credentials are sent only when the camera asks for them; a refusal is never tried again.

    Args:
        url: The stream's address, without user name and password.
        credentials: What is registered for the device, or None.
        timeout_s: Longest time for all of it.
        limits: How much of an answer is taken.

    Raises:
        RtspUrlError: ``url`` cannot be used.
    """
    address = DeviceAddress.of_rtsp(url)
    return await check_stream(address, credentials, timeout_s=timeout_s, limits=limits)


async def check_stream(
    address: DeviceAddress,
    credentials: Credentials | None,
    *,
    timeout_s: float,
    limits: RtspLimits = _DEFAULT_LIMITS,
) -> RtspDescription | Fault:
    """Ask like ``check_rtsp``, of an address that has been checked."""
    client = RtspClient(address, credentials, limits)
    try:
        with Deadline(timeout_s):
            return await _check(client, limits)
    except TimeoutError:
        return client.connection.overdue(timeout_s)
    finally:
        client.close()


class Described(msgspec.Struct, frozen=True):
    """An answer to DESCRIBE: the description, and what its relative addresses relate to."""

    sdp: Sdp
    base: str
    server: str


async def describe(client: RtspClient, limits: RtspLimits) -> Described | Fault:
    """Ask a connected server for its stream's description."""
    url = client.address.url
    response = await client.demand("DESCRIBE", url, [("Accept", "application/sdp")])
    if isinstance(response, Fault):
        return response
    try:
        sdp = parse_sdp(response.body, max_media=limits.max_media)
    except SdpError as error:
        return Fault(FaultKind.PROTOCOL, f"{client.address.endpoint} {error}")
    base = response.header("content-base") or response.header("content-location") or url
    return Described(
        sdp,
        base if _SENDABLE.match(base) else url,
        response.header("server") or "",
    )


async def _check(client: RtspClient, limits: RtspLimits) -> RtspDescription | Fault:
    clock = asyncio.get_running_loop().time
    started = clock()
    if fault := await client.connect():
        return fault
    connected = clock()
    # Whatever it answers to OPTIONS, it talks; whether it serves the stream, DESCRIBE tells.
    options = await client.request("OPTIONS", client.address.url)
    if isinstance(options, Fault):
        return options
    described = await describe(client, limits)
    if isinstance(described, Fault):
        return described
    server = described.server or options.header("server") or ""
    return RtspDescription(
        media=described.sdp.media,
        server="".join(c for c in server if c.isprintable())[:_LONGEST_SERVER_NAME],
        connect_ms=(connected - started) * 1_000,
        latency_ms=(clock() - started) * 1_000,
    )
