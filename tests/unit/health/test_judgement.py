from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import TypeAlias

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.health.judgement import NOT_ASKED, CameraState, judge, restore
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import (
    SEVERITY,
    Cause,
    Check,
    CheckResult,
    Status,
    Transition,
)

SETTINGS = HealthSettings()
BEGIN = datetime(2026, 11, 21, 8, tzinfo=UTC)
Step: TypeAlias = Cause | tuple[Check, Cause]
# What a check may find; that a camera is unstable is judged from that.
SEEN = [cause for cause in Cause if cause not in {Cause.UNSTABLE, Cause.UNKNOWN}]
STEADY = HealthSettings(flapping_high_ratio=1)
WELL, NETWORK, SILENT, SLOW = Cause.NONE, Cause.NETWORK, Cause.SILENT, Cause.SLOW


def run(
    causes: Iterable[Step],
    state: CameraState = NOT_ASKED,
    settings: HealthSettings = SETTINGS,
) -> tuple[CameraState, list[Transition]]:
    """Judge results of the check `reach`, or of the check that is named, ten seconds apart."""
    transitions = []
    now = BEGIN
    for step in causes:
        check, cause = step if isinstance(step, tuple) else (Check.REACH, step)
        result = CheckResult(check, cause, "seen" if cause else "")
        state, transition = judge(state, result, settings, now)
        transitions += [transition] if transition else []
        now += timedelta(seconds=10)
    return state, transitions


def known(status: Status, cause: Cause = WELL, check: Check | None = None) -> CameraState:
    return restore(status, cause, "stored" if cause else "", check)


OK = known(Status.OK)
OFFLINE = known(Status.OFFLINE, NETWORK, Check.REACH)


@pytest.mark.parametrize(
    ("before", "results", "after"),
    [
        (NOT_ASKED, [WELL], "unknown"),
        (NOT_ASKED, [WELL, WELL], "ok"),
        (NOT_ASKED, [NETWORK, NETWORK], "unknown"),
        (NOT_ASKED, [NETWORK, NETWORK, NETWORK], "unreachable network"),
        (NOT_ASKED, [WELL, NETWORK, WELL, NETWORK], "unknown"),
        (OK, [NETWORK, NETWORK], "ok"),
        (OK, [NETWORK, NETWORK, WELL, NETWORK, NETWORK], "ok"),
        (OK, [NETWORK] * 3, "unreachable network"),
        (OK, [NETWORK, SILENT, NETWORK], "unreachable network"),
        (OK, [SLOW] * 3, "degraded slow"),
        (OK, [NETWORK, NETWORK, SLOW], "degraded slow"),
        (OK, [NETWORK, SLOW, NETWORK], "ok"),
        (OFFLINE, [WELL], "unreachable network"),
        (OFFLINE, [WELL, NETWORK, WELL], "unreachable network"),
        (OFFLINE, [WELL, WELL], "ok"),
        (OFFLINE, [SLOW, SLOW], "degraded slow"),
        (OFFLINE, [SILENT, SILENT], "unreachable network"),
        (OFFLINE, [SILENT] * 3, "unreachable silent"),
        (OK, [(Check.CLOCK, Cause.CLOCK)] * 3, "degraded clock"),
        (OK, [(Check.CLOCK, Cause.CLOCK)] * 3 + [NETWORK] * 3, "unreachable network"),
        (OK, [(Check.CLOCK, Cause.CLOCK)] * 3 + [NETWORK] * 3 + [WELL] * 2, "degraded clock"),
        (OK, [(Check.FRAMES, Cause.NO_FRAMES)] * 3, "offline no_frames"),
        (OK, [(Check.STREAM, Cause.AUTH)] * 3, "degraded auth"),
        (OK, [(Check.FREEZE, Cause.FROZEN), (Check.CLOCK, Cause.CLOCK)] * 3, "degraded frozen"),
    ],
)
def test_status_after_results(
    before: CameraState, results: list[Cause | tuple[Check, Cause]], after: str
) -> None:
    state, _ = run(results, before)
    assert f"{state.status} {state.cause}".strip() == after


