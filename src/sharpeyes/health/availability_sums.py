"""What availability is summed up by, and an hour's sums.

Nobody asks for a model in one tier of one street: by street and tier, and by district, maker and
model, there are a few thousand sums of an hour; by all of it at once there were as many as lots of
cameras. Most cameras do nothing in an hour: they are counted in the database, and only those that
changed are looked at one by one.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import asyncpg

from sharpeyes.health.availability import (
    CAUSES_IMPAIRED,
    CAUSES_UNSEEN,
    MEASURED,
    Filed,
    Gap,
    Standing,
    Tally,
    tally,
)
from sharpeyes.health.calendar import HOUR
from sharpeyes.health.pasts import CHANGES_OF_FIELDS, Connection, read_gaps, read_pasts
from sharpeyes.registry.division import Level

TIME_COLUMNS: Final = tuple(f"{standing}_us" for standing in Standing)
SUM_COLUMNS: Final = (*TIME_COLUMNS, "faults", "repaired", "repair_us")

_TIMEOUT_S: Final = 600.0


class SumTable(NamedTuple):
    """Where sums are kept: by hour and, the same, by day of the city.

    Attributes:
        name: what the tables' names begin with.
        key: by which columns, beside the time.
    """

    name: str
    key: tuple[str, ...]

    @property
    def hour(self) -> str:
        """The table of hours."""
        return f"{self.name}_hour"

    @property
    def day(self) -> str:
        """The table of days."""
        return f"{self.name}_day"

    @property
    def columns(self) -> tuple[str, ...]:
        """Those of both, in the order of `HourSums.rows`."""
        return ("since", *self.key, *SUM_COLUMNS)


PLACES: Final = SumTable("availability", ("division_code", "tier"))
"""By street, or what a camera is filed under if that is above, and tier."""
MODELS: Final = SumTable("availability_model", ("division_code", "maker", "model"))
"""By district, or the city, maker (0: not on file) and model (empty: not on file)."""

# Changed in the hour, or in a gap that reaches into it, at the end of which that counts; or filed
# otherwise since, so that what is on file says nothing of the hour; or we were blind for it.
_CHANGED = f"""
SELECT camera_id FROM camera_transition WHERE at >= $3 AND at < $2
UNION SELECT camera_id FROM camera_change WHERE at >= $1 AND {CHANGES_OF_FIELDS}
UNION SELECT camera_id FROM camera WHERE created_at > $1 AND created_at < $2
UNION SELECT camera_id FROM incident JOIN incident_camera USING (incident_id)
WHERE kind = 'poller' AND joined_at < $2 AND (left_at IS NULL OR left_at >= $1)
"""  # noqa: S608  # made of our own names
_STEADY = """
SELECT GROUPING(street) = 0 AS is_place, street, district, tier, maker, model, standing,
    count(*) AS cameras
FROM (
    SELECT area.street, area.district, c.tier, COALESCE(c.maker, 0) AS maker,
        COALESCE(c.model, '') AS model,
        CASE
            WHEN c.life = 'planned' THEN 'planned'
            WHEN c.life = 'maintenance' THEN 'maintenance'
            WHEN c.poll_mode = 'on_request' THEN 'on_request'
            WHEN c.poll_mode = 'none' THEN 'never'
            WHEN t.to_status = 'ok' THEN 'well'
            WHEN t.to_status IN ('offline', 'unreachable') THEN t.to_status
            WHEN t.to_status = 'degraded' AND t.cause = ANY ($3) THEN 'impaired'
            WHEN t.to_status = 'degraded' AND t.cause = ANY ($4) THEN 'unseen'
            WHEN t.to_status = 'degraded' THEN 'faulty'
            ELSE 'unknown'
        END AS standing
    FROM camera AS c
    JOIN unnest($5::text[], $6::text[], $7::text[]) AS area (division_code, street, district)
        USING (division_code)
    LEFT JOIN LATERAL (
        SELECT to_status, cause FROM camera_transition
        WHERE camera_id = c.camera_id AND at < $1 ORDER BY at DESC, transition_id DESC LIMIT 1
    ) AS t ON true
    WHERE c.created_at <= $1 AND c.life <> 'removed' AND NOT c.camera_id = ANY ($2::bigint[])
) AS known
GROUP BY GROUPING SETS ((street, tier, standing), (district, maker, model, standing))
"""
_DIVISIONS = "SELECT division_code, parent_code, level FROM division"


class _Area(NamedTuple):
    """Under which divisions a camera's time is summed up."""

    street: str
    district: str


