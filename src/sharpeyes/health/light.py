"""By what light a camera looks: from where the sun stands over it."""

import math
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final
from zoneinfo import ZoneInfo

_TWILIGHT_DEG: Final = 6.0
"""So near to the horizon lamps, exposure and infrared filters are still changing over."""
_DAY_HOURS: Final = (10, 16)
_NIGHT_HOURS: Final = (22, 4)
"""Where a camera's place is not known: hours that are day, or night, nearly anywhere in a zone."""


class Light(StrEnum):
    """Half of the day; a reference picture is of one of them."""

    DAY = "day"
    NIGHT = "night"


def light_at(
    now: datetime, longitude: float | None, latitude: float | None, zone: ZoneInfo
) -> Light | None:
    """Say whether it is day or night at a camera.

    Args:
        now: the time, with its zone.
        longitude: degrees, east of Greenwich; None where it is not on file.
        latitude: degrees, north of the equator; None where it is not on file.
        zone: of the city, for cameras without a place.

    Returns:
        None in twilight.
    """
    if longitude is None or latitude is None:
        hour = now.astimezone(zone).hour
        if _DAY_HOURS[0] <= hour < _DAY_HOURS[1]:
            return Light.DAY
        return Light.NIGHT if hour >= _NIGHT_HOURS[0] or hour < _NIGHT_HOURS[1] else None
    height_deg = _sun_height_deg(now.astimezone(UTC), longitude, latitude)
    if abs(height_deg) < _TWILIGHT_DEG:
        return None
    return Light.DAY if height_deg > 0 else Light.NIGHT


def _sun_height_deg(utc: datetime, longitude: float, latitude: float) -> float:
    """Return the sun's height over the horizon, to half a degree (Spencer, 1971)."""
    hours = utc.hour + utc.minute / 60 + utc.second / 3600
    turn = 2 * math.pi * (utc.timetuple().tm_yday - 1 + hours / 24) / 365
    declination = (
        0.006918
        - 0.399912 * math.cos(turn)
        + 0.070257 * math.sin(turn)
        - 0.006758 * math.cos(2 * turn)
        + 0.000907 * math.sin(2 * turn)
    )
    ahead_min = 229.18 * (
        0.000075
        + 0.001868 * math.cos(turn)
        - 0.032077 * math.sin(turn)
        - 0.014615 * math.cos(2 * turn)
        - 0.040849 * math.sin(2 * turn)
    )
    hour_angle = math.radians((hours - 12) * 15 + ahead_min / 4 + longitude)
    north = math.radians(latitude)
    sine = math.sin(north) * math.sin(declination)
    sine += math.cos(north) * math.cos(declination) * math.cos(hour_angle)
    return math.degrees(math.asin(max(-1.0, min(1.0, sine))))
