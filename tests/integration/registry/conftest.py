"""Stores on a fresh database, and cameras to put into them."""

from collections.abc import Callable

import asyncpg
import pytest

from sharpeyes.registry.camera import CameraFile, Tier
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.store import CameraStore

KEY = bytes(range(32))


@pytest.fixture
def credentials(pool: asyncpg.Pool) -> CredentialStore:
    return CredentialStore(pool, KEY)


@pytest.fixture
def store(pool: asyncpg.Pool, credentials: CredentialStore) -> CameraStore:
    return CameraStore(pool, credentials)


@pytest.fixture
def camera_file() -> Callable[..., CameraFile]:
    """Make a good camera file: the number is its serial, the rest overrides."""

    def make(number: int, **changes: object) -> CameraFile:
        fields: dict[str, object] = {
            "device_code": f"42010200001320{number:06}",
            "name": f"解放大道 {number}",
            "tier": Tier.CITY,
            "division_code": "420102",
            "longitude": 114.3,
            "latitude": 30.6,
            "host": f"10.0.{number // 250}.{number % 250 + 1}",
            "main_stream_path": "/main",
        }
        return CameraFile(**fields | changes)  # type: ignore[arg-type]  # the caller's to know

    return make
