"""A division: what it is, where its code says it lies, and what is wrong with it."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from sharpeyes.registry.errors import FieldProblem, shown
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
        return too_low(division, parent)
    code, above = division.division_code, parent.division_code.removesuffix("00")
    if code.isdigit() and above.isdigit() and not code.startswith(above):
        return FieldProblem("division_code", code, f"does not start with its parent's, {above}")
    return None


def too_low(division: Division, parent: Division) -> FieldProblem:
    """Say that a division is of no lower level than its parent."""
    reason = f"does not lie below its parent's level, {parent.level}"
    return FieldProblem("level", division.level, reason)


def _refuse_box(box: tuple[float | None, ...]) -> str | None:
    west, south, east, north = box
    if west is None or south is None or east is None or north is None:
        return None if box == (None,) * 4 else "the box lacks an edge: give all four or none"
    if -180 <= west < east <= 180 and -90 <= south < north <= 90:  # noqa: PLR2004  # degrees
        return None
    return "the box must be west < east and south < north, in degrees"
