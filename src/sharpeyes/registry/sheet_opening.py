"""A file of cameras, CSV or XLSX, opened: its layout, its rows, and what its user should know."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Iterator
from dataclasses import dataclass
from io import BufferedIOBase

from sharpeyes.registry.csv_lines import Encoding, find_encoding, read_lines
from sharpeyes.registry.errors import ImportFileError, shown
from sharpeyes.registry.sheet_layout import Layout, read_layout
from sharpeyes.registry.sheet_mapping import NO_MAPPING, SheetMapping
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow
from sharpeyes.registry.xlsx_reading import Spreadsheet

_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class OpenSheet:
    """A file whose rows can be read.

    Attributes:
        name: The file's name, without folders.
        sha256: Of its bytes.
        layout: What its columns are.
        ragged: Rows may end before the last column.
        rows: Its rows, without the header; they are read from the file as they are asked for.
        remarks: What its user should know of how it is read, in sentences.
    """

    name: str
    sha256: bytes
    layout: Layout
    ragged: bool
    rows: Iterator[SheetRow | BrokenRow]
    remarks: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class HowToRead:
    """What the user says of a file; all of it is found out where he says nothing.

    Attributes:
        mapping: What its columns are.
        encoding: Of CSV.
        sheet: The name of the spreadsheet's sheet.
    """

    mapping: SheetMapping = NO_MAPPING
    encoding: Encoding | None = None
    sheet: str | None = None


def open_sheet(source: BufferedIOBase, name: str, how: HowToRead | None = None) -> OpenSheet:
    """Look at a file from its beginning.

    Args:
        source: The file; it must be possible to go back in it.
        name: Its name.
        how: What its user says of it.

    Raises:
        ImportFileError: It cannot be read as a whole.
    """
    how = how or HowToRead()
    source.seek(0)
    sha256 = hashlib.file_digest(source, "sha256").digest()
    source.seek(0)
    start = source.read(len(_ZIP))
    source.seek(0)
    remarks: list[str] = []
    rows: Iterator[SheetRow | BrokenRow]
    if start == _ZIP:
        spreadsheet = Spreadsheet(source, how.sheet)
        rows = spreadsheet.rows()
        if spreadsheet.others:
            others = ", ".join(map(shown, spreadsheet.others))
            remarks.append(f"Only the sheet {shown(spreadsheet.sheet)} is read, not {others}.")
    else:
        if how.sheet is not None:
            raise ImportFileError("the file is no spreadsheet: it has no sheets to choose from")
        encoding = how.encoding or find_encoding(source)
        if encoding is Encoding.GB18030:
            remarks.append(f"The file is read as {encoding.words}, for it is not UTF-8.")
        rows = read_lines(source, encoding)
    first = next(rows, None)
    if first is None:
        raise ImportFileError("the file is empty")
    if isinstance(first, BrokenRow):
        raise ImportFileError(f"row {first.row}, the header, {first.reason}")
    layout = read_layout(first.cells, how.mapping)
    if not layout.has_header:
        rows = itertools.chain([first], rows)
    return OpenSheet(
        name=name,
        sha256=sha256,
        layout=layout,
        ragged=start == _ZIP,
        rows=rows,
        remarks=(*remarks, *layout.remarks),
    )
