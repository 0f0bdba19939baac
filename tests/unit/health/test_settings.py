import pytest
from pydantic import ValidationError

from sharpeyes.health.settings import HealthSettings


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("reach_interval_s", 0),
        ("recheck_s", ()),
        ("recheck_s", (5, -1)),
        ("failures_to_fault", 1),
        ("refusals_to_block", 5),
        ("jitter_ratio", 0.6),
        ("reach_intervall_s", 60),
    ],
)
def test_what_would_harm_cameras_is_refused(field: str, value: object) -> None:
    with pytest.raises(ValidationError, match=field):
        HealthSettings.model_validate({field: value})


def test_backing_off_never_asks_more_often() -> None:
    with pytest.raises(ValidationError, match="backoff_max_s"):
        HealthSettings(backoff_max_s=10, recheck_s=(5, 15))
