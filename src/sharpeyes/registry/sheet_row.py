"""Rows of a file of cameras, whatever the file's format."""

from __future__ import annotations

from dataclasses import dataclass

import msgspec


class SheetRow(msgspec.Struct, frozen=True, gc=False):
    """A row that could be read.

    Attributes:
        row: Its number in the file, the first being 1.
        cells: Their texts; without quotes, formulas as their results.
    """

    row: int
    cells: list[str]


@dataclass(frozen=True, slots=True)
class BrokenRow:
    """A row that could not.

    Attributes:
        row: Its number in the file.
        reason: Why not.
        text: What could be read of it, to show; may be empty.
    """

    row: int
    reason: str
    text: str = ""
