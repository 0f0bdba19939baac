"""The relay: the loop that claims due deliveries and sends them."""

import asyncio
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import aiohttp
import asyncpg
import structlog

from sharpeyes.events.attempt import Answer, post
from sharpeyes.events.breaker import Breaker
from sharpeyes.events.cloudevent import CONTENT_TYPE, body
from sharpeyes.events.endpoint_heard import Heard
from sharpeyes.events.outbox import Claim, Outbox, Target
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
        self._under_way: defaultdict[int, set[asyncio.Task[None]]] = defaultdict(set)
        self._breakers: defaultdict[int, Breaker] = defaultdict(lambda: Breaker(settings))

    async def run(self, stop: asyncio.Event) -> None:
        """Send what is due until `stop` is set; attempts under way are then ended and recorded.

        Raises:
            Exception: The database failed, or we did. Attempts under way are cancelled; what they
                did not record is sent again after the lease.
        """
        async with self._wake_ups() as wake, asyncio.TaskGroup() as group:
            while not stop.is_set():
                # Cleared before looking, so that what comes during the look is not slept over.
                wake.clear()
                await self._start_due(group, wake)
                await self._heard.write(self._clock())
                await self._rest(wake, stop)
        await self._heard.write(None)

    async def run_once(self) -> int:
        """Attempt all that is due now, as far as the limits let it, and wait for the results.

        Returns:
            How many attempts were made.
        """
        async with asyncio.TaskGroup() as group:
            started = await self._start_due(group, asyncio.Event())
        await self._heard.write(None)
        return started

    async def _start_due(self, group: asyncio.TaskGroup, ended: asyncio.Event) -> int:
        """Start attempts for what is due; `ended` is set whenever one of them is over."""
        started = 0
        for target in await self._outbox.targets(self._clock()):
            under_way = self._under_way[target.endpoint_id]
            claims = await self._claim(target, len(under_way))
            for claim in claims:
                task = group.create_task(self._attempt(claim))
                under_way.add(task)
                task.add_done_callback(under_way.discard)
                task.add_done_callback(lambda _: ended.set())
            started += len(claims)
        return started

    async def _claim(self, target: Target, under_way: int) -> list[Claim]:
        breaker = self._breakers[target.endpoint_id]
        now, lease_s = self._clock(), self._settings.lease_s
        if target.deferred_until is not None:
            breaker.forget()
            if target.deferred_until > now:
                return []
            again_at = now + timedelta(seconds=self._settings.breaker_interval_s)
            return await self._outbox.claim_trial(target, now, lease_s, again_at)
        free = breaker.posts_at_once - under_way
        return await self._outbox.claim(target, free, now, lease_s) if free > 0 else []

    async def _attempt(self, claim: Claim) -> None:
        target, event = claim.target, claim.event
        content = body(event, self._settings.source)
        started_at = self._clock()
        headers = signature_headers(target.secrets, event.event_id, started_at, content)
        headers["Content-Type"] = CONTENT_TYPE
        answer = await post(
            self._session, target.url, headers, content, self._settings.attempt_timeout_s
        )
        now = self._clock()
        verdict = self._judge(claim, answer, now)
        recorded = await self._outbox.record(claim, answer, verdict, started_at, now)
        if recorded:
            self._heard.note(target.endpoint_id, answer, now)
        await self._consider(target, answer, now)
        outcome = _outcome(verdict) if recorded else "stale"
        self._observe(
            Attempted(
                endpoint=target.name,
                outcome=outcome,
                latency_s=answer.latency_ms / 1000,
                age_s=(now - event.recorded_at).total_seconds(),
            )
        )
        if outcome != "delivered":
            log.warning(
                "event not delivered",
                outcome=outcome,
                endpoint=target.name,
                event_id=event.event_id,
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

    async def _consider(self, target: Target, answer: Answer, now: datetime) -> None:
        """Defer the endpoint when nearly all that was sent to it lately has failed."""
        if target.deferred_until is not None:
            return  # a trial: its row says when the next one is
        breaker = self._breakers[target.endpoint_id]
        if not breaker.record(answer, now):
            return
        breaker.forget()
        until = now + timedelta(seconds=self._settings.breaker_interval_s)
        if await self._outbox.defer(target, until):
            log.warning("endpoint deferred", endpoint=target.name, until=until.isoformat())

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
