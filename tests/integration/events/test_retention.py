"""What has been kept long enough is deleted, all of it, and nothing else; counts prove it."""

import random
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from sharpeyes.events.event import EventType, Evidence, NewEvent, new_event_id
from sharpeyes.events.hold import HoldError, hold_camera, hold_event, release_hold
from sharpeyes.events.payload import MotionSeen
from sharpeyes.events.proof import prove
from sharpeyes.events.retention import Retention, RetentionProof
from sharpeyes.events.retention_class import RetentionClass
from sharpeyes.events.retention_settings import RetentionSettings
from sharpeyes.events.store import EventStore, append

NOW = datetime.now(UTC)
TABLES = ("event", "event_key", "evidence", "delivery", "delivery_attempt")

MakeEvent = Callable[..., NewEvent]
Put = Callable[..., Awaitable[str]]


@pytest.fixture
def put(pool: asyncpg.Pool, make_event: MakeEvent, cameras: dict[str, int]) -> Put:
    """Store an event as if so many days ago; give its identity."""

    async def put(days: float, *, picture: bool = False, camera: int = 0, **changes: Any) -> str:
        at = NOW - timedelta(days=days)
        event = msgspec.structs.replace(
            make_event(list(cameras)[camera], type=EventType.MOTION),
            event_id=new_event_id(at, random),
            occurred_at=at,
            data=MotionSeen(
                phase="start",
                box_xyxy=(0, 0, 1, 1),
                picture_width_px=1,
                picture_height_px=1,
                started_at=at,
            ),
            evidence=Evidence.of(b"jpeg", width_px=1, height_px=1, taken_at=at)
            if picture
            else None,
            **changes,
        )
        async with pool.acquire() as connection, connection.transaction():
            assert await append(connection, event)
        return event.event_id

    return put


@pytest.fixture
def run(pool: asyncpg.Pool) -> Callable[..., Awaitable[dict[RetentionClass, RetentionProof]]]:
    async def run(days: float = 0) -> dict[RetentionClass, RetentionProof]:
        settings = RetentionSettings(pictures="40 days", motion="60 days")
        retention = Retention(pool, settings, lambda: NOW + timedelta(days=days))
        return {proof.of: proof for proof in await retention.run_once()}

    return run


Run = Callable[..., Awaitable[dict[RetentionClass, RetentionProof]]]


async def _all_delivered(pool: asyncpg.Pool) -> None:
    await pool.execute("UPDATE delivery SET state = 'delivered'")
    await pool.execute("DELETE FROM delivery_lane")
    await pool.execute(
        "INSERT INTO delivery_attempt (delivery_id, attempt, started_at, latency_ms)"
        " SELECT delivery_id, 1, now(), 1 FROM delivery"
    )


async def test_what_is_due_goes_with_all_that_hangs_on_it(
    pool: asyncpg.Pool, put: Put, run: Run, receive: Callable[..., Awaitable[Any]]
) -> None:
    await receive()
    await put(61, picture=True)
    pictureless = await put(50, picture=True)
    fresh = await put(39, picture=True)
    await _all_delivered(pool)

    proofs = await run()

    assert proofs[RetentionClass.MOTION].deleted == 1
    # Of those that go as a whole the picture went first.
    assert proofs[RetentionClass.PICTURES].deleted == 2
    left = {table: await pool.fetchval(f"SELECT count(*) FROM {table}") for table in TABLES}
    assert left == {
        "event": 2, "event_key": 2, "evidence": 1, "delivery": 2, "delivery_attempt": 2
    }  # fmt: skip
    events = EventStore(pool)
    without = await events.get(pictureless)
    assert without is not None
    assert without.evidence_id is None
    assert without.evidence_sha256
    assert await events.picture(fresh) is not None
    # Again changes nothing, and proves it.
    assert {proof.deleted for proof in (await run()).values()} == {0}


async def test_what_waits_to_be_delivered_is_not_deleted(
    pool: asyncpg.Pool, put: Put, run: Run, receive: Callable[..., Awaitable[Any]]
) -> None:
    await receive()
    await put(400)
    assert (await run())[RetentionClass.MOTION].waiting == 1
    await pool.execute("UPDATE delivery SET state = 'dead'")
    assert (await run())[RetentionClass.MOTION].deleted == 1


