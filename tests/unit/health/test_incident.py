from datetime import UTC, datetime, timedelta

import pytest

from sharpeyes.events.deadline_light import Light, light_at
from sharpeyes.health.incident import (
    IncidentKind,
    deadline,
    is_reminder_due,
    next_due,
)
from sharpeyes.health.incident_settings import CommonCauseSettings, IncidentSettings
from sharpeyes.health.status import Status

SETTINGS = IncidentSettings()
OPENED = datetime(2026, 11, 21, 8, tzinfo=UTC)
HOUR = timedelta(hours=1)


@pytest.mark.parametrize(
    ("kind", "status", "hours"),
    [
        (IncidentKind.CAMERA, Status.OFFLINE, 24),
        (IncidentKind.CAMERA, Status.DEGRADED, 72),
        (IncidentKind.NETWORK, Status.UNREACHABLE, 4),
    ],
)
def test_deadline(kind: IncidentKind, status: Status, hours: int) -> None:
    assert deadline(kind, status, OPENED, SETTINGS) == OPENED + hours * HOUR


@pytest.mark.parametrize(
    ("hours", "light", "due_hours"),
    [
        (0, Light.NONE, 5),
        (4.9, Light.NONE, 5),
        (5, Light.BLUE, 8),
        (8, Light.YELLOW, 10),
        (10, Light.RED, 24),
        (500, Light.RED, 24),
    ],
)
def test_lights(hours: float, light: Light, due_hours: float) -> None:
    until = OPENED + 10 * HOUR
    assert light_at(OPENED, until, OPENED + hours * HOUR, SETTINGS) is light
    assert next_due(OPENED, until, light, OPENED, SETTINGS) == OPENED + due_hours * HOUR


def test_whoever_works_on_it_is_not_reminded() -> None:
    until = OPENED + 100 * HOUR
    worked = OPENED + 20 * HOUR
    assert next_due(OPENED, until, Light.NONE, worked, SETTINGS) == worked + 24 * HOUR
    assert not is_reminder_due(worked, OPENED + 43 * HOUR, SETTINGS)
    assert is_reminder_due(worked, OPENED + 44 * HOUR, SETTINGS)


def test_settings_are_in_order() -> None:
    with pytest.raises(ValueError, match="must rise"):
        IncidentSettings(blue_ratio=0.9)
    with pytest.raises(ValueError, match=r"longest_hold_s \(30\) must not be below hold_s \(60\)"):
        CommonCauseSettings(longest_hold_s=30)
