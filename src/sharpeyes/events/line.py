"""What one relay has under way to one endpoint: so many posts at once, and some claims ahead."""

from collections import deque
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Final

from sharpeyes.events.breaker import Breaker
from sharpeyes.events.outbox import Claim
from sharpeyes.events.settings import EventSettings

_AHEAD_S: Final = 0.25
"""As much is claimed ahead as was answered in this time lately: of a slow receiver, nothing."""
_MOST_AHEAD: Final = 512
_LEAST_MEASURED_S: Final = 0.05


class Line:
    """The claims of one endpoint that this relay holds: waiting, being posted, being recorded.

    Claiming ahead spares the database a question for each post. A claim that has waited for too
    long is not begun, for its lease would end before its result is recorded.

    Args:
        settings: How many posts at once, and what becomes of an endpoint that fails.
        clock_s: Monotonic seconds.
    """

    def __init__(self, settings: EventSettings, clock_s: Callable[[], float]) -> None:
        self.breaker = Breaker(settings)
        self.is_being_deferred = False
        self._clock_s = clock_s
        self._waiting = deque[tuple[Claim, datetime]]()
        self._unsent: list[Claim] = []
        self._posting = self._held = self._answered = 0
        self._measured_since_s, self._per_s = clock_s(), 0.0

    @property
    def is_posting(self) -> bool:
        """Whether an answer is waited for."""
        return self._posting > 0

    def room(self, *, ahead: bool) -> int:
        """Return how many more may be claimed; `ahead`: than can be posted at once."""
        at_once = self.breaker.posts_at_once
        if self.is_being_deferred or len(self._waiting) >= 2 * at_once:
            return 0
        more = min(_MOST_AHEAD, int(self._per_s * _AHEAD_S)) if ahead else 0
        return max(0, at_once + more - self._held)

    def add(self, claims: Iterable[Claim], begin_before: datetime) -> None:
        """Let claims wait for their turn; after `begin_before` they are given back instead."""
        self._measure()
        for claim in claims:
            self._waiting.append((claim, begin_before))
            self._held += 1

    def begin(self, now: datetime) -> list[Claim]:
        """Take from the waiting what may be posted now; each is to be `answered` and `recorded`."""
        begun: list[Claim] = []
        while self._waiting and self._posting < self.breaker.posts_at_once:
            claim, begin_before = self._waiting.popleft()
            if now > begin_before:
                self._put_back(claim)
                continue
            self._posting += 1
            begun.append(claim)
        return begun

    def answered(self) -> None:
        """Count a post that is over."""
        self._posting -= 1
        self._answered += 1

    def recorded(self) -> None:
        """Count an attempt that is dealt with."""
        self._held -= 1

    def stop_waiting(self) -> None:
        """Give back what was not begun."""
        while self._waiting:
            self._put_back(self._waiting.popleft()[0])

    def unsent(self) -> list[Claim]:
        """Return what others may have again, once."""
        unsent, self._unsent = self._unsent, []
        return unsent

    def forget_claims(self) -> None:
        """Begin anew, for whoever was at work has been cut off; leases end by themselves."""
        self._waiting.clear()
        self._unsent.clear()
        self._posting = self._held = 0
        self.is_being_deferred = False

    def _put_back(self, claim: Claim) -> None:
        self._held -= 1
        self._unsent.append(claim)

    def _measure(self) -> None:
        now_s = self._clock_s()
        elapsed_s = now_s - self._measured_since_s
        if elapsed_s >= _LEAST_MEASURED_S:
            self._per_s = self._answered / elapsed_s
            self._measured_since_s, self._answered = now_s, 0
