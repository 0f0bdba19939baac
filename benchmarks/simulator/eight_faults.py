"""Eight things that go wrong in a city, each on cameras that have no part in the others."""

from __future__ import annotations

import random

from benchmarks.errors import CityTooSmallError
from sharpeyes.devices.simulator.city.fault import (
    CityFault,
    ClockOff,
    Frozen,
    Unanswered,
    WrongPassword,
)
from sharpeyes.devices.simulator.city.layout import (
    CAMERAS_PER_SWITCH,
    DISTRICTS,
    RECORDERS_PER_SWITCH,
    Layout,
)
from sharpeyes.devices.simulator.city.scenario import Flaps, Scenario, Step
from sharpeyes.devices.simulator.city.selection import Selection

# One switch must stay a small part of its link, or the link itself might be to blame.
_SWITCHES_PER_LINK_AT_LEAST = 4
MIN_CAMERAS = len(DISTRICTS) * _SWITCHES_PER_LINK_AT_LEAST * CAMERAS_PER_SWITCH
_POWERLESS_SWITCHES = 5  # of 200 cameras
_RECORDERS = 3
_WRONG_PASSWORD_SHARE = 0.1
_FROZEN_CAMERAS = 100
# No whole number of quarter hours: that would look like a time zone.
_CLOCK_JUMP_S = 1_234.0


def eight_faults(
    cameras: int, seed: int = 1, *, first_s: float = 120, lasts_s: float = 600
) -> Scenario:
    """Make the scenario; a step's name up to its colon is the name of the fault.

    Each fault is on a link of its own, so that none looks like a part of another. The last, the
    loss of the poller's own network, comes when all others have been over for as long as they
    lasted.

    Args:
        cameras: of the city.
        seed: who is struck.
        first_s: when the first begins; time for a first judgement of all cameras.
        lasts_s: how long each lasts: longer than the judgement of the slowest check takes.

    Raises:
        CityTooSmallError: the city has fewer than MIN_CAMERAS cameras.
    """
    if cameras < MIN_CAMERAS:
        raise CityTooSmallError(f"eight faults need {MIN_CAMERAS:,} cameras, not {cameras:,}")
    layout = Layout(cameras, 0)
    rng = random.Random(seed)
    links = rng.sample([link for link in layout.links() if link[0].endswith("-1")], len(DISTRICTS))
    switches = [rng.choice(group) for _, group in links]
    last = iter(range(2, len(links)))

    def step(
        name: str,
        on: Selection,
        fault: CityFault,
        *,
        at_s: float = first_s,
        flaps: Flaps | None = None,
        begins_over_s: float = 0,
    ) -> Step:
        return Step(
            name=name,
            at_s=at_s,
            lasts_s=lasts_s,
            on=on,
            fault=fault,
            flaps=flaps,
            begins_over_s=begins_over_s,
        )

    def one_switch() -> Selection:
        return Selection(switches=(switches[next(last)],))

    turn_s = lasts_s / 10
    steps = [
        step(
            "link flaps",
            Selection(links=(links[0][0],)),
            Unanswered(),
            flaps=Flaps(down_s=turn_s, up_s=turn_s),
        ),
        step(
            "wrong passwords",
            Selection(links=(links[1][0],), share=_WRONG_PASSWORD_SHARE),
            WrongPassword(),
            begins_over_s=turn_s,
        ),
        step("switch dies", one_switch(), Unanswered()),
        *(
            step(f"power returns to 1,000 cameras at once: {n}", one_switch(), Unanswered())
            for n in range(1, _POWERLESS_SWITCHES + 1)
        ),
        step("clocks jump", one_switch(), ClockOff(_CLOCK_JUMP_S)),
        step(
            "pictures freeze",
            Selection(switches=(switches[next(last)],), count=_FROZEN_CAMERAS),
            Frozen(),
        ),
        *(
            step(
                f"recorder dies: {n}",
                Selection(recorders=(switches[next(last)] * RECORDERS_PER_SWITCH,)),
                Unanswered(),
            )
            for n in range(1, _RECORDERS + 1)
        ),
        step(
            "poller's own network gone",
            Selection(all=True),
            Unanswered(),
            at_s=first_s + 2 * lasts_s,
        ),
    ]
    return Scenario(f"eight faults, seed {seed}", tuple(steps))
