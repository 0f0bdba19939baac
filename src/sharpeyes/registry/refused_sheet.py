"""The refused rows as a spreadsheet: to mend, and to import as it is.

An import keeps them as lines of JSON, compressed. They become a spreadsheet once somebody asks for
it, in that reader's language.
"""

from __future__ import annotations

import gzip
import io
import json
from collections.abc import Callable, Sequence
from typing import Literal, TypeAlias

from sharpeyes.registry.errors import FieldProblem
from sharpeyes.registry.import_report import RefusedRow
from sharpeyes.registry.sheet import BY_TARGET
from sharpeyes.registry.sheet_layout import CREDENTIALS, REPORT_HEADINGS, Layout
from sharpeyes.registry.xlsx_writing import SheetWriter

ROWS_MAX = 100_000
"""Whoever has more wrong rows than this has one thing wrong in all of them."""

Put: TypeAlias = Callable[[Literal["field", "reason"], str], str]
"""Puts the name of a field, or a reason of the registry's, into a language."""

# Row and reason: the reason is what the sheet is for.
_LEAD_WIDTHS = (10, 70)
_COMPRESSION_LEVEL = 6
_ZIP = b"PK"


class RefusedRows:
    """Keeps refused rows with their own cells, which of those are faulty, and the reasons.

    User names and passwords are left out: a report is sent about.

    Args:
        layout: Of the file that the rows come from.
    """

    def __init__(self, layout: Layout) -> None:
        secret = {column.index for column in layout.columns if column.target in CREDENTIALS}
        self._has_secrets = bool(secret)
        lead = len(REPORT_HEADINGS)
        ours = layout.headings[:lead] == REPORT_HEADINGS
        self._kept = [
            index
            for index in range(lead if ours else 0, len(layout.headings))
            if index not in secret
        ]
        self._headings: dict[str, str] = {}
        self._columns: dict[str, list[int]] = {}
        for column in layout.columns:
            if column.target in BY_TARGET and column.index in self._kept:
                place = lead + self._kept.index(column.index)
                for name in {column.target, BY_TARGET[column.target].field}:
                    self._columns.setdefault(name, []).append(place)
                    self._headings.setdefault(name, layout.headings[column.index])
        self._width = len(layout.headings)
        self._rows = 0
        self._packed = io.BytesIO()
        self._lines = gzip.GzipFile(
            fileobj=self._packed, mode="wb", compresslevel=_COMPRESSION_LEVEL, mtime=0
        )
        self._write([layout.headings[index] for index in self._kept])

    def append(self, row: RefusedRow) -> None:
        """Add a row; beyond `ROWS_MAX` nothing is added."""
        if self._rows >= ROWS_MAX:
            return
        self._rows += 1
        cells = row.cells
        if len(cells) == 1 < self._width and not self._has_secrets:
            # A line that is no CSV; its commas are the best guess at what it should have been.
            cells = cells[0].split(",")
        if len(cells) == self._width:
            cells = [cells[index] for index in self._kept]
        else:
            # What could not be told apart into columns is shown as it is, but for secrets.
            cells = row.cells if len(self._kept) == self._width else []
        faulty = {place for one in row.problems for place in self._columns.get(one.field, ())}
        problems = [
            (self._headings.get(one.field), one.field, one.value, one.reason)
            for one in row.problems
        ]
        self._write([row.row, problems, cells, sorted(faulty)])

    def packed(self) -> bytes:
        """Return all of them, for `refused_sheet`; none is added afterwards."""
        self._lines.close()
        return self._packed.getvalue()

    def _write(self, line: object) -> None:
        # Escaped as ASCII: a cell may hold half a character.
        self._lines.write(json.dumps(line).encode() + b"\n")


def refused_sheet(packed: bytes, puts: Sequence[Put]) -> bytes:
    """Make a spreadsheet (XLSX) of refused rows: row and reasons first, the faulty cells marked.

    Args:
        packed: What `RefusedRows.packed` returned.
        puts: One for each language that the reasons are given in.
    """
    if packed.startswith(_ZIP):
        # Kept as a spreadsheet, in English, by those who came before us.
        return packed
    target = io.BytesIO()
    with gzip.open(io.BytesIO(packed)) as lines:
        headings = json.loads(next(lines))
        with SheetWriter(
            target, (*REPORT_HEADINGS, *headings), "refused", widths=_LEAD_WIDTHS
        ) as sheet:
            for line in lines:
                row, problems, cells, faulty = json.loads(line)
                told = dict.fromkeys(_told(problems, put) for put in puts)
                sheet.append((str(row), " / ".join(told), *cells), faulty)
    return target.getvalue()


def _told(problems: Sequence[tuple[str | None, str, str, str]], put: Put) -> str:
    """All problems of a row in one line, with the file's own words for its columns."""
    return "; ".join(
        str(FieldProblem(heading or put("field", field), value, put("reason", reason))).strip()
        for heading, field, value, reason in problems
    )
