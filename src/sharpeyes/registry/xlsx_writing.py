"""Writes an XLSX sheet row after row; the same rows make the same bytes.

Cells are texts or plain numbers, never formulas: what starts with `=` is a text that says so.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Collection, Iterable, Sequence
from types import TracebackType
from typing import IO, Protocol, Self, cast
from xml.sax.saxutils import escape

from sharpeyes.registry.errors import SheetFullError

ROWS_MAX = 1_048_576
"""What a spreadsheet can hold."""

_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006"
_TYPE = "application/vnd.openxmlformats-officedocument.spreadsheetml"
_XML = '<?xml version="1.0" encoding="UTF-8" standalone="yes"?>\n'
# 0 plain, 1 text (format @, and shown as typed even where it looks like a formula), 2 header,
# 3 marked as faulty.
_STYLES = (
    f'{_XML}<styleSheet xmlns="{_MAIN}"><fonts count="2"><font/><font><b/></font></fonts>'
    '<fills count="3"><fill><patternFill patternType="none"/></fill>'
    '<fill><patternFill patternType="gray125"/></fill>'
    '<fill><patternFill patternType="solid"><fgColor rgb="FFFFC7CE"/></patternFill></fill></fills>'
    '<borders count="1"><border/></borders><cellStyleXfs count="1"><xf/></cellStyleXfs>'
    '<cellXfs count="4"><xf/><xf numFmtId="49" quotePrefix="1" applyNumberFormat="1"/>'
    '<xf numFmtId="49" fontId="1" applyNumberFormat="1" applyFont="1"/>'
    '<xf numFmtId="49" fillId="2" quotePrefix="1" applyNumberFormat="1" applyFill="1"/>'
    '</cellXfs><cellStyles count="1"><cellStyle name="Normal" xfId="0" builtinId="0"/>'
    "</cellStyles></styleSheet>"
)
_PARTS = {
    "[Content_Types].xml": (
        f'{_XML}<Types xmlns="{_PACKAGE}/content-types">'
        '<Default Extension="rels" '
        'ContentType="application/vnd.openxmlformats-package.relationships+xml"/>'
        f'<Override PartName="/xl/workbook.xml" ContentType="{_TYPE}.sheet.main+xml"/>'
        f'<Override PartName="/xl/worksheets/sheet1.xml" ContentType="{_TYPE}.worksheet+xml"/>'
        f'<Override PartName="/xl/styles.xml" ContentType="{_TYPE}.styles+xml"/></Types>'
    ),
    "_rels/.rels": (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>'
    ),
    "xl/_rels/workbook.xml.rels": (
        f'{_XML}<Relationships xmlns="{_PACKAGE}/relationships"><Relationship Id="rId1" '
        f'Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/><Relationship Id="rId2" '
        f'Type="{_OFFICE}/styles" Target="styles.xml"/></Relationships>'
    ),
    "xl/styles.xml": _STYLES,
}
_TEXT, _HEADER, _FAULTY = 1, 2, 3
_COMPRESSION_LEVEL = 6
# XML has no way to write these; a spreadsheet writes them, and whatever looks like it, as _x001B_.
_UNWRITABLE = re.compile("[\x00-\x08\x0b-\x1f\ud800-\udfff\ufffe\uffff]|_(?=x[0-9A-Fa-f]{4}_)")
_FLUSH_ROWS = 500


class Target(Protocol):
    """What bytes are written to; it need not be possible to go back in it."""

    def write(self, data: bytes, /) -> object:
        """Take some bytes."""

    def flush(self) -> object:
        """See to it that they have gone."""


class SheetWriter:
    """Writes one sheet. The file is whole once the `with` block has ended.

    Args:
        target: Where the bytes go.
        header: The first row, which stays in sight.
        title: The sheet's name.
        widths: Of the first columns, in characters; the others are 18 wide.
    """

    def __init__(
        self,
        target: Target,
        header: Iterable[str],
        title: str = "cameras",
        widths: Sequence[float] = (),
    ) -> None:
        self._zip = zipfile.ZipFile(cast("IO[bytes]", target), "w", zipfile.ZIP_DEFLATED)
        for name, text in _PARTS.items():
            self._zip.writestr(_entry(name), text, compresslevel=_COMPRESSION_LEVEL)
        self._zip.writestr(_entry("xl/workbook.xml"), _workbook(title))
        entry = _entry("xl/worksheets/sheet1.xml")
        self._sheet = self._zip.open(entry, "w", force_zip64=True)
        self._rows: list[str] = []
        self._written = 0
        self._columns: list[str] = []
        self._sheet.write(
            f'{_XML}<worksheet xmlns="{_MAIN}"><sheetViews><sheetView workbookViewId="0">'
            '<pane ySplit="1" topLeftCell="A2" state="frozen"/></sheetView></sheetViews>'
            '<sheetFormatPr defaultColWidth="18" defaultRowHeight="15"/>'
            f"{_columns(widths)}<sheetData>".encode()
        )
        self._append(header, _HEADER, ())

    def append(self, cells: Iterable[str | float | None], faulty: Collection[int] = ()) -> None:
        """Add a row.

        Args:
            cells: Texts and numbers; None and "" leave a cell empty.
            faulty: Indexes of the cells to mark.

        Raises:
            SheetFullError: There is no room for it.
        """
        if self._written >= ROWS_MAX:
            raise SheetFullError(ROWS_MAX)
        self._append(cells, _TEXT, faulty)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        """Make the file whole."""
        self._flush()
        self._sheet.write(b"</sheetData></worksheet>")
        self._sheet.close()
        self._zip.close()

    def _append(
        self, cells: Iterable[str | float | None], style: int, faulty: Collection[int]
    ) -> None:
        self._written += 1
        row = self._written
        written = []
        for index, cell in enumerate(cells):
            styled = _FAULTY if index in faulty else style
            if cell is None or cell == "":
                if styled == _FAULTY:
                    written.append(f'<c r="{self._letters(index)}{row}" s="{styled}"/>')
            elif isinstance(cell, str):
                written.append(
                    f'<c r="{self._letters(index)}{row}" s="{styled}" t="inlineStr"><is>'
                    f'<t xml:space="preserve">{_escaped(cell)}</t></is></c>'
                )
            else:
                written.append(f'<c r="{self._letters(index)}{row}"><v>{cell!r}</v></c>')
        self._rows.append(f'<row r="{row}">{"".join(written)}</row>')
        if len(self._rows) >= _FLUSH_ROWS:
            self._flush()

    def _flush(self) -> None:
        self._sheet.write("".join(self._rows).encode())
        self._rows.clear()

    def _letters(self, index: int) -> str:
        while len(self._columns) <= index:
            self._columns.append(_letters(len(self._columns)))
        return self._columns[index]


def _entry(name: str) -> zipfile.ZipInfo:
    # The same time for all: a zip's own would make each export different.
    entry = zipfile.ZipInfo(name, (1980, 1, 1, 0, 0, 0))
    entry.compress_type = zipfile.ZIP_DEFLATED
    entry.create_system = 3
    return entry


def _workbook(title: str) -> str:
    return (
        f'{_XML}<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
        f'<sheet name="{escape(title)}" sheetId="1" r:id="rId1"/></sheets></workbook>'
    )


def _columns(widths: Sequence[float]) -> str:
    columns = "".join(
        f'<col min="{number}" max="{number}" width="{width:g}" customWidth="1"/>'
        for number, width in enumerate(widths, start=1)
    )
    return f"<cols>{columns}</cols>" if columns else ""


def _escaped(text: str) -> str:
    return _UNWRITABLE.sub(lambda found: f"_x{ord(found[0]):04X}_", escape(text))


def _letters(index: int) -> str:
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(ord("A") + rest) + letters
    return letters
