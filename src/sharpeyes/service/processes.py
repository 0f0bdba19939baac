"""The processes of the service, each wired from the settings and a database address alone."""

from __future__ import annotations

import asyncio
import random
import socket
import time
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime

import aiohttp
import asyncpg
import structlog
from aiohttp import web

from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.events.address import open_session
from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.relay import Attempted, Relay
from sharpeyes.events.store import EventStore
from sharpeyes.health.context import HealthContext
from sharpeyes.health.logins import LoginGuard
from sharpeyes.health.monitor import HealthMonitor
from sharpeyes.health.store import StatusStore
from sharpeyes.ingest.context import IngestContext
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.registry.sealing import Sealer
from sharpeyes.registry.shards import ShardLeases
from sharpeyes.registry.store import CameraStore
from sharpeyes.service import metrics
from sharpeyes.service.api.app import LONGEST_LINE_BYTES, build_app
from sharpeyes.service.api.context import ApiContext
from sharpeyes.service.audit_heads import write_heads
from sharpeyes.service.changes import Changes
from sharpeyes.service.database import open_pool
from sharpeyes.service.errors import ServiceError
from sharpeyes.service.keys import load_sealer
from sharpeyes.service.maintenance import end_maintenance
from sharpeyes.service.serving_pool import WHOLE_CITY, open_serving_pool, reaching
from sharpeyes.service.settings import HttpSettings, Settings
from sharpeyes.service.worker import Worker, new_worker_id

log = structlog.get_logger()

# A browser's live stream ends when we do; it is not worth waiting for.
_STREAMS_GRACE_S = 1.0
_TRY_AGAIN_S = 1.0


class AddressInUseError(ServiceError):
    """The HTTP port belongs to another program, or to another Sharp Eyes."""


async def run_api(settings: Settings, database_url: str, stop: asyncio.Event) -> None:
    """Serve HTTP until `stop`.

    Raises:
        AddressInUseError: The port cannot be listened on.
    """
    # First, so that the refusal of a port is not wrapped in what the tasks below may fail with.
    listener = listen(settings.http)
    sealer = load_sealer(settings)
    changes = Changes(database_url)
    async with (
        await open_serving_pool(database_url, min_size=1, max_size=10) as pool,
        open_session(settings.events) as session,
        asyncio.TaskGroup() as group,
    ):
        app = build_app(
            ApiContext(
                settings=settings,
                pool=pool,
                cameras=CameraStore(pool, CredentialStore(pool, sealer)),
                divisions=DivisionStore(pool),
                statuses=StatusStore(pool),
                events=EventStore(pool),
                endpoints=EndpointStore(pool, session, sealer, settings.events),
                changes=changes,
            )
        )
        listening = group.create_task(changes.run())
        with reaching(WHOLE_CITY):
            heads = write_heads(
                pool, settings.head_file, stop, every_s=settings.audit_head_every_s, now=_now
            )
            group.create_task(heads)
        await _serve(app, listener, stop)
        listening.cancel()


def listen(settings: HttpSettings) -> socket.socket:
    """Take the HTTP port.

    Raises:
        AddressInUseError: It cannot be listened on.
    """
    host, port = settings.host, settings.port
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        listener = socket.socket(family, kind, protocol)
        try:
            # A port whose last owner has just ended may be taken at once.
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind(address)
            listener.listen()
        except OSError:
            listener.close()
            raise
    except OSError as error:
        raise AddressInUseError(
            f"cannot serve on {host}:{port}: {error.strerror}; set http.host or http.port"
        ) from None
    return listener


async def _serve(app: web.Application, listener: socket.socket, stop: asyncio.Event) -> None:
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_STREAMS_GRACE_S,
        max_line_size=LONGEST_LINE_BYTES,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        log.info("serving", address=listener.getsockname()[:2])
        await stop.wait()
    finally:
        await runner.cleanup()


async def run_relay(settings: Settings, database_url: str, stop: asyncio.Event) -> None:
    """Deliver events, and end maintenance that is over, until `stop`."""
    sealer = load_sealer(settings)
    async with (
        await open_pool(
            database_url, min_size=2, max_size=10, application_name="sharpeyes relay"
        ) as pool,
        open_session(settings.events) as session,
        asyncio.TaskGroup() as tasks,
    ):
        tasks.create_task(end_maintenance(CameraStore(pool), stop))
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
            worker = _worker(
                settings, sealer=sealer, pool=pool, http=http, executor=executor, changes=changes
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
) -> Worker:
    # Compiled loops, a second and 100 MB: for who detects, not for the API and the relay.
    from sharpeyes.ingest.ingest import Ingest  # noqa: PLC0415

    worker_id = new_worker_id()
    cameras = CameraStore(pool)
    credentials = CredentialStore(pool, sealer)
    # Both log in to the same devices, which lock an account after a few bad ones.
    logins = LoginGuard(
        refusals_to_block=settings.health.refusals_to_block,
        block_s=settings.health.login_block_s,
    )
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
    log.info("waiting for cameras", worker=worker_id)
    return Worker(
        leases=ShardLeases(pool, worker_id, settings.lease_ttl_s),
        cameras=cameras,
        changes=changes,
        watches=(health, ingest),
        renew_every_s=settings.lease_ttl_s / 3,
    )


def _count_attempt(attempted: Attempted) -> None:
    metrics.ATTEMPTS.labels(attempted.outcome).inc()
    metrics.ATTEMPT_SECONDS.observe(attempted.latency_s)


def _now() -> datetime:
    return datetime.now(UTC)
