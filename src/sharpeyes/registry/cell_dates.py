"""Dates as people and spreadsheets write them."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta, timezone

from sharpeyes.registry.fields import fold

CHINA = timezone(timedelta(hours=8), "CST")
"""The clock by which times without a zone are written; it has known no summer time since 1991."""

_TIME = re.compile(
    r"([0-9]{4})(?:[-/.年]([0-9]{1,2})[-/.月]([0-9]{1,2})日?|([0-9]{2})([0-9]{2}))"
    r"(?:[ T]*([0-9]{1,2}):([0-9]{2})(?::([0-9]{2})(?:\.([0-9]{1,6})[0-9]*)?)?"
    r" ?(Z|[+-][0-9]{2}:?[0-9]{2})?)?",
    re.ASCII,
)
_COMPACT = re.compile(r"([0-9]{8})([0-9]{2})([0-9]{2})([0-9]{2})", re.ASCII)
_CLOCK_SIGNS = str.maketrans({"时": ":", "分": ":", "秒": ""})
# Days since the end of 1899, as spreadsheets count: five digits are 1927 to 2173.
_SERIAL = re.compile(r"[0-9]{5}(?:\.[0-9]{1,12})?", re.ASCII)
_SERIAL_ZERO = datetime(1899, 12, 30, tzinfo=CHINA)
_DAY_S = 86400


def read_time(text: str) -> datetime:
    """Read a date, with or without a time of day.

    Args:
        text: As people write it (2024-05-01 08:30, 2024/5/1, 2024年5月1日8时30分, 20240501,
            20240501083000, ISO 8601 with a zone), or the number that a spreadsheet keeps for it.

    Returns:
        UTC; without a zone it was China's.

    Raises:
        ValueError: It is no date; the message is the reason.
    """
    text = fold(text)
    if _SERIAL.fullmatch(text):
        # To the second: a float of days knows no less.
        return (_SERIAL_ZERO + timedelta(seconds=round(float(text) * _DAY_S))).astimezone(UTC)
    if compact := _COMPACT.fullmatch(text):
        text = "{} {}:{}:{}".format(*compact.groups())
    parts = _TIME.fullmatch(text.translate(_CLOCK_SIGNS).rstrip(":"))
    if parts is None:
        raise ValueError("must be a date such as 2024-05-01, or with a time 2024-05-01 08:30:00")
    year, month, day, month_2, day_2, hour, minute, second, fraction, zone = parts.groups()
    try:
        return datetime(
            int(year),
            int(month or month_2),
            int(day or day_2),
            int(hour or 0),
            int(minute or 0),
            int(second or 0),
            int((fraction or "").ljust(6, "0")),
            _zone(zone),
        ).astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError("is no date and time of the calendar") from None


def _zone(text: str | None) -> timezone:
    if text is None:
        return CHINA
    if text == "Z":
        return UTC
    offset = timedelta(hours=int(text[1:3]), minutes=int(text[-2:]))
    return timezone(-offset if text[0] == "-" else offset)


def read_day(text: str) -> date:
    """Read a date without a time of day; as `read_time`."""
    local = read_time(text).astimezone(CHINA)
    if local != datetime(local.year, local.month, local.day, tzinfo=CHINA):
        raise ValueError("must be a day alone, such as 2024-05-01, without a time")
    return local.date()


def write_time(value: datetime) -> str:
    """Write a time by China's clock, as `read_time` reads it."""
    return value.astimezone(CHINA).replace(tzinfo=None).isoformat(" ")
