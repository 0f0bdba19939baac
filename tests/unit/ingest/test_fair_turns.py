import asyncio

from sharpeyes.ingest.listening import FairTurns


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
