"""What a camera file may hold: each field, and whether they agree with each other.

A file that passes costs little: the checks run for every row of an import. What is refused here
cannot be; what is merely unlikely is told by `doubting`.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import MAXYEAR, date, datetime, timedelta
from functools import lru_cache

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.camera import CameraFile, PollMode, SampleSource
from sharpeyes.registry.cell_dates import CHINA, write_time
from sharpeyes.registry.device_code import DeviceCode, has_code_digits
from sharpeyes.registry.device_code_tables import RECORDER_TYPES
from sharpeyes.registry.errors import DeviceCodeError, FieldProblem, shown
from sharpeyes.registry.fields import refuse_division_code, refuse_position
from sharpeyes.registry.plain_checking import plain_problems

_FIRST_YEAR = 1980
_LAST_YEAR = 2099
_TOO_EARLY = f"lies before {_FIRST_YEAR}, when there were no such cameras"
# Clocks differ, and a sheet's days begin earlier in China than in UTC.
_AHEAD = timedelta(days=1)
_CODE_DIGITS = 20
_PREFIX_DIGITS = 14
_DIVISION_MAX_CHARACTERS = 16
_PREFIXES_KEPT = 65_536

_ORDER = {name: place for place, name in enumerate(CameraFile.__struct_fields__)}


def validate(
    camera_file: CameraFile,
    *,
    now: datetime,
    division_known: bool = True,
    bounds: Bounds | None = None,
) -> list[FieldProblem]:
    """Check a tidied camera file: each field, and that they agree with each other.

    Args:
        camera_file: What was handed in.
        now: The time, UTC: nothing was installed or filed after it.
        division_known: False when there is no such division, which comes before the question
            whether it is the right one.
        bounds: The box around the division; None where nobody knows it.

    Returns:
        All problems at once, in the order of the fields; empty when there are none.
    """
    problems = [
        *_code_problems(camera_file, division_known=division_known),
        *plain_problems(camera_file),
        *_position_problems(camera_file, bounds),
        *_date_problems(camera_file, now),
        *_polling_problems(camera_file),
    ]
    if len(problems) > 1:
        problems.sort(key=lambda problem: _ORDER[problem.field])
    return problems


def _code_problems(file: CameraFile, *, division_known: bool) -> list[FieldProblem]:
    text, division = file.device_code, file.division_code
    if has_code_digits(text) and len(division) <= _DIVISION_MAX_CHARACTERS:
        reason, wrong = _judge_prefix(text[:_PREFIX_DIGITS], division)
    else:
        reason, wrong = _refuse_code(text), refuse_division_code(division)
    if not division_known and refuse_division_code(division) is None:
        wrong = "no such division is known"
    problems = []
    if reason is not None:
        problems.append(FieldProblem("device_code", shown(text), reason))
    # A division that was taken from the code is not to blame for it.
    is_taken_from_code = bool(division) and text.startswith(division)
    if wrong is not None and (reason is None or not is_taken_from_code):
        problems.append(FieldProblem("division_code", shown(division), wrong))
    recorder = file.recorder_code
    if recorder is not None and (reason := _refuse_recorder(recorder)):
        problems.append(FieldProblem("recorder_code", shown(recorder), reason))
    return problems


@lru_cache(_PREFIXES_KEPT)
def _judge_prefix(prefix: str, division_code: str) -> tuple[str | None, str | None]:
    """Check what many cameras share: all but the serial of the device code, and the division.

    Returns:
        The reasons for refusing the one and the other. That the division contradicts the code is
        said only where both are right in themselves.
    """
    text = prefix.ljust(_CODE_DIGITS, "0")
    reason, wrong = _refuse_code(text), refuse_division_code(division_code)
    if reason is None and wrong is None and DeviceCode.parse(text).contradicts(division_code):
        wrong = f"the device code says {text[:6]} (its first six digits)"
    return reason, wrong


def _refuse_code(text: str) -> str | None:
    try:
        DeviceCode.parse(text).require_camera()
    except DeviceCodeError as error:
        return str(error)
    return None


def _refuse_recorder(text: str) -> str | None:
    try:
        code = DeviceCode.parse(text)
    except DeviceCodeError as error:
        return str(error)
    if int(code.type_code) in RECORDER_TYPES:
        return None
    known = ", ".join(map(str, sorted(RECORDER_TYPES)))
    return f"type {code.type_code} (digits 11-13) is no recorder; recorders have {known}"


def is_well_placed(longitude: float | None, latitude: float | None, bounds: Bounds | None) -> bool:
    """Tell whether a position is no problem: both degrees or none, in China, in the division."""
    if longitude is None or latitude is None:
        return longitude is latitude
    if bounds is not None and not (
        bounds.west <= longitude <= bounds.east and bounds.south <= latitude <= bounds.north
    ):
        return False
    return refuse_position(longitude, latitude) is None


def _position_problems(file: CameraFile, bounds: Bounds | None) -> Iterator[FieldProblem]:
    longitude, latitude = file.longitude, file.latitude
    if is_well_placed(longitude, latitude, bounds):
        return
    if longitude is None:
        yield FieldProblem("longitude", "", "is missing beside a latitude")
    elif latitude is None:
        yield FieldProblem("latitude", "", "is missing beside a longitude")
    elif reason := refuse_position(longitude, latitude):
        yield FieldProblem("longitude", f"{longitude}, {latitude}", reason)
    elif bounds is not None:
        # Whoever mends it is sent to the cell that is wrong: the latitude, if that alone is out.
        yield FieldProblem(
            "latitude" if bounds.west <= longitude <= bounds.east else "longitude",
            f"{longitude}, {latitude}",
            f"lies outside the division (longitude {bounds.west:g} to {bounds.east:g}, "
            f"latitude {bounds.south:g} to {bounds.north:g})",
        )


def _date_problems(file: CameraFile, now: datetime) -> Iterator[FieldProblem]:
    installed_at, filed_on, until = file.installed_at, file.filed_on, file.accepted_until
    if installed_at is not None and (reason := _refuse_installed_at(installed_at, now)):
        # As the sheet has it; in the year 9999 China's calendar may end before ours.
        is_writable = installed_at.tzinfo is not None and installed_at.year < MAXYEAR
        told = write_time(installed_at) if is_writable else str(installed_at)
        yield FieldProblem("installed_at", shown(told), reason)
        installed_at = None
    if filed_on is not None:
        if filed_on > (now + _AHEAD).date():
            yield FieldProblem("filed_on", shown(filed_on), "lies in the future")
        elif filed_on.year < _FIRST_YEAR:
            yield FieldProblem("filed_on", shown(filed_on), _TOO_EARLY)
    if until is not None and (reason := _refuse_accepted_until(until, installed_at)):
        yield FieldProblem("accepted_until", shown(until), reason)


def _refuse_installed_at(installed_at: datetime, now: datetime) -> str | None:
    if installed_at.tzinfo is None:
        return "must have a time zone"
    if installed_at > now + _AHEAD:
        return "lies in the future: leave it empty until the camera hangs"
    return _TOO_EARLY if installed_at.year < _FIRST_YEAR else None


def _refuse_accepted_until(until: date, installed_at: datetime | None) -> str | None:
    if not _FIRST_YEAR <= until.year <= _LAST_YEAR:
        return f"must lie between {_FIRST_YEAR} and {_LAST_YEAR}"
    if installed_at is not None and until < (day := installed_at.astimezone(CHINA).date()):
        return f"lies before the installation ({day})"
    return None


def _polling_problems(file: CameraFile) -> Iterator[FieldProblem]:
    mode, source = file.poll_mode, file.sample_source
    if mode.at_any_time and file.host is None:
        yield FieldProblem("host", "", f"is missing; poll mode {mode} needs it")
    if mode is PollMode.RECORDER:
        for field in ("recorder_code", "recorder_channel"):
            if getattr(file, field) is None:
                yield FieldProblem(field, "", "is missing; poll mode recorder needs it")
    if source is not SampleSource.NONE:
        yield from _sampling_problems(file, mode, source)


def _sampling_problems(
    file: CameraFile, mode: PollMode, source: SampleSource
) -> Iterator[FieldProblem]:
    if not mode.at_any_time:
        reason = f"needs poll mode direct or recorder, not {mode}"
        yield FieldProblem("sample_source", source, reason)
    if source is SampleSource.SNAPSHOT and file.snapshot_path is None:
        yield FieldProblem("snapshot_path", "", "is missing; sample source snapshot needs it")
    if source is SampleSource.KEYFRAME and not (file.main_stream_path or file.sub_stream_path):
        yield FieldProblem("main_stream_path", "", "is missing; sample source keyframe needs it")
