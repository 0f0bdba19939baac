"""`sharpeyes place`: the key places that cameras ought to watch."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import asyncpg
import msgspec
import typer

from sharpeyes.registry.code_tables import PLACE_KINDS, Edition
from sharpeyes.registry.coverage import PlaceCoverage, Watcher
from sharpeyes.registry.coverage_judge import CoverageJudge
from sharpeyes.registry.errors import UnknownPlaceError
from sharpeyes.registry.place import Place, PlaceFile
from sharpeyes.registry.place_import import PlaceImportReport, import_places, read_polygon
from sharpeyes.registry.places import PlaceStore
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.audit import audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, console, note, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption

app = typer.Typer(help="Key places, and who watches them.", no_args_is_help=True)

_MOST_LISTED = 100_000
_PROBLEMS_SHOWN = 50
CodeArgument = Annotated[str, typer.Argument(metavar="CODE", help="The place's code.")]


@app.command("add")
def add(  # noqa: PLR0917  # typer reads them by name
    code: CodeArgument,
    name_zh: Annotated[str, typer.Option(help="Its name in Chinese.")],
    kind: Annotated[int, typer.Option(help="Kind of place, 1-15 or 96-99: see `place kinds`.")],
    division: Annotated[str, typer.Option(metavar="CODE", help="The division that it lies in.")],
    radius_m: Annotated[
        float, typer.Option(help="Metres within which a camera stands that watches it.")
    ],
    name_en: Annotated[str | None, typer.Option(help="Its name in English.")] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude, WGS-84 degrees.")] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude, WGS-84 degrees.")] = None,
    polygon: Annotated[
        str | None,
        typer.Option(
            metavar="'LON,LAT LON,LAT LON,LAT ...'", help="Its corners, instead of a position."
        ),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Add a key place."""
    try:
        corners = None if polygon is None else read_polygon(polygon)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint="--polygon") from None
    file = PlaceFile(
        place_code=code,
        name_zh=name_zh,
        kind=kind,
        division_code=division,
        radius_m=radius_m,
        name_en=name_en,
        longitude=lon,
        latitude=lat,
        polygon=corners,
    )

    async def command() -> Place:
        async with open_database() as database:
            place = await PlaceStore(database.pool).add(file)
            await _audit(database.pool, "place.add", place.place_code)
            return place

    place = run(command())
    if as_json:
        print_json(place)
    else:
        note(f"Place {place.place_code} is added: {place.name_zh}.")


@app.command("list")
def list_places(
    division: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Only in this division and those below it."),
    ] = None,
    kind: Annotated[int | None, typer.Option(help="Only of this kind.")] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=_MOST_LISTED, help="Places shown at most.")
    ] = 100,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per place and line.")
    ] = False,
) -> None:
    """List key places in the order of their codes, each with who watches it."""

    async def command() -> list[PlaceCoverage]:
        async with open_database() as database:
            places = await PlaceStore(database.pool).list(
                division_code=division, kind=kind, limit=limit
            )
            return await CoverageJudge(database.pool).of_places(places)

    listed = run(command())
    if as_json:
        for coverage in listed:
            print_json(coverage)
        return
    print_table(
        ("code", "name", "kind", "division", "radius m", "state", "watched by", "judged by"),
        (
            (
                c.place.place_code,
                c.place.name_zh,
                kind_words(c.place.kind),
                c.place.division_code,
                f"{c.place.radius_m:g}",
                c.state,
                c.watching,
                c.judged_by,
            )
            for c in listed
        ),
        empty="No place is on file like that.",
    )


@app.command("show")
def show(
    code: CodeArgument,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Cameras shown at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """Show a place and the cameras that watch it, the nearest first."""

    async def command() -> tuple[PlaceCoverage, list[Watcher]]:
        async with open_database() as database:
            place = await PlaceStore(database.pool).get(code)
            if place is None:
                raise UnknownPlaceError(code)
            judge = CoverageJudge(database.pool)
            [coverage] = await judge.of_places([place])
            return coverage, await judge.watchers(place, limit=limit)

    coverage, watchers = run(command())
    if as_json:
        print_json(msgspec.structs.asdict(coverage) | {"watchers": watchers})
        return
    place = coverage.place
    console().print(
        f"{place.place_code} {place.name_zh} ({kind_words(place.kind)}), {place.division_code}: "
        f"{coverage.state}, watched by {coverage.watching}"
    )
    print_table(
        ("device code", "name", "tier", "metres", "judged by"),
        ((w.device_code, w.name, w.tier, f"{w.distance_m:.1f}", w.judged_by) for w in watchers),
        empty="No camera is known to watch it.",
    )


@app.command("kinds")
def kinds(as_json: JsonOption = False) -> None:
    """List the kinds of place and their numbers."""
    meanings = PLACE_KINDS.editions[Edition.E2016]
    if as_json:
        print_json({number: msgspec.to_builtins(meaning) for number, meaning in meanings.items()})
        return
    print_table(
        ("number", "kind", ""),
        ((number, meaning.zh, meaning.en) for number, meaning in sorted(meanings.items())),
        empty="",
    )


@app.command("remove")
def remove(code: CodeArgument) -> None:
    """Remove a key place."""

    async def command() -> None:
        async with open_database() as database:
            await PlaceStore(database.pool).remove(code)
            await _audit(database.pool, "place.remove", code)

    run(command())
    note(f"Place {code} is removed.")


@app.command("import")
def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="CSV whose first line names the columns; see docs/guide/coverage.md.",
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
    """Add and change key places from a CSV file; good rows are kept and bad ones told."""

    async def command() -> PlaceImportReport:
        async with open_database() as database:
            with file.open("rb") as source:
                report = await import_places(database.pool, source)
            await _audit(database.pool, "place.import", file.name)
            return report

    report = run(command())
    if as_json:
        for problem in report.refused:
            print_json({"kind": "problem"} | msgspec.to_builtins(problem))
        counts = {"added": report.added, "changed": report.changed, "unchanged": report.unchanged}
        refused_rows = len({problem.row for problem in report.refused})
        print_json({"kind": "report"} | counts | {"refused_rows": refused_rows})
    else:
        _print_report(report)
    if report.refused:
        raise CliError(f"some rows of {file} were refused; the others are in")


def _print_report(report: PlaceImportReport) -> None:
    if report.refused:
        print_table(
            ("row", "field", "value", "reason"),
            ((p.row, p.field, p.value, p.reason) for p in report.refused[:_PROBLEMS_SHOWN]),
            empty="",
        )
    if len(report.refused) > _PROBLEMS_SHOWN:
        rest = len(report.refused) - _PROBLEMS_SHOWN
        console().print(f"... and {rest:,} more problems; --json prints all of them.")
    refused_rows = len({problem.row for problem in report.refused})
    console().print(
        f"{report.added:,} added, {report.changed:,} changed, {report.unchanged:,} unchanged, "
        f"{refused_rows:,} refused"
    )


def kind_words(kind: int) -> str:
    """Return a kind of place in words, Chinese and English."""
    meaning = PLACE_KINDS.meaning(kind, Edition.E2016)
    return str(kind) if meaning is None else f"{kind} {meaning.zh} {meaning.en}"


async def _audit(pool: asyncpg.Pool, action: str, subject: str) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await audit(connection, COMMAND_LINE, action, subject)
