"""The tree of jurisdictions: city, district, street, community, grid, and local additions."""

from __future__ import annotations

import builtins
from enum import StrEnum

import asyncpg
import msgspec

from sharpeyes.registry.errors import (
    DivisionExistsError,
    DivisionInUseError,
    DivisionInvalidError,
    FieldProblem,
    UnknownDivisionError,
    shown,
)
from sharpeyes.registry.fields import refuse_division_code, refuse_text


class Level(StrEnum):
    """A level of the tree, from the top down."""

    CITY = "city"
    DISTRICT = "district"
    STREET = "street"
    COMMUNITY = "community"
    GRID = "grid"

    @property
    def depth(self) -> int:
        """0 for a city, 4 for a grid."""
        return tuple(Level).index(self)


# A district may hold a quarter of a million cameras, each of which is written anew.
_MOVE_TIMEOUT_S = 600.0
_LEVELS = {9: Level.STREET, 12: Level.COMMUNITY, 14: Level.GRID}


class Division(msgspec.Struct, frozen=True, kw_only=True):
    """A node of the tree.

    Attributes:
        division_code: GB/T 2260 and the digits below it; starts with a letter where it is local.
        parent_code: The division that it lies in; None at the top.
        level: How far down it is; always further than its parent.
        name_zh: Its name in Chinese.
        name_en: Its name in English, or in Pinyin.
        local: It has no national code: a functional zone, say.
        west: Of the smallest box around it, in WGS-84 degrees: all four edges or none.
        south: The same.
        east: The same.
        north: The same.
    """

    division_code: str
    parent_code: str | None
    level: Level
    name_zh: str
    name_en: str
    local: bool = False
    west: float | None = None
    south: float | None = None
    east: float | None = None
    north: float | None = None


DIVISION_COLUMNS = Division.__struct_fields__
_PLACES = ", ".join(f"${number}" for number in range(1, len(DIVISION_COLUMNS) + 1))


class DivisionStore:
    """The divisions in the database."""

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def get(self, division_code: str) -> Division | None:
        """Return one division, or None."""
        if refuse_division_code(division_code):
            return None
        row = await self._pool.fetchrow(
            "SELECT * FROM division WHERE division_code = $1", division_code
        )
        return msgspec.convert(dict(row), Division) if row else None

    async def subtree(self, division_code: str) -> builtins.list[str]:
        """Return the codes of a division and of all below it.

        Raises:
            UnknownDivisionError: There is no such division.
        """
        codes: builtins.list[str] = []
        if not refuse_division_code(division_code):
            rows = await self._pool.fetch(
                "SELECT below.division_code FROM division AS top"
                " JOIN division AS below ON starts_with(below.path, top.path)"
                " WHERE top.division_code = $1 ORDER BY below.division_code",
                division_code,
            )
            codes = [row["division_code"] for row in rows]
        if not codes:
            raise UnknownDivisionError(division_code)
        return codes

    async def add(self, division: Division) -> Division:
        """Add a division below an existing one.

        Raises:
            DivisionInvalidError: Something about it is wrong; all problems are in the error.
            DivisionExistsError: The code is taken.
            UnknownDivisionError: There is no such parent.
        """
        problems = division_problems(division)
        if problems:
            raise DivisionInvalidError(division.division_code, problems)
        parent = await self.get(division.parent_code or "")
        if parent is None:
            raise UnknownDivisionError(division.parent_code or "")
        misplaced = misplacement(division, parent)
        if misplaced is not None:
            raise DivisionInvalidError(division.division_code, [misplaced])
        try:
            await self._pool.execute(
                f"INSERT INTO division ({', '.join(DIVISION_COLUMNS)}) VALUES ({_PLACES})",  # noqa: S608  # our own field names
                *msgspec.structs.astuple(division),
            )
        except asyncpg.UniqueViolationError as error:
            raise DivisionExistsError(division.division_code) from error
        return division

    async def move(self, division_code: str, parent_code: str) -> None:
        """Put a division and all below it, cameras included, under another one.

        Raises:
            UnknownDivisionError: There is no such division, or no such parent.
            DivisionInvalidError: The parent is the division itself or lies below it, or is not of a
                higher level; or the division is a city.
        """
        division = await self._require(division_code)
        parent = await self._require(parent_code)
        if division.parent_code is None:
            reason = "lies below nothing: a city cannot be moved"
            raise DivisionInvalidError(
                division_code, [FieldProblem("parent_code", parent_code, reason)]
            )
        if division.level.depth <= parent.level.depth:
            raise DivisionInvalidError(division_code, [_too_low(division, parent)])
        try:
            await self._pool.execute(
                "UPDATE division SET parent_code = $2 WHERE division_code = $1",
                division_code,
                parent_code,
                timeout=_MOVE_TIMEOUT_S,
            )
        except asyncpg.CheckViolationError as error:
            raise DivisionInvalidError(
                division_code, [FieldProblem("parent_code", parent_code, "lies below it")]
            ) from error

    async def rename(
        self, division_code: str, *, name_zh: str | None = None, name_en: str | None = None
    ) -> Division:
        """Give a division another name; None leaves a name as it is.

        Raises:
            UnknownDivisionError: There is no such division.
            DivisionInvalidError: A name cannot be accepted.
        """
        old = await self._require(division_code)
        new = msgspec.structs.replace(
            old,
            name_zh=old.name_zh if name_zh is None else name_zh.strip(),
            name_en=old.name_en if name_en is None else name_en.strip(),
        )
        problems = [p for p in division_problems(new) if p.field in {"name_zh", "name_en"}]
        if problems:
            raise DivisionInvalidError(division_code, problems)
        await self._pool.execute(
            "UPDATE division SET name_zh = $2, name_en = $3 WHERE division_code = $1",
            division_code,
            new.name_zh,
            new.name_en,
        )
        return new

    async def remove(self, division_code: str) -> None:
        """Remove a division under which nothing is filed.

        Raises:
            UnknownDivisionError: There is no such division.
            DivisionInUseError: There are divisions, cameras or other records in it.
        """
        await self._require(division_code)
        [held] = await self._pool.fetch(
            "SELECT (SELECT count(*) FROM division WHERE parent_code = $1) AS divisions,"
            " (SELECT COALESCE(sum(cameras), 0) FROM camera_count WHERE division_code = $1)"
            " AS cameras",
            division_code,
        )
        if held["divisions"]:
            raise DivisionInUseError(division_code, f"{held['divisions']:,} divisions below it")
        if held["cameras"]:
            raise DivisionInUseError(division_code, f"{held['cameras']:,} cameras")
        try:
            await self._pool.execute("DELETE FROM division WHERE division_code = $1", division_code)
        except asyncpg.ForeignKeyViolationError as error:
            table = getattr(error, "table_name", None) or "records"
            raise DivisionInUseError(division_code, f"rows of {table}") from error

    async def _require(self, division_code: str) -> Division:
        division = await self.get(division_code)
        if division is None:
            raise UnknownDivisionError(division_code)
        return division

    async def list(self) -> builtins.list[Division]:
        """Return all divisions, parents before their children."""
        rows = await self._pool.fetch("SELECT * FROM division ORDER BY division_code")
        divisions = [msgspec.convert(dict(row), Division) for row in rows]
        return sorted(divisions, key=lambda division: division.level.depth)


