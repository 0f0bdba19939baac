"""Gathers what the acceptance sheet asks for."""

from __future__ import annotations

import re
from datetime import datetime
from zoneinfo import ZoneInfo

import asyncpg
import msgspec

from sharpeyes.health.availability_report import AvailabilityRow, By
from sharpeyes.health.availability_store import AvailabilityStore
from sharpeyes.health.calendar import hour_of, month_of
from sharpeyes.health.clock_figures import FleetClocks, read_clocks
from sharpeyes.health.kept_recordings import recording_figure
from sharpeyes.health.month import MonthFigures, read_month
from sharpeyes.registry.completeness import CompletenessReport, completeness
from sharpeyes.registry.coverage import CoverageReport
from sharpeyes.registry.coverage_judge import CoverageJudge
from sharpeyes.registry.division import Division
from sharpeyes.registry.figures import STANDING, Figure, figure, level_below
from sharpeyes.registry.places import division_path
from sharpeyes.service.errors import ServiceError

RECORDING_DAYS = 30
"""For so many days at least the sheet wants recordings kept."""

_MONTH = re.compile(r"(20[0-9]{2})-(0[1-9]|1[0-2])\Z")
_RECORDING = f"""
SELECT count(*) FILTER (WHERE recording_days >= $2) AS enough, count(recording_days) AS filed,
    count(*) AS cameras
FROM camera WHERE {STANDING} AND ($1::text IS NULL OR division_path ^@ $1)
"""  # noqa: S608  # made of our own condition


class MonthError(ServiceError):
    """There is no report of such a month."""


class MonthReport(msgspec.Struct, frozen=True, kw_only=True):
    """The report of a month.

    Attributes:
        month: as `2026-10`, in the city's time zone.
        time_zone: the city's.
        as_of: when it was made, UTC; filing, coverage, clocks and recording days are of then.
        is_over: whether the month is; if not, it is the report of its beginning.
        division: whose cameras they are; None for all.
        availability: of the month.
        days: the figures of its days; of days that were not summed up there are none.
        coverage: of key places.
        filing: of camera files.
        clocks: how right they are.
        recording_days_filed: how many cameras are filed with 30 days of recordings or more.
        recording_days_measured: of how many devices say that they keep 30 days or more.
        names: divisions' names in Chinese and English, by code.
    """

    month: str
    time_zone: str
    as_of: datetime
    is_over: bool
    division: Division | None
    availability: MonthFigures
    days: list[AvailabilityRow]
    coverage: CoverageReport
    filing: CompletenessReport
    clocks: FleetClocks
    recording_days_filed: Figure
    recording_days_measured: Figure
    names: dict[str, tuple[str, str]]


def parse_month(text: str, zone: ZoneInfo, now: datetime) -> tuple[datetime, datetime]:
    """Return a month's first moment and the first after it, in UTC.

    Raises:
        MonthError: It is no month, or has not begun.
    """
    found = _MONTH.match(text)
    if found is None:
        raise MonthError(f"{text[:40]!r} is no month; an example: 2026-10")
    since, until = month_of(int(found[1]), int(found[2]), zone)
    if since >= now:
        raise MonthError(f"{text} has not begun")
    return since, until


async def month_report(
    pool: asyncpg.Pool,
    month: str,
    zone: ZoneInfo,
    required_fields: tuple[str, ...],
    *,
    division: Division | None,
    now: datetime,
) -> MonthReport:
    """Gather the figures of a month.

    Args:
        pool: the database.
        month: as `2026-10`.
        zone: the city's.
        required_fields: without which a camera's file is incomplete.
        division: whose cameras; None for all.
        now: the present, UTC.

    Raises:
        MonthError: It is no month, or has not begun.
    """
    since, until = parse_month(month, zone, now)
    ends = min(until, now)
    code = division.division_code if division else None
    path = await division_path(pool, code)
    level = level_below(division.level if division else None)
    figures = await read_month(pool, since, ends, path=path, level=level)
    days = await AvailabilityStore(pool, zone).report(since, hour_of(ends), By.DAY, division)
    (recording,) = await pool.fetch(_RECORDING, path, RECORDING_DAYS)
    names = await pool.fetch("SELECT division_code, name_zh, name_en FROM division")
    return MonthReport(
        month=month,
        time_zone=zone.key,
        as_of=now,
        is_over=until <= now,
        division=division,
        availability=figures,
        days=days.rows,
        coverage=await CoverageJudge(pool).report(
            division_code=code, level=level, most_gaps=0, as_of=now
        ),
        filing=await completeness(
            pool, required_fields, division_code=code, level=level, as_of=now
        ),
        clocks=await read_clocks(pool, path),
        recording_days_filed=figure(
            recording["enough"],
            recording["filed"],
            not_filed=recording["cameras"] - recording["filed"],
        ),
        recording_days_measured=await recording_figure(pool, path, days=RECORDING_DAYS, as_of=now),
        names={row["division_code"]: (row["name_zh"], row["name_en"]) for row in names},
    )
