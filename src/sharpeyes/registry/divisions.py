"""The tree of jurisdictions: city, district, street, community, grid, and local additions."""

from __future__ import annotations

import builtins
from enum import StrEnum

import asyncpg
import msgspec

from sharpeyes.registry.errors import (
    DivisionExistsError,
    DivisionInvalidError,
    FieldProblem,
    UnknownDivisionError,
    shown,
)
from sharpeyes.registry.fields import refuse_division_code, refuse_text

SUBTREE = """
    SELECT division_code FROM division WHERE division_code = {root}
    UNION ALL
    SELECT child.division_code
    FROM division AS child JOIN subtree ON child.parent_code = subtree.division_code
"""
"""Body of a recursive `subtree`: a division's code and all codes below it."""


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
    """

    division_code: str
    parent_code: str | None
    level: Level
    name_zh: str
    name_en: str
    local: bool = False


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
                f"WITH RECURSIVE subtree AS ({SUBTREE.format(root='$1')}) "  # noqa: S608  # ours
                "SELECT division_code FROM subtree ORDER BY division_code",
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
        problems = _problems(division)
        if problems:
            raise DivisionInvalidError(division.division_code, problems)
        parent = await self.get(division.parent_code or "")
        if parent is None:
            raise UnknownDivisionError(division.parent_code or "")
        misplaced = _misplaced(division, parent)
        if misplaced is not None:
            raise DivisionInvalidError(division.division_code, [misplaced])
        try:
            await self._pool.execute(
                "INSERT INTO division (division_code, parent_code, level, name_zh, name_en, local)"
                " VALUES ($1, $2, $3, $4, $5, $6)",
                *msgspec.structs.astuple(division),
            )
        except asyncpg.UniqueViolationError as error:
            raise DivisionExistsError(division.division_code) from error
        return division

    async def list(self) -> builtins.list[Division]:
        """Return all divisions, parents before their children."""
        rows = await self._pool.fetch("SELECT * FROM division ORDER BY division_code")
        divisions = [msgspec.convert(dict(row), Division) for row in rows]
        return sorted(divisions, key=lambda division: division.level.depth)


def _problems(division: Division) -> list[FieldProblem]:
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
        level = _LEVELS.get(len(code), Level.CITY if code.endswith("00") else Level.DISTRICT)
        if code.isdigit() and division.level is not level:
            reasons["level"] = f"a code of these {len(code)} digits is that of a {level}"
        if code.isdigit() == division.local:
            reasons["local"] = "a code is local exactly when it starts with a letter"
    return [
        FieldProblem(field, shown(getattr(division, field)), reason)
        for field, reason in reasons.items()
        if reason
    ]


def _misplaced(division: Division, parent: Division) -> FieldProblem | None:
    if division.level.depth <= parent.level.depth:
        return FieldProblem(
            "level", division.level, f"does not lie below its parent's level, {parent.level}"
        )
    code, above = division.division_code, parent.division_code.removesuffix("00")
    if code.isdigit() and above.isdigit() and not code.startswith(above):
        return FieldProblem("division_code", code, f"does not start with its parent's, {above}")
    return None
