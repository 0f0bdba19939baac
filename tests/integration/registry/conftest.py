"""Stores on a fresh database, and cameras to put into them."""

import io
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import asyncpg
import msgspec
import pytest

from sharpeyes.detectors.zones import Zone
from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile, FiledCamera, Tier
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.editing import filed_camera
from sharpeyes.registry.store import CameraStore
from sharpeyes.registry.zoning import ZoneEdit
from sharpeyes.service.cli import main

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


@dataclass(frozen=True, slots=True)
class Done:
    exit_code: int
    out: str
    err: str

    @property
    def json(self) -> list[dict[str, object]]:
        """The objects printed, one a line; anything else on stdout is an error."""
        return [msgspec.json.decode(line) for line in self.out.splitlines()]


@pytest.fixture
def sharpeyes(
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Done]:
    """Run a command on the test's own database."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHARPEYES_DATABASE_URL", database_url)
    monkeypatch.setenv("SHARPEYES_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "argv", ["sharpeyes", *arguments])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        exit_code: object = 0
        try:
            main()
        except SystemExit as ended:
            exit_code = ended.code
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Done(int(str(exit_code or 0)), out, err)

    return run
