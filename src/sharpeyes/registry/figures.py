"""Shares that say what they are shares of, and what could not be judged."""

from __future__ import annotations

import msgspec

from sharpeyes.registry.camera import Life
from sharpeyes.registry.division import Level


class Figure(msgspec.Struct, frozen=True, kw_only=True):
    """How many of those that can be judged fulfil something.

    Attributes:
        total: All that are asked about: `judged` and `not_judged`.
        judged: The base of the percentage.
        fulfilled: How many of the judged do.
        not_judged: How many could not be judged, by reason; reasons that nobody has are left out.
        percent: 100 * fulfilled / judged, to two decimals, and 0 and 100 only of none and of all;
            None where nothing could be judged.
    """

    total: int
    judged: int
    fulfilled: int
    not_judged: dict[str, int]
    percent: float | None


def figure(fulfilled: int, judged: int, **not_judged: int) -> Figure:
    """Make a figure of its counts."""
    return Figure(
        total=judged + sum(not_judged.values()),
        judged=judged,
        fulfilled=fulfilled,
        not_judged={reason: number for reason, number in not_judged.items() if number},
        percent=_percent(fulfilled, judged) if judged else None,
    )


def _percent(fulfilled: int, judged: int) -> float:
    if fulfilled in {0, judged}:
        return 100.0 * fulfilled / judged
    return min(max(round(100 * fulfilled / judged, 2), 0.01), 99.99)


STANDING = f"life IN ('{Life.IN_SERVICE}', '{Life.MAINTENANCE}')"
"""SQL: only cameras that are there. Planned and removed ones count in no figure."""

# Each division's own code on the level asked for: the code of the division of that level in its
# path. What is filed above that level has none.
ANCESTOR = """
    SELECT below.division_code, above.division_code AS ancestor
    FROM division AS below
    CROSS JOIN LATERAL unnest(string_to_array(below.path, '/')) AS step (code)
    JOIN division AS above ON above.division_code = step.code AND above.level = {level}
    WHERE {root}::text IS NULL OR below.path ^@ {root}
"""


def level_below(level: Level | None) -> Level:
    """Return the level that a report goes down to unless it is told another."""
    if level is None or level is Level.CITY:
        return Level.DISTRICT
    return tuple(Level)[min(level.depth + 1, Level.GRID.depth)]
