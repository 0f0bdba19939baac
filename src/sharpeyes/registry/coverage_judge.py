"""Going through all key places for who watches them."""

from __future__ import annotations

import asyncio
from collections import Counter, defaultdict
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import asyncpg
import numpy as np

from sharpeyes.registry.camera import Tier
from sharpeyes.registry.coverage import (
    CoverageReport,
    CoverageState,
    DivisionCoverage,
    PlaceCoverage,
    Watcher,
)
from sharpeyes.registry.division import Level
from sharpeyes.registry.figures import ANCESTOR, STANDING, Figure, figure
from sharpeyes.registry.nearby import NearbyCameras, cameras_near
from sharpeyes.registry.place import Place
from sharpeyes.registry.places import COLUMNS, division_path, place_of
from sharpeyes.registry.unplaced import Unplaced
from sharpeyes.registry.watching import JudgedBy, judge

NO_POSITION = "cameras_without_position"
"""Why it is not known whether a place is watched: a camera of its division might, but nobody wrote
down where it stands."""

_PLACES_PER_PAGE = 2000
# Cameras are fetched for so many places at once, or for fewer large ones: bounded memory. Many at
# once, because for the database to go through all cameras is cheaper than a thousand look-ups.
_PLACES_PER_BATCH = 500
_AREA_PER_BATCH_DEG2 = 0.02  # about 200 square kilometres
# For one statement; some go once through all cameras.
_TIMEOUT_S = 120.0

_PAGE = f"""
    SELECT {COLUMNS}, division_path, west, south, east, north FROM place
    WHERE ($1::text IS NULL OR division_path ^@ $1) AND place_code > $2
    ORDER BY place_code LIMIT {_PLACES_PER_PAGE}
"""  # noqa: S608  # made of our own names and numbers
_WITHOUT_POSITION = f"""
    SELECT division_path, tier, count(*) AS number FROM camera
    WHERE longitude IS NULL AND {STANDING} AND ($1::text IS NULL OR division_path ^@ $1)
    GROUP BY division_path, tier
"""  # noqa: S608  # as above
_STANDING_COUNT = f"""
    SELECT count(*) FROM camera WHERE {STANDING} AND ($1::text IS NULL OR division_path ^@ $1)
"""  # noqa: S608  # as above


@dataclass
class _Tally:
    """Places by how it stands with them."""

    states: Counter[CoverageState] = field(default_factory=Counter)

    def figure(self) -> Figure:
        covered = self.states[CoverageState.COVERED]
        judged = covered + self.states[CoverageState.NOT_COVERED]
        return figure(covered, judged, **{NO_POSITION: self.states[CoverageState.UNKNOWN]})


