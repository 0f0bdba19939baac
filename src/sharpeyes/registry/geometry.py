"""Where cameras stand to a place: distances and directions on the ground.

Positions are WGS-84 degrees. Within the few kilometres at hand the ground is taken as flat: metres
east and north of a centre (equirectangular projection); up to 10 km that differs from the great
circle by less than 0.1 % at Chinese latitudes.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius (IUGG)."""

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]


def great_circle_m(
    longitude: float, latitude: float, longitudes: Floats, latitudes: Floats
) -> Floats:
    """Distance from one position to each of others, in metres (haversine formula).

    Args:
        longitude: Degrees.
        latitude: Degrees.
        longitudes: (N,) degrees.
        latitudes: (N,) degrees.

    Returns:
        (N,) metres.
    """
    phi, phis = math.radians(latitude), np.radians(latitudes)
    half_height = np.sin((phis - phi) / 2) ** 2
    half_width = np.sin(np.radians(longitudes - longitude) / 2) ** 2
    chord = half_height + math.cos(phi) * np.cos(phis) * half_width
    return np.asarray(2 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.clip(chord, 0, 1))))


def to_metres(longitude: float, latitude: float, lonlats: Floats) -> Floats:
    """Give positions as metres east and north of a centre.

    Args:
        longitude: Of the centre, degrees.
        latitude: Of the centre, degrees.
        lonlats: (N, 2) degrees.

    Returns:
        (N, 2) metres.
    """
    scale = math.radians(1) * EARTH_RADIUS_M
    centre = np.array([longitude, latitude])
    return np.asarray(
        (lonlats - centre) * np.array([scale * math.cos(math.radians(latitude)), scale])
    )


def widened(
    west: float, south: float, east: float, north: float, metres: float
) -> tuple[float, float, float, float]:
    """Widen a box in degrees on all sides by at least so many metres."""
    up = math.degrees(metres / EARTH_RADIUS_M)
    furthest = min(89.0, max(abs(south), abs(north)) + up)
    aside = up / math.cos(math.radians(furthest))
    return west - aside, south - up, east + aside, north + up


def inside(points: Floats, polygon: Floats) -> Bools:
    """Tell which points lie in a polygon, by the even-odd rule; its edge may count either way.

    Args:
        points: (N, 2), x and y.
        polygon: (M, 2) corners in order, the last not the first again.

    Returns:
        (N,) bool.
    """
    x, y = points[:, :1], points[:, 1:]
    start, end = polygon, np.roll(polygon, -1, axis=0)
    (x0, y0), (x1, y1) = start.T, end.T
    crosses = (y0 > y) != (y1 > y)
    with np.errstate(divide="ignore", invalid="ignore"):
        at = x0 + (y - y0) * (x1 - x0) / (y1 - y0)
    return np.asarray((crosses & (x < at)).sum(axis=1) % 2 == 1)


def nearest_on_edge(points: Floats, polygon: Floats) -> Floats:
    """For each point the nearest one on a polygon's edge.

    Args:
        points: (N, 2), x and y.
        polygon: (M, 2) corners in order.

    Returns:
        (N, 2).
    """
    start = polygon[None]
    along = np.roll(polygon, -1, axis=0)[None] - start
    length2 = (along**2).sum(axis=2)
    from_start = points[:, None] - start
    # A corner that is there twice makes an edge without length: its start is its nearest point.
    share = (from_start * along).sum(axis=2) / np.where(length2 == 0, 1, length2)
    nearest = start + np.clip(share, 0, 1)[..., None] * along
    distance2 = ((points[:, None] - nearest) ** 2).sum(axis=2)
    return np.asarray(nearest[np.arange(len(points)), distance2.argmin(axis=1)])


def bearings_deg(points: Floats, targets: Floats) -> Floats:
    """Direction from points to targets, clockwise from north.

    Args:
        points: (..., 2) metres east and north.
        targets: (..., 2), of a shape that fits.

    Returns:
        (...) degrees, 0 to 360.
    """
    away = targets - points
    return np.asarray(np.degrees(np.arctan2(away[..., 0], away[..., 1])) % 360)


def turn_deg(bearing: Floats, other: Floats) -> Floats:
    """How far one direction is from another, 0 to 180 degrees."""
    return np.asarray(np.abs((bearing - other + 180) % 360 - 180))
