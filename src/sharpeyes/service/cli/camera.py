"""`sharpeyes camera`: which cameras are registered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import asyncpg
import msgspec
import typer

from sharpeyes.registry.camera import Life
from sharpeyes.service.api.camera_finding import StatusWord
from sharpeyes.service.api.camera_screen import (
    CameraPage,
    CameraQuery,
    CameraView,
    camera_page,
)
from sharpeyes.service.cli.camera_add import add
from sharpeyes.service.cli.camera_duplicates import duplicates, merge_cameras
from sharpeyes.service.cli.camera_export import export_file
from sharpeyes.service.cli.camera_history import history
from sharpeyes.service.cli.camera_import import import_file
from sharpeyes.service.cli.camera_imports import list_imports, undo, write_report
from sharpeyes.service.cli.camera_life import commission, maintenance, remove, restore
from sharpeyes.service.cli.camera_password import set_password
from sharpeyes.service.cli.camera_probe import probe
from sharpeyes.service.cli.camera_reference import reference
from sharpeyes.service.cli.camera_set import set_fields
from sharpeyes.service.cli.camera_show import show
from sharpeyes.service.cli.camera_topics import topics
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note, print_json, print_table
from sharpeyes.service.cli.registered import (
    TierWord,
)

app = typer.Typer(help="The registry of cameras: one camera, one file.", no_args_is_help=True)
app.command("add")(add)
app.command("show")(show)
app.command("set")(set_fields)
app.command("history")(history)
app.command("commission")(commission)
app.command("maintenance")(maintenance)
app.command("remove")(remove)
app.command("restore")(restore)
app.command("import")(import_file)
app.command("imports")(list_imports)
app.command("import-report")(write_report)
app.command("import-undo")(undo)
app.command("export")(export_file)
app.command("password")(set_password)
app.command("probe")(probe)
app.command("reference")(reference)
app.command("topics")(topics)
app.command("duplicates")(duplicates)
app.command("merge")(merge_cameras)

_PAGE = 1000
_MOST_LISTED = 1_000_000


@app.command("list")
def list_cameras(  # noqa: PLR0917  # typer reads them by name
    tier: Annotated[TierWord | None, typer.Option(help="Only this tier.")] = None,
    division: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Only this division and those below it, such as 420102."),
    ] = None,
    text: Annotated[
        str | None,
        typer.Option(
            help="Words of two characters or more, in the name, the address or the place's name; "
            "or digits that a code begins or ends with; or an IP address."
        ),
    ] = None,
    status: Annotated[StatusWord | None, typer.Option(help="Only those that are so now.")] = None,
    life: Annotated[Life | None, typer.Option(help="Only those that are there in life.")] = None,
    place_kind: Annotated[
        int | None, typer.Option(min=1, max=99, help="Only at this kind of place, by its number.")
    ] = None,
    maker: Annotated[
        int | None, typer.Option(min=1, max=99, help="Only of this maker, by its number.")
    ] = None,
    bbox: Annotated[
        str | None,
        typer.Option(metavar="W,S,E,N", help="Only in this box on the map, in degrees."),
    ] = None,
    near: Annotated[
        str | None,
        typer.Option(metavar="LON,LAT", help="In the order of the distance from here."),
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=_MOST_LISTED, help="Cameras shown at most.")
    ] = 100,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per camera and line.")
    ] = False,
) -> None:
    """List cameras in the order of divisions and codes, each with its status."""
    query = CameraQuery(
        tier=tier,
        division=division,
        status=status,
        q=(text or "").strip() or None,
        life=life,
        place_kind=place_kind,
        maker=maker,
        bbox=bbox,
        near=near,
    )

    async def command() -> tuple[list[CameraView], CameraPage | None]:
        listed: list[CameraView] = []
        last = None
        async with open_database() as database:
            async for page in _pages(database.pool, query, limit):
                last = page
                if as_json:
                    for camera in page.cameras:
                        print_json(camera)
                else:
                    listed += page.cameras
        return listed, last

    listed, last = run(command())
    if as_json:
        return
    print_table(
        ("device code", "name", "tier", "division", "host", "poll", "sample", "status", "cause"),
        (
            (
                camera.device_code,
                camera.name,
                camera.tier,
                camera.division_code,
                camera.host,
                camera.poll_mode,
                camera.sample_source,
                camera.status,
                camera.cause or camera.evidence,
            )
            for camera in listed
        ),
        empty="No camera is registered like that."
        if query != CameraQuery()
        else "No camera is registered yet: `sharpeyes camera add` or `sharpeyes camera import`.",
    )
    if last is not None and last.next is not None:
        of = f"more than {last.total:,}" if last.total_is_estimate else f"{last.total:,}"
        note(f"{len(listed):,} of {of} cameras are shown; --limit shows more.")


async def _pages(pool: asyncpg.Pool, query: CameraQuery, limit: int) -> AsyncIterator[CameraPage]:
    while limit > 0:
        page = await camera_page(pool, msgspec.structs.replace(query, limit=min(limit, _PAGE)))
        yield page
        if page.next is None:
            return
        limit -= len(page.cameras)
        query = msgspec.structs.replace(query, after=page.next)
