"""`sharpeyes camera set`: change what is on file about a camera."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from typing import Annotated, Any

import msgspec
import typer

from sharpeyes.registry.camera import CameraFile, FiledCamera
from sharpeyes.registry.cell_text import READERS
from sharpeyes.registry.errors import CameraInvalidError, FieldProblem, shown
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.audit import audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note, print_json
from sharpeyes.service.cli.registered import CodeArgument, JsonOption, camera_view, find_camera

_DEFAULTS = {
    field.name: field.default
    for field in msgspec.structs.fields(CameraFile)
    if field.default is not msgspec.NODEFAULT
}
_SETTABLE = tuple(name for name in CameraFile.__struct_fields__ if name != "device_code")


def set_fields(
    device_code: CodeArgument,
    assignments: Annotated[
        list[str],
        typer.Argument(
            metavar="FIELD=VALUE...",
            help="Fields as in the import, such as name='East gate' or functions=1,5. "
            "Nothing after the = clears the field.",
            show_default=False,
        ),
    ],
    as_json: JsonOption = False,
) -> None:
    """Change fields of a camera's file, all or none."""
    values, problems = _read(assignments)

    async def command() -> tuple[FiledCamera, FiledCamera]:
        async with open_database() as database:
            store = CameraStore(database.pool)
            before = await find_camera(store, device_code)
            file = msgspec.structs.replace(before.file, **values)
            if problems:
                unread = {problem.field for problem in problems}
                others = [p for p in await store.problems(file) if p.field not in unread]
                raise CameraInvalidError(before.device_code, [*problems, *others])
            async with store.edit(COMMAND_LINE) as edit:
                after = await edit.replace(file, revision=before.revision)
                if after != before:
                    detail = {"fields": _changed(before, after), "revision": after.revision}
                    await audit(
                        edit.connection,
                        COMMAND_LINE,
                        "camera.edit",
                        after.device_code,
                        detail=detail,
                    )
            return before, after

    before, after = run(command())
    if as_json:
        print_json(camera_view(after))
        return
    changed = _changed(before, after)
    note(
        f"Camera {after.device_code} is changed: {', '.join(changed)}."
        if changed
        else f"Camera {after.device_code} was like that already."
    )


def _read(assignments: Iterable[str]) -> tuple[dict[str, Any], list[FieldProblem]]:
    """Read FIELD=VALUE texts.

    Returns:
        The values that could be read, and all that is wrong with the others.

    Raises:
        typer.BadParameter: A text is none, or its field is unknown or given twice.
    """
    values: dict[str, Any] = {}
    problems: list[FieldProblem] = []
    for assignment in assignments:
        field, equals, text = assignment.partition("=")
        field, text = field.strip(), text.strip()
        if not equals:
            raise typer.BadParameter(f"'{shown(assignment)}' is not FIELD=VALUE")
        if field not in _SETTABLE:
            raise typer.BadParameter(_unknown(field))
        if field in values or any(field == problem.field for problem in problems):
            raise typer.BadParameter(f"{field} is given twice")
        try:
            values[field] = _value(field, text)
        except ValueError as error:
            problems.append(FieldProblem(field, shown(text), str(error)))
    return values, problems


def _value(field: str, text: str) -> Any:
    if not text:
        if field not in _DEFAULTS:
            raise ValueError("must not be empty")
        return _DEFAULTS[field]
    reader = READERS[field]
    return text if reader is None else reader(text)


def _unknown(field: str) -> str:
    if field == "device_code":
        return "the device code cannot be changed: add the camera anew, and remove this one"
    close = difflib.get_close_matches(field.lower(), _SETTABLE, n=1)
    advice = f"did you mean {close[0]}?" if close else f"known are {', '.join(_SETTABLE)}"
    return f"'{shown(field)}' is no field: {advice}"


def _changed(before: FiledCamera, after: FiledCamera) -> list[str]:
    return [name for name in _SETTABLE if getattr(before, name) != getattr(after, name)]
