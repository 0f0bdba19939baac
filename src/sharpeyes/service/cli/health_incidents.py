"""`sharpeyes health incidents` and `health incident ID`: what is wrong, and the work on it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Literal, TypeAlias

import typer
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.deadline_light import Light
from sharpeyes.health import incident_store
from sharpeyes.health.incident import Incident, IncidentKind
from sharpeyes.health.incident_store import IncidentFilter, IncidentStore, StateFilter
from sharpeyes.health.status import Cause
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.api.incidents import IncidentDetail, incident_detail
from sharpeyes.service.audit import audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, console, print_json, print_table, printable
from sharpeyes.service.cli.registered import JsonOption
from sharpeyes.service.roles import Role

_MOST_LISTED = 100_000
_CAMERAS_SHOWN = 50
_LONGEST_WORDS = 2000
"""As over HTTP."""

Action: TypeAlias = Literal["show", "assign", "note", "close"]


def incidents(  # noqa: PLR0917  # typer reads them by name
    state: Annotated[StateFilter, typer.Option(help="How far they are.")] = "unclosed",
    kind: Annotated[IncidentKind | None, typer.Option(help="What is wrong together.")] = None,
    cause: Annotated[Cause | None, typer.Option(help="What is wrong.")] = None,
    light: Annotated[Light | None, typer.Option(help="How much of the time is gone.")] = None,
    unit: Annotated[str | None, typer.Option(help="Which unit sees to them.")] = None,
    division: Annotated[
        str | None, typer.Option(metavar="CODE", help="Whose cameras are all in this division.")
    ] = None,
    camera: Annotated[
        str | None, typer.Option(metavar="CODE", help="Which touched this camera.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=_MOST_LISTED, help="Shown at most.")] = 100,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per incident and line.")
    ] = False,
) -> None:
    """List incidents, the newest first."""
    wanted = IncidentFilter(
        state=state,
        kind=kind,
        cause=cause,
        light=light,
        unit=unit,
        division_code=division,
        device_code=camera,
    )

    async def command() -> list[Incident]:
        async with open_database() as database:
            return await IncidentStore(database.pool).page(wanted, limit=limit)

    listed = run(command())
    if as_json:
        for one in listed:
            print_json(one)
        return
    print_table(
        ("id", "kind", "what", "cause", "cameras", "state", "opened", "deadline", "light", "with"),
        (
            (
                one.incident_id,
                one.kind,
                one.title,
                one.cause,
                f"{one.cameras:,}",
                one.state,
                _time(one.opened_at),
                _time(one.deadline_at),
                one.light,
                one.assigned_unit or one.assigned_role,
            )
            for one in listed
        ),
        empty="No incident is like that.",
    )


def incident(  # noqa: PLR0917  # typer reads them by name
    incident_id: Annotated[
        int, typer.Argument(metavar="ID", min=1, max=2**63 - 1, help="Its number.")
    ],
    action: Annotated[
        Action, typer.Argument(metavar="[show|assign|note|close]", help="What to do about it.")
    ] = "show",
    words: Annotated[
        str | None, typer.Argument(metavar="WORDS", help="The note; or why it is closed by hand.")
    ] = None,
    unit: Annotated[str, typer.Option(help="assign: the unit that mends it.")] = "",
    role: Annotated[
        Role | None, typer.Option(help="assign: or the role here that sees to it.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Show an incident with its cameras and its history, or work on it.

    assign without --unit and --role: nobody sees to it. close: though its cameras have not proved
    that they are well.
    """
    _check_call(action, words, unit, role)
    said = "" if words is None else _said(words)

    async def command() -> IncidentDetail:
        async with open_database() as database:
            if action != "show":
                async with database.pool.acquire() as connection, connection.transaction():
                    await _act(connection, incident_id, action, said, unit=unit, role=role)
            return await incident_detail(IncidentStore(database.pool), incident_id)

    _print(run(command()), as_json=as_json)


def _check_call(action: Action, words: str | None, unit: str, role: Role | None) -> None:
    if (words is None) == (action in {"note", "close"}):
        needed = "say what, in one argument" if words is None else f"{action} takes no words"
        raise typer.BadParameter(needed, param_hint="WORDS")
    if action != "assign" and (unit or role):
        raise typer.BadParameter("--unit and --role are for assign")
    if unit and role:
        raise typer.BadParameter("give --unit or --role, not both")


async def _act(
    connection: PoolConnectionProxy,
    incident_id: int,
    action: Action,
    said: str,
    *,
    unit: str,
    role: Role | None,
) -> None:
    now = datetime.now(UTC)
    detail: dict[str, object] = {}
    if action == "assign":
        detail = {"unit": unit, "role": role or ""}
        await incident_store.assign(
            connection, incident_id, unit=unit, role=role or "", actor=COMMAND_LINE, now=now
        )
    elif action == "note":
        await incident_store.note(connection, incident_id, said, actor=COMMAND_LINE, now=now)
    else:
        detail = {"reason": said}
        await incident_store.close(connection, incident_id, said, actor=COMMAND_LINE, now=now)
    await audit(connection, COMMAND_LINE, f"incident.{action}", str(incident_id), detail=detail)


def _said(words: str) -> str:
    said = words.strip()
    if not said or "\0" in said:
        raise typer.BadParameter("say something", param_hint="WORDS")
    if len(said) > _LONGEST_WORDS:
        raise CliError(f"WORDS has {len(said)} characters, more than {_LONGEST_WORDS}")
    return said


def _print(detail: IncidentDetail, *, as_json: bool) -> None:
    if as_json:
        print_json(detail)
        return
    out = console()
    with_whom = detail.assigned_unit or detail.assigned_role or "nobody"
    time_left = (
        f"{detail.state}, opened {_time(detail.opened_at)} ({detail.times_opened} times), to be "
        f"mended by {_time(detail.deadline_at)}{f', {detail.light}' if detail.light else ''}"
    )
    for line in (
        f"Incident {detail.incident_id}: {detail.kind} {detail.title}, {detail.cause}",
        detail.evidence,
        time_left,
        f"seen to by {with_whom}; {detail.cameras:,} cameras touched",
        *([f"closed: {detail.close_reason}"] if detail.closed_at else []),
    ):
        out.print(printable(line))
    print_table(
        ("at", "by", "step", ""),
        ((_time(s.at), s.actor or "the service", s.step, s.words) for s in detail.steps),
        empty="",
    )
    print_table(
        ("device code", "name", "status", "since", "until"),
        (
            (c.device_code, c.name, c.status, _time(c.joined_at), _time(c.left_at))
            for c in detail.touched[:_CAMERAS_SHOWN]
        ),
        empty="None of its cameras is on file any more.",
    )


def _time(moment: datetime | None) -> str:
    return "" if moment is None else f"{moment.astimezone(UTC):%Y-%m-%d %H:%M:%S} UTC"
