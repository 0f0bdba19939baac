"""Settings that contradict each other are refused."""

import pytest
from pydantic import ValidationError

from sharpeyes.events.settings import EventSettings


def test_a_lease_must_outlast_an_attempt() -> None:
    with pytest.raises(ValidationError, match=r"lease_s \(20\) must be at least 75"):
        EventSettings(lease_s=20, attempt_timeout_s=60)


@pytest.mark.parametrize(
    "wrong",
    [
        {"instance": "Main"},
        {"instance": "a/b"},
        {"origin": "a b"},
        {"schedule_s": ()},
        {"schedule_s": (-1,)},
        {"allowed_networks": ("10.0.0.1/8",)},
        {"posts_per_endpoint": 0},
        {"unknown": 1},
    ],
)
def test_wrong_values_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValidationError):
        EventSettings.model_validate(wrong)
