"""The relay: the loop that claims due deliveries and sends them."""

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import aiohttp
import asyncpg
import structlog

from sharpeyes.events.attempt import Answer, post
from sharpeyes.events.cloudevent import CONTENT_TYPE, body
from sharpeyes.events.endpoint_heard import Heard
from sharpeyes.events.line import Line
from sharpeyes.events.outbox import Claim, Outbox, Target
from sharpeyes.events.recording import Ended, Recorder
from sharpeyes.events.retry import Dead, Delivered, Gone, Random, Verdict, judge
from sharpeyes.events.sealed_secret import Sealer
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.signing import signature_headers

log = structlog.get_logger()

Outcome = Literal["delivered", "failed", "dead", "gone", "stale"]


@dataclass(frozen=True, slots=True)
class Attempted:
    """What a relay tells whoever measures it, after each attempt.

    Attributes:
        endpoint: The endpoint's name.
        outcome: What followed; stale: the result was not recorded, for the lease was lost.
        latency_s: From dialling to the end of reading the answer.
        age_s: From storing the event to the end of the attempt.
    """

    endpoint: str
    outcome: Outcome
    latency_s: float
    age_s: float


class Relay:
    """Sends due deliveries. Any number of relays can share one database.

    Args:
        pool: Connections to the database; the relay keeps one of them to listen.
        session: From `sharpeyes.events.address.open_session`.
        sealer: Opens the endpoints' secrets.
        settings: Schedule, limits and names.
        clock: Gives the time, UTC.
        random: Gives the jitter.
        observe: Is told of every attempt.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        session: aiohttp.ClientSession,
        sealer: Sealer,
        settings: EventSettings,
        clock: Callable[[], datetime],
        *,
        random: Random,
        observe: Callable[[Attempted], None] = lambda _: None,
    ) -> None:
        self._pool = pool
        self._session = session
        self._outbox = Outbox(pool, sealer)
        self._heard = Heard(pool)
        self._settings = settings
        self._clock = clock
        self._random = random
        self._observe = observe
        self._recorder = Recorder(pool)
        self._lines: dict[int, Line] = {}

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop` is set; attempts under way are then ended and recorded.

        Raises:
            Exception: The database failed, or we did. Attempts under way are cancelled; what they
                did not record is sent again after the lease.
        """
        self._forget_claims()
        async with self._wake_ups() as wake, asyncio.TaskGroup() as group:
            while not stop.is_set():
                # Cleared before looking, so that what comes during the look is not slept over.
                wake.clear()
                await self._start_due(group, wake, ahead=True)
                await self._heard.write(self._clock())
                await self._rest(wake, stop)
            for line in self._lines.values():
                line.stop_waiting()
            await self._give_back()
        await self._heard.write(None)

    async def run_once(self) -> int:
        """Attempt all that is due now, as far as the limits let it, and wait for the results.

        Returns:
            How many attempts were made.
        """
        self._forget_claims()
        async with asyncio.TaskGroup() as group:
            started = await self._start_due(group, asyncio.Event(), ahead=False)
        await self._heard.write(None)
        return started

    def _forget_claims(self) -> None:
        """Begin anew: what was under way when we failed is sent again after its lease."""
        for line in self._lines.values():
            line.forget_claims()

    async def _start_due(
        self, group: asyncio.TaskGroup, wake: asyncio.Event, *, ahead: bool
    ) -> int:
        """Claim what is due and begin with it; `wake` is set when there is room for more."""
        targets = await self._outbox.targets(self._clock())
        served = {target.endpoint_id for target in targets if target.deferred_until is None}
        for endpoint_id, line in self._lines.items():
            if endpoint_id not in served:
                line.stop_waiting()
        await self._give_back()

        def begin(line: Line) -> None:
            for claim in line.begin(self._clock()):
                group.create_task(self._attempt(claim, line, begin, wake))

        claimed = 0
        for target in targets:
            line = self._line(target)
            # Leases count from before the database is asked.
            begin_before = self._clock() + timedelta(seconds=self._settings.longest_wait_s)
            claims = await self._claim(target, line, ahead=ahead)
            line.add(claims, begin_before)
            begin(line)
            claimed += len(claims)
        return claimed

    def _line(self, target: Target) -> Line:
        if target.endpoint_id not in self._lines:
            clock_s = asyncio.get_running_loop().time
            self._lines[target.endpoint_id] = Line(self._settings, clock_s)
        return self._lines[target.endpoint_id]

    async def _claim(self, target: Target, line: Line, *, ahead: bool) -> list[Claim]:
        now, lease_s = self._clock(), self._settings.lease_s
        if target.deferred_until is not None:
            line.breaker.forget()
            if target.deferred_until > now:
                return []
            again_at = now + timedelta(seconds=self._settings.breaker_interval_s)
            return await self._outbox.claim_trial(target, now, lease_s, again_at)
        room = line.room(ahead=ahead)
        return await self._outbox.claim(target, room, now, lease_s) if room else []

    async def _give_back(self) -> None:
        """Let others have what was claimed and will not be sent."""
        unsent = [claim for line in self._lines.values() for claim in line.unsent()]
        if unsent:
            await self._outbox.give_back(unsent)

    async def _attempt(
        self, claim: Claim, line: Line, begin: Callable[[Line], None], wake: asyncio.Event
    ) -> None:
        target = claim.target
        ended = await self._post(claim)
        line.answered()
        # Before the next one is begun, of which there shall be none at an endpoint that is down.
        fails = target.deferred_until is None and line.breaker.record(ended.answer, ended.ended_at)
        line.is_being_deferred |= fails
        if fails or isinstance(ended.verdict, Gone):
            line.stop_waiting()
        begin(line)
        recorded = await self._recorder.record(ended)
        line.recorded()
        if recorded:
            self._heard.note(target.endpoint_id, ended.answer, ended.ended_at)
        if fails:
            await self._defer(target, line, ended.ended_at)
        if line.room(ahead=True):
            wake.set()
        self._tell(ended, recorded=recorded)

    async def _post(self, claim: Claim) -> Ended:
        target, event = claim.target, claim.event
        content = body(event, self._settings.source)
        started_at = self._clock()
        headers = signature_headers(target.secrets, event.event_id, started_at, content)
        headers["Content-Type"] = CONTENT_TYPE
        answer = await post(
            self._session, target.url, headers, content, self._settings.attempt_timeout_s
        )
        now = self._clock()
        return Ended(claim, answer, self._judge(claim, answer, now), started_at, now)

    def _tell(self, ended: Ended, *, recorded: bool) -> None:
        """Tell whoever measures, and the log where an event has not arrived."""
        claim, answer = ended.claim, ended.answer
        outcome = _outcome(ended.verdict) if recorded else "stale"
        self._observe(
            Attempted(
                endpoint=claim.target.name,
                outcome=outcome,
                latency_s=answer.latency_ms / 1000,
                age_s=(ended.ended_at - claim.event.recorded_at).total_seconds(),
            )
        )
        if outcome != "delivered":
            log.warning(
                "event not delivered",
                outcome=outcome,
                endpoint=claim.target.name,
                event_id=claim.event.event_id,
                attempt=claim.attempt,
                http_status=answer.http_status,
                error=answer.error,
            )

    def _judge(self, claim: Claim, answer: Answer, now: datetime) -> Verdict:
        tried = claim.attempt - claim.attempts_before
        if claim.is_trial:
            # None is given up after it; and counted with the other trials, so that the next one
            # is another camera's.
            tried = min(claim.attempt, len(self._settings.schedule_s) - 1)
        return judge(answer, tried, self._settings, self._random, now)

    async def _defer(self, target: Target, line: Line, now: datetime) -> None:
        """Leave an endpoint alone for a while: nearly all that was sent to it lately has failed."""
        line.breaker.forget()
        until = now + timedelta(seconds=self._settings.breaker_interval_s)
        if await self._outbox.defer(target, until):
            log.warning("endpoint deferred", endpoint=target.name, until=until.isoformat())
        line.is_being_deferred = False

    async def _rest(self, wake: asyncio.Event, stop: asyncio.Event) -> None:
        """Wait for a new event, a finished attempt, `stop`, or the time to look again."""
        waits = [asyncio.create_task(event.wait()) for event in (wake, stop)]
        try:
            await asyncio.wait(
                waits,
                timeout=self._settings.poll_interval_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
        finally:
            for wait in waits:
                wait.cancel()

    @asynccontextmanager
    async def _wake_ups(self) -> AsyncIterator[asyncio.Event]:
        """Give an event that is set when something was stored. It only hastens: polling finds all.

        Notices of other kinds wake the relay too; looking costs less than telling them apart.
        """
        wake = asyncio.Event()

        def on_notice(*_: object) -> None:
            wake.set()

        async with self._pool.acquire() as connection:
            await connection.add_listener("sharpeyes", on_notice)
            try:
                yield wake
            finally:
                if not connection.is_closed():
                    await connection.remove_listener("sharpeyes", on_notice)


def _outcome(verdict: Verdict) -> Outcome:
    match verdict:
        case Delivered():
            return "delivered"
        case Dead():
            return "dead"
        case Gone():
            return "gone"
        case _:
            return "failed"
