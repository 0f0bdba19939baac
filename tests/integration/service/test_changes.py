"""Notices of change, also over a network that fails without a word."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from urllib.parse import urlsplit

import asyncpg

from sharpeyes.service.changes import ANYTHING, CHANNEL, Change, Changes


@contextlib.asynccontextmanager
async def listening(changes: Changes) -> AsyncIterator[asyncio.Queue[Change]]:
    running = asyncio.create_task(changes.run())
    try:
        async with asyncio.timeout(30):
            with changes.listen() as queue:
                assert await queue.get() == ANYTHING
                yield queue
    finally:
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)


async def tell(pool: asyncpg.Pool, payload: str) -> None:
    await pool.execute("SELECT pg_notify($1, $2)", CHANNEL, payload)


async def test_what_changed_is_told(pool: asyncpg.Pool, database_url: str) -> None:
    async with listening(Changes(database_url)) as queue:
        await tell(pool, '{"camera": 7}')
        assert await queue.get() == Change(camera=7)
        await tell(pool, "no JSON")
        assert await queue.get() == ANYTHING


async def test_who_falls_behind_is_told_to_read_all(pool: asyncpg.Pool, database_url: str) -> None:
    changes = Changes(database_url)
    async with listening(changes) as slow:
        with changes.listen() as quick:
            for number in range(300):
                await tell(pool, f'{{"camera": {number}}}')
                assert await quick.get() == Change(camera=number)
        waiting = [slow.get_nowait() for _ in range(slow.qsize())]
    assert ANYTHING in waiting
    assert waiting[-1] == Change(camera=299)


async def test_a_connection_that_is_cut_is_made_anew(pool: asyncpg.Pool, database_url: str) -> None:
    async with listening(Changes(database_url, retry_s=0.01)) as queue:
        await pool.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
            " WHERE application_name = 'sharpeyes changes' AND datname = current_database()"
        )
        assert await queue.get() == ANYTHING


async def test_a_network_that_falls_silent_is_noticed(
    pool: asyncpg.Pool, database_url: str
) -> None:
    """A firewall forgets a connection that is idle, and tells neither side."""
    place = urlsplit(database_url)
    silent = asyncio.Event()
    dialled = 0

    async def carry(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, own: int) -> None:
        while data := await reader.read(65_536):
            if not (own == 1 and silent.is_set()):
                writer.write(data)

    async def between(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal dialled
        dialled += 1
        own = dialled
        from_there, to_there = await asyncio.open_connection(place.hostname, place.port)
        with contextlib.closing(writer), contextlib.closing(to_there):
            ways = [
                asyncio.create_task(carry(reader, to_there, own)),
                asyncio.create_task(carry(from_there, writer, own)),
            ]
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)

    server = await asyncio.start_server(between, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    through = database_url.replace(f":{place.port}/", f":{port}/")
    changes = Changes(through, retry_s=0.01, check_every_s=0.1)
    async with listening(changes) as queue:
        silent.set()
        assert await queue.get() == ANYTHING
        await tell(pool, '{"camera": 7}')
        assert await queue.get() == Change(camera=7)
    server.close()
    await server.wait_closed()
