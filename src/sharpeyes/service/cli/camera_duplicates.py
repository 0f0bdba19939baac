"""`sharpeyes camera duplicates` and `merge`: cameras that are on file twice."""

from __future__ import annotations

import sys
from typing import Annotated

import typer

from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.duplicate import DuplicateReason, DuplicateReport
from sharpeyes.registry.duplicates import DuplicateSearch
from sharpeyes.registry.merging import Merge, merge
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.audit import Connection, audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, note, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption, find_camera


def duplicates(
    division: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only this division and those below it.")
    ] = None,
    reason: Annotated[
        list[DuplicateReason] | None,
        typer.Option(help="Only for this reason; may be given several times."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=100_000, help="Duplicates shown at most, for each reason.")
    ] = 100,
    as_json: JsonOption = False,
) -> None:
    """List cameras that may be on file twice: same address, MAC, position or code.

    `sharpeyes camera merge` makes one of two.
    """

    async def command() -> DuplicateReport:
        async with open_database() as database:
            return await DuplicateSearch(database.pool).report(
                division_code=division, reasons=reason or tuple(DuplicateReason), limit=limit
            )

    report = run(command())
    if as_json:
        print_json(report)
        return
    print_table(
        ("reason", "shared", "device code", "name", "tier", "division", "host"),
        (
            (
                "" if number else duplicate.reason,
                "" if number else duplicate.shared,
                camera.device_code,
                camera.name,
                camera.tier,
                camera.division_code,
                camera.host,
            )
            for duplicate in report.duplicates
            for number, camera in enumerate(duplicate.cameras)
        ),
        empty="No camera seems to be on file twice.",
    )
    for spot in report.crowded:
        note(
            f"{spot.cameras:,} cameras have the very same position "
            f"{spot.longitude:.6f}, {spot.latitude:.6f}: a placeholder, not judged."
        )
    found = sum(report.total.values())
    if found > len(report.duplicates):
        note(f"{len(report.duplicates):,} of {found:,} are shown; --limit shows more.")
    if report.is_cut_off:
        note("So many cameras stand together that not all were compared: narrow it by --division.")


def merge_cameras(
    keep: Annotated[str, typer.Argument(metavar="KEEP", help="Device code of the one that stays.")],
    drop: Annotated[str, typer.Argument(metavar="DROP", help="Device code of the one that goes.")],
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Make one camera of two that are the same.

    KEEP's file wins where it says something, and is filled from DROP's where it is empty. DROP is
    removed, with a reason that names KEEP; its events and its history stay with it.
    """

    async def command(*, dry_run: bool) -> Merge:
        async with open_database() as database:
            credentials = CredentialStore(database.pool, database.sealer)
            store = CameraStore(database.pool, credentials)
            kept = await find_camera(store, keep)
            dropped = await find_camera(store, drop)

            async def record(connection: Connection) -> None:
                detail = {"dropped": dropped.device_code}
                await audit(
                    connection, COMMAND_LINE, "camera.merge", kept.device_code, detail=detail
                )

            return await merge(
                store,
                kept.device_code,
                dropped.device_code,
                actor=COMMAND_LINE,
                dry_run=dry_run,
                record=record,
            )

    planned = run(command(dry_run=True))
    if not yes:
        if as_json or not sys.stdin.isatty():
            raise CliError("nothing is merged: give --yes")
        print_table(
            (f"{keep} gets", "from the other"),
            [
                *planned.filled.items(),
                *(("zone", name) for name in planned.zones),
                *([("credentials", "(not shown)")] if planned.credentials else []),
            ],
            empty=f"{keep} gets nothing: its file says all already.",
        )
        typer.confirm(f"Remove camera {drop} and keep {keep}?", abort=True, err=True)
    done = run(command(dry_run=False))
    if as_json:
        print_json(done)
    else:
        note(f"Camera {drop} is removed: it is the same as {keep}.")
