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
_WIDEST_ZONE_S = 14 * 3_600
_ZONE_TOLERANCE_S = 60
_LONGEST_ZONE_NAME = 100
_LONGEST_NUMBER = 8


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
    """

    utc: datetime
    offset_s: float
    is_synchronised: bool
    time_zone: str

    @property
    def zone_error_s(self) -> int:
        """The part of the offset that looks like local time labelled UTC, or 0.

        Many devices do so: then the offset is a whole number of quarter hours, give or take a
        minute, and no further from zero than time zones are.
        """
        nearest = round(self.offset_s / _QUARTER_HOUR_S) * _QUARTER_HOUR_S
        near = abs(self.offset_s - nearest) <= _ZONE_TOLERANCE_S
        return nearest if near and abs(nearest) <= _WIDEST_ZONE_S else 0


def read_clock(answer: etree._Element, now: datetime) -> DeviceClock:
    """Read the answer to GetSystemDateAndTime.

    Args:
        answer: The response element.
        now: Our own time at which the device looked at its clock, aware.

    Raises:
        ClockError: It tells no UTC time, or one that does not exist.
    """
    told = next(answer.iter("{*}UTCDateTime"), None)
    if told is None:
        raise ClockError("tells no UTC time")
    try:
        year, month, day, hour, minute, second = (
            int(told.findtext(path, "")[:_LONGEST_NUMBER]) for path in _PARTS
        )
        utc = datetime(year, month, day, hour, minute, second, tzinfo=UTC)
    except (ValueError, OverflowError):
        raise ClockError("tells a time that does not exist") from None
    if year not in _YEARS:
        raise ClockError(f"tells the year {year}")
    zone = answer.findtext(".//{*}TimeZone/{*}TZ", "")
    return DeviceClock(
        utc=utc,
        offset_s=(utc - now).total_seconds(),
        is_synchronised=answer.findtext(".//{*}DateTimeType", "").strip() == "NTP",
        time_zone="".join(c for c in zone if c.isprintable()).strip()[:_LONGEST_ZONE_NAME],
    )
