"""When an endpoint is deferred, and how much is sent to it at once."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest

from sharpeyes.events.attempt import Answer
from sharpeyes.events.breaker import Breaker
from sharpeyes.events.settings import EventSettings

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)


def after(breaker: Breaker, statuses: Sequence[int | None], apart_s: float = 0) -> list[bool]:
    """Record answers, so far apart; say for each whether the endpoint was to be deferred."""
    return [
        breaker.record(Answer(http_status=status), NOW + timedelta(seconds=i * apart_s))
        for i, status in enumerate(statuses)
    ]


@pytest.mark.parametrize("status", [None, 302, 400, 401, 404, 429, 500, 503])
def test_it_opens_at_the_tenth_failure(status: int | None) -> None:
    assert after(Breaker(EventSettings()), [status] * 10) == [False] * 9 + [True]


def test_it_opens_at_seven_of_ten_and_not_at_six() -> None:
    assert after(Breaker(EventSettings()), [200] * 3 + [500] * 7)[-1]
    assert not any(after(Breaker(EventSettings()), [200] * 4 + [500] * 6))


def test_a_success_never_opens_it() -> None:
    assert after(Breaker(EventSettings()), [500] * 9 + [200]) == [False] * 10


@pytest.mark.parametrize("status", [410, 413, 415, 422])
def test_what_is_said_of_an_event_is_not_held_against_the_receiver(status: int) -> None:
    assert not any(after(Breaker(EventSettings()), [status] * 100))


def test_only_the_last_five_minutes_count() -> None:
    assert not any(after(Breaker(EventSettings()), [500] * 100, apart_s=34))
    assert any(after(Breaker(EventSettings()), [500] * 100, apart_s=25))


def test_what_was_acted_upon_is_forgotten() -> None:
    breaker = Breaker(EventSettings())
    after(breaker, [500] * 10)
    breaker.forget()

    assert not any(after(breaker, [500] * 9))


@pytest.mark.parametrize("status", [429, 502, 504])
def test_an_endpoint_that_asks_for_less_gets_less_and_then_more_again(status: int) -> None:
    breaker = Breaker(EventSettings())
    limits = [breaker.posts_at_once]
    for _ in range(5):
        after(breaker, [status])
        limits.append(breaker.posts_at_once)
    assert limits == [16, 8, 4, 2, 1, 1]

    after(breaker, [200])
    assert breaker.posts_at_once == 2
    after(breaker, [200] * 500)
    assert breaker.posts_at_once == 16


def test_another_failure_does_not_slow_it() -> None:
    breaker = Breaker(EventSettings())
    after(breaker, [500, None, 503])

    assert breaker.posts_at_once == 16
