"""When many cameras come back at once: they are asked soon, and one after the other.

A camera that has been away for long is asked every quarter of an hour. When the first of its
network answers again, the others need not wait for that: but a thousand questions at once would be
a blow to a switch that has just started, and each device that is asked has just started, too.
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from random import Random

from sharpeyes.health.settings import HealthSettings


def returning(
    camera_ids: Iterable[int], now_s: float, settings: HealthSettings, random: Random
) -> Iterator[tuple[int, float]]:
    """Say when each of the cameras that may be back is asked, in an order that is nobody's.

    Args:
        camera_ids: those that were away together.
        now_s: the present.
        settings: which share of them is asked in a second, and how many at most.
        random: for the order.
    """
    waiting = list(camera_ids)
    random.shuffle(waiting)
    for place, camera_id in enumerate(waiting, start=1):
        yield camera_id, now_s + place / _rate_per_s(len(waiting), settings)


def lasts_s(cameras: int, settings: HealthSettings) -> float:
    """Return for how long so many cameras are asked one after the other."""
    return cameras / _rate_per_s(cameras, settings) if cameras else 0.0


def _rate_per_s(cameras: int, settings: HealthSettings) -> float:
    return min(max(1.0, settings.recovery_ratio_per_s * cameras), settings.recovery_limit_per_s)


class Away:
    """Which cameras of a network do not answer, and which networks are being asked anew."""

    def __init__(self, settings: HealthSettings, random: Random) -> None:
        self._settings = settings
        self._random = random
        self._away: dict[str, set[int]] = {}
        self._asked_until_s: dict[str, float] = {}

    def went(self, camera_id: int, subnet: str) -> None:
        """Note that a camera does not answer."""
        self._away.setdefault(subnet, set()).add(camera_id)

    def came(self, camera_id: int, subnet: str) -> None:
        """Note that a camera answers, or that nobody asks it any more."""
        away = self._away.get(subnet)
        if away is not None:
            away.discard(camera_id)
            if not away:
                del self._away[subnet]
                self._asked_until_s.pop(subnet, None)

    def is_away(self, camera_id: int, subnet: str) -> bool:
        """Whether a camera did not answer when it was asked last."""
        return camera_id in self._away.get(subnet, ())

    def others(self, subnet: str, now_s: float) -> Sequence[tuple[int, float]]:
        """Say when those that were away with a camera that is back are asked.

        Returns:
            Nothing while they are being asked already: each that comes back would hurry the rest.
        """
        away = self._away.get(subnet)
        if not away or now_s < self._asked_until_s.get(subnet, -math.inf):
            return ()
        self._asked_until_s[subnet] = now_s + lasts_s(len(away), self._settings)
        return list(returning(away, now_s, self._settings, self._random))
