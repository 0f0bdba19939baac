"""Where a camera may go in its life."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.registry.camera import Life
from sharpeyes.registry.life import IN_SERVICE, LONGEST_MAINTENANCE, LifeState, move

NOW = datetime(2026, 11, 22, 3, 0, tzinfo=UTC)
SOON = NOW + timedelta(hours=4)
PLANNED = LifeState(Life.PLANNED)
MENDED = LifeState(Life.MAINTENANCE, "lens", SOON)
REMOVED = LifeState(Life.REMOVED, "road works")


@pytest.mark.parametrize(
    ("current", "wanted"),
    [
        (None, IN_SERVICE),
        (None, PLANNED),
        (None, REMOVED),
        (PLANNED, IN_SERVICE),
        (PLANNED, REMOVED),
        (IN_SERVICE, MENDED),
        (IN_SERVICE, REMOVED),
        (MENDED, IN_SERVICE),
        (MENDED, REMOVED),
        (MENDED, LifeState(Life.MAINTENANCE, "lens and cable", SOON + timedelta(days=1))),
        (REMOVED, IN_SERVICE),
        (REMOVED, PLANNED),
        (REMOVED, LifeState(Life.REMOVED, "never to come back")),
    ],
)
def test_allowed(current: LifeState | None, wanted: LifeState) -> None:
    assert move(current, wanted, now=NOW) == wanted


@pytest.mark.parametrize(
    ("current", "wanted", "fields"),
    [
        (PLANNED, MENDED, ["life"]),
        (IN_SERVICE, PLANNED, ["life"]),
        (MENDED, PLANNED, ["life"]),
        (REMOVED, MENDED, ["life"]),
        (IN_SERVICE, LifeState(Life.REMOVED), ["reason"]),
        (IN_SERVICE, LifeState(Life.REMOVED, " \t"), ["reason"]),
        (IN_SERVICE, LifeState(Life.REMOVED, "a\x1b[31m"), ["reason"]),
        (IN_SERVICE, LifeState(Life.REMOVED, "x" * 501), ["reason"]),
        (IN_SERVICE, LifeState(Life.MAINTENANCE), ["reason", "until"]),
        (IN_SERVICE, LifeState(Life.REMOVED, "gone", SOON), ["until"]),
        (REMOVED, LifeState(Life.MAINTENANCE), ["life", "reason", "until"]),
    ],
)
def test_refused_with_every_reason(
    current: LifeState, wanted: LifeState, fields: list[str]
) -> None:
    problems = move(current, wanted, now=NOW)
    assert isinstance(problems, list)
    assert [problem.field for problem in problems] == fields


@pytest.mark.parametrize(
    ("until", "said"),
    [
        (NOW, "past"),
        (datetime(1970, 1, 1, tzinfo=UTC), "past"),
        (datetime(1, 1, 1, tzinfo=timezone(timedelta(hours=14))), "past"),
        (NOW + LONGEST_MAINTENANCE + timedelta(seconds=1), "days ahead"),
        (datetime(9999, 12, 31, 23, 59, tzinfo=timezone(timedelta(hours=-12))), "days ahead"),
        (SOON.replace(tzinfo=None), "time zone"),
    ],
)
def test_the_end_of_maintenance_is_a_time_that_can_be_meant(until: datetime, said: str) -> None:
    problems = move(IN_SERVICE, LifeState(Life.MAINTENANCE, "lens", until), now=NOW)
    assert isinstance(problems, list)
    [problem] = problems
    assert problem.field == "until"
    assert said in problem.reason


def test_times_and_reasons_are_stored_in_one_form() -> None:
    china = SOON.astimezone(timezone(timedelta(hours=8)))
    assert move(IN_SERVICE, LifeState(Life.MAINTENANCE, "  lens ", china), now=NOW) == MENDED


def test_a_sheet_may_leave_the_end_open() -> None:
    wanted = LifeState(Life.MAINTENANCE, "import of cameras.csv")
    assert move(IN_SERVICE, wanted, now=NOW, open_ended=True) == wanted


states = st.builds(
    LifeState,
    st.sampled_from(Life),
    st.sampled_from(["", "lens"]),
    st.sampled_from([None, SOON, NOW - timedelta(days=1)]),
)


@given(states, states)
def test_whatever_is_reached_can_be_stored_and_left_again(
    current: LifeState, wanted: LifeState
) -> None:
    state = move(current, wanted, now=NOW)
    if isinstance(state, list) or state == current:
        return
    assert state.until is None or state.life is Life.MAINTENANCE
    assert state.reason or state.life in {Life.PLANNED, Life.IN_SERVICE}
    assert move(state, state, now=NOW + timedelta(days=400)) == state
    assert move(state, IN_SERVICE, now=NOW) == IN_SERVICE
