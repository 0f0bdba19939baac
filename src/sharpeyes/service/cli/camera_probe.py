"""`sharpeyes camera probe`: ask registered cameras everything once."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer

from sharpeyes.devices.fault import Fault
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.probe import DeviceProbe, FirstKeyframe
from sharpeyes.devices.rtsp import RtspDescription
from sharpeyes.registry.camera import FiledCamera
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.filling import Filling, filled
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.asking import ask_camera, failure_of, why_not_ask
from sharpeyes.service.cli.camera_probe_many import Many, probe_many
from sharpeyes.service.cli.context import Database, open_database, run
from sharpeyes.service.cli.output import CliError, note, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption, TierWord, find_camera

_Answer = TypeVar("_Answer")


def probe(  # noqa: PLR0917  # typer reads them by name
    device_code: Annotated[
        str | None,
        typer.Argument(metavar="[CODE]", help="The camera's 20-digit device code; or --all."),
    ] = None,
    every: Annotated[
        bool, typer.Option("--all", help="Ask all that may be asked, as far as narrowed down.")
    ] = False,
    division: Annotated[
        str | None,
        typer.Option(metavar="CODE", help="With --all: only this division and those below it."),
    ] = None,
    tier: Annotated[TierWord | None, typer.Option(help="With --all: only this tier.")] = None,
    at_once: Annotated[
        int, typer.Option(min=1, max=256, help="With --all: cameras asked at once.")
    ] = 32,
    fill: Annotated[
        bool,
        typer.Option(
            "--fill",
            help="Also ask ONVIF for maker, model, firmware and addresses, and file what is new.",
        ),
    ] = False,
    replace: Annotated[
        bool,
        typer.Option("--replace", help="With --fill: replace what is on file otherwise, too."),
    ] = False,
    yes: Annotated[
        bool,
        typer.Option("--yes", help="With --fill: do not ask. With --all, needed to file anything."),
    ] = False,
    force: Annotated[
        bool,
        typer.Option("--force", help="Ask it although its file says that it may not be polled."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask a camera for its stream, a picture, its clock, its make and a snapshot; or ask many.

    Exit code 1 when one cannot be reached, refuses the password, or fails at what its file
    promises.
    """
    if (replace or yes) and not fill:
        raise typer.BadParameter("--replace and --yes go with --fill")
    if every:
        if device_code is not None or force:
            raise typer.BadParameter("--all asks those that may be asked: give no CODE, no --force")
        many = Many(division, tier, at_once, fill=fill, replace=replace, store=yes)
        probe_many(many, as_json=as_json)
        return
    if device_code is None or division is not None or tier is not None:
        raise typer.BadParameter("give a device code; or --all, with --division and --tier")
    _probe_one(device_code, fill=fill, replace=replace, yes=yes, force=force, as_json=as_json)


def _probe_one(
    device_code: str, *, fill: bool, replace: bool, yes: bool, force: bool, as_json: bool
) -> None:
    async def ask() -> tuple[FiledCamera, DeviceProbe]:
        async with open_database() as database:
            camera = await find_camera(CameraStore(database.pool), device_code)
            _require_willing(camera, force=force)
            return camera, await _ask(database, camera, addresses=fill)

    camera, answers = run(ask())
    failure = failure_of(camera, answers)
    filling = filled(camera.file, answers, replace=replace) if fill else None
    if as_json:
        told = {"device_code": camera.device_code, "reachable": failure is None} | asdict(answers)
        if filling is not None:
            told |= {"changes": filling.changes, "left_out": filling.left_out}
        print_json(told)
    else:
        print_table(("asked", "answer"), _rows(answers), empty="Nothing was asked.")
    if filling is not None:
        _offer(camera, filling, yes=yes, as_json=as_json)
    if failure is not None:
        raise CliError(f"camera {camera.device_code}: {failure.evidence}")


def _require_willing(camera: FiledCamera, *, force: bool) -> None:
    if camera.host is None:
        raise CliError(f"camera {camera.device_code} has no host on file: there is nobody to ask")
    reason = why_not_ask(camera)
    if reason is not None and not force:
        raise CliError(
            f"camera {camera.device_code} may be asked {reason}: --force asks it all the same"
        )


async def _ask(database: Database, camera: FiledCamera, *, addresses: bool) -> DeviceProbe:
    credentials = await CredentialStore(database.pool, database.sealer).get(camera.camera_id)
    async with open_device_session() as session:
        return await ask_camera(
            session, camera, credentials, database.settings.devices, addresses=addresses
        )


def _offer(camera: FiledCamera, filling: Filling, *, yes: bool, as_json: bool) -> None:
    """Show what would change, and change it if that is wanted."""
    for reason in filling.left_out:
        note(f"Left out: {reason}.")
    if not filling.changes:
        note("The file says already what the device does.")
        return
    if not as_json:
        print_table(
            ("field", "on file", "the device says"),
            ((change.field, change.before, change.after) for change in filling.changes),
            empty="",
        )
    if not yes:
        if as_json or not sys.stdin.isatty():
            note("Nothing is changed; --yes files it.")
            return
        typer.confirm("File it?", abort=True, err=True)

    async def store() -> FiledCamera:
        async with (
            open_database() as database,
            CameraStore(database.pool).edit(COMMAND_LINE) as edit,
        ):
            return await edit.replace(filling.file, revision=camera.revision)

    changed = run(store())
    note(f"Camera {camera.device_code} is filled, and now at revision {changed.revision}.")


def _rows(answers: DeviceProbe) -> Iterator[tuple[str, str]]:
    """Give each part that was asked, and what came, in words."""
    if answers.rtsp is None:
        yield "stream", "not asked: no stream path is on file"
    yield from _row("stream", answers.rtsp, _stream_words)
    yield from _row("picture", answers.keyframe, _picture_words)
    yield from _row(
        "ONVIF clock",
        answers.clock,
        lambda clock: f"{clock.utc:%Y-%m-%d %H:%M:%S} UTC, {clock.offset_s:+.1f} s from ours",
    )
    yield from _row(
        "ONVIF device",
        answers.information,
        lambda made: f"{made.manufacturer} {made.model}, firmware {made.firmware_version}",
    )
    yield from _row(
        "ONVIF profiles",
        answers.profiles,
        lambda profiles: ", ".join(
            f"{p.name} ({p.codec} {p.width_px} x {p.height_px} px)" for p in profiles
        ),
    )
    yield from _row(
        "snapshot",
        answers.snapshot,
        lambda size: f"{size.width_px} x {size.height_px} px, {size.bytes:,} bytes",
    )


def _row(
    asked: str, answer: _Answer | Fault | None, words: Callable[[_Answer], str]
) -> Iterator[tuple[str, str]]:
    if isinstance(answer, Fault):
        yield asked, answer.evidence
    elif answer is not None:
        yield asked, words(answer)


def _stream_words(description: RtspDescription) -> str:
    video = description.video
    codec = video.codec if video else "no video"
    latency = f"{description.latency_ms:.0f} ms ({description.connect_ms:.0f} ms to connect)"
    return f"{codec}, latency {latency}" + (f", {description.server}" * bool(description.server))


def _picture_words(picture: FirstKeyframe) -> str:
    size = f"{picture.width_px} x {picture.height_px} px"
    return f"{picture.codec} {size}, first picture after {picture.seconds:.1f} s"
