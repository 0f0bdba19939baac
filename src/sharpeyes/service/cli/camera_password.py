"""`sharpeyes camera password`: give a registered camera its credentials."""

from __future__ import annotations

from typing import Annotated

import typer

from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import COMMAND_LINE, audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note
from sharpeyes.service.cli.password import (
    PasswordEnvOption,
    PasswordStdinOption,
    read_credentials,
)
from sharpeyes.service.cli.registered import CodeArgument, find_camera


def set_password(
    device_code: CodeArgument,
    username: Annotated[
        str, typer.Option(help="User name on the camera. On a terminal, its password is asked for.")
    ],
    password_stdin: PasswordStdinOption = False,
    password_env: PasswordEnvOption = None,
) -> None:
    """Store the user name and password that we send to a camera. Nothing is sent to it now."""
    credentials = read_credentials(username, from_stdin=password_stdin, variable=password_env)

    async def command() -> None:
        async with open_database() as database:
            store = CameraStore(database.pool, CredentialStore(database.pool, database.sealer))
            camera = await find_camera(store, device_code)
            async with store.edit(COMMAND_LINE) as edit:
                await edit.replace(camera.file, credentials, revision=camera.revision)
                await audit(edit.connection, COMMAND_LINE, "camera.password", camera.device_code)

    run(command())
    note(f"The password of camera {device_code} is stored; it is shown to nobody.")
