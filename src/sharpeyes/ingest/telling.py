"""From findings to events; pure."""

from datetime import UTC, datetime
from typing import Final

from sharpeyes.detectors.finding import Finding, FindingKind, FindingPhase
from sharpeyes.detectors.zones import WHOLE_PICTURE
from sharpeyes.events.event import (
    EventType,
    Evidence,
    NewEvent,
    RandomBits,
    Severity,
    new_event_id,
)
from sharpeyes.events.payload import MotionSeen, VehicleAbandoned
from sharpeyes.ingest.looking import Look
from sharpeyes.registry.camera import Camera


def events_of(
    camera: Camera, seen: Look, arrived_at: datetime, random: RandomBits
) -> list[NewEvent]:
    """Make the events of what one frame gave.

    Args:
        camera: whose frame it was.
        seen: what it gave.
        arrived_at: when it arrived, UTC.
        random: for the events' identities.
    """
    evidence = None
    if seen.evidence is not None:
        evidence = Evidence.of(
            seen.evidence.jpeg,
            width_px=seen.evidence.width_px,
            height_px=seen.evidence.height_px,
            taken_at=arrived_at,
        )
    return [
        NewEvent(
            event_id=new_event_id(arrived_at, random),
            type=_TYPES[finding.kind],
            camera_id=camera.camera_id,
            device_code=camera.device_code,
            severity=Severity.ALERT if finding.phase == "alert" else Severity.INFO,
            occurred_at=_moment(_occurred_s(finding)),
            dedup_key=_dedup_key(camera, finding, finding.phase),
            follows=_dedup_key(camera, finding, first) if finding.phase == "end" else "",
            data=_payload(finding, seen),
            evidence=None if finding.phase == "end" else evidence,
        )
        for finding in seen.findings
        for first in [_FIRST[finding.kind]]
    ]


_FIRST: Final[dict[FindingKind, FindingPhase]] = {"motion": "start", "abandoned_vehicle": "alert"}
_TYPES = {"motion": EventType.MOTION, "abandoned_vehicle": EventType.ABANDONED_VEHICLE}


def _zone(finding: Finding) -> str:
    # What detectors call the whole picture is a word of theirs, not a name that somebody gave.
    return "" if finding.zone == WHOLE_PICTURE.name else finding.zone


def _payload(finding: Finding, seen: Look) -> MotionSeen | VehicleAbandoned:
    if finding.kind == "motion":
        return MotionSeen(
            phase="end" if finding.phase == "end" else "start",
            box_xyxy=finding.box_xyxy,
            picture_width_px=seen.width_px,
            picture_height_px=seen.height_px,
            zone=_zone(finding),
            started_at=_moment(finding.start_s),
        )
    return VehicleAbandoned(
        phase="end" if finding.phase == "end" else "alert",
        box_xyxy=finding.box_xyxy,
        picture_width_px=seen.width_px,
        picture_height_px=seen.height_px,
        zone=_zone(finding),
        dwell_s=finding.dwell_s,
        started_at=_moment(finding.start_s),
        verified=finding.verified,
    )


def _occurred_s(finding: Finding) -> float:
    match finding.phase:
        case "start":
            return finding.start_s
        case "alert":
            return finding.start_s if finding.alert_s is None else finding.alert_s
        case "end":
            return finding.start_s if finding.end_s is None else finding.end_s


def _dedup_key(camera: Camera, finding: Finding, phase: FindingPhase) -> str:
    """Name a step of a thing: numbers of findings begin anew where a detector's state was lost."""
    started_at = _moment(finding.start_s).isoformat()
    return f"{finding.kind}:{camera.camera_id}:{finding.finding_id}:{started_at}:{phase}"


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
