"""What the unit tests of events share."""

from collections.abc import Callable
from datetime import UTC, datetime

import pytest

from sharpeyes.events.event import Event, EventType, Evidence, NewEvent, Severity
from sharpeyes.events.payload import Payload, VehicleAbandoned

NOW = datetime(2026, 11, 21, 8, 30, 0, 250_000, tzinfo=UTC)


@pytest.fixture
def vehicle() -> VehicleAbandoned:
    return VehicleAbandoned(
        phase="alert",
        box_xyxy=(10.0, 20.5, 110.0, 90.0),
        picture_width_px=1280,
        picture_height_px=720,
        zone="雄楚大道公交站",
        dwell_s=361.5,
        started_at=NOW,
        verified=None,
    )


@pytest.fixture
def new_event(vehicle: VehicleAbandoned) -> Callable[..., NewEvent]:
    """Make an event, by default of an abandoned vehicle, with its payload or type replaced."""

    def make(
        data: Payload = vehicle,
        type: EventType = EventType.ABANDONED_VEHICLE,  # noqa: A002  # the field's name
    ) -> NewEvent:
        return NewEvent(
            event_id="01935c5e-0000-7000-8000-000000000001",
            type=type,
            camera_id=7,
            device_code="42010650001327000123",
            severity=Severity.ALERT,
            occurred_at=NOW,
            dedup_key="vehicle/7/1",
            data=data,
            evidence=Evidence.of(b"\xff\xd8\xff\xd9", width_px=2, height_px=2, taken_at=NOW),
        )

    return make


@pytest.fixture
def event() -> Event:
    """Return an event as it comes out of the database: with JSON values for its payload."""
    return Event(
        event_id="01935c5e-0000-7000-8000-000000000001",
        type=EventType.CAMERA_OFFLINE,
        camera_id=7,
        device_code="42010650001327000123",
        sequence=42,
        severity=Severity.WARNING,
        occurred_at=NOW,
        recorded_at=NOW,
        dedup_key="status/7/1",
        data={"from_status": "ok", "to_status": "offline", "cause": "network", "evidence": "断网"},
    )
