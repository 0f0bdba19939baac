"""The refused rows as a spreadsheet: to mend, and to import as it is."""

from __future__ import annotations

from types import TracebackType
from typing import IO, Self

from sharpeyes.registry.import_report import RefusedRow
from sharpeyes.registry.sheet import BY_TARGET
from sharpeyes.registry.sheet_layout import CREDENTIALS, REPORT_HEADINGS, Layout
from sharpeyes.registry.xlsx_writing import SheetWriter

ROWS_MAX = 100_000
"""Whoever has more wrong rows than this has one thing wrong in all of them."""


class RefusedSheet:
    """Writes refused rows with their own cells, the faulty ones marked, and the reasons in front.

    User names and passwords are left out: a report is sent about.

    Args:
        target: Where the bytes go; the file is whole once the `with` block has ended.
        layout: Of the file that the rows come from.
    """

    def __init__(self, target: IO[bytes], layout: Layout) -> None:
        secret = {column.index for column in layout.columns if column.target in CREDENTIALS}
        lead = len(REPORT_HEADINGS)
        ours = layout.headings[:lead] == REPORT_HEADINGS
        self._kept = [
            index
            for index in range(lead if ours else 0, len(layout.headings))
            if index not in secret
        ]
        self._columns: dict[str, list[int]] = {}
        for column in layout.columns:
            if column.target in BY_TARGET and column.index in self._kept:
                place = lead + self._kept.index(column.index)
                for name in {column.target, BY_TARGET[column.target].field}:
                    self._columns.setdefault(name, []).append(place)
        headings = [layout.headings[index] for index in self._kept]
        self._sheet = SheetWriter(target, (*REPORT_HEADINGS, *headings), "refused")
        self._width = len(layout.headings)
        self.rows = 0

    def append(self, row: RefusedRow) -> None:
        """Add a row; beyond `ROWS_MAX` nothing is added."""
        if self.rows >= ROWS_MAX:
            return
        self.rows += 1
        if len(row.cells) == self._width:
            cells = [row.cells[index] for index in self._kept]
        else:
            # What could not be told apart into columns is shown as it is, but for secrets.
            cells = row.cells if len(self._kept) == self._width else []
        faulty = {place for one in row.problems for place in self._columns.get(one.field, ())}
        self._sheet.append((str(row.row), row.reason, *cells), faulty)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sheet.__exit__(kind, error, traceback)
