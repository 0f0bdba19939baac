"""Questions to one ONVIF device: where its services are, its clock, how it wants us to log in."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import aiohttp
from lxml import etree

from sharpeyes.devices.address import DeviceAddress, endpoint, on_registered_host
from sharpeyes.devices.authentication import Authorizer
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.device_clock import ClockError, DeviceClock, read_clock
from sharpeyes.devices.errors import DeviceUrlError
from sharpeyes.devices.fault import Fault, FaultKind, quoted
from sharpeyes.devices.http_exchange import HttpAnswer, exchange
from sharpeyes.devices.settings import HttpLimits
from sharpeyes.devices.soap import NOT_AUTHORIZED, SoapError, SoapFault, read_answer, sign
from sharpeyes.devices.wsdl import (
    SEARCH_NAMESPACE,
    Service,
    descriptions_are_loaded,
    load_descriptions,
    write_request,
)

_DEVICE_SERVICE_PATH = "/onvif/device_service"
_UNAUTHORIZED = 401
_CONTENT_TYPE = "application/soap+xml; charset=utf-8"
_HEADERS = {"Content-Type": _CONTENT_TYPE}
# One, and one more by a clock that has jumped in between.
_MOST_SIGNATURES = 2
# Below every maker's tolerance of a signature's age.
_CLOCK_TOLERANCE = timedelta(seconds=3)
_DEFAULT_LIMITS = HttpLimits()
# Asked of all all the time: a time takes less than a kilobyte, however wordy the device.
_LONGEST_TIME_BYTES = 65_536

# Asked of every device all the time, so written once: a fifth of what building it costs.
_TIME_REQUEST = (
    b'<?xml version="1.0" encoding="utf-8"?>'
    b'<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
    b'<GetSystemDateAndTime xmlns="http://www.onvif.org/ver10/device/wsdl"/>'
    b"</s:Body></s:Envelope>"
)


def _utc_now() -> datetime:
    return datetime.now(UTC)


class OnvifExchange:
    """Puts questions to one device.

    A question is first put without credentials, and with them only once the device has demanded
    them: by a SOAP fault (then it is signed with WS-Security) or by an HTTP challenge (then it is
    both signed and answered). After a refusal nothing is asked any more that needs them.

    Args:
        session: Best from ``open_device_session``.
        host: The registered host; addresses that the device returns are moved to it.
        port: Of the device's ONVIF service.
        credentials: What is registered for the device, or None.
        timeout_s: Longest time for one call.
        now: Our clock; gives aware times.
        limits: How much of an answer is taken.

    Raises:
        HttpUrlError: Host and port make no address.
    """

    def __init__(
        self,
        session: aiohttp.ClientSession,
        host: str,
        port: int,
        credentials: Credentials | None,
        *,
        timeout_s: float,
        now: Callable[[], datetime] = _utc_now,
        limits: HttpLimits = _DEFAULT_LIMITS,
    ) -> None:
        url = f"http://{endpoint(host, port)}{_DEVICE_SERVICE_PATH}"
        self._addresses = {Service.DEVICE: DeviceAddress.of_http(url)}
        self._session = session
        self._credentials = credentials
        self._timeout_s = timeout_s
        self._now = now
        self._limits = limits
        self._authorizer = Authorizer(credentials)
        self._is_signing = False
        self._offset: timedelta | None = None
        self._refusal: Fault | None = None

    @property
    def endpoint(self) -> str:
        """Host and port, as evidence names them."""
        return self._addresses[Service.DEVICE].endpoint

    @property
    def host(self) -> str:
        """The registered host."""
        return self._addresses[Service.DEVICE].host

    @property
    def has_proved_password(self) -> bool:
        """Whether the device, which has just answered, asked for the password and took it."""
        return self._is_signing or self._authorizer.has_been_accepted

    async def system_date_and_time(self) -> DeviceClock | Fault:
        """Ask for the device's time, without credentials."""
        asked = self._now()
        answer = await self._post(
            self._addresses[Service.DEVICE],
            lambda: _TIME_REQUEST,
            Authorizer(None),
            "GetSystemDateAndTime",
            max_bytes=_LONGEST_TIME_BYTES,
        )
        if isinstance(answer, Fault):
            return answer
        if isinstance(answer, SoapFault):
            return self._unwilling("GetSystemDateAndTime", answer)
        try:
            took = self._now() - asked
            clock = read_clock(answer, asked + took / 2, took.total_seconds())
        except ClockError as error:
            return Fault(FaultKind.PROTOCOL, f"{self.endpoint} {error}")
        self._offset = timedelta(seconds=clock.offset_s)
        return clock

    async def call(
        self, service: Service, operation: str, **arguments: Any
    ) -> etree._Element | Fault:
        """Ask, giving credentials if the device demands them.

        Args:
            service: Whose operation it is; found first if it was not asked yet.
            operation: Its name in the service's description.
            arguments: As the description names them.

        Returns:
            The answer's element, or why there is none.
        """
        if not descriptions_are_loaded():
            await asyncio.to_thread(load_descriptions)
        if fault := await self._find(service):
            return fault
        answer = await self._ask(
            self._addresses[service],
            operation,
            lambda: write_request(service, operation, **arguments),
        )
        return self._unwilling(operation, answer) if isinstance(answer, SoapFault) else answer

    async def _ask(
        self,
        address: DeviceAddress,
        operation: str,
        write: Callable[[], etree._Element],
        *,
        action: str = "",
        waits_s: float = 0.0,
    ) -> etree._Element | SoapFault | Fault:
        """Ask at an address, giving credentials if the device demands them.

        Args:
            address: On the registered host.
            operation: Its name, by which its answer is known.
            write: Gives the unsigned envelope, a new one for each attempt.
            action: What devices want to read in the header of HTTP, of some operations.
            waits_s: For how long the device was asked to wait before it answers.

        Returns:
            The answer's element; a SOAP fault that is about anything but who asks; or why there
            is neither.
        """
        if self._refusal is not None:
            return self._refusal

        def request() -> bytes:
            envelope = write()
            if self._credentials is not None and (
                self._is_signing or self._authorizer.is_challenged
            ):
                time = self._now() + (self._offset or timedelta())
                sign(envelope, self._credentials, time)
            return etree.tostring(envelope, xml_declaration=True, encoding="utf-8")

        post = partial(
            self._post,
            address,
            request,
            self._authorizer,
            operation,
            max_bytes=self._limits.max_soap_bytes,
            action=action,
            waits_s=waits_s,
        )
        answer = await post()
        for _ in range(_MOST_SIGNATURES):
            is_refused = isinstance(answer, SoapFault) and answer.is_refusal
            if not (is_refused and await self._may_sign_anew()):
                break
            answer = await post()
        if isinstance(answer, SoapFault) and answer.is_refusal:
            answer = self._unwilling(operation, answer)
        if isinstance(answer, Fault) and answer.kind is FaultKind.AUTH:
            self._refusal = answer
        return answer

    async def _may_sign_anew(self) -> bool:
        """Prepare a signature that the device has not refused yet; False if there is none."""
        if self._credentials is None:
            return False
        refused_offset, was_signed = self._offset, self._is_signing
        if was_signed or refused_offset is None:
            await self.system_date_and_time()
        self._is_signing = True
        if not was_signed:
            return True
        # A clock that jumped since is no wrong password, and worth one more try.
        moved = (self._offset or timedelta()) - (refused_offset or timedelta())
        return abs(moved) > _CLOCK_TOLERANCE

    async def offers_search(self) -> bool | Fault:
        """Return whether the device lets its recordings be searched (ONVIF Profile G)."""
        if Service.SEARCH in self._addresses:
            return True
        answer = await self.call(Service.DEVICE, "GetServices", IncludeCapability=False)
        if isinstance(answer, Fault):
            # Profile G demands an answer to this; devices older than it do not know the question.
            return False if answer.kind is FaultKind.PROTOCOL else answer
        for element in answer.iterfind("{*}Service"):
            if (element.findtext("{*}Namespace") or "").strip() == SEARCH_NAMESPACE:
                fault = self._note(Service.SEARCH, element.findtext("{*}XAddr") or "")
                return True if fault is None else fault
        return False

    async def _find(self, service: Service) -> Fault | None:
        """Find where a service is, unless that is known."""
        if service in self._addresses:
            return None
        if service is Service.SEARCH:
            offered = await self.offers_search()
            if isinstance(offered, Fault):
                return offered
            return None if offered else self._lacking(service)
        answer = await self.call(Service.DEVICE, "GetCapabilities", Category="All")
        if isinstance(answer, Fault):
            return answer
        returned = answer.findtext(f"{{*}}Capabilities/{{*}}{service.capability}/{{*}}XAddr")
        return self._note(service, returned) if returned else self._lacking(service)

    def _lacking(self, service: Service) -> Fault:
        told = f"offers no ONVIF {service.words} service"
        return Fault(FaultKind.PROTOCOL, f"{self.endpoint} {told}")

    def _note(self, service: Service, returned: str) -> Fault | None:
        try:
            url = on_registered_host(returned, self.host, {"http", "https"})
        except DeviceUrlError as error:
            told = f"returns an unusable address of its {service.words} service, which {error}"
            return Fault(FaultKind.PROTOCOL, f"{self.endpoint} {told}")
        self._addresses[service] = DeviceAddress.of_http(url)
        return None

    async def _post(
        self,
        address: DeviceAddress,
        request: Callable[[], bytes],
        authorizer: Authorizer,
        operation: str,
        *,
        max_bytes: int,
        action: str = "",
        waits_s: float = 0.0,
    ) -> etree._Element | SoapFault | Fault:
        answer = await exchange(
            self._session,
            "POST",
            address,
            authorizer,
            timeout_s=self._timeout_s + waits_s,
            max_bytes=max_bytes,
            body=request,
            headers={"Content-Type": f'{_CONTENT_TYPE}; action="{action}"'} if action else _HEADERS,
        )
        if isinstance(answer, Fault):
            return answer
        return _read(answer, operation, address.endpoint)

    def _unwilling(self, operation: str, fault: SoapFault) -> Fault:
        if not fault.is_refusal:
            told = f"does not do {operation}: {fault}"
            return Fault(FaultKind.PROTOCOL, f"{self.endpoint} {told}")
        if self._credentials is None:
            told = f"asks for a user name and password ({operation}), and none are known for it"
        else:
            told = f"refuses the user name and password known for it ({operation}): {fault}"
        return Fault(FaultKind.AUTH, f"{self.endpoint} {told}")


def _read(answer: HttpAnswer, operation: str, endpoint_: str) -> etree._Element | SoapFault | Fault:
    is_refused = answer.status == _UNAUTHORIZED
    try:
        content = read_answer(answer.body)
    except SoapError as error:
        if is_refused:
            return SoapFault(NOT_AUTHORIZED, answer.reason)
        told = f"(status {answer.status} {quoted(answer.reason)}, asked for {operation})"
        return Fault(FaultKind.PROTOCOL, f"{endpoint_} {error} {told}")
    if isinstance(content, SoapFault) and is_refused:
        return replace(content, codes=content.codes | NOT_AUTHORIZED)
    if isinstance(content, SoapFault) or etree.QName(content).localname == f"{operation}Response":
        return content
    return Fault(FaultKind.PROTOCOL, f"{endpoint_} answers another question than {operation}")
