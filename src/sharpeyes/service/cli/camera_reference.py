"""`sharpeyes camera reference`: what a camera's picture is compared with."""

from __future__ import annotations

from typing import Annotated

import typer

from sharpeyes.health.kept_pictures import KeptPicture, list_pictures, renew_references
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.audit import audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note, print_json, print_table
from sharpeyes.service.cli.registered import CodeArgument, JsonOption, find_camera


def reference(
    device_code: CodeArgument,
    renew: Annotated[
        bool,
        typer.Option(
            "--renew",
            help="Forget them: what the camera shows now is right, and is learned anew.",
        ),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Show from when a camera's reference pictures are, or renew them."""

    async def command() -> list[KeptPicture]:
        async with open_database() as database:
            store = CameraStore(database.pool)
            camera = await find_camera(store, device_code)
            if renew:
                async with store.edit(COMMAND_LINE) as edit:
                    forgotten = await renew_references(edit.connection, camera.camera_id)
                    await audit(
                        edit.connection,
                        COMMAND_LINE,
                        "camera.reference.renew",
                        camera.device_code,
                        detail={"forgotten": forgotten},
                    )
            return await list_pictures(database.pool, camera.camera_id)

    kept = run(command())
    if as_json:
        for picture in kept:
            print_json(picture)
    else:
        print_table(
            ("picture", "at", "samples", "compared with"),
            (
                (
                    picture.kind,
                    picture.at,
                    picture.samples,
                    None if picture.is_ready is None else "yes" if picture.is_ready else "not yet",
                )
                for picture in kept
            ),
            empty="No picture of this camera is kept yet.",
        )
    if renew:
        note(
            f"The references of camera {device_code} are forgotten; the next good "
            "pictures by day, and by night, make new ones."
        )
