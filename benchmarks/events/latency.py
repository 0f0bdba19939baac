"""From a vehicle's limit to its delivery, through the whole service and a simulated street."""

import asyncio
import json
import os
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from ipaddress import IPv4Address
from pathlib import Path
from typing import Final

import asyncpg
from aiohttp import web

from benchmarks.serving import SHARPEYES, serving
from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.simulator.camera import MAIN_STREAM_PATH, SimulatedCamera
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.settings import FleetSettings
from sharpeyes.devices.simulator.traffic import make_scene
from sharpeyes.registry.camera import CameraFile, PollMode, SampleSource, Tier
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.store import CameraStore
from sharpeyes.registry.zoning import ZoneEdit
from sharpeyes.service.keys import load_sealer
from sharpeyes.service.settings import load_settings

INTERVAL_S: Final = 1.0
"""Between two frames that are looked at: nobody can tell of a limit earlier than the next one."""
_DWELL_S: Final = 5.0
_HTTP_PORT: Final = 18_097
_FIRST: Final = IPv4Address("127.77.0.1")
_RTSP_PORT, _CAMERA_HTTP_PORT = 18_554, 18_580
# The car stops at 30 s of the scene. Until then the service starts, and learns the empty street.
_SPREAD_S = 6.0
_WAIT_S: Final = 60.0
_TYPE: Final = "org.sharpeyes.abandoned-vehicle.v1"

_SETTINGS = f"""
workers = 1
[http]
port = {_HTTP_PORT}
[events]
allow_loopback = true
"""


async def measure_latency(
    pool: asyncpg.Pool, database_url: str, folder: Path, cameras: int, scene_start_s: float
) -> list[float]:
    """Return for each camera's vehicle the ms from its limit to its arrival at the receiver.

    The limit is when the vehicle has stood as long as its zone lets it, from when the service says
    that it stopped. One that was not told of within a minute is missing, and that is an error.
    """
    environ = dict(os.environ, SHARPEYES_DATABASE_URL=database_url)
    (folder / "sharpeyes.toml").write_text(_SETTINGS)
    arrived: dict[str, float] = {}
    complete = asyncio.Event()

    async def take(request: web.Request) -> web.Response:
        now = datetime.now(UTC)
        event = json.loads(await request.read())
        if event["data"]["phase"] == "alert":
            started_at = datetime.fromisoformat(event["data"]["started_at"])
            limit = started_at + timedelta(seconds=_DWELL_S)
            arrived.setdefault(event["subject"], (now - limit).total_seconds() * 1000)
        if len(arrived) == cameras:
            complete.set()
        return web.Response()

    simulated = [_camera(number, cameras) for number in range(cameras)]
    fleet = FleetSettings(
        cameras=cameras,
        first_address=_FIRST,
        rtsp_port=_RTSP_PORT,
        http_port=_CAMERA_HTTP_PORT,
        scene_start_s=scene_start_s,
    )
    await _register(pool, folder, environ, fleet, simulated)
    async with _receiver(take) as url:
        await _command(
            *("endpoint", "add", f"latency-{os.getpid()}", url, "--type", _TYPE, "--no-handshake"),
            folder=folder,
            environ=environ,
        )
        async with (
            # First: a camera that did not answer is left alone for a while.
            Fleet(fleet, cameras=simulated, scenes=[make_scene("parked")]),
            serving("serve", database_url, folder, _HTTP_PORT, _SETTINGS),
        ):
            try:
                await asyncio.wait_for(complete.wait(), _WAIT_S)
            except TimeoutError:
                raise RuntimeError(
                    f"{cameras - len(arrived)} of {cameras} vehicles were not told of within "
                    f"{_WAIT_S:g} s: is the machine busy?"
                ) from None
    return sorted(arrived.values())


def _camera(number: int, cameras: int) -> SimulatedCamera:
    return SimulatedCamera(
        device_code=f"4201020000132{number + 1:07}",
        name=f"street {number + 1}",
        tier=1,
        division_code="420102",
        longitude=114.3,
        latitude=30.6,
        host=str(_FIRST + number),
        poll_mode="direct",
        sample_source="keyframe",
        sample_interval_s=INTERVAL_S,
        scene="parked",
        offset_s=_SPREAD_S * number / cameras,
    )


async def _register(
    pool: asyncpg.Pool,
    folder: Path,
    environ: dict[str, str],
    fleet: FleetSettings,
    simulated: Sequence[SimulatedCamera],
) -> None:
    settings = load_settings(folder / "sharpeyes.toml", environ)
    sealer = load_sealer(settings.model_copy(update={"data_dir": folder / settings.data_dir}))
    credentials = Credentials(fleet.username, fleet.password.get_secret_value())
    polygon = tuple((x, y) for x, y in make_scene("parked").no_parking)
    kerb = Zone("kerb", ZoneKind.NO_PARKING, polygon, dwell_s=_DWELL_S)
    async with CameraStore(pool, CredentialStore(pool, sealer)).edit("benchmark") as edit:
        for camera in simulated:
            file = CameraFile(
                device_code=camera.device_code,
                name=camera.name,
                tier=Tier.CITY,
                division_code=camera.division_code,
                host=camera.host,
                rtsp_port=_RTSP_PORT,
                http_port=_CAMERA_HTTP_PORT,
                main_stream_path=MAIN_STREAM_PATH,
                poll_mode=PollMode.DIRECT,
                sample_source=SampleSource.KEYFRAME,
                sample_interval_s=INTERVAL_S,
            )
            await edit.add(file, credentials)
            await (await ZoneEdit.of(edit.connection, camera.device_code)).add([kerb])


@asynccontextmanager
async def _receiver(take: object) -> AsyncIterator[str]:
    app = web.Application()
    app.router.add_post("/events", take)  # type: ignore[arg-type]  # a handler
    runner = web.AppRunner(app, access_log=None)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}/events"
    finally:
        await runner.cleanup()


async def _command(*words: str, folder: Path, environ: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        SHARPEYES, *words, cwd=folder, env=environ, stdout=asyncio.subprocess.DEVNULL
    )
    if await process.wait():
        raise RuntimeError(f"sharpeyes {words[0]} {words[1]} failed")
