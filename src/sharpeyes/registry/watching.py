"""Whether a camera watches a place, judged by what its file says of where it looks."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np
from numpy.typing import NDArray

from sharpeyes.registry.geometry import (
    Bools,
    Floats,
    bearings_deg,
    inside,
    nearest_on_edge,
    to_metres,
    turn_deg,
)
from sharpeyes.registry.place import PlaceFile

ASSUMED_FIELD_ANGLE_DEG = 90.0
"""Where a camera's facing is on file but not its field angle: that of a common 4 mm lens."""

# Column 19 of the sheet, clockwise from north; 9 is all round.
_BEARINGS_DEG = {1: 90.0, 2: 270.0, 3: 180.0, 4: 0.0, 5: 135.0, 6: 45.0, 7: 225.0, 8: 315.0}
_ALL_ROUND = 9
# The forms of column 11 that turn: dome and PTZ bullet.
_TURNING_FORMS = (1, 4)
# A facing is one of eight, so the lens may point half of an eighth aside.
_ROUNDING_DEG = 22.5


class JudgedBy(StrEnum):
    """On what it rests that a camera watches a place."""

    VIEW = "view"
    """Direction, field angle and reach are on file and fit, or the camera stands within."""
    FACING = "facing"
    """Its direction fits; field angle or reach is not on file and assumed."""
    DISTANCE = "distance"
    """It is near enough; where it looks is not on file."""


@dataclass(frozen=True, slots=True)
class Candidates:
    """What the files of N cameras say.

    Args:
        lonlats: (N, 2) degrees.
        facing: (N,) 1-9 as in the sheet, 0 where it is not on file.
        form: (N,) 1-5 or 99, 0 where it is not on file.
        field_angle_deg: (N,), NaN where it is not on file.
        view_distance_m: (N,), NaN where it is not on file.
    """

    lonlats: Floats
    facing: NDArray[np.int64]
    form: NDArray[np.int64]
    field_angle_deg: Floats
    view_distance_m: Floats


@dataclass(frozen=True, slots=True)
class Judgement:
    """What came of it.

    Args:
        watches: (N,) bool.
        distance_m: (N,) metres to the place; 0 within.
        judged_by: (N,) of `JudgedBy`; means something where `watches` is true.
    """

    watches: Bools
    distance_m: Floats
    judged_by: tuple[JudgedBy, ...]


def judge(place: PlaceFile, candidates: Candidates) -> Judgement:
    """Tell which cameras watch a place.

    A camera does if it stands within the place's polygon; or if it stands within the wanted radius
    of the position or of the polygon's edge, and as far as its file says where it looks, some
    corner, the middle or the nearest point of the place lies in its field of view: not further
    than its view distance, and not further aside than half of its field angle (90 degrees where
    only the facing is on file) and half of an eighth, for facings are filed in eighths. Cameras
    that turn and those that look all round look everywhere.
    """
    longitude, latitude = map(float, np.mean(place.corners, axis=0))
    corners = to_metres(longitude, latitude, np.array(place.corners))
    stand = to_metres(longitude, latitude, candidates.lonlats)
    if place.polygon is None:
        within = np.zeros(len(stand), dtype=bool)
        targets = np.broadcast_to(corners, (len(stand), 1, 2))
    else:
        within = inside(stand, corners)
        fixed = np.concatenate([corners, np.zeros((1, 2))])
        nearest = nearest_on_edge(stand, corners)[:, None]
        everywhere = np.broadcast_to(fixed, (len(stand), *fixed.shape))
        targets = np.concatenate([nearest, everywhere], axis=1)
    away_m = np.hypot(*np.moveaxis(targets - stand[:, None], 2, 0))
    distance_m = np.where(within, 0.0, away_m.min(axis=1))
    looks_round = (candidates.facing == _ALL_ROUND) | np.isin(candidates.form, _TURNING_FORMS)
    knows_direction = looks_round | (candidates.facing > 0)
    knows_reach = ~np.isnan(candidates.view_distance_m)
    knows_angle = looks_round | ~np.isnan(candidates.field_angle_deg)
    # No facing: NaN, which is not aside of anything.
    facing_deg = np.array([_BEARINGS_DEG.get(int(code), np.nan) for code in candidates.facing])
    half_deg = np.where(knows_angle, candidates.field_angle_deg, ASSUMED_FIELD_ANGLE_DEG) / 2
    aside_deg = turn_deg(bearings_deg(stand[:, None], targets), facing_deg[:, None])
    is_aside = ~looks_round[:, None] & (aside_deg > (half_deg + _ROUNDING_DEG)[:, None])
    is_too_far = away_m > np.where(knows_reach, candidates.view_distance_m, np.inf)[:, None]
    sees = (~is_aside & ~is_too_far).any(axis=1)
    is_sure = within | (knows_direction & knows_angle & knows_reach)
    return Judgement(
        watches=within | ((distance_m <= place.radius_m) & sees),
        distance_m=distance_m,
        judged_by=tuple(
            JudgedBy.VIEW if sure else JudgedBy.FACING if directed else JudgedBy.DISTANCE
            for sure, directed in zip(is_sure, knows_direction, strict=True)
        ),
    )
