"""`sharpeyes camera import`: register cameras by the file."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from io import BufferedIOBase
from pathlib import Path
from typing import Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.csv_lines import Encoding
from sharpeyes.registry.import_job import ImportJob
from sharpeyes.registry.import_report import ImportReport
from sharpeyes.registry.import_runs import RowProblem, problems_of
from sharpeyes.registry.sheet_mapping import NO_MAPPING, read_mapping
from sharpeyes.registry.sheet_opening import HowToRead, open_sheet
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.cli.camera_imports import ReportLanguage, require_spreadsheet
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, console, note, print_json, print_table
from sharpeyes.service.words import refused_sheet_in

_PROBLEMS_SHOWN = 50


def import_file(  # noqa: C901, PLR0917  # typer reads options by name, each may be given
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE",
            help="CSV or XLSX: the catalogue's 27 columns or our own; see docs/guide/import.md.",
            exists=True,
            dir_okay=False,
            readable=True,
        ),
    ],
    mapping: Annotated[
        Path | None,
        typer.Option(
            help="TOML or JSON that says which column is which field.", exists=True, dir_okay=False
        ),
    ] = None,
    encoding: Annotated[
        Encoding | None, typer.Option(help="Of a CSV file, if it is not found out rightly.")
    ] = None,
    sheet: Annotated[
        str | None, typer.Option(help="Sheet of a spreadsheet; without it, the first.")
    ] = None,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would be done, and do nothing.")
    ] = False,
    all_or_nothing: Annotated[
        bool, typer.Option("--all-or-nothing", help="Keep no row if one of them is refused.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE.xlsx",
            help="Write the refused rows here, with reasons: to mend, and to import as it is.",
            dir_okay=False,
            writable=True,
        ),
    ] = None,
    lang: ReportLanguage = None,
    division: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            help="The file names all cameras of this division: only its own count as missing.",
        ),
    ] = None,
    retire_missing: Annotated[
        bool,
        typer.Option(
            "--retire-missing",
            help="Take cameras that the file does not name out of service, once you have "
            "confirmed how many.",
        ),
    ] = False,
    yes_retire: Annotated[
        int | None,
        typer.Option(
            metavar="N", min=0, help="Confirm, for scripts, that N cameras are to be retired."
        ),
    ] = None,
    as_json: Annotated[
        bool,
        typer.Option("--json", help="Print one JSON object per problem, and one with the counts."),
    ] = False,
) -> None:
    """Register and change cameras from a CSV or XLSX file.

    Cameras are told apart by their device codes. Good rows are kept and bad ones told. Cameras that
    the file does not name stay, unless --retire-missing is given and confirmed. The same file a
    second time changes nothing.
    """
    if yes_retire is not None and not retire_missing:
        raise typer.BadParameter("--yes-retire confirms --retire-missing: give both")
    if retire_missing and dry_run:
        raise typer.BadParameter("--dry-run does nothing: leave out --retire-missing")
    if report is not None:
        require_spreadsheet(report)
    how = HowToRead(
        mapping=NO_MAPPING if mapping is None else read_mapping(mapping),
        encoding=encoding,
        sheet=sheet,
    )
    shown = _Shown(as_json=as_json)
    retired = 0

    async def command() -> None:
        nonlocal retired
        async with open_database() as database:
            with file.open("rb") as source:
                opened = open_sheet(source, file.name, how)
                for remark in opened.remarks:
                    note(remark)
                job = ImportJob(
                    database.pool,
                    CredentialStore(database.pool, database.sealer),
                    opened,
                    actor=COMMAND_LINE,
                    now=datetime.now(UTC),
                    dry_run=dry_run,
                    whole=all_or_nothing,
                    division=division,
                )
                shown.job = job
                await job.start()
                with _progress(file, source) as advance:
                    async for batch in job.run():
                        shown.take(batch)
                        advance()
            if report is not None and job.refused is not None:
                report.write_bytes(refused_sheet_in(lang, job.refused))
            if retire_missing:
                retired = await _retire(job, yes_retire)

    try:
        run(command())
    except KeyboardInterrupt:
        if shown.job is not None:
            note(_stopped(shown.job, file, all_or_nothing=all_or_nothing))
        raise
    assert shown.job is not None
    shown.print(retired)
    _advise(shown.job, report, retired)
    if refused := shown.job.total.refused_rows:
        rows = "1 row of {} was" if refused == 1 else f"{refused:,} rows of {{}} were"
        raise CliError(f"{rows.format(file)} refused; {_kept(shown.job)}")


def _kept(job: ImportJob) -> str:
    if job.is_dry_run:
        return "nothing was written"
    return "none was kept" if job.kept_nothing else "the others are in"


class _Shown:
    """What is printed of an import."""

    def __init__(self, *, as_json: bool) -> None:
        self.job: ImportJob | None = None
        self._as_json = as_json
        self._problems: list[RowProblem] = []
        self._more = 0

    def take(self, batch: ImportReport) -> None:
        """Print problems as JSON at once, or keep the first ones for a table."""
        problems = problems_of(batch.refused)
        if self._as_json:
            for problem in problems:
                print_json({"kind": "problem"} | msgspec.structs.asdict(problem))
            return
        room = _PROBLEMS_SHOWN - len(self._problems)
        self._problems += problems[:room]
        self._more += len(problems[room:])

    def print(self, retired: int) -> None:
        """Print the end of it."""
        job = self.job
        assert job is not None
        total = job.total
        if self._as_json:
            print_json(
                {
                    "kind": "report",
                    "import_id": job.import_id,
                    "last_row": total.last_row,
                    "added": total.added,
                    "changed": total.changed,
                    "unchanged": total.unchanged,
                    "refused_rows": total.refused_rows,
                    "missing": None if job.missing is None else len(job.missing),
                    "retired": retired,
                    "without_path": total.without_path,
                    "doubts": total.doubts,
                    "kept": not job.kept_nothing,
                }
            )
            return
        if self._problems:
            print_table(
                ("row", "field", "value", "reason"),
                ((p.row, p.field, p.value, p.reason) for p in self._problems),
                empty="",
            )
        if self._more:
            console().print(
                f"... and {self._more:,} more problems; --json prints all of them, "
                "--report writes the rows."
            )
        console().print(_counts(job, retired))


async def _retire(job: ImportJob, confirmed: int | None) -> int:
    """Retire what is missing, once somebody has named how many that is."""
    reason = job.refuse_retiring()
    if reason is not None:
        raise CliError(f"nothing was retired: {reason}")
    assert job.missing is not None
    count = len(job.missing)
    if not count:
        return 0
    if confirmed is None:
        if not sys.stdin.isatty():
            raise CliError(
                f"nothing was retired: {count:,} cameras are missing in the file; "
                f"confirm it with --yes-retire {count}"
            )
        note(f"{count:,} cameras on file are not in the file. They would be out of service:")
        for code in job.missing[:5]:
            note(f"  {code}")
        typed = typer.prompt(f"Type {count} to retire them, anything else to leave them", err=True)
        confirmed = int(typed) if typed.strip().isdecimal() else -1
    return await job.retire_missing(confirmed)


def _advise(job: ImportJob, report: Path | None, retired: int) -> None:
    if report is not None:
        if job.refused is None:
            note(f"No row was refused, so {report} was not written.")
        else:
            note(f"The refused rows are in {report}: mend them there, and import that file.")
    if job.total.without_path:
        note(
            f"Of the cameras that may be asked, {job.total.without_path:,} cannot be: no stream "
            "path is on file. Give main_stream_path, sub_stream_path or snapshot_path, or another "
            "poll_mode."
        )
    if job.missing and not retired:
        note(
            "Cameras that the file does not name are kept: they are taken out of service only with "
            "--retire-missing."
        )
    for doubt, rows in job.total.doubts.most_common():
        note(f"Taken, but look again: {doubt} ({rows:,} rows)")
    changed = job.total.added + job.total.changed + retired
    if changed and not job.kept_nothing and not job.is_dry_run:
        note(f"To undo this: sharpeyes camera import-undo {job.import_id}")


def _stopped(job: ImportJob, file: Path, *, all_or_nothing: bool) -> str:
    if all_or_nothing:
        return f"Stopped at row {job.total.last_row} of {file}: nothing was kept."
    return (
        f"Stopped after row {job.total.last_row} of {file}: {_counts(job)}. "
        "What is in is whole; the same command goes on from there."
    )


def _counts(job: ImportJob, retired: int = 0) -> str:
    total = job.total
    would = "Would be: " if job.is_dry_run else ""
    missing = "" if job.missing is None else f", {len(job.missing):,} on file are not in the file"
    if job.missing and not retired:
        missing += " and stay as they are"
    return (
        f"{would}{total.added:,} added, {total.changed:,} changed, {total.unchanged:,} unchanged, "
        f"{total.refused_rows:,} refused{missing}"
    )


@contextmanager
def _progress(file: Path, source: BufferedIOBase) -> Iterator[Callable[[], None]]:
    if not sys.stderr.isatty():
        yield lambda: None
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TaskProgressColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        task = progress.add_task(file.name, total=file.stat().st_size)
        yield lambda: progress.update(task, completed=source.tell())
