"""How often something may happen, by whom: in bounded memory, whoever they say they are."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable


class Throttle:
    """A bucket of tries for each key, which fills again with time.

    Of more keys than it remembers the ones that were longest at rest are forgotten. It reads no
    clock: moments are seconds of a steady one.

    Args:
        burst: How many tries a full bucket has.
        refill_s: In how many seconds one comes back.
        most_keys: How many keys are remembered.
    """

    def __init__(self, *, burst: int, refill_s: float, most_keys: int = 10_000) -> None:
        self._burst = burst
        self._refill_s = refill_s
        self._most_keys = most_keys
        # When a bucket will be full: what lies ahead of now are the tries that are gone.
        self._full_at_s: OrderedDict[Hashable, float] = OrderedDict()

    def wait_s(self, key: Hashable, now_s: float) -> float:
        """Return how long until a try is there; 0 if one is."""
        full_at_s = self._full_at_s.get(key, now_s)
        return max(0.0, full_at_s - now_s - (self._burst - 1) * self._refill_s)

    def spend(self, key: Hashable, now_s: float) -> bool:
        """Take a try, if there is one; return whether there was."""
        if self.wait_s(key, now_s):
            return False
        self._full_at_s[key] = max(self._full_at_s.get(key, now_s), now_s) + self._refill_s
        self._full_at_s.move_to_end(key)
        if len(self._full_at_s) > self._most_keys:
            self._full_at_s.popitem(last=False)
        return True

    def give_back(self, key: Hashable) -> None:
        """Return a try that was taken, and need not have been."""
        if key in self._full_at_s:
            self._full_at_s[key] -= self._refill_s
