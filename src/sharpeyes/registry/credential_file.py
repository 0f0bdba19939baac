"""Many cameras' user names and passwords in one CSV file: device_code,username,password."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass, field

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.credentials import validate_credentials
from sharpeyes.registry.device_code import DeviceCode
from sharpeyes.registry.errors import DeviceCodeError, ImportFileError, shown

MOST_BYTES = 128 * 1024 * 1024
_COLUMNS = ["device_code", "username", "password"]


@dataclass(frozen=True, slots=True)
class RowProblem:
    """A row that cannot be taken: its number in the file, from 2, and why; no secret."""

    row: int
    reason: str


@dataclass(frozen=True, slots=True)
class CredentialFile:
    """What a file holds: credentials by device code, and the rows with something wrong."""

    credentials: dict[str, Credentials]
    problems: list[RowProblem]
    rows: dict[str, int] = field(default_factory=dict)
    """In which row each device code was."""


def read_credential_file(content: bytes) -> CredentialFile:
    """Read a CSV file of credentials.

    Args:
        content: UTF-8, with a heading; `MOST_BYTES` at most.

    Raises:
        ImportFileError: It cannot be read as such a file at all.
    """
    if len(content) > MOST_BYTES:
        raise ImportFileError(f"the file has more than {MOST_BYTES // 2**20} MB")
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        # Not chained: the error holds the bytes.
        raise ImportFileError(f"the file is not UTF-8 (line {line})") from None
    rows = _rows(text)
    if (heading := next(rows, (1, None))[1]) != _COLUMNS:
        told = "is empty" if heading is None else "has another one"
        raise ImportFileError(f"the first line must be {','.join(_COLUMNS)}; this file {told}")
    found = CredentialFile({}, [])
    for number, row in rows:
        if row:
            _take(found, number, row)
    return found


def _rows(text: str) -> Iterator[tuple[int, list[str] | None]]:
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    number = 0
    while True:
        number += 1
        try:
            row = next(reader)
        except StopIteration:
            return
        except csv.Error as error:
            raise ImportFileError(f"row {number} cannot be read as CSV: {error}") from None
        yield number, row


def _take(found: CredentialFile, number: int, row: list[str]) -> None:
    if len(row) != len(_COLUMNS):
        found.problems.append(RowProblem(number, f"has {len(row)} fields, not {len(_COLUMNS)}"))
        return
    code, username, password = row
    try:
        device_code = DeviceCode.parse(code.strip()).text
    except DeviceCodeError as error:
        found.problems.append(RowProblem(number, f"device_code '{shown(code)}' {error}"))
        return
    credentials = Credentials(username, password)
    if problems := validate_credentials(credentials):
        found.problems.append(RowProblem(number, "; ".join(map(str, problems))))
    elif device_code in found.credentials:
        found.problems.append(
            RowProblem(number, f"device_code {device_code} was in row {found.rows[device_code]}")
        )
    else:
        found.credentials[device_code] = credentials
        found.rows[device_code] = number
