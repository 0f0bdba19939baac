"""How many key places are watched, and by what kind of judgement."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum

import msgspec

from sharpeyes.registry.division import Level
from sharpeyes.registry.figures import Figure
from sharpeyes.registry.place import Place
from sharpeyes.registry.watching import JudgedBy


class CoverageState(StrEnum):
    """How it stands with a place."""

    COVERED = "covered"
    NOT_COVERED = "not_covered"
    UNKNOWN = "unknown"
    """No camera is known to watch it, but one of its division has no position on file."""


class PlaceCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """Who watches a place.

    Attributes:
        place: The place.
        state: Whether it is covered.
        watching: How many cameras watch it.
        by_tier: How many of each tier (its word) that has any.
        judged_by: The surest judgement among those that watch; None where none does.
    """

    place: Place
    state: CoverageState
    watching: int
    by_tier: dict[str, int]
    judged_by: JudgedBy | None


class Watcher(msgspec.Struct, frozen=True, kw_only=True):
    """A camera that watches a place.

    Attributes:
        device_code: Its code.
        name: Its name.
        tier: Its tier's word.
        distance_m: From the place, or from its polygon; 0 within.
        judged_by: On what that rests.
    """

    device_code: str
    name: str
    tier: str
    distance_m: float
    judged_by: JudgedBy


class DivisionCoverage(msgspec.Struct, frozen=True, kw_only=True):
    """The coverage of one division, with all below it.

    Attributes:
        division_code: None for places that are filed above the level of the report.
        coverage: Its figure.
    """

    division_code: str | None
    coverage: Figure


class CoverageReport(msgspec.Struct, frozen=True, kw_only=True):
    """How many key places are watched.

    Attributes:
        as_of: UTC.
        level: The level of `by_division`.
        total: Of all places.
        by_tier: Places watched by at least one camera of the tier, by its word.
        by_kind: By the number of the kind of place.
        by_division: By division of the level, in the order of their codes.
        judged_by: How sure it is of those that are covered: places by their surest judgement.
        positions: Of the cameras that stand there, how many have a position on file.
        gaps: Places that nobody is known to watch, in the order of their codes; the first of them.
    """

    as_of: datetime
    level: Level
    total: Figure
    by_tier: dict[str, Figure]
    by_kind: dict[int, Figure]
    by_division: list[DivisionCoverage]
    judged_by: dict[JudgedBy, int]
    positions: Figure
    gaps: list[PlaceCoverage]
