"""A worker: probes, samples and detects for the cameras whose shards it holds.

It is given a database address and nothing else: shards, cameras and their status all come from
there, so that a process, a container or an actor on another machine is the same worker.
"""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import Sequence
from typing import Protocol

import structlog

from sharpeyes.registry.camera import Camera
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.shards import ShardLease, ShardLeases
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.changes import Change, Changes

log = structlog.get_logger()

# A notice of change can be lost; this often the cameras are read again whatever was heard.
_READ_AGAIN_S = 60.0
# An import changes thousands of cameras in a row: they are read at most so often.
_SETTLE_S = 0.5


class Watch(Protocol):
    """What a worker does with its cameras: `health.HealthMonitor` and `ingest.Ingest`."""

    def set_cameras(self, cameras: Sequence[tuple[Camera, ShardLease]]) -> None:
        """Go on with these cameras and no others; one whose record has changed starts afresh."""

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop`."""


def new_worker_id() -> str:
    """Return a name that no other worker has, and that tells an operator where it runs."""
    return f"{socket.gethostname()}-{secrets.token_hex(4)}"


class Worker:
    """Holds a fair share of the shards, and hands their cameras to its watches."""

    def __init__(
        self,
        *,
        leases: ShardLeases,
        cameras: CameraStore,
        changes: Changes,
        watches: Sequence[Watch],
        renew_every_s: float,
    ) -> None:
        self._leases = leases
        self._cameras = cameras
        self._changes = changes
        self._watches = watches
        self._renew_every_s = renew_every_s
        self._held: frozenset[ShardLease] = frozenset()
        self._known: dict[int, Camera] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then give the shards back, so that others need not wait for them."""
        try:
            async with asyncio.TaskGroup() as group:
                for watch in self._watches:
                    group.create_task(watch.run(stop))
                with self._changes.listen() as changes:
                    await self._hold_shards(changes, stop)
        finally:
            await self._release()

    async def _hold_shards(self, changes: asyncio.Queue[Change], stop: asyncio.Event) -> None:
        clock_s = asyncio.get_running_loop().time
        read_again_s = clock_s()
        while not stop.is_set():
            held = await self._renewed()
            if (held != self._held or clock_s() >= read_again_s) and await self._read_cameras(held):
                self._held, read_again_s = held, clock_s() + _READ_AGAIN_S
            if await _camera_changed(changes, stop, within_s=self._renew_every_s):
                read_again_s = clock_s()

    async def _renewed(self) -> frozenset[ShardLease]:
        try:
            return await self._leases.renew()
        except DATABASE_AWAY as error:
            # We go on: whoever takes a shard over raises its epoch, and every write asks for that.
            log.warning("leases cannot be renewed", error=type(error).__name__)
            return self._held

    async def _release(self) -> None:
        try:
            await self._leases.release_all()
        except DATABASE_AWAY as error:
            log.warning("leases are left to run out", error=type(error).__name__)

    async def _read_cameras(self, held: frozenset[ShardLease]) -> bool:
        """Hand the cameras of these shards to the watches; False: the database is away."""
        leases = {lease.shard: lease for lease in held}
        try:
            cameras = await self._cameras.measured_in_shards(sorted(leases), self._known)
        except DATABASE_AWAY as error:
            log.warning("cameras cannot be read", error=type(error).__name__)
            return False
        self._known = cameras
        log.info("watching", shards=len(leases), cameras=len(cameras))
        for watch in self._watches:
            watch.set_cameras([(camera, leases[camera.shard]) for camera in cameras.values()])
        return True


async def _camera_changed(
    changes: asyncio.Queue[Change], stop: asyncio.Event, *, within_s: float
) -> bool:
    """Wait until a camera's record changes, at most so long; return whether one did."""
    waits = [asyncio.create_task(stop.wait()), asyncio.create_task(_next_camera(changes))]
    try:
        await asyncio.wait(waits, timeout=within_s, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for wait in waits:
            wait.cancel()
    changed = waits[1].done() and not waits[1].cancelled()
    if changed and not stop.is_set():
        await asyncio.sleep(_SETTLE_S)
        while not changes.empty():
            changes.get_nowait()
    return changed


async def _next_camera(changes: asyncio.Queue[Change]) -> None:
    while True:
        change = await changes.get()
        if change.camera is not None or change.unspecific:
            return
