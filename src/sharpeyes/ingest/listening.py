"""Listens to what a worker's cameras tell themselves."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial

import structlog

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.onvif_events import EventClient
from sharpeyes.ingest.camera_listener import CameraListener
from sharpeyes.ingest.listening_context import ListeningContext
from sharpeyes.ingest.listening_state import ListeningState, why_unheard
from sharpeyes.ingest.listening_store import KnownListening, read_known, store_state
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.errors import StaleLeaseError
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.shards import ShardLease

log = structlog.get_logger()

# Below the time that a worker is given to stop.
_ENDING_S = 5.0
_COUNTS_EVERY_S = 60.0


def can_be_heard(camera: Camera) -> bool:
    """Say whether a camera's record allows listening to it now."""
    return camera.is_measured and why_unheard(camera) is None


class FairTurns:
    """Bounds how many cameras are asked at once; of more than that each may wait for less long."""

    def __init__(self, *, limit: int, wait_s: float) -> None:
        self._limit = limit
        self._wait_s = wait_s
        self._free = asyncio.Semaphore(limit)
        self.cameras = 0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Wait for a turn; gives for how long the camera may wait in it."""
        async with self._free:
            yield max(1.0, self._wait_s * min(1.0, self._limit / max(1, self.cameras)))


@dataclass(slots=True, eq=False)
class _Heard:
    listener: CameraListener
    task: asyncio.Task[None]


class Listening:
    """Runs one listener for each camera that is to be heard.

    Args:
        context: what it works with.
    """

    def __init__(self, context: ListeningContext) -> None:
        self._context = context
        settings = context.settings
        self._turns = FairTurns(limit=settings.pull_limit, wait_s=settings.wait_s)
        self._heard: dict[int, _Heard] = {}
        self._wanted: dict[int, tuple[Camera, ShardLease]] | None = None
        self._wake = asyncio.Event()
        self._told_sharing: set[int] = set()

    def set_cameras(self, cameras: Iterable[tuple[Camera, ShardLease]]) -> None:
        """Go on with those of these cameras that are to be heard; a changed one starts afresh."""
        self._wanted = {
            camera.camera_id: (camera, lease) for camera, lease in cameras if can_be_heard(camera)
        }
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Listen until `stop`, then end all subscriptions."""
        stopping = asyncio.create_task(self._wake_on(stop))
        counting = asyncio.create_task(self._write_counts())
        try:
            while not stop.is_set():
                await self.run_once()
                await self._wake.wait()
                self._wake.clear()
                if counting.done():
                    counting.result()
        finally:
            stopping.cancel()
            counting.cancel()
            await self._end(set(self._heard), over=())
            await self._write_topics()

    async def run_once(self) -> None:
        """Take over the wanted cameras, if there are other ones."""
        if self._wanted is None:
            return
        wanted, self._wanted = self._wanted, None
        try:
            known = await read_known(self._context.pool, list(wanted))
            await self._take_over(wanted, known)
        except DATABASE_AWAY as error:
            # The worker sets them again within a minute.
            log.warning("who is to be heard cannot be read", error=type(error).__name__)

    async def _take_over(
        self, wanted: dict[int, tuple[Camera, ShardLease]], known: dict[int, KnownListening]
    ) -> None:
        heard = {
            camera_id: (camera, lease)
            for camera_id, (camera, lease) in wanted.items()
            if self._is_to_be_heard(camera, known.get(camera_id))
        }
        for camera_id in await self._sharing(wanted, heard):
            del heard[camera_id]
        kept = {
            camera_id
            for camera_id, now in self._heard.items()
            if camera_id in heard
            and heard[camera_id][1] == now.listener.lease
            and heard[camera_id][0].revision == now.listener.camera.revision
        }
        leaving = self._heard.keys() - kept
        await self._end(leaving, over=leaving - heard.keys())
        self._turns.cameras = len(heard)
        for camera_id, (camera, lease) in heard.items():
            if camera_id not in self._heard:
                self._start(camera, lease, known.get(camera_id) or KnownListening())

    async def _sharing(
        self,
        wanted: dict[int, tuple[Camera, ShardLease]],
        heard: dict[int, tuple[Camera, ShardLease]],
    ) -> set[int]:
        """Return those that share an address: nobody can say of which of them it tells."""
        addresses = Counter((camera.host, camera.http_port) for camera, _ in wanted.values())
        sharing = {
            camera_id: (camera, lease)
            for camera_id, (camera, lease) in heard.items()
            if addresses[camera.host, camera.http_port] > 1
        }
        context = self._context
        for camera_id, (camera, lease) in sharing.items():
            if camera_id in self._told_sharing:
                continue
            count = addresses[camera.host, camera.http_port]
            words = f"{count} cameras are registered at its address: of which it tells is not known"
            try:
                async with context.pool.acquire() as connection:
                    await store_state(
                        connection,
                        camera,
                        ListeningState.UNFIT,
                        words,
                        lease=lease,
                        worker_id=context.worker_id,
                        now=context.now(),
                    )
            except StaleLeaseError as error:
                log.info("camera has changed hands", camera=camera.device_code, reason=str(error))
        self._told_sharing = set(sharing)
        return self._told_sharing

    def _is_to_be_heard(self, camera: Camera, known: KnownListening | None) -> bool:
        if known is not None and known.wanted is not None:
            return known.wanted
        return camera.tier.word in self._context.settings.tiers

    def _start(self, camera: Camera, lease: ShardLease, known: KnownListening) -> None:
        listener = CameraListener(
            self._context,
            self._turns,
            self._open_device,
            camera,
            lease,
            open_alarms=known.open_alarms,
        )
        task = asyncio.create_task(listener.run())
        self._heard[camera.camera_id] = _Heard(listener, task)
        task.add_done_callback(partial(self._ended, camera))

    def _open_device(self, camera: Camera, credentials: Credentials | None) -> EventClient:
        assert camera.host is not None
        context = self._context
        return EventClient(
            context.http,
            camera.host,
            camera.http_port,
            credentials,
            timeout_s=context.devices.http_timeout_s,
            now=context.now,
            limits=context.devices.http,
        )

    def _ended(self, camera: Camera, task: asyncio.Task[None]) -> None:
        """Drop a listener that failed, so that it harms no other.

        It starts again when the cameras are set next, which a worker does once a minute.
        """
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        self._context.verdicts.say(camera.camera_id, ())
        current = self._heard.get(camera.camera_id)
        if current is not None and current.task is task:
            del self._heard[camera.camera_id]
        if isinstance(error, StaleLeaseError):
            log.info("camera has changed hands", camera=camera.device_code, reason=str(error))
        else:
            log.error("listening to a camera failed", camera=camera.device_code, exc_info=error)

    async def _end(self, camera_ids: Collection[int], *, over: Collection[int]) -> None:
        """End listeners and their subscriptions.

        Args:
            camera_ids: whose.
            over: those with which we do not go on.
        """
        ending = [(camera_id, self._heard.pop(camera_id)) for camera_id in camera_ids]
        if not ending:
            return
        for _, heard in ending:
            heard.task.cancel()
        await asyncio.gather(*(heard.task for _, heard in ending), return_exceptions=True)
        closings = {
            asyncio.create_task(heard.listener.close(is_over=camera_id in over))
            for camera_id, heard in ending
        }
        done, late = await asyncio.wait(closings, timeout=_ENDING_S)
        for closing in late:
            closing.cancel()
        if late:
            log.warning("subscriptions are left to end by themselves", cameras=len(late))
        for closing in done:
            error = closing.exception()
            if isinstance(error, StaleLeaseError):
                log.info("camera has changed hands", reason=str(error))
            elif error is not None:
                log.error("listening to a camera did not end well", exc_info=error)

    async def _write_counts(self) -> None:
        while True:
            await self._context.sleep(_COUNTS_EVERY_S)
            await self._write_topics()

    async def _write_topics(self) -> None:
        try:
            await self._context.topics.write(self._context.pool)
        except DATABASE_AWAY as error:
            log.warning("topics cannot be counted yet", error=type(error).__name__)

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()
