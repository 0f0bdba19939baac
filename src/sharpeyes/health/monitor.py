"""Watches the health of a worker's cameras."""

import asyncio
import contextlib
import math
from collections.abc import Collection, Iterable, Sequence
from functools import partial

import structlog

from sharpeyes.devices.deadline import Deadline
from sharpeyes.health.collecting import keep_what_is_there
from sharpeyes.health.context import HealthContext
from sharpeyes.health.judgement import NOT_ASKED
from sharpeyes.health.recovery import Away, returning
from sharpeyes.health.schedule import Schedule, Turn, phase_of, subnet_of
from sharpeyes.health.status import Cause, Check
from sharpeyes.health.store import StatusStore, StoredStatus
from sharpeyes.health.timers import Timer, Timers
from sharpeyes.health.visiting import Visitor, Watched
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.errors import RegistryError, StaleLeaseError
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.shards import ShardLease

log = structlog.get_logger()

_READ_AT_ONCE = 10_000
_TRY_AGAIN_S = 1.0
_MANY = 1_000
# So many are taken over at once, some 20 ms; in between, whoever is due is asked.
_TAKEN_OVER_AT_ONCE = 500
# What is due is looked for so often, and taken together: one by one it would cost as much again.
_TICK_S = 0.01
# While cameras are being asked: what has ended may make room, or be due again soon.
_LOOK_S = 0.05


