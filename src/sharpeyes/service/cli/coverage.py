"""`sharpeyes coverage`: coverage, networked and filing completeness, each with its base."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Annotated

import typer

from sharpeyes.registry.completeness import CompletenessReport, Filing, completeness
from sharpeyes.registry.coverage import CoverageReport
from sharpeyes.registry.coverage_judge import CoverageJudge
from sharpeyes.registry.division import Division, Level
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.registry.figures import Figure, level_below
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import console, note, print_json, print_table
from sharpeyes.service.cli.place import kind_words
from sharpeyes.service.cli.registered import JsonOption

_ABOVE = "(filed above)"


def coverage(
    division: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Only this division and those below it."),
    ] = None,
    level: Annotated[
        Level | None, typer.Option(help="How far down. Default: the level below the division's.")
    ] = None,
    fields: Annotated[
        bool, typer.Option("--fields", help="Also show how many files have each field.")
    ] = False,
    gaps: Annotated[
        int, typer.Option(min=0, max=10_000, help="Places listed that nobody watches, at most.")
    ] = 20,
    as_json: JsonOption = False,
) -> None:
    """Say how many key places are watched, how many cameras are networked, how full files are.

    Cameras in service and under maintenance count. Every share says how many it is a share of, and
    how many could not be judged and why.
    """
    now = datetime.now(UTC)

    async def command() -> tuple[CoverageReport, CompletenessReport]:
        async with open_database() as database:
            pool = database.pool
            root: Division | None = None
            if division is not None:
                root = await DivisionStore(pool).get(division)
                if root is None:
                    raise UnknownDivisionError(division)
            depth = level or level_below(None if root is None else root.level)
            watched = await CoverageJudge(pool).report(
                division_code=division, level=depth, most_gaps=gaps, as_of=now
            )
            required = database.settings.registry.required_fields
            filed = await completeness(
                pool, required, division_code=division, level=depth, as_of=now
            )
            return watched, filed

    watched, filed = run(command())
    if as_json:
        print_json({"coverage": watched, "completeness": filed})
        return
    print_table(
        ("", "covered", "networked", "files complete", "required fields filled"),
        _rows(watched, filed),
        empty="",
    )
    if fields:
        print_table(
            ("field", "required", "filled"),
            (
                (field.field, "yes" * field.required, figure_words(field.filled))
                for field in filed.by_field
            ),
            empty="",
        )
    _print_gaps(watched, most=gaps)


def figure_words(figure: Figure | None) -> str:
    """Write a figure with its base, and with what could not be judged."""
    if figure is None or not figure.total:
        return "-"
    share = "not known" if figure.percent is None else f"{figure.percent:.4g} %"
    words = f"{share} of {figure.judged:,}"
    for reason, number in figure.not_judged.items():
        words += f"; {number:,} {reason.replace('_', ' ')}"
    return words


def _rows(watched: CoverageReport, filed: CompletenessReport) -> Iterator[tuple[str, ...]]:
    places = {d.division_code: d.coverage for d in watched.by_division}
    files = {d.division_code: d for d in filed.by_division}
    yield _row("all", watched.total, filed.total)
    for tier, filing in filed.by_tier.items():
        yield _row(tier, watched.by_tier[tier], filing)
    for code in sorted(places.keys() | files.keys(), key=lambda code: (code is None, code)):
        yield _row(code or _ABOVE, places.get(code), files.get(code))


def _row(name: str, covered: Figure | None, filing: Filing | None) -> tuple[str, ...]:
    figures: tuple[Figure | None, ...] = (None, None, None)
    if filing is not None:
        figures = (filing.networked, filing.complete, filing.required_fields)
    return (name, figure_words(covered), *map(figure_words, figures))


def _print_gaps(watched: CoverageReport, *, most: int) -> None:
    if not watched.total.total:
        note("No key place is on file: `sharpeyes place add` or `sharpeyes place import`.")
        return
    judged = ", ".join(f"{number:,} by {how}" for how, number in watched.judged_by.items())
    console().print(
        f"Places covered: {judged}. Positions on file: {figure_words(watched.positions)} cameras."
    )
    if most:
        print_table(
            ("place not watched", "name", "kind", "division", "state"),
            (
                (
                    gap.place.place_code,
                    gap.place.name_zh,
                    kind_words(gap.place.kind),
                    gap.place.division_code,
                    gap.state,
                )
                for gap in watched.gaps
            ),
            empty="Every key place is watched.",
        )
    open_places = watched.total.total - watched.total.fulfilled
    if open_places > len(watched.gaps):
        note(f"{len(watched.gaps):,} of {open_places:,} such places are shown; --gaps shows more.")