def test_nobody_is_called_well_while_a_check_doubts() -> None:
    reached: list[Step] = [WELL, (Check.STREAM, Cause.AUTH)]
    state, transitions = run([*reached, *reached])
    assert state.status is Status.UNKNOWN
    assert transitions == []
    state, transitions = run(reached, state)
    assert [(t.from_status, t.to_status, t.cause) for t in transitions] == [
        (Status.UNKNOWN, Status.DEGRADED, Cause.AUTH)
    ]


def test_evidence_counts_the_tries() -> None:
    _, (transition,) = run([NETWORK] * 3, OK)
    assert transition.evidence == "seen (3 tries in 20 s)"
    assert transition.check is Check.REACH
    assert transition.at == BEGIN + timedelta(seconds=20)


def test_an_outage_is_one_transition_there_and_one_back() -> None:
    _, transitions = run([WELL, WELL, *[NETWORK] * 50, WELL, NETWORK, WELL, WELL, WELL])
    assert [t.to_status for t in transitions] == [Status.OK, Status.UNREACHABLE, Status.OK]


def test_another_cause_of_the_same_status_is_told_once_it_is_sure() -> None:
    _, transitions = run([NETWORK, SILENT, SILENT, SILENT, SILENT], OFFLINE)
    assert [(t.from_status, t.to_status, t.cause) for t in transitions] == [
        (Status.UNREACHABLE, Status.UNREACHABLE, Cause.SILENT)
    ]


@pytest.mark.parametrize("check", list(Check))
@pytest.mark.parametrize("cause", [c for c in SEEN if c])
def test_a_restart_changes_nobodys_status(check: Check, cause: Cause) -> None:
    state = known(cause.status, cause, check)
    assert (state.status, state.cause) == (cause.status, cause)
    again = CheckResult(check, cause, "the same again")
    for _ in range(5):
        state, transition = judge(state, again, SETTINGS, BEGIN)
        assert transition is None


def test_after_a_restart_the_checks_before_the_failed_one_are_well() -> None:
    _, transitions = run([WELL, WELL, WELL], known(Status.DEGRADED, Cause.FROZEN, Check.FREEZE))
    assert transitions == []


@given(st.lists(st.sampled_from(SEEN), max_size=60))
def test_no_transition_without_enough_results_in_a_row(causes: list[Cause]) -> None:
    state = NOT_ASKED
    for number, cause in enumerate(causes, start=1):
        before = state
        now = BEGIN + timedelta(seconds=number)
        state, transition = judge(state, CheckResult(Check.REACH, cause), STEADY, now)
        assert (transition is None) == (
            (before.status, before.cause) == (state.status, state.cause)
        )
        if transition is None:
            continue
        assert transition.cause is cause
        severities = [SEVERITY[c.status] for c in causes[:number]]
        severity, known = SEVERITY[state.status], SEVERITY.get(before.status)
        if severity == known:
            assert set(causes[number - 3 : number]) == {cause}
        elif severity > (known or 0):
            assert min(severities[-3:]) == severity
            assert number >= 3
        else:
            assert max(severities[-2:]) == severity
            assert number >= 2


any_results = st.lists(
    st.tuples(st.sampled_from(Check), st.sampled_from([*SEEN, Cause.UNKNOWN])), max_size=60
)


@given(any_results)
def test_only_the_newest_results_are_kept(steps: list[tuple[Check, Cause]]) -> None:
    state, _ = run(steps)
    assert all(len(verdict.recent) <= 3 for verdict in state.verdicts)


@given(any_results)
def test_steady_good_answers_always_lead_to_ok(steps: list[tuple[Check, Cause]]) -> None:
    state, _ = run(steps)
    state, _ = run([(check, WELL) for check in Check for _ in range(21)], state)
    assert state.status is Status.OK


@given(any_results)
def test_a_camera_that_is_ok_has_no_check_that_holds_otherwise(
    steps: list[tuple[Check, Cause]],
) -> None:
    state, _ = run(steps)
    held = [v.status for v in state.verdicts if v.status is not Status.UNKNOWN]
    if state.status is Status.OK:
        assert not any(SEVERITY[status] for status in held)


