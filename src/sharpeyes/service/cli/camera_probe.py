"""`sharpeyes camera probe`: ask a registered camera everything once."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import asdict
from typing import Annotated, TypeVar

import typer

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.probe import DeviceProbe, FirstKeyframe, probe_device
from sharpeyes.devices.rtsp import RtspDescription
from sharpeyes.registry.camera import FiledCamera, PollMode
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.cli.context import Database, open_database, run
from sharpeyes.service.cli.output import CliError, print_json, print_table
from sharpeyes.service.cli.registered import CodeArgument, JsonOption, find_camera

_Answer = TypeVar("_Answer")


def probe(
    device_code: CodeArgument,
    force: Annotated[
        bool,
        typer.Option("--force", help="Ask it although its file says that it may not be polled."),
    ] = False,
    as_json: JsonOption = False,
) -> None:
    """Ask a camera for its stream, a picture, its clock, its make and a snapshot.

    Exit code 1 when it cannot be reached, refuses the password, or fails at what its file promises.
    """

    async def command() -> tuple[FiledCamera, DeviceProbe]:
        async with open_database() as database:
            store = CameraStore(database.pool)
            camera = await find_camera(store, device_code)
            _require_willing(camera, force=force)
            credentials = await CredentialStore(database.pool, database.sealer).get(camera.camera_id)
            return camera, await _ask(database, camera, credentials)

    camera, answers = run(command())
    failure = _failure(camera, answers)
    if as_json:
        print_json(
            {"device_code": camera.device_code, "reachable": failure is None} | asdict(answers)
        )
    else:
        print_table(("asked", "answer"), _rows(answers), empty="Nothing was asked.")
    if failure is not None:
        raise CliError(f"camera {camera.device_code}: {failure.evidence}")


def _require_willing(camera: FiledCamera, *, force: bool) -> None:
    if camera.host is None:
        raise CliError(f"camera {camera.device_code} has no host on file: there is nobody to ask")
    if not camera.poll_mode.at_any_time and not force:
        when = "only on request" if camera.poll_mode is PollMode.ON_REQUEST else "never"
        raise CliError(
            f"camera {camera.device_code} may be asked {when} (poll mode {camera.poll_mode}): "
            "--force asks it all the same"
        )


async def _ask(
    database: Database, camera: FiledCamera, credentials: Credentials | None
) -> DeviceProbe:
    async with open_device_session() as session:
        return await probe_device(
            session,
            credentials,
            settings=database.settings.devices,
            stream_url=camera.main_stream_url or camera.sub_stream_url,
            onvif_host=camera.host,
            onvif_port=camera.http_port,
            snapshot_url=camera.snapshot_url,
        )


def _failure(camera: FiledCamera, answers: DeviceProbe) -> Fault | None:
    """Return what makes the probe fail; a camera need not speak ONVIF."""
    promised: list[object] = [answers.rtsp, answers.keyframe]
    if camera.snapshot_path is not None:
        promised.append(answers.snapshot)
    faults = [answer for answer in promised if isinstance(answer, Fault)]
    faults += [fault for fault in answers.faults if fault.kind is FaultKind.AUTH]
    if not any(promised):
        faults += answers.faults
    return faults[0] if faults else None


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
