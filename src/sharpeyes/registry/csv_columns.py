"""From a row's cells to a camera file: which column is which field, and what its text means."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

import msgspec

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import (
    BriefFile,
    CameraFile,
    FiledCamera,
    PollMode,
    SampleSource,
    Tier,
)
from sharpeyes.registry.checking import tidy, validate
from sharpeyes.registry.credentials import validate_credentials
from sharpeyes.registry.errors import FieldProblem, ImportFileError, shown

FILE_COLUMNS = BriefFile.__struct_fields__
CREDENTIAL_COLUMNS = ("username", "password")
COLUMNS = (*FILE_COLUMNS, *CREDENTIAL_COLUMNS)

_DEFAULTS: Mapping[str, Value] = {
    field.name: field.default
    for field in msgspec.structs.fields(BriefFile)
    if field.default is not msgspec.NODEFAULT
}
_REQUIRED = ("device_code", "name", "tier")
_DISTRICT_DIGITS = 6
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,15})?", re.ASCII)
_WHOLE = re.compile(r"[+-]?[0-9]{1,9}", re.ASCII)

Value = str | int | float | None


@dataclass(frozen=True, slots=True)
class Cells:
    """A row whose texts were read, field by field.

    Attributes:
        row: Its number in the file.
        values: The fields that the file has a column for and whose text means something.
        credentials: None where the file gives no user name.
        problems: The texts that mean nothing.
    """

    row: int
    values: dict[str, Value]
    credentials: Credentials | None
    problems: tuple[FieldProblem, ...]


def read_header(cells: Sequence[str]) -> tuple[str, ...]:
    """Check the names of the columns.

    Returns:
        The columns in the file's order.

    Raises:
        ImportFileError: A column is unknown, named twice or missing.
    """
    names = tuple(cell.strip() for cell in cells)
    if len(names) == 1 and (separator := re.search(r"[;\t|]", names[0])):
        raise ImportFileError(
            f"the columns are separated by {separator[0]!r}: save the file with commas"
        )
    for name in names:
        if name not in COLUMNS:
            raise ImportFileError(_unknown_column(name))
        if names.count(name) > 1:
            raise ImportFileError(f"column {name} is there twice")
    if missing := [name for name in _REQUIRED if name not in names]:
        raise ImportFileError(f"the file has no column {', '.join(missing)}")
    if ("username" in names) != ("password" in names):
        raise ImportFileError("the columns username and password come together or not at all")
    return names


def read_cells(row: int, columns: Iterable[str], cells: Iterable[str]) -> Cells:
    """Read what a row's texts mean; an empty cell stands for the field's default."""
    texts = dict(zip(columns, cells, strict=True))
    values: dict[str, Value] = {}
    problems = []
    for field in FILE_COLUMNS:
        text = texts.get(field)
        if text is None:
            continue
        try:
            values[field] = _read(field, text.strip())
        except ValueError as error:
            problems.append(FieldProblem(field, shown(text), str(error)))
    if values.get("division_code") == "":
        values["division_code"] = texts["device_code"].strip()[:_DISTRICT_DIGITS]
    credentials = None
    if username := texts.get("username", "").strip():
        credentials = Credentials(username, texts["password"])
    elif texts.get("password"):
        problems.append(FieldProblem("username", "", "is missing beside a password"))
    return Cells(row, values, credentials, tuple(problems))


def to_camera_file(
    cells: Cells, stored: FiledCamera | None, divisions: frozenset[str]
) -> CameraFile | list[FieldProblem]:
    """Make a camera file of a row, or say all that is wrong with it.

    Args:
        cells: The row.
        stored: What is on file already, for the columns that the file does not have.
        divisions: The codes of all divisions.
    """
    merged: dict[str, Value] = {
        "division_code": str(cells.values["device_code"])[:_DISTRICT_DIGITS]
    }
    if stored is not None:
        merged |= {field: getattr(stored, field) for field in FILE_COLUMNS}
    merged |= cells.values
    unread = {problem.field for problem in cells.problems}
    if unread:
        # So that the rest of the row can be checked without blaming it for what was not read.
        merged |= {"tier": Tier.OTHER} if "tier" in unread else {}
        if unread & {"poll_mode", "sample_source"}:
            merged |= {"poll_mode": PollMode.NONE, "sample_source": SampleSource.NONE}
    file = tidy(CameraFile(**merged))  # type: ignore[arg-type]  # _read gave each its type
    problems = [*cells.problems]
    found = validate(file, division_known=file.division_code in divisions)
    problems += [problem for problem in found if problem.field not in unread]
    if cells.credentials is not None:
        problems += validate_credentials(cells.credentials)
    return problems or file


def _unknown_column(name: str) -> str:
    close = difflib.get_close_matches(name.lower(), COLUMNS, n=1, cutoff=0.5)
    advice = f"did you mean {close[0]}?" if close else f"known are {', '.join(COLUMNS)}"
    return f"column '{shown(name)}' is unknown: {advice}"


def _number(text: str) -> float:
    if not _NUMBER.fullmatch(text):
        comma = ", with a dot as its decimal sign" if "," in text else ""
        raise ValueError(f"must be a plain number{comma}")
    return float(text)


def _whole(text: str) -> int:
    if not _WHOLE.fullmatch(text):
        raise ValueError("must be a whole number")
    return int(text)


def _poll_mode(text: str) -> PollMode:
    return PollMode(_one_of(text, tuple(PollMode)))


def _sample_source(text: str) -> SampleSource:
    return SampleSource(_one_of(text, tuple(SampleSource)))


def _one_of(text: str, words: Sequence[str]) -> str:
    if text.lower() not in words:
        raise ValueError(f"must be one of {', '.join(words)}")
    return text.lower()


_READERS: Mapping[str, Callable[[str], Value]] = {
    "tier": Tier.parse,
    "longitude": _number,
    "latitude": _number,
    "rtsp_port": _whole,
    "http_port": _whole,
    "poll_mode": _poll_mode,
    "sample_source": _sample_source,
    "sample_interval_s": _number,
}


def _read(field: str, text: str) -> Value:
    if not text and field in _DEFAULTS:
        return _DEFAULTS[field]
    return _READERS.get(field, str)(text)
