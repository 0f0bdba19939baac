"""`sharpeyes camera add`: register one camera."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated
from urllib.parse import urlsplit

import typer

from sharpeyes.devices.address import DeviceAddress
from sharpeyes.devices.errors import RtspUrlError
from sharpeyes.registry.camera import (
    NO_PATH,
    CameraFile,
    FiledCamera,
    Life,
    PollMode,
    SampleSource,
    Tier,
)
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.doubting import doubts
from sharpeyes.registry.life import IN_SERVICE, LifeState
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import COMMAND_LINE, audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, note, print_json
from sharpeyes.service.cli.password import (
    PasswordEnvOption,
    PasswordStdinOption,
    UsernameOption,
    read_credentials,
)
from sharpeyes.service.cli.registered import JsonOption, TierWord, camera_view

_DISTRICT_DIGITS = 6
_RTSP_PORT = 554


def add(  # noqa: PLR0917  # typer reads them by name
    device_code: Annotated[
        str, typer.Argument(metavar="CODE", help="The camera's 20-digit device code.")
    ],
    name: Annotated[str, typer.Option(help="What people call it.")],
    tier: Annotated[TierWord, typer.Option(help="Whose point it is.")],
    division: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="Its division. Default: the device code's district."),
    ] = None,
    lon: Annotated[float | None, typer.Option(help="Longitude in degrees, WGS-84.")] = None,
    lat: Annotated[float | None, typer.Option(help="Latitude in degrees, WGS-84.")] = None,
    stream: Annotated[
        str | None,
        typer.Option(
            metavar="rtsp://HOST:PORT/PATH",
            help="Its main stream, instead of --host, --rtsp-port and --main.",
        ),
    ] = None,
    host: Annotated[str | None, typer.Option(help="Address or name of the device.")] = None,
    rtsp_port: Annotated[
        int | None, typer.Option(help=f"Port of its streams. Default: {_RTSP_PORT}.")
    ] = None,
    http_port: Annotated[int, typer.Option(help="Port of its snapshots and of ONVIF.")] = 80,
    main: Annotated[
        str | None, typer.Option(metavar="PATH", help="Path of the main stream, from / on.")
    ] = None,
    sub: Annotated[str | None, typer.Option(metavar="PATH", help="Path of the sub stream.")] = None,
    snapshot: Annotated[
        str | None, typer.Option(metavar="PATH", help="Path of a JPEG over HTTP.")
    ] = None,
    poll: Annotated[
        PollMode,
        typer.Option(help="May it be asked: at any time, only when somebody looks, or never."),
    ] = PollMode.DIRECT,
    sample: Annotated[
        SampleSource, typer.Option(help="Where frames for the detectors come from.")
    ] = SampleSource.NONE,
    sample_interval_s: Annotated[float, typer.Option(help="Seconds between frames.")] = 5.0,
    planned: Annotated[
        bool,
        typer.Option("--planned", help="It is not there yet: not asked, and counted as planned."),
    ] = False,
    username: UsernameOption = None,
    password_stdin: PasswordStdinOption = False,
    password_env: PasswordEnvOption = None,
    as_json: JsonOption = False,
) -> None:
    """Register a camera."""
    if stream is not None:
        for option, value in (("--host", host), ("--rtsp-port", rtsp_port), ("--main", main)):
            if value is not None:
                raise typer.BadParameter(f"give --stream or {option}, not both")
        host, rtsp_port, main = _split_stream(stream)
    credentials = read_credentials(username, from_stdin=password_stdin, variable=password_env)
    file = CameraFile(
        device_code=device_code,
        name=name,
        tier=Tier.parse(tier),
        division_code=device_code.strip()[:_DISTRICT_DIGITS] if division is None else division,
        longitude=lon,
        latitude=lat,
        host=host,
        rtsp_port=_RTSP_PORT if rtsp_port is None else rtsp_port,
        http_port=http_port,
        main_stream_path=main,
        sub_stream_path=sub,
        snapshot_path=snapshot,
        poll_mode=poll,
        sample_source=sample,
        sample_interval_s=sample_interval_s,
    )
    state = LifeState(Life.PLANNED) if planned else IN_SERVICE

    async def command() -> FiledCamera:
        async with open_database() as database:
            store = CameraStore(database.pool, CredentialStore(database.pool, database.sealer))
            async with store.edit(COMMAND_LINE) as edit:
                camera = await edit.add(file, credentials, state=state)
                await audit(edit.connection, COMMAND_LINE, "camera.add", camera.device_code)
            return camera

    camera = run(command())
    if as_json:
        print_json(camera_view(camera))
    if camera.lacks_path:
        note(f"Give --stream, --main, --sub or --snapshot, or another --poll: {NO_PATH}.")
    if not as_json:
        _tell(camera)


def _tell(camera: FiledCamera) -> None:
    """Say what was done, what is doubtful and what comes next."""
    note(f"Camera {camera.device_code} is registered: {camera.name}.")
    for doubt in doubts(camera.file, now=datetime.now(UTC)):
        note(f"Look again: {doubt}")
    if camera.life is Life.PLANNED:
        note(f"Once it is there: sharpeyes camera commission {camera.device_code}")
    elif camera.poll_mode.at_any_time:
        note(f"See whether it answers: sharpeyes camera probe {camera.device_code}")


def _split_stream(url: str) -> tuple[str, int, str]:
    """Return host, port and path of a stream's address.

    Raises:
        CliError: It is none, or carries a user name; the address itself is not repeated.
    """
    try:
        address = DeviceAddress.of_rtsp(url)
    except RtspUrlError as error:
        raise CliError(f"--stream: {error}") from None
    parts = urlsplit(url)
    path = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
    return address.host, address.port, path
