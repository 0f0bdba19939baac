from random import Random

import msgspec
import pytest

from sharpeyes.health.judgement import CHECKS, NOT_ASKED, CameraState, Verdict, restore
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Cause, Check, Status
from sharpeyes.health.timers import Timer, Timers

SETTINGS = HealthSettings()


def state(**verdicts: Verdict) -> CameraState:
    held = tuple(
        verdicts.get(check.value, Verdict(Status.OK, recent=(Cause.NONE,))) for check in CHECKS
    )
    return msgspec.structs.replace(NOT_ASKED, verdicts=held)


def planned(timer: Timer, known: CameraState, now_s: float = 1000) -> float:
    timers = Timers(phase=0.25)
    timers.plan(timer, known, now_s, SETTINGS, Random(1))
    return timers.due_s[timer] - now_s


def test_a_new_camera_is_asked_everything_at_once() -> None:
    timers = Timers(phase=0.5)
    assert all(timers.is_due(timer, 0.0) for timer in Timer)


@pytest.mark.parametrize(
    ("timer", "interval_s"),
    [(Timer.REACH, 60), (Timer.LOGIN, 3600), (Timer.PICTURE, 300), (Timer.CLOCK, 3600)],
)
def test_what_is_well_waits_for_its_interval(timer: Timer, interval_s: float) -> None:
    assert 0.5 * interval_s <= planned(timer, state()) <= 1.5 * interval_s


@pytest.mark.parametrize("check", ["frames", "freeze"])
def test_a_surprise_is_looked_at_again_soon(check: str) -> None:
    surprised = Verdict(Status.OK, recent=(Cause.NO_FRAMES,), failures=1)
    assert 4.5 <= planned(Timer.PICTURE, state(**{check: surprised})) <= 5.5


def test_while_a_camera_is_away_only_its_return_is_waited_for() -> None:
    timers = Timers(phase=0.25, due_s=[500.0, 10.0, 20.0, 30.0])
    away = state(reach=Verdict(Status.OFFLINE, Cause.NETWORK, recent=(Cause.NETWORK,), failures=5))
    assert timers.next_s(away) == 500
    assert timers.next_s(state()) == 10


def test_until_a_restored_camera_has_answered_its_picture_is_not_waited_for() -> None:
    """Nothing but reach is asked before, so what else is due would be due for ever."""
    timers = Timers(phase=0.25, due_s=[500.0, 10.0, 20.0, 30.0])
    restored = restore(Status.OK, Cause.NONE, "", None)
    assert not restored.is_reached
    assert timers.next_s(restored) == 500


def test_a_slow_camera_is_still_asked_the_rest() -> None:
    timers = Timers(phase=0.25, due_s=[500.0, 10.0, 20.0, 30.0])
    slow = state(reach=Verdict(Status.DEGRADED, Cause.SLOW, recent=(Cause.SLOW,), failures=5))
    assert slow.verdict(Check.REACH).cause is Cause.SLOW
    assert timers.next_s(slow) == 10


def test_a_check_put_off_is_tried_again_soon() -> None:
    timers = Timers(phase=0.25)
    timers.put_off(Timer.PICTURE, 1000, SETTINGS, Random(1))
    assert 1004.5 <= timers.due_s[Timer.PICTURE] <= 1005.5
