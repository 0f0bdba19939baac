"""The process that serves HTTP, wired from the settings and a database address alone."""

from __future__ import annotations

import asyncio
import socket
from datetime import UTC, datetime

import structlog
from aiohttp import web

from sharpeyes.events.address import open_session
from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.store import EventStore
from sharpeyes.health.store import StatusStore
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.api.app import KEEP_OPEN_S, LONGEST_LINE_BYTES, build_app
from sharpeyes.service.api.context import ApiContext
from sharpeyes.service.audit_heads import write_heads
from sharpeyes.service.changes import Changes
from sharpeyes.service.keys import load_sealer
from sharpeyes.service.listening import listen
from sharpeyes.service.own_ports import own_ports
from sharpeyes.service.serving_pool import WHOLE_CITY, open_serving_pool, reaching
from sharpeyes.service.settings import Settings

log = structlog.get_logger()

# A browser's live stream ends when we do; it is not worth waiting for.
_STREAMS_GRACE_S = 1.0


async def run_api(settings: Settings, database_url: str, stop: asyncio.Event) -> None:
    """Serve HTTP until `stop`.

    Raises:
        AddressInUseError: The port cannot be listened on.
    """
    # First, so that the refusal of a port is not wrapped in what the tasks below may fail with.
    listener = listen(settings.http)
    sealer = load_sealer(settings)
    changes = Changes(database_url)
    own = own_ports(settings, database_url)
    async with (
        await open_serving_pool(database_url, min_size=1, max_size=14) as pool,
        open_session(settings.events, own) as session,
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
                endpoints=EndpointStore(pool, session, sealer, settings.events, own),
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


async def _serve(app: web.Application, listener: socket.socket, stop: asyncio.Event) -> None:
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_STREAMS_GRACE_S,
        max_line_size=LONGEST_LINE_BYTES,
        keepalive_timeout=KEEP_OPEN_S,
    )
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        log.info("serving", address=listener.getsockname()[:2])
        await stop.wait()
    finally:
        await runner.cleanup()


def _now() -> datetime:
    return datetime.now(UTC)
