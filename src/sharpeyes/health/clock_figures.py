"""How right the fleet's clocks are."""

from __future__ import annotations

from typing import Final

import asyncpg
import msgspec

from sharpeyes.health.availability_figures import Value
from sharpeyes.registry.figures import Figure, figure
from sharpeyes.registry.store import IS_MEASURED

TELLS_NO_TIME: Final = "tells_no_time"

_CLOCKS: Final = f"""
SELECT c.maker, GROUPING(c.maker) = 1 AS in_all, count(*) AS cameras, count(k.camera_id) AS told,
    count(*) FILTER (WHERE abs(k.offset_ms) <= 1000) AS within_1_s,
    count(*) FILTER (WHERE abs(k.offset_ms) <= 5000) AS within_5_s,
    count(*) FILTER (WHERE abs(k.offset_ms) <= 60000) AS within_60_s,
    count(*) FILTER (WHERE k.zone_error_s <> 0) AS mislabelled,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY abs(k.offset_ms)) AS median_ms
FROM camera AS c LEFT JOIN camera_clock AS k USING (camera_id)
WHERE {IS_MEASURED} AND ($1::text IS NULL OR starts_with(c.division_path, $1))
GROUP BY GROUPING SETS ((), (c.maker)) ORDER BY c.maker
"""  # noqa: S608  # made of our own condition


class ClockFigures(msgspec.Struct, frozen=True, kw_only=True):
    """How right some cameras' clocks are, by their latest readings.

    Attributes:
        maker: whose; None for all together, or where none is on file.
        within_1_s: how many are off by a second at most, of those that tell the time.
        within_5_s: by five seconds.
        within_60_s: by a minute.
        median_s: every second clock is at most so far off.
        mislabelled: how many call their local time UTC, which is not counted as being off.
    """

    maker: int | None
    within_1_s: Figure
    within_5_s: Figure
    within_60_s: Figure
    median_s: Value
    mislabelled: int


class FleetClocks(msgspec.Struct, frozen=True, kw_only=True):
    """The clocks of a division, in all and by maker."""

    total: ClockFigures
    by_maker: list[ClockFigures]


async def read_clocks(pool: asyncpg.Pool, path: str | None) -> FleetClocks:
    """Count the clocks of the measured cameras below a division; None for all."""
    rows = await pool.fetch(_CLOCKS, path)
    return FleetClocks(
        total=next(_figures(row) for row in rows if row["in_all"]),
        by_maker=[_figures(row) for row in rows if not row["in_all"]],
    )


def _figures(row: asyncpg.Record) -> ClockFigures:
    told = row["told"]
    silent = {TELLS_NO_TIME: row["cameras"] - told}
    median_ms = row["median_ms"]
    return ClockFigures(
        maker=row["maker"],
        within_1_s=figure(row["within_1_s"], told, **silent),
        within_5_s=figure(row["within_5_s"], told, **silent),
        within_60_s=figure(row["within_60_s"], told, **silent),
        median_s=Value(
            value=None if median_ms is None else median_ms / 1000,
            base=told,
            base_unit="cameras",
            why_not=TELLS_NO_TIME if median_ms is None else None,
        ),
        mislabelled=row["mislabelled"],
    )
