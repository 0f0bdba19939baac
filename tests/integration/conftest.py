"""Registered cameras under a worker's leases, devices that really answer, and the command line."""

import io
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from sharpeyes.devices.simulator.camera import (
    MAIN_STREAM_PATH,
    SNAPSHOT_PATH,
    SUB_STREAM_PATH,
    SimulatedCamera,
)
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.scene import Scene
from sharpeyes.devices.simulator.settings import FleetSettings
from sharpeyes.registry.camera import Camera, CameraFile, Life, Tier
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.shards import ShardLease, ShardLeases
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.cli import main

WORKER_ID = "worker-a"
# Only the sensor's noise moves in it; it is encoded in a moment.
EMPTY_STREET = Scene(name="empty", seed=1, loop_s=5, vehicles=())

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


@pytest_asyncio.fixture
async def fleet(own_address: IPv4Address, free_port: Callable[[], int]) -> AsyncIterator[Fleet]:
    """Ten simulated cameras on an empty street, to be registered with `add`."""
    settings = FleetSettings(
        cameras=10, first_address=own_address, rtsp_port=free_port(), http_port=free_port()
    )
    cameras = [
        SimulatedCamera(
            device_code=f"42010200001320{number:06}",
            name=str(number),
            tier=1,
            division_code="420102",
            longitude=114.3,
            latitude=30.6,
            host=str(own_address + number),
            poll_mode="direct",
            sample_source="none",
            sample_interval_s=1,
            scene="empty",
            offset_s=0,
        )
        for number in range(1, settings.cameras + 1)
    ]
    async with Fleet(settings, cameras=cameras, scenes=[EMPTY_STREET]) as fleet:
        yield fleet


@pytest.fixture
def add(add_camera: AddCamera, fleet: Fleet) -> AddCamera:
    """Register the camera of the fleet that has this number; the rest overrides."""

    async def add(number: int, **changes: object) -> Camera:
        fields: dict[str, object] = {
            "host": fleet.cameras[number - 1].host,
            "rtsp_port": fleet.settings.rtsp_port,
            "http_port": fleet.settings.http_port,
            "main_stream_path": MAIN_STREAM_PATH,
            "sub_stream_path": SUB_STREAM_PATH,
            "snapshot_path": SNAPSHOT_PATH,
        }
        return await add_camera(number, **fields | changes)

    return add


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
    capfd: pytest.CaptureFixture[str],
) -> Callable[..., Done]:
    """Run a command on the test's own database, in this process: its start is not what is shown."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHARPEYES_DATABASE_URL", database_url)
    monkeypatch.setenv("SHARPEYES_DATA_DIR", str(tmp_path / "data"))

    def run(*arguments: str | Path, stdin: bytes = b"") -> Done:
        monkeypatch.setattr(sys, "argv", ["sharpeyes", *map(str, arguments)])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin)))
        exit_code: object = 0
        try:
            main()
        except SystemExit as ended:
            exit_code = ended.code
        out, err = capfd.readouterr()
        assert "Traceback" not in err
        return Done(int(str(exit_code or 0)), out, err)

    return run
