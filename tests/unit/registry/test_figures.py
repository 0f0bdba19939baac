"""Figures: what share, and of what."""

import pytest

from sharpeyes.registry.figures import figure


@pytest.mark.parametrize(
    ("fulfilled", "judged", "percent"),
    [
        (0, 3, 0.0),
        (1, 3, 33.33),
        (2, 3, 66.67),
        (3, 3, 100.0),
        # An acceptance sheet asks for 100 %, and these are not that.
        (293_999, 294_000, 99.99),
        (1, 294_000, 0.01),
        (0, 0, None),
    ],
)
def test_all_and_none_are_said_only_of_all_and_none(
    fulfilled: int, judged: int, percent: float | None
) -> None:
    assert figure(fulfilled, judged).percent == percent
