"""What a simulated camera tells of itself, and the pull points that it keeps for who wants to hear.

A camera has room for few, keeps each for a while, and forgets all of them when it restarts.
"""

import asyncio
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime

_MOST_WAITING = 256


@dataclass(frozen=True, slots=True)
class Told:
    """One message.

    Args:
        topic: with its prefix, "tns1:VideoSource/MotionAlarm".
        at: by the device's clock.
        source: which of its parts it is about, names and values.
        data: what it says, names and values.
        operation: "Initialized", "Changed", "Deleted", or "" of what is no property.
    """

    topic: str
    at: datetime
    source: Mapping[str, str]
    data: Mapping[str, str]
    operation: str


@dataclass(slots=True, eq=False)
class PullPoint:
    """One mailbox.

    Args:
        number: its name.
        ends_s: monotonic time at which it is forgotten.
    """

    number: int
    ends_s: float
    waiting: deque[Told] = field(default_factory=lambda: deque(maxlen=_MOST_WAITING))
    news: asyncio.Event = field(default_factory=asyncio.Event)

    def put(self, told: Told) -> None:
        """Take a message in."""
        self.waiting.append(told)
        self.news.set()

    async def take(self, most: int, wait_s: float) -> list[Told]:
        """Hand out what there is, or what comes first."""
        try:
            async with asyncio.timeout(wait_s):
                await self.news.wait()
        except TimeoutError:
            return []
        taken = [self.waiting.popleft() for _ in range(min(most, len(self.waiting)))]
        if not self.waiting:
            self.news.clear()
        return taken


class PullPoints:
    """The pull points of one camera.

    Attributes:
        opened: how many were made since the start.
        renewed: how often one was renewed since the start.
        ended: how many were ended by who had them.

    Args:
        limit: so many at once; 0: it has no event service.
    """

    def __init__(self, limit: int) -> None:
        self.limit = limit
        self.opened = self.renewed = self.ended = 0
        self._points: dict[int, PullPoint] = {}
        self._properties: dict[tuple[str, tuple[tuple[str, str], ...]], Told] = {}

    def open(self, now_s: float, lasting_s: float) -> PullPoint | None:
        """Make one that first tells how all properties are; None: there is no room."""
        if len(self.living(now_s)) >= self.limit:
            return None
        self.opened += 1
        point = self._points[self.opened] = PullPoint(self.opened, now_s + lasting_s)
        for told in self._properties.values():
            point.put(replace(told, operation="Initialized"))
        return point

    def living(self, now_s: float) -> dict[int, PullPoint]:
        """Return those that are kept, by number."""
        self._points = {n: point for n, point in self._points.items() if point.ends_s > now_s}
        return self._points

    def end(self, point: PullPoint) -> None:
        """Forget one."""
        del self._points[point.number]
        self.ended += 1

    def forget(self) -> None:
        """Forget all, as a restart does."""
        self._points = {}

    def tell(self, told: Told, now_s: float) -> None:
        """Tell all that want to hear."""
        name = (told.topic, tuple(sorted(told.source.items())))
        if told.operation == "Changed":
            self._properties[name] = told
        elif told.operation == "Deleted":
            self._properties.pop(name, None)
        for point in self.living(now_s).values():
            point.put(told)
