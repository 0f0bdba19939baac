"""What a device's clock says, and how far it is from ours."""

from dataclasses import dataclass
from datetime import UTC, datetime

from lxml import etree

_PARTS = (
    "{*}Date/{*}Year",
    "{*}Date/{*}Month",
    "{*}Date/{*}Day",
    "{*}Time/{*}Hour",
    "{*}Time/{*}Minute",
    "{*}Time/{*}Second",
)
# A reset clock tells 1970 and is worth knowing; beyond these no sums can be done with it.
_YEARS = range(1900, 3000)
_QUARTER_HOUR_S = 900
_NARROWEST_ZONE_S = 3_600
_WIDEST_ZONE_S = 14 * 3_600
_ZONE_TOLERANCE_S = 60
_LONGEST_ZONE_NAME = 100
_LONGEST_NUMBER = 8
_LONGEST_MOMENT = 40


class ClockError(ValueError):
    """A device tells no usable time; the message follows its address."""


@dataclass(frozen=True, slots=True)
class DeviceClock:
    """A device's clock at the moment it was asked.

    Args:
        utc: What the device calls UTC. It never stamps an event.
        offset_s: How far that is ahead of our clock, in seconds; negative when it is behind.
        is_synchronised: Whether the device says that it follows NTP.
        time_zone: The POSIX time zone it names, or "".
        round_trip_s: How long the answer took, which bounds how wrong the offset can be.
        local: The local time it tells, as if it were UTC; None where it tells none.
    """

    utc: datetime
    offset_s: float
    is_synchronised: bool
    time_zone: str
    round_trip_s: float = 0.0
    local: datetime | None = None

    @property
    def error_s(self) -> float:
        """How far the clock is off, but for what it labels wrongly, in seconds."""
        return self.offset_s - self.zone_error_s

    @property
    def zone_error_s(self) -> int:
        """The part of the offset that looks like local time labelled UTC, or 0.

        Many devices do so: then the offset is a whole number of quarter hours, give or take a
        minute, and as far from zero as time zones are (a quarter of an hour off is off); and the
        local time that they tell, if they tell any, is the same. A device that adds its zone to
        that once more shows a wrong time in its picture: its clock is off.
        """
        if self.local is not None and abs((self.local - self.utc).total_seconds()) > (
            _ZONE_TOLERANCE_S
        ):
            return 0
        nearest = round(self.offset_s / _QUARTER_HOUR_S) * _QUARTER_HOUR_S
        near = abs(self.offset_s - nearest) <= _ZONE_TOLERANCE_S
        return nearest if near and _NARROWEST_ZONE_S <= abs(nearest) <= _WIDEST_ZONE_S else 0


def read_clock(answer: etree._Element, now: datetime, round_trip_s: float = 0.0) -> DeviceClock:
    """Read the answer to GetSystemDateAndTime.

    Args:
        answer: The response element.
        now: Our own time at which the device looked at its clock, aware.
        round_trip_s: How long the answer took.

    Raises:
        ClockError: It tells no UTC time, or one that does not exist.
    """
    told = next(answer.iter("{*}UTCDateTime"), None)
    if told is None:
        raise ClockError("tells no UTC time")
    utc = _read_time(told)
    if utc is None:
        raise ClockError("tells a time that does not exist")
    if utc.year not in _YEARS:
        raise ClockError(f"tells the year {utc.year}")
    local = next(answer.iter("{*}LocalDateTime"), None)
    zone = answer.findtext(".//{*}TimeZone/{*}TZ", "")
    return DeviceClock(
        utc=utc,
        offset_s=(utc - now).total_seconds(),
        is_synchronised=answer.findtext(".//{*}DateTimeType", "").strip() == "NTP",
        time_zone="".join(c for c in zone if c.isprintable()).strip()[:_LONGEST_ZONE_NAME],
        round_trip_s=round_trip_s,
        local=None if local is None else _read_time(local),
    )


def read_moment(text: str) -> datetime | None:
    """Return a time that a device wrote as one word, UTC by its clock; None where it is none."""
    try:
        moment = datetime.fromisoformat(text.strip()[:_LONGEST_MOMENT])
        # A device that names no zone means UTC, as the standard has it.
        return moment.astimezone(UTC) if moment.tzinfo else moment.replace(tzinfo=UTC)
    except (ValueError, OverflowError):
        return None


def _read_time(told: etree._Element) -> datetime | None:
    """Return a time as if it were UTC; None where there is no such time."""
    try:
        year, month, day, hour, minute, second = (
            int(told.findtext(path, "")[:_LONGEST_NUMBER]) for path in _PARTS
        )
        return datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError):
        return None
