"""A scenario in a city, by a seed: who is struck and released when."""

import heapq
import math
import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from sharpeyes.devices.simulator.city.fault import (
    CityFault,
    Reset,
    Silent,
    Unanswered,
    is_of_device,
)
from sharpeyes.devices.simulator.city.layout import Layout
from sharpeyes.devices.simulator.city.scenario import Scenario, ScenarioError, Step
from sharpeyes.devices.simulator.city.selection import SelectionError, choose

UNSTABLE = "unstable"
POLLER = "poller"
_TAKES_ALL_AWAY = (Unanswered, Reset, Silent)


@dataclass(frozen=True, slots=True)
class Trouble:
    """A step as the city plays it.

    Attributes:
        name: of the step.
        fault: what is wrong.
        cause: what a judgement should name; "" for nothing.
        common: kind of the one incident: recorder, switch, link, poller; "" for none.
        place: which of that kind, where it is one: a number, a link's name; else "".
        members: devices or cameras, as the fault has it, in their order.
    """

    name: str
    fault: CityFault
    cause: str
    common: str
    place: str
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True, order=True)
class Change:
    """Somebody is struck or released.

    Attributes:
        at_s: seconds after the start.
        trouble: index of the trouble.
        begins: struck; else released.
        members: devices or cameras, as the trouble's fault has it.
    """

    at_s: float
    trouble: int
    begins: bool
    members: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Timeline:
    """All troubles, and all changes in the order of time."""

    troubles: tuple[Trouble, ...]
    changes: tuple[Change, ...]


def plan(scenario: Scenario, layout: Layout, seed: int) -> Timeline:
    """Work a scenario out; the same arguments give the same timeline.

    Raises:
        ScenarioError: a step does not fit the city.
    """
    troubles = []
    changes: list[Iterator[Change]] = []
    for number, step in enumerate(scenario.step):
        rng = random.Random(f"{seed}/{number}/{step.name}")  # noqa: S311  # chance, no secret
        try:
            members = choose(step.on, layout, rng, devices=is_of_device(step.fault))
        except SelectionError as error:
            told = f'{scenario.name or "scenario"}: step {number + 1} ("{step.name}")'
            raise ScenarioError(f"{told}: on.{error}") from None
        troubles.append(_trouble(step, members))
        changes.append(_changes(number, step, members))
    return Timeline(tuple(troubles), tuple(heapq.merge(*changes)))


def _trouble(step: Step, members: tuple[int, ...]) -> Trouble:
    common, place = "", ""
    if isinstance(step.fault, _TAKES_ALL_AWAY) and step.on.place:
        common = POLLER if step.on.place == "city" else step.on.place
        named = (
            *step.on.districts,
            *step.on.links,
            *map(str, step.on.switches),
            *step.on.subnets,
            *map(str, step.on.recorders),
        )
        place = named[0] if len(named) == 1 else ""
    suggested = UNSTABLE if step.flaps else step.fault.cause
    return Trouble(
        name=step.name,
        fault=step.fault,
        cause=suggested if step.cause is None else step.cause,
        common=common if step.common is None else step.common,
        place=place,
        members=members,
    )


def _changes(trouble: int, step: Step, members: tuple[int, ...]) -> Iterator[Change]:
    if step.flaps is not None and step.lasts_s is not None:
        end_s = step.at_s + step.lasts_s
        for turn in range(math.ceil(step.lasts_s / (step.flaps.down_s + step.flaps.up_s))):
            down_s = step.at_s + turn * (step.flaps.down_s + step.flaps.up_s)
            yield Change(down_s, trouble, begins=True, members=members)
            up_s = min(down_s + step.flaps.down_s, end_s)
            yield Change(up_s, trouble, begins=False, members=members)
        return
    yield from _spread(trouble, members, step.at_s, step.begins_over_s, begins=True)
    if step.lasts_s is not None:
        end_s = step.at_s + step.lasts_s
        yield from _spread(trouble, members, end_s, step.ends_over_s, begins=False)


def _spread(
    trouble: int, members: Sequence[int], at_s: float, over_s: float, *, begins: bool
) -> Iterator[Change]:
    """Once a second some, evenly."""
    turns = min(max(math.ceil(over_s), 1), len(members))
    for turn in range(turns):
        some = members[turn * len(members) // turns : (turn + 1) * len(members) // turns]
        moment_s = at_s + over_s * turn / turns
        yield Change(moment_s, trouble, begins=begins, members=tuple(some))
