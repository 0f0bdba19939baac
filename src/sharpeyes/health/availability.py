"""For how long a camera was how: intervals, and the figures that are made of them; pure.

Time is counted, not samples. The online rate is the time in which a camera was online out of the
time in which that was measured: actual out of due online hours, as the field computes it (patent
application CN104899680A describes the same figure). Mean time to repair is that of IEC 60050-192.
docs/design/availability.md has every definition.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import pairwise
from typing import Final

import msgspec

from sharpeyes.health.status import Cause, Status
from sharpeyes.registry.camera import Life, PollMode

_MICROSECOND: Final = timedelta(microseconds=1)


class Standing(StrEnum):
    """As what a stretch of time counts. No stretch counts as two of them."""

    WELL = "well"
    """Online and intact."""
    IMPAIRED = "impaired"
    """Online and intact, but late to answer or with a wrong clock, which have their own figures."""
    UNSEEN = "unseen"
    """Online; it refuses our password, so nobody can say whether it is intact."""
    FAULTY = "faulty"
    """Online, and not intact: its picture is no use."""
    OFFLINE = "offline"
    """Neither."""
    UNREACHABLE = "unreachable"
    """Not online, and not known to be the camera's fault; nobody can say whether it is intact."""
    UNKNOWN = "unknown"
    """It ought to be measured and was not: not judged yet, or nobody was there to ask."""
    MAINTENANCE = "maintenance"
    """Being seen to: neither up nor down."""
    ON_REQUEST = "on_request"
    """Not measured: it may only be asked when somebody wants to look."""
    NEVER = "never"
    """Not measured: it may never be asked."""
    PLANNED = "planned"
    """Not measured: it is not there yet."""


ONLINE: Final = (Standing.WELL, Standing.IMPAIRED, Standing.UNSEEN, Standing.FAULTY)
INTACT: Final = (Standing.WELL, Standing.IMPAIRED)
MEASURED: Final = (*ONLINE, Standing.OFFLINE, Standing.UNREACHABLE)
JUDGED: Final = (*INTACT, Standing.FAULTY, Standing.OFFLINE)
"""The time in which it can be said whether a camera was intact."""
FAULTS: Final = (Standing.FAULTY, Standing.OFFLINE)
NOT_MEASURED: Final = (Standing.ON_REQUEST, Standing.NEVER, Standing.PLANNED)

CAUSES_IMPAIRED: Final = (Cause.CLOCK, Cause.SLOW)
CAUSES_UNSEEN: Final = (Cause.AUTH, Cause.AUTH_BLOCKED)

_BY_STATUS: Final[dict[str, Standing]] = {
    Status.OK: Standing.WELL,
    Status.OFFLINE: Standing.OFFLINE,
    Status.UNREACHABLE: Standing.UNREACHABLE,
}
_BY_LIFE: Final[dict[str, Standing]] = {
    Life.PLANNED: Standing.PLANNED,
    Life.MAINTENANCE: Standing.MAINTENANCE,
}
_BY_POLL_MODE: Final[dict[str, Standing]] = {
    PollMode.ON_REQUEST: Standing.ON_REQUEST,
    PollMode.NONE: Standing.NEVER,
}


class Change(msgspec.Struct, frozen=True, gc=False):
    """A transition: from when on which status."""

    at: datetime
    status: str
    cause: str = ""


class Filed(msgspec.Struct, frozen=True, gc=False):
    """What the registry held of a camera, from one time on."""

    since: datetime
    life: str
    poll_mode: str
    division_code: str
    tier: int
    maker: int | None = None
    model: str | None = None


class Gap(msgspec.Struct, frozen=True):
    """A time in which no camera was asked, for nobody was there to ask."""

    since: datetime
    until: datetime


class Interval(msgspec.Struct, frozen=True, gc=False):
    """A stretch of time, [since, until), in which nothing changed.

    Attributes:
        since: its first moment, UTC.
        until: the first moment after it.
        standing: as what it counts.
        cause: what was wrong; empty where nothing was.
        filed: what was on file.
    """

    since: datetime
    until: datetime
    standing: Standing
    cause: str
    filed: Filed

    @property
    def lasts_us(self) -> int:
        """Its length in microseconds."""
        return (self.until - self.since) // _MICROSECOND


class Tally(msgspec.Struct):
    """Times and faults, summed up. Sums of sums are right, whatever they are grouped by.

    Attributes:
        times_us: microseconds by standing.
        faults: how many began.
        repaired: how many ended, by the camera being seen well again.
        repair_us: how long these had lasted, whenever they began.
    """

    times_us: dict[Standing, int] = msgspec.field(default_factory=dict)
    faults: int = 0
    repaired: int = 0
    repair_us: int = 0

    def add(self, other: Tally) -> None:
        """Take another one in."""
        for standing, time_us in other.times_us.items():
            self.times_us[standing] = self.times_us.get(standing, 0) + time_us
        self.faults += other.faults
        self.repaired += other.repaired
        self.repair_us += other.repair_us

    def time_us(self, standings: Iterable[Standing]) -> int:
        """Return the microseconds of several standings together."""
        return sum(self.times_us.get(standing, 0) for standing in standings)


