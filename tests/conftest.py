"""Fixtures of all tests: a database server for each process, a fresh database for each test.

docs/design/testing.md says how the tests are laid out and how parallel processes are kept apart.
"""

import asyncio
import contextlib
import logging
import os
import random
import shutil
import socket
import tempfile
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import asyncpg
import pytest
import pytest_asyncio
import structlog
from hypothesis import settings
from xdist.scheduler import LoadScopeScheduling

from sharpeyes.service.database import open_pool
from sharpeyes.service.migrate import migrate
from sharpeyes.service.postgres import EmbeddedPostgres

# A busy machine is no defect: no example fails for being slow.
settings.register_profile("sharpeyes", deadline=None, print_blob=True)
settings.load_profile("sharpeyes")

_REPOSITORY = Path(__file__).parents[1]

_MEMORY = Path("/dev/shm")
_SERVER_BYTES = 500_000_000
# Nobody is given these unasked: they lie below those that Linux hands out (from 32,768 on).
_FIRST_PORT = 12_000
_PORTS_OF_A_PROCESS = 1_000


# Files whose tests share what there is one of: each group runs in one process, and begins first.
_GROUPS = {
    # The demonstration takes its usual ports where it finds them free when it starts; all are long.
    "tests/acceptance/test_demo.py": "installations",
    "tests/acceptance/test_no_event_lost.py": "installations",
    "tests/acceptance/test_onboarding.py": "installations",
    "tests/acceptance/test_soak.py": "installations",
    "tests/acceptance/test_street.py": "installations",
    # One Chromium.
    "tests/acceptance/test_case_pages.py": "browser",
    "tests/acceptance/test_dashboard.py": "browser",
    "tests/acceptance/test_registry_pages.py": "browser",
    # A cluster that is made once.
    "tests/integration/service/test_postgres.py": "postgres",
    # The same device in the same multicast group.
    "tests/unit/devices/test_discovery.py": "discovery",
}
_PROCESSES = min(2 * len(os.sched_getaffinity(0)), 8)


def pytest_configure() -> None:
    """Put pytest's own temporary folders into memory as well; workers inherit that."""
    folder = _memory_folder()
    if folder is not None:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(folder))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_auto_num_workers() -> int:
    """Run two processes for each processor: tests wait for others half of their time."""
    return _PROCESSES


class _Scheduling(LoadScopeScheduling):  # type: ignore[misc]  # untyped to mypy
    """Hands out single tests, and the groups whole."""

    def _split_scope(self, nodeid: str) -> str:
        return _GROUPS.get(nodeid.partition("::")[0], nodeid)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> _Scheduling:
    """Schedule as said above; xdist's own groups know nothing of pytest 9.2's names of tests."""
    return _Scheduling(config, log)


def _worker() -> int:
    """Number of this process among those of the run, from 0 on."""
    return int(os.environ.get("PYTEST_XDIST_WORKER", "gw0").removeprefix("gw"))


def _memory_folder() -> Path | None:
    if _MEMORY.is_dir() and shutil.disk_usage(_MEMORY).free > _PROCESSES * _SERVER_BYTES:
        return _MEMORY
    return None


@pytest.fixture(scope="session")
def memory_folder() -> Path | None:
    """The folder for temporary files of servers, in memory; None (the default) where it is small.

    A database is cloned and dropped there ten times as fast as on a disk that it waits for.
    """
    return _memory_folder()


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """What gives a port on which nobody listens, and that no other process of the run is given."""
    first = _FIRST_PORT + _worker() * _PORTS_OF_A_PROCESS
    ports = list(range(first, first + _PORTS_OF_A_PROCESS))
    # Its own source: that of the module starts anew with each test.
    random.SystemRandom().shuffle(ports)

    def give() -> int:
        while True:
            ports.insert(0, ports.pop())
            with socket.socket() as listener, contextlib.suppress(OSError):
                listener.bind(("", ports[0]))
                return ports[0]

    return give


@pytest.fixture(scope="session")
def own_address() -> IPv4Address:
    """First of 256 loopback addresses and more that no other test process uses."""
    number = os.getpid()
    return IPv4Address(f"127.{100 + number % 100}.{number // 100 % 250}.1")


@pytest.fixture(scope="session")
def server_url(memory_folder: Path | None) -> Iterator[str]:
    """Address of a server on which databases can be created: our own, or the one that is named."""
    named = os.environ.get("SHARPEYES_TEST_DATABASE_URL")
    if named:
        yield named
        return
    with (
        tempfile.TemporaryDirectory(prefix="sharpeyes-", dir=memory_folder) as data_dir,
        EmbeddedPostgres(Path(data_dir)) as url,
    ):
        # What has been written is kept for recovery only so long; memory is not for that.
        asyncio.run(_execute(url, "ALTER SYSTEM SET max_wal_size = '96MB'"))
        asyncio.run(_execute(url, "SELECT pg_reload_conf()"))
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
