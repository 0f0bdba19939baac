"""Who is listened to, and how many are asked at once."""

import asyncio
from datetime import UTC, datetime

import pytest

from sharpeyes.ingest.listening import FairTurns, can_be_heard
from sharpeyes.registry.camera import Camera, Life, PollMode, Tier

AT = datetime(2026, 11, 21, tzinfo=UTC)


@pytest.mark.parametrize("life", Life)
@pytest.mark.parametrize("poll_mode", PollMode)
@pytest.mark.parametrize("host", ["10.0.0.5", None])
def test_only_cameras_in_service_that_may_be_asked_directly_are_listened_to(
    life: Life, poll_mode: PollMode, host: str | None
) -> None:
    camera = Camera(
        camera_id=7,
        device_code="42010650001327000123",
        name="a",
        tier=Tier.CITY,
        division_code="420106",
        host=host,
        poll_mode=poll_mode,
        shard=1,
        revision=1,
        life=life,
        created_at=AT,
        updated_at=AT,
    )
    wanted = (life, poll_mode, host) == (Life.IN_SERVICE, PollMode.DIRECT, "10.0.0.5")
    assert can_be_heard(camera) == wanted


async def test_no_more_are_asked_at_once_than_may_be_and_the_round_stays_as_long() -> None:
    turns = FairTurns(limit=2, wait_s=30)
    turns.cameras = 8
    under_way, most, waits = 0, 0, []

    async def ask() -> None:
        nonlocal under_way, most
        async with turns.turn() as wait_s:
            under_way += 1
            most = max(most, under_way)
            waits.append(wait_s)
            await asyncio.sleep(0)
            under_way -= 1

    await asyncio.gather(*(ask() for _ in range(8)))
    assert most == 2
    # Four rounds of two.
    assert waits == [7.5] * 8


async def test_few_cameras_may_wait_for_as_long_as_is_set() -> None:
    turns = FairTurns(limit=500, wait_s=30)
    turns.cameras = 3
    async with turns.turn() as wait_s:
        assert wait_s == 30
