"""Registered cameras under a worker's leases, and a clock that tests set."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.registry.camera import Camera, CameraFile, Tier
from sharpeyes.registry.shards import ShardLease, ShardLeases
from sharpeyes.registry.store import CameraStore

WORKER_ID = "worker-a"

AddCamera = Callable[..., Awaitable[Camera]]


class Clock:
    """A clock that moves when it is told to."""

    def __init__(self) -> None:
        self.at = datetime(2026, 11, 21, 8, tzinfo=UTC)

    def now(self) -> datetime:
        return self.at

    def move(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def worker_id() -> str:
    return WORKER_ID


@pytest.fixture
def add_camera(pool: asyncpg.Pool) -> AddCamera:
    """Register a camera: the number is its serial, the rest overrides."""

    async def add(number: int, **changes: object) -> Camera:
        fields: dict[str, object] = {
            "device_code": f"42010200001320{number:06}",
            "name": f"解放大道 {number}",
            "tier": Tier.CITY,
            "division_code": "420102",
            "host": f"127.9.{number // 250}.{number % 250 + 1}",
            "main_stream_path": "/main",
        }
        file = CameraFile(**fields | changes)  # type: ignore[arg-type]  # the caller's to know
        return await CameraStore(pool).add(file)

    return add


@pytest_asyncio.fixture
async def leases(pool: asyncpg.Pool, worker_id: str) -> dict[int, ShardLease]:
    """All shards, held by the worker."""
    held = await ShardLeases(pool, worker_id, 600).renew()
    return {lease.shard: lease for lease in held}
