"""The process that looks at cameras, wired from the settings and a database address alone."""

from __future__ import annotations

import asyncio
import random
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime

import aiohttp
import asyncpg
import structlog

from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.health.context import HealthContext
from sharpeyes.health.desk import DeskContext, IncidentDesk
from sharpeyes.health.device_verdicts import DeviceVerdicts
from sharpeyes.health.logins import LoginGuard
from sharpeyes.health.monitor import HealthMonitor
from sharpeyes.health.trend_store import Trends
from sharpeyes.ingest.context import IngestContext
from sharpeyes.ingest.ingest import Ingest
from sharpeyes.ingest.listening import Listening
from sharpeyes.ingest.listening_context import ListeningContext
from sharpeyes.ingest.topic_counts import TopicCounts
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.sealing import Sealer
from sharpeyes.registry.shards import ShardLeases
from sharpeyes.registry.store import CameraStore
from sharpeyes.service import metrics
from sharpeyes.service.changes import Changes
from sharpeyes.service.database import open_pool
from sharpeyes.service.keys import load_sealer
from sharpeyes.service.settings import Settings
from sharpeyes.service.worker import Worker, new_worker_id

log = structlog.get_logger()


async def run_worker(settings: Settings, database_url: str, stop: asyncio.Event) -> None:
    """Probe, sample and detect for a fair share of the cameras until `stop`."""
    sealer = load_sealer(settings)
    changes = Changes(database_url)
    with ThreadPoolExecutor(settings.ingest.detection_threads, "detect") as executor:
        async with (
            await open_pool(
                database_url, min_size=2, max_size=10, application_name="sharpeyes worker"
            ) as pool,
            open_device_session() as http,
            asyncio.TaskGroup() as group,
        ):
            trends = Trends(_now)
            group.create_task(trends.run(pool, stop))
            worker = _worker(
                settings,
                sealer=sealer,
                pool=pool,
                http=http,
                executor=executor,
                changes=changes,
                trends=trends,
            )
            listening = group.create_task(changes.run())
            await worker.run(stop)
            listening.cancel()


def _worker(
    settings: Settings,
    *,
    sealer: Sealer,
    pool: asyncpg.Pool,
    http: aiohttp.ClientSession,
    executor: Executor,
    changes: Changes,
    trends: Trends,
) -> Worker:
    worker_id = new_worker_id()
    cameras = CameraStore(pool)
    credentials = CredentialStore(pool, sealer)
    # All log in to the same devices, which lock an account after a few bad ones.
    logins = LoginGuard(
        refusals_to_block=settings.health.refusals_to_block,
        block_s=settings.health.login_block_s,
    )
    verdicts = DeviceVerdicts()
    health = HealthMonitor(
        HealthContext(
            pool=pool,
            http=http,
            worker_id=worker_id,
            settings=settings.health,
            devices=settings.devices,
            credentials=credentials.get,
            logins=logins,
            metrics=metrics.HealthCounts(),
            now=_now,
            monotonic_s=time.monotonic,
            # For every delay of every camera: not from the kernel, which takes ten times as long.
            random=random.Random(),  # noqa: S311  # jitter, and identities that are no secret
            trends=trends,
            verdicts=verdicts,
        )
    )
    desk = IncidentDesk(
        DeskContext(
            pool=pool,
            worker_id=worker_id,
            settings=settings.health,
            ask_soon=health.ask_soon,
            now=_now,
            monotonic_s=time.monotonic,
            random=random.SystemRandom(),
        )
    )
    ingest = Ingest(
        IngestContext(
            pool=pool,
            http=http,
            worker_id=worker_id,
            settings=settings.ingest,
            devices=settings.devices,
            credentials=credentials.get,
            zones=cameras.zones,
            logins=logins,
            executor=executor,
            metrics=metrics.IngestCounts(),
            now=_now,
            monotonic_s=time.monotonic,
            random=random.SystemRandom(),
        )
    )
    listening = Listening(
        ListeningContext(
            pool=pool,
            http=http,
            worker_id=worker_id,
            settings=settings.ingest.listening,
            devices=settings.devices,
            credentials=credentials.get,
            logins=logins,
            verdicts=verdicts,
            topics=TopicCounts(_now),
            metrics=metrics.ListeningCounts(),
            now=_now,
            monotonic_s=time.monotonic,
            sleep=asyncio.sleep,
            random=random.SystemRandom(),
        )
    )
    log.info("waiting for cameras", worker=worker_id)
    return Worker(
        leases=ShardLeases(pool, worker_id, settings.lease_ttl_s),
        cameras=cameras,
        changes=changes,
        watches=(health, desk, ingest, listening),
        renew_every_s=settings.lease_ttl_s / 3,
    )


def _now() -> datetime:
    return datetime.now(UTC)
