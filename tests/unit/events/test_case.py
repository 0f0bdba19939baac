"""How far a case is, and what may follow."""

from datetime import UTC, datetime, timedelta

import pytest
from pydantic import ValidationError

from sharpeyes.events.case import (
    Case,
    CaseHistoryStep,
    CaseMove,
    CaseState,
    CaseStep,
    may_have_case,
    state_after,
)
from sharpeyes.events.case_settings import CaseLimit
from sharpeyes.events.deadline_light import Light, LightRatios, light_at, next_light_at
from sharpeyes.events.errors import CaseStateError
from sharpeyes.events.event import EventType
from sharpeyes.events.settings import EventSettings

BEGAN = datetime(2026, 11, 21, 8, tzinfo=UTC)
S, T = CaseState, CaseStep
LEGAL = {
    (S.DISPATCHED, T.ACKNOWLEDGED), (S.ACKNOWLEDGED, T.HANDLED), (S.HANDLED, T.CLOSED),
    (S.DISPATCHED, T.REJECTED), (S.ACKNOWLEDGED, T.REJECTED), (S.HANDLED, T.REJECTED),
}  # fmt: skip
MOVES = [T.ACKNOWLEDGED, T.HANDLED, T.CLOSED, T.REJECTED]


def case(state: CaseState, case_number: str = "") -> Case:
    return Case(
        event_id="e1",
        state=state,
        case_number=case_number,
        dispatched_at=BEGAN,
        acknowledged_at=None,
        handled_at=None,
        ended_at=None,
        deadline_at=None,
        light=Light.NONE,
        revision=1,
    )


def said(step: CaseStep, words: str = "") -> CaseHistoryStep:
    return CaseHistoryStep(at=BEGAN, actor="police", step=step, words=words)


@pytest.mark.parametrize("state", CaseState)
@pytest.mark.parametrize("step", MOVES)
def test_what_follows_from_what(state: CaseState, step: CaseStep) -> None:
    move = CaseMove(step=step, words="x")
    if (state, step) in LEGAL:
        assert state_after(case(state), move, []) is CaseState(step)
    else:
        with pytest.raises(CaseStateError, match=f"is {state} and cannot be {step}: "):
            state_after(case(state), move, [])


@pytest.mark.parametrize("step", MOVES)
def test_the_same_again_changes_nothing_also_when_the_case_has_gone_on(step: CaseStep) -> None:
    history = [said(step, "a van, towed"), said(T.LIGHT, "blue")]
    for state in CaseState:
        assert state_after(case(state), CaseMove(step=step, words="a van, towed"), history) is None
    with pytest.raises(CaseStateError, match="already, by police at 2026-11-21 08:00:00 UTC, in o"):
        state_after(case(S.CLOSED), CaseMove(step=step, words="a bus"), history)


def test_a_case_keeps_its_number() -> None:
    named = case(S.DISPATCHED, "GA-7")
    for number in ("", "GA-7"):
        move = CaseMove(step=T.ACKNOWLEDGED, case_number=number)
        assert state_after(named, move, []) is S.ACKNOWLEDGED
    with pytest.raises(CaseStateError, match="has the case number 'GA-7' already, not 'GA-8'"):
        state_after(named, CaseMove(step=T.ACKNOWLEDGED, case_number="GA-8"), [])


def test_which_events_have_cases() -> None:
    assert may_have_case(EventType.ABANDONED_VEHICLE, "alert")
    assert may_have_case(EventType.MOTION, "start")
    assert not may_have_case(EventType.ABANDONED_VEHICLE, "end")
    assert not may_have_case(EventType.CAMERA_OFFLINE, None)
    assert not may_have_case(EventType.CASE_CHANGED, None)


def test_each_light_comes_after_its_share_of_the_time() -> None:
    ratios = LightRatios(blue_ratio=0.25, yellow_ratio=0.5, red_ratio=1)
    until = BEGAN + timedelta(hours=4)
    lights = [light_at(BEGAN, until, BEGAN + timedelta(minutes=m), ratios) for m in range(301)]
    assert [lights.index(light) for light in Light] == [0, 60, 120, 240]
    due = [next_light_at(BEGAN, until, light, ratios) for light in Light]
    assert due == [*(BEGAN + timedelta(hours=h) for h in (1, 2, 4)), None]


def test_limits_are_of_types_that_have_cases() -> None:
    assert EventSettings().case_limits[EventType.ABANDONED_VEHICLE] == CaseLimit(limit_s=7200)
    with pytest.raises(ValidationError, match=r"events of the type org.*offline.* have no cases"):
        EventSettings(case_limits={EventType.CAMERA_OFFLINE: CaseLimit(limit_s=1)})
    with pytest.raises(ValidationError, match="must rise"):
        CaseLimit(limit_s=1, blue_ratio=0.9)
