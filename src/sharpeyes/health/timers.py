"""When each check of one camera is due; pure."""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, field
from enum import IntEnum
from random import Random

from sharpeyes.health.judgement import CameraState, Verdict
from sharpeyes.health.schedule import next_on_phase
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Check

_LATEST_EXPONENT = 30


class Timer(IntEnum):
    """What has an interval of its own."""

    REACH = 0
    """RTSP, without a password."""
    LOGIN = 1
    PICTURE = 2
    CLOCK = 3
    CONNECT = 4
    """A connection and no word; RTSP begins with one, too."""
    RECORDING = 5
    """Which recordings are kept: no check, and nothing is judged by it."""


_INTERVALS = (
    "reach_interval_s",
    "login_interval_s",
    "picture_interval_s",
    "clock_interval_s",
    "connect_interval_s",
    "recording_interval_s",
)
_CHECKS = {
    Timer.LOGIN: (Check.STREAM,),
    Timer.PICTURE: (Check.FRAMES, Check.FREEZE, Check.PICTURE),
    Timer.CLOCK: (Check.CLOCK,),
}


def interval_s(check: Check, settings: HealthSettings) -> float:
    """Return how often a check is made of a camera that is well, in seconds."""
    made_with = (timer for timer, checks in _CHECKS.items() if check in checks)
    interval: float = getattr(settings, _INTERVALS[next(made_with, Timer.REACH)])
    return interval


def jittered(delay_s: float, settings: HealthSettings, random: Random) -> float:
    """Vary a delay by the set share, so that what failed together is not asked together."""
    return delay_s * (1 + random.uniform(-settings.jitter_ratio, settings.jitter_ratio))


def backed_off_s(failures: int, settings: HealthSettings) -> float:
    """Return how soon a camera is asked again that failed so often, before jitter."""
    if failures <= len(settings.recheck_s):
        return settings.recheck_s[max(failures, 1) - 1]
    doublings = min(failures - len(settings.recheck_s), _LATEST_EXPONENT)
    return min(settings.recheck_s[-1] * 2.0**doublings, settings.backoff_max_s)


def retry_delay(verdict: Verdict, failures: int, settings: HealthSettings) -> float | None:
    """Return how soon a check is repeated that has surprised us, or whose camera stays offline.

    Surprises are looked at again soon, a few times. What stays offline is asked ever less often,
    and a lone success does not make it often again.

    Args:
        verdict: what the check holds to be so.
        failures: since the camera was last steady.
        settings: of health.

    Returns:
        Seconds, before jitter; None when the check's regular moment will do.
    """
    failing = bool(verdict.recent and verdict.recent[-1])
    if not failing:
        return settings.recheck_s[0] if verdict.surprising else None
    delay_s = backed_off_s(failures, settings)
    if verdict.surprising:
        # Whoever comes and goes is not asked more often for it, nor less than whoever is well.
        return min(delay_s, settings.reach_interval_s)
    return delay_s if verdict.status.is_down else None


@dataclass(slots=True)
class Timers:
    """When each check of one camera is due, in seconds of a steady clock.

    Attributes:
        phase: the camera's place in every interval, 0-1.
        due_s: by timer; all at once for a camera that is asked for the first time.
        failures: how often it did not answer since it was last steady: what backing off goes by.
        steady_since_s: since when it has answered every time; infinite while it does not.
    """

    phase: float
    due_s: array[float] = field(default_factory=lambda: array("d", [0.0] * len(Timer)))
    failures: int = 0
    steady_since_s: float = math.inf

    def is_due(self, timer: Timer, now_s: float) -> bool:
        """Whether a check should be made now."""
        return self.due_s[timer] <= now_s

    def ask_all_at(self, moment_s: float) -> None:
        """Make every check due at one moment."""
        self.due_s = array("d", [moment_s] * len(Timer))

    def ask_recordings_daily(self, wall_s: float, now_s: float, settings: HealthSettings) -> None:
        """Make the question for recordings due at the camera's own time of the day.

        By the time of the day, for a worker that is started anew every evening would otherwise
        never come to the later ones.

        Args:
            wall_s: the present, seconds since 1970.
            now_s: the same of the steady clock.
            settings: of health; a "day" is the interval that is set.
        """
        interval_s = settings.recording_interval_s
        delay_s = (self.phase * interval_s - wall_s) % interval_s
        self.due_s[Timer.RECORDING] = now_s + delay_s

    def next_s(self, state: CameraState) -> float:
        """Return when the camera should be asked next.

        Until it is reached nothing else can be asked; what became due meanwhile is asked as soon
        as it answers.
        """
        return min(self.due_s) if state.is_reached else self.due_s[Timer.REACH]

    def plan(
        self,
        timer: Timer,
        state: CameraState,
        now_s: float,
        settings: HealthSettings,
        random: Random,
    ) -> None:
        """Set when a check that has been made is due again."""
        if timer is Timer.REACH:
            verdict = state.verdict(Check.REACH)
            if verdict.recent:
                self._count(state.is_reached, now_s, settings)
            soonest = retry_delay(verdict, max(self.failures, verdict.failures), settings)
        else:
            verdicts = [state.verdict(check) for check in _CHECKS.get(timer, ())]
            delays = [retry_delay(v, v.failures, settings) for v in verdicts]
            soonest = min((delay for delay in delays if delay is not None), default=None)
        if soonest is not None:
            self.due_s[timer] = now_s + jittered(soonest, settings, random)
        else:
            self.due_s[timer] = self._regular_s(timer, now_s, settings, random)
        if timer is Timer.REACH:
            self.due_s[Timer.CONNECT] = self._regular_s(Timer.CONNECT, now_s, settings, random)

    def put_off(self, timer: Timer, now_s: float, settings: HealthSettings, random: Random) -> None:
        """Set when a check that could not be made for a reason of ours is tried again."""
        self.due_s[timer] = now_s + jittered(settings.recheck_s[0], settings, random)

    def _count(self, is_reached: bool, now_s: float, settings: HealthSettings) -> None:
        """Count failures to answer, until it has answered for long enough."""
        if not is_reached:
            self.failures += 1
            self.steady_since_s = math.inf
        elif self.failures:
            self.steady_since_s = min(self.steady_since_s, now_s)
            if now_s - self.steady_since_s >= settings.steady_after_s:
                self.failures = 0

    def _regular_s(
        self, timer: Timer, now_s: float, settings: HealthSettings, random: Random
    ) -> float:
        interval_s: float = getattr(settings, _INTERVALS[timer])
        if timer is Timer.CONNECT and interval_s >= settings.reach_interval_s:
            return math.inf
        jitter = random.uniform(-settings.jitter_ratio, settings.jitter_ratio)
        return next_on_phase(now_s, interval_s, self.phase, jitter)
