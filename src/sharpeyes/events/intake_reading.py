"""From what another system sent to an event that can be stored, or to why it cannot; pure."""

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Annotated, Any, Literal
from urllib.parse import unquote

import msgspec
from msgspec import Meta, Raw, Struct

from sharpeyes.events.event import PAYLOAD_OF, EventType, Severity
from sharpeyes.events.payload import DeviceCode, Moment, Payload

MOST_ITEM_BYTES = 16 * 1024
"""Of one event as it is sent: what we deliver of it then stays below the limit of deliveries."""
CLOCK_AHEAD = timedelta(days=1)
"""How far another system's clock may be ahead of ours."""
OLDEST = timedelta(days=30)
"""How long ago an event may have happened: a device that was cut off hands in what it kept."""

Text = Annotated[str, Meta(max_length=1000, pattern=r"^[^\x00]*$")]


class OutsideEvent(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A CloudEvent 1.0 of another system.

    Attributes:
        specversion: Of CloudEvents.
        id: The event's identity, unique within `source`; sent again it is the same event.
        source: The system: a URI reference.
        type: What happened; the types that we tell of our own cameras' health are not taken.
        subject: The camera's device code.
        time: When it happened, with its offset; 30 days ago at most.
        severity: How much it matters.
        datacontenttype: Of `data`: JSON.
        dataschema: Not kept.
        traceparent: Not kept.
        tracestate: Not kept.
        data: As the type has it.
    """

    specversion: Literal["1.0"]
    id: Annotated[str, Meta(min_length=1, max_length=128, pattern=r"^[^\x00-\x1f\x7f]*$")]
    source: Annotated[str, Meta(min_length=1, max_length=256, pattern=r"^[!-~]+$")]
    type: Literal[
        "org.sharpeyes.outside-report.v1",
        "org.sharpeyes.motion.v1",
        "org.sharpeyes.abandoned-vehicle.v1",
    ]
    subject: DeviceCode
    time: Moment
    severity: Severity = Severity.INFO
    datacontenttype: Annotated[
        str, Meta(max_length=200, pattern=r"^application/([^;]*\+)?json")
    ] = "application/json"
    dataschema: Text | None = None
    traceparent: Text | None = None
    tracestate: Text | None = None
    data: Raw


class Told(Struct, frozen=True, kw_only=True):
    """An event of another system, checked but for its camera.

    Attributes:
        source: The system.
        id: The event's identity there.
        type: What happened.
        device_code: Where.
        severity: How much it matters.
        occurred_at: When, UTC.
        payload: What is said, of the class that `PAYLOAD_OF` names.
        data: The same in JSON.
        digest: SHA-256 of all of these, however they were written: the same event, the same digest.
    """

    source: str
    id: str
    type: EventType
    device_code: str
    severity: Severity
    occurred_at: datetime
    payload: Payload
    data: str
    digest: bytes

    @property
    def dedup_key(self) -> str:
        """What the event is known by; a source has no space in it."""
        return f"outside:{self.source} {self.id}"


@dataclass(frozen=True, slots=True)
class Refusal:
    """Why an item is not taken.

    Attributes:
        field: Which attribute, or `data.` and which of its fields; empty: the item as a whole.
        reason: In words.
        conflict: Another event has its identity.
    """

    field: str
    reason: str
    conflict: bool = False


def read_event(raw: bytes, now: datetime) -> Told | Refusal:
    """Read one event in structured JSON.

    Args:
        raw: The JSON of it.
        now: Our time, aware.
    """
    if len(raw) > MOST_ITEM_BYTES:
        return _too_long(len(raw))
    try:
        _refuse_repeated_keys(raw)
        event = _EVENT.decode(raw)
    except _RepeatedError as error:
        return Refusal(error.key, "is given twice in one object")
    except msgspec.ValidationError as error:
        return _refusal(error)
    except (ValueError, RecursionError) as error:
        return Refusal("", _not_json(error))
    return _checked(event, now)


def read_binary(headers: Mapping[str, str], body: bytes, now: datetime) -> Told | Refusal:
    """Read one event in the binary mode of HTTP: attributes in headers, data in the body.

    Args:
        headers: Those of the request.
        body: The data.
        now: Our time, aware.
    """
    if len(body) > MOST_ITEM_BYTES:
        return _too_long(len(body))
    attributes = {
        name.lower().removeprefix("ce-"): unquote(value)
        for name, value in headers.items()
        if name.lower().startswith("ce-")
    }
    if "datacontenttype" in attributes or "data" in attributes:
        return Refusal("datacontenttype", "is the header Content-Type in binary mode")
    try:
        _refuse_repeated_keys(body)
        event = msgspec.convert(attributes | {"data": Raw(body)}, OutsideEvent)
    except _RepeatedError as error:
        return Refusal(f"data.{error.key}", "is given twice in one object")
    except msgspec.ValidationError as error:
        return _refusal(error)
    except (ValueError, RecursionError) as error:
        return Refusal("data", _not_json(error))
    return _checked(event, now)


_EVENT = msgspec.json.Decoder(OutsideEvent)
_PAYLOADS = {
    kind: msgspec.json.Decoder(PAYLOAD_OF[kind])
    for kind in (EventType.OUTSIDE_REPORT, EventType.MOTION, EventType.ABANDONED_VEHICLE)
}
_ENCODER = msgspec.json.Encoder()


def _checked(event: OutsideEvent, now: datetime) -> Told | Refusal:
    # Compared as it is: in UTC a time may be in year 0 or 10,000.
    if event.time > now + CLOCK_AHEAD:
        return Refusal("time", f"{event.time.isoformat()} is in the future")
    if event.time < now - OLDEST:
        return Refusal("time", f"{event.time.isoformat()} is over {OLDEST.days} days ago")
    kind, occurred_at = EventType(event.type), event.time.astimezone(UTC)
    try:
        payload: Payload = _PAYLOADS[kind].decode(event.data)
    except msgspec.ValidationError as error:
        return _refusal(error, "data.")
    except (ValueError, RecursionError) as error:
        return Refusal("data", _not_json(error))
    started_at = getattr(payload, "started_at", None)
    if started_at is not None and started_at > event.time:
        return Refusal("data.started_at", "is later than the event's own time")
    data = _ENCODER.encode(payload)
    digest = hashlib.sha256(
        _ENCODER.encode((kind, event.subject, event.severity, occurred_at)) + data
    ).digest()
    return Told(
        source=event.source,
        id=event.id,
        type=kind,
        device_code=event.subject,
        severity=event.severity,
        occurred_at=occurred_at,
        payload=payload,
        data=data.decode(),
        digest=digest,
    )


class _RepeatedError(Exception):
    def __init__(self, key: str) -> None:
        super().__init__(key)
        self.key = key[:100]


def _refuse_repeated_keys(raw: bytes) -> None:
    """Raise when an object has a key twice.

    msgspec takes the last of them, and whoever checked the first was fooled.

    Raises:
        _RepeatedError: One has.
        ValueError: This is not JSON.
        RecursionError: It is nested too deeply.
    """
    if not _has_all_its_keys(raw):
        json.loads(raw, object_pairs_hook=_refuse_repeated, parse_int=str, parse_float=str)


def _has_all_its_keys(raw: bytes) -> bool:
    """Tell whether it is certain that reading has lost no key, at a third of the time."""
    if b"\\" in raw:
        return False
    try:
        read = msgspec.json.decode(raw)
    except (ValueError, RecursionError):
        return False
    # Without an escape every quote begins or ends a string, and outside of them a colon is a key's.
    return _keys(read) == b"".join(raw.split(b'"')[::2]).count(b":")


def _keys(read: Any) -> int:
    count, left = 0, [read]
    for value in left:
        kind = type(value)
        if kind is dict:
            count += len(value)
            left += value.values()
        elif kind is list:
            left += value
    return count


def _refuse_repeated(pairs: list[tuple[str, object]]) -> None:
    if len({name for name, _ in pairs}) < len(pairs):
        names = [name for name, _ in pairs]
        raise _RepeatedError(next(name for name in names if names.count(name) > 1))


_PLACE = re.compile(r"(?P<reason>.*?)(?: - at `\$(?P<path>[^`]*)`)?", re.DOTALL)
_NAMED = re.compile(r"Object (?P<what>missing required|contains unknown) field `(?P<name>[^`]*)`")


def _refusal(error: msgspec.ValidationError, above: str = "") -> Refusal:
    """Tell of the field that msgspec stumbled over."""
    found = _PLACE.fullmatch(str(error))
    reason, path = (found["reason"], found["path"] or "") if found else (str(error), "")
    path = above + path.removeprefix(".")
    if named := _NAMED.match(reason):
        path = f"{path}.{named['name']}".lstrip(".") if path != above else path + named["name"]
        reason = "is missing" if named["what"].startswith("missing") else "is not a field"
    return Refusal(path.rstrip("."), reason)


def _not_json(error: Exception) -> str:
    if isinstance(error, RecursionError):
        return "is nested too deeply"
    return f"is not JSON: {error}"[:300]


def _too_long(size_bytes: int) -> Refusal:
    return Refusal("", f"has {size_bytes} bytes, more than {MOST_ITEM_BYTES}")
