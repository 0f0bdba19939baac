"""Single pictures over HTTP."""

import aiohttp

from sharpeyes.devices.address import DeviceAddress
from sharpeyes.devices.authentication import Authorizer
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind, quoted
from sharpeyes.devices.http_exchange import exchange

_OK = 200
_UNAUTHORIZED = 401
_JPEG = b"\xff\xd8\xff"


async def fetch_snapshot(
    session: aiohttp.ClientSession,
    url: str,
    credentials: Credentials | None,
    *,
    timeout_s: float,
    max_bytes: int,
) -> bytes | Fault:
    """Fetch a JPEG picture.

    Args:
        session: Best from ``open_device_session``.
        url: The picture's address, without user name and password.
        credentials: What is registered for the device, or None.
        timeout_s: Longest time for all of it.
        max_bytes: Longest picture that is taken.

    Returns:
        The picture as it came; its beginning is a JPEG's, the rest is unproven (``decode_jpeg``).

    Raises:
        HttpUrlError: ``url`` cannot be used.
    """
    address = DeviceAddress.of_http(url)
    answer = await exchange(
        session,
        "GET",
        address,
        Authorizer(credentials),
        timeout_s=timeout_s,
        max_bytes=max_bytes,
    )
    if isinstance(answer, Fault):
        return answer
    if answer.status != _OK:
        told = f"answers the snapshot with status {answer.status} {quoted(answer.reason)}"
        kind = FaultKind.AUTH if answer.status == _UNAUTHORIZED else FaultKind.PROTOCOL
        return Fault(kind, f"{address.endpoint} {told}")
    if not answer.body.startswith(_JPEG):
        content_type = quoted(answer.headers.get("Content-Type", "no type"))
        told = f"sends something else than a JPEG picture as its snapshot: {content_type}"
        return Fault(FaultKind.PROTOCOL, f"{address.endpoint} {told}")
    return answer.body
