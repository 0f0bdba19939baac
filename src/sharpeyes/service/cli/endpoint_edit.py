"""`sharpeyes endpoint edit`, and what the endpoint's other commands share with it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterable
from contextlib import asynccontextmanager
from enum import StrEnum
from typing import Annotated

import msgspec
import typer
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.event import EventType, Severity
from sharpeyes.events.event_filter import EventFilter
from sharpeyes.events.filter_edit import EditedFilter, FilterEdit, edit_filter
from sharpeyes.registry.camera import Tier
from sharpeyes.service.access import COMMAND_LINE, audit
from sharpeyes.service.cli.context import Database, open_database, run
from sharpeyes.service.cli.output import note, print_json

AsJson = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="The endpoint's name.")]
Types = Annotated[
    list[EventType] | None,
    typer.Option("--type", help="Send this type; repeat for several. Default: all types."),
]
Severities = Annotated[
    list[Severity] | None,
    typer.Option("--severity", help="Send this severity; repeat for several. Default: all."),
]
Tiers = Annotated[
    list[str] | None,
    typer.Option(
        "--tier",
        metavar="TIER",
        help="Of cameras of this tier (city, district, social, police, other); repeat for "
        "several. Default: all.",
    ),
]
Divisions = Annotated[
    list[str] | None,
    typer.Option(
        "--division",
        metavar="CODE",
        help="Of cameras of this division and all below it; repeat for several. Default: all.",
    ),
]


class Looked(StrEnum):
    """What a filter looks at."""

    TYPE = "type"
    SEVERITY = "severity"
    TIER = "tier"
    DIVISION = "division"


_FIELDS = {
    Looked.TYPE: "event_types",
    Looked.SEVERITY: "severities",
    Looked.TIER: "tiers",
    Looked.DIVISION: "division_codes",
}


@asynccontextmanager
async def change() -> AsyncIterator[tuple[Database, PoolConnectionProxy]]:
    """Give a transaction, so that the audit tells of what was done and of nothing else."""
    async with (
        open_database() as database,
        database.pool.acquire() as connection,
        connection.transaction(),
    ):
        yield database, connection


def tier_of(word: str) -> Tier:
    """Read a tier, as an option names it."""
    try:
        return Tier.parse(word)
    except ValueError as error:
        raise typer.BadParameter(f"--tier: {error}") from None


def edit(  # noqa: PLR0917  # typer reads them by name
    name: Name,
    event_type: Types = None,
    severity: Severities = None,
    tier: Tiers = None,
    division: Divisions = None,
    every: Annotated[
        list[Looked] | None,
        typer.Option(help="Look at this no longer: every one is sent. Repeat for several."),
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Change which events are sent to an endpoint; of what is not named, nothing changes.

    It is for events that are stored from then on: what waits already is sent all the same.
    """
    given: dict[Looked, tuple[object, ...]] = {
        Looked.TYPE: tuple(event_type or ()),
        Looked.SEVERITY: tuple(severity or ()),
        Looked.TIER: tuple(map(tier_of, tier or ())),
        Looked.DIVISION: tuple(division or ()),
    }
    named = {looked for looked, value in given.items() if value}
    if both := named & set(every or ()):
        raise typer.BadParameter(f"give --{min(both)} or --every {min(both)}, not both")
    if not named and not every:
        raise typer.BadParameter("say what shall be different")
    changes: dict[str, object] = {
        _FIELDS[looked]: given[looked] for looked in named | set(every or ())
    }

    async def command() -> EditedFilter:
        async with change() as (_, connection):
            edited = await edit_filter(connection, name, FilterEdit(**changes))  # type: ignore[arg-type]  # _FIELDS names them
            detail = msgspec.to_builtins({"before": edited.before, "after": edited.after})
            await audit(connection, COMMAND_LINE, "endpoint.edit", name, detail=detail)
            return edited

    edited = run(command())
    if as_json:
        print_json({"name": name, "before": edited.before, "after": edited.after})
        return
    note(f"Endpoint {name} wanted {_in_words(edited.before)}; it wants {_in_words(edited.after)}.")


def _in_words(wanted: EventFilter) -> str:
    tiers = [Tier(tier).word for tier in wanted.tiers]
    return words_of(wanted.event_types, wanted.severities, tiers, wanted.division_codes)


def words_of(*wanted: Iterable[str]) -> str:
    """Return what a filter looks for, in a few words."""
    return " ".join(word for words in wanted for word in words) or "all"