def timeline(
    changes: Sequence[Change],
    files: Sequence[Filed],
    gaps: Sequence[Gap],
    until: datetime,
    *,
    since: datetime | None = None,
) -> list[Interval]:
    """Cut a camera's past into intervals, without holes and in order.

    A record that was stamped earlier than the one before it (our clock was put back) counts from
    the moment of the one before: nothing lies before what happened before it.

    Args:
        changes: its transitions, in the order in which they were stored.
        files: what was on file, likewise; the first says when it was registered.
        gaps: in which nobody asked; they may overlap.
        until: where to stop.
        since: where to begin; None for its registration, before which there is nothing.

    Returns:
        Nothing for times at which it was removed.
    """
    starts = _in_order([change.at for change in changes])
    filed_at = _in_order([filed.since for filed in files])
    first = filed_at[0] if since is None else max(since, filed_at[0])
    closed = [
        (gap.since, gap.until)
        for gap in gaps
        if gap.since < gap.until and gap.since < until and gap.until > first
    ]
    cuts = {first, *starts, *filed_at, until}
    for gap in closed:
        cuts.update(gap)
    moments = sorted(moment for moment in cuts if first <= moment <= until)
    intervals: list[Interval] = []
    at_change = at_file = -1
    for begins, ends in pairwise(moments):
        while at_change + 1 < len(starts) and starts[at_change + 1] <= begins:
            at_change += 1
        while at_file + 1 < len(filed_at) and filed_at[at_file + 1] <= begins:
            at_file += 1
        change = changes[at_change] if at_change >= 0 else None
        filed = files[at_file]
        is_asked = not any(out <= begins < back for out, back in closed)
        standing, cause = _standing(filed, change, is_asked=is_asked)
        if standing is None:
            continue
        last = intervals[-1] if intervals else None
        if (
            last
            and last.until == begins
            and (last.standing, last.cause, last.filed) == (standing, cause, filed)
        ):
            intervals[-1] = msgspec.structs.replace(last, until=ends)
        else:
            intervals.append(Interval(begins, ends, standing, cause, filed))
    return intervals


def tally(
    intervals: Iterable[Interval], since: datetime, until: datetime
) -> Iterator[tuple[Filed, Tally]]:
    """Sum a camera's intervals up, within [since, until).

    A fault is what lies between two times at which the camera was well: going from a frozen picture
    to no connection is one fault. Only the time in which it was seen faulty or offline counts for
    how long it lasted. It counts where it began, and its repair where it ended.

    Args:
        intervals: of one camera, from the beginning of a fault that is under way at `since` on.
        since: of the window.
        until: of the window.

    Yields:
        What was on file, and the sums for as long as it was.
    """
    fault_us: int | None = None
    for interval in intervals:
        if interval.since >= until:
            return
        sums = Tally()
        within = interval.since >= since
        if interval.standing in FAULTS:
            if fault_us is None:
                fault_us = 0
                sums.faults += within
            fault_us += interval.lasts_us
        elif interval.standing in INTACT and fault_us is not None:
            if within:
                sums.repaired += 1
                sums.repair_us += fault_us
            fault_us = None
        if interval.until > since:
            begins, ends = max(interval.since, since), min(interval.until, until)
            sums.times_us[interval.standing] = (ends - begins) // _MICROSECOND
            yield interval.filed, sums


def standing_of(status: str, cause: str) -> Standing:
    """Return as what a measured camera's status counts."""
    if status == Status.DEGRADED:
        if cause in CAUSES_IMPAIRED:
            return Standing.IMPAIRED
        return Standing.UNSEEN if cause in CAUSES_UNSEEN else Standing.FAULTY
    return _BY_STATUS.get(status, Standing.UNKNOWN)


def _standing(
    filed: Filed, change: Change | None, *, is_asked: bool
) -> tuple[Standing | None, str]:
    if filed.life == Life.REMOVED:
        return None, ""
    unmeasured = _BY_LIFE.get(filed.life) or _BY_POLL_MODE.get(filed.poll_mode)
    if unmeasured is not None:
        return unmeasured, ""
    if change is None or not is_asked:
        return Standing.UNKNOWN, ""
    return standing_of(change.status, change.cause), change.cause


def _in_order(moments: Sequence[datetime]) -> list[datetime]:
    ordered: list[datetime] = []
    for moment in moments:
        ordered.append(max(moment, ordered[-1]) if ordered else moment)
    return ordered
