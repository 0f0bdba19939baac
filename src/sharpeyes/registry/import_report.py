"""What became of the rows of a file."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

from sharpeyes.registry.errors import FieldProblem


@dataclass(frozen=True, slots=True)
class RefusedRow:
    """A row that was not taken.

    Attributes:
        row: Its number in the file, the first being 1.
        cells: Its texts.
        problems: Why not: at least one; their field is empty where it is the whole row.
    """

    row: int
    cells: list[str]
    problems: tuple[FieldProblem, ...]


@dataclass(frozen=True, slots=True)
class ImportReport:
    """What became of some rows. Reports of batches add up, but for the rows themselves.

    Attributes:
        last_row: The last row that was dealt with; all before it were too.
        added: Cameras that are new.
        changed: Cameras of which something was on file otherwise.
        unchanged: Cameras that were on file just so.
        refused_rows: Rows that were not taken.
        refused: Those rows; of this batch only.
        without_path: Rows that were taken and of which the camera `lacks_path`.
        doubts: What is likely to be wrong in rows that were taken all the same: field and reason,
            and in how many rows.
    """

    last_row: int = 0
    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused_rows: int = 0
    refused: tuple[RefusedRow, ...] = ()
    without_path: int = 0
    doubts: Counter[str] = field(default_factory=Counter)

    def __add__(self, later: ImportReport) -> ImportReport:
        return ImportReport(
            last_row=max(self.last_row, later.last_row),
            added=self.added + later.added,
            changed=self.changed + later.changed,
            unchanged=self.unchanged + later.unchanged,
            refused_rows=self.refused_rows + later.refused_rows,
            without_path=self.without_path + later.without_path,
            doubts=self.doubts + later.doubts,
        )
