"""`sharpeyes camera show`: one camera's file, its zones and how it is."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

from sharpeyes.detectors.zones import Zone
from sharpeyes.registry.camera import CameraFile, FiledCamera
from sharpeyes.registry.cell_text import WRITERS
from sharpeyes.registry.sheet import BY_TARGET
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.api.camera_screen import CameraView
from sharpeyes.service.api.camera_screen import camera_view as camera_on_screen
from sharpeyes.service.cli.camera_life import life_words
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import print_json, print_table
from sharpeyes.service.cli.registered import CodeArgument, JsonOption, camera_view, find_camera


def show(device_code: CodeArgument, as_json: JsonOption = False) -> None:
    """Show one camera: its file, its life, its zones and how it is."""

    async def command() -> tuple[FiledCamera, CameraView, list[Zone], bool]:
        async with open_database() as database:
            store = CameraStore(database.pool)
            camera = await find_camera(store, device_code)
            view = await camera_on_screen(database.pool, camera.device_code)
            assert view is not None
            return (
                camera,
                view,
                await store.zones(camera.camera_id),
                await store.has_credentials(camera.camera_id),
            )

    camera, view, zones, has_credentials = run(command())
    if as_json:
        status = {name: getattr(view, name) for name in ("status", "cause", "evidence", "since")}
        print_json(
            camera_view(camera) | status | {"has_credentials": has_credentials, "zones": zones}
        )
        return
    rows = [
        *_file_rows(camera),
        ("main stream", camera.main_stream_url or "none"),
        ("sub stream", camera.sub_stream_url or "none"),
        ("snapshot", camera.snapshot_url or "none"),
        ("password", "stored, and shown to nobody" if has_credentials else "none stored"),
        ("life", life_words(camera)),
        ("revision", f"{camera.revision}, of {_time(camera.updated_at)}"),
        ("status", _status_words(view)),
    ]
    rows += [(f"zone ({zone.kind})", zone.name) for zone in zones]
    print_table(("field", "value"), rows, empty="")


def _file_rows(camera: FiledCamera) -> Iterator[tuple[str, str]]:
    """Give what is on file, each field with what its numbers mean."""
    for field in CameraFile.__struct_fields__:
        value = getattr(camera, field)
        if value is None or value == ():
            continue
        writer = WRITERS[field]
        text = str(value) if writer is None else writer(value)
        yield field, f"{text}{_meaning(camera, field)}"


def _meaning(camera: FiledCamera, field: str) -> str:
    codes, value = BY_TARGET[field].codes, getattr(camera, field)
    if codes is None:
        return ""
    values = value if isinstance(value, tuple) else (value,)
    meanings = [codes.meaning(one, camera.code_edition) for one in values]
    return f" ({', '.join('unknown' if one is None else one.en for one in meanings)})"


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%d %H:%M:%S} UTC"


def _status_words(view: CameraView) -> str:
    if view.status == "not_measured":
        return "not measured: it may not be asked on a schedule"
    if view.since is None:
        return f"unknown: {view.evidence or 'not judged yet'}"
    cause = f", {view.cause}: {view.evidence}" if view.cause else ""
    return f"{view.status} since {_time(view.since)}{cause}"
