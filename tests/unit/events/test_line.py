"""How much a relay claims ahead, and what becomes of a claim that waits for too long."""

import uuid
from datetime import UTC, datetime, timedelta
from typing import cast

import pytest

from sharpeyes.events.attempt import Answer
from sharpeyes.events.event import Event
from sharpeyes.events.line import Line
from sharpeyes.events.outbox import Claim, Target
from sharpeyes.events.settings import EventSettings

NOW = datetime(2026, 11, 21, 8, 30, tzinfo=UTC)
SOON = NOW + timedelta(seconds=5)
TARGET = Target(endpoint_id=1, name="case", url="http://10.0.0.1/", secrets=())


class Clock:
    def __init__(self) -> None:
        self.now_s = 100.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def clock_s() -> Clock:
    return Clock()


@pytest.fixture
def line(clock_s: Clock) -> Line:
    return Line(EventSettings(posts_per_endpoint=4), clock_s)


def claims(count: int) -> list[Claim]:
    event = cast("Event", None)  # nobody looks at it here
    return [Claim(number, TARGET, event, 1, uuid.uuid4()) for number in range(count)]


def answer(line: Line, count: int) -> None:
    for _ in range(count):
        line.answered()
        line.recorded()


def answer_many(line: Line, clock_s: Clock, count: int, within_s: float) -> None:
    line.add(claims(count), SOON)
    done = 0
    while begun := line.begin(NOW):
        answer(line, len(begun))
        done += len(begun)
    assert done == count
    clock_s.now_s += within_s
    line.add((), SOON)


def test_no_more_is_claimed_than_is_posted_at_once_until_it_is_known_how_fast_that_goes(
    line: Line,
) -> None:
    assert line.room(ahead=True) == 4
    line.add(claims(3), SOON)
    assert len(line.begin(NOW)) == 3
    assert line.room(ahead=True) == 1


def test_of_a_quick_receiver_a_quarter_of_a_second_is_claimed_ahead(
    line: Line, clock_s: Clock
) -> None:
    answer_many(line, clock_s, 400, 1.0)

    assert line.room(ahead=True) == 4 + 100
    assert line.room(ahead=False) == 4


def test_of_the_quickest_it_is_bounded(line: Line, clock_s: Clock) -> None:
    answer_many(line, clock_s, 10_000, 1.0)

    assert line.room(ahead=True) == 4 + 512


def test_of_a_slow_one_nothing_is_claimed_ahead(line: Line, clock_s: Clock) -> None:
    answer_many(line, clock_s, 3, 1.0)

    assert line.room(ahead=True) == 4


def test_while_enough_waits_nobody_asks_for_more(line: Line, clock_s: Clock) -> None:
    answer_many(line, clock_s, 400, 1.0)
    line.add(claims(12), SOON)
    assert len(line.begin(NOW)) == 4
    assert line.room(ahead=True) == 0  # eight wait: two rounds
    answer(line, 1)
    assert len(line.begin(NOW)) == 1
    assert line.room(ahead=True) == 104 - 11


def test_what_is_answered_and_not_recorded_still_counts(line: Line) -> None:
    line.add(claims(4), SOON)
    line.begin(NOW)
    for _ in range(4):
        line.answered()

    assert line.room(ahead=True) == 0
    assert not line.is_posting


def test_no_more_is_posted_at_once_than_the_receiver_bears(line: Line) -> None:
    line.breaker.record(Answer(429), NOW)
    line.add(claims(4), SOON)

    assert len(line.begin(NOW)) == 2
    assert line.begin(NOW) == []


def test_what_has_waited_for_too_long_is_given_back_once(line: Line) -> None:
    old, new = claims(2)
    line.add([old], NOW)
    line.add([new], SOON)

    assert line.begin(NOW + timedelta(microseconds=1)) == [new]
    assert line.unsent() == [old]
    assert line.unsent() == []
    assert line.room(ahead=True) == 3


def test_what_was_not_begun_is_given_back_and_the_rest_goes_on(line: Line) -> None:
    line.add(claims(6), SOON)
    assert len(line.begin(NOW)) == 4
    line.stop_waiting()

    assert [claim.delivery_id for claim in line.unsent()] == [4, 5]
    answer(line, 4)
    assert line.begin(NOW) == []
    assert line.room(ahead=True) == 4


def test_an_endpoint_that_is_being_deferred_gets_nothing(line: Line) -> None:
    line.is_being_deferred = True
    assert line.room(ahead=True) == 0


def test_after_a_failure_of_ours_nothing_is_under_way(line: Line) -> None:
    line.add(claims(6), SOON)
    line.begin(NOW)
    line.is_being_deferred = True
    line.forget_claims()

    assert line.room(ahead=True) == 4
    assert line.unsent() == []
    assert not line.is_posting
