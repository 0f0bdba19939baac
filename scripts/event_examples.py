"""One event of each type as it is delivered: docs/ref shows them, tests hold them to the schema."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import msgspec

from sharpeyes.events.cloudevent import body
from sharpeyes.events.event import PAYLOAD_OF, Event, EventType, Severity
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

_AT = datetime(2026, 11, 21, 8, 30, 0, 250_000, UTC)
_CODE = "42010650001327000123"
_ID = "01935c5e-0000-7000-8000-0000000000{:02}"

_INCIDENT = IncidentChanged(
    incident_id=7,
    phase="opened",
    kind="subnet",
    title="10.20.4.0/24",
    cause="network",
    evidence="214 of 220 cameras do not answer since 16:29",
    cameras=214,
    device_codes=(_CODE, "42010650001327000124"),
    began_at=_AT - timedelta(minutes=1),
)
_VEHICLE = VehicleAbandoned(
    phase="alert",
    box_xyxy=(10, 20.5, 110, 90),
    picture_width_px=1280,
    picture_height_px=720,
    zone="bus stop",
    dwell_s=361.5,
    started_at=_AT - timedelta(seconds=361.5),
    verified=True,
)

EXAMPLES: dict[EventType, tuple[Severity, Payload]] = {
    EventType.CAMERA_OFFLINE: (
        Severity.WARNING,
        CameraStatusChanged(
            from_status="ok",
            to_status="offline",
            cause="network",
            evidence="no answer to 3 checks in a row, the last after 5 s",
        ),
    ),
    EventType.CAMERA_DEGRADED: (
        Severity.WARNING,
        CameraStatusChanged(
            from_status="ok",
            to_status="degraded",
            cause="authentication",
            evidence="401 to DESCRIBE: the password is refused",
        ),
    ),
    EventType.CAMERA_RESTORED: (
        Severity.INFO,
        CameraStatusChanged(from_status="offline", to_status="ok"),
    ),
    EventType.CAMERA_UNSTABLE: (
        Severity.WARNING,
        CameraStatusChanged(
            from_status="ok",
            to_status="degraded",
            cause="unstable",
            evidence="went up and down 6 times within an hour",
        ),
    ),
    EventType.CAMERA_PICTURE_FAULT: (
        Severity.WARNING,
        CameraStatusChanged(
            from_status="ok",
            to_status="degraded",
            cause="black",
            evidence="the picture has been black for 10 min",
        ),
    ),
    EventType.CAMERA_ALARM: (
        Severity.WARNING,
        CameraAlarm(
            kind="tamper",
            phase="start",
            topic="tns1:RuleEngine/TamperDetector/Tamper",
            source="VideoSourceConfigurationToken=1",
            started_at=_AT,
            camera_time=_AT + timedelta(seconds=41),
        ),
    ),
    EventType.CAMERA_CLOCK_FAULT: (
        Severity.WARNING,
        CameraStatusChanged(
            from_status="ok",
            to_status="degraded",
            cause="clock",
            evidence="the camera's clock is 8 h ahead: local time given as UTC",
        ),
    ),
    EventType.INCIDENT_OPENED: (Severity.ALERT, _INCIDENT),
    EventType.INCIDENT_CLOSED: (
        Severity.INFO,
        msgspec.structs.replace(
            _INCIDENT, phase="closed", evidence="209 of 214 answer again", told_singly=5
        ),
    ),
    EventType.MOTION: (
        Severity.INFO,
        MotionSeen(
            phase="start",
            box_xyxy=(10, 20.5, 110, 90),
            picture_width_px=1280,
            picture_height_px=720,
            zone="gate",
            started_at=_AT,
        ),
    ),
    EventType.ABANDONED_VEHICLE: (Severity.ALERT, _VEHICLE),
    EventType.OUTSIDE_REPORT: (
        Severity.WARNING,
        OutsideReport(kind="flooding", text="30 cm of water in the underpass", started_at=_AT),
    ),
    EventType.CASE_CHANGED: (
        Severity.INFO,
        CaseChanged(
            about_event_id=_ID.format(10),
            about_type=EventType.ABANDONED_VEHICLE,
            step="acknowledged",
            state="acknowledged",
            light="",
            case_number="GA-2026-0731",
            deadline_at=_AT + timedelta(hours=2),
            revision=2,
        ),
    ),
}


def examples() -> Iterator[bytes]:
    """Yield the body of a delivery of each type."""
    for number, kind in enumerate(PAYLOAD_OF, 1):
        severity, payload = EXAMPLES[kind]
        ours = kind is not EventType.OUTSIDE_REPORT
        event = Event(
            event_id=_ID.format(number),
            type=kind,
            camera_id=1,
            device_code=_CODE,
            sequence=40 + number,
            severity=severity,
            occurred_at=_AT,
            recorded_at=_AT + timedelta(milliseconds=650),
            dedup_key="",
            data=msgspec.to_builtins(payload, str_keys=True) | {},
            evidence_sha256="ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
            if kind is EventType.ABANDONED_VEHICLE
            else None,
            origin_source=None if ours else "/flood-watch",
            origin_id=None if ours else "2026-11-21/7",
        )
        yield body(event, "/sharpeyes/main")
