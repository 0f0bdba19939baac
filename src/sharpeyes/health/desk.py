"""The desk: one worker judges what cameras have in common, for all of them.

Workers share the cameras of a group, so none of them sees it whole. What they store is seen by all:
a camera that does not answer is stored as `unreachable`, and the worker that holds the desk decides
what becomes of it. It keeps nothing in memory that would be missed: whoever takes the desk over
goes on from the same rows.
"""

from __future__ import annotations

import asyncio
import contextlib
import math
from collections import Counter
from collections.abc import AsyncIterator, Callable, Collection, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from random import Random

import asyncpg
import structlog
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.health.blaming import call_offline
from sharpeyes.health.common_cause import (
    Findings,
    Group,
    Trouble,
    find_common_causes,
    thresholds,
    worth_a_look,
)
from sharpeyes.health.common_closing import close_common
from sharpeyes.health.common_incidents import (
    CommonIncident,
    Opening,
    join_common,
    open_common,
    set_recovering,
    set_relapsed,
    sweep,
    unclosed,
)
from sharpeyes.health.desk_lease import hold_desk, leave_desk, require_desk
from sharpeyes.health.errors import StaleDeskError
from sharpeyes.health.parents import Parents
from sharpeyes.health.reminding import raise_due
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.suspects import count_channels, count_members, read_suspects
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.shards import ShardLease

log = structlog.get_logger()

_COUNT_AGAIN_S = 60.0
_REMIND_EVERY_S = 10.0
_TOLD_AT_ONCE = 50
# So many of an incident's cameras answer again by themselves where the cause is gone.
_BACK_RATIO = 0.2


@dataclass(frozen=True, slots=True, kw_only=True)
class DeskContext:
    """What the desk is given.

    Attributes:
        pool: the database.
        worker_id: who may hold the desk.
        settings: of health.
        ask_soon: asks this worker's cameras that may be back, one after the other.
        now: the time, UTC.
        monotonic_s: a steady clock, in seconds.
        random: for samples, and the identities of events.
    """

    pool: asyncpg.Pool
    worker_id: str
    settings: HealthSettings
    ask_soon: Callable[[Collection[int]], None]
    now: Callable[[], datetime]
    monotonic_s: Callable[[], float]
    random: Random


