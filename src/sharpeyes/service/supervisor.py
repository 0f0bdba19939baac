"""`sharpeyes serve`: keeps the API, the relay and the workers running, each in its own process."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import time
from collections.abc import Coroutine, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import structlog

from sharpeyes.service.metrics_folder import MULTIPROCESS_FOLDER, prepare_folder
from sharpeyes.service.settings import Settings

log = structlog.get_logger()

# A process that keeps dying is started ever more slowly, and freely again once it has lasted.
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 5.0
_LASTED_S = 60.0


@dataclass(frozen=True, slots=True)
class Child:
    """One process to keep running: its name in the log and the command's words."""

    name: str
    words: Sequence[str]


def children(settings: Settings) -> tuple[Child, ...]:
    """Return the processes of one machine: one API, one relay, a worker for each core."""
    workers = settings.workers or os.cpu_count() or 1
    return (
        Child("api", ("api",)),
        Child("relay", ("relay",)),
        *(Child(f"worker-{n}", ("worker",)) for n in range(1, workers + 1)),
    )


def child_environment(
    environ: Mapping[str, str], *, database_url: str, metrics_folder: Path
) -> dict[str, str]:
    """Return what a child is given: the database's address goes here, never into arguments."""
    return {
        **environ,
        "SHARPEYES_DATABASE_URL": database_url,
        MULTIPROCESS_FOLDER: str(metrics_folder),
    }


async def supervise(
    settings: Settings, config: Path | None, database_url: str, stop: asyncio.Event
) -> None:
    """Run all processes until `stop`, starting again whichever ends; then end them gracefully."""
    metrics_folder = settings.data_dir.absolute() / "metrics"
    prepare_folder(metrics_folder)
    environment = child_environment(
        os.environ, database_url=database_url, metrics_folder=metrics_folder
    )
    prefix = [sys.executable, "-m", "sharpeyes", *(("--config", str(config)) if config else ())]
    async with asyncio.TaskGroup() as group:
        for child in children(settings):
            group.create_task(
                keep_running(
                    child,
                    [*prefix, *child.words, "--supervised"],
                    environment,
                    stop,
                    grace_s=settings.stop_grace_s,
                )
            )


async def keep_running(
    child: Child,
    command: Sequence[str],
    environment: Mapping[str, str],
    stop: asyncio.Event,
    *,
    grace_s: float,
) -> None:
    """Run one process until `stop`, starting it again whenever it ends.

    Args:
        child: Its name for the log.
        command: What is run.
        environment: All of its environment.
        stop: Ends it, and us.
        grace_s: How long it may take to end after SIGTERM before it is killed.
    """
    pause_s = _FIRST_PAUSE_S
    while not stop.is_set():
        started = time.monotonic()
        code = await _run_once(command, environment, stop, grace_s=grace_s)
        if stop.is_set():
            break
        if time.monotonic() - started > _LASTED_S:
            pause_s = _FIRST_PAUSE_S
        log.error("process ended, starting it again", process=child.name, code=code, in_s=pause_s)
        await _either(stop.wait(), asyncio.sleep(pause_s))
        pause_s = min(2 * pause_s, _LONGEST_PAUSE_S)


async def _run_once(
    command: Sequence[str],
    environment: Mapping[str, str],
    stop: asyncio.Event,
    *,
    grace_s: float,
) -> int:
    # Its own session: a Ctrl-C at the terminal reaches us only, and we end it in good order.
    process = await asyncio.create_subprocess_exec(
        *command, stdin=asyncio.subprocess.PIPE, env=environment, start_new_session=True
    )
    try:
        await _either(stop.wait(), process.wait())
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
            await asyncio.wait_for(process.wait(), grace_s)
    except TimeoutError:
        log.warning("process did not end in time", pid=process.pid, after_s=grace_s)
    finally:
        if process.returncode is None:
            process.kill()
        code = await process.wait()
    return code


async def _either(*waits: Coroutine[Any, Any, object]) -> None:
    tasks = [asyncio.create_task(wait) for wait in waits]
    try:
        await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for task in tasks:
            task.cancel()
