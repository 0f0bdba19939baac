"""One PostgreSQL cluster on this machine: its files, and the process that serves them.

The programs run with the cluster as their working directory and know it by no other name: the
account that runs them need not be able to reach the folder, and no folder above it is touched.
"""

import contextlib
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

import structlog

from sharpeyes.service.errors import EmbeddedPostgresError
from sharpeyes.service.postgres_install import MAJOR_VERSION, Account, run_as
from sharpeyes.service.postgres_status import (
    ANY_PORT,
    START_LOG,
    find_postmaster,
    forget_dead_postmaster,
    in_one_line,
    last_port,
    log_lines,
    log_sizes,
)

USER = DATABASE = "sharpeyes"

_POLL_S = 0.05
_PORT_ATTEMPTS = 5


def _shared_mb() -> int:
    """Return an eighth of the machine's memory, 128 to 1,024 MB."""
    memory_mb = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") >> 20
    return max(128, min(1024, memory_mb // 8))


# Written into postgresql.conf once, where an operator may change them.
_SETTINGS = {
    "timezone": "UTC",
    "log_timezone": "UTC",
    # Our queries are short: compiling one takes longer than running it.
    "jit": "off",
    # An import of a million cameras writes some gigabytes: fewer checkpoints, and the indexes that
    # it fills in memory, made it 1.6 times as fast.
    "shared_buffers": f"{_shared_mb()}MB",
    "max_wal_size": "4GB",
    "checkpoint_timeout": "15min",
    # While a new cluster's log grows, zeros written ahead of it took a tenth of an import.
    "wal_init_zero": "off",
    # A week of logs, each day's file overwritten a week later.
    "logging_collector": "on",
    "log_filename": "postgresql-%a.log",
    "log_rotation_age": "1d",
    "log_rotation_size": "0",
    "log_truncate_on_rotation": "on",
    # The detail of an error repeats the row that was refused, secrets included.
    "log_error_verbosity": "terse",
}

_log = structlog.get_logger(__name__)


class Cluster:
    """A cluster's files and process. The caller sees to it that nobody else is at work on them.

    Args:
        folder: Its folder; its parent exists.
        account: Who owns the files and runs the server.
        programs: The folder of ``initdb``, ``pg_ctl`` and ``postgres``.
    """

    def __init__(self, folder: Path, account: Account, programs: Path) -> None:
        self._folder = folder
        self._account = account
        self._programs = programs

    def create(self, password: str) -> None:
        """Make the files, whole or not at all, with one database and one user.

        Args:
            password: Of the user.

        Raises:
            EmbeddedPostgresError: initdb failed; its last lines are in the message.
        """
        draft = self._folder.with_name(f"{self._folder.name}.new")
        shutil.rmtree(draft, ignore_errors=True)
        draft.mkdir(mode=0o700)
        os.chown(draft, self._account.uid, self._account.gid)
        # In memory: not in an argument, and not in a file that the account would have to reach.
        with os.fdopen(os.memfd_create("password"), "w+b", buffering=0) as handed_over:
            fd = handed_over.fileno()
            os.fchown(fd, self._account.uid, self._account.gid)
            handed_over.write(password.encode())
            self._do(
                "initdb",
                f"--username={USER}",
                f"--pwfile=/proc/self/fd/{fd}",
                "--auth=scram-sha-256",
                "--encoding=UTF8",
                # Built into PostgreSQL: an update of the system's C library cannot change an order
                # that indexes rely on.
                "--locale=C",
                "--locale-provider=builtin",
                "--builtin-locale=C.UTF-8",
                *(f"--set={name}={value}" for name, value in _SETTINGS.items()),
                folder=draft,
                pass_fds=(fd,),
            )
        sql = f"CREATE DATABASE {DATABASE}\n"
        self._do("postgres", "--single", "postgres", folder=draft, text=sql)
        draft.rename(self._folder)
        _log.info("postgres_created", folder=str(self._folder), runs_as=self._account.name)

    def check_version(self) -> None:
        """Refuse files that another major version wrote.

        Raises:
            EmbeddedPostgresError: They are not ours to open.
        """
        try:
            found = (self._folder / "PG_VERSION").read_text("utf-8").strip()
        except FileNotFoundError as error:
            raise EmbeddedPostgresError(
                f"{self._folder} holds no PostgreSQL files: move it away or name another data_dir"
            ) from error
        if found != MAJOR_VERSION:
            raise EmbeddedPostgresError(
                f"{self._folder} was written by PostgreSQL {found}, and this is {MAJOR_VERSION}: "
                f"dump it with {found} and load it into a new data_dir"
            )

    def run(self, preferred_port: int | None, *, deadline_s: float) -> int:
        """See to it that the server runs and has recovered from a crash, if there was one.

        Args:
            preferred_port: The TCP port to start it on when that is free; None for that of its last
                run. A server that already runs keeps the port that it has.
            deadline_s: How long this may take.

        Returns:
            Its port on 127.0.0.1.

        Raises:
            EmbeddedPostgresError: It does not run; its last log lines are in the message.
        """
        deadline = time.monotonic() + deadline_s
        preferred_port = preferred_port or last_port(self._folder)
        ports_taken = 0
        problem = None
        while True:
            postmaster = find_postmaster(self._folder)
            if postmaster is not None and postmaster.status == "ready":
                return postmaster.port
            if postmaster is None:
                port = _free_port(preferred_port)
                problem = self._launch(port, wait_s=deadline - time.monotonic())
                if problem is None:
                    continue
                if "could not create any TCP/IP sockets" in problem:
                    # Somebody was quicker to take the port.
                    ports_taken += 1
                    if ports_taken < _PORT_ATTEMPTS:
                        preferred_port = ANY_PORT
                        continue
                # Sessions of a killed server hold its memory until their statement ends: wait.
                if "pre-existing shared memory block" not in problem:
                    raise EmbeddedPostgresError(f"cannot start PostgreSQL: {problem}")
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"PostgreSQL in {self._folder} is not ready after {deadline_s:g} s: "
                    f"{problem or log_lines(self._folder)}"
                )
            time.sleep(_POLL_S)

    def shut_down(self, *, deadline_s: float) -> None:
        """Stop the server if it runs: transactions are rolled back, connections are closed.

        Args:
            deadline_s: How long this may take before processes are stopped hard, which costs
                nothing but a recovery at the next start.

        Raises:
            EmbeddedPostgresError: It still runs.
        """
        if find_postmaster(self._folder) is None:
            return
        for mode in ("fast", "immediate"):
            done = self._run("pg_ctl", "stop", f"--mode={mode}", f"--timeout={deadline_s:.0f}")
            if done.returncode == 0 or find_postmaster(self._folder) is None:
                _log.info("postgres_stopped", folder=str(self._folder), mode=mode)
                return
        raise EmbeddedPostgresError(f"cannot stop PostgreSQL: {in_one_line(done.stdout)}")

    def _launch(self, port: int, *, wait_s: float) -> str | None:
        """Start the server; return what it said when it did not become ready."""
        forget_dead_postmaster(self._folder)
        (self._folder / START_LOG).unlink(missing_ok=True)
        before = log_sizes(self._folder)
        done = self._run(
            "pg_ctl",
            "start",
            f"--timeout={max(wait_s, 1):.0f}",
            f"--log={START_LOG}",
            # Not in the configuration file: our own address depends on them.
            f"--options=-p {port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=",
        )
        if done.returncode == 0:
            _log.info("postgres_started", folder=str(self._folder), port=port)
            return None
        return log_lines(self._folder, since=before) or in_one_line(done.stdout)

    def _do(
        self,
        program: str,
        *arguments: str,
        folder: Path,
        text: str = "",
        pass_fds: tuple[int, ...] = (),
    ) -> None:
        """Run a step of the creation, which must succeed."""
        done = self._run(program, *arguments, folder=folder, text=text, pass_fds=pass_fds)
        if done.returncode != 0:
            raise EmbeddedPostgresError(
                f"cannot create a database in {self._folder}: {in_one_line(done.stdout)}"
            )

    def _run(
        self,
        program: str,
        *arguments: str,
        folder: Path | None = None,
        text: str = "",
        pass_fds: tuple[int, ...] = (),
    ) -> subprocess.CompletedProcess[str]:
        return run_as(
            self._account,
            [self._programs / program, *arguments],
            cwd=folder or self._folder,
            text=text,
            pass_fds=pass_fds,
        )


def _free_port(preferred: int) -> int:
    """Return ``preferred`` if nobody listens there on 127.0.0.1, and else a port that is free."""
    for port in (preferred, ANY_PORT):
        with socket.socket() as probe:
            # As the server does: connections of its last run may still linger on the port.
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind(("127.0.0.1", port))
                found: int = probe.getsockname()[1]
                return found
    raise EmbeddedPostgresError("no TCP port is free on 127.0.0.1")
