"""`sharpeyes zone`: which parts of a camera's picture mean what."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.registry.errors import shown
from sharpeyes.registry.store import CameraStore
from sharpeyes.registry.zoning import ZoneEdit
from sharpeyes.service.access import COMMAND_LINE, audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note, print_json, print_table
from sharpeyes.service.cli.registered import CodeArgument, find_camera
from sharpeyes.service.cli.zones_file import ZonesFile, read_zones

app = typer.Typer(help="Zones: which parts of a picture mean what.", no_args_is_help=True)

_WIDTHS = re.compile(r"([0-9]*\.?[0-9]+),([0-9]*\.?[0-9]+),([0-9]*\.?[0-9]+)", re.ASCII)
_POINT = re.compile(r"([0-9]*\.?[0-9]+),([0-9]*\.?[0-9]+)", re.ASCII)
NameArgument = Annotated[
    str, typer.Argument(metavar="NAME", help="The zone's name, unique for its camera.")
]


@app.command("add")
def add(  # noqa: PLR0917  # typer reads them by name
    device_code: CodeArgument,
    name: Annotated[str | None, typer.Argument(metavar="NAME", help="The zone's name.")] = None,
    kind: Annotated[ZoneKind, typer.Option(help="What it is for.")] = ZoneKind.WATCH,
    polygon: Annotated[
        str | None,
        typer.Option(
            metavar="'X,Y X,Y X,Y ...'",
            help="Its corners, each 0-1 of the picture's width and height, from the top left.",
        ),
    ] = None,
    dwell_s: Annotated[
        float | None,
        typer.Option(help="Seconds that a vehicle may stay. Default: the detector's own."),
    ] = None,
    vehicle_width: Annotated[
        list[str] | None,
        typer.Option(
            metavar="Y,LEAST,MOST",
            help="How wide vehicles are whose lower edge is at Y: widths 0-1 of the picture's, "
            "Y 0-1 from its top. Give a far and a near row. Default: learned from the traffic.",
        ),
    ] = None,
    file: Annotated[
        Path | None,
        typer.Option(
            exists=True,
            dir_okay=False,
            help="Add all zones of this JSON file, as `sharpeyes detect --zones` reads it.",
        ),
    ] = None,
) -> None:
    """Add a zone to a camera, or all zones of a file."""
    if file is not None:
        if name is not None or polygon is not None or vehicle_width:
            raise typer.BadParameter("give --file, or NAME and --polygon, not both")
        zones = read_zones(file)
    elif name is None or polygon is None:
        raise typer.BadParameter("a zone needs NAME and --polygon (or give --file)")
    else:
        widths = _read_widths(vehicle_width or [])
        zones = (Zone(name.strip(), kind, _read_polygon(polygon), dwell_s, widths),)

    async def command() -> None:
        async with open_database() as database:
            store = CameraStore(database.pool)
            camera = await find_camera(store, device_code)
            async with store.edit(COMMAND_LINE) as edit:
                await (await ZoneEdit.of(edit.connection, camera.device_code)).add(zones)
                await audit(
                    edit.connection,
                    COMMAND_LINE,
                    "zone.add",
                    camera.device_code,
                    detail={"zones": [zone.name for zone in zones]},
                )

    run(command())
    for zone in zones:
        note(f"Zone {zone.name} ({zone.kind}) is added to camera {device_code}.")


@app.command("list")
def list_zones(
    device_code: CodeArgument,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print them as `sharpeyes detect --zones` reads them.")
    ] = False,
) -> None:
    """List a camera's zones."""

    async def command() -> list[Zone]:
        async with open_database() as database:
            store = CameraStore(database.pool)
            return await store.zones((await find_camera(store, device_code)).camera_id)

    zones = run(command())
    if as_json:
        print_json(ZonesFile(tuple(zones)))
        return
    print_table(
        ("name", "kind", "dwell s", "vehicle widths", "polygon"),
        (
            (
                zone.name,
                zone.kind,
                zone.dwell_s,
                " ".join(f"{y:g},{least:g},{most:g}" for y, least, most in zone.vehicle_widths),
                " ".join(f"{x:g},{y:g}" for x, y in zone.polygon),
            )
            for zone in zones
        ),
        empty="The camera has no zones: its whole picture is watched.",
    )


@app.command("remove")
def remove(device_code: CodeArgument, name: NameArgument) -> None:
    """Remove a zone from a camera."""

    async def command() -> None:
        async with open_database() as database:
            store = CameraStore(database.pool)
            camera = await find_camera(store, device_code)
            async with store.edit(COMMAND_LINE) as edit:
                await (await ZoneEdit.of(edit.connection, camera.device_code)).remove(name)
                await audit(
                    edit.connection,
                    COMMAND_LINE,
                    "zone.remove",
                    camera.device_code,
                    detail={"zones": [name]},
                )

    run(command())
    note(f"Zone {name} is removed from camera {device_code}.")


def _read_polygon(text: str) -> tuple[tuple[float, float], ...]:
    points = []
    for number, word in enumerate(text.split(), start=1):
        match = _POINT.fullmatch(word)
        if match is None:
            raise typer.BadParameter(
                f"point {number} is '{shown(word)}', not X,Y with numbers 0-1",
                param_hint="--polygon",
            )
        points.append((float(match[1]), float(match[2])))
    return tuple(points)


def _read_widths(texts: list[str]) -> tuple[tuple[float, float, float], ...]:
    rows = []
    for number, text in enumerate(texts, start=1):
        match = _WIDTHS.fullmatch(text.strip())
        if match is None:
            raise typer.BadParameter(
                f"row {number} is '{shown(text)}', not Y,LEAST,MOST with numbers 0-1",
                param_hint="--vehicle-width",
            )
        rows.append((float(match[1]), float(match[2]), float(match[3])))
    return tuple(rows)
