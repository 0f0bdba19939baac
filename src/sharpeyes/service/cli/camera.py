"""`sharpeyes camera`: which cameras are registered."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import datetime
from typing import Annotated

import msgspec
import typer

from sharpeyes.detectors.zones import Zone
from sharpeyes.health.store import StatusStore, StoredStatus
from sharpeyes.registry.camera import Camera, Tier
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.cli.camera_add import add
from sharpeyes.service.cli.camera_import import import_file
from sharpeyes.service.cli.camera_password import set_password
from sharpeyes.service.cli.camera_probe import probe
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note, print_json, print_table
from sharpeyes.service.cli.registered import (
    CodeArgument,
    JsonOption,
    TierWord,
    camera_view,
    find_camera,
)

app = typer.Typer(help="The registry of cameras: one camera, one file.", no_args_is_help=True)
app.command("add")(add)
app.command("import")(import_file)
app.command("password")(set_password)
app.command("probe")(probe)

_PAGE = 1000
_MOST_LISTED = 1_000_000


@app.command("list")
def list_cameras(
    tier: Annotated[TierWord | None, typer.Option(help="Only this tier.")] = None,
    division: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Only this division and those below it, such as 420102."),
    ] = None,
    text: Annotated[
        str | None, typer.Option(help="Only with this text in the code, the name or the host.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=1, max=_MOST_LISTED, help="Cameras shown at most.")
    ] = 100,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per camera and line.")
    ] = False,
) -> None:
    """List cameras in the order of their device codes."""
    wanted = Tier.parse(tier) if tier else None

    async def command() -> tuple[list[Camera], int]:
        listed: list[Camera] = []
        async with open_database() as database:
            store = CameraStore(database.pool)
            async for page in _pages(store, wanted, division, text, limit):
                if as_json:
                    for camera in page:
                        print_json(camera_view(camera))
                else:
                    listed += page
            total = await store.count(tier=wanted, division_code=division, text=text)
        return listed, total

    listed, total = run(command())
    if as_json:
        return
    print_table(
        ("device code", "name", "tier", "division", "host", "poll", "sample"),
        (
            (
                camera.device_code,
                camera.name,
                camera.tier.word,
                camera.division_code,
                camera.host,
                camera.poll_mode,
                camera.sample_source,
            )
            for camera in listed
        ),
        empty="No camera is registered like that."
        if tier or division or text
        else "No camera is registered yet: `sharpeyes camera add` or `sharpeyes camera import`.",
    )
    if total > len(listed):
        note(f"{len(listed):,} of {total:,} cameras are shown; --limit shows more.")


async def _pages(
    store: CameraStore, tier: Tier | None, division: str | None, text: str | None, limit: int
) -> AsyncIterator[list[Camera]]:
    after = None
    while limit > 0:
        page = await store.list(
            tier=tier, division_code=division, text=text, after=after, limit=min(limit, _PAGE)
        )
        yield page
        if len(page) < _PAGE:
            return
        limit -= len(page)
        after = page[-1].device_code


@app.command("show")
def show(device_code: CodeArgument, as_json: JsonOption = False) -> None:
    """Show one camera: its file, its zones and how it is."""

    async def command() -> tuple[Camera, list[Zone], StoredStatus | None, bool]:
        async with open_database() as database:
            store = CameraStore(database.pool)
            camera = await find_camera(store, device_code)
            return (
                camera,
                await store.zones(camera.camera_id),
                await StatusStore(database.pool).get(camera.camera_id),
                await CredentialStore(database.pool, database.key).has(camera.camera_id),
            )

    camera, zones, status, has_credentials = run(command())
    view = camera_view(camera)
    if as_json:
        known = status and msgspec.structs.asdict(status)
        print_json(view | {"has_credentials": has_credentials, "zones": zones, "status": known})
        return
    rows = [(field, _words(view[field])) for field in view if view[field] is not None]
    rows += [
        ("main stream", camera.main_stream_url or "none"),
        ("sub stream", camera.sub_stream_url or "none"),
        ("snapshot", camera.snapshot_url or "none"),
        ("password", "stored, and shown to nobody" if has_credentials else "none stored"),
        ("status", _status_words(status)),
    ]
    rows += [(f"zone ({zone.kind})", zone.name) for zone in zones]
    print_table(("field", "value"), rows, empty="")


def _words(value: object) -> str:
    return f"{value:%Y-%m-%d %H:%M:%S} UTC" if isinstance(value, datetime) else str(value)


def _status_words(status: StoredStatus | None) -> str:
    if status is None:
        return "unknown: not judged yet"
    cause = f", {status.cause}: {status.evidence}" if status.cause else ""
    return f"{status.status} since {status.since:%Y-%m-%d %H:%M:%S} UTC{cause}"
