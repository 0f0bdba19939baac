"""Lines of a CSV file, one at a time and none too long: bytes in, cells out.

A row is one line. CSV as such lets a quoted cell go on over line breaks, but no field of a camera
may hold one, and so a quote that somebody forgot to close spoils its own line and not the rest of
the file.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from enum import StrEnum
from io import BufferedIOBase

from sharpeyes.registry.errors import ImportFileError
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow

LINE_MAX_BYTES = 65_536

_UTF8_MARK = codecs.BOM_UTF8
# What people hand in for a CSV file, by how it begins.
_OTHER_FORMATS = {
    b"\xd0\xcf\x11\xe0": "a spreadsheet (XLS), or an encrypted one",
    b"\xff\xfe": "UTF-16 text",
    b"\xfe\xff": "UTF-16 text",
}
_CHUNK_BYTES = 1 << 20
# Chinese in GB 18030 is next to never UTF-8 by accident. So where one line in ten is, the file is
# UTF-8 with broken lines; reading it as GB 18030 would turn its good lines into nonsense.
_ACCIDENTS = 0.1
_NEVER = {"\0": "NUL byte", "\r": "carriage return"}
_FORMULA_STARTS = ("=", "+", "-", "@")


class Encoding(StrEnum):
    """How a CSV file's texts are written as bytes."""

    UTF8 = "utf-8"
    GB18030 = "gb18030"
    """GBK and GB 2312 are parts of it."""

    @property
    def words(self) -> str:
        """Its name as people know it."""
        return "UTF-8" if self is Encoding.UTF8 else "GBK / GB 18030"


def find_encoding(source: BufferedIOBase) -> Encoding:
    """Look through a whole file for how it is encoded, and go back to its start.

    Raises:
        ImportFileError: It begins like another kind of file.
    """
    first = source.read(_CHUNK_BYTES)
    for start, what in _OTHER_FORMATS.items():
        if first.startswith(start):
            raise ImportFileError(f"the file is {what}, not CSV: save it as CSV UTF-8 or XLSX")
    source.seek(0)
    if first.startswith(_UTF8_MARK) or _is_utf8(source):
        found = Encoding.UTF8
    else:
        source.seek(0)
        found = _by_lines(source)
    source.seek(0)
    return found


def read_lines(source: BufferedIOBase, encoding: Encoding) -> Iterator[SheetRow | BrokenRow]:
    """Read lines until the end of the file; empty ones are passed over."""
    for row, raw in _raw_lines(source):
        if len(raw) > LINE_MAX_BYTES:
            yield BrokenRow(row, f"is longer than {LINE_MAX_BYTES} bytes")
            continue
        line = _split(row, raw.rstrip(b"\r\n"), encoding)
        if isinstance(line, BrokenRow) or any(line.cells):
            yield line


def guard_formula(text: str) -> str:
    """Write a cell so that no spreadsheet takes it for a formula; see `unguard_formula`."""
    if text.startswith(_FORMULA_STARTS) or _is_guarded(text):
        return f"'{text}"
    return text


def unguard_formula(text: str) -> str:
    """Give back the text that `guard_formula` was given."""
    return text[1:] if _is_guarded(text) else text


def _is_guarded(text: str) -> bool:
    return text.startswith("'") and text[1:].lstrip("'").startswith(_FORMULA_STARTS)


def _raw_lines(source: BufferedIOBase) -> Iterator[tuple[int, bytes]]:
    """Number the lines; of one that is too long there is its head, longer than allowed."""
    row = 0
    while raw := source.readline(LINE_MAX_BYTES + 1):
        row += 1
        if row == 1:
            raw = raw.removeprefix(_UTF8_MARK)
        yield row, raw
        if len(raw) > LINE_MAX_BYTES:
            while raw and not raw.endswith(b"\n"):
                raw = source.readline(LINE_MAX_BYTES)


def _is_utf8(source: BufferedIOBase) -> bool:
    decoder = codecs.getincrementaldecoder("utf-8")()
    try:
        while chunk := source.read(_CHUNK_BYTES):
            decoder.decode(chunk)
        decoder.decode(b"", final=True)
    except UnicodeDecodeError:
        return False
    return True


def _by_lines(source: BufferedIOBase) -> Encoding:
    as_utf8 = as_gb18030 = 0
    for _, raw in _raw_lines(source):
        if raw.isascii():
            continue
        if _decodes(raw, Encoding.UTF8):
            as_utf8 += 1
        elif _decodes(raw, Encoding.GB18030):
            as_gb18030 += 1
    return Encoding.UTF8 if as_utf8 >= _ACCIDENTS * as_gb18030 else Encoding.GB18030


def _decodes(raw: bytes, encoding: Encoding) -> bool:
    try:
        raw.decode(encoding)
    except UnicodeDecodeError:
        return False
    return True


def _split(row: int, raw: bytes, encoding: Encoding) -> SheetRow | BrokenRow:
    try:
        text = raw.decode(encoding)
    except UnicodeDecodeError as error:
        reason = f"is not {encoding.words} (byte 0x{raw[error.start]:02X} at {error.start + 1})"
        if encoding is Encoding.UTF8 and _decodes(raw, Encoding.GB18030):
            reason += ": it looks like GBK, and the rest of the file is UTF-8"
        return BrokenRow(row, reason, raw.decode(encoding, "backslashreplace"))
    for character, what in _NEVER.items():
        if character in text:
            place = text.index(character) + 1
            return BrokenRow(row, f"has a {what} at character {place}", text)
    if '"' not in text and "'" not in text:
        return SheetRow(row, text.split(","))
    try:
        return SheetRow(row, [*map(unguard_formula, next(csv.reader([text], strict=True), []))])
    except csv.Error as error:
        if "unexpected end of data" in str(error):
            return BrokenRow(row, "has a quote that is not closed on the same line", text)
        return BrokenRow(row, f"is no line of CSV: {error}", text)
