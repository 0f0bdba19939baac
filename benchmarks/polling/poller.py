"""The health monitor as a worker runs it, in a process of its own, with what it counts kept."""

from __future__ import annotations

import asyncio
import os
import random
import time
from array import array
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import uvloop

from benchmarks.polling.crowd import cpu_s
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.health.context import HealthContext
from sharpeyes.health.logins import LoginGuard
from sharpeyes.health.monitor import HealthMonitor
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Check, CheckResult, Transition
from sharpeyes.health.trend_store import Trends
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.shards import ShardLeases
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.database import open_pool
from sharpeyes.service.garbage import collect_seldom
from sharpeyes.service.logs import configure_logging
from sharpeyes.service.metrics import HealthCounts
from sharpeyes.service.settings import LogSettings

_KEY = bytes(32)
_LEASE_S = 3600.0
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_WEEK_S = 604_800


@dataclass(frozen=True, slots=True)
class Polled:
    """What a poller did.

    Attributes:
        checks: RTSP checks that ended while it was measured.
        took_s: for how long it was measured.
        cpu_s: processor time meanwhile.
        others_cpu_s: of the cameras, meanwhile.
        delays_s: how late each visit began.
        bytes_per_camera: memory that came with the cameras and their state, divided by them.
        transitions: that were told.
        put_off: checks that could not be made when they were due.
    """

    checks: int
    took_s: float
    cpu_s: float
    others_cpu_s: float
    delays_s: array[float]
    bytes_per_camera: float
    transitions: int
    put_off: int


class _Noted(HealthCounts):
    """Counts as the service does, and for the benchmark."""

    def __init__(self) -> None:
        super().__init__()
        self.reset()

    def reset(self) -> None:
        """Begin anew."""
        self.checks = self.transitions = self.waited = 0
        self.delays_s = array("f")

    def probed(self, result: CheckResult) -> None:
        """Count a result."""
        super().probed(result)
        self.checks += result.check is Check.REACH

    def delayed(self, delay_s: float) -> None:
        """Keep how late a visit began."""
        super().delayed(delay_s)
        self.delays_s.append(delay_s)

    def put_off(self, check: Check) -> None:
        """Count a check that had to wait."""
        super().put_off(check)
        self.waited += 1

    def changed(self, transition: Transition) -> None:
        """Count a transition."""
        super().changed(transition)
        self.transitions += 1


def poll(
    url: str,
    cameras_pid: int,
    *,
    interval_s: float,
    warm_up_s: float,
    lasts_s: float,
    **limits: int | tuple[float, ...],
) -> Polled:
    """Ask all cameras of a database, and measure once it runs regularly.

    Pictures are left out: a quarter of a million every five minutes are not a worker's, and what is
    measured is the asking. All else is as in the service, clocks once an hour with it.

    Args:
        url: the database.
        cameras_pid: the process that answers.
        interval_s: between checks of one camera.
        warm_up_s: before it is measured.
        lasts_s: for how long it is.
        **limits: settings of health that are not the usual ones.
    """
    configure_logging(LogSettings(level="warning", format="console"))
    collect_seldom()
    settings = HealthSettings.model_validate(
        {"reach_interval_s": interval_s, "picture_interval_s": _WEEK_S, **limits}
    )
    return uvloop.run(_poll(url, cameras_pid, settings, warm_up_s, lasts_s))


async def _poll(
    url: str, cameras_pid: int, settings: HealthSettings, warm_up_s: float, lasts_s: float
) -> Polled:
    noted = _Noted()
    async with await open_pool(url, min_size=1, max_size=4) as pool, open_device_session() as http:
        leases = {
            lease.shard: lease for lease in await ShardLeases(pool, "benchmark", _LEASE_S).renew()
        }
        trends = Trends(_now)
        monitor = HealthMonitor(
            HealthContext(
                pool=pool,
                http=http,
                worker_id="benchmark",
                settings=settings,
                devices=DeviceSettings(),
                credentials=CredentialStore(pool, _KEY).get,
                logins=LoginGuard(
                    refusals_to_block=settings.refusals_to_block, block_s=settings.login_block_s
                ),
                metrics=noted,
                now=_now,
                monotonic_s=time.monotonic,
                random=random.Random(),
                trends=trends,
            )
        )
        before_bytes = _resident_bytes()
        cameras = await CameraStore(pool).measured_in_shards(sorted(leases))
        count = len(cameras)
        monitor.set_cameras((camera, leases[camera.shard]) for camera in cameras.values())
        del cameras
        stop = asyncio.Event()
        writing = asyncio.create_task(trends.run(pool, stop))
        running = asyncio.create_task(monitor.run(stop))
        await asyncio.sleep(warm_up_s)
        noted.reset()
        began_s, began_cpu_s, began_others_s = (
            time.monotonic(),
            time.process_time(),
            cpu_s(cameras_pid),
        )
        await asyncio.sleep(lasts_s)
        took_s, took_cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
        checks, delays_s = noted.checks, noted.delays_s[:]
        stop.set()
        await asyncio.gather(running, writing)
        # Only now, for they are read from files, and probes may hold all that there may be.
        return Polled(
            checks=checks,
            took_s=took_s,
            cpu_s=took_cpu_s,
            others_cpu_s=cpu_s(cameras_pid) - began_others_s,
            delays_s=delays_s,
            bytes_per_camera=(_resident_bytes() - before_bytes) / count,
            transitions=noted.transitions,
            put_off=noted.waited,
        )


def _now() -> datetime:
    return datetime.now(UTC)


def _resident_bytes() -> int:
    return int(Path("/proc/self/statm").read_text(encoding="ascii").split()[1]) * _PAGE_BYTES
