"""How long things are kept is said with its unit, within what the law allows."""

from datetime import timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from sharpeyes.events.event import EventType
from sharpeyes.events.retention_class import CLASS_OF, RetentionClass
from sharpeyes.events.retention_settings import RetentionSettings


def test_every_class_has_its_time_and_every_type_its_class() -> None:
    settings = RetentionSettings(motion="45 days")
    assert settings.kept(RetentionClass.MOTION) == timedelta(days=45)
    assert all(settings.kept(one) > timedelta(0) for one in RetentionClass)
    assert set(CLASS_OF) == set(EventType)
    assert CLASS_OF[EventType.CAMERA_OFFLINE] is RetentionClass.CAMERA_HEALTH


@pytest.mark.parametrize("written", ["30", 30, "30d", "0 days", "-1 days", "1e3 days", "30 hours"])
def test_hostile_83_a_time_without_its_unit(written: Any) -> None:
    with pytest.raises(ValidationError, match="motion"):
        RetentionSettings(motion=written)


def test_what_the_law_asks_for_is_checked_at_the_start() -> None:
    with pytest.raises(ValidationError, match=r"motion \(29 days\) must be from least\.motion"):
        RetentionSettings(motion="29 days")
    with pytest.raises(ValidationError, match=r"to most\.pictures \(365 days\)"):
        RetentionSettings(pictures="366 days")
    with pytest.raises(ValidationError, match="extra"):
        RetentionSettings.model_validate({"pictures": "90 days", "faces": "1 days"})
