from datetime import UTC, datetime, timedelta

import pytest
from lxml import etree

from sharpeyes.devices.device_clock import ClockError, DeviceClock, read_clock

NOW = datetime(2026, 11, 21, 12, 0, 0, 500_000, tzinfo=UTC)


def answer(date: str = "2026-11-21", time: str = "12:00:00", zone: str = "CST-8") -> etree._Element:
    year, month, day = date.rsplit("-", 2)
    hour, minute, second = time.split(":")
    return etree.fromstring(
        f"""<r xmlns:tt="http://www.onvif.org/ver10/schema"><SystemDateAndTime>
        <tt:DateTimeType>NTP</tt:DateTimeType><tt:TimeZone><tt:TZ>{zone}</tt:TZ></tt:TimeZone>
        <tt:UTCDateTime>
        <tt:Time><tt:Hour>{hour}</tt:Hour><tt:Minute>{minute}</tt:Minute>
        <tt:Second>{second}</tt:Second></tt:Time>
        <tt:Date><tt:Year>{year}</tt:Year><tt:Month>{month}</tt:Month><tt:Day>{day}</tt:Day></tt:Date>
        </tt:UTCDateTime></SystemDateAndTime></r>"""
    )


def test_reads_a_clock() -> None:
    assert read_clock(answer(), NOW) == DeviceClock(
        utc=datetime(2026, 11, 21, 12, tzinfo=UTC),
        offset_s=-0.5,
        is_synchronised=True,
        time_zone="CST-8",
    )


@pytest.mark.parametrize(
    ("told", "local", "error_s"),
    [
        # It is 20 o'clock in the city, and so it shows.
        ("20:00:03", "20:00:03", 2.5),
        ("20:00:03", None, 2.5),
        # It adds its zone once more: what its picture shows is eight hours off.
        ("20:00:03", "04:00:03", 28_802.5),
    ],
)
def test_local_time_called_utc_is_no_error(told: str, local: str | None, error_s: float) -> None:
    words = answer(time=told)
    if local is not None:
        tag = "{http://www.onvif.org/ver10/schema}"
        copied = answer(time=local).find(f".//{tag}UTCDateTime")
        assert copied is not None
        copied.tag = f"{tag}LocalDateTime"
        words[0].append(copied)
    assert read_clock(words, NOW).error_s == error_s


def test_hostile_51_a_reset_clock_is_far_off_but_a_clock() -> None:
    clock = read_clock(answer("1970-01-01", "00:00:07"), NOW)

    assert clock.offset_s == (datetime(1970, 1, 1, 0, 0, 7, tzinfo=UTC) - NOW).total_seconds()
    assert clock.zone_error_s == 0


@pytest.mark.parametrize(
    ("date", "time", "word"),
    [
        ("2026-13-01", "12:00:00", "does not exist"),
        ("2026-02-30", "12:00:00", "does not exist"),
        ("2026-11-21", "24:00:00", "does not exist"),
        ("2026-11-21", "12:00:61", "does not exist"),
        ("0-1-1", "12:00:00", "does not exist"),
        ("9999-12-31", "23:59:59", "year 9999"),
        ("0001-01-01", "00:00:00", "year 1"),
        ("9" * 5_000 + "-1-1", "12:00:00", "does not exist"),
        ("x-y-z", "12:00:00", "does not exist"),
    ],
)
def test_refuses_times_that_do_not_exist(date: str, time: str, word: str) -> None:
    with pytest.raises(ClockError, match=word):
        read_clock(answer(date, time), NOW)


def test_refuses_an_answer_without_utc() -> None:
    with pytest.raises(ClockError, match="no UTC time"):
        read_clock(etree.fromstring("<r/>"), NOW)


@pytest.mark.parametrize(
    ("offset", "zone_error_s"),
    [
        (timedelta(hours=8, seconds=20), 28_800),
        (timedelta(hours=-3, minutes=-30, seconds=5), -12_600),
        (timedelta(seconds=59), 0),
        (timedelta(minutes=7), 0),
        (timedelta(hours=16), 0),
        (timedelta(0), 0),
    ],
)
def test_hostile_52_local_time_labelled_utc_is_told(offset: timedelta, zone_error_s: int) -> None:
    told = NOW + offset
    clock = read_clock(answer(f"{told:%Y-%m-%d}", f"{told:%H:%M:%S}"), NOW)

    assert clock.zone_error_s == zone_error_s


def test_bounds_the_zone_it_is_told() -> None:
    assert len(read_clock(answer(zone="Z" * 100_000), NOW).time_zone) == 100
