"""`sharpeyes case`: how far the cases of events are, what is said of them, false alarms."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from random import SystemRandom
from typing import Annotated, TypeAlias

import typer

from sharpeyes.events.case import CaseMove, CaseStep
from sharpeyes.events.case_store import move_case
from sharpeyes.events.false_alarms import FalseAlarms, count_false_alarms
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.api.cases import CaseDetail, case_detail
from sharpeyes.service.audit import audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, console, print_json, print_table, printable
from sharpeyes.service.cli.registered import JsonOption

app = typer.Typer(
    help="Cases of events: how far they are, what is said of them, false alarms.",
    no_args_is_help=True,
)

_LONGEST_WORDS = 2000
_LONGEST_NUMBER = 100
"""Both as over HTTP."""

EventArgument: TypeAlias = Annotated[str, typer.Argument(metavar="EVENT", help="Of which event.")]
NumberOption: TypeAlias = Annotated[
    str, typer.Option("--case-number", metavar="TEXT", help="What the case system calls it.")
]


@app.command()
def show(event_id: EventArgument, as_json: JsonOption = False) -> None:
    """Show how far the case of an event is, and who said what of it."""

    async def command() -> CaseDetail:
        async with open_database() as database:
            return await case_detail(database.pool, event_id)

    _print(run(command()), as_json=as_json)


@app.command()
def acknowledge(
    event_id: EventArgument, case_number: NumberOption = "", as_json: JsonOption = False
) -> None:
    """Say that somebody has it. Saying the same again changes nothing, here as below."""
    _move(event_id, CaseStep.ACKNOWLEDGED, "", case_number, as_json=as_json)


@app.command()
def handle(
    event_id: EventArgument,
    words: Annotated[str, typer.Argument(metavar="WORDS", help="What was found or done.")] = "",
    case_number: NumberOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say that what had to be done on the spot is done."""
    _move(event_id, CaseStep.HANDLED, words, case_number, as_json=as_json)


@app.command()
def close(
    event_id: EventArgument,
    feedback: Annotated[str, typer.Argument(metavar="FEEDBACK", help="What came of it.")],
    case_number: NumberOption = "",
    as_json: JsonOption = False,
) -> None:
    """Close the case of an event that was handled."""
    _move(event_id, CaseStep.CLOSED, _said(feedback, "FEEDBACK"), case_number, as_json=as_json)


@app.command()
def reject(
    event_id: EventArgument,
    reason: Annotated[
        str, typer.Argument(metavar="REASON", help="Why there was nothing to be done.")
    ],
    case_number: NumberOption = "",
    as_json: JsonOption = False,
) -> None:
    """Say that an event was a false alarm."""
    _move(event_id, CaseStep.REJECTED, _said(reason, "REASON"), case_number, as_json=as_json)


@app.command("false-alarms")
def false_alarms(
    days: Annotated[int, typer.Option(min=1, max=3660, help="How many days back.")] = 30,
    division: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only of this division's cameras.")
    ] = None,
    camera: Annotated[str | None, typer.Option(metavar="CODE", help="Only of this camera.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=100_000, help="Shown at most.")] = 100,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per line.")
    ] = False,
) -> None:
    """Count false alarms by camera, zone and type, where there were most first."""

    async def command() -> list[FalseAlarms]:
        since = datetime.now(UTC) - timedelta(days=days)
        async with open_database() as database:
            return await count_false_alarms(
                database.pool, since, division_code=division, device_code=camera, limit=limit
            )

    found = run(command())
    if as_json:
        for one in found:
            print_json(one)
        return
    print_table(
        ("camera", "name", "zone", "type", "false", "of those known", "latest", "because"),
        (
            (
                one.device_code,
                one.camera_name,
                one.zone,
                one.type.removeprefix("org.sharpeyes."),
                f"{one.rejected:,}",
                f"{one.rejected + one.closed:,}",
                _time(one.latest_at),
                one.latest_reason,
            )
            for one in found
        ),
        empty="There were no false alarms.",
    )


def _move(event_id: str, step: CaseStep, words: str, case_number: str, *, as_json: bool) -> None:
    _check(words, "WORDS", _LONGEST_WORDS)
    _check(case_number, "--case-number", _LONGEST_NUMBER)
    said = CaseMove(step=step, words=words.strip(), case_number=case_number.strip())

    async def command() -> CaseDetail:
        async with open_database() as database:
            async with database.pool.acquire() as connection, connection.transaction():
                is_news = await move_case(
                    connection,
                    event_id,
                    said,
                    actor=COMMAND_LINE,
                    now=datetime.now(UTC),
                    random=SystemRandom(),
                )
                if is_news:
                    detail = {"words": said.words, "case_number": said.case_number}
                    await audit(connection, COMMAND_LINE, f"case.{step}", event_id, detail=detail)
            return await case_detail(database.pool, event_id)

    _print(run(command()), as_json=as_json)


def _said(words: str, name: str) -> str:
    if not words.strip():
        raise typer.BadParameter("say something", param_hint=name)
    return words


def _check(text: str, name: str, longest: int) -> None:
    if "\0" in text:
        raise typer.BadParameter("may not hold U+0000", param_hint=name)
    if len(text) > longest:
        raise CliError(f"{name} has {len(text)} characters, more than {longest}")


def _print(case: CaseDetail, *, as_json: bool) -> None:
    if as_json:
        print_json(case)
        return
    number = f", case number {case.case_number}" if case.case_number else ""
    until = f"to be over by {_time(case.deadline_at)}" if case.deadline_at else "without a limit"
    out = console()
    out.print(printable(f"Event {case.event_id}: {case.state}{number}"))
    light = f", {case.light}" if case.light else ""
    out.print(f"dispatched {_time(case.dispatched_at)}, {until}{light}")
    print_table(
        ("at", "by", "step", ""),
        ((_time(s.at), s.actor or "the service", s.step, s.words) for s in case.history),
        empty="Nobody has said anything of it.",
    )


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
