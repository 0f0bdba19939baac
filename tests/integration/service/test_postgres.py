"""The embedded server: whoever starts it, however it ends, it is there once and loses nothing.

Run as root, these tests show both ways of starting it: as root, and as an ordinary user. Run as
an ordinary user they show that one.
"""

import asyncio
import contextlib
import errno
import fcntl
import os
import pwd
import shutil
import signal
import socket
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Self
from urllib.parse import urlsplit

import asyncpg
import pytest

from sharpeyes.service.database import check_durability, open_pool
from sharpeyes.service.errors import DurabilityError, EmbeddedPostgresError
from sharpeyes.service.postgres import EmbeddedPostgres
from sharpeyes.service.postgres_install import carried_install, server_account, usable_install

_AS_ROOT = os.geteuid() == 0
_WAYS = ["ordinary user", *(["root"] if _AS_ROOT else [])]

# A process that uses the server until its standard input ends, or Ctrl-C.
_PROGRAM = """
import asyncio, os, select, sys
from pathlib import Path
import asyncpg
from sharpeyes.service.logs import configure_logging
from sharpeyes.service.postgres import EmbeddedPostgres
from sharpeyes.service.settings import LogSettings

configure_logging(LogSettings())
data_dir, install, uid = Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3])
if uid != os.geteuid():
    os.setgroups([])
    os.setgid(uid)
    os.setuid(uid)

async def count():
    connection = await asyncpg.connect(url)
    print(await connection.fetchval("SELECT count(*) FROM pg_database"), "databases", flush=True)
    await connection.close()

with EmbeddedPostgres(data_dir, install=install) as url:
    try:
        print(url, flush=True)
        # In short waits: a signal between two instructions would not wake a plain read.
        while not select.select([sys.stdin], [], [], 0.1)[0]:
            pass
        sys.stdin.read()
    except KeyboardInterrupt:
        asyncio.run(count())
"""


@pytest.fixture
def new_data_dir(memory_folder: Path | None) -> Iterator[Path]:
    """A folder that does not exist yet, below one that only we can enter."""
    with tempfile.TemporaryDirectory(prefix="sharpeyes-", dir=memory_folder) as closed:
        assert stat.S_IMODE(Path(closed).stat().st_mode) == 0o700
        yield Path(closed) / "data"


@pytest.fixture
def data_dir(new_data_dir: Path, _made: Path) -> Path:
    """A folder with a database that is stopped."""
    subprocess.run(["cp", "--archive", _made, new_data_dir], check=True)
    return new_data_dir


@pytest.fixture(scope="module")
def _made(install: Path, memory_folder: Path | None) -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="sharpeyes-", dir=memory_folder) as closed:
        with EmbeddedPostgres(Path(closed) / "data", install=install):
            pass
        yield Path(closed) / "data"


@pytest.fixture(scope="module")
def install() -> Iterator[Path]:
    """An installation that every account can run."""
    with tempfile.TemporaryDirectory(prefix="sharpeyes-") as folder:
        Path(folder).chmod(0o755)
        account = server_account(Path(folder) / "none")
        yield usable_install(carried_install(), account, Path(folder) / "copies")


class _User:
    """Another process that uses the server, and is gone at the end of the block."""

    def __init__(self, data_dir: Path, install: Path, uid: int | None = None) -> None:
        uid = os.geteuid() if uid is None else uid
        self.process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, str(data_dir), str(install), str(uid)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        # Closes its pipes and waits for it, too.
        with self.process:
            self.process.kill()

    def says(self) -> str:
        assert self.process.stdout
        return self.process.stdout.readline().strip()

    def leave(self) -> None:
        """End its standard input."""
        assert self.process.stdin
        self.process.stdin.close()

    def leaves(self) -> None:
        self.leave()
        assert self.process.wait(60) == 0


def _query(url: str, *statements: str) -> object:
    async def run() -> object:
        connection = await asyncpg.connect(url)
        try:
            for statement in statements[:-1]:
                await connection.execute(statement)
            return await connection.fetchval(statements[-1])
        finally:
            await connection.close()

    return asyncio.run(run())


