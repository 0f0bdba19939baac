from datetime import UTC, datetime
from random import Random

import pytest

from sharpeyes.detectors.finding import Finding, FindingKind, FindingPhase
from sharpeyes.events.event import EventType, Severity
from sharpeyes.events.payload import MotionSeen, VehicleAbandoned
from sharpeyes.events.store import checked_data
from sharpeyes.ingest.looking import EvidencePicture, Look
from sharpeyes.ingest.telling import events_of
from sharpeyes.registry.camera import Camera, Life, Tier

BEGIN = datetime(2026, 11, 21, 8, tzinfo=UTC)
ARRIVED_AT = datetime(2026, 11, 21, 8, 5, 1, tzinfo=UTC)
CAMERA = Camera(
    camera_id=7,
    device_code="42010200001320000007",
    name="解放大道",
    tier=Tier.CITY,
    division_code="420102",
    shard=7,
    revision=1,
    life=Life.IN_SERVICE,
    created_at=BEGIN,
    updated_at=BEGIN,
)


def finding(kind: FindingKind, phase: FindingPhase, finding_id: int = 3) -> Finding:
    start_s = BEGIN.timestamp()
    return Finding(
        finding_id=finding_id,
        kind=kind,
        phase=phase,
        start_s=start_s,
        alert_s=None if phase == "start" else start_s + 300,
        end_s=start_s + 400 if phase == "end" else None,
        box_xyxy=(10, 20, 30, 40),
        zone="strip",
        dwell_s=300.0,
    )


def seen(*findings: Finding) -> Look:
    return Look(findings, 1920, 1080, EvidencePicture(b"jpeg", 1280, 720), b"state")


def test_an_end_follows_what_was_told_first() -> None:
    for kind, first in (("motion", "start"), ("abandoned_vehicle", "alert")):
        (begun,) = events_of(CAMERA, seen(finding(kind, first)), ARRIVED_AT, Random(1))  # type: ignore[arg-type]  # both are literals
        (ended,) = events_of(CAMERA, seen(finding(kind, "end")), ARRIVED_AT, Random(2))  # type: ignore[arg-type]  # likewise
        assert (begun.follows, ended.follows) == ("", begun.dedup_key)


@pytest.mark.parametrize(
    ("kind", "phase", "event_type", "severity", "after_s", "has_evidence"),
    [
        ("motion", "start", EventType.MOTION, Severity.INFO, 0, True),
        ("abandoned_vehicle", "alert", EventType.ABANDONED_VEHICLE, Severity.ALERT, 300, True),
        ("abandoned_vehicle", "end", EventType.ABANDONED_VEHICLE, Severity.INFO, 400, False),
    ],
)
def test_an_event_says_what_the_finding_says(  # noqa: PLR0917  # the table's columns
    kind: FindingKind,
    phase: FindingPhase,
    event_type: EventType,
    severity: Severity,
    after_s: float,
    has_evidence: bool,
) -> None:
    (event,) = events_of(CAMERA, seen(finding(kind, phase)), ARRIVED_AT, Random(1))
    assert (event.type, event.severity) == (event_type, severity)
    assert event.device_code == CAMERA.device_code
    assert (event.occurred_at - BEGIN).total_seconds() == after_s
    assert (event.evidence is not None) == has_evidence
    assert isinstance(event.data, MotionSeen | VehicleAbandoned)
    assert event.data.started_at == BEGIN
    assert (event.data.picture_width_px, event.data.picture_height_px) == (1920, 1080)
    assert checked_data(event)["box_xyxy"] == [10, 20, 30, 40]


def test_evidence_was_taken_when_the_frame_arrived() -> None:
    (event,) = events_of(CAMERA, seen(finding("abandoned_vehicle", "alert")), ARRIVED_AT, Random(1))
    assert event.evidence is not None
    assert event.evidence.taken_at == ARRIVED_AT
    assert (event.evidence.width_px, event.evidence.height_px) == (1280, 720)


def test_the_same_step_of_the_same_thing_has_the_same_key() -> None:
    alert, end = finding("abandoned_vehicle", "alert"), finding("abandoned_vehicle", "end")
    other = finding("abandoned_vehicle", "alert", finding_id=4)
    keys = [
        event.dedup_key
        for random in (Random(1), Random(2))
        for event in events_of(CAMERA, seen(alert, end, other), ARRIVED_AT, random)
    ]
    assert keys[:3] == keys[3:]
    assert len(set(keys)) == 3


def test_each_event_has_an_identity_of_its_own() -> None:
    alerts = [finding("abandoned_vehicle", "alert", number) for number in range(50)]
    events = events_of(CAMERA, seen(*alerts), ARRIVED_AT, Random(1))
    assert len({event.event_id for event in events}) == 50
