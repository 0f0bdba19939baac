import asyncio
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
import pytest

from sharpeyes.service.audit import audit, read_head
from sharpeyes.service.audit_heads import HeadFileError, read_heads, write_heads

NOW = datetime(2026, 11, 21, 20, 31, tzinfo=UTC)


async def test_the_head_is_written_down_where_the_database_is_not(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    file, stop = tmp_path / "heads.jsonl", asyncio.Event()
    assert read_heads(file) == []
    async with asyncio.TaskGroup() as group:
        group.create_task(write_heads(pool, file, stop, every_s=600, now=lambda: NOW))
        async with pool.acquire() as connection:
            await audit(connection, "li", "test", "thing")
        # Not ten minutes later: whoever stops the service leaves no end of it unguarded.
        stop.set()
    assert read_heads(file)[-1:] == [await read_head(pool, NOW)]


async def test_what_a_power_cut_left_spoils_no_later_head(
    pool: asyncpg.Pool, tmp_path: Path
) -> None:
    file, stop = tmp_path / "heads.jsonl", asyncio.Event()
    line = '{"at":"2026-11-21T20:31:00Z","sequence":1,"hash":"00"}\n'
    file.write_text(line + line[:20])
    async with pool.acquire() as connection:
        await audit(connection, "li", "test", "thing")
    stop.set()
    await write_heads(pool, file, stop, every_s=600, now=lambda: NOW)
    assert [head.hash for head in read_heads(file)][:1] == ["00"]
    assert read_heads(file)[-1:] == [await read_head(pool, NOW)]
    assert len(read_heads(file)) == 2


def test_half_of_a_line_is_no_fault_and_any_other_is(tmp_path: Path) -> None:
    file = tmp_path / "heads.jsonl"
    line = '{"at":"2026-11-21T20:31:00Z","sequence":1,"hash":"00"}\n'
    file.write_text(line + line[:20])
    assert [head.sequence for head in read_heads(file)] == [1]
    file.write_text(line.replace("at", "when") + line)
    with pytest.raises(HeadFileError, match="line 1"):
        read_heads(file)
