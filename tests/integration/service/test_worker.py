"""The worker's loop, on a real database that comes and goes."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Sequence

import asyncpg
import pytest_asyncio

from sharpeyes.registry.camera import Camera, CameraFile, Tier
from sharpeyes.registry.shards import SHARD_COUNT, ShardLease, ShardLeases
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.changes import Changes
from sharpeyes.service.database import open_pool
from sharpeyes.service.worker import Worker

# Nobody waits for a renewal in these tests: what happens sooner happens for another reason.
NEVER_S = 3600.0
CODE = "42010200001320000001"


class Seen:
    """A watch that hands on which cameras it is given."""

    def __init__(self) -> None:
        self.given: asyncio.Queue[list[str]] = asyncio.Queue()

    def set_cameras(self, cameras: Sequence[tuple[Camera, ShardLease]]) -> None:
        self.given.put_nowait([camera.device_code for camera, _ in cameras])

    async def run(self, stop: asyncio.Event) -> None:
        await stop.wait()


@pytest_asyncio.fixture
async def own_pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections of the worker alone, so that they can be cut."""
    pool = await open_pool(database_url, min_size=1, max_size=2)
    yield pool
    pool.terminate()


@contextlib.asynccontextmanager
async def working(
    pool: asyncpg.Pool, changes: Changes, *, renew_every_s: float
) -> AsyncIterator[Seen]:
    seen, stop = Seen(), asyncio.Event()
    worker = Worker(
        leases=ShardLeases(pool, "worker", 60),
        cameras=CameraStore(pool),
        changes=changes,
        watches=[seen],
        renew_every_s=renew_every_s,
    )
    running = asyncio.create_task(worker.run(stop))
    try:
        async with asyncio.timeout(30):
            yield seen
    finally:
        stop.set()
        await running


async def add_camera(pool: asyncpg.Pool, code: str = CODE) -> None:
    file = CameraFile(
        device_code=code,
        name="a",
        tier=Tier.CITY,
        division_code="420102",
        host="127.0.0.1",
    )
    async with CameraStore(pool).edit("test") as edit:
        await edit.add(file)


async def test_cameras_are_handed_over_as_soon_as_their_shards_are_held(
    pool: asyncpg.Pool, own_pool: asyncpg.Pool, database_url: str
) -> None:
    await add_camera(pool)
    async with working(own_pool, Changes(database_url), renew_every_s=NEVER_S) as seen:
        assert await seen.given.get() == [CODE]


async def test_a_new_camera_is_taken_in_when_it_is_told_of(
    pool: asyncpg.Pool, own_pool: asyncpg.Pool, database_url: str
) -> None:
    changes = Changes(database_url)
    listening = asyncio.create_task(changes.run())
    async with working(own_pool, changes, renew_every_s=NEVER_S) as seen:
        assert await seen.given.get() == []
        await add_camera(pool)
        while await seen.given.get() != [CODE]:
            pass
    listening.cancel()


async def test_a_database_that_is_away_while_cameras_are_read_ends_nothing(
    pool: asyncpg.Pool, own_pool: asyncpg.Pool, database_url: str
) -> None:
    await add_camera(pool)
    # Holds up the reading of cameras, but not the renewal of leases, until it is cut off.
    async with pool.acquire() as holder:
        hold = holder.transaction()
        await hold.start()
        await holder.execute("LOCK TABLE camera IN ACCESS EXCLUSIVE MODE")
        async with working(own_pool, Changes(database_url), renew_every_s=0.05) as seen:
            cut = (
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE wait_event_type = $1"
            )
            while not await pool.fetch(cut, "Lock"):  # noqa: ASYNC110  # it is the server that waits
                await asyncio.sleep(0.01)
            await hold.rollback()
            assert await seen.given.get() == [CODE]


async def test_a_worker_whose_database_is_away_stops_without_an_error(
    pool: asyncpg.Pool, own_pool: asyncpg.Pool, database_url: str
) -> None:
    async with working(own_pool, Changes(database_url), renew_every_s=NEVER_S) as seen:
        await seen.given.get()
        own_pool.terminate()


async def test_shards_are_given_back_at_the_end(
    pool: asyncpg.Pool, own_pool: asyncpg.Pool, database_url: str
) -> None:
    held = "SELECT count(*) FROM shard_lease WHERE worker_id IS NOT NULL"
    async with working(own_pool, Changes(database_url), renew_every_s=NEVER_S) as seen:
        await seen.given.get()
        assert await pool.fetchval(held) == SHARD_COUNT
    assert await pool.fetchval(held) == 0
