"""The figures of availability: each a value with its base, or the reason why there is none."""

from __future__ import annotations

from typing import Final

import msgspec

from sharpeyes.health.availability import (
    INTACT,
    JUDGED,
    MEASURED,
    ONLINE,
    Standing,
    Tally,
)

HOUR_US: Final = 3_600_000_000
NOTHING_MEASURED: Final = "nothing_measured"
NOTHING_JUDGED: Final = "nothing_judged"
NO_FAULT_REPAIRED: Final = "no_fault_repaired"


class Value(msgspec.Struct, frozen=True, kw_only=True):
    """A figure.

    Attributes:
        value: None where it cannot be computed; never a stand-in.
        base: what it was computed from, in `base_unit`.
        base_unit: `camera_hours`, `repairs` or `cameras`.
        why_not: why there is no value; None where there is one.
    """

    value: float | None
    base: float
    base_unit: str
    why_not: str | None = None


class Availability(msgspec.Struct, frozen=True, kw_only=True):
    """How available some cameras were in a stretch of time.

    Attributes:
        online_rate: percent of the measured time in which they were online.
        intact_rate: percent of the time in which that can be said in which they were intact.
        mean_time_to_repair_h: hours in which a repaired fault was seen, on average.
        faults: how many faults began.
        repaired: how many ended.
        hours: camera-hours by standing; those that nobody had are left out. Unknown, maintenance
            and unmeasured time is in no rate.
    """

    online_rate: Value
    intact_rate: Value
    mean_time_to_repair_h: Value
    faults: Value
    repaired: int
    hours: dict[str, float]


def availability(sums: Tally) -> Availability:
    """Make the figures of sums."""
    measured_us, judged_us = sums.time_us(MEASURED), sums.time_us(JUDGED)
    base_h = measured_us / HOUR_US
    return Availability(
        online_rate=rate(sums.time_us(ONLINE), measured_us, NOTHING_MEASURED),
        intact_rate=rate(sums.time_us(INTACT), judged_us, NOTHING_JUDGED),
        mean_time_to_repair_h=(
            Value(
                value=sums.repair_us / sums.repaired / HOUR_US,
                base=sums.repaired,
                base_unit="repairs",
            )
            if sums.repaired
            else Value(value=None, base=0, base_unit="repairs", why_not=NO_FAULT_REPAIRED)
        ),
        faults=(
            Value(value=sums.faults, base=base_h, base_unit="camera_hours")
            if measured_us
            else Value(value=None, base=0, base_unit="camera_hours", why_not=NOTHING_MEASURED)
        ),
        repaired=sums.repaired,
        hours={
            standing.value: sums.times_us[standing] / HOUR_US
            for standing in Standing
            if sums.times_us.get(standing)
        },
    )


def rate(part_us: int, whole_us: int, why_not: str) -> Value:
    """Return a share in percent: 0 and 100 only of none and of all."""
    base = whole_us / HOUR_US
    if not whole_us:
        return Value(value=None, base=0, base_unit="camera_hours", why_not=why_not)
    percent = 100 * part_us / whole_us
    if 0 < part_us < whole_us:
        percent = min(max(round(percent, 3), 0.001), 99.999)
    return Value(value=percent, base=base, base_unit="camera_hours")
