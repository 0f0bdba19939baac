"""Looking for cameras that are on file twice: under one address, MAC, position or code."""

from __future__ import annotations

import asyncio
import itertools
import math
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

import asyncpg
import numpy as np

from sharpeyes.registry.camera import Tier
from sharpeyes.registry.duplicate import (
    CrowdedSpot,
    Duplicate,
    DuplicateCamera,
    DuplicateReason,
    DuplicateReport,
)
from sharpeyes.registry.geometry import EARTH_RADIUS_M, great_circle_m
from sharpeyes.registry.likeness import are_alike
from sharpeyes.registry.places import division_path

NEAR_M = 5.0
"""How near to each other two cameras stand that may be the same."""

# More than these on one spot are a placeholder, such as the middle of the city, and no duplicates.
_MOST_ON_A_SPOT = 20
_MOST_SPOTS = 20_000
_SQUARE_NORTH_DEG = math.degrees(2 * NEAR_M / EARTH_RADIUS_M)
# Wide enough in the north of China, where degrees of longitude are short.
_SQUARE_EAST_DEG = _SQUARE_NORTH_DEG / math.cos(math.radians(54))

# A recorder's channels share all but their path or number.
_CHANNEL = """
    COALESCE(recorder_channel::text, main_stream_path, sub_stream_path, snapshot_path)
"""
_SEEN = "life <> 'removed' AND ($1::text IS NULL OR division_path ^@ $1)"

_ADDRESS = f"""
    SELECT host || ' port ' || rtsp_port || COALESCE(' ' || {_CHANNEL}, '') AS shared,
        array_agg(camera_id ORDER BY camera_id) AS cameras
    FROM camera WHERE host IS NOT NULL AND {_SEEN}
    GROUP BY host, rtsp_port, {_CHANNEL} HAVING count(*) > 1
    ORDER BY 1
"""  # noqa: S608  # made of our own words, as all below
# Records without a channel may be any; those with channels are doubles if they share one.
_MAC = f"""
    SELECT mac AS shared, array_agg(camera_id ORDER BY camera_id) AS cameras
    FROM camera WHERE mac IS NOT NULL AND {_SEEN}
    GROUP BY mac HAVING count(*) > greatest(1, count(DISTINCT {_CHANNEL}))
    ORDER BY 1
"""  # noqa: S608
# The same but for type and network (digits 11-14), which change when a camera is replaced.
_CODE = f"""
    SELECT left(device_code, 10) || '####' || right(device_code, 6) AS shared,
        array_agg(camera_id ORDER BY camera_id) AS cameras
    FROM camera WHERE {_SEEN}
    GROUP BY left(device_code, 10), right(device_code, 6) HAVING count(*) > 1
    ORDER BY 1
"""  # noqa: S608
# Squares twice as wide as cameras may stand apart, laid out four times, each time half a square
# further: two that are near enough share a square in at least one of the four. A square's number is
# its column times a prime beyond all rows; a power of two would give most of them the same hash.
_PLACED = f"""
    SELECT camera_id, floor(longitude / $2 + x)::bigint * 1099511627791
        + floor(latitude / $3 + y)::bigint * 4 + layout AS square
    FROM camera
    CROSS JOIN (VALUES (0, 0, 0), (1, 0, 0.5), (2, 0.5, 0), (3, 0.5, 0.5)) AS laid (layout, x, y)
    WHERE longitude IS NOT NULL AND {_SEEN}
"""  # noqa: S608
# Counted first: most squares have one camera, and a list for each costs more than all the rest.
_SQUARES = f"""
    SELECT array_agg(square) FROM (
        SELECT square FROM ({_PLACED}) AS placed
        GROUP BY square HAVING count(*) BETWEEN 2 AND {_MOST_ON_A_SPOT}
    ) AS shared
"""  # noqa: S608
_POSITION = f"""
    SELECT DISTINCT cameras FROM (
        SELECT array_agg(camera_id ORDER BY camera_id) AS cameras
        FROM ({_PLACED}) AS placed JOIN unnest($4::bigint[]) AS shared (square) USING (square)
        GROUP BY square
    ) AS spot
    WHERE cardinality(cameras) BETWEEN 2 AND {_MOST_ON_A_SPOT}
    ORDER BY cameras LIMIT {_MOST_SPOTS + 1}
"""  # noqa: S608
_CROWDED = f"""
    SELECT longitude, latitude, count(*) AS number FROM camera
    WHERE longitude IS NOT NULL AND {_SEEN}
    GROUP BY longitude, latitude HAVING count(*) > {_MOST_ON_A_SPOT} ORDER BY number DESC LIMIT 20
"""  # noqa: S608
_CAMERAS = """
    SELECT camera_id, device_code, name, tier, division_code, host, life, longitude, latitude
    FROM camera WHERE camera_id = ANY($1::bigint[])
"""


_SHARED = {DuplicateReason.ADDRESS: _ADDRESS, DuplicateReason.MAC: _MAC}
_Group = tuple[str, list[int]]


