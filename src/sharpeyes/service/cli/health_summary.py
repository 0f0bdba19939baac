"""`sharpeyes health summary`: how many cameras are online and intact, and what changed."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import typer

from sharpeyes.health.summary import HealthSummary, read_summary
from sharpeyes.registry.division import Division
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.coverage import figure_words
from sharpeyes.service.cli.output import console, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption

DivisionOption = Annotated[
    str | None, typer.Option(metavar="CODE", help="Only this division and those below it.")
]


def summary(division: DivisionOption = None, as_json: JsonOption = False) -> None:
    """Say how many cameras are online and intact, by tier and division, and what changed.

    Every rate says how many it is a rate of, and how many could not be measured and why.
    """
    now = datetime.now(UTC)

    async def command() -> tuple[HealthSummary, list[Division]]:
        async with open_database() as database:
            store = DivisionStore(database.pool)
            chosen = None
            if division is not None:
                chosen = await store.get(division)
                if chosen is None:
                    raise UnknownDivisionError(division)
            return await read_summary(database.pool, chosen, now), await store.list()

    found, divisions = run(command())
    if as_json:
        print_json(found)
        return
    names = {known.division_code: known.name_zh for known in divisions}
    rows = [("all", found.total), *((of.tier, of) for of in found.by_tier)]
    rows += [
        (
            f"{of.division_code} {names.get(of.division_code, '')}"
            if of.division_code
            else "(filed above)",
            of,
        )
        for of in found.by_division
    ]
    print_table(
        ("", "online", "intact"),
        ((name, figure_words(of.online), figure_words(of.intact)) for name, of in rows),
        empty="",
    )
    changed = ", ".join(f"{number:,} to {status}" for status, number in found.changed_to.items())
    console().print(f"Changed in the last hour: {changed or 'none'}.")
    if found.latest:
        print_table(
            ("at (UTC)", "camera", "name", "from", "to", "evidence"),
            (
                (f"{c.at:%H:%M:%S}", c.device_code, c.name, c.from_status, c.to_status, c.evidence)
                for c in found.latest
            ),
            empty="",
        )
