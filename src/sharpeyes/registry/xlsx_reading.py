"""Rows of an XLSX sheet, one at a time: memory grows with the shared texts alone.

Ready-made readers were tried and hold whole sheets, or a cell for every place up to the furthest
one: a file with a single cell at XFD1048576 ends the process.
"""

from __future__ import annotations

import re
from array import array
from collections import deque
from collections.abc import Iterator, Sequence
from io import BufferedIOBase

from sharpeyes.registry.errors import ImportFileError, shown
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow
from sharpeyes.registry.xlsx_package import SHEET_MAX_BYTES, TEXTS_MAX_BYTES, Package

COLUMNS_MAX = 256
CELL_MAX_CHARACTERS = 32_767
"""What a spreadsheet itself allows."""

_TEXTS = "xl/sharedStrings.xml"
_ESCAPED = re.compile(r"_x([0-9A-Fa-f]{4})_")
_LETTERS = re.compile(r"[A-Z]{1,3}", re.ASCII)
_DIGITS = "0123456789"
_INDEX_DIGITS = 9
_VALUE_TAGS = frozenset({"v", "t"})


class Spreadsheet:
    """An XLSX file.

    Args:
        source: The file.
        sheet: The sheet to read; None for the first that is not hidden.

    Raises:
        ImportFileError: It is no spreadsheet, or has no such sheet.

    Attributes:
        sheet: The name of the sheet that is read.
        others: The names of the sheets that are not, and are not hidden.
    """

    def __init__(self, source: BufferedIOBase, sheet: str | None = None) -> None:
        self._package = Package(source)
        book = _Workbook()
        self._package.parse("xl/workbook.xml", book)
        if book.from_1904:
            raise ImportFileError(
                "the spreadsheet counts its days from 1904: switch that off in its options"
            )
        parts = _Relations()
        self._package.parse("xl/_rels/workbook.xml.rels", parts)
        shown_sheets = [name for name, _, hidden in book.sheets if not hidden]
        self.sheet = _choose(shown_sheets, sheet)
        self.others = tuple(name for name in shown_sheets if name != self.sheet)
        relation = next(relation for name, relation, _ in book.sheets if name == self.sheet)
        self._part = parts.targets.get(relation, "")

    def rows(self) -> Iterator[SheetRow | BrokenRow]:
        """Read row after row; empty ones are passed over.

        Raises:
            ImportFileError: The sheet is damaged or goes beyond what a spreadsheet may have.
        """
        texts = _SharedTexts()
        if self._package.has(_TEXTS):
            self._package.parse(_TEXTS, texts, longest=TEXTS_MAX_BYTES)
        sheet = _Sheet(texts)
        for _ in self._package.parsing(self._part, sheet, longest=SHEET_MAX_BYTES):
            while sheet.done:
                yield sheet.done.popleft()


def _choose(sheets: Sequence[str], wanted: str | None) -> str:
    if wanted is None and sheets:
        return sheets[0]
    if wanted is not None and wanted in sheets:
        return wanted
    there_are = ", ".join(map(shown, sheets)) or "none"
    raise ImportFileError(f"the spreadsheet has no sheet {wanted or ''}: there are {there_are}")


class _Quiet:
    """Takes what nobody asked for."""

    def start(self, name: str, attributes: dict[str, str]) -> None:
        pass

    def end(self, name: str) -> None:
        pass

    def text(self, text: str) -> None:
        pass


class _Workbook(_Quiet):
    """Sheets as (name, relation, hidden)."""

    def __init__(self) -> None:
        self.sheets: list[tuple[str, str, bool]] = []
        self.from_1904 = False

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "sheet":
            relation = next((v for k, v in attributes.items() if k.endswith(":id")), "")
            hidden = attributes.get("state", "visible") != "visible"
            self.sheets.append((attributes.get("name", ""), relation, hidden))
        elif name == "workbookPr":
            self.from_1904 = attributes.get("date1904") in {"1", "true"}


class _Relations(_Quiet):
    """Parts by relation."""

    def __init__(self) -> None:
        self.targets: dict[str, str] = {}

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "Relationship":
            target = attributes.get("Target", "")
            part = target[1:] if target.startswith("/") else f"xl/{target}"
            self.targets[attributes.get("Id", "")] = part


class _Text:
    """Gathers one cell's text."""

    def __init__(self) -> None:
        self._pieces: list[str] = []
        self._characters = 0

    def add(self, piece: str) -> None:
        self._characters += len(piece)
        if self._characters > CELL_MAX_CHARACTERS:
            raise ImportFileError(
                f"the spreadsheet has a cell of more than {CELL_MAX_CHARACTERS:,} characters"
            )
        self._pieces.append(piece)

    def take(self) -> str:
        text = "".join(self._pieces)
        self._pieces.clear()
        self._characters = 0
        if "_x" in text:
            text = _ESCAPED.sub(lambda found: chr(int(found[1], 16)), text)
        return text


