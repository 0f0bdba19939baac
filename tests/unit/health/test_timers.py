import math
from array import array
from random import Random

import msgspec
import pytest

from sharpeyes.health.judgement import CHECKS, NOT_ASKED, CameraState, Verdict, restore
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Cause, Check, Status
from sharpeyes.health.timers import Timer, Timers, backed_off_s, jittered, retry_delay

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
    timers = Timers(phase=0.25, due_s=array("d", [500, 10, 20, 30, 40]))
    away = state(
        reach=Verdict(Status.UNREACHABLE, Cause.NETWORK, recent=(Cause.NETWORK,), failures=5)
    )
    assert timers.next_s(away) == 500
    assert timers.next_s(state()) == 10


def test_until_a_restored_camera_has_answered_its_picture_is_not_waited_for() -> None:
    """Nothing but reach is asked before, so what else is due would be due for ever."""
    timers = Timers(phase=0.25, due_s=array("d", [500, 10, 20, 30, 40]))
    restored = restore(Status.OK, Cause.NONE, "", None)
    assert not restored.is_reached
    assert timers.next_s(restored) == 500


def test_a_slow_camera_is_still_asked_the_rest() -> None:
    timers = Timers(phase=0.25, due_s=array("d", [500, 10, 20, 30, 40]))
    slow = state(reach=Verdict(Status.DEGRADED, Cause.SLOW, recent=(Cause.SLOW,), failures=5))
    assert slow.verdict(Check.REACH).cause is Cause.SLOW
    assert timers.next_s(slow) == 10


def test_a_check_put_off_is_tried_again_soon() -> None:
    timers = Timers(phase=0.25)
    timers.put_off(Timer.PICTURE, 1000, SETTINGS, Random(1))
    assert 1004.5 <= timers.due_s[Timer.PICTURE] <= 1005.5


def verdict(status: Status, *recent: Cause, failures: int = 0) -> Verdict:
    return Verdict(status=status, recent=recent, failures=failures)


@pytest.mark.parametrize(
    ("verdict", "delay_s"),
    [
        (verdict(Status.OK), None),
        (verdict(Status.OK, Cause.NONE), None),
        (verdict(Status.OK, Cause.NETWORK, failures=1), 5),
        (verdict(Status.OK, Cause.NETWORK, failures=9), 60),
        (verdict(Status.OK, Cause.NETWORK, Cause.NETWORK, failures=2), 15),
        (verdict(Status.UNREACHABLE, Cause.NETWORK, failures=3), 30),
        (verdict(Status.UNREACHABLE, Cause.NETWORK, failures=4), 60),
        (verdict(Status.UNREACHABLE, Cause.NETWORK, failures=10_000), 900),
        (verdict(Status.UNREACHABLE, Cause.NONE, failures=9), 5),
        (verdict(Status.UNREACHABLE, Cause.NONE, Cause.NETWORK, failures=7), 480),
        (verdict(Status.DEGRADED, Cause.AUTH, failures=9), None),
        (verdict(Status.DEGRADED, Cause.NONE, failures=9), 5),
        (verdict(Status.UNKNOWN, Cause.NONE), 5),
    ],
)
def test_retry_delay(verdict: Verdict, delay_s: float | None) -> None:
    assert retry_delay(verdict, verdict.failures, SETTINGS) == delay_s


def test_jitter_stays_within_its_share() -> None:
    random = Random(7)
    delays = [jittered(100, SETTINGS, random) for _ in range(1000)]
    assert min(delays) >= 90
    assert min(delays) < 92
    assert max(delays) > 108
    assert max(delays) <= 110


def test_backing_off_doubles_up_to_a_quarter_of_an_hour() -> None:
    delays_s = [backed_off_s(failures, SETTINGS) for failures in range(1, 12)]
    assert delays_s == [5, 15, 30, 60, 120, 240, 480, 900, 900, 900, 900]


def test_only_who_has_been_steady_is_looked_at_again_as_soon_as_at_first() -> None:
    """A camera that comes back for a moment between outages is asked no more often for it."""
    away = state(reach=Verdict(Status.OK, recent=(Cause.NETWORK,), failures=1))
    timers, random = Timers(phase=0.25), Random(3)

    def fails(now_s: float) -> float:
        timers.plan(Timer.REACH, away, now_s, SETTINGS, random)
        return timers.due_s[Timer.REACH] - now_s

    def answers(now_s: float) -> None:
        timers.plan(Timer.REACH, state(), now_s, SETTINGS, random)

    assert 4.5 <= fails(0) <= 5.5
    assert 13.5 <= fails(5) <= 16.5
    answers(20)
    answers(300)
    assert 27 <= fails(310) <= 33
    for now_s in range(400, 760, 60):
        answers(now_s)
    assert 4.5 <= fails(800) <= 5.5


def test_an_rtsp_check_is_a_connection_too() -> None:
    timers, random = Timers(phase=0.25), Random(3)
    timers.plan(Timer.REACH, state(), 1000, SETTINGS, random)
    assert timers.due_s[Timer.CONNECT] == math.inf
    often = HealthSettings(reach_interval_s=300, connect_interval_s=30)
    timers.plan(Timer.REACH, state(), 1000, often, random)
    assert 15 <= timers.due_s[Timer.CONNECT] - 1000 <= 45
    for timer in (Timer.LOGIN, Timer.PICTURE, Timer.CLOCK, Timer.RECORDING):
        timers.due_s[timer] = 2000
    assert timers.next_s(state()) == timers.due_s[Timer.CONNECT]


def test_recordings_are_asked_for_at_the_cameras_own_time_of_the_day() -> None:
    day_s, timers = SETTINGS.recording_interval_s, Timers(phase=0.25)
    for wall_s, waits_s in ((0.0, 21_600.0), (21_599.0, 1.0), (21_601.0, day_s - 1)):
        # Whenever the worker was started.
        timers.ask_recordings_daily(7 * day_s + wall_s, 1000.0, SETTINGS)
        assert timers.due_s[Timer.RECORDING] == 1000 + waits_s
    timers.plan(Timer.RECORDING, state(), 1000, SETTINGS, Random(3))
    assert day_s / 2 <= timers.due_s[Timer.RECORDING] - 1000 <= 1.6 * day_s
