"""No camera without its division: what triggers promise in a foreign key's place."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Any

import asyncpg
import pytest

from sharpeyes.registry.camera import CameraFile
from sharpeyes.registry.history import sign

STREET = "420102001"
_ADD = """
    INSERT INTO division (division_code, parent_code, level, name_zh, name_en)
    VALUES ($1, '420102', 'street', '一元街道', 'Yiyuan')
"""
_INSERT = """
    INSERT INTO camera (device_code, name, tier, division_code, poll_mode)
    VALUES ('42010200001320000077', 'Gate', 1, $1, 'none')
"""
_DELETE = "DELETE FROM division WHERE division_code = $1"
_MOVE = "UPDATE division SET parent_code = '420103' WHERE division_code = $1"


@asynccontextmanager
async def changing(pool: asyncpg.Pool) -> AsyncIterator[asyncpg.Connection]:
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        yield connection  # type: ignore[misc]  # a proxy of one


async def is_waiting(pool: asyncpg.Pool, statement: str) -> None:
    """Wait until a statement waits for somebody's lock."""
    waits = (
        "SELECT EXISTS (SELECT FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
        " AND starts_with(query, $1))"
    )
    async with asyncio.timeout(60):
        while not await pool.fetchval(waits, statement):  # noqa: ASYNC110  # nobody tells
            await asyncio.sleep(0)


async def test_a_division_that_is_not_there(pool: asyncpg.Pool) -> None:
    with pytest.raises(asyncpg.ForeignKeyViolationError, match="420102999"):
        async with changing(pool) as connection:
            await connection.execute(_INSERT, "420102999")


async def test_a_path_that_is_another_divisions(pool: asyncpg.Pool) -> None:
    async with changing(pool) as connection:
        await connection.execute(_INSERT, "420102")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await pool.execute("UPDATE camera SET division_path = '420100/420103/'")


async def test_a_division_with_cameras_stays(
    pool: asyncpg.Pool, store: Any, camera_file: Callable[..., CameraFile]
) -> None:
    await store.add(camera_file(1))
    with pytest.raises(asyncpg.ForeignKeyViolationError) as refused:
        await pool.execute(_DELETE, "420102")
    assert refused.value.table_name in {"camera", "camera_count"}


async def test_a_moved_division_takes_its_cameras_along(pool: asyncpg.Pool) -> None:
    await pool.execute(_ADD, STREET)
    async with changing(pool) as connection:
        await connection.execute(_INSERT, STREET)
    await pool.execute(_MOVE, STREET)
    camera = await pool.fetchrow("SELECT division_code, division_path, revision FROM camera")
    assert camera is not None
    assert tuple(camera) == (STREET, f"420100/420103/{STREET}/", 1)
    assert await pool.fetchval("SELECT count(*) FROM camera_change") == 1


@pytest.mark.parametrize("deed", [_DELETE, _MOVE])
async def test_whoever_changes_the_tree_waits_for_a_camera_that_is_being_added(
    pool: asyncpg.Pool, deed: str
) -> None:
    await pool.execute(_ADD, STREET)
    async with changing(pool) as connection:
        await connection.execute(_INSERT, STREET)
        changed = asyncio.create_task(pool.execute(deed, STREET))
        await is_waiting(pool, deed)
    if deed == _DELETE:
        with pytest.raises(asyncpg.ForeignKeyViolationError):
            await changed
    else:
        await changed
        path = await pool.fetchval("SELECT division_path FROM camera")
        assert path == f"420100/420103/{STREET}/"


@pytest.mark.parametrize("deed", [_DELETE, _MOVE])
async def test_whoever_adds_a_camera_waits_for_a_division_that_is_being_changed(
    pool: asyncpg.Pool, deed: str
) -> None:
    await pool.execute(_ADD, STREET)

    async def add() -> None:
        async with changing(pool) as connection:
            # As an import does, which has looked the path up before.
            await connection.execute(
                "INSERT INTO camera (device_code, name, tier, division_code, division_path,"
                " poll_mode) VALUES ('42010200001320000077', 'Gate', 1, $1, $2, 'none')",
                STREET,
                f"420100/420102/{STREET}/",
            )

    async with pool.acquire() as other, other.transaction():
        await other.execute(deed, STREET)
        adding = asyncio.create_task(add())
        await is_waiting(pool, "INSERT INTO camera")
    with pytest.raises(asyncpg.ForeignKeyViolationError):
        await adding
    assert await pool.fetchval("SELECT count(*) FROM camera") == 0
