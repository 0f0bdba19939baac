"""Sums by the hour and by the day, against what the intervals say."""

from collections import Counter
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from itertools import product
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.health.availability import Standing, Tally, tally
from sharpeyes.health.availability_report import By
from sharpeyes.health.availability_store import AvailabilityStore
from sharpeyes.health.availability_sums import MODELS, PLACES, SUM_COLUMNS
from sharpeyes.health.pasts import read_gaps, read_pasts
from sharpeyes.health.rollup import Rollup
from sharpeyes.health.watch_gaps import note_watch
from sharpeyes.registry.camera import Camera, Life, PollMode
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.history import sign
from sharpeyes.registry.shards import ShardLease, ShardLeases

AddCamera = Callable[..., Awaitable[Camera]]
ZONE = ZoneInfo("Asia/Shanghai")
_BY_KIND = (By.MAKER, By.MODEL)
# A day of the city and some more.
BEGIN = datetime(2026, 10, 2, 15, tzinfo=UTC)
END = BEGIN + timedelta(hours=27)
STATUSES = (
    ("ok", ""),
    ("degraded", "frozen"),
    ("degraded", "auth"),
    ("unreachable", "network"),
    ("offline", "network"),
)


def rollup(pool: asyncpg.Pool, now: datetime) -> Rollup:
    return Rollup(
        pool,
        ZONE,
        hours_kept=timedelta(days=40),
        days_kept=timedelta(days=1000),
        now=lambda: now,
    )


async def transit(
    pool: asyncpg.Pool, camera_id: int, at: datetime, status: str, cause: str = ""
) -> None:
    await pool.execute(
        "INSERT INTO camera_transition (camera_id, from_status, to_status, cause, at)"
        " VALUES ($1, 'unknown', $2, $3, $4)",
        camera_id,
        status,
        cause,
        at,
    )


async def refile(pool: asyncpg.Pool, camera_id: int, at: datetime, **fields: Any) -> None:
    """Change a camera's file as if it had been at another time."""
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        before = await connection.fetchval("SELECT max(change_id) FROM camera_change")
        sets = ", ".join(f"{name} = ${number}" for number, name in enumerate(fields, 2))
        await connection.execute(
            f"UPDATE camera SET {sets} WHERE camera_id = $1", camera_id, *fields.values()
        )
        await connection.execute(
            "UPDATE camera_change SET at = $1 WHERE change_id > $2", at, before
        )


@pytest.fixture
def divisions(pool: asyncpg.Pool) -> DivisionStore:
    return DivisionStore(pool)


@pytest_asyncio.fixture
async def city(pool: asyncpg.Pool, add_camera: AddCamera) -> list[int]:
    """Twelve cameras and their day: outages, moves, maintenance, a gap, a clock put back."""
    random = Random(20)
    await pool.executemany(
        "INSERT INTO division (division_code, parent_code, level, name_zh, name_en)"
        " VALUES ($1, $2, $3, $1, $1)",
        [("420102001", "420102", "street"), ("420102001001", "420102001", "community")],
    )
    ids = []
    for number in range(12):
        division = ("420102", "420102001", "420102001001", "420103")[number % 4]
        camera = await add_camera(
            number,
            device_code=f"{division[:6]}00001320{number:06}",
            division_code=division,
            poll_mode=PollMode.ON_REQUEST if number == 11 else PollMode.DIRECT,
            maker=number % 3 or None,
            model=f"m{number % 2}" if number % 3 else None,
        )
        ids.append(camera.camera_id)
    await pool.execute("UPDATE camera SET created_at = $1", BEGIN + timedelta(minutes=20))
    for camera_id in ids[:9]:
        for _ in range(random.randrange(9)):
            at = BEGIN + timedelta(minutes=random.choice((1, 15)) * random.randrange(100))
            await transit(pool, camera_id, at, *random.choice(STATUSES))
    await refile(pool, ids[0], BEGIN + timedelta(hours=5, minutes=10), division_code="420103")
    await refile(pool, ids[1], BEGIN + timedelta(hours=7.3), life=Life.MAINTENANCE)
    await refile(pool, ids[1], BEGIN + timedelta(hours=9.7), life=Life.IN_SERVICE)
    await refile(pool, ids[2], BEGIN + timedelta(hours=20.5), life=Life.REMOVED)
    await refile(pool, ids[3], BEGIN + timedelta(hours=3.5), poll_mode=PollMode.NONE)
    await pool.execute(
        "INSERT INTO watch_gap VALUES ($1, $2)",
        BEGIN + timedelta(hours=11.5),
        BEGIN + timedelta(hours=13.25),
    )
    # One of those who ask was cut off itself.
    await pool.execute(
        "WITH cut AS (INSERT INTO incident (kind, group_key, title, cause, evidence, began_at,"
        " opened_at, division_path, deadline_at) VALUES ('poller', 'm', 'm', 'unknown', '', $1, $1,"
        " '', $1) RETURNING incident_id)"
        " INSERT INTO incident_camera SELECT incident_id, $2, $1, $3 FROM cut",
        BEGIN + timedelta(hours=15.4),
        ids[8],
        BEGIN + timedelta(hours=17.2),
    )
    return ids


