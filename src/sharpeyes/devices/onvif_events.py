"""What happens at a device, as it tells it itself: ONVIF's event service, by pull points.

A pull point is a mailbox that the device keeps for one subscriber for a while. Devices keep few.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from itertools import islice
from typing import Final

from lxml import etree

from sharpeyes.devices.address import DeviceAddress, on_registered_host
from sharpeyes.devices.device_clock import read_moment
from sharpeyes.devices.errors import DeviceUrlError
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.onvif_event_requests import EventOperation, write_event_request
from sharpeyes.devices.onvif_exchange import OnvifExchange
from sharpeyes.devices.onvif_messages import EventMessage, read_messages, read_topics
from sharpeyes.devices.soap import SoapFault
from sharpeyes.devices.wsdl import Service

MOST_MESSAGES: Final = 64
"""Of one answer that are read; a device that was asked for so many should not send more."""

_NO_ROOM: Final = frozenset({"SubscribeCreationFailedFault", "UnableToCreatePullPointFault"})
# Half of the makers say it in words only.
_NO_ROOM_WORDS: Final = re.compile(
    r"\bmax.*(subscri|pull ?point|client|number)|(subscri|pull ?point|client).*(\bmax|limit|full)"
    r"|too many|no more",
    re.IGNORECASE,
)
_LEAST_LASTING_S: Final = 10.0
"""A device that grants less is taken at this: it would be renewed all the time."""
_MOST_REFERENCES: Final = 8
_LONGEST_REFERENCE_BYTES: Final = 4_096
_LONGEST_ADDRESS: Final = 2_048


@dataclass(frozen=True, slots=True)
class Subscription:
    """A pull point that a device keeps for us.

    Args:
        address: Where it is asked, on the registered host.
        told_address: The same as the device itself tells it.
        reference: What the device wants to read again with each question.
        lasts_s: For how long from now on the device keeps it if it is not asked.
    """

    address: DeviceAddress
    told_address: str
    reference: tuple[etree._Element, ...]
    lasts_s: float


@dataclass(frozen=True, slots=True)
class Pulled:
    """What one question brought.

    Args:
        messages: In the order in which the device told them.
        unread: How many more there were than are read.
        lasts_s: For how long from now on the device keeps the pull point; None if it did not say.
    """

    messages: tuple[EventMessage, ...]
    unread: int
    lasts_s: float | None


class EventClient(OnvifExchange):
    """Subscribes at one device; see `OnvifExchange` for how it asks.

    Times that a device gives are compared with its own clock alone. Terms are asked for as lengths
    of time; of devices that refuse those (older ones of Hikvision, Dahua and Bosch do) as moments
    of their clock.
    """

    _asks_for_moments = False

    async def subscribe(self, lasting_s: float) -> Subscription | Fault:
        """Have a pull point made.

        Args:
            lasting_s: For how long the device shall keep it if it is not asked.

        Returns:
            The pull point; or why there is none: `FaultKind.BUSY` where the device has no room for
            another, `FaultKind.PROTOCOL` also where it has no event service.
        """
        if fault := await self._find(Service.EVENTS):
            return fault
        address = self._addresses[Service.EVENTS]
        answer = await self._ask_for_term(
            EventOperation.SUBSCRIBE, address, address.url, "InitialTerminationTime", lasting_s
        )
        if isinstance(answer, SoapFault):
            fault = self._unwilling(EventOperation.SUBSCRIBE.word, answer)
            return Fault(FaultKind.BUSY, fault.evidence) if _has_no_room(answer) else fault
        if isinstance(answer, Fault):
            return answer
        return self._subscription(answer, lasting_s)

    def _subscription(self, answer: etree._Element, lasting_s: float) -> Subscription | Fault:
        told = (answer.findtext("{*}SubscriptionReference/{*}Address") or "").strip()
        parameters = answer.find("{*}SubscriptionReference/{*}ReferenceParameters")
        reference: Sequence[etree._Element] = ()
        if parameters is not None:
            reference = tuple(islice(parameters.iterchildren("{*}*"), _MOST_REFERENCES + 1))
        too_much = len(told) > _LONGEST_ADDRESS or len(reference) > _MOST_REFERENCES
        if too_much or sum(len(etree.tostring(e)) for e in reference) > _LONGEST_REFERENCE_BYTES:
            words = "gives its subscription a name that is too long"
            return Fault(FaultKind.PROTOCOL, f"{self.endpoint} {words}")
        try:
            url = on_registered_host(told, self.host, {"http", "https"})
        except DeviceUrlError as error:
            words = f"returns an unusable address of its subscription, which {error}"
            return Fault(FaultKind.PROTOCOL, f"{self.endpoint} {words}")
        lasts_s = _lasting_s(answer, lasting_s)
        return Subscription(
            DeviceAddress.of_http(url),
            told,
            tuple(reference),
            lasting_s if lasts_s is None else lasts_s,
        )

    async def topics(self) -> tuple[str, ...] | Fault:
        """Ask of which topics the device may tell."""
        if fault := await self._find(Service.EVENTS):
            return fault
        address, operation = self._addresses[Service.EVENTS], EventOperation.PROPERTIES
        answer = await self._ask(
            address,
            operation.word,
            lambda: write_event_request(operation, address.url),
            action=operation.action,
        )
        if isinstance(answer, SoapFault):
            return self._unwilling(operation.word, answer)
        return answer if isinstance(answer, Fault) else read_topics(answer)

    async def pull(
        self, subscription: Subscription, wait_s: float, wants: Callable[[str], bool]
    ) -> Pulled | Fault:
        """Take what has happened, or wait until something does.

        Args:
            subscription: Of this device.
            wait_s: For how long the device may wait.
            wants: Says of a topic whether more than its name is to be read.
        """
        answer = await self._of(
            subscription,
            EventOperation.PULL,
            (("Timeout", _length(wait_s)), ("MessageLimit", str(MOST_MESSAGES))),
            waits_s=wait_s,
        )
        if isinstance(answer, Fault):
            return answer
        messages, unread = read_messages(answer, most=MOST_MESSAGES, wants=wants)
        return Pulled(messages, unread, _lasting_s(answer, None))

    async def renew(self, subscription: Subscription, lasting_s: float) -> float | Fault:
        """Have a pull point kept for longer.

        Returns:
            For how long from now on the device keeps it if it is not asked; or why it does not.
        """
        answer = await self._ask_for_term(
            EventOperation.RENEW,
            subscription.address,
            subscription.told_address,
            "TerminationTime",
            lasting_s,
            subscription.reference,
        )
        if isinstance(answer, SoapFault):
            return self._unwilling(EventOperation.RENEW.word, answer)
        if isinstance(answer, Fault):
            return answer
        lasts_s = _lasting_s(answer, lasting_s)
        return lasting_s if lasts_s is None else lasts_s

    async def unsubscribe(self, subscription: Subscription) -> Fault | None:
        """End a pull point, so that another may have its room."""
        answer = await self._of(subscription, EventOperation.UNSUBSCRIBE)
        return answer if isinstance(answer, Fault) else None

    async def _of(
        self,
        subscription: Subscription,
        operation: EventOperation,
        arguments: Sequence[tuple[str, str]] = (),
        *,
        waits_s: float = 0.0,
    ) -> etree._Element | Fault:
        answer = await self._ask(
            subscription.address,
            operation.word,
            lambda: write_event_request(
                operation,
                subscription.told_address,
                arguments,
                reference=subscription.reference,
            ),
            action=operation.action,
            waits_s=waits_s,
        )
        return self._unwilling(operation.word, answer) if isinstance(answer, SoapFault) else answer

    async def _ask_for_term(  # noqa: PLR0917  # two operations' own parts
        self,
        operation: EventOperation,
        address: DeviceAddress,
        to: str,
        name: str,
        lasting_s: float,
        reference: Sequence[etree._Element] = (),
    ) -> etree._Element | SoapFault | Fault:
        """Ask for a pull point's time, in the other way where the device refuses the one."""
        for _ in range(2):
            term = await self._term(lasting_s)
            if isinstance(term, Fault):
                return term

            def write(term: str = term) -> etree._Element:
                return write_event_request(operation, to, ((name, term),), reference=reference)

            answer = await self._ask(address, operation.word, write, action=operation.action)
            is_about_time = isinstance(answer, SoapFault) and not _says_no_room(answer)
            if not is_about_time or self._asks_for_moments:
                break
            self._asks_for_moments = True
        if isinstance(answer, SoapFault):
            # It was not about that: the next question begins as the first did.
            self._asks_for_moments = False
        return answer

    async def _term(self, lasting_s: float) -> str | Fault:
        if not self._asks_for_moments:
            return _length(lasting_s)
        if self._offset is None:
            clock = await self.system_date_and_time()
            if isinstance(clock, Fault):
                return clock
        moment = self._now() + (self._offset or timedelta()) + timedelta(seconds=lasting_s)
        # Not "+00:00", which some makers do not know.
        return f"{moment:%Y-%m-%dT%H:%M:%SZ}"


def _length(seconds: float) -> str:
    return f"PT{max(1, round(seconds))}S"


def _lasting_s(answer: etree._Element, asked_s: float | None) -> float | None:
    """Return for how long a device keeps a pull point, by its own clock; None: it does not say.

    Some name the year 2038, some a moment that is over: neither is worth more than what was asked.
    """
    now = read_moment(answer.findtext("{*}CurrentTime") or "")
    end = read_moment(answer.findtext("{*}TerminationTime") or "")
    if now is None or end is None or end <= now:
        return None
    lasts_s = max(_LEAST_LASTING_S, (end - now).total_seconds())
    return lasts_s if asked_s is None else min(lasts_s, asked_s)


def _has_no_room(fault: SoapFault) -> bool:
    return not fault.codes.isdisjoint(_NO_ROOM) or _says_no_room(fault)


def _says_no_room(fault: SoapFault) -> bool:
    return bool(_NO_ROOM_WORDS.search(fault.reason[:500]))
