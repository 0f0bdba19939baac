"""Importing places from a CSV file."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from io import BufferedIOBase

import asyncpg

from sharpeyes.registry.csv_lines import find_encoding, read_lines, unguard_formula
from sharpeyes.registry.errors import FieldProblem, ImportFileError, shown
from sharpeyes.registry.import_runs import RowProblem
from sharpeyes.registry.place import LonLat, PlaceFile, tidy_place, validate_place
from sharpeyes.registry.places import FILE_COLUMNS, PlaceStore
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow

_NEEDED = ("place_code", "name_zh", "kind", "division_code", "radius_m")
_ROWS_AT_ONCE = 500
_NUMBER = re.compile(r"[+-]?[0-9]{1,9}(\.[0-9]{1,15})?", re.ASCII)
_CORNER = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,15})?),([0-9]{1,3}(?:\.[0-9]{1,15})?)", re.ASCII)


@dataclass(slots=True)
class PlaceImportReport:
    """What became of a file.

    Attributes:
        added: Places that were not on file.
        changed: Places that were, otherwise.
        unchanged: Places that were, just so.
        refused: All that is wrong with the rows that were not taken.
    """

    added: int = 0
    changed: int = 0
    unchanged: int = 0
    refused: list[RowProblem] = field(default_factory=list)


async def import_places(pool: asyncpg.Pool, source: BufferedIOBase) -> PlaceImportReport:
    """Add or change the places of a CSV file, told apart by their codes; none is removed.

    Its first line names the fields of `PlaceFile`. Good rows are taken, bad ones told. Of two rows
    with the same code the first counts.

    Raises:
        ImportFileError: The file as a whole cannot be read, or a column is missing or unknown.
    """
    encoding = find_encoding(source)
    rows = read_lines(source, encoding)
    header = next(rows, None)
    if header is None or isinstance(header, BrokenRow):
        raise ImportFileError("the file is empty" if header is None else f"row 1 {header.reason}")
    columns = _columns(header.cells)
    divisions = {r[0] for r in await pool.fetch("SELECT division_code FROM division")}
    on_file = await pool.fetch("SELECT place_code FROM place")
    codes = _Codes({row["place_code"].lower(): row["place_code"] for row in on_file})
    report = PlaceImportReport()
    batch: list[PlaceFile] = []
    for row in rows:
        place = _read(row, columns, divisions, codes)
        if isinstance(place, PlaceFile):
            batch.append(place)
        else:
            report.refused += place
        if len(batch) == _ROWS_AT_ONCE:
            await _store(pool, batch, report)
            batch = []
    await _store(pool, batch, report)
    return report


@dataclass(frozen=True, slots=True)
class _Codes:
    """The codes of places, each under its lower case: two that differ in case only mislead.

    Attributes:
        on_file: Those that are in the database.
        seen: Those of the file so far, with their rows.
    """

    on_file: dict[str, str]
    seen: dict[str, tuple[str, int]] = field(default_factory=dict)

    def refuse(self, code: str) -> str | None:
        """Say why a row may not have this code."""
        if code.lower() in self.seen:
            first, row = self.seen[code.lower()]
            if first == code:
                return f"is in row {row} already"
            return f"is {first} of row {row} but for upper and lower case"
        stored = self.on_file.get(code.lower(), code)
        if stored != code:
            return f"is {stored}, which is on file, but for upper and lower case"
        return None


async def _store(pool: asyncpg.Pool, batch: list[PlaceFile], report: PlaceImportReport) -> None:
    added, changed = await PlaceStore(pool).put_many(batch)
    report.added += added
    report.changed += changed
    report.unchanged += len(batch) - added - changed


def _columns(cells: Sequence[str]) -> tuple[str, ...]:
    names = tuple(cell.strip() for cell in cells)
    for name in names:
        if name not in FILE_COLUMNS:
            known = ", ".join(FILE_COLUMNS)
            raise ImportFileError(f"column '{shown(name)}' is unknown: known are {known}")
        if names.count(name) > 1:
            raise ImportFileError(f"column {name} is there twice")
    if missing := [name for name in _NEEDED if name not in names]:
        raise ImportFileError(f"the file has no column {', '.join(missing)}")
    if "polygon" not in names and not {"longitude", "latitude"} <= set(names):
        raise ImportFileError("the file has neither longitude and latitude nor polygon")
    return names


def _read(
    row: SheetRow | BrokenRow, columns: tuple[str, ...], divisions: set[str], codes: _Codes
) -> PlaceFile | list[RowProblem]:
    """Make a place of a row, or say all that is wrong with it."""
    if isinstance(row, BrokenRow):
        return [RowProblem("", "", row.reason, row=row.row)]
    if len(row.cells) != len(columns):
        reason = f"has {len(row.cells)} cells, and the header {len(columns)}"
        return [RowProblem("", "", reason, row=row.row)]
    texts = {
        name: unguard_formula(cell.strip()) for name, cell in zip(columns, row.cells, strict=True)
    }
    problems: list[FieldProblem] = []
    place = tidy_place(
        PlaceFile(
            place_code=texts["place_code"],
            name_zh=texts["name_zh"],
            kind=int(_number(texts, "kind", problems) or 0),
            division_code=texts["division_code"],
            radius_m=_number(texts, "radius_m", problems) or 0.0,
            name_en=texts.get("name_en"),
            longitude=_number(texts, "longitude", problems),
            latitude=_number(texts, "latitude", problems),
            polygon=_polygon(texts, problems),
        )
    )
    unread = {problem.field for problem in problems}
    problems += [problem for problem in validate_place(place) if problem.field not in unread]
    if not problems and place.division_code not in divisions:
        problems.append(
            FieldProblem("division_code", shown(place.division_code), "no such division is known")
        )
    taken = None if problems else codes.refuse(place.place_code)
    if taken is not None:
        problems.append(FieldProblem("place_code", shown(place.place_code), taken))
    if problems:
        return [RowProblem(p.field, p.value, p.reason, row=row.row) for p in problems]
    codes.seen[place.place_code.lower()] = (place.place_code, row.row)
    return place


def _number(texts: dict[str, str], name: str, problems: list[FieldProblem]) -> float | None:
    text = texts.get(name, "")
    if not text:
        return None
    if not _NUMBER.fullmatch(text) or (name == "kind" and not text.isdigit()):
        problems.append(FieldProblem(name, shown(text), "must be a plain number"))
        return None
    return float(text)


def _polygon(texts: dict[str, str], problems: list[FieldProblem]) -> tuple[LonLat, ...] | None:
    text = texts.get("polygon", "")
    if not text:
        return None
    try:
        return read_polygon(text)
    except ValueError as error:
        problems.append(FieldProblem("polygon", shown(text), str(error)))
        return None


def read_polygon(text: str) -> tuple[LonLat, ...]:
    """Read corners such as `114.30,30.60 114.31,30.60 114.31,30.61`.

    Raises:
        ValueError: A corner cannot be read; the message names it.
    """
    corners = []
    for number, word in enumerate(text.split(), start=1):
        match = _CORNER.fullmatch(word)
        if match is None:
            raise ValueError(f"corner {number} is '{shown(word)}', not LON,LAT in degrees")
        corners.append((float(match[1]), float(match[2])))
    return tuple(corners)
