"""Leases: everybody has a fair share, nobody shares, and who lost one writes nothing."""

import asyncio

import asyncpg
import pytest

from sharpeyes.registry.errors import StaleLeaseError
from sharpeyes.registry.shards import SHARD_COUNT, ShardLease, ShardLeases, require_lease

TTL_S = 60.0


async def expire(pool: asyncpg.Pool, worker_id: str) -> None:
    """Let the time run out for a worker, as the database sees it."""
    for table in ("worker", "shard_lease"):
        await pool.execute(
            f"UPDATE {table} SET expires_at = now() - interval '1 second' WHERE worker_id = $1",
            worker_id,
        )


async def settle(*workers: ShardLeases) -> list[frozenset[ShardLease]]:
    """Renew until a whole round changes nothing."""
    held = [await worker.renew() for worker in workers]
    for _ in range(5):
        again = [await worker.renew() for worker in workers]
        if again == held:
            return held
        held = again
    raise AssertionError("the workers pass shards to and fro")


async def test_one_worker_takes_all(pool: asyncpg.Pool) -> None:
    worker = ShardLeases(pool, "a", TTL_S)
    held = await worker.renew()
    assert {lease.shard for lease in held} == set(range(SHARD_COUNT))
    assert {lease.epoch for lease in held} == {1}
    assert await worker.renew() == held


@pytest.mark.parametrize("count", [2, 3, 7])
async def test_shares_are_fair_and_disjoint(pool: asyncpg.Pool, count: int) -> None:
    workers = [ShardLeases(pool, f"worker-{number}", TTL_S) for number in range(count)]
    held = await settle(*workers)
    shards = [lease.shard for leases in held for lease in leases]
    assert sorted(shards) == list(range(SHARD_COUNT))
    sizes = [len(leases) for leases in held]
    assert max(sizes) - min(sizes) <= 1


async def test_workers_that_renew_at_once_never_share(pool: asyncpg.Pool) -> None:
    workers = [ShardLeases(pool, f"worker-{number}", TTL_S) for number in range(5)]
    for _ in range(4):
        await asyncio.gather(*(worker.renew() for worker in workers))
    held = await settle(*workers)
    shards = [lease.shard for leases in held for lease in leases]
    assert sorted(shards) == list(range(SHARD_COUNT))


async def test_who_arrives_is_given_room_and_the_rest_is_left_alone(pool: asyncpg.Pool) -> None:
    first = ShardLeases(pool, "first", TTL_S)
    before = await first.renew()
    assert await ShardLeases(pool, "second", TTL_S).renew() == frozenset()
    kept = await first.renew()
    assert len(kept) == SHARD_COUNT // 2
    assert kept < before
    taken = await ShardLeases(pool, "second", TTL_S).renew()
    assert {lease.shard for lease in taken} == {lease.shard for lease in before - kept}
    assert {lease.epoch for lease in taken} == {2}


async def test_a_silent_worker_is_replaced_after_its_time(pool: asyncpg.Pool) -> None:
    silent, other = ShardLeases(pool, "silent", TTL_S), ShardLeases(pool, "other", TTL_S)
    lost, _ = await settle(silent, other)
    assert len(await other.renew()) == SHARD_COUNT // 2
    await expire(pool, "silent")
    held = await other.renew()
    assert len(held) == SHARD_COUNT
    epochs = {lease.shard: lease.epoch for lease in held}
    assert all(epochs[lease.shard] == lease.epoch + 1 for lease in lost)


async def test_a_paused_worker_that_nobody_replaced_goes_on(pool: asyncpg.Pool) -> None:
    worker = ShardLeases(pool, "a", TTL_S)
    held = await worker.renew()
    await expire(pool, "a")
    assert await worker.renew() == held


async def test_release_gives_everything_back_at_once(pool: asyncpg.Pool) -> None:
    leaving, staying = ShardLeases(pool, "leaving", TTL_S), ShardLeases(pool, "staying", TTL_S)
    lost, _ = await settle(leaving, staying)
    await leaving.release_all()
    assert len(await staying.renew()) == SHARD_COUNT
    assert await pool.fetchval("SELECT count(*) FROM worker") == 1
    async with pool.acquire() as connection:
        for lease in lost:
            with pytest.raises(StaleLeaseError):
                await require_lease(connection, lease, "leaving")


async def test_a_stale_epoch_changes_nothing(pool: asyncpg.Pool) -> None:
    old, new = ShardLeases(pool, "old", TTL_S), ShardLeases(pool, "new", TTL_S)
    [stale] = [lease for lease in await old.renew() if lease.shard == 7]
    await expire(pool, "old")
    [held] = [lease for lease in await new.renew() if lease.shard == 7]
    assert held.epoch == stale.epoch + 1

    async def write(lease: ShardLease, worker_id: str) -> None:
        async with pool.acquire() as connection, connection.transaction():
            await connection.execute(
                "UPDATE division SET name_en = $1 WHERE division_code = '420102'", worker_id
            )
            await require_lease(connection, lease, worker_id)

    for lease, worker_id in ((stale, "old"), (held, "old"), (stale, "new")):
        with pytest.raises(StaleLeaseError, match=f"worker {worker_id} no longer holds shard 7"):
            await write(lease, worker_id)
    name = "SELECT name_en FROM division WHERE division_code = '420102'"
    assert await pool.fetchval(name) == "Jiang'an"
    await write(held, "new")
    assert await pool.fetchval(name) == "new"


async def test_a_shard_is_not_taken_while_its_holder_commits(pool: asyncpg.Pool) -> None:
    old, new = ShardLeases(pool, "old", TTL_S), ShardLeases(pool, "new", TTL_S)
    [lease] = [lease for lease in await old.renew() if lease.shard == 7]
    await expire(pool, "old")
    async with pool.acquire() as connection, connection.transaction():
        await require_lease(connection, lease, "old")
        taken = {lease.shard for lease in await new.renew()}
        assert taken == set(range(SHARD_COUNT)) - {7}
    assert len(await new.renew()) == SHARD_COUNT


async def test_a_holders_writes_do_not_delay_its_renewal(pool: asyncpg.Pool) -> None:
    worker = ShardLeases(pool, "a", TTL_S)
    held = await worker.renew()
    async with pool.acquire() as connection, connection.transaction():
        await require_lease(connection, next(iter(held)), "a")
        async with asyncio.timeout(10):
            assert await worker.renew() == held
