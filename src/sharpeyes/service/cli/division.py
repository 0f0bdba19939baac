"""`sharpeyes division`: the tree of jurisdictions under which cameras are filed."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from sharpeyes.registry.division import Division, Level
from sharpeyes.registry.division_import import DivisionReport, import_divisions
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.errors import FieldProblem
from sharpeyes.service.api.division_counts import DivisionCounts, division_counts
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, console, note, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption

app = typer.Typer(help="Divisions: city, districts and what lies below.", no_args_is_help=True)

CodeArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="CODE", help="The division's code.")
]
_PROBLEMS_SHOWN = 50


@app.command("list")
def list_divisions(as_json: JsonOption = False) -> None:
    """List all divisions, those that lie higher first."""

    async def command() -> list[Division]:
        async with open_database() as database:
            return await DivisionStore(database.pool).list()

    divisions = run(command())
    if as_json:
        print_json(divisions)
        return
    print_table(
        ("code", "level", "in", "name", "", "local"),
        (
            (d.division_code, d.level, d.parent_code, d.name_zh, d.name_en, "yes" * d.local)
            for d in divisions
        ),
        empty="There are no divisions.",
    )


@app.command("add")
def add(
    code: Annotated[
        str,
        typer.Argument(
            metavar="CODE",
            help="GB/T 2260 and the digits below it (9 street, 12 community, 14 grid), or for a "
            "local division a word of A-Z and 0-9.",
        ),
    ],
    parent: Annotated[str, typer.Option(metavar="CODE", help="The division that it lies in.")],
    level: Annotated[Level, typer.Option(help="How far down it is.")],
    name_zh: Annotated[str, typer.Option(help="Its name in Chinese.")],
    name_en: Annotated[str, typer.Option(help="Its name in English.")],
) -> None:
    """Add a division: a functional zone without a national code, a street, a grid."""
    division = Division(
        division_code=code,
        parent_code=parent,
        level=level,
        name_zh=name_zh.strip(),
        name_en=name_en.strip(),
        local=not code.isdigit(),
    )

    async def command() -> None:
        async with open_database() as database:
            await DivisionStore(database.pool).add(division)

    run(command())
    note(f"Division {code} is added below {parent}.")


@app.command("import")
def import_table(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv|xlsx",
            help="Its first row names the columns: code, name; if wanted name_en, parent, level, "
            "and west, south, east, north. The Chinese headings of the field are known, too.",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object per problem, and one with the counts."),
    ] = False,
) -> None:
    """Add and change divisions from a table.

    A national code says its level and its parent itself. Good rows are taken and bad ones told; no
    division is ever removed. The same file a second time changes nothing.
    """

    async def command() -> DivisionReport:
        async with open_database() as database:
            with file.open("rb") as source:
                return await import_divisions(database.pool, source)

    report = run(command())
    rows = len({one.row for one in report.refused})
    counts = {"added": report.added, "changed": report.changed, "unchanged": report.unchanged}
    if as_json:
        for one in report.refused:
            print_json({"kind": "problem", "row": one.row} | _told(one.problem))
        print_json({"kind": "report"} | counts | {"refused_rows": rows})
    else:
        if report.refused:
            shown = report.refused[:_PROBLEMS_SHOWN]
            print_table(
                ("row", "field", "value", "reason"),
                ((o.row, o.problem.field, o.problem.value, o.problem.reason) for o in shown),
                empty="",
            )
        if len(report.refused) > _PROBLEMS_SHOWN:
            rest = len(report.refused) - _PROBLEMS_SHOWN
            console().print(f"... and {rest:,} more problems; --json prints all of them.")
        told = ", ".join(f"{count:,} {what}" for what, count in counts.items())
        console().print(f"{told}, {rows:,} refused")
    if rows:
        raise CliError(f"{rows:,} rows of {file} were refused; the others are in")


@app.command("move")
def move(
    code: CodeArgument,
    under: Annotated[str, typer.Option(metavar="CODE", help="The division that it then lies in.")],
) -> None:
    """Put a division and all below it, cameras included, under another one; all or nothing."""

    async def command() -> None:
        async with open_database() as database:
            await DivisionStore(database.pool).move(code, under)

    run(command())
    note(f"Division {code} now lies in {under}, with all below it.")


@app.command("rename")
def rename(
    code: CodeArgument,
    name_zh: Annotated[str | None, typer.Option(help="Its name in Chinese.")] = None,
    name_en: Annotated[str | None, typer.Option(help="Its name in English.")] = None,
) -> None:
    """Give a division another name."""
    if name_zh is None and name_en is None:
        raise typer.BadParameter("give --name-zh, --name-en or both")

    async def command() -> Division:
        async with open_database() as database:
            return await DivisionStore(database.pool).rename(code, name_zh=name_zh, name_en=name_en)

    division = run(command())
    note(f"Division {code} is now {division.name_zh} ({division.name_en}).")


@app.command("remove")
def remove(code: CodeArgument) -> None:
    """Remove a division under which nothing is filed."""

    async def command() -> None:
        async with open_database() as database:
            await DivisionStore(database.pool).remove(code)

    run(command())
    note(f"Division {code} is removed.")


@app.command("count")
def count(
    code: Annotated[
        str | None,
        typer.Argument(metavar="CODE", help="Of this division; without one, of the city."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Count the cameras of a division and of each right below it, with all below those."""

    async def command() -> DivisionCounts:
        async with open_database() as database:
            return await division_counts(database.pool, code)

    counts = run(command())
    if as_json:
        print_json(counts)
        return
    print_table(
        ("code", "name", "cameras", "city", "district", "social", "measured", "in service"),
        (
            (
                one.division_code,
                one.name_zh,
                one.cameras,
                *(one.by_tier.get(tier, 0) for tier in ("city", "district", "social")),
                one.measured,
                one.by_life.get("in_service", 0),
            )
            for one in (counts.division, *counts.children)
        ),
        empty="",
    )
    if counts.filed_here:
        note(f"{counts.filed_here:,} are filed under {counts.division.division_code} itself.")


def _told(problem: FieldProblem) -> dict[str, object]:
    return {"field": problem.field, "value": problem.value, "reason": problem.reason}
