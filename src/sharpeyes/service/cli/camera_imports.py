"""`sharpeyes camera imports` and `import-undo`: what was imported, and taking it back."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, TypeAlias

import typer

from sharpeyes.registry.import_runs import ImportRun, ImportRuns
from sharpeyes.registry.import_undo import UndoReport, undo_import
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, console, note, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption
from sharpeyes.service.words import Language, refused_sheet_in

_CONFLICTS_SHOWN = 50
_LARGEST_ID = 2**63 - 1

ImportArgument = Annotated[
    int, typer.Argument(metavar="ID", min=1, max=_LARGEST_ID, help="The import's number.")
]
ReportLanguage: TypeAlias = Annotated[
    Language | None,
    typer.Option("--lang", help="Language of the report's reasons; without it, both."),
]


def list_imports(
    limit: Annotated[int, typer.Option(min=1, max=1000, help="Imports shown at most.")] = 20,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per import and line.")
    ] = False,
) -> None:
    """List imports, newest first."""

    async def command() -> list[ImportRun]:
        async with open_database() as database:
            return await ImportRuns(database.pool).list(limit=limit)

    runs = run(command())
    if as_json:
        for one in runs:
            print_json(one)
        return
    print_table(
        ("id", "started", "by", "file", "state", "row", "added", "changed", "refused", "retired"),
        (
            (
                one.import_id,
                f"{one.started_at:%Y-%m-%d %H:%M:%S} UTC",
                one.actor,
                one.file_name,
                f"{one.state} (dry run)" if one.dry_run else one.state,
                one.last_row,
                one.added,
                one.changed,
                one.refused_rows,
                one.retired,
            )
            for one in runs
        ),
        empty="Nothing was imported yet.",
    )


def write_report(
    import_id: ImportArgument,
    report: Annotated[
        Path, typer.Argument(metavar="FILE.xlsx", help="Where to.", dir_okay=False, writable=True)
    ],
    lang: ReportLanguage = None,
) -> None:
    """Write the refused rows of an import, with reasons: to mend, and to import as it is."""
    require_spreadsheet(report)
    if report.exists():
        # Somebody may have mended half of it.
        raise typer.BadParameter(f"{report} is there already: name another file, or move it away")

    async def command() -> bytes | None:
        async with open_database() as database:
            return await ImportRuns(database.pool).refused(import_id)

    refused = run(command())
    if refused is None:
        raise CliError(f"import {import_id} refused no row: there is nothing to mend")
    report.write_bytes(refused_sheet_in(lang, refused))
    note(f"The refused rows are in {report}: mend them there, and import that file.")


def require_spreadsheet(report: Path) -> None:
    """Refuse a name under which no spreadsheet program would open a report."""
    if report.suffix.lower() != ".xlsx":
        raise typer.BadParameter(f"the report is a spreadsheet: name it {report.stem}.xlsx")


def undo(import_id: ImportArgument, as_json: JsonOption = False) -> None:
    """Take an import back: whatever is still as it left it becomes what it was.

    Cameras that it added are deleted, unless they have events; cameras that were changed since are
    named and stay as they are. Passwords stay.
    """

    async def command() -> UndoReport:
        async with open_database() as database:
            return await undo_import(database.pool, import_id, COMMAND_LINE)

    report = run(command())
    if as_json:
        print_json(report)
    else:
        if report.conflicts:
            print_table(
                ("stays as it is",), ((c,) for c in report.conflicts[:_CONFLICTS_SHOWN]), empty=""
            )
            if len(report.conflicts) > _CONFLICTS_SHOWN:
                console().print(f"... and {len(report.conflicts) - _CONFLICTS_SHOWN:,} more")
        console().print(
            f"{report.restored:,} restored, {report.deleted:,} deleted, "
            f"{len(report.conflicts):,} changed since and left as they are"
        )
    if report.conflicts:
        raise CliError(
            f"{len(report.conflicts):,} cameras of import {import_id} were changed since, or have "
            "events: see their history"
        )
