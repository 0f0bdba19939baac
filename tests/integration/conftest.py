"""Registered cameras under a worker's leases."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.registry.camera import Camera, CameraFile, Life, Tier
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.shards import ShardLease, ShardLeases
from sharpeyes.registry.store import CameraStore

WORKER_ID = "worker-a"

AddCamera = Callable[..., Awaitable[Camera]]


@pytest.fixture
def worker_id() -> str:
    return WORKER_ID


@pytest.fixture
def add_camera(pool: asyncpg.Pool) -> AddCamera:
    """Register a camera: the number is its serial, the rest overrides; `life` is where it goes."""

    async def add(number: int, *, life: Life = Life.IN_SERVICE, **changes: object) -> Camera:
        fields: dict[str, object] = {
            "device_code": f"42010200001320{number:06}",
            "name": f"解放大道 {number}",
            "tier": Tier.CITY,
            "division_code": "420102",
            "host": f"127.9.{number // 250}.{number % 250 + 1}",
            "main_stream_path": "/main",
        }
        file = CameraFile(**fields | changes)  # type: ignore[arg-type]  # the caller's to know
        async with CameraStore(pool).edit("test") as edit:
            camera = await edit.add(file)
            if life is not Life.IN_SERVICE:
                until = datetime.now(UTC) + timedelta(days=1) if life is Life.MAINTENANCE else None
                camera = await edit.move(camera.device_code, LifeState(life, "a test", until))
            return camera.brief

    return add


@pytest_asyncio.fixture
async def leases(pool: asyncpg.Pool, worker_id: str) -> dict[int, ShardLease]:
    """All shards, held by the worker."""
    held = await ShardLeases(pool, worker_id, 600).renew()
    return {lease.shard: lease for lease in held}
