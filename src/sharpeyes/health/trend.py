"""One camera's latency by the hour and its clock, in bounded memory and bounded rows; pure."""

from __future__ import annotations

import statistics
from array import array
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Final

import msgspec

HOUR_S: Final = 3600
LATENCY_HOURS: Final = 7 * 24
"""For so long latencies are kept: 10 bytes an hour."""
CLOCK_POINTS: Final = 160
"""So many offsets are kept, of 8 bytes each: hourly ones of two days, and four a day before that
for four weeks."""

_FRESH_HOURS: Final = 48
_OLD_STEP_HOURS: Final = 6
_MOST_SAMPLES: Final = 120
_MOST_MS: Final = 32_767
_MOST_OFFSET_MS: Final = 2_147_483_647
_FEWEST_FOR_TREND: Final = 6
_SHORTEST_TREND_HOURS: Final = 24
DRIFT_TOO_SHORT: Final = "too_few_readings"
_MOST_POINTS_FOR_TREND: Final = 60


class HourOfLatency(msgspec.Struct, frozen=True):
    """How fast a camera answered in one hour.

    Attributes:
        hour: hours since 1970, UTC.
        least_ms: the fastest answer.
        median_ms: as fast or faster was every second.
        most_ms: the slowest answer.
    """

    hour: int
    least_ms: int
    median_ms: int
    most_ms: int


class LatencyHour:
    """The answers of one hour under way: 2 bytes each, and no more than are needed for a median."""

    __slots__ = ("_samples", "_seen", "hour")

    def __init__(self, hour: int) -> None:
        self.hour = hour
        self._samples = array("h")
        self._seen = 0

    def add(self, latency_ms: float) -> None:
        """Take in how long an answer took."""
        sample = min(max(round(latency_ms), 0), _MOST_MS)
        self._seen += 1
        if len(self._samples) < _MOST_SAMPLES:
            self._samples.append(sample)
        else:
            # More often than twice a minute: of those in between the latest stand for all.
            self._samples[self._seen % _MOST_SAMPLES] = sample

    def closed(self) -> HourOfLatency:
        """Return what the hour was like; there was at least one answer."""
        return HourOfLatency(
            self.hour,
            min(self._samples),
            round(statistics.median(self._samples)),
            max(self._samples),
        )


def hour_number(moment: datetime) -> int:
    """Return the hours since 1970 in which a moment lies."""
    return int(moment.timestamp()) // HOUR_S


def hour_start(hour: int) -> datetime:
    """Return the first moment of an hour."""
    return datetime.fromtimestamp(hour * HOUR_S, UTC)


def kept_points(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Thin out a clock's readings.

    Args:
        points: hours since 1970 and offsets in ms, the oldest first.

    Returns:
        One an hour of the last two days, one in six hours before that, `CLOCK_POINTS` at most.
    """
    if not points:
        return []
    newest = points[-1][0]
    kept: dict[int, tuple[int, int]] = {}
    for hour, offset_ms in points:
        is_fresh = newest - hour < _FRESH_HOURS
        slot = hour if is_fresh else hour // _OLD_STEP_HOURS * _OLD_STEP_HOURS
        bounded = min(max(offset_ms, -_MOST_OFFSET_MS), _MOST_OFFSET_MS)
        kept[slot] = (hour, bounded)
    return sorted(kept.values())[-CLOCK_POINTS:]


def drift_ms_per_day(points: Sequence[tuple[int, int]]) -> float | None:
    """Return how much a clock gains in a day: the median of the slopes of all pairs (Theil-Sen).

    A clock that is set right now and then has a step among its readings; a median of slopes does
    not mind a step, nor single readings that were delayed.

    Args:
        points: as `kept_points`.

    Returns:
        None where there are too few readings, or too close together.
    """
    step = max(1, len(points) // _MOST_POINTS_FOR_TREND)
    chosen = points[::-step][::-1]
    if len(chosen) < _FEWEST_FOR_TREND or chosen[-1][0] - chosen[0][0] < _SHORTEST_TREND_HOURS:
        return None
    slopes = [
        (later[1] - earlier[1]) / (later[0] - earlier[0])
        for place, earlier in enumerate(chosen)
        for later in chosen[place + 1 :]
        if later[0] > earlier[0]
    ]
    return round(24 * statistics.median(slopes), 1)
