"""How long a camera is left alone, by what is in the way."""

from datetime import UTC, datetime
from itertools import pairwise
from random import Random
from typing import Any

import pytest

from sharpeyes.ingest.camera_listener import CameraListener
from sharpeyes.ingest.listening_context import ListeningContext
from sharpeyes.ingest.listening_settings import ListeningSettings
from sharpeyes.ingest.listening_state import ListeningState
from sharpeyes.registry.camera import Camera, Life, Tier
from sharpeyes.registry.shards import ShardLease

AT = datetime(2026, 11, 21, tzinfo=UTC)
CAMERA = Camera(
    camera_id=7,
    device_code="42010650001327000123",
    name="a",
    tier=Tier.CITY,
    division_code="420106",
    host="10.0.0.5",
    shard=1,
    revision=1,
    life=Life.IN_SERVICE,
    created_at=AT,
    updated_at=AT,
)


class EnoughError(Exception):
    """The test has seen enough."""


class Stubborn(CameraListener):
    """Meets the same every time, at once."""

    def __init__(self, state: ListeningState, settings: ListeningSettings) -> None:
        self.slept_s: list[float] = []
        self.now_s = 0.0
        nothing: Any = None
        context = ListeningContext(
            pool=nothing,
            http=nothing,
            worker_id="worker",
            settings=settings,
            devices=nothing,
            credentials=nothing,
            logins=nothing,
            verdicts=nothing,
            topics=nothing,
            metrics=nothing,
            now=lambda: AT,
            monotonic_s=lambda: self.now_s,
            sleep=self._sleep,
            random=Random(2),
        )
        super().__init__(context, nothing, nothing, CAMERA, ShardLease(1, 1))
        self._met = state

    async def _sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.now_s += seconds
        if len(self.slept_s) == 15:
            raise EnoughError

    async def run_once(self) -> ListeningState:
        return self._met


async def delays(state: ListeningState, jitter_ratio: float = 0.0) -> list[float]:
    listener = Stubborn(state, ListeningSettings(jitter_ratio=jitter_ratio))
    with pytest.raises(EnoughError):
        await listener.run()
    first, *later = listener.slept_s
    assert 0 <= first <= 30
    return later


@pytest.mark.parametrize(
    ("state", "first_s", "last_s"),
    [
        (ListeningState.AWAY, 5, 300),
        (ListeningState.REFUSED, 5, 3_600),
        (ListeningState.UNFIT, 5, 3_600),
        (ListeningState.NO_ROOM, 180, 1_800),
    ],
)
async def test_it_is_left_alone_ever_longer(
    state: ListeningState, first_s: float, last_s: float
) -> None:
    slept_s = await delays(state)
    assert (slept_s[0], slept_s[-1]) == (first_s, last_s)
    assert all(later >= sooner for sooner, later in pairwise(slept_s))


async def test_delays_vary_so_that_cameras_do_not_come_back_in_step() -> None:
    slept_s = await delays(ListeningState.NO_ROOM, jitter_ratio=0.2)
    assert len(set(slept_s)) == len(slept_s)
    assert all(0.8 * 1_800 <= one <= 1.2 * 1_800 for one in slept_s[1:])
