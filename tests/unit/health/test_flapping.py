import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.health.flapping import ALTERNATING, RESULTS, change_share, changes, remember
from sharpeyes.health.settings import HealthSettings


def history(results: str) -> int:
    """Of results from the oldest to the newest: "x" is bad."""
    bits = 0
    for result in results:
        bits = remember(bits, bad=result == "x")
    return bits


@pytest.mark.parametrize(
    ("results", "share"),
    [
        ("." * 30, 0.0),
        ("x" * 30, 0.0),
        (".x" * 15, 1.0),
        # The newest change counts 1.2 of 20, the oldest 0.8.
        ("." * 20 + "x", 0.06),
        ("x" + "." * 20, 0.04),
        ("x" + "." * 21, 0.0),
    ],
)
def test_share_of_changes(results: str, share: float) -> None:
    assert change_share(history(results)) == pytest.approx(share)


@given(st.text(alphabet=".x", max_size=60))
def test_it_is_as_counted_by_hand(results: str) -> None:
    kept = results[-RESULTS:].rjust(RESULTS, ".")
    pairs = list(itertools.pairwise(kept))
    assert changes(history(results)) == sum(a != b for a, b in pairs)
    weighed = sum((0.8 + 0.4 * i / 19) * (a != b) for i, (a, b) in enumerate(pairs)) / 20
    assert change_share(history(results)) == pytest.approx(weighed)


def test_what_was_flapping_before_a_restart_still_is() -> None:
    assert changes(ALTERNATING) == RESULTS - 1


def test_thresholds_are_in_order() -> None:
    with pytest.raises(ValueError, match=r"flapping_low_ratio \(0.5\) must not be above"):
        HealthSettings(flapping_low_ratio=0.5)
