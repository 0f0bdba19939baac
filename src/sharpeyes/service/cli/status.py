"""`sharpeyes status`: how many cameras are well, and of how many."""

from __future__ import annotations

from datetime import UTC, datetime

from sharpeyes.health.store import Counts, StatusStore, Summary
from sharpeyes.registry.division import Division
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.service.api.status import fleet_status
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import print_json, print_table
from sharpeyes.service.cli.registered import JsonOption

_COUNTS = Counts.__struct_fields__


def status(as_json: JsonOption = False) -> None:
    """Count the cameras by status: in all, by tier and by district.

    Of `registered` cameras those are `measured` that may be asked at any time; each of them is
    ok, degraded, offline or unknown (not judged yet, or without a path to ask for).
    """

    async def command() -> tuple[Summary, list[Division]]:
        async with open_database() as database:
            return (
                await StatusStore(database.pool).summary(),
                await DivisionStore(database.pool).list(),
            )

    summary, divisions = run(command())
    found = fleet_status(summary, datetime.now(UTC))
    if as_json:
        print_json(found)
        return
    names = {division.division_code: division.name_zh for division in divisions}
    rows: list[tuple[str, str, Counts]] = [("all", "", found.total)]
    rows += [("tier", of.tier, of) for of in found.by_tier]
    rows += [
        ("division", f"{of.division_code} {names.get(of.division_code, '')}", of)
        for of in found.by_division
    ]
    print_table(
        ("", "of", *(name.replace("_", " ") for name in _COUNTS)),
        (
            (kind, of, *(f"{getattr(counts, name):,}" for name in _COUNTS))
            for kind, of, counts in rows
        ),
        empty="",
    )
