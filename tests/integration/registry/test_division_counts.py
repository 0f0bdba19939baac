"""Counts: after any edits and moves each equals the sums below it, and a plain recount."""

import random
from pathlib import Path

import asyncpg
import pytest

from sharpeyes.registry.division_import import import_divisions
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.errors import DivisionInUseError, DivisionInvalidError, ImportFileError
from sharpeyes.registry.history import sign
from sharpeyes.service.api.division_counts import division_counts

_RECOUNT = """
SELECT d.division_code, count(c.camera_id) AS cameras,
    count(c.camera_id) FILTER (WHERE c.life = 'in_service' AND c.poll_mode = 'direct') AS measured
FROM division AS d LEFT JOIN camera AS c ON starts_with(c.division_path, d.path)
GROUP BY 1
"""
# What of the kept counts and a recount is in one of them only.
_AREAS = """
    SELECT area_path, tier, life, poll_mode, status, sum(cameras) FROM (
        SELECT * FROM area_count UNION ALL
        SELECT area_of(division_path), tier, life, poll_mode, COALESCE(status, 'unknown'), -1
        FROM camera LEFT JOIN camera_status USING (camera_id)
    ) AS told GROUP BY 1, 2, 3, 4, 5 HAVING sum(cameras) <> 0
"""
_CELLS = """
    SELECT map_cell, area_path, tier, life, poll_mode, status, sum(cameras) FROM (
        SELECT map_cell, area_path, tier, life, poll_mode, status, cameras FROM map_count UNION ALL
        SELECT map_cell, area_of(division_path), tier, life, poll_mode,
            COALESCE(status, 'unknown'), -1
        FROM camera LEFT JOIN camera_status USING (camera_id) WHERE map_cell IS NOT NULL
    ) AS told GROUP BY 1, 2, 3, 4, 5, 6 HAVING sum(cameras) <> 0
"""
_KEPT_BY_STATUS = """
SELECT status, tier, sum(cameras)::bigint FROM {table} GROUP BY 1, 2 HAVING sum(cameras) <> 0
ORDER BY 1, 2
"""
_BY_STATUS = """
SELECT COALESCE(status, 'unknown'), tier, count(*) FROM camera
LEFT JOIN camera_status USING (camera_id) GROUP BY 1, 2 ORDER BY 1, 2
"""
TABLE = """code,name,parent,level
420102003,大智街道,,
420102004,车站街道,,
420102003001,大智社区,,
420102003002,铭新社区,,
42010200300101,一网格,,
42010200300102,二网格,,
420103001,民族街道,,
420103001001,江汉社区,,
EASTLAKE,东湖高新区,420100,district
EASTLAKE01,关东街道,EASTLAKE,street
"""


def table(tmp_path: Path, text: str = TABLE) -> Path:
    path = tmp_path / "divisions.csv"
    path.write_text(text, encoding="utf-8")
    return path


