"""Samples and watches a worker's cameras."""

import asyncio
from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from functools import partial

import cv2
import structlog

from sharpeyes.ingest.camera_watch import CameraWatch
from sharpeyes.ingest.context import IngestContext
from sharpeyes.ingest.detection import Detection
from sharpeyes.ingest.sources import Sources, can_be_sampled
from sharpeyes.ingest.store import save_states
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.errors import StaleLeaseError
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.shards import ShardLease

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class _Watched:
    watch: CameraWatch
    task: asyncio.Task[None]


class Ingest:
    """Runs one watch for each camera, and saves what their detectors know when it stops.

    Args:
        context: what it works with.
    """

    def __init__(self, context: IngestContext) -> None:
        self._context = context
        settings = context.settings
        self._sources = Sources(context)
        self._detection = Detection(
            context.executor,
            threads=settings.detection_threads,
            waiting_limit=settings.waiting_limit,
        )
        self._watched: dict[int, _Watched] = {}
        self._wanted: dict[int, tuple[Camera, ShardLease]] | None = None
        self._wake = asyncio.Event()

    def set_cameras(self, cameras: Iterable[tuple[Camera, ShardLease]]) -> None:
        """Go on with these cameras and no others; one whose record has changed starts afresh.

        Cameras that are not to be sampled are left out.
        """
        self._wanted = {
            camera.camera_id: (camera, lease) for camera, lease in cameras if can_be_sampled(camera)
        }
        self._wake.set()

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop`, then save what the detectors know."""
        # Cameras are what runs side by side here; threads inside OpenCV would only get in the way.
        cv2.setNumThreads(1)
        stopping = asyncio.create_task(self._wake_on(stop))
        try:
            while not stop.is_set():
                if self._wanted is not None:
                    wanted, self._wanted = self._wanted, None
                    await self._take_over(wanted)
                await self._wake.wait()
                self._wake.clear()
        finally:
            stopping.cancel()
            await self._close(set(self._watched))

    async def _take_over(self, wanted: dict[int, tuple[Camera, ShardLease]]) -> None:
        # Under another epoch the shard was somebody else's meanwhile, who may know and have told
        # more: that watch begins anew from what is stored.
        kept = {
            camera_id
            for camera_id, watched in self._watched.items()
            if camera_id in wanted and wanted[camera_id][1] == watched.watch.lease
        }
        await self._close(self._watched.keys() - kept)
        for camera_id, (camera, lease) in wanted.items():
            known = self._watched.get(camera_id)
            if known is None:
                self._start(camera, lease)
            elif known.watch.camera.revision != camera.revision:
                (state,) = (await self._end([camera_id])).values()
                self._start(camera, lease, state)

    def _start(self, camera: Camera, lease: ShardLease, state: bytes | None = None) -> None:
        watch = CameraWatch(
            self._context, self._sources, self._detection, camera, lease, state=state
        )
        task = asyncio.create_task(watch.run())
        self._watched[camera.camera_id] = _Watched(watch, task)
        task.add_done_callback(partial(self._ended, camera))

    def _ended(self, camera: Camera, task: asyncio.Task[None]) -> None:
        """Drop a watch that failed, so that it harms no other.

        It starts again from its stored state when the cameras are set next, which a worker does
        once a minute.
        """
        error = None if task.cancelled() else task.exception()
        if error is None:
            return
        current = self._watched.get(camera.camera_id)
        if current is not None and current.task is task:
            del self._watched[camera.camera_id]
        if isinstance(error, StaleLeaseError):
            log.info("camera has changed hands", camera=camera.device_code, reason=str(error))
        else:
            log.error("watch of a camera failed", camera=camera.device_code, exc_info=error)

    async def _end(self, camera_ids: Collection[int]) -> dict[_Watched, bytes | None]:
        """End watches and return what their detectors know."""
        ending = [self._watched.pop(camera_id) for camera_id in camera_ids]
        for watched in ending:
            watched.task.cancel()
        await asyncio.gather(*(watched.task for watched in ending), return_exceptions=True)
        return {watched: await watched.watch.close() for watched in ending}

    async def _close(self, camera_ids: Collection[int]) -> None:
        """End watches and save what their detectors know."""
        by_lease: dict[ShardLease, list[tuple[int, bytes]]] = defaultdict(list)
        for watched, state in (await self._end(camera_ids)).items():
            if state is not None:
                by_lease[watched.watch.lease].append((watched.watch.camera.camera_id, state))
        for lease, states in by_lease.items():
            await self._save(lease, states)

    async def _save(self, lease: ShardLease, states: Sequence[tuple[int, bytes]]) -> None:
        context = self._context
        try:
            async with context.pool.acquire() as connection:
                await save_states(
                    connection, states, lease=lease, worker_id=context.worker_id, now=context.now()
                )
        except StaleLeaseError as error:
            log.info("states of detectors are not saved", reason=str(error))
        except DATABASE_AWAY as error:
            log.warning("states of detectors are not saved", error=type(error).__name__)

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()
