"""Keeps the sums of availability up to date, and notes when nobody was there to ask."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

import asyncpg
import structlog

from sharpeyes.health.rollup import Rollup
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.watch_gaps import note_watch
from sharpeyes.registry.outage import DATABASE_AWAY

log = structlog.get_logger()

_EVERY_S = 60.0
# After a long absence there are many: whether somebody is there must be noted in between.
_MOST_HOURS = 6


async def keep_availability(
    pool: asyncpg.Pool,
    settings: HealthSettings,
    stop: asyncio.Event,
    *,
    now: Callable[[], datetime],
    every_s: float = _EVERY_S,
) -> None:
    """Sum up what is over, until `stop`. Any number of processes may do so."""
    rollup = Rollup(
        pool,
        ZoneInfo(settings.time_zone),
        hours_kept=timedelta(days=settings.hours_kept_days),
        days_kept=timedelta(days=settings.days_kept_days),
        now=now,
    )
    while not stop.is_set():
        try:
            async with pool.acquire() as connection:
                await note_watch(connection, now())
            hours = await rollup.run_once(most_hours=_MOST_HOURS)
            if hours:
                log.info("availability summed up", hours=hours)
            if hours == _MOST_HOURS:
                continue
        except DATABASE_AWAY as error:
            log.warning("availability cannot be summed up", error=type(error).__name__)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), every_s)