def _processes(data_dir: Path) -> list[int]:
    """Return the server's processes, the postmaster first: those that run in the cluster."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            if (entry / "cwd").samefile(data_dir / "postgres"):
                found.append(int(entry.name))
    return sorted(found)


def _postmaster(data_dir: Path) -> int:
    return int((data_dir / "postgres" / "postmaster.pid").read_text().split()[0])


def _wait_for(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 30
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def _text(path: Path) -> str:
    return path.read_text() if path.exists() else ""


def _gone(data_dir: Path) -> None:
    _wait_for(lambda: not _processes(data_dir))


@pytest.mark.parametrize("way", _WAYS)
def test_it_starts_and_leaves_nothing_running(way: str, install: Path) -> None:
    ordinary_uid = pwd.getpwnam("nobody").pw_uid if _AS_ROOT else os.geteuid()
    uid = os.geteuid() if way == "root" else ordinary_uid
    with tempfile.TemporaryDirectory(prefix="sharpeyes-") as home:
        os.chown(home, uid, -1)
        data_dir = Path(home) / "deep" / "data"

        with _User(data_dir, install, uid) as user:
            url = user.says()

            parts = urlsplit(url)
            assert (parts.scheme, parts.hostname) == ("postgresql", "127.0.0.1")
            assert str(_query(url, "SELECT version()")).startswith("PostgreSQL 18")
            owner = Path("/proc", str(_postmaster(data_dir))).stat().st_uid
            assert owner != 0
            assert (owner == uid) == (way != "root")
            user.leaves()
        _gone(data_dir)


def test_nothing_is_opened_for_the_server(new_data_dir: Path) -> None:
    closed = new_data_dir.parent
    folders = [closed, closed / "venv", closed / "venv" / "site"]
    carried = carried_install()
    install = folders[2] / carried.parent.name / carried.name
    shutil.copytree(carried, install)
    libraries = f"{carried.parent.name}.libs"
    shutil.copytree(carried.parent.with_name(libraries), folders[2] / libraries)
    for folder in folders:
        folder.chmod(0o700)
    before = [stat.S_IMODE(path.stat().st_mode) for path in [*folders, *install.rglob("*")]]

    with tempfile.TemporaryDirectory() as open_to_all:
        Path(open_to_all).chmod(0o755)
        copies = Path(open_to_all) / "copies"
        old_umask = os.umask(0o077)
        try:
            with EmbeddedPostgres(new_data_dir, install=install, copies=copies) as url:
                assert _query(url, "SELECT 1") == 1
                program = Path(f"/proc/{_postmaster(new_data_dir)}/exe").resolve()
                # Only root starts it as somebody who cannot reach the programs.
                assert program.is_relative_to(copies if _AS_ROOT else install)
        finally:
            os.umask(old_umask)

    after = [stat.S_IMODE(path.stat().st_mode) for path in [*folders, *install.rglob("*")]]
    assert after == before
    assert {path.name for path in closed.iterdir()} == {"data", "venv"}


def test_its_settings_suit_us(data_dir: Path, install: Path) -> None:
    with EmbeddedPostgres(data_dir, install=install) as url:
        shown = {
            name: _query(url, f"SHOW {name}")
            for name in ("timezone", "server_encoding", "listen_addresses", "data_checksums")
        }
        assert shown == {
            "timezone": "UTC",
            "server_encoding": "UTF8",
            "listen_addresses": "127.0.0.1",
            "data_checksums": "on",
        }
        assert _query(url, "SHOW unix_socket_directories") == ""
        assert _query(url, "SELECT lower('Ä') || ('路口' ~ '^\\w+$')::text") == "ätrue"
        assert _query(url, "SELECT datlocprovider::text FROM pg_database LIMIT 1") == "b"


def test_only_the_password_opens_it(data_dir: Path, install: Path) -> None:
    with EmbeddedPostgres(data_dir, install=install) as url:
        parts = urlsplit(url)
        assert parts.password is not None
        with pytest.raises(asyncpg.InvalidPasswordError):
            _query(url.replace(parts.password, "guessed"), "SELECT 1")
        told = subprocess.run(["ps", "-eo", "args"], capture_output=True, text=True, check=True)
        assert parts.password not in told.stdout

    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in data_dir.iterdir()}
    assert modes == {
        "postgres": 0o700,
        "postgres.password": 0o600,
        "start.lock": 0o600,
        "users.lock": 0o600,
    }
    assert stat.S_IMODE(data_dir.stat().st_mode) == 0o700


def test_what_was_committed_survives_kill_9_of_the_server(data_dir: Path, install: Path) -> None:
    server = EmbeddedPostgres(data_dir, install=install)
    with server as url:
        _query(url, "CREATE TABLE t (n int)", "INSERT INTO t VALUES (7) RETURNING n")
        os.kill(_postmaster(data_dir), signal.SIGKILL)

        # On the same port, so that pools find it again.
        assert server.ensure_running() == url
        assert _query(url, "SELECT n FROM t") == 7
        os.kill(_postmaster(data_dir), signal.SIGKILL)

    # The one that stopped found it dead; the next one recovers it.
    with EmbeddedPostgres(data_dir, install=install) as url:
        assert _query(url, "SELECT n FROM t") == 7
    _gone(data_dir)


async def test_while_in_use_it_is_started_again(data_dir: Path, install: Path) -> None:
    async with EmbeddedPostgres(data_dir, install=install).running() as url:
        pool = await open_pool(url, min_size=1, max_size=2)
        await pool.execute("CREATE TABLE t ()")
        os.kill(_postmaster(data_dir), signal.SIGKILL)

        async with asyncio.timeout(30):
            while not await _exists(pool, "t"):  # noqa: ASYNC110  # nothing tells when it is back
                await asyncio.sleep(0.05)
        await pool.close()
    _gone(data_dir)


async def test_a_start_that_the_system_refuses_once_is_tried_again(
    data_dir: Path, install: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    server = EmbeddedPostgres(data_dir, install=install)
    start_again = server.ensure_running
    refusals = [BlockingIOError(errno.EAGAIN, "no process to be had")]

    def refused_once() -> str:
        if refusals:
            raise refusals.pop()
        return start_again()

    monkeypatch.setattr(server, "ensure_running", refused_once)
    async with asyncio.timeout(60), server.running() as url:
        pool = await open_pool(url, min_size=1, max_size=2)
        await pool.execute("CREATE TABLE t ()")
        os.kill(_postmaster(data_dir), signal.SIGKILL)
        # A backend may answer for a moment after its postmaster is gone: first the refusal.
        while refusals or not await _exists(pool, "t"):  # noqa: ASYNC110  # nothing tells us
            await asyncio.sleep(0.05)
        await pool.close()
    _gone(data_dir)


def test_a_server_that_was_let_go_is_not_started_again(data_dir: Path, install: Path) -> None:
    """Whoever watched over it may notice its end only after the stop."""
    server = EmbeddedPostgres(data_dir, install=install)
    with server:
        pass
    with pytest.raises(EmbeddedPostgresError, match="not in use"):
        server.ensure_running()
    _gone(data_dir)


async def _exists(pool: asyncpg.Pool, table: str) -> bool:
    try:
        return bool(await pool.fetchval("SELECT to_regclass($1) IS NOT NULL", table))
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError):
        # The last one when the server's farewell arrives between the steps of one query.
        return False


async def test_a_start_that_is_given_up_leaves_nothing(data_dir: Path, install: Path) -> None:
    async def use() -> None:
        async with EmbeddedPostgres(data_dir, install=install).running():
            raise AssertionError("given up before")

    using = asyncio.create_task(use())
    async with asyncio.timeout(30):
        # The thread that starts it tells nothing in between.
        while not (data_dir / "postgres" / "postmaster.pid").exists():  # noqa: ASYNC110
            await asyncio.sleep(0)
    using.cancel()
    await asyncio.gather(using, return_exceptions=True)

    assert using.cancelled()
    _gone(data_dir)


def test_lost_files_are_not_healed_by_an_empty_database(data_dir: Path, install: Path) -> None:
    server = EmbeddedPostgres(data_dir, install=install)
    with server:
        os.kill(_postmaster(data_dir), signal.SIGKILL)
        _wait_for(lambda: not _processes(data_dir))
        (data_dir / "postgres").rename(data_dir / "moved")

        with pytest.raises(EmbeddedPostgresError, match="holds no PostgreSQL files"):
            server.ensure_running()


def test_a_session_that_outlives_its_server_is_waited_for(data_dir: Path, install: Path) -> None:
    with EmbeddedPostgres(data_dir, install=install) as url:
        busy = subprocess.Popen([sys.executable, "-c", _BUSY, url], stdout=subprocess.PIPE)
        assert busy.stdout
        session = int(busy.stdout.readline())
        # Stopped, so that it does not notice: it holds the memory that a new server must not share.
        os.kill(session, signal.SIGSTOP)
        os.kill(_postmaster(data_dir), signal.SIGKILL)
        with _User(data_dir, install) as waiting:
            log = data_dir / "postgres" / "start.log"
            _wait_for(lambda: "pre-existing shared memory" in _text(log))
            os.kill(session, signal.SIGKILL)

            assert waiting.says() == url

        busy.kill()
        busy.communicate()


_BUSY = """
import asyncio, sys, asyncpg
async def run():
    connection = await asyncpg.connect(sys.argv[1])
    print(await connection.fetchval("SELECT pg_backend_pid()"), flush=True)
    await connection.execute("SELECT count(*) FROM generate_series(1, 1000000000000)")
