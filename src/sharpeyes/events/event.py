"""The event: the persisted, immutable, deliverable fact."""

import hashlib
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType
from typing import Any, Protocol, Self

import msgspec

from sharpeyes.events.payload import (
    CameraAlarm,
    CameraStatusChanged,
    CaseChanged,
    IncidentChanged,
    MotionSeen,
    OutsideReport,
    Payload,
    VehicleAbandoned,
)


class EventType(StrEnum):
    """What happened. The version rises when a payload changes so that old readers would fail."""

    CAMERA_OFFLINE = "org.sharpeyes.camera.offline.v1"
    CAMERA_DEGRADED = "org.sharpeyes.camera.degraded.v1"
    CAMERA_RESTORED = "org.sharpeyes.camera.restored.v1"
    CAMERA_UNSTABLE = "org.sharpeyes.camera.unstable.v1"
    CAMERA_PICTURE_FAULT = "org.sharpeyes.camera.picture-fault.v1"
    CAMERA_CLOCK_FAULT = "org.sharpeyes.camera.clock-fault.v1"
    CAMERA_ALARM = "org.sharpeyes.camera.alarm.v1"
    INCIDENT_OPENED = "org.sharpeyes.incident.opened.v1"
    INCIDENT_CLOSED = "org.sharpeyes.incident.closed.v1"
    MOTION = "org.sharpeyes.motion.v1"
    ABANDONED_VEHICLE = "org.sharpeyes.abandoned-vehicle.v1"
    OUTSIDE_REPORT = "org.sharpeyes.outside-report.v1"
    CASE_CHANGED = "org.sharpeyes.case.changed.v1"


PAYLOAD_OF = MappingProxyType[EventType, type[Payload]](
    {
        EventType.CAMERA_OFFLINE: CameraStatusChanged,
        EventType.CAMERA_DEGRADED: CameraStatusChanged,
        EventType.CAMERA_RESTORED: CameraStatusChanged,
        EventType.CAMERA_UNSTABLE: CameraStatusChanged,
        EventType.CAMERA_PICTURE_FAULT: CameraStatusChanged,
        EventType.CAMERA_CLOCK_FAULT: CameraStatusChanged,
        EventType.CAMERA_ALARM: CameraAlarm,
        EventType.INCIDENT_OPENED: IncidentChanged,
        EventType.INCIDENT_CLOSED: IncidentChanged,
        EventType.MOTION: MotionSeen,
        EventType.ABANDONED_VEHICLE: VehicleAbandoned,
        EventType.OUTSIDE_REPORT: OutsideReport,
        EventType.CASE_CHANGED: CaseChanged,
    }
)


class Severity(StrEnum):
    """How much it matters."""

    INFO = "info"
    WARNING = "warning"
    ALERT = "alert"


class Evidence(msgspec.Struct, frozen=True, kw_only=True):
    """A picture that shows what happened, with its privacy zones blacked out already.

    Attributes:
        jpeg: The picture's bytes.
        sha256: Their SHA-256 in lower-case hexadecimal.
        width_px: Width of the picture.
        height_px: Height of the picture.
        taken_at: When the camera saw it, UTC.
    """

    jpeg: bytes
    sha256: str
    width_px: int
    height_px: int
    taken_at: datetime

    @classmethod
    def of(cls, jpeg: bytes, *, width_px: int, height_px: int, taken_at: datetime) -> Self:
        """Build the evidence of a picture."""
        return cls(
            jpeg=jpeg,
            sha256=hashlib.sha256(jpeg).hexdigest(),
            width_px=width_px,
            height_px=height_px,
            taken_at=taken_at,
        )


class Origin(msgspec.Struct, frozen=True):
    """The identity of an event in the system that told of it.

    Attributes:
        source: The system, a URI reference without spaces.
        id: The event, unique there.
    """

    source: str
    id: str


class NewEvent(msgspec.Struct, frozen=True, kw_only=True):
    """An event before it is stored.

    Attributes:
        event_id: From `new_event_id`; also the webhook-id.
        type: What happened.
        camera_id: Where, as the registry counts.
        device_code: Where, as the city counts: 20 digits.
        severity: How much it matters.
        occurred_at: When it happened, UTC.
        dedup_key: The same vehicle or outage told twice has the same key and becomes one event.
            Unique in the whole service: begin it with what it is about.
        data: What is said; of the class that `PAYLOAD_OF` names for the type.
        evidence: The picture, if there is one.
        origin: Which system told of it, and as what; None where it is ours.
        follows: Of a later step of a thing: the `dedup_key` of the first; empty: it is the first.
    """

    event_id: str
    type: EventType
    camera_id: int
    device_code: str
    severity: Severity
    occurred_at: datetime
    dedup_key: str
    data: Payload
    evidence: Evidence | None = None
    origin: Origin | None = None
    follows: str = ""


class Event(msgspec.Struct, frozen=True, kw_only=True):
    """An event as it is stored: it never changes again.

    Attributes:
        event_id: As in `NewEvent`, like all that is not named here.
        sequence: Counts the events of one camera from 1 without gaps, in the order of commit.
        recorded_at: When it was stored, UTC.
        data: The payload as JSON values.
        evidence_id: The picture, while it is kept.
        evidence_sha256: The picture's SHA-256, also after it was deleted.
        origin_source: The system that told of it; None where it is ours.
        origin_id: The event's identity there.
    """

    event_id: str
    type: EventType
    camera_id: int
    device_code: str
    sequence: int
    severity: Severity
    occurred_at: datetime
    recorded_at: datetime
    dedup_key: str
    data: dict[str, Any]
    evidence_id: str | None = None
    evidence_sha256: str | None = None
    origin_source: str | None = None
    origin_id: str | None = None


class RandomBits(Protocol):
    """The part of `random.Random` and `random.SystemRandom` that identities need."""

    def getrandbits(self, k: int, /) -> int:
        """Return a number of `k` random bits."""
        ...


_VERSION_7 = 0x7 << 76
_VARIANT = 0b10 << 62
_TAIL = (1 << 62) - 1


def new_event_id(now: datetime, random: RandomBits) -> str:
    """Make an event's identity: a UUID of version 7 (RFC 9562, 5.7).

    Identities made later sort later, to the millisecond, which keeps indexes compact.

    Args:
        now: The time that it begins with; aware.
        random: Gives the other 74 bits.

    Returns:
        36 characters of hexadecimal digits and hyphens; no dot, as Standard Webhooks asks.
    """
    unix_ms = int(now.timestamp() * 1000)
    if not 0 <= unix_ms < 1 << 48:
        raise ValueError(f"{now} does not fit into an event's identity")
    bits = random.getrandbits(74)
    head, tail = bits >> 62 << 64, bits & _TAIL
    digits = f"{unix_ms << 80 | _VERSION_7 | head | _VARIANT | tail:032x}"
    return f"{digits[:8]}-{digits[8:12]}-{digits[12:16]}-{digits[16:20]}-{digits[20:]}"
