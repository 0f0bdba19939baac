"""An RTSP client that answers challenges, follows nothing and bounds everything."""

import asyncio
from collections.abc import Iterable

from sharpeyes.devices.address import DeviceAddress
from sharpeyes.devices.authentication import Authorizer
from sharpeyes.devices.credentials import Credentials, LoginPermit
from sharpeyes.devices.fault import Fault, FaultKind, connection_fault, quoted
from sharpeyes.devices.rtsp_connection import RtspConnection
from sharpeyes.devices.rtsp_message import RtspResponse
from sharpeyes.devices.settings import RtspLimits

_OK = 200
_UNAUTHORIZED = 401
_FORBIDDEN = 403
_BUSY = frozenset({453, 503})


class RtspClient:
    """Talks to one RTSP server over one connection, without deadlines of its own.

    Args:
        address: The stream.
        credentials: What is registered for the device, or None.
        limits: How much of an answer is taken.
        permit: Asked before credentials are sent; None: they always may be.
    """

    def __init__(
        self,
        address: DeviceAddress,
        credentials: Credentials | None,
        limits: RtspLimits,
        permit: LoginPermit | None = None,
    ) -> None:
        self.address = address
        self.connection = RtspConnection(address.endpoint, limits)
        self.session: tuple[str, str] | None = None
        """Where a session that was set up is controlled, and its name."""
        self._authorizer = Authorizer(credentials)
        self._permit = permit

    async def connect(self) -> Fault | None:
        """Open the connection."""
        try:
            await asyncio.get_running_loop().create_connection(
                lambda: self.connection, self.address.host, self.address.port
            )
        except OSError as error:
            return connection_fault(self.address.endpoint, error)
        return None

    async def request(
        self, method: str, url: str, headers: Iterable[tuple[str, str]] = ()
    ) -> RtspResponse | Fault:
        """Ask once, and once more where the device challenges us.

        Returns:
            The answer, whatever its status, unless the status is one that every method gives for
            the same reason: then the fault it means.
        """
        while True:
            signed = [*headers, *self._authorization(method, url)]
            response = await self.connection.exchange(method, url, signed)
            if isinstance(response, Fault):
                return response
            if response.status != _UNAUTHORIZED:
                self._authorizer.accepted()
                return self._general_fault(method, response) or response
            refusal = self._authorizer.refusal(response.all_of("www-authenticate"))
            if refusal is not None:
                self._tell_refusal()
                return Fault(FaultKind.AUTH, f"{self.address.endpoint} {refusal} ({method})")

    async def demand(
        self, method: str, url: str, headers: Iterable[tuple[str, str]] = ()
    ) -> RtspResponse | Fault:
        """Ask like ``request``, and take any status but 200 for a fault."""
        response = await self.request(method, url, headers)
        if isinstance(response, Fault) or response.status == _OK:
            return response
        told = f"answers {method} with status {response.status} {quoted(response.reason)}"
        return Fault(FaultKind.PROTOCOL, f"{self.address.endpoint} {told}")

    def close(self) -> None:
        """End the connection, and the session on it so that the camera frees its place."""
        if self.session is None:
            self.connection.abort()
            return
        control, session = self.session
        headers = [("Session", session), *self._authorization("TEARDOWN", control)]
        self.connection.say_goodbye("TEARDOWN", control, headers)

    def _tell_refusal(self) -> None:
        """Tell of a password that was taken before: it was changed, and others still send it."""
        permit = self._permit
        if permit is not None and permit.may_send() and self._authorizer.has_been_accepted:
            permit.refused()

    def _authorization(self, method: str, url: str) -> list[tuple[str, str]]:
        if self._permit is not None and not self._permit.may_send():
            return []
        header = self._authorizer.header(method, url)
        return [("Authorization", header)] if header is not None else []

    def _general_fault(self, method: str, response: RtspResponse) -> Fault | None:
        if response.status == _OK:
            return None
        told = f"answers {method} with status {response.status} {quoted(response.reason)}"
        evidence = f"{self.address.endpoint} {told}"
        if response.status in _BUSY:
            return Fault(FaultKind.BUSY, f"{evidence}: it has no room for another connection")
        if response.status == _FORBIDDEN:
            return Fault(FaultKind.AUTH, f"{evidence}: this user may not see the stream")
        if 300 <= response.status < 400:  # noqa: PLR2004  # RFC 2326's range of redirections
            return Fault(FaultKind.PROTOCOL, f"{evidence}: it sends us elsewhere, unfollowed")
        return None
