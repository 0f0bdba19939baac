"""What every process and command needs before its work: a database that is fit to be used."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg

from sharpeyes.service.database import check_durability, connecting
from sharpeyes.service.migrate import migrate
from sharpeyes.service.postgres import EmbeddedPostgres
from sharpeyes.service.settings import Settings


@asynccontextmanager
async def prepared_database(settings: Settings) -> AsyncIterator[str]:
    """Give the address of a database that keeps what it acknowledges and has our schema.

    The embedded server is started where no other is named, and stopped afterwards if nobody else
    uses it.

    Raises:
        DatabaseError: The server cannot be started, reached, trusted or brought to our schema.
    """
    if settings.database_url is not None:
        url = settings.database_url.get_secret_value()
        await _prepare(url)
        yield url
        return
    async with EmbeddedPostgres(settings.data_dir).running() as url:
        await _prepare(url)
        yield url


async def _prepare(url: str) -> None:
    with connecting(url):
        connection = await asyncpg.connect(url)
    try:
        await check_durability(connection)
    finally:
        await connection.close()
    await migrate(url)