class _SharedTexts(_Quiet):
    """The texts that cells refer to by number.

    They are kept end to end in one buffer: an object each would take several times the room.
    """

    def __init__(self) -> None:
        self._bytes = bytearray()
        self._ends = array("Q", [0])
        self._text = _Text()
        self._in_text = False
        self._spoken = 0

    def __getitem__(self, number: int) -> str:
        if not 0 <= number < len(self._ends) - 1:
            raise ImportFileError("the spreadsheet is damaged: a cell refers to no text")
        raw = self._bytes[self._ends[number] : self._ends[number + 1]]
        return raw.decode("utf-8", "surrogatepass")

    def start(self, name: str, attributes: dict[str, str]) -> None:  # noqa: ARG002  # Handler's
        # How a text is spoken (rPh) is no part of it.
        if name == "rPh":
            self._spoken += 1
        elif name == "t":
            self._in_text = not self._spoken

    def end(self, name: str) -> None:
        if name == "t":
            self._in_text = False
        elif name == "rPh":
            self._spoken -= 1
        elif name == "si":
            self._bytes += self._text.take().encode("utf-8", "surrogatepass")
            self._ends.append(len(self._bytes))

    def text(self, text: str) -> None:
        if self._in_text:
            self._text.add(text)


class _Sheet(_Quiet):
    """Rows as they end."""

    def __init__(self, texts: _SharedTexts) -> None:
        self.done: deque[SheetRow | BrokenRow] = deque()
        self._texts = texts
        self._columns: dict[str, int] = {}
        self._row = 0
        self._cells: list[str] = []
        self._broken = ""
        self._column = -1
        self._type = "n"
        self._text = _Text()
        self._in_value = False
        self._spoken = 0

    def start(self, name: str, attributes: dict[str, str]) -> None:
        if name == "c":
            self._start_cell(attributes)
        elif name in _VALUE_TAGS:
            self._in_value = not self._spoken
        elif name == "rPh":
            self._spoken += 1
        elif name == "row":
            number = attributes.get("r", "")
            self._row = int(number) if _is_index(number) else self._row + 1
            self._cells = []
            self._broken = ""
            self._column = -1

    def end(self, name: str) -> None:
        if name in _VALUE_TAGS:
            self._in_value = False
        elif name == "c":
            self._end_cell()
        elif name == "rPh":
            self._spoken -= 1
        elif name == "row":
            if self._broken:
                self.done.append(BrokenRow(self._row, self._broken, ",".join(self._cells)))
            elif any(self._cells):
                self.done.append(SheetRow(self._row, self._cells))

    def text(self, text: str) -> None:
        if self._in_value:
            self._text.add(text)

    def _start_cell(self, attributes: dict[str, str]) -> None:
        place = attributes.get("r")
        self._column = self._column + 1 if place is None else self._number_of(place)
        self._type = attributes.get("t", "n")

    def _end_cell(self) -> None:
        text = self._text.take()
        if not text:
            return
        if self._column >= COLUMNS_MAX:
            self._broken = f"has a cell beyond column {COLUMNS_MAX}"
            return
        if self._type == "s":
            text = self._texts[int(text)] if _is_index(text) else ""
        elif self._type == "n":
            text = _number(text)
        elif self._type == "b":
            text = "true" if text == "1" else "false"
        elif self._type == "e":
            self._broken = f"has the spreadsheet's error {shown(text)} in column {self._column + 1}"
        missing = self._column + 1 - len(self._cells)
        if missing > 0:
            self._cells += [""] * missing
        self._cells[self._column] = text

    def _number_of(self, place: str) -> int:
        letters = place.rstrip(_DIGITS)
        number = self._columns.get(letters)
        if number is None:
            if not _LETTERS.fullmatch(letters):
                raise ImportFileError("the spreadsheet is damaged: a cell is in no column")
            number = 0
            for letter in letters:
                number = number * 26 + ord(letter) - ord("A") + 1
            number -= 1
            self._columns[letters] = number
        return number


def _is_index(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _INDEX_DIGITS


def _number(text: str) -> str:
    """Write a number as its typist did: files hold 114.3 as 114.29999999999999716."""
    if text.isascii() and text.isdigit():
        return text
    try:
        return f"{float(text):.15g}"
    except ValueError:
        return text