@dataclass(slots=True)
class HourSums:
    """The sums of an hour, by what the tables are kept by."""

    places: dict[tuple[str, int], Tally] = field(default_factory=dict)
    models: dict[tuple[str, int, str], Tally] = field(default_factory=dict)

    def add(self, area: _Area, filed: Filed, part: Tally) -> None:
        """Add what a camera was."""
        place = (area.street, filed.tier)
        model = (area.district, filed.maker or 0, filed.model or "")
        self.places.setdefault(place, Tally()).add(part)
        self.models.setdefault(model, Tally()).add(part)

    def rows(self, since: datetime) -> dict[SumTable, list[tuple[object, ...]]]:
        """Return the rows of each table; nothing is null, which takes no space."""
        return {
            PLACES: [(since, *key, *_row(of)) for key, of in self.places.items()],
            MODELS: [(since, *key, *_row(of)) for key, of in self.models.items()],
        }


async def read_hour(connection: Connection, since: datetime, until: datetime) -> HourSums:
    """Sum up how all cameras were within an hour.

    Args:
        connection: in a transaction with one view of all tables, so that no camera is counted twice
            or not at all.
        since: of the hour.
        until: its end.
    """
    areas = _areas(await connection.fetch(_DIVISIONS))
    gaps = await read_gaps(connection, until)
    begins = min([since, *(gap.since for gap in gaps if gap.until > since)])
    changed = [row[0] for row in await connection.fetch(_CHANGED, since, until, begins)]
    steady = await connection.fetch(
        _STEADY,
        since,
        changed,
        list(CAUSES_IMPAIRED),
        list(CAUSES_UNSEEN),
        list(areas),
        [area.street for area in areas.values()],
        [area.district for area in areas.values()],
        timeout=_TIMEOUT_S,
    )
    sums, unasked_us = HourSums(), _covered_us(gaps, since, until)
    for row in steady:
        part = _steady(Standing(row["standing"]), row["cameras"], unasked_us)
        if row["is_place"]:
            sums.places.setdefault((row["street"], row["tier"]), Tally()).add(part)
        else:
            kind = (row["district"], row["maker"], row["model"])
            sums.models.setdefault(kind, Tally()).add(part)
    async for pasts in read_pasts(connection, since, until, camera_ids=changed):
        for past in pasts:
            for filed, part in tally(past.timeline(gaps, since, until), since, until):
                code = filed.division_code
                # What it was filed under may have been removed since.
                sums.add(areas.get(code, _Area(code, code)), filed, part)
    return sums


def _areas(rows: Iterable[asyncpg.Record]) -> dict[str, _Area]:
    """Return each division's street and district; itself where it is none and lies in none."""
    above = {row["division_code"]: (row["parent_code"], row["level"]) for row in rows}

    def nearest(code: str, level: Level) -> str:
        step: str | None = code
        while step is not None and above[step][1] != level:
            step = above[step][0]
        return step or code

    return {
        code: _Area(nearest(code, Level.STREET), nearest(code, Level.DISTRICT)) for code in above
    }


def _steady(standing: Standing, cameras: int, unasked_us: int) -> Tally:
    hour_us = HOUR // timedelta(microseconds=1)
    if standing not in MEASURED:
        return Tally({standing: cameras * hour_us})
    return Tally(
        {standing: cameras * (hour_us - unasked_us), Standing.UNKNOWN: cameras * unasked_us}
    )


def _covered_us(gaps: Sequence[Gap], since: datetime, until: datetime) -> int:
    """Return how much of [since, until) lies in gaps."""
    covered = timedelta()
    for gap in gaps:
        covered += max(min(gap.until, until) - max(gap.since, since), timedelta())
    return covered // timedelta(microseconds=1)


def _row(sums: Tally) -> tuple[int | None, ...]:
    times = (sums.times_us.get(standing, 0) for standing in Standing)
    return tuple(value or None for value in (*times, sums.faults, sums.repaired, sums.repair_us))
