"""`sharpeyes camera export`: cameras as a file."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated, BinaryIO

import typer
from rich.console import Console
from rich.progress import Progress, SpinnerColumn, TextColumn

from sharpeyes.registry.camera import Tier
from sharpeyes.registry.exporting import ExportColumns, ExportFormat, ExportQuery, export
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note
from sharpeyes.service.cli.registered import TierWord


def export_file(  # noqa: PLR0917  # typer reads them by name
    file: Annotated[
        Path | None,
        typer.Argument(
            metavar="[FILE]", help="Where to; without it, standard output.", dir_okay=False
        ),
    ] = None,
    kind: Annotated[
        ExportFormat | None,
        typer.Option("--format", help="Default: by the file's ending, or else csv."),
    ] = None,
    columns: Annotated[
        ExportColumns,
        typer.Option(help="Of CSV and XLSX: all fields, or the catalogue's 27 columns."),
    ] = ExportColumns.FIELDS,
    tier: Annotated[TierWord | None, typer.Option(help="Only this tier.")] = None,
    division: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Only this division and those below it, such as 420102."),
    ] = None,
    headings: Annotated[
        bool, typer.Option("--headings", help="The headings alone: a sheet to fill in.")
    ] = False,
) -> None:
    """Write cameras to a file, in the order of their device codes.

    Importing an exported CSV or XLSX changes nothing. The same cameras make the same bytes.
    Passwords are never exported.
    """
    query = ExportQuery(
        format=kind or _by_ending(file),
        columns=columns,
        tier=None if tier is None else Tier.parse(tier),
        division=division,
        headings_only=headings,
    )

    async def command() -> int:
        written = 0
        async with open_database() as database:
            with _target(file) as target, _progress() as advance:
                async for written, data in export(database.pool, query):
                    target.write(data)
                    advance(written)
        return written

    written = run(command())
    if file is not None:
        note(f"{written:,} cameras are in {file}.")


def _by_ending(file: Path | None) -> ExportFormat:
    ending = "" if file is None else file.suffix.lower().removeprefix(".")
    return ExportFormat(ending) if ending in list(ExportFormat) else ExportFormat.CSV


@contextmanager
def _target(file: Path | None) -> Iterator[BinaryIO]:
    """Give what to write to; a file takes its name only once it is whole."""
    if file is None:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    draft = file.with_name(f"{file.name}.part")
    try:
        with draft.open("wb") as target:
            yield target
        draft.replace(file)
    finally:
        with contextlib.suppress(FileNotFoundError):
            draft.unlink()


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    if not sys.stderr.isatty():
        yield lambda _: None
        return
    columns = (SpinnerColumn(), TextColumn("{task.completed:,} cameras"))
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda written: progress.update(task, completed=written)