def level_of(division_code: str) -> Level | None:
    """Return the level that a national code's digits say; None of a local one."""
    if not division_code.isdigit():
        return None
    top = Level.CITY if division_code.endswith("00") else Level.DISTRICT
    return _LEVELS.get(len(division_code), top)


def parent_of(division_code: str) -> str | None:
    """Return the code that a national code's digits put it below; None of a city or local one."""
    level = level_of(division_code)
    if level in {None, Level.CITY}:
        return None
    if level is Level.DISTRICT:
        return f"{division_code[:4]}00"
    return division_code[: {Level.STREET: 6, Level.COMMUNITY: 9, Level.GRID: 12}[level]]


def division_problems(division: Division) -> list[FieldProblem]:
    """Return all that is wrong with a division as such, without its parent."""
    code = division.division_code
    reasons = {
        "division_code": refuse_division_code(code),
        "parent_code": (
            refuse_division_code(division.parent_code)
            if division.parent_code
            else "is missing: only the city has none"
        ),
        "name_zh": refuse_text(division.name_zh),
        "name_en": refuse_text(division.name_en),
    }
    if reasons["division_code"] is None:
        level = level_of(code)
        if level is not None and division.level is not level:
            reasons["level"] = f"a code of these {len(code)} digits is that of a {level}"
        if code.isdigit() == division.local:
            reasons["local"] = "a code is local exactly when it starts with a letter"
    box = (division.west, division.south, division.east, division.north)
    reasons["west"] = _refuse_box(box)
    return [
        FieldProblem(field, shown(getattr(division, field)), reason)
        for field, reason in reasons.items()
        if reason
    ]


def misplacement(division: Division, parent: Division) -> FieldProblem | None:
    """Return why a division cannot be added below a parent, if anything."""
    if division.level.depth <= parent.level.depth:
        return _too_low(division, parent)
    code, above = division.division_code, parent.division_code.removesuffix("00")
    if code.isdigit() and above.isdigit() and not code.startswith(above):
        return FieldProblem("division_code", code, f"does not start with its parent's, {above}")
    return None


def _too_low(division: Division, parent: Division) -> FieldProblem:
    reason = f"does not lie below its parent's level, {parent.level}"
    return FieldProblem("level", division.level, reason)


def _refuse_box(box: tuple[float | None, ...]) -> str | None:
    west, south, east, north = box
    if west is None or south is None or east is None or north is None:
        return None if box == (None,) * 4 else "the box lacks an edge: give all four or none"
    if -180 <= west < east <= 180 and -90 <= south < north <= 90:  # noqa: PLR2004  # degrees
        return None
    return "the box must be west < east and south < north, in degrees"
