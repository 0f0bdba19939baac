"""`sharpeyes camera maintenance, remove, restore, commission`: where in its life a camera is."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer

from sharpeyes.registry.camera import FiledCamera, Life
from sharpeyes.registry.errors import shown
from sharpeyes.registry.life import IN_SERVICE, LifeState
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.audit import audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, note, print_json
from sharpeyes.service.cli.registered import CodeArgument, JsonOption, camera_view, find_camera

_DURATION = re.compile(r"([0-9]{1,4})([mhd])", re.ASCII)
_WORDS = {
    Life.PLANNED: "planned",
    Life.IN_SERVICE: "in service",
    Life.MAINTENANCE: "in maintenance",
    Life.REMOVED: "removed",
}
_UNITS = {"m": "minutes", "h": "hours", "d": "days"}

ReasonOption = Annotated[
    str | None, typer.Option(help="Why, in words; it stays in the camera's history.")
]


def maintenance(
    device_code: CodeArgument,
    reason: ReasonOption = None,
    until: Annotated[
        str | None,
        typer.Option(
            metavar="WHEN",
            help="When it should be over: 90m, 4h, 3d, or a time such as 2026-11-23T18:00 "
            "(this machine's zone unless it says another). Then it ends by itself.",
        ),
    ] = None,
    end: Annotated[bool, typer.Option("--end", help="End it now.")] = False,
    as_json: JsonOption = False,
) -> None:
    """Take a camera out of service while it is mended: it is not asked, and not called offline."""
    if end:
        if reason is not None or until is not None:
            raise typer.BadParameter("give --end, or --reason and --until, not both")
        _move(device_code, IN_SERVICE, as_json=as_json, leaving=Life.MAINTENANCE)
        return
    if reason is None or until is None:
        raise typer.BadParameter("maintenance needs --reason and --until (or give --end)")
    moment = _read_until(until, datetime.now(UTC))
    _move(device_code, LifeState(Life.MAINTENANCE, reason, moment), as_json=as_json)


def remove(
    device_code: CodeArgument,
    reason: Annotated[str, typer.Option(help="Why, in words; it stays in the camera's history.")],
    as_json: JsonOption = False,
) -> None:
    """Remove a camera. Its code, its file and its history stay, and it can be put back."""
    _move(device_code, LifeState(Life.REMOVED, reason), as_json=as_json)


def restore(
    device_code: CodeArgument,
    reason: ReasonOption = None,
    planned: Annotated[
        bool, typer.Option("--planned", help="As planned, and not in service yet.")
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Put a removed camera back."""
    life = Life.PLANNED if planned else Life.IN_SERVICE
    _move(device_code, LifeState(life, reason or ""), as_json=as_json, leaving=Life.REMOVED)


def commission(
    device_code: CodeArgument, reason: ReasonOption = None, as_json: JsonOption = False
) -> None:
    """Put a planned camera into service."""
    wanted = LifeState(Life.IN_SERVICE, reason or "")
    _move(device_code, wanted, as_json=as_json, leaving=Life.PLANNED)


def life_words(camera: FiledCamera) -> str:
    """Say in one line where in its life a camera is."""
    until = f" until {camera.life_until:%Y-%m-%d %H:%M} UTC" if camera.life_until else ""
    reason = f": {camera.life_reason}" if camera.life_reason else ""
    return f"{_WORDS[camera.life]}{until}{reason}"


def _move(
    device_code: str, wanted: LifeState, *, as_json: bool, leaving: Life | None = None
) -> None:
    """Take the camera there, which must be in state `leaving` where that is given."""

    async def command() -> FiledCamera:
        async with open_database() as database:
            store = CameraStore(database.pool)
            camera = await find_camera(store, device_code)
            if leaving is not None and camera.life is not leaving:
                is_not = f"is not {_WORDS[leaving]}: it is {life_words(camera)}"
                raise CliError(f"camera {camera.device_code} {is_not}")
            async with store.edit(COMMAND_LINE) as edit:
                moved = await edit.move(camera.device_code, wanted, revision=camera.revision)
                if moved != camera:
                    await audit(
                        edit.connection,
                        COMMAND_LINE,
                        "camera.life",
                        camera.device_code,
                        detail=msgspec.to_builtins(wanted),
                    )
            return moved

    camera = run(command())
    if as_json:
        print_json(camera_view(camera))
    else:
        note(f"Camera {camera.device_code} is {life_words(camera)}.")


def _read_until(text: str, now: datetime) -> datetime:
    duration = _DURATION.fullmatch(text.strip())
    if duration is not None:
        return now + timedelta(**{_UNITS[duration[2]]: int(duration[1])})
    try:
        moment = datetime.fromisoformat(text.strip())
        # Without a zone, it is the one that the clock on this machine's wall shows.
        return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise typer.BadParameter(
            f"'{shown(text)}' is neither a time such as 2026-11-23T18:00 nor 90m, 4h or 3d",
            param_hint="--until",
        ) from None
