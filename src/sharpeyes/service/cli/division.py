"""`sharpeyes division`: the tree of jurisdictions under which cameras are filed."""

from __future__ import annotations

from typing import Annotated

import typer

from sharpeyes.registry.divisions import Division, DivisionStore, Level
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption

app = typer.Typer(help="Divisions: city, districts and what lies below.", no_args_is_help=True)


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
            help="GB/T 2260 and the digits below it (9 street, 12 community, 14 grid), or for a "
            "local division a word of A-Z and 0-9."
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
