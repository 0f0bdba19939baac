"""Our own PostgreSQL server, for installations that do not name one with ``database_url``.

Everything lies in one folder, the data folder::

    postgres/           the cluster: what initdb made; belongs to the account that runs the server
    postgres.password   of the database user, readable by our user only
    start.lock          held (flock) by whoever creates, starts or stops the server
    users.lock          held, shared, by every process that uses the server; the last one stops it

The kernel lets go of both locks when a process dies, however it dies: the next process adopts a
server that was left running, and starts one that was killed.

docs/design/embedded-postgres.md says why it is done this way.
"""

import asyncio
import contextlib
import fcntl
import os
import secrets
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from types import TracebackType
from typing import IO

import structlog

from sharpeyes.service.errors import EmbeddedPostgresError
from sharpeyes.service.postgres_cluster import DATABASE, USER, Cluster
from sharpeyes.service.postgres_install import (
    SHARED_COPIES,
    carried_install,
    server_account,
    usable_install,
)
from sharpeyes.service.postgres_status import find_postmaster

_POLL_S = 0.05
_GUARD_INTERVAL_S = 1.0

_log = structlog.get_logger(__name__)


class EmbeddedPostgres:
    """A server shared by all processes that name the same folder.

    Use `running` in asynchronous code. `start`, `ensure_running`, `stop` and ``with`` block.

    Args:
        data_dir: The data folder; created, closed to others, when it does not exist.
        start_deadline_s: How long crash recovery, or another process's start, may take.
        stop_deadline_s: How long a stop may take before connections are cut hard.
        install: The PostgreSQL installation; None for the one that we carry.
        copies: Where programs are copied that the server's account cannot reach.
    """

    def __init__(
        self,
        data_dir: Path,
        *,
        start_deadline_s: float = 300.0,
        stop_deadline_s: float = 60.0,
        install: Path | None = None,
        copies: Path = SHARED_COPIES,
    ) -> None:
        self.data_dir = data_dir.absolute()
        self._folder = self.data_dir / "postgres"
        self._start_deadline_s = start_deadline_s
        self._stop_deadline_s = stop_deadline_s
        self._install = install
        self._copies = copies
        self._port: int | None = None
        self._users: IO[bytes] | None = None

    def __enter__(self) -> str:
        return self.start()

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()

    @contextlib.asynccontextmanager
    async def running(self) -> AsyncIterator[str]:
        """Use the server for as long as the block runs; start it again whenever it dies.

        Yields:
            Its address, which a new start keeps unless somebody has taken the port meanwhile.

        Raises:
            EmbeddedPostgresError: It does not run within the deadline.
        """
        starting = asyncio.create_task(asyncio.to_thread(self.start))
        guard = None
        try:
            # A start in a thread cannot be interrupted, so it is waited for and then undone.
            url = await asyncio.shield(starting)
            guard = asyncio.create_task(self._guard(url))
            yield url
        finally:
            if guard is not None:
                guard.cancel()
            await asyncio.gather(starting, return_exceptions=True)
            await asyncio.to_thread(self.stop)

    async def _guard(self, url: str) -> None:
        while True:
            await asyncio.sleep(_GUARD_INTERVAL_S)
            try:
                if find_postmaster(self._folder) is not None:
                    continue
                _log.error("postgres_died", folder=str(self._folder))
                moved = await asyncio.to_thread(self.ensure_running) != url
            except (EmbeddedPostgresError, OSError) as error:
                # Perhaps the system has no process or file to spare: it may have one soon.
                _log.error("postgres_not_restarted", why=str(error))
                continue
            if moved:
                _log.error("postgres_moved", why="port taken", advice="restart the service")

    def start(self) -> str:
        """Use the server: create it, start it or join it, whichever is needed.

        Returns:
            Its address, ``postgresql://user:password@127.0.0.1:port/database``. A secret.

        Raises:
            EmbeddedPostgresError: It does not run within the deadline.
        """
        try:
            with self._alone(self._start_deadline_s):
                self._users = self._users or _open_private(self.data_dir / "users.lock")
                fcntl.flock(self._users, fcntl.LOCK_SH)
                if not self._folder.exists():
                    self._cluster().create(self._new_password())
                return self._ensure_running()
        except BaseException as error:
            self.stop()
            if isinstance(error, PermissionError):
                raise EmbeddedPostgresError(
                    f"{error.filename or self.data_dir}: permission denied; "
                    f"run as its owner or name another data_dir"
                ) from error
            if isinstance(error, OSError):
                raise EmbeddedPostgresError(
                    f"{error.filename or self.data_dir}: {error.strerror}"
                ) from error
            raise

    def ensure_running(self) -> str:
        """Start the server again, on the same port where possible, if it died while in use.

        Returns:
            Its address.

        Raises:
            EmbeddedPostgresError: It does not run within the deadline. It stays ours: call again.
                Or its files are gone, which is not healed by an empty database; or it was let go.
        """
        with self._alone(self._start_deadline_s):
            if self._users is None:
                raise EmbeddedPostgresError(f"the server in {self._folder} is not in use any more")
            return self._ensure_running()

    def stop(self) -> None:
        """Let go of the server, and stop it if nobody else uses it. Does nothing a second time."""
        if self._users is None:
            return
        users, self._users = self._users, None
        # First let go, then look: of two that leave at once, the second finds itself the last.
        fcntl.flock(users, fcntl.LOCK_UN)
        with users, self._alone(self._stop_deadline_s):
            try:
                fcntl.flock(users, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                return
            if self._folder.exists():
                self._cluster().shut_down(deadline_s=self._stop_deadline_s)

    def _ensure_running(self) -> str:
        cluster = self._cluster()
        cluster.check_version()
        password = self._password()
        self._port = cluster.run(self._port, deadline_s=self._start_deadline_s)
        return f"postgresql://{USER}:{password}@127.0.0.1:{self._port}/{DATABASE}?sslmode=disable"

    def _cluster(self) -> Cluster:
        account = server_account(self._folder)
        install = usable_install(self._install or carried_install(), account, self._copies)
        return Cluster(self._folder, account, install / "bin")

    @contextlib.contextmanager
    def _alone(self, deadline_s: float) -> Iterator[None]:
        """Hold the start lock."""
        if not self.data_dir.exists():
            self.data_dir.mkdir(parents=True, exist_ok=True)
            self.data_dir.chmod(0o700)
        deadline = time.monotonic() + deadline_s
        with _open_private(self.data_dir / "start.lock") as lock:
            while True:
                try:
                    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        raise EmbeddedPostgresError(
                            f"another process has been starting or stopping the server in "
                            f"{self.data_dir} for {deadline_s:g} s"
                        ) from None
                    time.sleep(_POLL_S)
                else:
                    break
            yield

    @property
    def _password_file(self) -> Path:
        return self.data_dir / "postgres.password"

    def _new_password(self) -> str:
        password = secrets.token_urlsafe(24)
        self._password_file.unlink(missing_ok=True)
        with _open_private(self._password_file) as file:
            file.write(password.encode())
            file.flush()
            os.fsync(file.fileno())
        return password

    def _password(self) -> str:
        try:
            return self._password_file.read_text("utf-8")
        except FileNotFoundError as error:
            raise EmbeddedPostgresError(
                f"{self._password_file} is missing, without which the database in {self._folder} "
                f"cannot be opened: put it back from a backup"
            ) from error


def _open_private(path: Path) -> IO[bytes]:
    """Open for reading and writing a file that only we may read; create it where needed."""
    return os.fdopen(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600), "r+b")
