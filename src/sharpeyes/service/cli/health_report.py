"""`sharpeyes health report`: the month for the acceptance sheet, as one file."""

from __future__ import annotations

import sys
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

import typer

from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note, print_json
from sharpeyes.service.cli.registered import JsonOption
from sharpeyes.service.report.month_report import MonthReport, month_report
from sharpeyes.service.report.page import report_page
from sharpeyes.service.report.words import Language


def report(
    month: Annotated[str, typer.Option(metavar="YYYY-MM", help="In the city's time zone.")],
    division: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only this division and those below it.")
    ] = None,
    output: Annotated[
        Path | None, typer.Option(help="The file to write. Default: standard output.")
    ] = None,
    lang: Annotated[Language, typer.Option(help="Its language.")] = "zh",
    as_json: JsonOption = False,
) -> None:
    """Write the report of a month: one HTML file with charts, to look at or to print.

    Filing, coverage, networked, intact and online rate, clocks, recordings, faults and mean time to
    repair, by tier and division, each with its base or the reason why it cannot be computed.
    """
    now = datetime.now(UTC)

    async def command() -> MonthReport:
        async with open_database() as database:
            chosen = None
            if division is not None:
                chosen = await DivisionStore(database.pool).get(division)
                if chosen is None:
                    raise UnknownDivisionError(division)
            settings = database.settings
            return await month_report(
                database.pool,
                month,
                ZoneInfo(settings.health.time_zone),
                settings.registry.required_fields,
                division=chosen,
                now=now,
            )

    found = run(command())
    if as_json:
        print_json(found)
        return
    page = report_page(found, lang)
    if output is None:
        sys.stdout.write(page)
        return
    output.write_text(page, encoding="utf-8")
    note(f"{output}: {len(page.encode()):,} bytes")
