"""The service under test: its own database server, its processes, and what kills them."""

import asyncio
import contextlib
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Literal

import aiohttp
import asyncpg
import msgspec

from sharpeyes.registry.history import sign
from sharpeyes.service.database import open_pool
from sharpeyes.service.postgres import EmbeddedPostgres

Role = Literal["api", "relay", "worker"]
ROLES: tuple[Role, ...] = ("api", "relay", "worker")

# Scaled down: an attempt may take 1 s instead of 15, and is made again after 0.2 to 1 s instead of
# 5 s to 24 h; 50 attempts, so that none is given up by bad luck at 40 % of failures.
SETTINGS = """
workers = 1

[http]
port = {port}

[events]
allow_loopback = true
schedule_s = [0, 0.2, 0.5, {many}]
attempt_timeout_s = 1
lease_s = 16
posts_per_endpoint = 64
poll_interval_s = 0.2
"""
_PROGRAM = [sys.executable, "-m", "sharpeyes"]
_READY_WITHIN_S = 120.0


class Installation:
    """A folder with settings, a database server and `sharpeyes serve`.

    Args:
        folder: where all of it lies.
        port: where the API listens.
    """

    def __init__(self, folder: Path, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self._folder = folder
        self._postgres = EmbeddedPostgres(folder / "database")
        self._environ = dict(os.environ)
        settings = SETTINGS.format(port=port, many=", ".join(["1"] * 47))
        (folder / "sharpeyes.toml").write_text(settings)

    @asynccontextmanager
    async def running(self) -> AsyncIterator[asyncio.subprocess.Process]:
        """Run the database server and the service for as long as the block runs."""
        database_url = await asyncio.to_thread(self._postgres.start)
        self._environ["SHARPEYES_DATABASE_URL"] = database_url
        try:
            with (self._folder / "serve.log").open("ab") as log:
                serve = await asyncio.create_subprocess_exec(
                    *(*_PROGRAM, "serve"),
                    cwd=self._folder,
                    env=self._environ,
                    stdin=asyncio.subprocess.DEVNULL,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                )
            try:
                await self.until_ready()
                yield serve
            finally:
                await _end(serve)
        finally:
            await asyncio.to_thread(self._postgres.stop)

    async def until_ready(self) -> None:
        """Wait until the API answers."""
        async with asyncio.timeout(_READY_WITHIN_S), aiohttp.ClientSession() as session:
            while True:
                with contextlib.suppress(aiohttp.ClientError):
                    async with session.get(f"{self.url}/readyz") as answer:
                        if answer.ok:
                            return
                await asyncio.sleep(0.1)

    async def command(self, *words: str) -> dict[str, str]:
        """Run a command that answers in JSON."""
        process = await asyncio.create_subprocess_exec(
            *(*_PROGRAM, *words, "--json"),
            cwd=self._folder,
            env=self._environ,
            stdout=asyncio.subprocess.PIPE,
        )
        out, _ = await process.communicate()
        if process.returncode:
            raise RuntimeError(f"sharpeyes {words[0]} {words[1]} ended with {process.returncode}")
        answer: dict[str, str] = msgspec.json.decode(out)
        return answer

    @asynccontextmanager
    async def database(self) -> AsyncIterator[asyncpg.Pool]:
        """Give connections to the database."""
        pool = await open_pool(self._environ["SHARPEYES_DATABASE_URL"], min_size=1, max_size=2)
        try:
            yield pool
        finally:
            await pool.close()

    async def add_cameras(self, count: int) -> list[str]:
        """Register cameras that nobody polls, and return their device codes."""
        async with self.database() as pool, pool.acquire() as connection, connection.transaction():
            await sign(connection, "soak")
            rows = await connection.fetch(
                "INSERT INTO camera (device_code, name, tier, division_code, poll_mode)"
                " SELECT '4201060000132' || lpad(n::text, 7, '0'), 'camera ' || n, 1, '420106',"
                " 'none' FROM generate_series(1, $1) n RETURNING device_code",
                count,
            )
        return [row["device_code"] for row in rows]

    async def kill(self, serve: asyncio.subprocess.Process, role: Role) -> None:
        """Kill -9 a process of that role, once there is one."""
        while True:
            for pid in _children_of(serve.pid):
                if role in _words_of(pid):
                    os.kill(pid, signal.SIGKILL)
                    return
            await asyncio.sleep(0.05)

    async def restart_database(self) -> None:
        """Do what `pg_ctl restart -m immediate` does: no checkpoint, all connections cut."""
        pid = int((self._folder / "database/postgres/postmaster.pid").read_text().split()[0])
        os.kill(pid, signal.SIGQUIT)
        await asyncio.to_thread(_wait_for_end, pid)
        await asyncio.to_thread(self._postgres.ensure_running)


def _wait_for_end(pid: int) -> None:
    while Path(f"/proc/{pid}").exists():
        time.sleep(0.02)


def _children_of(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").iterdir():
        with contextlib.suppress(FileNotFoundError):
            found += [int(child) for child in (task / "children").read_text().split()]
    return found


def _words_of(pid: int) -> list[str]:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text("utf-8").split("\0")
    except (FileNotFoundError, ProcessLookupError):
        return []


async def _end(process: asyncio.subprocess.Process) -> None:
    if process.returncode is None:
        process.send_signal(signal.SIGINT)
    try:
        await asyncio.wait_for(process.wait(), 60)
    except TimeoutError:
        process.kill()
        await process.wait()
