"""The grid of the map: cells, and the spots that each is parted into.

A cell's number is its column from the west above 16 bits for its row from the south; a spot's is
eight times its column in the cell, and its row. See `map_cell` and `map_spot` in the migrations.
"""

from __future__ import annotations

import math
from typing import Final, TypeAlias

from sharpeyes.registry.bounds import Bounds

CELL_DEG: Final = 360 / 65536
"""Width and height of a cell, in degrees."""
SPOTS_ACROSS: Final = 8
"""Columns, and rows, of spots in a cell."""
SPOT_DEG: Final = CELL_DEG / SPOTS_ACROSS
"""Width and height of a spot, in degrees."""
Runs: TypeAlias = tuple[list[int], list[int], list[int]]
"""Cells, and of each its first and its last spot in a row; a cell may be in it several times."""


def map_cells(box: Bounds, most: int) -> list[int] | None:
    """Return the cells that a box touches; None where there are more than `most`."""
    west, south, east, north = _edges(box, CELL_DEG)
    if (east - west + 1) * (north - south + 1) > most:
        return None
    return [x * 65536 + y for x in range(west, east + 1) for y in range(south, north + 1)]


def map_runs(box: Bounds) -> Runs:
    """Return the spots that a box touches, each once."""
    cells: list[int] = []
    firsts: list[int] = []
    lasts: list[int] = []
    west, south, east, north = _edges(box, SPOT_DEG)
    rows = list(_parts(south, north))
    for x, left, right in _parts(west, east):
        for y, low, high in rows:
            is_high = high - low == SPOTS_ACROSS - 1
            # Columns that are whole follow one another; else each is a run.
            ends = [(left, right)] if is_high else [(x_, x_) for x_ in range(left, right + 1)]
            cells += [x * 65536 + y] * len(ends)
            firsts += [first * SPOTS_ACROSS + low for first, _ in ends]
            lasts += [last * SPOTS_ACROSS + high for _, last in ends]
    return cells, firsts, lasts


def _edges(box: Bounds, size_deg: float) -> tuple[int, int, int, int]:
    west, east = math.floor(box.west / size_deg), math.floor(box.east / size_deg)
    south, north = math.floor((box.south + 90) / size_deg), math.floor((box.north + 90) / size_deg)
    return west, south, east, north


def _parts(first: int, last: int) -> list[tuple[int, int, int]]:
    """Return each column or row of cells from spot to spot, and what of its spots lies between."""
    return [
        (
            cell,
            max(first - cell * SPOTS_ACROSS, 0),
            min(last - cell * SPOTS_ACROSS, SPOTS_ACROSS - 1),
        )
        for cell in range(first // SPOTS_ACROSS, last // SPOTS_ACROSS + 1)
    ]
