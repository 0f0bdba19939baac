"""`sharpeyes camera probe --all`: ask many cameras, and say why some do not answer."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from random import SystemRandom

import msgspec
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.registry.camera import Tier
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, note, print_json, print_table
from sharpeyes.service.mass_probe import (
    NOT_ASKED,
    WELL,
    Filling,
    MassProbe,
    ProbeOutcome,
)

_WELL_OR_NOT_ASKED = (WELL, NOT_ASKED)


@dataclass(frozen=True, slots=True)
class Many:
    """Which cameras are asked, and what becomes of their answers.

    Args:
        division: Only this one and those below it.
        tier: Only this one, by its word.
        at_once: Cameras asked at once.
        fill: Whether files are compared with what devices say.
        replace: Whether what devices say replaces what is on file.
        store: Whether differences are filed.
    """

    division: str | None
    tier: str | None
    at_once: int
    fill: bool
    replace: bool
    store: bool


@dataclass(slots=True)
class _Result:
    """What came of it so far; of each cause one example is kept."""

    causes: Counter[str] = field(default_factory=Counter)
    examples: dict[str, ProbeOutcome] = field(default_factory=dict)
    differing: int = 0
    filled: int = 0

    def take(self, outcome: ProbeOutcome) -> None:
        self.causes[outcome.cause] += 1
        self.examples.setdefault(outcome.cause, outcome)
        self.differing += bool(outcome.changes)
        self.filled += outcome.filled

    @property
    def failed(self) -> int:
        return sum(n for cause, n in self.causes.items() if cause not in _WELL_OR_NOT_ASKED)


def probe_many(many: Many, *, as_json: bool) -> None:
    """Ask, and print the causes at the end; with JSON one object per camera, and the counts last.

    Raises:
        CliError: Some cameras fail.
    """
    result = _Result()

    async def command() -> None:
        filling = Filling(many.replace, many.store, COMMAND_LINE) if many.fill else None
        tier = None if many.tier is None else Tier.parse(many.tier)
        async with open_database() as database, open_device_session() as session:
            probe = MassProbe(
                database.pool,
                database.sealer,
                session,
                database.settings,
                at_once=many.at_once,
                filling=filling,
                random=SystemRandom(),
            )
            with _progress(await probe.count(many.division, tier)) as advance:
                async for outcome in probe.run(many.division, tier):
                    result.take(outcome)
                    if as_json:
                        print_json({"kind": "camera"} | msgspec.structs.asdict(outcome))
                    advance()

    try:
        run(command())
    except KeyboardInterrupt:
        note(f"Stopped after {result.causes.total():,} cameras.")
        _print(result, many, as_json=as_json)
        raise
    _print(result, many, as_json=as_json)
    if result.failed:
        raise CliError(f"{result.failed:,} of {result.causes.total():,} cameras fail")


def _print(result: _Result, many: Many, *, as_json: bool) -> None:
    if as_json:
        report = {"causes": result.causes, "differing": result.differing, "filled": result.filled}
        print_json({"kind": "report", "cameras": result.causes.total()} | report)
        return
    print_table(
        ("cause", "cameras", "for example", ""),
        (
            (
                cause,
                f"{number:,}",
                result.examples[cause].device_code,
                result.examples[cause].evidence,
            )
            for cause, number in result.causes.most_common()
        ),
        empty="No camera is registered like that.",
    )
    if many.fill and many.store:
        note(f"The files of {result.filled:,} cameras were filled.")
    elif many.fill:
        note(f"The files of {result.differing:,} cameras differ; --yes files what devices say.")


@contextmanager
def _progress(total: int) -> Iterator[Callable[[], None]]:
    if not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("asking", total=total)
        yield lambda: progress.advance(task)
