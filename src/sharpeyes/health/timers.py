"""When each check of one camera is due; pure."""

from dataclasses import dataclass, field
from enum import IntEnum
from random import Random

from sharpeyes.health.judgement import CameraState
from sharpeyes.health.schedule import jittered, next_on_phase, retry_delay
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Check


class Timer(IntEnum):
    """What has an interval of its own."""

    REACH = 0
    LOGIN = 1
    PICTURE = 2
    CLOCK = 3


_CHECKS = {
    Timer.REACH: (Check.REACH,),
    Timer.LOGIN: (Check.STREAM,),
    Timer.PICTURE: (Check.FRAMES, Check.FREEZE),
    Timer.CLOCK: (Check.CLOCK,),
}


@dataclass(slots=True)
class Timers:
    """When each check of one camera is due, in seconds of a steady clock.

    Attributes:
        phase: the camera's place in every interval, 0-1.
        due_s: by timer; all at once for a camera that is asked for the first time.
    """

    phase: float
    due_s: list[float] = field(default_factory=lambda: [0.0] * len(Timer))

    def is_due(self, timer: Timer, now_s: float) -> bool:
        """Whether a check should be made now."""
        return self.due_s[timer] <= now_s

    def ask_all_at(self, moment_s: float) -> None:
        """Make every check due at one moment."""
        self.due_s = [moment_s] * len(Timer)

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
        delays = [retry_delay(state.verdict(check), settings) for check in _CHECKS[timer]]
        soonest = min((delay for delay in delays if delay is not None), default=None)
        if soonest is not None:
            self.due_s[timer] = now_s + jittered(soonest, settings, random)
            return
        interval_s = (
            settings.reach_interval_s,
            settings.login_interval_s,
            settings.picture_interval_s,
            settings.clock_interval_s,
        )[timer]
        jitter = random.uniform(-settings.jitter_ratio, settings.jitter_ratio)
        self.due_s[timer] = next_on_phase(now_s, interval_s, self.phase, jitter)

    def put_off(self, timer: Timer, now_s: float, settings: HealthSettings, random: Random) -> None:
        """Set when a check that could not be made for a reason of ours is tried again."""
        self.due_s[timer] = now_s + jittered(settings.recheck_s[0], settings, random)
