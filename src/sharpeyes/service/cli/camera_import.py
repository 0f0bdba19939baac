"""`sharpeyes camera import`: register cameras by the file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, BinaryIO

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskID, TextColumn, TimeRemainingColumn

from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.importing import CameraImporter, ImportReport, RowProblem
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, console, note, print_json, print_table

_PROBLEMS_SHOWN = 50


@dataclass(slots=True)
class _Total:
    """What became of the file so far."""

    last_row: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused_rows: int = 0
    without_path: int = 0
    problems: int = 0
    shown: list[RowProblem] = field(default_factory=list)

    def take(self, report: ImportReport) -> None:
        self.last_row = report.last_row
        self.added += report.added
        self.changed += report.changed
        self.unchanged += report.unchanged
        self.refused_rows += report.refused_rows
        self.without_path += report.without_path
        self.problems += len(report.refused)
        self.shown += report.refused[: _PROBLEMS_SHOWN - len(self.shown)]


def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE.csv",
            help="CSV in UTF-8 whose first line names our fields; see docs/guide/cameras.md.",
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
    """Register and change cameras from a CSV file.

    Cameras are told apart by their device codes. Good rows are kept and bad ones told; no camera
    is ever removed. The same file a second time changes nothing.
    """
    total = _Total()

    async def command() -> None:
        async with open_database() as database:
            importer = CameraImporter(
                database.pool, CredentialStore(database.pool, database.key), actor=COMMAND_LINE
            )
            with file.open("rb") as source, _progress(file, source) as advance:
                async for report in importer.run(source):
                    total.take(report)
                    advance()
                    if as_json:
                        for problem in report.refused:
                            print_json({"kind": "problem"} | msgspec.structs.asdict(problem))

    try:
        run(command())
    except KeyboardInterrupt:
        note(
            f"Stopped after row {total.last_row} of {file}: {_counts(total)}. "
            "What is in is whole; the same command goes on from there."
        )
        raise
    _print(total, as_json=as_json)
    if total.without_path:
        note(
            f"Of the cameras that may be asked, {total.without_path:,} cannot be: no stream path "
            "is on file. Give main_stream_path, sub_stream_path or snapshot_path, or another "
            "poll_mode."
        )
    if total.refused_rows:
        raise CliError(f"{total.refused_rows:,} rows of {file} were refused; the others are in")


def _print(total: _Total, *, as_json: bool) -> None:
    if as_json:
        names = ("last_row", "added", "changed", "unchanged", "refused_rows", "without_path")
        print_json({"kind": "report"} | {name: getattr(total, name) for name in names})
        return
    if total.shown:
        print_table(
            ("row", "field", "value", "reason"),
            ((p.row, p.field, p.value, p.reason) for p in total.shown),
            empty="",
        )
    if total.problems > len(total.shown):
        rest = total.problems - len(total.shown)
        console().print(f"... and {rest:,} more problems; --json prints all of them.")
    console().print(_counts(total).capitalize())


def _counts(total: _Total) -> str:
    return (
        f"{total.added:,} added, {total.changed:,} changed, {total.unchanged:,} unchanged, "
        f"{total.refused_rows:,} refused"
    )


@contextmanager
def _progress(file: Path, source: BinaryIO) -> Iterator[Callable[[], None]]:
    if not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (TextColumn("{task.description}"), BarColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task: TaskID = progress.add_task(file.name, total=file.stat().st_size)
        yield lambda: progress.update(task, completed=source.tell())
