"""Requests to ONVIF's event service, written by hand.

A camera that is listened to is asked twice a minute and more, so the requests are written at a
fifth of the cost of the standard's descriptions. Those name no header either that says which
subscription is meant, without which many devices answer none of this (WS-Addressing).
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Sequence
from copy import deepcopy
from enum import Enum
from typing import Final

from lxml import etree

_SOAP: Final = "http://www.w3.org/2003/05/soap-envelope"
_ADDRESSING: Final = "http://www.w3.org/2005/08/addressing"
_EVENTS: Final = "http://www.onvif.org/ver10/events/wsdl"
_NOTIFICATION: Final = "http://docs.oasis-open.org/wsn/b-2"
_NAMESPACES: Final = {"s": _SOAP, "a": _ADDRESSING, "e": _EVENTS, "n": _NOTIFICATION}
_ANONYMOUS: Final = f"{_ADDRESSING}/anonymous"


class EventOperation(Enum):
    """What is asked: its namespace, the port of its description, and its name."""

    PROPERTIES = (_EVENTS, f"{_EVENTS}/EventPortType", "GetEventProperties")
    SUBSCRIBE = (_EVENTS, f"{_EVENTS}/EventPortType", "CreatePullPointSubscription")
    PULL = (_EVENTS, f"{_EVENTS}/PullPointSubscription", "PullMessages")
    RENEW = (_NOTIFICATION, "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager", "Renew")
    UNSUBSCRIBE = (
        _NOTIFICATION,
        "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager",
        "Unsubscribe",
    )

    @property
    def namespace(self) -> str:
        """Of its element and those in it."""
        return self.value[0]

    @property
    def action(self) -> str:
        """By which a device knows what is asked."""
        return f"{self.value[1]}/{self.value[2]}Request"

    @property
    def word(self) -> str:
        """Its name."""
        return self.value[2]


def _new_message_id() -> str:
    return uuid.uuid4().urn


def write_event_request(
    operation: EventOperation,
    to: str,
    arguments: Sequence[tuple[str, str]] = (),
    *,
    reference: Sequence[etree._Element] = (),
    new_message_id: Callable[[], str] = _new_message_id,
) -> etree._Element:
    """Return an unsigned SOAP envelope.

    Args:
        operation: What is asked.
        to: The address, as the device itself tells it.
        arguments: Elements of the request and their texts, in their order.
        reference: What the device wants to read in the header again, so as to know which of its
            subscriptions is meant.
        new_message_id: Gives a name that no other request has.
    """
    envelope = etree.Element(f"{{{_SOAP}}}Envelope", nsmap=_NAMESPACES)
    header = etree.SubElement(envelope, f"{{{_SOAP}}}Header")
    for name, text in (("Action", operation.action), ("MessageID", new_message_id()), ("To", to)):
        etree.SubElement(header, f"{{{_ADDRESSING}}}{name}").text = text
    answer_to = etree.SubElement(header, f"{{{_ADDRESSING}}}ReplyTo")
    etree.SubElement(answer_to, f"{{{_ADDRESSING}}}Address").text = _ANONYMOUS
    for parameter in reference:
        copied = deepcopy(parameter)
        copied.set(f"{{{_ADDRESSING}}}IsReferenceParameter", "true")
        header.append(copied)
    body = etree.SubElement(envelope, f"{{{_SOAP}}}Body")
    asked = etree.SubElement(body, f"{{{operation.namespace}}}{operation.word}")
    for name, text in arguments:
        etree.SubElement(asked, f"{{{operation.namespace}}}{name}").text = text
    return envelope