async def summed(pool: asyncpg.Pool, step: str = "hour") -> dict[tuple[Any, ...], Any]:
    """Return both tables' sums, by time and key."""
    found: dict[tuple[Any, ...], Any] = {}
    for table in (PLACES, MODELS):
        for row in await pool.fetch(f"SELECT * FROM {table.name}_{step}"):
            assert 0 not in [row[column] for column in SUM_COLUMNS]
            key = (table.name, row["since"], *(row[name] for name in table.key))
            found[key] = tuple(row[column] or 0 for column in SUM_COLUMNS)
    return {key: sums for key, sums in found.items() if any(sums)}


async def recomputed(
    pool: asyncpg.Pool, since: datetime, step: timedelta, until: datetime
) -> dict[tuple[Any, ...], Any]:
    """Sum all intervals of all cameras up, window by window."""
    found: dict[tuple[Any, ...], Tally] = {}
    async with pool.acquire() as connection:
        gaps = await read_gaps(connection, END)
        while since < until:
            async for pasts in read_pasts(connection, since, since + step, at_once=5):
                for past in pasts:
                    for filed, part in tally(
                        past.timeline(gaps, since, since + step), since, since + step
                    ):
                        code, maker, model = filed.division_code, filed.maker or 0, filed.model
                        # Streets have nine digits here, districts six.
                        place = (PLACES.name, since, code[:9], filed.tier)
                        kind = (MODELS.name, since, code[:6], maker, model or "")
                        for group in (place, kind):
                            found.setdefault(group, Tally()).add(part)
            since += step
    return {
        group: (*(of.times_us.get(s, 0) for s in Standing), of.faults, of.repaired, of.repair_us)
        for group, of in found.items()
        if of.times_us
    }


HOUR = timedelta(hours=1)


async def test_hours_and_days_equal_the_intervals(pool: asyncpg.Pool, city: list[int]) -> None:
    now = END + timedelta(minutes=11)
    assert await rollup(pool, now).run_once() == 27
    hours = await summed(pool)
    assert hours == await recomputed(pool, BEGIN, HOUR, END)
    # Moved, mended, removed, no longer asked, unasked: all of it is in there.
    per_standing = [sum(column) for column in zip(*hours.values(), strict=True)]
    assert all(
        per_standing[list(Standing).index(s)] for s in (Standing.MAINTENANCE, Standing.NEVER)
    )
    # The city's day began an hour after the first hour.
    day = BEGIN + HOUR
    days = await summed(pool, "day")
    assert {group: sums for group, sums in days.items() if group[1] == day} == await recomputed(
        pool, day, 24 * HOUR, day + 24 * HOUR
    )
    assert await rollup(pool, now).run_once() == 0


async def test_every_question_finds_the_same_time(
    pool: asyncpg.Pool, city: list[int], divisions: DivisionStore
) -> None:
    await rollup(pool, END + timedelta(minutes=11)).run_once()
    store = AvailabilityStore(pool, ZONE)
    total: dict[str | None, Counter[str]] = {}
    for code, by in product((None, "420102", "420102001"), (By.TOTAL, By.TIER, By.MAKER, By.MODEL)):
        division = await divisions.get(code) if code else None
        report = await store.report(BEGIN, END, by, division)
        # Of makers there are sums by district.
        assert (report.source == "intervals") == (code == "420102001" and by in _BY_KIND), by
        hours = Counter[str]()
        for row in report.rows:
            hours.update(row.availability.hours)
        assert hours == pytest.approx(total.setdefault(code, hours)), (code, by)
    assert sum(total[None].values()) > sum(total["420102"].values()) > 27


async def test_what_we_could_not_see_is_unknown(pool: asyncpg.Pool, city: list[int]) -> None:
    since, until = BEGIN + timedelta(hours=16), BEGIN + timedelta(hours=17)
    await pool.execute(
        "DELETE FROM camera_transition WHERE camera_id = $1 AND at > $2", city[8], BEGIN + HOUR
    )
    await transit(pool, city[8], BEGIN + timedelta(hours=15.3), "unreachable", "network")
    async with pool.acquire() as connection:
        gaps = await read_gaps(connection, until)
        async for [past] in read_pasts(connection, since, until, camera_ids=[city[8]]):
            [interval] = past.timeline(gaps, since, until)[-1:]
    assert interval.standing is Standing.UNKNOWN


