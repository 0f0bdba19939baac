"""What devices say in their event messages, read leniently and no further than is asked for."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from itertools import islice, takewhile
from typing import Final

from lxml import etree

from sharpeyes.devices.device_clock import read_moment

UNREADABLE_TOPIC: Final = "(unreadable)"
"""Stands for what cannot be a topic."""

_TOPICS: Final = "http://www.onvif.org/ver10/topics"
_TOPIC: Final = re.compile(r"[A-Za-z0-9_.:-]+(/[A-Za-z0-9_.:-]+)*")
_LONGEST_TOPIC: Final = 120
_LONGEST_VALUE: Final = 64
_MOST_ITEMS: Final = 8
_MOST_TOPICS: Final = 500
_IS_TOPIC: Final = "{http://docs.oasis-open.org/wsn/t-1}topic"


class Operation(StrEnum):
    """What a message does to a property."""

    INITIALIZED = "Initialized"
    """It tells how things are, to who has just subscribed: nothing happened."""
    CHANGED = "Changed"
    DELETED = "Deleted"
    """The property is no longer there."""


_OPERATIONS: Final = {operation.value: operation for operation in Operation}


@dataclass(frozen=True, slots=True)
class EventMessage:
    """One message of a device.

    Args:
        topic: Its topic with ONVIF's own under "tns1:", whatever prefix the device has for them;
            or `UNREADABLE_TOPIC`.
        operation: What it does; `CHANGED` where the device does not say, as of what just happens.
        told_at: The time that the device gives to it, as it wrote it; "" where it gives none.
        age_s: How long ago that was when the device answered, by the device's own clock; None
            where that cannot be said.
        source: Which of the device's parts it is about: names and values; empty of topics that
            are not wanted, like `data`.
        data: What it says: names and values.
    """

    topic: str
    operation: Operation
    told_at: str = ""
    age_s: float | None = None
    source: tuple[tuple[str, str], ...] = ()
    data: Mapping[str, str] | None = None


def read_messages(
    answer: etree._Element, *, most: int, wants: Callable[[str], bool]
) -> tuple[tuple[EventMessage, ...], int]:
    """Read the answer to PullMessages.

    Args:
        answer: The response element.
        most: How many messages are read.
        wants: Says of a topic whether more than its name is to be read.

    Returns:
        The messages, and how many more there were.
    """
    found = answer.iterfind("{*}NotificationMessage")
    device_now = read_moment(answer.findtext("{*}CurrentTime") or "")
    messages = tuple(_message(element, device_now, wants) for element in islice(found, most))
    return messages, sum(1 for _ in found)


def _message(
    element: etree._Element, device_now: datetime | None, wants: Callable[[str], bool]
) -> EventMessage:
    topic = topic_name(element.find("{*}Topic"))
    message = element.find("{*}Message/{*}Message")
    if message is None:
        return EventMessage(topic, Operation.CHANGED)
    operation = _OPERATIONS.get(message.get("PropertyOperation", "").strip(), Operation.CHANGED)
    if not wants(topic):
        return EventMessage(topic, operation)
    told_at = _value(message.get("UtcTime", ""))
    at = read_moment(told_at)
    return EventMessage(
        topic,
        operation,
        told_at,
        None if at is None or device_now is None else (device_now - at).total_seconds(),
        tuple(sorted(_items(message, "Source").items())),
        _items(message, "Data"),
    )


def topic_name(element: etree._Element | None) -> str:
    """Return the topic that an element tells."""
    text = "" if element is None else (element.text or "").strip().rstrip("/")
    if element is None or len(text) > _LONGEST_TOPIC or not _TOPIC.fullmatch(text):
        return UNREADABLE_TOPIC
    standard = {prefix for prefix, uri in element.nsmap.items() if uri == _TOPICS} | {"tns1"}
    steps = []
    for step in text.split("/"):
        prefix, _, name = step.rpartition(":")
        steps.append(name if prefix in standard else step)
    first = text.split("/", 1)[0]
    is_standard = ":" in first and first.rpartition(":")[0] in standard
    return ("tns1:" if is_standard else "") + "/".join(steps)


def read_topics(answer: etree._Element) -> tuple[str, ...]:
    """Read the answer to GetEventProperties: the topics of which the device may tell, sorted."""
    found: set[str] = set()
    topics = answer.find("{*}TopicSet")
    for element in () if topics is None else topics.iter("{*}*"):
        if element.get(_IS_TOPIC, "").strip().lower() not in {"true", "1"}:
            continue
        steps = [element, *takewhile(lambda step: step is not topics, element.iterancestors())]
        names = [_step(step, is_first=step is steps[-1]) for step in reversed(steps)]
        path = "/".join(names)
        found.add(path if len(path) <= _LONGEST_TOPIC else UNREADABLE_TOPIC)
        if len(found) == _MOST_TOPICS:
            break
    return tuple(sorted(found))


def _step(element: etree._Element, *, is_first: bool) -> str:
    name = etree.QName(element)
    if name.namespace == _TOPICS:
        return f"tns1:{name.localname}" if is_first else name.localname
    return f"{element.prefix}:{name.localname}" if element.prefix else name.localname


def _items(message: etree._Element, part: str) -> dict[str, str]:
    items = islice(message.iterfind(f"{{*}}{part}/{{*}}SimpleItem"), _MOST_ITEMS)
    return {_value(item.get("Name", "")): _value(item.get("Value", "")) for item in items}


def _value(text: str) -> str:
    return "".join(c for c in text if c.isprintable()).strip()[:_LONGEST_VALUE]
