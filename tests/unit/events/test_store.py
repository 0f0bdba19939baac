"""What is refused before anything is written."""

import math
from collections.abc import Callable

import msgspec
import pytest

from sharpeyes.events.errors import EventInvalidError
from sharpeyes.events.event import EventType, NewEvent
from sharpeyes.events.payload import CameraStatusChanged, VehicleAbandoned
from sharpeyes.events.store import checked_data


def test_a_payload_becomes_json_values(new_event: Callable[..., NewEvent]) -> None:
    data = checked_data(new_event())

    assert data["zone"] == "雄楚大道公交站"
    assert data["box_xyxy"] == [10.0, 20.5, 110.0, 90.0]
    assert data["verified"] is None
    assert data["started_at"] == "2026-11-21T08:30:00.250000Z"


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("dwell_s", math.nan),
        ("dwell_s", math.inf),
        ("dwell_s", -1.0),
        ("zone", "a\0b"),
        ("zone", "x" * 201),
        ("picture_width_px", 0),
        ("box_xyxy", (0.0, 0.0, 1e400, 1.0)),
        ("phase", "gone"),
    ],
)
def test_a_wrong_field_is_named_with_type_and_camera(
    new_event: Callable[..., NewEvent], vehicle: VehicleAbandoned, field: str, value: object
) -> None:
    wrong = msgspec.structs.replace(vehicle, **{field: value})

    with pytest.raises(EventInvalidError) as caught:
        checked_data(new_event(wrong))

    assert "42010650001327000123" in str(caught.value)
    assert "abandoned-vehicle" in str(caught.value)
    assert f"$.{field}" in str(caught.value)


def test_a_lone_surrogate_is_refused(
    new_event: Callable[..., NewEvent], vehicle: VehicleAbandoned
) -> None:
    with pytest.raises(EventInvalidError, match="surrogate"):
        checked_data(new_event(msgspec.structs.replace(vehicle, zone="\ud800")))


def test_the_payload_of_another_type_is_refused(new_event: Callable[..., NewEvent]) -> None:
    status = CameraStatusChanged(from_status="ok", to_status="offline", cause="network")

    with pytest.raises(EventInvalidError, match="from_status"):
        checked_data(new_event(status))
    assert checked_data(new_event(status, EventType.CAMERA_OFFLINE))["cause"] == "network"


def test_a_message_over_64_kb_is_refused(
    new_event: Callable[..., NewEvent], monkeypatch: pytest.MonkeyPatch
) -> None:
    # The payloads of today are bounded far below; the limit is for those to come.
    monkeypatch.setattr("sharpeyes.events.store.MAX_BODY_BYTES", 500)

    with pytest.raises(EventInvalidError, match="bytes, more than 500"):
        checked_data(new_event())
