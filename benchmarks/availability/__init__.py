"""What a city's availability costs: an hour's sums, beside going through all cameras for them."""

import asyncio
import resource
import statistics
import tempfile
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import asyncpg

from benchmarks.availability.city import make_city
from sharpeyes.health.availability import tally
from sharpeyes.health.availability_report import By
from sharpeyes.health.availability_store import AvailabilityStore
from sharpeyes.health.availability_sums import MODELS, PLACES, SumTable
from sharpeyes.health.calendar import HOUR, month_of
from sharpeyes.health.month import read_month
from sharpeyes.health.pasts import read_gaps, read_pasts
from sharpeyes.health.rollup import Rollup
from sharpeyes.registry.division import Level
from sharpeyes.service.database import open_pool
from sharpeyes.service.migrate import migrate
from sharpeyes.service.postgres import EmbeddedPostgres

_ZONE = ZoneInfo("Asia/Shanghai")
_CAMERAS, _QUICK_CAMERAS = 294_000, 20_000
_HOURS, _QUICK_HOURS = 25, 5
# The city's 11 October begins.
_START = datetime(2026, 10, 10, 16, tzinfo=UTC)


def run(quick: bool) -> dict[str, object]:
    """Measure on a database of its own; print a table and return the figures."""
    cameras, hours = (_QUICK_CAMERAS, _QUICK_HOURS) if quick else (_CAMERAS, _HOURS)
    with (
        tempfile.TemporaryDirectory(prefix="sharpeyes-") as folder,
        EmbeddedPostgres(Path(folder)) as url,
    ):
        figures = asyncio.run(_measure(url, cameras, hours))
    for name, value in figures.items():
        print(f"{name:32} {value}")
    return figures


async def _measure(url: str, cameras: int, hours: int) -> dict[str, object]:
    await migrate(url)
    async with await open_pool(url, min_size=1, max_size=4, command_timeout_s=900) as pool:
        transitions = await make_city(pool, cameras)
        # As if the hour before were summed up, of all that there is of it.
        await pool.execute(
            "INSERT INTO availability_rolled VALUES ($1, $2, $2)", _START - HOUR, transitions
        )
        took_s = [await _sum_hour(pool, _START + number * HOUR) for number in range(hours)]
        whole_s = await _go_through_all(pool, _START + (hours - 1) * HOUR)
        kept = {table.name: await _kept(pool, table, hours) for table in (PLACES, MODELS)}
        kept["transitions"] = await _size(pool, "camera_transition")
        asked_s = {}
        for by in (By.TOTAL, By.MODEL, By.HOUR):
            began = time.perf_counter()
            await AvailabilityStore(pool, _ZONE).report(_START, _START + hours * HOUR, by, None)
            asked_s[by.value] = round(time.perf_counter() - began, 3)
        before_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        began = time.perf_counter()
        await read_month(pool, *month_of(2026, 10, _ZONE), path=None, level=Level.DISTRICT)
        month_s = time.perf_counter() - began
        after_kb = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    median_s = statistics.median(took_s)
    return {
        "cameras": cameras,
        "transitions": transitions,
        "hour_s": {
            "least": round(min(took_s), 2),
            "median": round(median_s, 2),
            "most": round(max(took_s), 2),
        },
        "all_intervals_of_an_hour_s": round(whole_s, 2),
        "ratio": round(whole_s / median_s, 1),
        "kept": kept,
        "asked_s": asked_s,
        "month_s": round(month_s, 1),
        "month_mb": (after_kb - before_kb) // 1024,
    }


async def _size(pool: asyncpg.Pool, table: str) -> dict[str, int]:
    [(rows, size)] = await pool.fetch(
        f"SELECT count(*), pg_total_relation_size('{table}') FROM {table}"
    )
    return {"rows": rows, "mb": size // 10**6, "bytes_a_row": size // max(1, rows)}


async def _kept(pool: asyncpg.Pool, table: SumTable, hours: int) -> dict[str, int]:
    """Return the size of an hour, and what hours of 40 days and days of three years come to."""
    size = await _size(pool, table.hour)
    rows = size["rows"] // hours
    return {
        "rows_an_hour": rows,
        "bytes_a_row": size["bytes_a_row"],
        "mb_in_40_days": rows * 24 * 40 * size["bytes_a_row"] // 10**6,
        "mb_of_days_in_3_years": rows * 365 * 3 * size["bytes_a_row"] // 10**6,
    }


async def _sum_hour(pool: asyncpg.Pool, since: datetime) -> float:
    rollup = Rollup(
        pool,
        _ZONE,
        hours_kept=timedelta(days=40),
        days_kept=timedelta(days=1100),
        now=lambda: since + timedelta(minutes=71),
    )
    began = time.perf_counter()
    if await rollup.run_once() != 1:
        raise RuntimeError("one hour was to be summed up")
    return time.perf_counter() - began


async def _go_through_all(pool: asyncpg.Pool, since: datetime) -> float:
    """Take the time of what an hour would cost if each camera were looked at."""
    began = time.perf_counter()
    async with pool.acquire() as connection:
        gaps = await read_gaps(connection, since + HOUR)
        async for pasts in read_pasts(connection, since, since + HOUR):
            for past in pasts:
                for _ in tally(past.timeline(gaps, since, since + HOUR), since, since + HOUR):
                    pass
    return time.perf_counter() - began
