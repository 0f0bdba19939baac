from datetime import UTC, datetime
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.health.trend import (
    CLOCK_POINTS,
    HourOfLatency,
    LatencyHour,
    drift_ms_per_day,
    hour_number,
    hour_start,
    kept_points,
)


def test_an_hour_of_answers_is_three_numbers() -> None:
    gathered = LatencyHour(5)
    for latency_ms in (12.4, 80, 15.6, 1e9):
        gathered.add(latency_ms)
    assert gathered.closed() == HourOfLatency(5, 12, 48, 32_767)


def test_many_answers_take_no_more_memory() -> None:
    gathered = LatencyHour(0)
    for number in range(100_000):
        gathered.add(number % 120)
    assert gathered.closed() == HourOfLatency(0, 0, 60, 119)
    assert len(gathered._samples) == 120


def test_hours_are_those_of_the_clock() -> None:
    at = datetime(2026, 10, 1, 16, 59, 59, tzinfo=UTC)
    assert hour_start(hour_number(at)) == at.replace(minute=0, second=0)


@given(st.lists(st.integers(-(2**40), 2**40), max_size=400), st.randoms())
def test_readings_are_bounded_and_the_newest_stays(offsets: list[int], random: Random) -> None:
    points: list[tuple[int, int]] = []
    hour = 490_000
    for offset_ms in offsets:
        hour += random.randrange(1, 5)
        points = kept_points([*points, (hour, offset_ms)])
    assert len(points) <= CLOCK_POINTS
    assert points == sorted(points)
    if offsets:
        assert points[-1][0] == hour
        assert hour - points[0][0] <= 24 * 31 or len(points) == CLOCK_POINTS
    assert all(abs(offset_ms) < 2**31 for _, offset_ms in points)


def drifting(per_day_ms: float, hours: int = 400) -> list[tuple[int, int]]:
    return [(hour, round(per_day_ms * hour / 24)) for hour in range(hours)]


def test_drift_is_what_a_clock_gains_in_a_day() -> None:
    assert drift_ms_per_day(kept_points(drifting(-250))) == pytest.approx(-250, abs=5)


def test_drift_minds_neither_a_step_nor_a_late_answer() -> None:
    stepped = [(hour, offset - 4000 * (hour > 390)) for hour, offset in drifting(480)]
    stepped[100] = (100, 60_000)
    assert drift_ms_per_day(kept_points(stepped)) == pytest.approx(480, rel=0.1)


@pytest.mark.parametrize("points", [[], [(1, 5)], drifting(100, hours=20)])
def test_of_too_few_readings_there_is_no_trend(points: list[tuple[int, int]]) -> None:
    assert drift_ms_per_day(points) is None