def changed(transitions: list[Transition]) -> list[str]:
    return [f"{t.to_status} {t.cause}".strip() for t in transitions]


def test_what_comes_and_goes_is_unstable_once_and_not_fifty_times() -> None:
    """Three minutes up, one down, for hours."""
    state, transitions = run([*[NETWORK] * 4, *[WELL] * 4] * 50, OK)
    assert changed(transitions) == ["unreachable network", "ok", "degraded unstable"]
    assert "comes and goes" in state.evidence
    assert "seen" in state.evidence
    _, transitions = run([WELL] * 30, state)
    assert changed(transitions) == ["ok", "ok"]


def test_single_lost_answers_do_not_make_a_camera_unstable() -> None:
    _, transitions = run([*[WELL] * 9, NETWORK] * 10, OK)
    assert transitions == []


def test_what_answers_every_second_time_is_unstable_though_never_down() -> None:
    _, transitions = run([WELL, NETWORK] * 20, OK)
    assert changed(transitions) == ["degraded unstable"]


def test_an_unstable_camera_that_stays_down_is_down() -> None:
    state, _ = run([*[NETWORK] * 4, *[WELL] * 4] * 5, OK)
    assert state.cause is Cause.UNSTABLE
    _, transitions = run([NETWORK] * 8, state)
    assert changed(transitions) == ["unreachable network"]


def test_a_restart_does_not_end_that_a_camera_is_unstable() -> None:
    stored = known(Status.DEGRADED, Cause.UNSTABLE, Check.REACH)
    _, transitions = run([WELL] * 10, stored)
    assert transitions == []
    _, transitions = run([WELL] * 22, stored)
    assert changed(transitions)[0] == "ok"


def test_a_restored_camera_proves_it_with_the_check_that_had_failed() -> None:
    state, transitions = run([(Check.FREEZE, Cause.FROZEN)] * 3 + [(Check.FREEZE, WELL)] * 2, OK)
    assert changed(transitions) == ["degraded frozen", "ok"]
    state, transitions = run([WELL] * 20 + [(Check.FREEZE, WELL)] * 2, state)
    assert transitions == []
    state, transitions = run([NETWORK, WELL, *[(Check.FREEZE, WELL)] * 2], state)
    assert transitions == []
    _, transitions = run([(Check.FREEZE, WELL)], state)
    assert [(t.from_status, t.to_status) for t in transitions] == [(Status.OK, Status.OK)]
    assert "3 good results in a row of the check freeze" in transitions[0].evidence


def test_a_restart_does_not_forget_that_a_camera_has_to_prove_itself() -> None:
    state = restore(Status.OK, WELL, "", None, Check.REACH)
    _, transitions = run([WELL] * 3, state)
    assert [(t.from_status, t.to_status) for t in transitions] == [(Status.OK, Status.OK)]


def test_a_clock_that_is_no_longer_told_is_no_longer_called_off() -> None:
    off, silent = (Check.CLOCK, Cause.CLOCK), (Check.CLOCK, Cause.UNKNOWN)
    state, _ = run([off] * 3, OK)
    assert state.cause is Cause.CLOCK
    state, transitions = run([silent, silent, off, silent, silent], state)
    assert transitions == []
    _, transitions = run([silent], state)
    assert changed(transitions) == ["ok"]
    assert transitions[0].evidence == "seen"


def test_a_clock_that_was_never_told_says_nothing() -> None:
    state, transitions = run([(Check.CLOCK, Cause.UNKNOWN)] * 5, OK)
    assert transitions == []
    assert state == OK


def test_an_outage_began_with_its_first_failure() -> None:
    _, (transition,) = run([WELL, NETWORK, NETWORK, NETWORK], OK)
    assert transition.began_at == BEGIN + timedelta(seconds=10)


def test_what_is_well_costs_nothing_new() -> None:
    state, _ = run([WELL] * 3)
    again, transition = judge(state, CheckResult(Check.REACH), SETTINGS, BEGIN)
    assert transition is None
    assert again is state
    other, _ = run([WELL] * 3)
    assert other.verdicts[0] is state.verdicts[0]
