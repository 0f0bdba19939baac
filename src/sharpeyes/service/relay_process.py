"""The process that delivers events, wired from the settings and a database address alone."""

from __future__ import annotations

import asyncio
import random
from datetime import UTC, datetime

import structlog

from sharpeyes.events.address import open_session
from sharpeyes.events.relay import Attempted, Relay
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.store import CameraStore
from sharpeyes.service import metrics
from sharpeyes.service.availability import keep_availability
from sharpeyes.service.case_lights import keep_case_lights
from sharpeyes.service.database import open_pool
from sharpeyes.service.keys import load_sealer
from sharpeyes.service.maintenance import end_maintenance
from sharpeyes.service.own_ports import own_ports
from sharpeyes.service.retention import keep_retention
from sharpeyes.service.settings import Settings

log = structlog.get_logger()

_TRY_AGAIN_S = 1.0


async def run_relay(settings: Settings, database_url: str, stop: asyncio.Event) -> None:
    """Deliver events until `stop`, and do what is due by the clock: lights, sums, deletions."""
    sealer = load_sealer(settings)
    async with (
        await open_pool(
            database_url, min_size=2, max_size=10, application_name="sharpeyes relay"
        ) as pool,
        open_session(settings.events, own_ports(settings, database_url)) as session,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(end_maintenance(CameraStore(pool), stop))
        tasks.create_task(keep_availability(pool, settings.health, stop, now=_now))
        tasks.create_task(keep_retention(pool, settings.events.retention, stop, now=_now))
        tasks.create_task(keep_case_lights(pool, settings.events.case_limits, stop, now=_now))
        relay = Relay(
            pool,
            session,
            sealer,
            settings.events,
            _now,
            random=random.SystemRandom(),
            observe=_count_attempt,
        )
        log.info("delivering")
        while not stop.is_set():
            try:
                await relay.run(stop)
            except* DATABASE_AWAY as group:
                # What was under way is sent again once its lease has ended.
                log.warning("the database is away", error=type(group.exceptions[0]).__name__)
                await asyncio.sleep(_TRY_AGAIN_S)


def _count_attempt(attempted: Attempted) -> None:
    metrics.ATTEMPTS.labels(attempted.outcome).inc()
    metrics.ATTEMPT_SECONDS.observe(attempted.latency_s)


def _now() -> datetime:
    return datetime.now(UTC)
