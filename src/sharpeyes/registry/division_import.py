"""Divisions from a table: every bad row told, the others in, and a second time changes nothing."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from io import BufferedIOBase
from typing import Final

import asyncpg
import msgspec

from sharpeyes.registry.csv_lines import find_encoding, read_lines
from sharpeyes.registry.division import (
    Division,
    Level,
    division_problems,
    level_of,
    misplacement,
    parent_of,
)
from sharpeyes.registry.divisions import DIVISION_COLUMNS, DivisionStore
from sharpeyes.registry.errors import FieldProblem, ImportFileError, shown
from sharpeyes.registry.sheet_row import BrokenRow, SheetRow
from sharpeyes.registry.xlsx_reading import Spreadsheet

ROWS_MAX: Final = 200_000
"""Divisions that one file may have: ten times those of a city of ten million."""

_ZIP = b"PK\x03\x04"
_HEADINGS: Final = {
    "code": ("code", "division_code", "区划代码", "行政区划代码", "代码", "编码"),
    "name_zh": ("name", "name_zh", "名称", "区划名称", "中文名称"),
    "name_en": ("name_en", "英文名称", "英文名"),
    "parent": ("parent", "parent_code", "上级代码", "上级区划代码", "上级"),
    "level": ("level", "级别", "层级"),
    "west": ("west", "西"),
    "south": ("south", "南"),
    "east": ("east", "东"),
    "north": ("north", "北"),
}
_LEVEL_WORDS: Final = {
    "市": Level.CITY,
    "区": Level.DISTRICT,
    "街道": Level.STREET,
    "社区": Level.COMMUNITY,
    "网格": Level.GRID,
} | {level.value: level for level in Level}
_BOX = ("west", "south", "east", "north")

_NAMES = ", ".join(DIVISION_COLUMNS)
_TYPES = {"local": "boolean"} | dict.fromkeys(_BOX, "double precision")
_ARRAYS = ", ".join(
    f"${place}::{_TYPES.get(column, 'text')}[]"
    for place, column in enumerate(DIVISION_COLUMNS, start=1)
)
_UPSERT = f"""
    INSERT INTO division AS d ({_NAMES}) SELECT * FROM unnest({_ARRAYS})
    ON CONFLICT (division_code) DO UPDATE
    SET ({_NAMES}) = ROW ({", ".join(f"excluded.{name}" for name in DIVISION_COLUMNS)})
    WHERE ({", ".join(f"d.{name}" for name in DIVISION_COLUMNS)})
        IS DISTINCT FROM ({", ".join(f"excluded.{name}" for name in DIVISION_COLUMNS)})