class CoverageJudge:
    """Asks who watches places. Counts cameras in service and under maintenance: those that stand.

    Args:
        pool: The database.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def report(
        self, *, division_code: str | None, level: Level, most_gaps: int, as_of: datetime
    ) -> CoverageReport:
        """Go through all places of a division, or of the whole city.

        Args:
            division_code: Only this division and those below it.
            level: How far down figures are given.
            most_gaps: Uncovered places that are listed at most.
            as_of: The present, UTC.

        Raises:
            UnknownDivisionError: There is no such division.
        """
        path = await division_path(self._pool, division_code)
        ancestors = await self._ancestors(path, level)
        unplaced = await self._without_position(path)
        total = _Tally()
        by_kind: dict[int, _Tally] = defaultdict(_Tally)
        by_division: dict[str | None, _Tally] = defaultdict(_Tally)
        by_tier = {tier: _Tally() for tier in Tier}
        judged_by: Counter[JudgedBy] = Counter()
        gaps: list[PlaceCoverage] = []
        async for coverage, place_path in self._all(path, unplaced):
            place = coverage.place
            for tally in (
                total,
                by_kind[place.kind],
                by_division[ancestors.get(place.division_code)],
            ):
                tally.states[coverage.state] += 1
            for tier, tally in by_tier.items():
                state = _state(coverage.by_tier.get(tier.word, 0), tier in unplaced[place_path])
                tally.states[state] += 1
            if coverage.judged_by is not None:
                judged_by[coverage.judged_by] += 1
            elif len(gaps) < most_gaps:
                gaps.append(coverage)
        standing: int = await self._pool.fetchval(_STANDING_COUNT, path, timeout=_TIMEOUT_S)
        without = sum(number for tiers in unplaced.own.values() for number in tiers.values())
        return CoverageReport(
            as_of=as_of,
            level=level,
            total=total.figure(),
            by_tier={tier.word: tally.figure() for tier, tally in by_tier.items()},
            by_kind={kind: by_kind[kind].figure() for kind in sorted(by_kind)},
            by_division=[
                DivisionCoverage(division_code=code, coverage=by_division[code].figure())
                for code in sorted(by_division, key=lambda code: (code is None, code))
            ],
            judged_by={judged: judged_by[judged] for judged in JudgedBy},
            positions=figure(standing - without, standing),
            gaps=gaps,
        )

    async def of_places(self, places: Sequence[Place]) -> list[PlaceCoverage]:
        """Return how it stands with some places, in their order."""
        rows = await self._pool.fetch(
            "SELECT place_id, division_path FROM place WHERE place_id = ANY($1)",
            [place.place_id for place in places],
        )
        paths = {row["place_id"]: row["division_path"] for row in rows}
        # Somebody may have removed one meanwhile.
        known = [place for place in places if place.place_id in paths]
        unplaced = await self._without_position(None)
        near = await cameras_near(self._pool, known, timeout_s=_TIMEOUT_S)
        return [
            _coverage(place, near.get(place.place_id), unplaced[paths[place.place_id]])
            for place in known
        ]

    async def watchers(self, place: Place, *, limit: int) -> list[Watcher]:
        """Return the cameras that watch a place, the nearest first."""
        nearby = (await cameras_near(self._pool, [place], timeout_s=_TIMEOUT_S)).get(place.place_id)
        if nearby is None:
            return []
        judgement = judge(place, nearby.candidates)
        found = [
            (float(judgement.distance_m[n]), nearby.camera_ids[n], judgement.judged_by[n])
            for n in np.flatnonzero(judgement.watches)
        ]
        nearest = sorted(found)[:limit]
        rows = await self._pool.fetch(
            "SELECT camera_id, device_code, name, tier FROM camera WHERE camera_id = ANY($1)",
            [camera_id for _, camera_id, _ in nearest],
        )
        files = {row["camera_id"]: row for row in rows}
        return [
            Watcher(
                device_code=files[camera_id]["device_code"],
                name=files[camera_id]["name"],
                tier=Tier(files[camera_id]["tier"]).word,
                distance_m=round(distance_m, 1),
                judged_by=judged_by,
            )
            for distance_m, camera_id, judged_by in nearest
            if camera_id in files
        ]

    async def _all(
        self, path: str | None, unplaced: Unplaced
    ) -> AsyncIterator[tuple[PlaceCoverage, str]]:
        after = ""
        while rows := await self._pool.fetch(_PAGE, path, after):
            after = rows[-1]["place_code"]
            for batch in _batches(rows):
                places = [place_of(row) for row in batch]
                paths = [row["division_path"] for row in batch]
                near = await cameras_near(self._pool, places, timeout_s=_TIMEOUT_S)
                # Half a second of sums, which nobody else should wait for.
                for found in await asyncio.to_thread(_all_of, places, paths, near, unplaced):
                    yield found

    async def _ancestors(self, path: str | None, level: Level) -> dict[str, str]:
        sql = ANCESTOR.format(level="$1", root="$2")
        return {row[0]: row[1] for row in await self._pool.fetch(sql, level, path)}

    async def _without_position(self, path: str | None) -> Unplaced:
        rows = await self._pool.fetch(_WITHOUT_POSITION, path, timeout=_TIMEOUT_S)
        unplaced = Unplaced()
        for row in rows:
            unplaced.add(row["division_path"], Tier(row["tier"]), row["number"])
        return unplaced


def _batches(rows: Sequence[asyncpg.Record]) -> Iterable[list[asyncpg.Record]]:
    batch: list[asyncpg.Record] = []
    area_deg2 = 0.0
    for row in rows:
        own_deg2 = (row["east"] - row["west"]) * (row["north"] - row["south"])
        is_full = len(batch) >= _PLACES_PER_BATCH or area_deg2 + own_deg2 > _AREA_PER_BATCH_DEG2
        if batch and is_full:
            yield batch
            batch, area_deg2 = [], 0.0
        batch.append(row)
        area_deg2 += own_deg2
    if batch:
        yield batch


def _all_of(
    places: Sequence[Place],
    paths: Sequence[str],
    near: Mapping[int, NearbyCameras],
    unplaced: Unplaced,
) -> list[tuple[PlaceCoverage, str]]:
    return [
        (_coverage(place, near.get(place.place_id), unplaced[path]), path)
        for place, path in zip(places, paths, strict=True)
    ]


def _state(watching: int, is_open: bool) -> CoverageState:
    if watching:
        return CoverageState.COVERED
    return CoverageState.UNKNOWN if is_open else CoverageState.NOT_COVERED


def _coverage(place: Place, near: NearbyCameras | None, unplaced: Counter[Tier]) -> PlaceCoverage:
    watching: Counter[str] = Counter()
    surest: JudgedBy | None = None
    if near is not None:
        judgement = judge(place, near.candidates)
        found = np.flatnonzero(judgement.watches)
        tiers = Counter(near.tiers[n] for n in found)
        watching = Counter({Tier(tier).word: number for tier, number in tiers.items()})
        judged = {judgement.judged_by[n] for n in found}
        surest = next((kind for kind in JudgedBy if kind in judged), None)
    return PlaceCoverage(
        place=place,
        state=_state(watching.total(), unplaced.total() > 0),
        watching=watching.total(),
        by_tier=dict(watching),
        judged_by=surest,
    )
