"""How the cameras are right now, with the base of every rate, and what changed in the last hour."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Final, TypeVar

import asyncpg
import msgspec

from sharpeyes.health.availability import (
    INTACT,
    JUDGED,
    MEASURED,
    NOT_MEASURED,
    ONLINE,
    Standing,
    standing_of,
)
from sharpeyes.registry.camera import Tier
from sharpeyes.registry.division import Division
from sharpeyes.registry.figures import Figure, figure

NOT_ASKED: Final = "not_measured"
"""The status of those that nobody asks, for now or for good."""

_LATEST: Final = 50
_LAST: Final = timedelta(hours=1)

# From the counts that the database keeps; only of what is degraded the cause is asked for.
_COUNTS = """
SELECT c.tier, split_part(substr(c.division_path, length($1) + 1), '/', 1) AS child,
    CASE
        WHEN c.life IN ('planned', 'maintenance') THEN c.life
        WHEN c.poll_mode = 'on_request' THEN 'on_request'
        WHEN c.poll_mode = 'none' THEN 'never'
        ELSE c.status
    END AS status, sum(c.cameras)::bigint AS cameras
FROM camera_count AS c
WHERE c.division_path >= $1 AND c.division_path < rtrim($1, '/') || '0' AND c.life <> 'removed'
GROUP BY 1, 2, 3 HAVING sum(c.cameras) <> 0
"""
_CAUSES = """
SELECT c.tier, split_part(substr(c.division_path, length($1) + 1), '/', 1) AS child,
    s.cause, count(*) AS cameras
FROM camera_status AS s JOIN camera AS c USING (camera_id)
WHERE s.status = 'degraded' AND c.life = 'in_service' AND c.poll_mode IN ('direct', 'recorder')
    AND c.division_path >= $1 AND c.division_path < rtrim($1, '/') || '0'
GROUP BY 1, 2, 3
"""
_CHANGED = """
SELECT t.to_status, count(*) AS cameras
FROM camera_transition AS t JOIN camera AS c USING (camera_id)
WHERE t.at >= $2 AND t.from_status <> t.to_status
    AND c.division_path >= $1 AND c.division_path < rtrim($1, '/') || '0'
GROUP BY 1
"""
_LATEST_CHANGES = """
SELECT c.device_code, c.name, t.from_status, t.to_status, t.cause, t.evidence, t.at
FROM camera_transition AS t JOIN camera AS c USING (camera_id)
WHERE t.at >= $2 AND t.from_status <> t.to_status
    AND c.division_path >= $1 AND c.division_path < rtrim($1, '/') || '0'
ORDER BY t.at DESC, t.transition_id DESC LIMIT $3
"""
_ROOT = """
SELECT path FROM division WHERE division_code = $1 OR ($1::text IS NULL AND parent_code IS NULL)
ORDER BY division_code LIMIT 1
"""


class Rates(msgspec.Struct, frozen=True, kw_only=True):
    """How some cameras are now.

    Attributes:
        online: how many are, of those that were measured; the rest by reason.
        intact: how many are, of those of which that can be said; the rest by reason.
        by_status: how many there are of each status; `not_measured` are those that nobody asks.
    """

    online: Figure
    intact: Figure
    by_status: dict[str, int]


class TierRates(Rates, frozen=True, kw_only=True):
    """The rates of one tier."""

    tier: str


class DivisionRates(Rates, frozen=True, kw_only=True):
    """The rates of one division, with all below it; without a code, of what is filed above."""

    division_code: str | None


_Rates = TypeVar("_Rates", bound=Rates)


@dataclass(slots=True)
class _Group:
    standings: Counter[str] = field(default_factory=Counter)
    statuses: Counter[str] = field(default_factory=Counter)


class LatestChange(msgspec.Struct, frozen=True, kw_only=True):
    """A camera whose status changed."""

    device_code: str
    name: str
    from_status: str
    to_status: str
    cause: str
    evidence: str
    at: datetime


class HealthSummary(msgspec.Struct, frozen=True, kw_only=True):
    """How the cameras of a division are.

    Attributes:
        as_of: UTC.
        division_code: whose cameras they are; None for the city's.
        total: of all.
        by_tier: by tier.
        by_division: by the divisions right below.
        changed_to: of the last hour: how often a status was arrived at.
        latest: the latest of these changes, the newest first.
    """

    as_of: datetime
    division_code: str | None
    total: Rates
    by_tier: list[TierRates]
    by_division: list[DivisionRates]
    changed_to: dict[str, int]
    latest: list[LatestChange]


async def read_summary(
    pool: asyncpg.Pool, division: Division | None, as_of: datetime
) -> HealthSummary:
    """Count the cameras of a division; without one, those of the city."""
    code = division.division_code if division else None
    async with pool.acquire() as connection:
        path = await connection.fetchval(_ROOT, code)
        counts = await connection.fetch(_COUNTS, path)
        causes = await connection.fetch(_CAUSES, path)
        changed = await connection.fetch(_CHANGED, path, as_of - _LAST)
        latest = await connection.fetch(_LATEST_CHANGES, path, as_of - _LAST, _LATEST)
    groups: dict[tuple[int, str], _Group] = {}
    for row in counts:
        group = groups.setdefault((row["tier"], row["child"]), _Group())
        group.standings[_standing(row["status"])] += row["cameras"]
        group.statuses[_status(row["status"])] += row["cameras"]
    for row in causes:
        standings = groups.setdefault((row["tier"], row["child"]), _Group()).standings
        # They were counted as faulty, which most of them are.
        standings[Standing.FAULTY] -= row["cameras"]
        standings[standing_of("degraded", row["cause"])] += row["cameras"]
    return HealthSummary(
        as_of=as_of,
        division_code=code,
        total=_rates(Rates, groups.values()),
        by_tier=[
            _rates(
                TierRates, [of for (its, _), of in groups.items() if its == tier], tier=tier.word
            )
            for tier in Tier
            if any(its == tier for its, _ in groups)
        ],
        by_division=[
            _rates(
                DivisionRates,
                [of for (_, its), of in groups.items() if its == child],
                division_code=child or None,
            )
            for child in sorted(
                {child for _, child in groups}, key=lambda child: (not child, child)
            )
        ],
        changed_to={row["to_status"]: row["cameras"] for row in changed},
        latest=[LatestChange(**row) for row in latest],
    )


def _standing(status: str) -> Standing:
    if status in {*NOT_MEASURED, Standing.MAINTENANCE}:
        return Standing(status)
    return standing_of(status, "")


def _status(status: str) -> str:
    return NOT_ASKED if status in {*NOT_MEASURED, Standing.MAINTENANCE} else status


def _rates(kind: type[_Rates], groups: Iterable[_Group], **named: str | None) -> _Rates:
    counts: Counter[str] = Counter()
    statuses: Counter[str] = Counter()
    for group in groups:
        counts.update(group.standings)
        statuses.update(group.statuses)
    unmeasured = {
        standing.value: counts[standing]
        for standing in (Standing.UNKNOWN, Standing.MAINTENANCE, *NOT_MEASURED)
    }
    return kind(
        online=figure(_sum(counts, ONLINE), _sum(counts, MEASURED), **unmeasured),
        intact=figure(
            _sum(counts, INTACT),
            _sum(counts, JUDGED),
            **unmeasured,
            unseen=counts[Standing.UNSEEN],
            unreachable=counts[Standing.UNREACHABLE],
        ),
        by_status={status: number for status, number in statuses.items() if number},
        **named,
    )


def _sum(counts: Counter[str], standings: tuple[Standing, ...]) -> int:
    return sum(counts[standing] for standing in standings)
