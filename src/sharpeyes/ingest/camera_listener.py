"""Listens to what one camera tells itself, until it is cancelled."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterable, Sequence
from datetime import timedelta

import structlog

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.onvif_events import Pulled
from sharpeyes.events.event import NewEvent
from sharpeyes.ingest.alarm_book import AlarmBook, OpenAlarm
from sharpeyes.ingest.alarm_events import event_of
from sharpeyes.ingest.camera_topics import fate_of
from sharpeyes.ingest.listening_context import ListeningContext
from sharpeyes.ingest.listening_state import ListeningState
from sharpeyes.ingest.listening_store import store_alarms, store_state
from sharpeyes.ingest.mailbox import Device, Mailbox, Turns
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.errors import StaleLeaseError
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.shards import ShardLease

log = structlog.get_logger()

_STORE_AGAIN_S = 1.0
_LATEST_EXPONENT = 30
# Some cameras never cease to tell, and some do not wait but answer at once that there is nothing.
_LEAST_BETWEEN_S = 1.0
_LEAST_BETWEEN_NOTHING_S = 5.0

_STATES = {
    FaultKind.AUTH: ListeningState.REFUSED,
    FaultKind.BUSY: ListeningState.NO_ROOM,
    FaultKind.PROTOCOL: ListeningState.UNFIT,
}
"""Of a camera that makes no subscription; all else means that it is away."""


class CameraListener:
    """Listens to one revision of one camera.

    Attributes:
        camera: to whom.
        lease: under which.

    Args:
        context: what listening was given.
        turns: shared by all cameras of a worker.
        open_device: makes what asks a camera with these credentials.
        camera: one that can be listened to.
        lease: of its shard.
        open_alarms: what it was told to be in before.
    """

    def __init__(
        self,
        context: ListeningContext,
        turns: Turns,
        open_device: Callable[[Camera, Credentials | None], Device],
        camera: Camera,
        lease: ShardLease,
        *,
        open_alarms: Iterable[OpenAlarm] = (),
    ) -> None:
        self.camera = camera
        self.lease = lease
        self._context = context
        interval = timedelta(seconds=context.settings.motion_min_interval_s)
        self._book = AlarmBook(interval, open_alarms)
        self._mailbox = Mailbox(context, turns, open_device, camera)
        self._state: ListeningState | None = None
        # What a camera has handed out it no longer has: storing it must not be cut in two.
        self._storing: asyncio.Task[None] | None = None
        self._is_closing = False

    async def run(self) -> None:
        """Listen until cancelled.

        Raises:
            StaleLeaseError: somebody else looks after the camera now.
        """
        context, settings = self._context, self._context.settings
        # The cameras of a worker that starts are spread.
        await context.sleep(context.random.random() * settings.wait_s)
        failures = 0
        while True:
            began_s = context.monotonic_s()
            try:
                state = await self.run_once()
            except StaleLeaseError:
                await self._mailbox.end()
                raise
            if context.monotonic_s() - began_s >= settings.lasting_s:
                failures = 0
            await context.sleep(self._delay_s(state, failures))
            failures += 1

    def _delay_s(self, state: ListeningState, failures: int) -> float:
        """Return how long to leave a camera alone."""
        context, settings = self._context, self._context.settings
        delay_s = settings.retry_min_s * 2.0 ** min(failures, _LATEST_EXPONENT)
        match state:
            case ListeningState.NO_ROOM:
                # At first until it has forgotten what a worker of ours left there that crashed.
                delay_s = settings.no_room_retry_s if failures else 1.5 * settings.lasting_s
            case ListeningState.UNFIT | ListeningState.REFUSED:
                delay_s = min(delay_s, settings.unfit_retry_s)
            case _:
                delay_s = min(delay_s, settings.retry_max_s)
        return delay_s * (1 + context.random.uniform(-settings.jitter_ratio, settings.jitter_ratio))

    async def run_once(self) -> ListeningState:
        """Subscribe unless that is done, and listen until something is in the way; say what."""
        if not self._mailbox.is_open:
            self._lose()
            fault = await self._mailbox.open()
            if fault is not None:
                return await self._say(_STATES.get(fault.kind, ListeningState.AWAY), fault.evidence)
        while (fault := await self._listen()) is None:
            pass
        if fault.kind is FaultKind.AUTH:
            self._mailbox.forget()
            return await self._say(ListeningState.REFUSED, fault.evidence)
        if fault.kind is FaultKind.PROTOCOL:
            # It may have restarted, and know nothing of us.
            await self._mailbox.end()
        return await self._say(ListeningState.AWAY, fault.evidence)

    async def _listen(self) -> Fault | None:
        """Take what has happened, and tell of it."""
        context = self._context
        began_s = context.monotonic_s()
        pulled = await self._mailbox.take()
        if isinstance(pulled, Fault):
            return pulled
        await self._say(ListeningState.LISTENING, "")
        if pulled.messages or pulled.unread or self._book.open:
            self._storing = asyncio.create_task(self._take_in(pulled))
            await asyncio.shield(self._storing)
        nothing_s = min(_LEAST_BETWEEN_NOTHING_S, context.settings.wait_s)
        least_s = _LEAST_BETWEEN_S if pulled.messages else nothing_s
        await context.sleep(max(0.0, began_s + least_s - context.monotonic_s()))
        return None

    async def _take_in(self, pulled: Pulled) -> None:
        """Count what was told, and store what of it is news, however long the database is away."""
        context, camera = self._context, self.camera
        for message in pulled.messages:
            context.metrics.heard(fate_of(message.topic))
            context.topics.heard(message.topic, camera.device_code)
        context.metrics.unread(pulled.unread)
        before = dict(self._book.open)
        steps = self._book.take_in(pulled.messages, context.now())
        context.verdicts.say(camera.camera_id, self._book.raised)
        if not steps and self._book.open.keys() == before.keys():
            return
        events = [event_of(camera, step, context.random) for step in steps]
        while not await self._store(events):
            if self._is_closing:
                log.warning("alarms are lost", camera=camera.device_code, events=len(events))
                return
            await context.sleep(_STORE_AGAIN_S)
        for step in steps:
            context.metrics.alarmed(step.alarm.kind, step.phase)

    async def _store(self, events: Sequence[NewEvent]) -> bool:
        context = self._context
        try:
            async with context.pool.acquire() as connection:
                await store_alarms(
                    connection,
                    self.camera,
                    events,
                    self._book.open.values(),
                    lease=self.lease,
                    worker_id=context.worker_id,
                )
        except DATABASE_AWAY as error:
            log.warning(
                "alarms cannot be stored yet",
                camera=self.camera.device_code,
                events=len(events),
                error=type(error).__name__,
            )
            return False
        return True

    async def close(self, *, is_over: bool) -> None:
        """End the subscription, after `run` has been cancelled.

        Args:
            is_over: whether we do not go on with the camera, rather than stop or begin afresh.

        Raises:
            StaleLeaseError: somebody else looks after the camera now.
        """
        self._is_closing = True
        if self._storing is not None:
            await asyncio.wait({self._storing})
            if not self._storing.cancelled():
                # Whoever waits for it is gone; `run` has raised it, or nobody can act on it.
                self._storing.exception()
        await self._mailbox.end()
        self._lose()
        if is_over:
            await self._say(ListeningState.OFF, "")

    def _lose(self) -> None:
        """Forget what only counts while the camera is listened to."""
        self._book.lose()
        self._context.verdicts.say(self.camera.camera_id, ())

    async def _say(self, state: ListeningState, evidence: str) -> ListeningState:
        """Store how it goes, when that changes; return it."""
        if self._state is state:
            return state
        context = self._context
        try:
            async with context.pool.acquire() as connection:
                await store_state(
                    connection,
                    self.camera,
                    state,
                    evidence,
                    lease=self.lease,
                    worker_id=context.worker_id,
                    now=context.now(),
                )
        except DATABASE_AWAY:
            # With the next question.
            return state
        self._state = state
        log.info("listening", camera=self.camera.device_code, state=state, evidence=evidence)
        return state
