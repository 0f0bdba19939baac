"""What commands about registered cameras share: finding one, and how its file is written."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
import typer

from sharpeyes.registry.camera import FiledCamera
from sharpeyes.registry.device_code import DeviceCode
from sharpeyes.registry.errors import DeviceCodeError, UnknownCameraError, shown
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.cli.output import CliError

TierWord = Literal["city", "district", "social", "police", "other"]
CodeArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="CODE", help="The camera's 20-digit device code.")
]
JsonOption: TypeAlias = Annotated[bool, typer.Option("--json", help="Answer in JSON.")]


async def find_camera(store: CameraStore, device_code: str) -> FiledCamera:
    """Return the camera with this device code.

    Raises:
        CliError: It is no device code.
        UnknownCameraError: No camera has it.
    """
    try:
        code = DeviceCode.parse(device_code.strip())
    except DeviceCodeError as error:
        raise CliError(f"device code '{shown(device_code)}' {error}") from error
    camera = await store.get(code.text)
    if camera is None:
        raise UnknownCameraError(device_code)
    return camera


def camera_view(camera: FiledCamera) -> dict[str, object]:
    """Return the camera's file as programs read it, the tier in words."""
    return msgspec.structs.asdict(camera) | {"tier": camera.tier.word}
