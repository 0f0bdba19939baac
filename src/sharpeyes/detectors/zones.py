"""Zones: which parts of the picture mean what."""

import math
from collections.abc import Sequence
from enum import StrEnum

import cv2
import msgspec
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.errors import ZoneError

MAX_POINTS = 1000
MAX_WIDTHS = 8
"""Rows of expected widths: two make a perspective, more a road that is not straight."""
MIN_AREA_RATIO = 1e-6
"""Twice a pixel of a 1080p picture: less is a slip of the mouse, not an area."""


class ZoneKind(StrEnum):
    """What a zone is for."""

    WATCH = "watch"
    """Motion and abandoned vehicles are noticed here."""
    NO_PARKING = "no_parking"
    """Vehicles may not stay here, by the zone's own dwell limit; motion is nobody's concern."""
    IGNORE = "ignore"
    """Nothing here is noticed."""
    PRIVACY = "privacy"
    """Blacked out before anything looks at the picture, and in every picture that is kept."""


class Zone(msgspec.Struct, frozen=True):
    """A named polygon with a purpose.

    Attributes:
        name: unique for its camera.
        kind: what the zone is for.
        polygon: corners (x, y), each 0-1 of the picture's width and height; closed by itself;
            where it crosses itself, the even-odd rule says what is inside.
        dwell_s: how long a vehicle may stay, in seconds; None for the detector's default.
        vehicle_widths: how wide vehicles are here: each (y, least, most), the row of their lower
            edge as 0-1 of the picture's height, and widths as shares of the picture's width.
            Between rows it is interpolated, beyond them the nearest holds. Empty: learned from
            the traffic.
    """

    name: str
    kind: ZoneKind
    polygon: tuple[tuple[float, float], ...]
    dwell_s: float | None = None
    vehicle_widths: tuple[tuple[float, float, float], ...] = ()


WHOLE_PICTURE = Zone(
    name="picture",
    kind=ZoneKind.WATCH,
    polygon=((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)),
)
"""What is watched where no zone says otherwise."""


def validate_zone(zone: Zone) -> Zone:
    """Check that a zone describes an area of the picture.

    Returns:
        The zone itself.

    Raises:
        ZoneError: it does not; the error names the zone and the field.
    """
    if not zone.name.strip():
        raise ZoneError(zone.name, "name", "must not be empty")
    if not 3 <= len(zone.polygon) <= MAX_POINTS:  # noqa: PLR2004  # a polygon's least corners
        raise ZoneError(
            zone.name, "polygon", f"needs 3 to {MAX_POINTS} points, has {len(zone.polygon)}"
        )
    for number, point in enumerate(zone.polygon, start=1):
        for axis, value in zip("xy", point, strict=True):
            # Written so that NaN fails too.
            if not 0.0 <= value <= 1.0:
                raise ZoneError(
                    zone.name, "polygon", f"{axis} of point {number} is {value}, not within 0-1"
                )
    if _bounding_area(zone.polygon) < MIN_AREA_RATIO:
        raise ZoneError(zone.name, "polygon", "covers no area")
    if zone.dwell_s is not None and not (math.isfinite(zone.dwell_s) and zone.dwell_s > 0):
        raise ZoneError(
            zone.name, "dwell_s", f"must be a number of seconds above 0, is {zone.dwell_s}"
        )
    _validate_widths(zone)
    return zone


def _validate_widths(zone: Zone) -> None:
    if len(zone.vehicle_widths) > MAX_WIDTHS:
        raise ZoneError(
            zone.name,
            "vehicle_widths",
            f"has {len(zone.vehicle_widths)} rows, at most {MAX_WIDTHS}",
        )
    for number, (y, least, most) in enumerate(zone.vehicle_widths, start=1):
        # Written so that NaN fails too.
        if not 0.0 <= y <= 1.0:
            raise ZoneError(
                zone.name, "vehicle_widths", f"y of row {number} is {y}, not within 0-1"
            )
        if not 0.0 <= least < most <= 1.0:
            raise ZoneError(
                zone.name,
                "vehicle_widths",
                f"row {number} has {least} to {most}, not a least and a greater width within 0-1",
            )
    if len({y for y, _, _ in zone.vehicle_widths}) < len(zone.vehicle_widths):
        raise ZoneError(zone.name, "vehicle_widths", "has two rows with the same y")


def validate_zones(zones: Sequence[Zone]) -> tuple[Zone, ...]:
    """Check each zone, and that no two share a name.

    Raises:
        ZoneError: one is wrong; the error names the zone and the field.
    """
    seen: set[str] = set()
    for zone in zones:
        validate_zone(zone)
        if zone.name in seen:
            raise ZoneError(zone.name, "name", "is used by two zones")
        seen.add(zone.name)
    return tuple(zones)


def zone_mask(zone: Zone, height: int, width: int) -> npt.NDArray[np.uint8]:
    """Rasterise a zone.

    Returns:
        (height, width) uint8, 255 inside and on the outline, 0 elsewhere. A zone smaller than
        a pixel still covers the pixel that it lies in.
    """
    mask = np.zeros((height, width), np.uint8)
    corners = np.asarray(zone.polygon, np.float64) * (width, height)
    # The far edge, 1.0, belongs to the last pixel.
    pixels = np.minimum(np.floor(corners), (width - 1, height - 1)).astype(np.int32)
    cv2.fillPoly(mask, [pixels], (255,))
    return mask


def union_mask(zones: Sequence[Zone], height: int, width: int) -> npt.NDArray[np.uint8]:
    """Rasterise several zones into one (height, width) uint8 mask of 0 and 255."""
    mask = np.zeros((height, width), np.uint8)
    for zone in zones:
        mask |= zone_mask(zone, height, width)
    return mask


def blank_privacy(picture: npt.NDArray[np.uint8], zones: Sequence[Zone]) -> npt.NDArray[np.uint8]:
    """Black out the privacy zones.

    Args:
        picture: (H, W, 3) or (H, W) uint8 of any resolution; it is not changed.
        zones: all zones of the camera.

    Returns:
        A copy with every pixel in or on the outline of a privacy zone set to 0.
    """
    blanked = picture.copy()
    private = [zone for zone in zones if zone.kind is ZoneKind.PRIVACY]
    if private:
        blanked[union_mask(private, *picture.shape[:2]) > 0] = 0
    return blanked


def _bounding_area(polygon: Sequence[tuple[float, float]]) -> float:
    """Area of the polygon's hull: the shoelace sum of a figure of eight would be 0."""
    hull = np.asarray(cv2.convexHull(np.asarray(polygon, np.float32)), np.float32)
    return float(cv2.contourArea(hull))
