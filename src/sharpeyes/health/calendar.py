"""Days and months of the city's time zone, as moments."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

HOUR: Final = timedelta(hours=1)
_DECEMBER: Final = 12


def refuse_zone(name: str) -> None:
    """Refuse a time zone in which we cannot count.

    Raises:
        ValueError: There is none of this name, or its days do not begin with an hour of UTC.
    """
    try:
        zone = ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError):
        raise ValueError(f"{name[:60]!r} is no time zone; an example: Asia/Shanghai") from None
    for month in (1, 7):
        offset = datetime(2026, month, 1, tzinfo=zone).utcoffset()
        if offset is None or offset % HOUR:
            raise ValueError(f"{name} is not a whole number of hours from UTC")


def day_of(moment: datetime, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first moment of the day in which a moment lies, and that of the next; UTC."""
    day = moment.astimezone(zone).date()
    return _midnight(day, zone), _midnight(day + timedelta(days=1), zone)


def month_of(year: int, month: int, zone: ZoneInfo) -> tuple[datetime, datetime]:
    """Return the first moment of a month, and that of the next; UTC."""
    after = date(year + 1, 1, 1) if month == _DECEMBER else date(year, month + 1, 1)
    return _midnight(date(year, month, 1), zone), _midnight(after, zone)


def hour_of(moment: datetime) -> datetime:
    """Return the first moment of the hour in which a moment lies; UTC."""
    return moment.astimezone(UTC).replace(minute=0, second=0, microsecond=0)


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
