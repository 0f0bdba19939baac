"""Samples one camera, looks at its frames, tells what was found."""

import asyncio
import math
from collections.abc import Sequence
from datetime import datetime
from functools import partial

import structlog

from sharpeyes.detectors import kept_state
from sharpeyes.detectors.errors import StateError, TimeError
from sharpeyes.detectors.picture import Frame
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.detectors.zones import Zone
from sharpeyes.devices.fault import Fault
from sharpeyes.events.event import NewEvent
from sharpeyes.ingest.context import FrameFate, IngestContext
from sharpeyes.ingest.detection import Detection
from sharpeyes.ingest.looking import Look, look
from sharpeyes.ingest.sources import FrameSources, Take
from sharpeyes.ingest.store import load_state, record
from sharpeyes.ingest.telling import events_of
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.shards import ShardLease

log = structlog.get_logger()

_STORE_AGAIN_S = 1.0
_LATEST_EXPONENT = 30


class CameraWatch:
    """Watches one revision of one camera until it is cancelled.

    Attributes:
        camera: whose frames are sampled.
        lease: under which.

    Args:
        context: what ingest was given.
        sources: where frames come from.
        detection: the threads that look at them.
        camera: one that can be sampled.
        lease: of its shard.
        state: what a detector of an earlier revision knew; None to go on from the stored one.
    """

    def __init__(
        self,
        context: IngestContext,
        sources: FrameSources,
        detection: Detection,
        camera: Camera,
        lease: ShardLease,
        *,
        state: bytes | None = None,
    ) -> None:
        self.camera = camera
        self.lease = lease
        self._context = context
        self._sources = sources
        self._detection = detection
        self._handed_on = state
        self._detector: SceneDetector | None = None
        self._zones: Sequence[Zone] = ()
        self._motion_told_s = -math.inf
        self._saved_s = context.monotonic_s()
        self._has_saved_candidates = False
        self._is_lost = False
        self._is_closing = False
        # Looking at a frame and telling what was found is one step, which a cancellation must not
        # cut in two.
        self._step: asyncio.Task[None] | None = None
        self._is_told = True

    async def run(self) -> None:
        """Watch until cancelled.

        Raises:
            StaleLeaseError: somebody else looks after the camera now.
        """
        context, settings = self._context, self._context.settings
        while not await self._prepare():  # noqa: ASYNC110  # nothing tells when it is back
            await asyncio.sleep(settings.reconnect_min_s)
        # The cameras of a worker that starts are spread over their intervals.
        await asyncio.sleep(
            context.random.random() * min(self.camera.sample_interval_s, settings.reconnect_min_s)
        )
        failures = 0
        while True:
            began_s = context.monotonic_s()
            fault = await self._watch_until_fault()
            if context.monotonic_s() - began_s >= settings.stable_after_s:
                failures = 0
            self._note_loss(fault)
            delay_s = settings.reconnect_min_s * 2.0 ** min(failures, _LATEST_EXPONENT)
            jitter = context.random.uniform(-settings.jitter_ratio, settings.jitter_ratio)
            failures += 1
            await asyncio.sleep(min(delay_s, settings.reconnect_max_s) * (1 + jitter))

    async def close(self) -> bytes | None:
        """End the step under way, after `run` has been cancelled.

        Returns:
            What a detector needs to go on; None if there is nothing. Findings that could not be
            stored are not in it as told, so that they will be told.
        """
        self._is_closing = True
        if self._step is not None:
            await asyncio.wait({self._step})
            if not self._step.cancelled():
                # Whoever waits for it is gone; `run` has raised it, or nobody can act on it.
                self._step.exception()
        if self._detector is None or not self._is_told:
            return self._handed_on
        return self._detector.dump()

    async def _prepare(self) -> bool:
        """Make the detector; False while the database is away."""
        context, camera = self._context, self.camera
        try:
            self._zones = await context.zones(camera.camera_id)
            if self._handed_on is None:
                self._handed_on = await load_state(context.pool, camera.camera_id)
        except DATABASE_AWAY as error:
            log.warning(
                "zones cannot be read yet", camera=camera.device_code, error=type(error).__name__
            )
            return False
        try:
            self._detector = self._new_detector(self._handed_on)
        except StateError as error:
            log.warning("detector begins anew", camera=camera.device_code, reason=str(error))
            self._detector = self._new_detector(None)
        return True

    def _new_detector(self, state: bytes | None) -> SceneDetector:
        return SceneDetector(self._zones, dwell_s=self._context.settings.dwell_s, state=state)

    async def _watch_until_fault(self) -> Fault:
        async with self._sources.open(self.camera) as source:
            if isinstance(source, Fault):
                return source
            return await self._sample(source)

    async def _sample(self, take: Take) -> Fault:
        """Take a frame an interval until there is none."""
        context, interval_s = self._context, self.camera.sample_interval_s
        due_s = context.monotonic_s()
        while True:
            frame = await take()
            if isinstance(frame, Fault):
                return frame
            self._note_recovery()
            self._step = asyncio.create_task(self._look(frame))
            await asyncio.shield(self._step)
            due_s += interval_s
            if missed := int(max(0.0, context.monotonic_s() - due_s) / interval_s):
                context.metrics.frames(FrameFate.LATE, missed)
                due_s += missed * interval_s
            await asyncio.sleep(max(0.0, due_s - context.monotonic_s()))

    async def _look(self, frame: Frame) -> None:
        context, detector = self._context, self._detector
        assert detector is not None
        arrived_at = context.now()
        self._is_told = False
        job = partial(
            look,
            detector,
            frame,
            arrived_at.timestamp(),
            self._zones,
            context.settings,
            motion_told_s=self._motion_told_s,
        )
        try:
            seen = await self._detection.run(job)
        except TimeError as error:
            # Our clock was set back: dwell cannot be measured across the step.
            log.warning("detector begins anew", camera=self.camera.device_code, reason=str(error))
            self._detector, self._is_told = self._new_detector(None), True
            self._motion_told_s = -math.inf
            return
        context.metrics.frames(FrameFate.CROWDED_OUT if seen is None else FrameFate.LOOKED_AT)
        if seen is None or seen.state is None:
            self._is_told = True
            await self._save_sometimes(detector)
        else:
            await self._tell(seen, seen.state, arrived_at)

    async def _tell(self, seen: Look, state: bytes, arrived_at: datetime) -> None:
        """Store what was found; wait for the database if it is away."""
        context = self._context
        events = events_of(self.camera, seen, arrived_at, context.random)
        while not await self._record(events, state):
            if self._is_closing:
                return
            await asyncio.sleep(_STORE_AGAIN_S)
        self._is_told = True
        for finding in seen.findings:
            context.metrics.found(finding)
            if finding.kind == "motion":
                self._motion_told_s = arrived_at.timestamp()

    async def _save_sometimes(self, detector: SceneDetector) -> None:
        """Save the detector's candidates, so that a crash forgets little of their dwell."""
        context = self._context
        if context.monotonic_s() - self._saved_s < context.settings.state_interval_s:
            return
        self._saved_s = context.monotonic_s()
        state = detector.dump()
        has_candidates = bool(kept_state.load(state).candidates)
        if (has_candidates or self._has_saved_candidates) and await self._record([], state):
            self._has_saved_candidates = has_candidates

    async def _record(self, events: Sequence[NewEvent], state: bytes) -> bool:
        context = self._context
        try:
            async with context.pool.acquire() as connection:
                await record(
                    connection,
                    self.camera,
                    events,
                    state,
                    lease=self.lease,
                    worker_id=context.worker_id,
                    now=context.now(),
                )
        except DATABASE_AWAY as error:
            log.warning(
                "findings cannot be stored yet",
                camera=self.camera.device_code,
                events=len(events),
                error=type(error).__name__,
            )
            return False
        self._handed_on = state
        return True

    def _note_loss(self, fault: Fault) -> None:
        self._context.metrics.frames(FrameFate.LOST)
        if not self._is_lost:
            log.warning("no frames", camera=self.camera.device_code, reason=fault.evidence)
        self._is_lost = True

    def _note_recovery(self) -> None:
        if self._is_lost:
            log.info("frames again", camera=self.camera.device_code)
        self._is_lost = False
