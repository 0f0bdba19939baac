"""Fixtures of all tests: one database server for the run, a fresh database for each test."""

import asyncio
import logging
import os
import tempfile
import uuid
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
import structlog
from hypothesis import settings

from sharpeyes.service.database import open_pool
from sharpeyes.service.migrate import migrate
from sharpeyes.service.postgres import EmbeddedPostgres

# A busy machine is no defect: no example fails for being slow.
settings.register_profile("sharpeyes", deadline=None, print_blob=True)
settings.load_profile("sharpeyes")

_REPOSITORY = Path(__file__).parents[1]


@pytest.fixture(scope="session")
def server_url() -> Iterator[str]:
    """Address of a server on which databases can be created: our own, or the one that is named."""
    named = os.environ.get("SHARPEYES_TEST_DATABASE_URL")
    if named:
        yield named
        return
    with (
        tempfile.TemporaryDirectory(prefix="sharpeyes-") as data_dir,
        EmbeddedPostgres(Path(data_dir)) as url,
    ):
        yield url


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def _template(server_url: str) -> AsyncIterator[str]:
    """Name of a migrated database that is cloned for each test: 30 times as fast as migrating."""
    name = f"template_{uuid.uuid4().hex}"
    await _execute(server_url, f"CREATE DATABASE {name} TEMPLATE template0")
    await migrate(_with_database(server_url, name))
    yield name
    await _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def database_url(server_url: str, _template: str) -> AsyncIterator[str]:
    """Address of a database with the current schema that only this test uses."""
    name = f"test_{uuid.uuid4().hex}"
    await _execute(server_url, f"CREATE DATABASE {name} TEMPLATE {_template}")
    yield _with_database(server_url, name)
    await _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def empty_database_url(server_url: str) -> AsyncIterator[str]:
    """Address of a database without any schema that only this test uses."""
    name = f"test_{uuid.uuid4().hex}"
    await _execute(server_url, f"CREATE DATABASE {name} TEMPLATE template0")
    yield _with_database(server_url, name)
    await _execute(server_url, f"DROP DATABASE {name} WITH (FORCE)")


@pytest_asyncio.fixture
async def pool(database_url: str) -> AsyncIterator[asyncpg.Pool]:
    """Connections to ``database_url``, set up as those of the service."""
    pool = await open_pool(database_url, min_size=1, max_size=8)
    yield pool
    # A test that failed while it held a connection must not hang the run.
    try:
        await asyncio.wait_for(pool.close(), 10)
    finally:
        pool.terminate()


@pytest.fixture(autouse=True)
def _logging_as_it_was() -> Iterator[None]:
    """Undo what a test did to logging: commands that are called here set up that of the process."""
    root = logging.getLogger()
    handlers, level = root.handlers[:], root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)
    logging.captureWarnings(capture=False)
    structlog.reset_defaults()


@pytest.fixture(scope="session")
def footage() -> Path:
    """The folder of real footage. Its absence is an error: a test that needs it says nothing."""
    return _shared("video")


@pytest.fixture(scope="session")
def models() -> Path:
    """The folder of the vehicle models that tests use."""
    return _shared("models")


def _shared(name: str) -> Path:
    folder = Path(os.environ.get("SHARPEYES_SHARED", _REPOSITORY.parent / "shared")) / name
    if folder.is_dir():
        return folder
    missing = f"{folder} is missing: set SHARPEYES_SHARED to the folder that holds {name}/"
    if "CI" in os.environ:
        pytest.fail(missing)
    pytest.skip(missing)


async def _execute(url: str, sql: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()


def _with_database(url: str, name: str) -> str:
    return urlsplit(url)._replace(path=f"/{name}").geturl()
