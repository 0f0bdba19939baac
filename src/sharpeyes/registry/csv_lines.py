"""Lines of a CSV file, one at a time and none too long: bytes in, cells out.

A row is one line. CSV as such lets a quoted cell go on over line breaks, but no field of a camera
may hold one, and so a quote that somebody forgot to close spoils its own line and not the rest of
the file.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from sharpeyes.registry.errors import ImportFileError

LINE_MAX_BYTES = 65_536

_UTF8_MARK = b"\xef\xbb\xbf"
# What people hand in for a CSV file, by how it begins.
_OTHER_FORMATS = {
    b"PK\x03\x04": "a spreadsheet (XLSX)",
    b"\xd0\xcf\x11\xe0": "a spreadsheet (XLS)",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}


@dataclass(frozen=True, slots=True)
class CsvLine:
    """A line that could be read.

    Attributes:
        row: Its number in the file, the header being 1.
        cells: What is between the commas, without quotes.
    """

    row: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BrokenLine:
    """A line that could not.

    Attributes:
        row: Its number in the file.
        reason: Why not.
    """

    row: int
    reason: str


def read_lines(source: BinaryIO) -> Iterator[CsvLine | BrokenLine]:
    """Read lines until the end of the file; empty ones are passed over.

    Raises:
        ImportFileError: The file as a whole is something else than CSV.
    """
    row = 0
    while raw := source.readline(LINE_MAX_BYTES + 1):
        row += 1
        if row == 1:
            _require_text(raw)
            raw = raw.removeprefix(_UTF8_MARK)
        if len(raw) > LINE_MAX_BYTES:
            _skip_rest(source, raw)
            yield BrokenLine(row, f"is longer than {LINE_MAX_BYTES} bytes")
            continue
        line = _split(row, raw.rstrip(b"\r\n"))
        if isinstance(line, BrokenLine) or any(line.cells):
            yield line


def _require_text(first: bytes) -> None:
    for start, what in _OTHER_FORMATS.items():
        if first.startswith(start):
            raise ImportFileError(f"the file is {what}, not CSV: save it as CSV UTF-8")


def _skip_rest(source: BinaryIO, raw: bytes) -> None:
    while raw and not raw.endswith(b"\n"):
        raw = source.readline(LINE_MAX_BYTES)


def _split(row: int, raw: bytes) -> CsvLine | BrokenLine:
    try:
        text = raw.decode()
    except UnicodeDecodeError as error:
        return BrokenLine(
            row,
            f"is not UTF-8 (byte 0x{raw[error.start]:02X} at position {error.start + 1}): "
            "save the file as CSV UTF-8",
        )
    if "\0" in text:
        return BrokenLine(row, f"has a NUL byte at character {text.index(chr(0)) + 1}")
    if "\r" in text:
        return BrokenLine(row, f"has a carriage return at character {text.index(chr(13)) + 1}")
    try:
        return CsvLine(row, next(csv.reader([text], strict=True), []))
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return BrokenLine(row, "has a quote that is not closed on the same line")
        return BrokenLine(row, f"is no line of CSV: {error}")
