"""A month's figures of availability: one pass over the intervals of all cameras."""

from __future__ import annotations

import asyncio
import heapq
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from sharpeyes.health.availability import MEASURED, ONLINE, Filed, Gap, Tally, tally
from sharpeyes.health.availability_figures import HOUR_US, Availability, availability
from sharpeyes.health.pasts import Past, read_gaps, read_pasts
from sharpeyes.registry.camera import Tier
from sharpeyes.registry.division import Level
from sharpeyes.registry.figures import Figure, figure

WORST: Final = 10
_LEAST_MEASURED_US: Final = 24 * HOUR_US
"""What was measured for less is not called worst."""

_ABOVE: Final = """
SELECT below.division_code, above.division_code AS above FROM division AS below
JOIN division AS above ON starts_with(below.path, above.path) AND above.level = $1
"""


class GroupMonth(msgspec.Struct, frozen=True, kw_only=True):
    """The month of some cameras.

    Attributes:
        key: the tier's word, the division's code, the maker's number; None: not on file.
        cameras: how many of them were measured at any time, and of the others why not: what they
            were most of the month.
        availability: their figures.
    """

    key: str | None
    cameras: Figure
    availability: Availability


class CameraMonth(msgspec.Struct, frozen=True, kw_only=True):
    """The month of one camera."""

    device_code: str
    name: str
    division_code: str
    availability: Availability


class MonthFigures(msgspec.Struct, frozen=True, kw_only=True):
    """The availability of a month.

    Attributes:
        since: its first moment, UTC.
        until: the first moment after it, or the present where it is not over.
        total: of all cameras.
        by_tier: in the order of tiers.
        by_division: by division of the level that was asked for, in the order of their codes.
        worst_streets: those with the lowest online rate, the worst first.
        worst_makers: the same of makers.
        worst_cameras: the same of cameras that were measured for a day at least.
    """

    since: datetime
    until: datetime
    total: GroupMonth
    by_tier: list[GroupMonth]
    by_division: list[GroupMonth]
    worst_streets: list[GroupMonth]
    worst_makers: list[GroupMonth]
    worst_cameras: list[CameraMonth]


class _Group:
    """Sums of one group, and how many of its cameras were measured."""

    __slots__ = ("cameras", "sums")

    def __init__(self) -> None:
        self.sums = Tally()
        self.cameras: Counter[str] = Counter()

    def month(self, key: str | None) -> GroupMonth:
        """Return its figures."""
        unmeasured = {name: n for name, n in self.cameras.items() if name != _MEASURED}
        measured = self.cameras[_MEASURED]
        return GroupMonth(
            key=key,
            cameras=figure(measured, measured, **unmeasured),
            availability=availability(self.sums),
        )


_MEASURED: Final = "measured"


class _Month:
    """Takes cameras in, some at a time."""

    def __init__(
        self,
        since: datetime,
        until: datetime,
        gaps: list[Gap],
        districts: dict[str, str],
        streets: dict[str, str],
    ) -> None:
        self._since, self._until, self._gaps = since, until, gaps
        self._districts, self._streets = districts, streets
        self.total = _Group()
        self.tiers: defaultdict[str | None, _Group] = defaultdict(_Group)
        self.districts: defaultdict[str | None, _Group] = defaultdict(_Group)
        self.streets: defaultdict[str | None, _Group] = defaultdict(_Group)
        self.makers: defaultdict[str | None, _Group] = defaultdict(_Group)
        self.worst: list[tuple[float, str, CameraMonth]] = []

    def add(self, pasts: Iterable[Past]) -> None:
        """Take cameras in."""
        for past in pasts:
            intervals = past.timeline(self._gaps, self._since, self._until)
            own, last = Tally(), None
            for filed, part in tally(intervals, self._since, self._until):
                own.add(part)
                last = filed
                for group in self._groups(filed):
                    group.sums.add(part)
            if last is None:
                continue
            measured_us = own.time_us(MEASURED)
            word = _MEASURED if measured_us else _mostly(own)
            for group in self._groups(last):
                group.cameras[word] += 1
            if measured_us >= _LEAST_MEASURED_US:
                self._note(past, last, own, measured_us)

    def _groups(self, filed: Filed) -> tuple[_Group, ...]:
        code = filed.division_code
        maker = str(filed.maker) if filed.maker else None
        return (
            self.total,
            self.tiers[Tier(filed.tier).word],
            self.districts[self._districts.get(code)],
            self.streets[self._streets.get(code)],
            self.makers[maker],
        )

    def _note(self, past: Past, last: Filed, own: Tally, measured_us: int) -> None:
        online = own.time_us(ONLINE) / measured_us
        if online == 1 or (len(self.worst) == WORST and -self.worst[0][0] <= online):
            return
        month = CameraMonth(
            device_code=past.device_code,
            name=past.name,
            division_code=last.division_code,
            availability=availability(own),
        )
        entry = (-online, past.device_code, month)
        if len(self.worst) < WORST:
            heapq.heappush(self.worst, entry)
        else:
            heapq.heapreplace(self.worst, entry)


async def read_month(
    pool: asyncpg.Pool,
    since: datetime,
    until: datetime,
    *,
    path: str | None,
    level: Level,
) -> MonthFigures:
    """Sum a month up.

    Args:
        pool: the database.
        since: its first moment; see `calendar.month_of`.
        until: the first moment after, or the present.
        path: of the division whose cameras they are; None for all.
        level: of `by_division`.
    """
    async with pool.acquire() as connection:
        gaps = await read_gaps(connection, until)
        levels = [
            {row["division_code"]: row["above"] for row in await connection.fetch(_ABOVE, its)}
            for its in (level.value, Level.STREET.value)
        ]
        month = _Month(since, until, gaps, levels[0], levels[1])
        async for pasts in read_pasts(connection, since, until, path=path):
            # Seconds of sums in a city; whoever else is served must not wait for them.
            await asyncio.to_thread(month.add, pasts)
    return MonthFigures(
        since=since,
        until=until,
        total=month.total.month(""),
        by_tier=[
            month.tiers[tier.word].month(tier.word) for tier in Tier if tier.word in month.tiers
        ],
        by_division=[
            month.districts[key].month(key)
            for key in sorted(month.districts, key=lambda key: (key is None, key))
        ],
        worst_streets=_worst(month.streets),
        worst_makers=_worst(month.makers),
        worst_cameras=[
            of for *_, of in sorted(month.worst, key=lambda entry: (-entry[0], entry[1]))
        ],
    )


def _mostly(sums: Tally) -> str:
    """Return what a camera was for most of its time."""
    return max(sums.times_us, key=lambda standing: sums.times_us[standing]).value


def _worst(groups: Mapping[str | None, _Group]) -> list[GroupMonth]:
    months = [
        group.month(key)
        for key, group in groups.items()
        if key is not None and group.sums.time_us(MEASURED) >= _LEAST_MEASURED_US
    ]
    months.sort(key=lambda month: (month.availability.online_rate.value, month.key))
    return months[:WORST]
