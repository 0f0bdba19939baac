"""What became of attempts is written for many at once, and for each only under its lease."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Any
from uuid import uuid4

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.events.attempt import Answer
from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.event import NewEvent
from sharpeyes.events.outbox import Claim, Outbox
from sharpeyes.events.recording import Ended, Recorder
from sharpeyes.events.retry import Dead, Delivered, TryAgain
from sharpeyes.events.store import append
from sharpeyes.registry.sealing import Sealer

StoreMany = Callable[..., Awaitable[None]]
MakeEvent = Callable[..., NewEvent]


@pytest.fixture
def outbox(pool: asyncpg.Pool, sealer: Sealer) -> Outbox:
    return Outbox(pool, sealer)


@pytest_asyncio.fixture
async def claims(
    outbox: Outbox,
    endpoints: EndpointStore,
    store_many: StoreMany,
    cameras: dict[str, int],
    clock: Any,
) -> list[Claim]:
    """Of each of ten cameras the first of two, in the order of the cameras."""
    await endpoints.add("case", "http://10.0.0.1/", handshake=False)
    await store_many(tuple(cameras), 2)
    (target,) = await outbox.targets(clock())
    claims = await outbox.claim(target, 10, clock(), 60)
    return sorted(claims, key=lambda claim: claim.event.camera_id)


async def lanes(pool: asyncpg.Pool) -> dict[int, bool]:
    """Of the cameras that something waits for: whether their lanes are leased."""
    rows = await pool.fetch("SELECT camera_id, lease_token FROM delivery_lane")
    return {row["camera_id"]: row["lease_token"] is not None for row in rows}


async def test_of_many_each_has_its_own_outcome(
    pool: asyncpg.Pool, claims: list[Claim], clock: Any
) -> None:
    now, recorder = clock(), Recorder(pool)
    stranger = replace(claims[3], lease_token=uuid4())
    ended = [
        Ended(claims[0], Answer(200, head="thanks"), Delivered(), now, now),
        Ended(claims[1], Answer(503), TryAgain(600), now, now),
        Ended(claims[2], Answer(500), Dead(), now, now),
        Ended(stranger, Answer(200), Delivered(), now, now),
    ]

    assert await asyncio.gather(*map(recorder.record, ended)) == [True, True, True, False]

    rows = await pool.fetch(
        "SELECT state, attempt_count, delivered_at IS NOT NULL AS arrived, http_status, answer_head"
        " FROM delivery LEFT JOIN delivery_attempt USING (delivery_id)"
        " WHERE delivery_id = ANY ($1) ORDER BY camera_id",
        [claim.delivery_id for claim in claims[:4]],
    )
    assert [tuple(row) for row in rows] == [
        ("delivered", 1, True, 200, "thanks"),
        ("pending", 1, False, 503, ""),
        ("dead", 1, False, 500, ""),
        ("pending", 0, False, None, None),
    ]
    leased = await lanes(pool)
    assert [leased[claim.event.camera_id] for claim in claims[:4]] == [False, False, False, True]


async def test_a_lane_goes_with_its_last_delivery(
    *, pool: asyncpg.Pool, outbox: Outbox, claims: list[Claim], clock: Any
) -> None:
    recorder, now = Recorder(pool), clock()

    async def deliver(some: list[Claim]) -> None:
        ended = [Ended(claim, Answer(200), Delivered(), now, now) for claim in some]
        assert all(await asyncio.gather(*map(recorder.record, ended)))

    await deliver(claims)
    assert set((await lanes(pool)).values()) == {False}
    await deliver(await outbox.claim(claims[0].target, 10, clock(), 60))
    assert await lanes(pool) == {}


async def test_who_stores_for_cameras_in_any_order_is_not_locked_out(
    *, pool: asyncpg.Pool, claims: list[Claim], make_event: MakeEvent, clock: Any
) -> None:
    first, last = claims[0].event, claims[-1].event
    now, recorder = clock(), Recorder(pool)
    ended = [Ended(claim, Answer(200), Delivered(), now, now) for claim in claims]
    async with pool.acquire() as connection, connection.transaction():
        await append(connection, make_event(last.device_code, "one"))
        recording = asyncio.gather(*map(recorder.record, ended))
        async with asyncio.timeout(30):
            while (await lanes(pool)).get(first.camera_id):  # noqa: ASYNC110  # the database's state
                await asyncio.sleep(0.01)
        await append(connection, make_event(first.device_code, "two"))

    async with asyncio.timeout(30):
        assert await recording == [True] * len(claims)
    assert set(await lanes(pool)) == {claim.event.camera_id for claim in claims}


async def test_what_the_database_refuses_fails_all_who_wait_for_it(
    pool: asyncpg.Pool, claims: list[Claim], clock: Any
) -> None:
    now, recorder = clock(), Recorder(pool)
    wrong = Ended(claims[0], Answer(200, head="\0"), Delivered(), now, now)
    right = Ended(claims[1], Answer(200), Delivered(), now, now)

    outcomes = await asyncio.gather(
        recorder.record(wrong), recorder.record(right), return_exceptions=True
    )

    assert isinstance(outcomes[0], asyncpg.DataError)
    assert isinstance(outcomes[1], asyncio.CancelledError) or outcomes[1] is True
    assert await recorder.record(Ended(claims[2], Answer(200), Delivered(), now, now))


async def test_what_was_not_sent_can_be_had_at_once(
    *, pool: asyncpg.Pool, outbox: Outbox, claims: list[Claim], clock: Any
) -> None:
    lost = replace(claims[0], lease_token=uuid4())
    await outbox.give_back([lost, *claims[1:4]])

    again = await outbox.claim(claims[0].target, 10, clock(), 60)
    assert {claim.delivery_id for claim in again} == {claim.delivery_id for claim in claims[1:4]}
    assert {claim.attempt for claim in again} == {1}
