"""When an endpoint is left alone for a while, and how much is sent to it at once.

A receiver that is down is tried once per interval, and what waits for it uses up no attempt. What
is counted lives in the relay, so that attempts do not queue for one row; until when an endpoint is
deferred lives in its row, where all relays see it and a restart does not forget it.
"""

from collections import deque
from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus

from sharpeyes.events.attempt import Answer
from sharpeyes.events.retry import REFUSES_THE_EVENT
from sharpeyes.events.settings import EventSettings

_ASKS_FOR_LESS = frozenset(
    {HTTPStatus.TOO_MANY_REQUESTS, HTTPStatus.BAD_GATEWAY, HTTPStatus.GATEWAY_TIMEOUT}
)
_PARTS_OF_WINDOW = 10


@dataclass(slots=True)
class _Part:
    began_at: datetime
    attempts: int = 0
    failed: int = 0


class Breaker:
    """What one relay has seen of one endpoint lately.

    Args:
        settings: The window, how much must have failed in it, and the most attempts at once.
    """

    def __init__(self, settings: EventSettings) -> None:
        self._settings = settings
        self._window = timedelta(seconds=settings.breaker_window_s)
        self._parts = deque[_Part]()
        self._at_once = float(settings.posts_per_endpoint)

    @property
    def posts_at_once(self) -> int:
        """How many attempts may be under way: fewer after 429, 502 and 504, then more again."""
        return int(self._at_once)

    def record(self, answer: Answer, now: datetime) -> bool:
        """Count an attempt, and say whether the endpoint is to be deferred for it.

        An answer that refuses one event (413, 415, 422) tells nothing of the receiver's health, and
        410 is answered otherwise: neither is counted.
        """
        status = answer.http_status
        if status == HTTPStatus.GONE or status in REFUSES_THE_EVENT:
            return False
        failed = not answer.succeeded
        self._pace(status, failed=failed)
        part = self._part(now)
        part.attempts += 1
        part.failed += failed
        return failed and self._too_much_failed()

    def forget(self) -> None:
        """Begin anew: what was counted has been acted upon."""
        self._parts.clear()

    def _pace(self, status: int | None, *, failed: bool) -> None:
        # As TCP does: halved when the other side asks for less, one more for each round that went.
        if status in _ASKS_FOR_LESS:
            self._at_once = max(1.0, self._at_once / 2)
        elif not failed:
            most = float(self._settings.posts_per_endpoint)
            self._at_once = min(most, self._at_once + 1 / self._at_once)

    def _part(self, now: datetime) -> _Part:
        while self._parts and self._parts[0].began_at <= now - self._window:
            self._parts.popleft()
        if not self._parts or now - self._parts[-1].began_at >= self._window / _PARTS_OF_WINDOW:
            self._parts.append(_Part(now))
        return self._parts[-1]

    def _too_much_failed(self) -> bool:
        attempts = sum(part.attempts for part in self._parts)
        failed = sum(part.failed for part in self._parts)
        settings = self._settings
        return (
            attempts >= settings.breaker_least_attempts
            and failed >= settings.breaker_failed_ratio * attempts
        )