class IncidentDesk:
    """Judges common causes if this worker holds the desk; hurries its cameras where one is gone.

    Args:
        context: what it works with.
    """

    def __init__(self, context: DeskContext) -> None:
        self._context = context
        self._parents = Parents(context.pool, context.settings.common_cause, context.random)
        self._own: frozenset[int] = frozenset()
        self._hurried: dict[int, datetime | None] = {}
        self._members: Counter[Group] = Counter()
        self._counted_s = self._reminded_s = -math.inf
        self._probed_s: dict[int, float] = {}
        # Which share of a group was found silent, and when.
        self._looked: dict[Group, tuple[float, float]] = {}

    def set_cameras(self, cameras: Iterable[tuple[Camera, ShardLease]]) -> None:
        """Hurry these cameras and no others when what took them down is over."""
        self._own = frozenset(camera.camera_id for camera, _ in cameras)

    async def run(self, stop: asyncio.Event) -> None:
        """Work until `stop`, then give the desk back."""
        settings = self._context.settings.common_cause
        while not stop.is_set():
            try:
                await self.run_once()
            except StaleDeskError as error:
                log.info("the desk has changed hands", reason=str(error))
            except DATABASE_AWAY as error:
                log.warning("common causes cannot be judged", error=type(error).__name__)
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), settings.look_every_s)
        try:
            await leave_desk(self._context.pool, self._context.worker_id)
        except DATABASE_AWAY as error:
            log.warning("the desk is left to run out", error=type(error).__name__)

    async def run_once(self) -> None:
        """Look once.

        Raises:
            StaleDeskError: somebody else took the desk meanwhile; nothing of this is stored.
        """
        context = self._context
        ttl_s = context.settings.common_cause.desk_ttl_s
        epoch = await hold_desk(context.pool, context.worker_id, ttl_s)
        if epoch is not None:
            async with self._writing(epoch) as connection:
                await sweep(connection, context.now())
        incidents = await unclosed(context.pool)
        if epoch is not None:
            await self._judge(epoch, incidents)
            for incident in incidents:
                await self._tend(epoch, incident)
            await self._remind(epoch)
        await self._hurry(incidents)

    async def _judge(self, epoch: int, incidents: Collection[CommonIncident]) -> None:
        context, settings = self._context, self._context.settings
        suspects = await read_suspects(context.pool)
        if not suspects:
            return
        if len(suspects) >= settings.common_cause.least_cameras:
            await self._count()
        members = self._members | Counter(await count_channels(context.pool, suspects))
        by_group = {incident.group: incident for incident in incidents}
        await self._look(worth_a_look(suspects, members, settings.common_cause))
        findings = find_common_causes(
            suspects,
            members,
            by_group,
            context.now(),
            settings.common_cause,
            hold_s=_hold_s(settings),
            sees=await self._parents.canaries_answer(),
            silent={group: share for group, (share, _) in self._looked.items()},
        )
        for trouble in findings.troubles:
            await self._open(epoch, trouble)
        await self._join(epoch, findings, by_group)
        for start in range(0, len(findings.alone), _TOLD_AT_ONCE):
            async with self._writing(epoch) as connection:
                for camera_id in findings.alone[start : start + _TOLD_AT_ONCE]:
                    await self._call_offline(connection, camera_id)

    async def _look(self, groups: Collection[Group]) -> None:
        """See whether those answer that did so before, of groups of which some do not."""
        now_s = self._context.monotonic_s()
        again_s = self._context.settings.common_cause.probe_every_s
        self._looked = {g: seen for g, seen in self._looked.items() if now_s < seen[1] + again_s}
        shares = await self._parents.silent_shares([g for g in groups if g not in self._looked])
        self._looked |= {group: (share, now_s) for group, share in shares.items()}

    async def _count(self) -> None:
        now_s = self._context.monotonic_s()
        if now_s >= self._counted_s + _COUNT_AGAIN_S:
            self._members, self._counted_s = await count_members(self._context.pool), now_s

    async def _open(self, epoch: int, trouble: Trouble) -> None:
        context, settings = self._context, self._context.settings
        group = trouble.group
        seen = await self._parents.look(group, trouble.camera_ids)
        words = (
            f"{len(trouble.camera_ids)} of {trouble.members} cameras of {group.kind} {group.key} "
            f"stopped answering at about the same time; {seen.words}"
        )
        if group in self._looked:
            words += f"; {self._looked[group][0]:.0%} of some others do not answer any more either"
        opening = Opening(
            group=group,
            camera_ids=trouble.camera_ids,
            members=trouble.members,
            began_at=trouble.began_at,
            evidence=words,
        )
        async with self._writing(epoch) as connection:
            incident_id = await open_common(
                connection,
                opening,
                least=thresholds(group, settings.common_cause)[1],
                now=context.now(),
                settings=settings.incidents,
                random=context.random,
            )
        if incident_id is not None:
            log.warning("many cameras failed together", incident=incident_id, evidence=words)

    async def _join(
        self, epoch: int, findings: Findings, by_group: dict[Group, CommonIncident]
    ) -> None:
        for group in {group for group, _ in findings.joining}:
            joining = [camera_id for of, camera_id in findings.joining if of == group]
            async with self._writing(epoch) as connection:
                await join_common(
                    connection, by_group[group].incident_id, joining, self._context.now()
                )

    async def _call_offline(self, connection: PoolConnectionProxy, camera_id: int) -> None:
        context = self._context
        await call_offline(
            connection,
            camera_id,
            now=context.now(),
            settings=context.settings.incidents,
            random=context.random,
        )

    async def _tend(self, epoch: int, incident: CommonIncident) -> None:
        """See whether a group is back, and close its incident when that has settled."""
        context, settings = self._context, self._context.settings.common_cause
        now = context.now()
        if incident.recovering_at is None:
            await self._watch(epoch, incident)
            return
        if incident.away and now < incident.recovering_at + timedelta(seconds=settings.settle_s):
            return
        ratio, least = thresholds(incident.group, settings)
        is_down = incident.away >= max(least, ratio * incident.cameras)
        async with self._writing(epoch) as connection:
            if is_down:
                words = f"{incident.away} of {incident.cameras} cameras still do not answer"
                await set_relapsed(connection, incident.incident_id, words, now)
                return
            told = await close_common(
                connection,
                incident,
                now=now,
                settings=context.settings.incidents,
                random=context.random,
            )
        log.info("cameras are back", incident=incident.incident_id, stayed_down=len(told))

    async def _watch(self, epoch: int, incident: CommonIncident) -> None:
        context, settings = self._context, self._context.settings.common_cause
        back = incident.cameras - incident.away
        words = f"{back} of {incident.cameras} cameras answer again"
        if back < _BACK_RATIO * incident.cameras:
            now_s = context.monotonic_s()
            if now_s < self._probed_s.get(incident.incident_id, -math.inf):
                return
            self._probed_s[incident.incident_id] = now_s + settings.probe_every_s
            seen = await self._parents.look_again(incident)
            if not seen.is_back:
                return
            words = seen.words
        async with self._writing(epoch) as connection:
            await set_recovering(connection, incident.incident_id, words, context.now())

    async def _remind(self, epoch: int) -> None:
        context = self._context
        now_s = context.monotonic_s()
        if now_s < self._reminded_s + _REMIND_EVERY_S:
            return
        async with self._writing(epoch) as connection:
            looked_at = await raise_due(connection, context.now(), context.settings.incidents)
        if not looked_at:
            self._reminded_s = now_s

    async def _hurry(self, incidents: Collection[CommonIncident]) -> None:
        """Ask this worker's cameras of groups that are back."""
        for incident in incidents:
            number, since = incident.incident_id, incident.recovering_at
            if since is not None and self._hurried.get(number) != since:
                rows = await self._context.pool.fetch(
                    "SELECT camera_id FROM incident_camera"
                    " WHERE incident_id = $1 AND left_at IS NULL",
                    number,
                )
                self._context.ask_soon(
                    [r["camera_id"] for r in rows if r["camera_id"] in self._own]
                )
        self._hurried = {i.incident_id: i.recovering_at for i in incidents}
        known = self._hurried.keys()
        self._probed_s = {number: s for number, s in self._probed_s.items() if number in known}

    @asynccontextmanager
    async def _writing(self, epoch: int) -> AsyncIterator[PoolConnectionProxy]:
        """Open a transaction in which the desk is held."""
        context = self._context
        async with context.pool.acquire() as connection, connection.transaction():
            await require_desk(connection, context.worker_id, epoch)
            yield connection


def _hold_s(settings: HealthSettings) -> float:
    """Return how long a camera is waited for: until all others have been asked."""
    round_s = min(settings.reach_interval_s, settings.connect_interval_s)
    return max(settings.common_cause.hold_s, round_s)
