"""When a delivery is tried again, and when it is given up."""

import random
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sharpeyes.events.attempt import Answer
from sharpeyes.events.retry import Dead, Delivered, Gone, TryAgain, judge, retry_after_s
from sharpeyes.events.settings import EventSettings

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
SETTINGS = EventSettings()


def verdict(
    status: int | None, attempt: int = 1, retry_after: str | None = None, seed: int = 0
) -> object:
    answer = Answer(http_status=status, retry_after=retry_after)
    return judge(answer, attempt, SETTINGS, random.Random(seed), NOW)


@pytest.mark.parametrize("status", [200, 201, 202, 204, 299])
def test_success_is_delivered(status: int) -> None:
    assert verdict(status) == Delivered()


@pytest.mark.parametrize("status", [None, 301, 302, 307, 308, 400, 401, 404, 429, 500, 502, 503])
def test_failure_is_tried_again_in_five_seconds_and_a_fifth(status: int | None) -> None:
    found = verdict(status)

    assert isinstance(found, TryAgain)
    assert 4 <= found.delay_s <= 6


def test_gone_disables_at_any_attempt_hostile_70() -> None:
    assert isinstance(verdict(410, attempt=1), Gone)
    assert isinstance(verdict(410, attempt=10), Gone)


@pytest.mark.parametrize("status", [413, 415, 422])
def test_an_event_that_is_refused_for_itself_is_dead_after_three(status: int) -> None:
    assert isinstance(verdict(status, attempt=2), TryAgain)
    assert verdict(status, attempt=3) == Dead()


def test_a_failing_delivery_is_dead_after_the_last_attempt() -> None:
    assert isinstance(verdict(500, attempt=9), TryAgain)
    assert verdict(500, attempt=10) == Dead()


def test_five_thousand_runs_of_the_schedule_take_about_76_hours() -> None:
    source = random.Random(random.getrandbits(32))  # its seed is what pytest-randomly prints
    totals_h = []
    for _ in range(5000):
        delays = []
        attempt = 1
        while isinstance(v := judge(Answer(503), attempt, SETTINGS, source, NOW), TryAgain):
            delays.append(v.delay_s)
            attempt += 1
        assert v == Dead()
        for delay_s, base_s in zip(delays, SETTINGS.schedule_s[1:], strict=True):
            assert 0.8 * base_s <= delay_s <= 1.2 * base_s
        totals_h.append(sum(delays) / 3600)

    assert 75 < sum(totals_h) / len(totals_h) < 77
    # Jitter spreads them: a receiver that comes back does not get all at once.
    assert max(totals_h) - min(totals_h) > 5


@pytest.mark.parametrize(
    ("retry_after", "delay_s"),
    [
        ("7", 7),
        ("0", 5),
        ("9999999999", 10),
        ((NOW + timedelta(seconds=8)).strftime("%a, %d %b %Y %H:%M:%S GMT"), 8),
        ("Fri, 20 Nov 2020 08:30:00 GMT", 5),
        ("Fri, 20 Nov 2420 08:30:00 GMT", 10),
    ],
)
def test_retry_after_is_honoured_between_the_delay_and_its_double_hostile_69(
    retry_after: str, delay_s: float
) -> None:
    assert verdict(503, retry_after=retry_after) == TryAgain(delay_s)


@pytest.mark.parametrize("retry_after", ["soon", "-5", "9e9", "", "1.5", "٧"])
def test_a_retry_after_that_says_nothing_is_ignored_hostile_69(retry_after: str) -> None:
    assert verdict(503, retry_after=retry_after, seed=5) == verdict(503, seed=5)


@given(st.text() | st.from_regex(r"[A-Z][a-z]{2}, \d+ [A-Z][a-z]{2} \d+ \d+:\d+:\d+ [+-]?\w+"))
def test_no_retry_after_is_fatal(text: str) -> None:
    seconds = retry_after_s(text, NOW)

    assert seconds is None or seconds >= 0
