"""What a camera file may hold: each field, and whether they agree with each other."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from sharpeyes.registry.camera import CameraFile, PollMode, SampleSource
from sharpeyes.registry.device_code import DeviceCode
from sharpeyes.registry.errors import DeviceCodeError, FieldProblem, shown
from sharpeyes.registry.fields import (
    hide_password,
    refuse_division_code,
    refuse_host,
    refuse_number,
    refuse_path,
    refuse_port,
    refuse_position,
    refuse_text,
)

SAMPLE_INTERVAL_MIN_S = 0.2
SAMPLE_INTERVAL_MAX_S = 86400.0


def tidy(camera_file: CameraFile) -> CameraFile:
    """Remove what typing and spreadsheets add: outer spaces, empty texts, an address's brackets."""

    def stripped(text: str | None) -> str | None:
        return (text or "").strip() or None

    host = stripped(camera_file.host)
    if host is not None:
        host = host.removeprefix("[").removesuffix("]") if host.startswith("[") else host
        host = host.lower()
    return msgspec.structs.replace(
        camera_file,
        device_code=camera_file.device_code.strip(),
        name=camera_file.name.strip(),
        division_code=camera_file.division_code.strip(),
        host=host,
        main_stream_path=stripped(camera_file.main_stream_path),
        sub_stream_path=stripped(camera_file.sub_stream_path),
        snapshot_path=stripped(camera_file.snapshot_path),
    )


def validate(camera_file: CameraFile, *, division_known: bool = True) -> list[FieldProblem]:
    """Check a tidied camera file: each field, and that they agree with each other.

    Args:
        camera_file: What was handed in.
        division_known: False when there is no such division, which comes before the question
            whether it is the right one.

    Returns:
        All problems at once, in the order of the fields; empty when there are none.
    """
    return [
        *_code_problems(camera_file, division_known=division_known),
        *_field_problems(camera_file),
        *_position_problems(camera_file),
        *_polling_problems(camera_file),
    ]


def _code_problems(file: CameraFile, *, division_known: bool) -> Iterator[FieldProblem]:
    division = file.division_code
    reason = refuse_division_code(division)
    if reason is None and not division_known:
        reason = "no such division is known"
    try:
        code = DeviceCode.parse(file.device_code)
        code.require_camera()
    except DeviceCodeError as error:
        yield FieldProblem("device_code", shown(file.device_code), str(error))
        # A division that was taken from the code is not to blame for it.
        if file.device_code.startswith(division):
            return
    else:
        if reason is None and code.contradicts(division):
            reason = f"the device code says {code.district_code} (its first six digits)"
    if reason is not None:
        yield FieldProblem("division_code", shown(division), reason)


def _field_problems(file: CameraFile) -> Iterator[FieldProblem]:
    reasons = {
        "name": refuse_text(file.name),
        "host": None if file.host is None else refuse_host(file.host),
        "rtsp_port": refuse_port(file.rtsp_port),
        "http_port": refuse_port(file.http_port),
        "sample_interval_s": refuse_number(
            file.sample_interval_s, SAMPLE_INTERVAL_MIN_S, SAMPLE_INTERVAL_MAX_S
        ),
    }
    for field, reason in reasons.items():
        if reason is not None:
            yield FieldProblem(field, shown(getattr(file, field)), reason)
    for field in ("main_stream_path", "sub_stream_path", "snapshot_path"):
        path = getattr(file, field)
        if path is not None and (reason := refuse_path(path)):
            yield FieldProblem(field, shown(hide_password(path)), reason)


def _position_problems(file: CameraFile) -> Iterator[FieldProblem]:
    if file.longitude is None and file.latitude is None:
        return
    if file.longitude is None:
        yield FieldProblem("longitude", "", "is missing beside a latitude")
    elif file.latitude is None:
        yield FieldProblem("latitude", "", "is missing beside a longitude")
    elif reason := refuse_position(file.longitude, file.latitude):
        yield FieldProblem("longitude", f"{file.longitude}, {file.latitude}", reason)


def _polling_problems(file: CameraFile) -> Iterator[FieldProblem]:
    if file.poll_mode.at_any_time and file.host is None:
        yield FieldProblem("host", "", f"is missing; poll mode {file.poll_mode} needs it")
    if file.poll_mode is PollMode.RECORDER:
        for field in ("recorder_code", "recorder_channel"):
            if getattr(file, field) is None:
                yield FieldProblem(field, "", "is missing; poll mode recorder needs it")
    source = file.sample_source
    if source is SampleSource.NONE:
        return
    if not file.poll_mode.at_any_time:
        reason = f"needs poll mode direct or recorder, not {file.poll_mode}"
        yield FieldProblem("sample_source", source, reason)
    if source is SampleSource.SNAPSHOT and file.snapshot_path is None:
        yield FieldProblem("snapshot_path", "", "is missing; sample source snapshot needs it")
    if source is SampleSource.KEYFRAME and not (file.main_stream_path or file.sub_stream_path):
        yield FieldProblem("main_stream_path", "", "is missing; sample source keyframe needs it")
