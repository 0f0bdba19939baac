"""`sharpeyes camera history`: who changed what about a camera, and when."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Annotated

import msgspec
import typer

from sharpeyes.registry.history import CameraChange, CameraHistory
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note, print_json, print_table
from sharpeyes.service.cli.registered import CodeArgument, find_camera

_MOST_SHOWN = 10_000


def history(
    device_code: CodeArgument,
    limit: Annotated[
        int, typer.Option(min=1, max=_MOST_SHOWN, help="Changes shown at most, newest first.")
    ] = 50,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per change and line.")
    ] = False,
) -> None:
    """Show who changed what about a camera, newest first."""

    async def command() -> list[CameraChange]:
        async with open_database() as database:
            camera = await find_camera(CameraStore(database.pool), device_code)
            # One more than asked for tells whether there are more.
            return await CameraHistory(database.pool).of_camera(camera.camera_id, limit=limit + 1)

    changes = run(command())
    if as_json:
        for change in changes[:limit]:
            print_json(change)
    else:
        print_table(
            ("when (UTC)", "revision", "who", "what", "field", "before", "after"),
            (row for change in changes[:limit] for row in _rows(change)),
            empty="Nothing was written down about it.",
        )
    if len(changes) > limit:
        note(f"There are older changes: --limit shows up to {_MOST_SHOWN:,}.")


def _rows(change: CameraChange) -> Iterator[tuple[object, ...]]:
    """Give one row a field; who and when stand in the first."""
    what = change.action
    if change.import_id is not None:
        what += f" (import {change.import_id})"
    head: tuple[object, ...] = (
        f"{change.at:%Y-%m-%d %H:%M:%S}",
        change.revision,
        change.actor,
        what,
    )
    before, after = change.before or {}, change.after or {}
    fields = list(dict.fromkeys((*before, *after)))
    for field in fields or [""]:
        yield (*head, field, _words(before.get(field)), _words(after.get(field)))
        head = ("", "", "", "")


def _words(value: object) -> str:
    if value is None or isinstance(value, str):
        return value or ""
    return msgspec.json.encode(value).decode()
