"""Stores on a fresh database, and cameras to put into them."""

from collections.abc import Callable

import asyncpg
import pytest

from sharpeyes.detectors.zones import Zone
from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile, FiledCamera, Tier
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.editing import filed_camera
from sharpeyes.registry.store import CameraStore
from sharpeyes.registry.zoning import ZoneEdit

KEY = bytes(range(32))


@pytest.fixture
def credentials(pool: asyncpg.Pool) -> CredentialStore:
    return CredentialStore(pool, KEY)


class SignedStore(CameraStore):
    """A store whose every change is a transaction in the name of `test`."""

    async def add(self, file: CameraFile, credentials: Credentials | None = None) -> FiledCamera:
        async with self.edit("test") as edit:
            return await edit.add(file, credentials)

    async def replace(
        self,
        file: CameraFile,
        credentials: Credentials | None = None,
        *,
        revision: int | None = None,
    ) -> FiledCamera:
        async with self.edit("test") as edit:
            return await edit.replace(file, credentials, revision=revision)

    async def add_zone(self, device_code: str, zone: Zone) -> int:
        async with self.edit("test") as edit:
            return await (await ZoneEdit.of(edit.connection, device_code)).add([zone])

    async def remove_zone(self, device_code: str, name: str) -> int:
        async with self.edit("test") as edit:
            return await (await ZoneEdit.of(edit.connection, device_code)).remove(name)

    async def all(self) -> list[FiledCamera]:
        """Return all cameras in the order of their device codes."""
        rows = await self._pool.fetch("SELECT * FROM camera ORDER BY device_code")
        return [filed_camera(row) for row in rows]


@pytest.fixture
def store(pool: asyncpg.Pool, credentials: CredentialStore) -> SignedStore:
    return SignedStore(pool, credentials)


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
