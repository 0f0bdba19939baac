"""The refused rows as a spreadsheet: to mend, and to import as it is."""

from __future__ import annotations

from types import TracebackType
from typing import IO, Self

import msgspec

from sharpeyes.registry.import_report import RefusedRow
from sharpeyes.registry.sheet import BY_TARGET
from sharpeyes.registry.sheet_layout import CREDENTIALS, REPORT_HEADINGS, Layout
from sharpeyes.registry.xlsx_writing import SheetWriter

ROWS_MAX = 100_000
"""Whoever has more wrong rows than this has one thing wrong in all of them."""


# Row and reason: the reason is what the sheet is for.
_LEAD_WIDTHS = (10, 70)


class RefusedSheet:
    """Writes refused rows with their own cells, the faulty ones marked, and the reasons in front.

    User names and passwords are left out: a report is sent about.

    Args:
        target: Where the bytes go; the file is whole once the `with` block has ended.
        layout: Of the file that the rows come from.
    """

    def __init__(self, target: IO[bytes], layout: Layout) -> None:
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
        headings = [layout.headings[index] for index in self._kept]
        self._sheet = SheetWriter(
            target, (*REPORT_HEADINGS, *headings), "refused", widths=_LEAD_WIDTHS
        )
        self._width = len(layout.headings)
        self.rows = 0

    def append(self, row: RefusedRow) -> None:
        """Add a row; beyond `ROWS_MAX` nothing is added."""
        if self.rows >= ROWS_MAX:
            return
        self.rows += 1
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
        self._sheet.append((str(row.row), self._reason(row), *cells), faulty)

    def _reason(self, row: RefusedRow) -> str:
        """All problems in one line, with the file's own words for its columns."""
        told = (
            msgspec.structs.replace(one, field=self._headings.get(one.field, one.field))
            for one in row.problems
        )
        return "; ".join(str(one).strip() for one in told)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._sheet.__exit__(kind, error, traceback)
