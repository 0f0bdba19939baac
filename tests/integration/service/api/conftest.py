import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest_asyncio
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer

from sharpeyes.events.address import open_session
from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.store import EventStore
from sharpeyes.health.store import StatusStore
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.sealing import Sealer
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import Scope, create_token
from sharpeyes.service.api.app import LONGEST_LINE_BYTES, build_app
from sharpeyes.service.api.context import ApiContext
from sharpeyes.service.changes import Changes
from sharpeyes.service.serving_pool import open_serving_pool
from sharpeyes.service.settings import HttpSettings, Settings

KEY = bytes(range(32))


@dataclass(frozen=True, slots=True)
class Api:
    """The real application on a real port, on a database of its own.

    It acts as the serving role, as in production. `context` is the owner's: what tests prepare and
    look up is not for the application to see.
    """

    client: TestClient[web.Request, web.Application]
    context: ApiContext
    served: ApiContext

    def over(self, settings: Settings) -> TestClient[web.Request, web.Application]:
        """The same application under other settings."""
        return TestClient(TestServer(build_app(replace(self.served, settings=settings))))

    async def token(self, *scopes: Scope, division_code: str | None = None) -> dict[str, str]:
        token = await create_token(
            self.context.pool,
            f"test {'+'.join(scopes)}{division_code or ''}",
            frozenset(scopes),
            datetime.now(UTC) + timedelta(days=1),
            division_code=division_code,
        )
        return {"Authorization": f"Bearer {token}"}


async def _serve(pool: asyncpg.Pool, database_url: str, settings: Settings) -> AsyncIterator[Api]:
    changes = Changes(database_url)
    async with (
        open_session(settings.events) as session,
        await open_serving_pool(database_url, min_size=1, max_size=8) as serving,
    ):

        def context(pool: asyncpg.Pool) -> ApiContext:
            return ApiContext(
                settings=settings,
                pool=pool,
                cameras=CameraStore(pool, CredentialStore(pool, KEY)),
                divisions=DivisionStore(pool),
                statuses=StatusStore(pool),
                events=EventStore(pool),
                endpoints=EndpointStore(pool, session, Sealer(KEY), settings.events),
                changes=changes,
            )

        listening = asyncio.create_task(changes.run())
        served = context(serving)
        server = TestServer(build_app(served))
        await server.start_server(max_line_size=LONGEST_LINE_BYTES)
        async with TestClient(server) as client:
            yield Api(client, context(pool), served)
        listening.cancel()
        await asyncio.gather(listening, return_exceptions=True)


@pytest_asyncio.fixture
async def api(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[Api]:
    async for served in _serve(pool, database_url, Settings()):
        yield served


@pytest_asyncio.fixture
async def demo_api(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[Api]:
    """As in the demo: nobody signs in, and receivers may be on this machine."""
    settings = Settings(
        http=HttpSettings(anonymous=True), events=EventSettings(allow_loopback=True)
    )
    async for served in _serve(pool, database_url, settings):
        yield served