class HealthMonitor:
    """Probes cameras when they are due, judges the results, stores transitions.

    One loop for all cameras; only probes that are under way are tasks.

    Args:
        context: what it works with.
    """

    def __init__(self, context: HealthContext) -> None:
        self._context = context
        self._visitor = Visitor(context)
        self._statuses = StatusStore(context.pool)
        self._schedule = Schedule(
            global_limit=context.settings.global_limit,
            subnet_limit=context.settings.subnet_limit,
            device_limit=context.settings.device_limit,
        )
        self._away = Away(context.settings, context.random)
        self._watched: dict[int, Watched] = {}
        self._wanted: dict[int, tuple[Camera, ShardLease]] | None = None
        self._visits: set[asyncio.Task[None]] = set()
        self._wake = asyncio.Event()

    def set_cameras(self, cameras: Iterable[tuple[Camera, ShardLease]]) -> None:
        """Go on with these cameras and no others; one whose record has changed is asked at once.

        Cameras that may not be polled, that are not in service, or of which no address to ask is
        known, are left out.
        """
        self._wanted = {
            camera.camera_id: (camera, lease) for camera, lease in cameras if _can_be_asked(camera)
        }
        self._wake.set()

    def ask_soon(self, camera_ids: Collection[int]) -> None:
        """Ask cameras that may be back, one after the other, however long they have been away."""
        context = self._context
        now_s = context.monotonic_s()
        self._hurry(returning(camera_ids, now_s, context.settings, context.random))

    async def run(self, stop: asyncio.Event) -> None:
        """Watch until `stop`; probes under way are then given up."""
        stopping = asyncio.create_task(self._wake_on(stop))
        try:
            while not stop.is_set():
                await self.run_once()
                await self._wait()
        finally:
            stopping.cancel()
            visits = list(self._visits)
            for visit in visits:
                visit.cancel()
            await asyncio.gather(*visits, return_exceptions=True)

    async def run_once(self) -> None:
        """Take over the wanted cameras, and start the probes that are due."""
        if self._wanted is not None:
            await self._take_over(self._wanted)
        self._start_due()

    def _start_due(self) -> None:
        now_s = self._context.monotonic_s()
        for turn, due_s in self._schedule.take(now_s):
            self._context.metrics.delayed(now_s - due_s)
            watched = self._watched[turn.camera_id]
            visit = asyncio.create_task(self._visit(watched))
            self._visits.add(visit)
            visit.add_done_callback(partial(self._visited, watched, watched.camera, turn))

    async def _take_over(self, wanted: dict[int, tuple[Camera, ShardLease]]) -> None:
        # Under another epoch the shard was somebody else's meanwhile, who may have stored more.
        kept = {
            camera_id
            for camera_id, watched in self._watched.items()
            if camera_id in wanted and wanted[camera_id][1] == watched.lease
        }
        try:
            stored = await self._read_stored([i for i in wanted if i not in kept])
            for camera_id, status in stored.items():
                await self._block_refused(wanted[camera_id][0], status)
        except DATABASE_AWAY as error:
            log.warning("health of cameras cannot be read", error=type(error).__name__)
            return
        if self._wanted is wanted:
            self._wanted = None
        left = self._watched.keys() - kept
        # A probe of it may be under way yet, so it keeps its turn.
        turns = {camera_id: self._watched[camera_id].turn for camera_id in left}
        for camera_id in left:
            self._forget(camera_id)
        settings = self._context.settings
        unknown = len(wanted) - len(kept) - len(stored)
        # Somebody may be waiting to see a new camera; many are spread as in every other minute.
        spread_s = min(
            max(settings.recheck_s[0], unknown / settings.recovery_limit_per_s),
            settings.reach_interval_s,
        )
        for number, (camera_id, (camera, lease)) in enumerate(wanted.items()):
            await self._let_others(number)
            known = self._watched.get(camera_id)
            if known is None:
                watched = self._begin(camera, lease, stored.get(camera_id), spread_s)
                turn = turns.get(camera_id)
                if turn is not None and turn.device == camera.host:
                    watched.turn = turn
                self._schedule_next(watched)
            elif known.camera.revision != camera.revision:
                self._begin_anew(known, camera)
        if len(wanted) - len(kept) >= _MANY:
            keep_what_is_there()

    async def _let_others(self, number: int) -> None:
        """Let others have their turn, after so many cameras that were taken over."""
        if number % _TAKEN_OVER_AT_ONCE == _TAKEN_OVER_AT_ONCE - 1:
            self._start_due()
            await asyncio.sleep(0)

    async def _read_stored(self, camera_ids: Sequence[int]) -> dict[int, StoredStatus]:
        stored: dict[int, StoredStatus] = {}
        for start in range(0, len(camera_ids), _READ_AT_ONCE):
            stored |= await self._statuses.get_many(camera_ids[start : start + _READ_AT_ONCE])
        return stored

    async def _block_refused(self, camera: Camera, stored: StoredStatus) -> None:
        """Send no password that was refused before, unless the record was edited since."""
        refused = stored.cause in {Cause.AUTH, Cause.AUTH_BLOCKED}
        if not refused or camera.updated_at >= stored.since:
            return
        context = self._context
        try:
            credentials = await context.credentials(camera.camera_id)
        except RegistryError:
            # It cannot be opened, so it will not be sent; the probe tells.
            return
        if credentials is not None and camera.host is not None:
            context.logins.block(camera.host, credentials, context.monotonic_s())

    def _begin(
        self, camera: Camera, lease: ShardLease, stored: StoredStatus | None, spread_s: float
    ) -> Watched:
        context = self._context
        assert camera.host is not None
        now_s = context.monotonic_s()
        timers = Timers(phase_of(camera.device_code))
        state = NOT_ASKED if stored is None else stored.to_state()
        if stored is None:
            timers.ask_all_at(now_s + timers.phase * spread_s)
        else:
            for timer in Timer:
                timers.plan(timer, state, now_s, context.settings, context.random)
        timers.ask_recordings_daily(context.now().timestamp(), now_s, context.settings)
        turn = Turn(camera.camera_id, subnet_of(camera.host), camera.host)
        watched = Watched(camera, lease, state, timers, turn)
        self._watched[camera.camera_id] = watched
        return watched

    def _begin_anew(self, watched: Watched, camera: Camera) -> None:
        """Go on with another revision of a camera's record: what is known of it stays known."""
        assert camera.host is not None
        self._context.logins.try_again(camera.host)
        watched.camera, watched.reference = camera, None
        watched.timers.ask_all_at(self._context.monotonic_s())
        turn = watched.turn
        if turn.device != camera.host:
            # A probe under way gives its place back where it has taken it.
            self._away.came(turn.camera_id, turn.subnet)
            self._schedule.remove(turn)
            watched.turn = Turn(camera.camera_id, subnet_of(camera.host), camera.host)
        self._schedule_next(watched)

    def _schedule_next(self, watched: Watched) -> None:
        verdict = watched.state.verdict(Check.REACH)
        watched.turn.is_urgent = verdict.surprising and bool(verdict.recent[-1])
        self._schedule.set(watched.turn, watched.timers.next_s(watched.state))

    def _hurry(self, moments: Iterable[tuple[int, float]]) -> None:
        """Ask cameras at these moments, if they would not be asked before."""
        for camera_id, moment_s in moments:
            watched = self._watched.get(camera_id)
            if watched is not None and moment_s < watched.turn.due_s < math.inf:
                watched.timers.due_s[Timer.REACH] = moment_s
                self._schedule_next(watched)

    def _forget(self, camera_id: int) -> None:
        turn = self._watched.pop(camera_id).turn
        self._away.came(camera_id, turn.subnet)
        self._schedule.remove(turn)

    async def _visit(self, watched: Watched) -> None:
        try:
            await self._visitor.visit(watched)
        except StaleLeaseError as error:
            camera = watched.camera
            log.info("camera has changed hands", camera=camera.device_code, reason=str(error))
            if self._watched.get(camera.camera_id) is watched:
                self._forget(camera.camera_id)

    def _visited(
        self, watched: Watched, camera: Camera, turn: Turn, visit: asyncio.Task[None]
    ) -> None:
        """Plan a camera's next visit, and keep one that failed unforeseen from harming others."""
        context = self._context
        self._visits.discard(visit)
        self._schedule.finish(turn)
        if visit.cancelled():
            return
        if error := visit.exception():
            log.error("probe failed", camera=camera.device_code, exc_info=error)
            watched.timers.ask_all_at(context.monotonic_s() + context.settings.reach_interval_s)
        if watched.camera is not camera:
            # Its record changed meanwhile, and what was asked was the old one.
            watched.timers.ask_all_at(context.monotonic_s())
        if self._watched.get(camera.camera_id) is watched:
            self._schedule_next(watched)
            self._note_presence(watched)

    def _note_presence(self, watched: Watched) -> None:
        """Ask the neighbours of a camera that is back, for they may be back, too."""
        turn, away = watched.turn, self._away
        if not watched.state.is_reached:
            away.went(turn.camera_id, turn.subnet)
        elif away.is_away(turn.camera_id, turn.subnet):
            away.came(turn.camera_id, turn.subnet)
            self._hurry(away.others(turn.subnet, self._context.monotonic_s()))

    async def _wait(self) -> None:
        """Wait until something is due, may have ended, or is wanted."""
        next_s, now_s = self._schedule.next_s(), self._context.monotonic_s()
        if self._wanted is not None:
            delay_s = _TRY_AGAIN_S
        elif not self._schedule.under_way:
            delay_s = _TRY_AGAIN_S if next_s is None else max(next_s - now_s, _TICK_S)
        else:
            delay_s = _TICK_S if next_s is None else min(max(next_s - now_s, _TICK_S), _LOOK_S)
        with contextlib.suppress(TimeoutError), Deadline(delay_s):
            await self._wake.wait()
        self._wake.clear()

    async def _wake_on(self, stop: asyncio.Event) -> None:
        await stop.wait()
        self._wake.set()


def _can_be_asked(camera: Camera) -> bool:
    return camera.is_measured and bool(camera.host) and not camera.lacks_path