"""  # noqa: S608  # made of our own field names


@dataclass(frozen=True, slots=True)
class RowOfDivisions:
    """What is wrong with one row.

    Attributes:
        row: Its number in the file, the header being 1.
        problem: The field at fault, its value, and why; the field is empty where it is all of it.
    """

    row: int
    problem: FieldProblem


@dataclass(frozen=True, slots=True)
class DivisionReport:
    """What became of a table of divisions.

    Attributes:
        added: Divisions that are new.
        changed: Divisions that were otherwise.
        unchanged: Divisions that were so already.
        refused: Why rows were not taken; at least one problem of each of them.
    """

    added: int
    changed: int
    unchanged: int
    refused: tuple[RowOfDivisions, ...]


async def import_divisions(pool: asyncpg.Pool, source: BufferedIOBase) -> DivisionReport:
    """Add and change divisions by a CSV or XLSX table, all good rows in one transaction.

    Its first row names the columns: code, name; if wanted name_en, parent, level, and west, south,
    east, north. A national code says parent and level itself. What the table does not name stays as
    it is: also the parent of a division that somebody moved. No division is ever removed.

    Args:
        pool: The database.
        source: The table; it must be possible to go back in it.

    Raises:
        ImportFileError: It cannot be read as a whole; nothing was changed.
    """
    rows = _rows(source)
    columns = _header(next(rows, None))
    known = {division.division_code: division for division in await DivisionStore(pool).list()}
    refused: list[RowOfDivisions] = []
    read: dict[str, tuple[int, Division]] = {}
    for count, row in enumerate(rows, start=1):
        if count > ROWS_MAX:
            raise ImportFileError(f"the table has more than {ROWS_MAX:,} rows")
        if isinstance(row, BrokenRow):
            refused.append(RowOfDivisions(row.row, FieldProblem("", shown(row.text), row.reason)))
            continue
        cells = {
            column: row.cells[place].strip()
            for column, place in columns.items()
            if place < len(row.cells)
        }
        if not any(cells.values()):
            continue
        division, problems = _division(cells, known)
        if (first := read.get(division.division_code)) and not problems:
            reason = f"is in row {first[0]} already"
            problems = [FieldProblem("code", shown(division.division_code), reason)]
        if problems:
            refused += [RowOfDivisions(row.row, problem) for problem in problems]
        else:
            read[division.division_code] = (row.row, division)
    good, misplaced = _placed(read, known)
    refused += misplaced
    changed = [d for d in good if d.division_code in known and d != known[d.division_code]]
    added = [d for d in good if d.division_code not in known]
    await _store(pool, [*added, *changed])
    return DivisionReport(
        added=len(added),
        changed=len(changed),
        unchanged=len(good) - len(added) - len(changed),
        refused=tuple(sorted(refused, key=lambda one: one.row)),
    )


def _rows(source: BufferedIOBase) -> Iterator[SheetRow | BrokenRow]:
    source.seek(0)
    is_zip = source.read(len(_ZIP)) == _ZIP
    source.seek(0)
    if is_zip:
        return iter(Spreadsheet(source).rows())
    return iter(read_lines(source, find_encoding(source)))


def _header(row: SheetRow | BrokenRow | None) -> dict[str, int]:
    """Return the place of each column that we know."""
    if row is None:
        raise ImportFileError("the table is empty")
    if isinstance(row, BrokenRow):
        raise ImportFileError(f"row {row.row}, the header, {row.reason}")
    headings = [cell.strip().lower().lstrip("\ufeff") for cell in row.cells]
    columns = {}
    for column, words in _HEADINGS.items():
        places = [place for place, heading in enumerate(headings) if heading in words]
        if len(places) > 1:
            raise ImportFileError(f"the header names the column {words[0]} twice")
        if places:
            columns[column] = places[0]
    for needed in ("code", "name_zh"):
        if needed not in columns:
            raise ImportFileError(
                f"the header has no column {_HEADINGS[needed][0]}; "
                f"needed are code and name; name_en, parent, level, {', '.join(_BOX)} may be there"
            )
    return columns


def _division(
    cells: Mapping[str, str], known: Mapping[str, Division]
) -> tuple[Division, list[FieldProblem]]:
    """Read one row; what it leaves out is as on file, or as its code says."""
    code = cells["code"]
    old = known.get(code)
    problems = []
    level: Level | None = _LEVEL_WORDS.get(cells.get("level", "").lower())
    if cells.get("level") and level is None:
        words = ", ".join(Level)
        problems.append(FieldProblem("level", shown(cells["level"]), f"must be one of {words}"))
    level = level or (old.level if old else level_of(code))
    if level is None and not problems:
        reason = "is missing: a local code does not say its level"
        problems.append(FieldProblem("level", "", reason))
    box: dict[str, float | None] = {}
    for edge in _BOX:
        try:
            box[edge] = float(cells[edge]) if cells.get(edge) else (getattr(old, edge, None))
        except ValueError:
            problems.append(FieldProblem(edge, shown(cells[edge]), "is no number of degrees"))
            box[edge] = getattr(old, edge, None)
    name_zh = cells.get("name_zh", "")
    division = Division(
        division_code=code,
        parent_code=cells.get("parent") or (old.parent_code if old else parent_of(code)),
        level=level or Level.GRID,
        name_zh=name_zh,
        # Where nobody hands in an English name, the Chinese one says more than none.
        name_en=cells.get("name_en") or (old.name_en if old else name_zh),
        local=not code.isdigit(),
        **box,
    )
    is_top = division.level is Level.CITY and division.parent_code is None
    problems += [
        problem
        for problem in division_problems(division)
        if not (is_top and problem.field == "parent_code")
        and (problem.field != "level" or not problems)
    ]
    return division, problems


def _placed(
    read: Mapping[str, tuple[int, Division]], known: Mapping[str, Division]
) -> tuple[list[Division], list[RowOfDivisions]]:
    """Return the divisions whose parents are there, parents first, and what is wrong with others.

    A level is always lower than its parent's, so no circle passes.
    """
    there = dict(known)
    good, refused = [], []
    for row, division in sorted(read.values(), key=lambda one: (one[1].level.depth, one[0])):
        parent = there.get(division.parent_code or "")
        old = known.get(division.division_code)
        problem = None
        if parent is None and division.parent_code is not None:
            reason = "no such division is known, nor in a good row of the table"
            problem = FieldProblem("parent", shown(division.parent_code), reason)
        elif parent is not None and (old is None or old.parent_code != division.parent_code):
            problem = misplacement(division, parent)
        if problem is not None:
            refused.append(RowOfDivisions(row, problem))
        else:
            good.append(division)
            there[division.division_code] = division
    return good, refused


async def _store(pool: asyncpg.Pool, divisions: Iterable[Division]) -> None:
    by_depth: dict[int, list[Division]] = {}
    for division in divisions:
        by_depth.setdefault(division.level.depth, []).append(division)
    async with pool.acquire() as connection, connection.transaction():
        for depth in sorted(by_depth):
            table = zip(*map(msgspec.structs.astuple, by_depth[depth]), strict=True)
            await connection.execute(_UPSERT, *map(list, table), timeout=600.0)