async def test_a_thousand_random_edits(pool: asyncpg.Pool, tmp_path: Path) -> None:
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    with table(tmp_path).open("rb") as source:
        await import_divisions(pool, source)
    store = DivisionStore(pool)
    codes = [division.division_code for division in await store.list()]
    number = 0
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        for _ in range(1000):
            deed = chance.random()
            if deed < 0.45:
                number += 1
                await connection.execute(
                    "INSERT INTO camera (device_code, name, tier, division_code, poll_mode, host,"
                    " longitude, latitude) VALUES ($1, 'a b', $2, $3, $4, '10.0.0.1', $5, $6)",
                    f"42010200001320{number:06}",
                    chance.choice([1, 2, 3]),
                    chance.choice(codes),
                    chance.choice(["direct", "none"]),
                    *chance.choice([(None, None), (114.3, 30.5), (114.4, 30.6)]),
                )
            elif deed < 0.6:
                await connection.execute(
                    "UPDATE camera SET division_code = $1, tier = $2 WHERE camera_id % 5 = $3",
                    chance.choice(codes),
                    chance.choice([1, 3]),
                    chance.randrange(5),
                )
            elif deed < 0.7:
                await connection.execute(
                    "UPDATE camera SET life = $1 WHERE camera_id % 7 = $2",
                    chance.choice(["planned", "in_service", "maintenance", "removed"]),
                    chance.randrange(7),
                )
            elif deed < 0.85:
                await connection.execute(
                    "INSERT INTO camera_status (camera_id, status, since, epoch)"
                    " SELECT camera_id, $1, now(), 1 FROM camera WHERE camera_id % 6 = $2"
                    " ON CONFLICT (camera_id) DO UPDATE SET status = excluded.status",
                    chance.choice(["ok", "offline", "degraded", "unknown"]),
                    chance.randrange(6),
                )
            elif deed < 0.92:
                await connection.execute(
                    "DELETE FROM camera WHERE camera_id % 11 = $1 AND camera_id % 3 = 0",
                    chance.randrange(11),
                )
            else:
                street = chance.choice(["420102003", "420102004", "420103001", "EASTLAKE01"])
                await connection.execute(
                    "UPDATE division SET parent_code = $2 WHERE division_code = $1",
                    street,
                    chance.choice(["420102", "420103", "EASTLAKE"]),
                )
    recount = {row["division_code"]: row for row in await pool.fetch(_RECOUNT)}
    assert recount["420100"]["cameras"] > 0, seed
    for code, row in recount.items():
        counts = await division_counts(pool, code)
        assert counts.division.cameras == row["cameras"], (seed, code)
        assert counts.division.measured == row["measured"], (seed, code)
        children = sum(child.cameras for child in counts.children)
        assert counts.division.cameras == counts.filed_here + children, (seed, code)
        assert sum(counts.division.by_tier.values()) == row["cameras"], (seed, code)
    known = [tuple(row) for row in await pool.fetch(_BY_STATUS)]
    kept = await pool.fetch(_KEPT_BY_STATUS.format(table="camera_count"))
    assert [tuple(row) for row in kept] == known, seed
    by_area, by_cell = [await pool.fetch(sql) for sql in (_AREAS, _CELLS)]
    assert not by_area, seed
    assert not by_cell, seed


async def test_two_writers_at_once_wait_for_neither(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as one, pool.acquire() as other:
        first, second = one.transaction(), other.transaction()
        await first.start()
        await second.start()
        for connection, number in ((one, 1), (other, 2)):
            await sign(connection, "test")
            await connection.execute("SET LOCAL lock_timeout = '5s'")
            await connection.execute(
                "INSERT INTO camera (device_code, name, tier, division_code, poll_mode)"
                " VALUES ($1, 'a b', 3, '420102', 'none')",
                f"4201020000132000000{number}",
            )
        await second.commit()
        await first.rollback()
    assert (await division_counts(pool, "420102")).division.cameras == 1


async def test_a_table_twice_changes_nothing(pool: asyncpg.Pool, tmp_path: Path) -> None:
    path = table(
        tmp_path, TABLE + "420199001,幽灵街道,,\n4201,短,,\nZONE9,某区,,\n420102003,又来,,\n"
    )
    with path.open("rb") as source:
        report = await import_divisions(pool, source)
    assert (report.added, report.changed, report.unchanged) == (10, 0, 0)
    assert [(one.row, one.problem.field) for one in report.refused] == [
        (12, "parent"),
        (13, "division_code"),
        (14, "level"),
        (14, "parent_code"),
        (15, "code"),
    ]
    with path.open("rb") as source:
        again = await import_divisions(pool, source)
    assert (again.added, again.changed, again.unchanged) == (0, 0, 10)
    assert again.refused == report.refused


@pytest.mark.parametrize("text", ["", "name\n甲\n", "code,name,name\n1,2,3\n"])
async def test_tables_that_are_none(pool: asyncpg.Pool, tmp_path: Path, text: str) -> None:
    with table(tmp_path, text).open("rb") as source, pytest.raises(ImportFileError):
        await import_divisions(pool, source)


async def test_moves_that_are_refused(pool: asyncpg.Pool, tmp_path: Path) -> None:
    with table(tmp_path).open("rb") as source:
        await import_divisions(pool, source)
    store = DivisionStore(pool)
    for code, under in (
        ("420102003", "420102003001"),
        ("420102003", "420102003"),
        ("420102", "420103"),
        ("420100", "420102"),
    ):
        with pytest.raises(DivisionInvalidError):
            await store.move(code, under)
    await store.move("420102003", "EASTLAKE")
    assert "42010200300101" in await store.subtree("EASTLAKE")
    with pytest.raises(DivisionInUseError, match="below it"):
        await store.remove("EASTLAKE")
    await store.remove("420102004")
    assert await store.get("420102004") is None
    renamed = await store.rename("420103001", name_zh="新民族街道")
    assert (renamed.name_zh, renamed.name_en) == ("新民族街道", "民族街道")
    with pytest.raises(DivisionInvalidError):
        await store.rename("420103001", name_zh=" ")
