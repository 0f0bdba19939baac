"""Transitions as a worker stores them."""

from collections.abc import Awaitable, Callable
from random import Random
from typing import Any

import asyncpg
import pytest

from sharpeyes.health.recording import record
from sharpeyes.health.status import Transition
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.shards import ShardLease


@pytest.fixture
def write(
    pool: asyncpg.Pool, leases: dict[int, ShardLease], worker_id: str
) -> Callable[..., Awaitable[bool]]:
    """Store a transition of a camera under the worker's lease; the rest overrides."""
    random = Random(3)

    async def write(camera: Camera, change: Transition, **overrides: Any) -> bool:
        given: dict[str, Any] = {
            "lease": leases[camera.shard],
            "worker_id": worker_id,
            "random": random,
        }
        async with pool.acquire() as connection:
            return await record(connection, camera, change, **given | overrides)

    return write