asyncio.run(run())
"""


def test_a_server_left_by_kill_9_of_its_user_is_adopted(data_dir: Path, install: Path) -> None:
    with _User(data_dir, install) as user:
        url = user.says()
        postmaster = _postmaster(data_dir)
        user.process.kill()

    with EmbeddedPostgres(data_dir, install=install) as adopted:
        assert adopted == url
        assert _postmaster(data_dir) == postmaster
    _gone(data_dir)


def test_simultaneous_starts_make_one_server(new_data_dir: Path, install: Path) -> None:
    with contextlib.ExitStack() as stack:
        users = [stack.enter_context(_User(new_data_dir, install)) for _ in range(4)]
        urls = {user.says() for user in users}
        users[0].process.kill()
        users[0].process.wait()
        # All at once: nobody may leave the server to another who has left it to him.
        for user in users[1:]:
            user.leave()
        assert [user.process.wait(60) for user in users[1:]] == [0, 0, 0]

    assert len(urls) == 1
    _gone(new_data_dir)
    with EmbeddedPostgres(new_data_dir, install=install) as again:
        assert urlsplit(again).password == urlsplit(urls.pop()).password


def test_the_last_one_stops_it(data_dir: Path, install: Path) -> None:
    with _User(data_dir, install) as user:
        url = user.says()

        with EmbeddedPostgres(data_dir, install=install):
            pass
        assert _query(url, "SELECT 1") == 1

        user.leaves()
    _gone(data_dir)


def test_ctrl_c_does_not_reach_the_server(data_dir: Path, install: Path) -> None:
    with _User(data_dir, install) as user:
        user.says()

        os.killpg(user.process.pid, signal.SIGINT)

        assert user.says() == "4 databases"
        user.leaves()
    _gone(data_dir)


def test_a_number_used_again_is_not_taken_for_the_server(data_dir: Path, install: Path) -> None:
    with EmbeddedPostgres(data_dir, install=install) as url:
        _query(url, "CREATE TABLE t ()", "SELECT 1")
        os.kill(_postmaster(data_dir), signal.SIGKILL)
    account = server_account(data_dir / "postgres")
    switch = {"user": account.uid, "group": account.gid, "extra_groups": []} if _AS_ROOT else {}
    stranger = subprocess.Popen(["/bin/sleep", "100"], **switch)  # type: ignore[call-overload]
    pid_file = data_dir / "postgres" / "postmaster.pid"
    _, _, rest = pid_file.read_text().partition("\n")
    pid_file.write_text(f"{stranger.pid}\n{rest}")

    with EmbeddedPostgres(data_dir, install=install) as url:
        assert _query(url, "SELECT to_regclass('t') IS NOT NULL") is True
    assert stranger.poll() is None
    stranger.kill()
    stranger.wait()


def test_a_taken_port_is_left_to_its_owner(data_dir: Path, install: Path) -> None:
    server = EmbeddedPostgres(data_dir, install=install)
    with server as url:
        os.kill(_postmaster(data_dir), signal.SIGKILL)
        _wait_for(lambda: len(_processes(data_dir)) == 0)
        with socket.socket() as taken:
            taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            taken.bind(("127.0.0.1", urlsplit(url).port))
            taken.listen()

            other = server.ensure_running()

        assert urlsplit(other).port != urlsplit(url).port
        assert _query(other, "SELECT 1") == 1


def test_an_interrupted_creation_is_begun_again(new_data_dir: Path, install: Path) -> None:
    limited = (
        "import resource, sys; resource.setrlimit(resource.RLIMIT_FSIZE, (2_000_000, 2_000_000));"
        "from pathlib import Path; from sharpeyes.service.postgres import EmbeddedPostgres;"
        "EmbeddedPostgres(Path(sys.argv[1]), install=Path(sys.argv[2])).start()"
    )
    full = subprocess.run(
        [sys.executable, "-c", limited, str(new_data_dir), str(install)],
        capture_output=True,
        text=True,
        check=False,
    )
    last = full.stderr.splitlines()[-1]
    assert "EmbeddedPostgresError: cannot create a database in" in last
    assert "File too large" in last
    assert not (new_data_dir / "postgres").exists()

    with EmbeddedPostgres(new_data_dir, install=install) as url:
        assert _query(url, "SELECT 1") == 1
    assert not (new_data_dir / "postgres.new").exists()


def test_a_server_that_cannot_start_says_why(data_dir: Path, install: Path) -> None:
    with EmbeddedPostgres(data_dir, install=install):
        pass
    configuration = data_dir / "postgres" / "postgresql.conf"
    with configuration.open("a") as file:
        file.write("shared_buffers = 'plenty'\n")

    with pytest.raises(EmbeddedPostgresError, match='"shared_buffers": "plenty"') as refused:
        EmbeddedPostgres(data_dir, install=install).start()

    assert "\n" not in str(refused.value)
    _gone(data_dir)


@pytest.mark.parametrize(
    ("found", "reason"),
    [("17", "was written by PostgreSQL 17, and this is 18"), (None, "holds no PostgreSQL files")],
)
def test_files_of_others_are_left_alone(
    new_data_dir: Path, install: Path, found: str | None, reason: str
) -> None:
    cluster = new_data_dir / "postgres"
    cluster.mkdir(parents=True)
    account = server_account(new_data_dir / "none")
    os.chown(cluster, account.uid, account.gid)
    if found:
        (cluster / "PG_VERSION").write_text(f"{found}\n")

    with pytest.raises(EmbeddedPostgresError, match=reason):
        EmbeddedPostgres(new_data_dir, install=install).start()

    assert [path.name for path in cluster.iterdir()] == (["PG_VERSION"] if found else [])


def test_files_of_roots_are_refused() -> None:
    with pytest.raises(EmbeddedPostgresError, match=r"^/ belongs to root, and"):
        server_account(Path("/"))


def test_a_lost_password_is_told(data_dir: Path, install: Path) -> None:
    with EmbeddedPostgres(data_dir, install=install):
        pass
    (data_dir / "postgres.password").unlink()

    with pytest.raises(EmbeddedPostgresError, match=r"postgres\.password is missing"):
        EmbeddedPostgres(data_dir, install=install).start()
    _gone(data_dir)


def test_waiting_for_another_start_ends(new_data_dir: Path, install: Path) -> None:
    new_data_dir.mkdir()
    with (new_data_dir / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)

        with pytest.raises(EmbeddedPostgresError, match=r"another process.*for 0\.2 s"):
            EmbeddedPostgres(new_data_dir, install=install, start_deadline_s=0.2).start()


@pytest.mark.parametrize("setting", ["fsync", "full_page_writes"])
def test_a_server_that_may_forget_is_refused(data_dir: Path, install: Path, setting: str) -> None:
    with EmbeddedPostgres(data_dir, install=install) as url:
        _query(url, f"ALTER SYSTEM SET {setting} = off", "SELECT pg_reload_conf()")
    with EmbeddedPostgres(data_dir, install=install) as url:

        async def check() -> None:
            connection = await asyncpg.connect(url)
            try:
                await check_durability(connection)
            finally:
                await connection.close()

        with pytest.raises(DurabilityError, match=f"{setting} is off"):
            asyncio.run(check())
