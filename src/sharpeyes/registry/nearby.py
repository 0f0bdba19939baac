"""The cameras that stand near places: fetched by the spots of the map's index."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import asyncpg
import numpy as np

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.figures import STANDING
from sharpeyes.registry.map_grid import map_runs
from sharpeyes.registry.place import Place
from sharpeyes.registry.watching import Candidates

_FIELDS = """
    camera_id, camera.longitude, camera.latitude, tier, COALESCE(facing, 0) AS facing,
    COALESCE(camera_form, 0) AS form, COALESCE(field_angle_deg, 'NaN') AS field_angle_deg,
    COALESCE(view_distance_m, 'NaN') AS view_distance_m
"""
_NEAR = f"""
    SELECT place_id, array_agg(longitude) AS longitude, array_agg(latitude) AS latitude,
        array_agg(tier) AS tier, array_agg(facing) AS facing, array_agg(form) AS form,
        array_agg(field_angle_deg) AS field_angle_deg,
        array_agg(view_distance_m) AS view_distance_m, array_agg(camera_id) AS camera_id
    FROM (
        SELECT place_id, {_FIELDS}
        FROM unnest($1::bigint[], $2::integer[], $3::smallint[], $4::smallint[])
            AS run (place_id, map_cell, first_spot, last_spot)
        JOIN place USING (place_id)
        JOIN camera ON camera.map_cell = run.map_cell
            AND camera.map_spot BETWEEN run.first_spot AND run.last_spot
            AND camera.longitude BETWEEN place.west AND place.east
            AND camera.latitude BETWEEN place.south AND place.north
        WHERE {STANDING}
    ) AS near
    GROUP BY place_id
"""  # noqa: S608  # as above


@dataclass(frozen=True, slots=True)
class NearbyCameras:
    """The cameras in the box around a place, N of them.

    Args:
        camera_ids: (N,).
        tiers: (N,) numbers of their tiers.
        candidates: What their files say of where they look.
    """

    camera_ids: list[int]
    tiers: list[int]
    candidates: Candidates


async def cameras_near(
    pool: asyncpg.Pool, places: Iterable[Place], *, timeout_s: float
) -> dict[int, NearbyCameras]:
    """Return the cameras around each place by its id; a place without any is left out.

    Args:
        pool: The database.
        places: As many as their cameras fit in memory.
        timeout_s: Longest time for the statement.
    """
    runs = [
        (place.place_id, *run)
        for place in places
        for run in zip(*map_runs(Bounds(*place.box)), strict=True)
    ]
    columns = [[run[place] for run in runs] for place in range(4)]
    rows = await pool.fetch(_NEAR, *columns, timeout=timeout_s)
    return {
        row["place_id"]: NearbyCameras(row["camera_id"], row["tier"], _candidates(row))
        for row in rows
    }


def _candidates(row: asyncpg.Record) -> Candidates:
    return Candidates(
        lonlats=np.array([row["longitude"], row["latitude"]], dtype=np.float64).T,
        facing=np.array(row["facing"], dtype=np.int64),
        form=np.array(row["form"], dtype=np.int64),
        field_angle_deg=np.array(row["field_angle_deg"], dtype=np.float64),
        view_distance_m=np.array(row["view_distance_m"], dtype=np.float64),
    )
