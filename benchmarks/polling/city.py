"""A database with the simulated city's cameras, all of them known to be well."""

from __future__ import annotations

import asyncio
import os
import signal
import time
from collections.abc import Mapping
from multiprocessing import get_context

import asyncpg
from asyncpg.pool import PoolConnectionProxy

from benchmarks.polling.crowd import crowd_settings
from benchmarks.polling.poller import poll
from sharpeyes.devices.simulator.city.rtsp import stream_path
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.devices.simulator.encoding import Stream
from sharpeyes.service.migrate import migrate

_COLUMNS = (
    "camera_id", "device_code", "name", "tier", "division_code", "division_path", "host",
    "rtsp_port", "http_port", "main_stream_path", "sub_stream_path", "poll_mode", "tokens",
)  # fmt: skip
_TIMEOUT_S = 600.0


def prepare(url: str, cameras: int) -> None:
    """Make the schema, and put the city's cameras in."""
    asyncio.run(_prepare(url, cameras))


def false_transitions(url: str) -> int:
    """Return how many transitions are stored: not one camera was ever unwell."""
    return asyncio.run(_count(url))


def kill_one(url: str, cameras_pid: int, *, interval_s: float) -> None:
    """Let a poller be killed in the middle of its work (SIGKILL), twice."""
    for _ in range(2):
        arguments = {"interval_s": interval_s, "warm_up_s": 0.0, "lasts_s": 60.0}
        poller = get_context("spawn").Process(
            target=poll, args=(url, cameras_pid), kwargs=arguments, daemon=True
        )
        poller.start()
        time.sleep(1.5 * interval_s)
        assert poller.pid is not None
        os.kill(poller.pid, signal.SIGKILL)
        poller.join()


async def fill(
    connection: asyncpg.Connection | PoolConnectionProxy, settings: CitySettings
) -> None:
    """Put a city's cameras into a migrated database, all of them known to be well."""
    # Neither texts to find them by nor counts are needed: this is ten times as fast.
    await connection.execute("SET session_replication_role = replica")
    divisions = await connection.fetch("SELECT division_code, path FROM division")
    paths = {row["division_code"]: row["path"] for row in divisions}
    await connection.copy_records_to_table(
        "camera", records=_rows(settings, paths), columns=_COLUMNS, timeout=_TIMEOUT_S
    )
    await connection.execute(
        "INSERT INTO camera_status (camera_id, status, since, epoch)"
        " SELECT camera_id, 'ok', now(), 0 FROM camera",
        timeout=_TIMEOUT_S,
    )


async def _prepare(url: str, cameras: int) -> None:
    await migrate(url)
    connection = await asyncpg.connect(url)
    try:
        await connection.execute("TRUNCATE camera, camera_status, camera_transition CASCADE")
        await fill(connection, crowd_settings(cameras))
        await connection.execute("VACUUM ANALYZE camera, camera_status", timeout=_TIMEOUT_S)
    finally:
        await connection.close()


def _rows(settings: CitySettings, paths: Mapping[str, str]) -> list[tuple[object, ...]]:
    layout = settings.layout
    rows: list[tuple[object, ...]] = []
    for number in range(settings.cameras):
        device, channel = layout.device_of(number), layout.channel_of(number)
        code = layout.code_of(number)
        rows.append(
            (
                number + 1,
                code,
                f"解放大道 {number}",
                layout.tier_of(number),
                code[:6],
                paths[code[:6]],
                layout.host_of(device),
                settings.rtsp_port,
                settings.http_port,
                stream_path(channel, Stream.MAIN),
                stream_path(channel, Stream.SUB),
                "direct",
                [],
            )
        )
    return rows


async def _count(url: str) -> int:
    connection = await asyncpg.connect(url)
    try:
        count: int = await connection.fetchval("SELECT count(*) FROM camera_transition")
        return count
    finally:
        await connection.close()
