"""One visit to a camera: the checks that are due, judged, and stored if something changed."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from zoneinfo import ZoneInfo

import structlog

from sharpeyes.detectors.quality import PictureWatch
from sharpeyes.devices.fault import FaultKind
from sharpeyes.health.context import HealthContext
from sharpeyes.health.evaluation import Reference, judge_freeze
from sharpeyes.health.judgement import CameraState, judge
from sharpeyes.health.light import light_at
from sharpeyes.health.picture import judge_quality
from sharpeyes.health.picture_store import PictureStore
from sharpeyes.health.probes import Picture, Probes
from sharpeyes.health.recording import record
from sharpeyes.health.schedule import Turn
from sharpeyes.health.status import Check, CheckResult, Transition
from sharpeyes.health.timers import Timer, Timers
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.shards import ShardLease

log = structlog.get_logger()


@dataclass(slots=True, eq=False)
class Watched:
    """One camera under watch; its record may be replaced by a later revision."""

    camera: Camera
    lease: ShardLease
    state: CameraState
    timers: Timers
    turn: Turn
    reference: Reference | None = None
    pictures: PictureWatch = field(default_factory=PictureWatch)


class Visitor:
    """Visits cameras, one visit at a time to each.

    Args:
        context: what the monitor was given.
    """

    def __init__(self, context: HealthContext) -> None:
        self._context = context
        self._probes = Probes(context)
        self._views = PictureStore(context.pool)
        self._pictures_under_way = 0

    async def visit(self, watched: Watched) -> None:
        """Make the checks that are due, and plan when they are due again.

        Raises:
            StaleLeaseError: somebody else looks after the camera now; nothing was stored.
        """
        now_s = self._context.monotonic_s()
        timers = watched.timers
        if timers.is_due(Timer.REACH, now_s) or timers.is_due(Timer.LOGIN, now_s):
            await self._ask(watched, log_in=timers.is_due(Timer.LOGIN, now_s))
        elif timers.is_due(Timer.CONNECT, now_s):
            await self._connect(watched)
        if watched.state.is_reached and timers.is_due(Timer.PICTURE, now_s):
            await self._look(watched)
        if watched.state.is_reached and timers.is_due(Timer.CLOCK, now_s):
            await self._take_in(watched, await self._probes.read_clock(watched.camera))
            self._plan(watched, Timer.CLOCK)

        if watched.state.is_reached and timers.is_due(Timer.RECORDING, now_s):
            if await self._probes.ask_recordings(watched.camera):
                self._plan(watched, Timer.RECORDING)
            else:
                # With the next check: nobody waits for it.
                timers.due_s[Timer.RECORDING] = timers.due_s[Timer.REACH]

    async def _connect(self, watched: Watched) -> None:
        """See whether the camera takes a connection; one that does not is asked in earnest."""
        fault = await self._probes.connect(watched.camera)
        if fault is not None and fault.kind is FaultKind.NETWORK:
            await self._ask(watched, log_in=False)
        else:
            self._plan(watched, Timer.CONNECT)

    async def _ask(self, watched: Watched, *, log_in: bool) -> None:
        results = await self._probes.ask_stream(watched.camera, log_in=log_in)
        timers, context = watched.timers, self._context
        if not results:
            context.metrics.put_off(Check.REACH)
            now_s = context.monotonic_s()
            put_off = (Timer.REACH, Timer.CONNECT, *((Timer.LOGIN,) if log_in else ()))
            for timer in put_off:
                timers.put_off(timer, now_s, context.settings, context.random)
            return
        await self._take_in(watched, results)
        self._plan(watched, Timer.REACH)
        if any(result.check is Check.STREAM for result in results):
            # Shown without a password, every minute: its own hour need not be counted as often.
            soon_s = context.monotonic_s() + context.settings.reach_interval_s
            if timers.is_due(Timer.LOGIN, soon_s) or watched.state.verdict(Check.STREAM).failures:
                self._plan(watched, Timer.LOGIN)
        elif log_in:
            timers.due_s[Timer.LOGIN] = timers.due_s[Timer.REACH]

    async def _look(self, watched: Watched) -> None:
        context = self._context
        if self._pictures_under_way >= context.settings.picture_limit:
            context.metrics.put_off(Check.FRAMES)
            # With the next check that is due anyway: in a city nearly all wait, and none is asked
            # only to wait again.
            watched.timers.due_s[Timer.PICTURE] = watched.timers.due_s[Timer.REACH]
            return
        self._pictures_under_way += 1
        try:
            results, picture = await self._probes.look(watched.camera)
        finally:
            self._pictures_under_way -= 1
        if any(result.check is Check.FRAMES and result.cause for result in results):
            # No picture came; is the camera still there at all? If not, that is the fault.
            await self._ask(watched, log_in=False)
            if not watched.state.is_reached:
                return
        if picture is not None:
            watched.reference, frozen = await asyncio.to_thread(
                judge_freeze,
                watched.reference,
                picture,
                context.monotonic_s(),
                context.settings.frozen_after_s,
            )
            is_live = not (frozen and frozen.cause)
            quality = await self._judge_quality(watched, picture, is_live=is_live)
            results = [*results, *(result for result in (frozen, quality) if result)]
        await self._take_in(watched, results)
        self._plan(watched, Timer.PICTURE)

    async def _judge_quality(
        self, watched: Watched, picture: Picture, *, is_live: bool
    ) -> CheckResult | None:
        """Judge a picture by what is kept of the camera, and keep what it teaches."""
        context, camera, now = self._context, watched.camera, self._context.now()
        zone = ZoneInfo(context.settings.time_zone)
        light = light_at(now, camera.longitude, camera.latitude, zone)
        try:
            known = await self._views.known(camera, light)
        except DATABASE_AWAY as error:
            _log_views_away(camera, error)
            known = None
        seen = await asyncio.to_thread(
            judge_quality,
            watched.pictures,
            picture,
            context.monotonic_s(),
            known=known,
            now=now,
            is_live=is_live,
            said=context.verdicts.said(camera.camera_id),
        )
        watched.pictures = seen.watch
        if known is not None:
            try:
                await self._views.keep(
                    camera, known, now, reference=seen.reference, last_jpeg=seen.last_jpeg
                )
            except DATABASE_AWAY as error:
                _log_views_away(camera, error)
        return seen.result

    def _plan(self, watched: Watched, timer: Timer) -> None:
        context = self._context
        watched.timers.plan(
            timer, watched.state, context.monotonic_s(), context.settings, context.random
        )

    async def _take_in(self, watched: Watched, results: Iterable[CheckResult]) -> None:
        """Judge results; what cannot be stored now is as if it had not been seen."""
        context = self._context
        for result in results:
            context.metrics.probed(result)
            state, transition = judge(watched.state, result, context.settings, context.now())
            if transition is not None and not await self._record(watched, transition):
                return
            watched.state = state

    async def _record(self, watched: Watched, transition: Transition) -> bool:
        context, camera = self._context, watched.camera
        try:
            async with context.pool.acquire() as connection:
                changed = await record(
                    connection,
                    camera,
                    transition,
                    lease=watched.lease,
                    worker_id=context.worker_id,
                    random=context.random,
                    incidents=context.settings.incidents,
                )
        except DATABASE_AWAY as error:
            log.warning(
                "transition cannot be stored, asking again",
                camera=camera.device_code,
                error=type(error).__name__,
            )
            return False
        if not changed:
            return True
        context.metrics.changed(transition)
        log.info(
            "camera changed",
            camera=camera.device_code,
            status=transition.to_status,
            cause=transition.cause,
            evidence=transition.evidence,
        )
        return True


def _log_views_away(camera: Camera, error: BaseException) -> None:
    log.warning(
        "reference picture cannot be read or kept",
        camera=camera.device_code,
        error=type(error).__name__,
    )