class DuplicateSearch:
    """Looks for cameras that may be on file twice.

    Args:
        pool: The database.
        timeout_s: Longest time for one statement; each goes once over all cameras.
    """

    def __init__(self, pool: asyncpg.Pool, *, timeout_s: float = 120.0) -> None:
        self._pool = pool
        self._timeout_s = timeout_s

    async def report(
        self,
        *,
        division_code: str | None = None,
        reasons: Collection[DuplicateReason] = tuple(DuplicateReason),
        limit: int = 100,
    ) -> DuplicateReport:
        """Look through all cameras of a division, or of the whole city.

        Args:
            division_code: Only this division and those below it.
            reasons: Only for these.
            limit: Duplicates that are listed at most, for each reason.

        Raises:
            UnknownDivisionError: There is no such division.
        """
        path = await division_path(self._pool, division_code)
        total: dict[DuplicateReason, int] = {}
        duplicates: list[Duplicate] = []
        crowded: list[CrowdedSpot] = []
        is_cut_off = False
        for reason in DuplicateReason:
            if reason not in reasons:
                continue
            groups: list[_Group]
            if reason is DuplicateReason.POSITION:
                groups, is_cut_off = await self._near(path)
                rows = await self._fetch(_CROWDED, path)
                crowded = [CrowdedSpot(longitude=r[0], latitude=r[1], cameras=r[2]) for r in rows]
            elif reason is DuplicateReason.CODE:
                groups = await self._same_code(path)
            else:
                rows = await self._fetch(_SHARED[reason], path)
                groups = [(row["shared"], row["cameras"]) for row in rows]
            total[reason] = len(groups)
            duplicates += await self._described(reason, groups[:limit])
        return DuplicateReport(
            total=total, duplicates=duplicates, crowded=crowded, is_cut_off=is_cut_off
        )

    async def _near(self, path: str | None) -> tuple[list[_Group], bool]:
        [[squares]] = await self._fetch(_SQUARES, path, _SQUARE_EAST_DEG, _SQUARE_NORTH_DEG)
        # Somebody may have moved one meanwhile: what they share is looked at again.
        spots = await self._fetch(
            _POSITION, path, _SQUARE_EAST_DEG, _SQUARE_NORTH_DEG, squares or []
        )
        members = [row["cameras"] for row in spots[:_MOST_SPOTS]]
        cameras = await self._cameras({camera for spot in members for camera in spot})
        # Millions of pairs of names in the worst case: not on the event loop.
        groups = await asyncio.to_thread(_near_and_alike, members, cameras)
        return groups, len(spots) > _MOST_SPOTS

    async def _same_code(self, path: str | None) -> list[_Group]:
        rows = await self._fetch(_CODE, path)
        cameras = await self._cameras({camera for row in rows for camera in row["cameras"]})
        groups: list[_Group] = []
        for row in rows:
            # Eight digits are left to differ, so there are few of one kind.
            for together in _joined(_alike_pairs([row["cameras"]], cameras)):
                groups.append((row["shared"], together))  # noqa: PERF401  # two loops in one line
        return groups

    async def _described(
        self, reason: DuplicateReason, groups: Sequence[_Group]
    ) -> list[Duplicate]:
        cameras = await self._cameras({camera for _, members in groups for camera in members})
        found = []
        for shared, members in groups:
            # Somebody may have deleted one meanwhile.
            there = [_camera(cameras[camera]) for camera in members if camera in cameras]
            found.append(Duplicate(reason=reason, shared=shared, cameras=there))
        return found

    async def _cameras(self, camera_ids: Collection[int]) -> dict[int, asyncpg.Record]:
        rows = await self._fetch(_CAMERAS, list(camera_ids))
        return {row["camera_id"]: row for row in rows}

    async def _fetch(self, sql: str, *arguments: object) -> list[asyncpg.Record]:
        return await self._pool.fetch(sql, *arguments, timeout=self._timeout_s)


def _near_and_alike(
    spots: Iterable[Sequence[int]], cameras: Mapping[int, asyncpg.Record]
) -> list[_Group]:
    near = {}
    for one, other in set(_alike_pairs(spots, cameras)):
        here, there = cameras[one], cameras[other]
        [distance_m] = great_circle_m(
            here["longitude"],
            here["latitude"],
            np.array([there["longitude"]]),
            np.array([there["latitude"]]),
        )
        if distance_m <= NEAR_M:
            near[one, other] = float(distance_m)
    groups = []
    for members in _joined(near):
        apart_m = max(m for pair, m in near.items() if pair[0] in members)
        groups.append((f"{apart_m:.1f} m apart at most, names alike", sorted(members)))
    return groups


def _alike_pairs(
    groups: Iterable[Sequence[int]], cameras: Mapping[int, asyncpg.Record]
) -> Iterator[tuple[int, int]]:
    for members in groups:
        known = [camera for camera in members if camera in cameras]
        for one, other in itertools.combinations(sorted(known), 2):
            if are_alike(cameras[one]["name"], cameras[other]["name"]):
                yield one, other


def _joined(pairs: Iterable[tuple[int, int]]) -> list[list[int]]:
    """Put together what hangs together, in the order of the first."""
    group_of: dict[int, list[int]] = {}
    for pair in sorted(pairs):
        one, other = (group_of.setdefault(camera, [camera]) for camera in pair)
        if one is not other:
            one += other
            group_of |= dict.fromkeys(other, one)
    distinct = {id(group): sorted(group) for group in group_of.values()}
    return sorted(distinct.values())


def _camera(row: asyncpg.Record) -> DuplicateCamera:
    return DuplicateCamera(
        device_code=row["device_code"],
        name=row["name"],
        tier=Tier(row["tier"]).word,
        division_code=row["division_code"],
        host=row["host"],
        life=row["life"],
    )