async def test_a_hold_keeps_an_event_or_a_cameras_time(
    pool: asyncpg.Pool, put: Put, run: Run, cameras: dict[str, int]
) -> None:
    code = next(iter(cameras))
    one, before, during = await put(99), await put(101), await put(100, picture=True)
    elsewhere = await put(100, camera=1)
    kept: dict[str, Any] = {
        "reason": "file 7",
        "by": "test",
        "expires_at": NOW + timedelta(days=30),
    }
    async with pool.acquire() as connection:
        await hold_event(connection, one, **kept)
        since, until = NOW - timedelta(days=100.5), NOW - timedelta(days=99.5)
        time = await hold_camera(connection, code, since, until, **kept)
        for failing in (
            hold_event(connection, "no-such", **kept),
            hold_camera(connection, "42010600001329999999", since, until, **kept),
            hold_camera(connection, code, until, since, **kept),
        ):
            with pytest.raises(HoldError):
                await failing

    proofs = await run()

    assert (proofs[RetentionClass.MOTION].deleted, proofs[RetentionClass.MOTION].held) == (2, 2)
    assert proofs[RetentionClass.PICTURES].held == 1
    events = EventStore(pool)
    assert [bool(await events.get(e)) for e in (one, before, during, elsewhere)] == [
        True, False, True, False,
    ]  # fmt: skip
    async with pool.acquire() as connection:
        await release_hold(connection, time.hold_id, "test")
        with pytest.raises(HoldError):
            await release_hold(connection, time.hold_id, "test")
    assert (await run())[RetentionClass.MOTION].deleted == 1
    # The other ends by itself.
    assert (await run(days=31))[RetentionClass.MOTION].deleted == 1


async def _months(pool: asyncpg.Pool) -> set[str]:
    rows = await pool.fetch(
        "SELECT inhrelid::regclass::text AS name FROM pg_inherits"
        " WHERE inhparent = 'event'::regclass"
    )
    return {row["name"] for row in rows}


async def test_months_are_made_ahead_and_dropped_when_empty(
    pool: asyncpg.Pool, put: Put, run: Run
) -> None:
    event_id = await put(0)
    month = f"event_{NOW:%Y_%m}"
    assert await pool.fetchval("SELECT tableoid::regclass::text FROM event") == month
    assert await _months(pool) >= {month, "event_other"}

    await run(days=300)
    assert await EventStore(pool).get(event_id) is None
    later = NOW + timedelta(days=300)
    assert f"event_{later:%Y_%m}" in await _months(pool)
    # The longest that anything is kept is 730 days: only then is nothing to come any more.
    assert month in await _months(pool)
    await run(days=800)
    assert month not in await _months(pool)


async def test_hostile_86_an_identity_of_a_clock_that_is_off_is_kept_and_found(
    pool: asyncpg.Pool, put: Put, run: Run
) -> None:
    ahead = await put(-4000)
    assert await pool.fetchval("SELECT tableoid::regclass::text FROM event") == "event_other"
    event = await EventStore(pool).get(ahead)
    assert event is not None
    assert abs(event.recorded_at - datetime.now(UTC)) < timedelta(hours=1)
    # The month that comes then is not made, and neither is anything lost.
    await run(days=4000)
    assert await EventStore(pool).get(ahead) is not None
    await run(days=4100)
    assert await EventStore(pool).get(ahead) is None


async def test_counts_prove_what_came_of_everything(pool: asyncpg.Pool, put: Put, run: Run) -> None:
    await put(61)
    await put(1)
    await pool.execute("INSERT INTO intake_tally VALUES (now(), 'machine', 5, 2, 2, 1)")
    await run()
    proof = await prove(pool, NOW - timedelta(hours=1), NOW + timedelta(hours=1))
    assert proof.events == {"org.sharpeyes.motion.v1": 1}
    (intake,) = proof.intake
    assert intake.received == intake.stored + intake.deduplicated + intake.refused == 5
    assert [(d.retention_class, d.deleted) for d in proof.deletions] == [("motion", 1)]
