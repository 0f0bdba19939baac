"""What goes wrong in a simulated city, and when: a file of timed steps."""

import re
import tomllib
from pathlib import Path
from typing import Annotated, Any

import msgspec

from sharpeyes.devices.simulator.city.fault import CityFault
from sharpeyes.devices.simulator.city.selection import Selection
from sharpeyes.devices.simulator.errors import SimulatorError

_MAX_FILE_BYTES = 8_388_608
_MAX_STEPS = 10_000
_Moment = Annotated[float, msgspec.Meta(ge=0, le=31_536_000)]
_Duration = Annotated[float, msgspec.Meta(gt=0, le=31_536_000)]
_HEAD = re.compile(r"\s*\[\[\s*step\s*\]\]")
_STEP_PATH = re.compile(r"\$\.step\[(\d+)\]\.?(.*)")


class ScenarioError(SimulatorError):
    """A scenario cannot be played; the message names the file, the step and the key."""


class Flaps(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Coming and going.

    Args:
        down_s: how long the fault lasts each time.
        up_s: how long all is well in between.
    """

    down_s: _Duration
    up_s: _Duration


class Step(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """One thing that goes wrong.

    Args:
        name: for people, and in the truth log; unique.
        at_s: when it begins, seconds after the start.
        lasts_s: how long; None: until the end of the simulation.
        on: whom it strikes.
        fault: what is wrong with them.
        flaps: whether it comes and goes for as long as it lasts.
        begins_over_s: the struck are struck one after the other within so many seconds.
        ends_over_s: they come back one after the other within so many seconds; 0: all at once.
        cause: what a judgement should name; None: what the fault suggests.
        common: the kind of the one incident that it should be, "" for none; None: what the
            selection suggests.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    at_s: _Moment
    lasts_s: _Duration | None = None
    on: Selection
    fault: CityFault
    flaps: Flaps | None = None
    begins_over_s: _Moment = 0.0
    ends_over_s: _Moment = 0.0
    cause: str | None = None
    common: str | None = None


class Scenario(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Steps, in any order.

    Args:
        name: for people.
        step: what goes wrong.
    """

    name: str = ""
    step: Annotated[tuple[Step, ...], msgspec.Meta(max_length=_MAX_STEPS)] = ()


QUIET = Scenario("nothing goes wrong")


def read_scenario(path: Path) -> Scenario:
    """Read a scenario from a .toml or .json file.

    Raises:
        ScenarioError: it cannot be read or played; whether it fits the city, `plan` tells.
    """
    try:
        with path.open("rb") as file:
            data = file.read(_MAX_FILE_BYTES + 1)
    except OSError as error:
        raise ScenarioError(f"cannot read {path}: {error.strerror}") from error
    if len(data) > _MAX_FILE_BYTES:
        raise ScenarioError(f"{path} is longer than {_MAX_FILE_BYTES:,} bytes")
    try:
        text = data.decode()
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        raise ScenarioError(f"{path}, line {line}: not UTF-8") from None
    return parse_scenario(text, name=str(path), is_json=path.suffix.lower() == ".json")


def parse_scenario(text: str, *, name: str, is_json: bool = False) -> Scenario:
    """Read a scenario.

    Args:
        text: JSON or TOML.
        name: of the file, for errors.
        is_json: which of the two.

    Raises:
        ScenarioError: it is not one.
    """
    try:
        values: Any = msgspec.json.decode(text) if is_json else tomllib.loads(text)
        scenario = msgspec.convert(values, Scenario)
    except msgspec.ValidationError as error:
        raise ScenarioError(_explain(str(error), values, text, name)) from None
    except (msgspec.DecodeError, tomllib.TOMLDecodeError, RecursionError) as error:
        kind = "JSON" if is_json else "TOML"
        raise ScenarioError(f"{name} is not {kind}: {error}") from None
    for number, step in enumerate(scenario.step):
        if problem := _problem(step, scenario.step[:number]):
            raise ScenarioError(f"{_where(number, step.name, text, name)}: {problem}")
    return scenario


def _problem(step: Step, before: tuple[Step, ...]) -> str:
    """What makes a step impossible, whatever the city; "" if nothing does."""
    if any(other.name == step.name for other in before):
        return "name: an earlier step has the same"
    if step.flaps and step.lasts_s is None:
        return "flaps: lasts_s must say until when"
    if step.flaps and (step.begins_over_s or step.ends_over_s):
        return "flaps: with begins_over_s or ends_over_s nobody could tell who is down when"
    if step.lasts_s is not None and step.begins_over_s > step.lasts_s:
        return "begins_over_s: it would be over before all are struck"
    return ""


def _explain(problem: str, values: Any, text: str, name: str) -> str:
    """Where in the file what msgspec found is."""
    told, _, path = problem.rpartition(" - at `")
    found = _STEP_PATH.fullmatch(path.rstrip("`"))
    if not told:
        return f"{name}: {problem}"
    if found is None:
        return f"{name}: {path.rstrip('`').removeprefix('$.')}: {told}"
    number, key = int(found[1]), found[2]
    step = values["step"][number]
    called = step.get("name", "") if isinstance(step, dict) else ""
    return f"{_where(number, called, text, name)}: {key + ': ' if key else ''}{told}"


def _where(number: int, called: object, text: str, name: str) -> str:
    """A step as people find it; its line where the file has it in a table of its own."""
    heads = [line for line, row in enumerate(text.splitlines(), 1) if _HEAD.match(row)]
    line = f", line {heads[number]}" if number < len(heads) else ""
    title = f' ("{called}")' if isinstance(called, str) and called else ""
    return f"{name}{line}: step {number + 1}{title}"