async def test_a_day_that_is_not_summed_up_yet_is_read_by_its_hours(
    pool: asyncpg.Pool, city: list[int]
) -> None:
    day = BEGIN + HOUR
    await rollup(pool, day + timedelta(hours=24, minutes=5)).run_once()
    store = AvailabilityStore(pool, ZONE)
    report = await store.report(day, day + 24 * HOUR, By.TOTAL, None)
    assert (report.hours, report.hours_known) == (24, 23)
    assert sum(report.rows[0].availability.hours.values()) > 11 * 22
    await rollup(pool, day + timedelta(hours=24, minutes=10)).run_once()
    report = await store.report(day, day + 24 * HOUR, By.TOTAL, None)
    assert report.hours_known == 24


async def test_what_comes_late_is_summed_up_again(pool: asyncpg.Pool, city: list[int]) -> None:
    now = END + timedelta(minutes=11)
    await rollup(pool, now).run_once()
    before = await summed(pool)
    # The last camera that was asked, and never answered.
    await transit(pool, city[9], END - timedelta(hours=4.5), "offline", "network")
    await refile(pool, city[10], END - timedelta(hours=3.5), division_code="420103")
    assert await rollup(pool, now).run_once() == 5
    after = await summed(pool)
    assert after != before
    assert after == await recomputed(pool, BEGIN, HOUR, END)


async def test_an_interrupted_run_goes_on_where_it_was(pool: asyncpg.Pool, city: list[int]) -> None:
    assert await rollup(pool, END).run_once(most_hours=9) == 9
    # One hour was written, and the answer to its commit was lost.
    await pool.execute("DELETE FROM availability_rolled WHERE since = $1", BEGIN + 8 * HOUR)
    await rollup(pool, END + timedelta(minutes=11)).run_once()
    assert await summed(pool) == await recomputed(pool, BEGIN, HOUR, END)


async def test_old_sums_are_forgotten_by_whole_days(pool: asyncpg.Pool, city: list[int]) -> None:
    await rollup(pool, END + timedelta(minutes=11)).run_once()
    later = Rollup(
        pool,
        ZONE,
        hours_kept=timedelta(hours=20),
        days_kept=timedelta(days=1000),
        now=lambda: END + timedelta(hours=26),
    )
    await later.run_once()
    for table in (PLACES, MODELS):
        first = await pool.fetchval(f"SELECT min(since) FROM {table.hour}")
        assert first == datetime(2026, 10, 3, 16, tzinfo=UTC)
        assert await pool.fetchval(f"SELECT count(*) FROM {table.day}") > 0


async def test_no_transition_lies_before_the_one_before_it(
    pool: asyncpg.Pool, add_camera: AddCamera
) -> None:
    camera = await add_camera(1)
    for minutes in (0, 10, -300, 20):
        await transit(pool, camera.camera_id, BEGIN + timedelta(minutes=minutes), "ok")
    rows = await pool.fetch("SELECT at FROM camera_transition ORDER BY transition_id")
    assert [(row["at"] - BEGIN) / timedelta(minutes=1) for row in rows] == [0, 10, 10, 20]


async def test_time_in_which_nobody_asked_is_known(
    pool: asyncpg.Pool, leases: dict[int, ShardLease], worker_id: str
) -> None:
    now = datetime.now(UTC)

    async def look(minutes: float) -> list[tuple[float, float | None]]:
        async with pool.acquire() as connection:
            await note_watch(connection, now + timedelta(minutes=minutes))
        return [
            (
                round((since - now) / timedelta(minutes=1)),
                round((until - now) / timedelta(minutes=1)) if until else None,
            )
            for since, until in await pool.fetch("SELECT * FROM watch_gap ORDER BY since")
        ]

    assert await look(0) == []
    assert await look(1) == []
    # We were not called for a while, but the worker was there.
    assert await look(31) == []
    await ShardLeases(pool, worker_id, 600).release_all()
    await pool.execute("UPDATE worker SET expires_at = now()")
    assert await look(34) == []
    assert await look(37) == [(31, None)]
    assert await look(61) == [(31, None)]
    await ShardLeases(pool, "worker-b", 600).renew()
    assert await look(90) == [(31, 90)]
    assert await look(91) == [(31, 90)]
