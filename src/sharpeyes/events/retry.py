"""What follows from an attempt: delivered, tried again, given up, or the endpoint is gone."""

from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http import HTTPStatus
from typing import Protocol

from sharpeyes.events.attempt import Answer
from sharpeyes.events.settings import EventSettings

# Said of the event, not of the moment: trying for days would only block its camera.
REFUSES_THE_EVENT = frozenset(
    {
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        HTTPStatus.UNPROCESSABLE_ENTITY,
    }
)


@dataclass(frozen=True, slots=True)
class Delivered:
    """A 2xx was read."""


@dataclass(frozen=True, slots=True)
class TryAgain:
    """The next attempt is due `delay_s` after this one."""

    delay_s: float


@dataclass(frozen=True, slots=True)
class Dead:
    """No more attempts; it is kept for replay."""


@dataclass(frozen=True, slots=True)
class Gone:
    """The receiver says that it will never be there again: the endpoint is disabled."""

    reason: str


Verdict = Delivered | TryAgain | Dead | Gone


class Random(Protocol):
    """The part of `random.Random` that jitter needs."""

    def uniform(self, a: float, b: float, /) -> float:
        """Return a number between `a` and `b`."""
        ...


def judge(
    answer: Answer, attempt: int, settings: EventSettings, random: Random, now: datetime
) -> Verdict:
    """Decide what follows from an attempt.

    Args:
        answer: What the receiver did.
        attempt: Which attempt it was, from 1.
        settings: The schedule and its jitter.
        random: Gives the jitter.
        now: When the answer was read, for a Retry-After that is a date.
    """
    status = answer.http_status
    if answer.succeeded:
        return Delivered()
    if status == HTTPStatus.GONE:
        return Gone("the receiver answered 410 Gone")
    limit = len(settings.schedule_s)
    if status in REFUSES_THE_EVENT:
        limit = min(limit, settings.refusals_to_dead)
    if attempt >= limit:
        return Dead()
    base_s = settings.schedule_s[attempt]
    asked_s = retry_after_s(answer.retry_after, now)
    if asked_s is not None:
        return TryAgain(min(max(asked_s, base_s), 2 * base_s))
    return TryAgain(base_s * random.uniform(1 - settings.jitter_ratio, 1 + settings.jitter_ratio))


def retry_after_s(text: str | None, now: datetime) -> float | None:
    """Return the seconds that a Retry-After header asks for, or None when it says nothing usable.

    Args:
        text: Whole seconds, or a date (RFC 9110, 10.2.3); whatever a receiver may have sent.
        now: The time from which a date is counted.
    """
    if text is None:
        return None
    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - now).total_seconds())
