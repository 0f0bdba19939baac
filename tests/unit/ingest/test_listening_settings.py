import pytest
from pydantic import ValidationError

from sharpeyes.ingest.listening_settings import ListeningSettings


def test_nobody_is_listened_to_unless_that_is_said() -> None:
    assert ListeningSettings().tiers == ()
    assert ListeningSettings(tiers=("City", "2")).tiers == ("city", "district")


@pytest.mark.parametrize(
    ("wrong", "words"),
    [
        ({"tiers": ("cities",)}, "must be one of city"),
        ({"retry_min_s": 10, "retry_max_s": 5}, "retry_max_s"),
        ({"wait_s": 100}, "twice wait_s"),
        ({"pull_limit": 0}, "greater than or equal to 1"),
    ],
)
def test_what_cannot_be_is_refused(wrong: dict[str, object], words: str) -> None:
    with pytest.raises(ValidationError, match=words):
        ListeningSettings.model_validate(wrong)
