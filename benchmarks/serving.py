"""Starts the service, or a part of it, for as long as something is measured."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Final

import aiohttp

SHARPEYES: Final = Path(sys.executable).with_name("sharpeyes")
_TRIES, _PAUSE_S = 600, 0.1


@asynccontextmanager
async def serving(
    command: str, database_url: str, folder: Path, port: int, settings: str
) -> AsyncIterator[None]:
    """Run `sharpeyes COMMAND`, and begin once it is ready.

    Args:
        command: `api` or `serve`.
        database_url: The database's address.
        folder: Where it finds its settings, which are written there, and leaves its log.
        port: That of HTTP in the settings.
        settings: TOML.

    Raises:
        RuntimeError: It was not ready within a minute.
    """
    (folder / "sharpeyes.toml").write_text(settings)
    with (folder / f"{command}.log").open("wb") as log:
        process = await asyncio.create_subprocess_exec(
            SHARPEYES,
            command,
            cwd=folder,
            env=dict(os.environ, SHARPEYES_DATABASE_URL=database_url),
            stdout=log,
            stderr=log,
        )
        try:
            await _wait_until_ready(port)
            yield
        finally:
            process.terminate()
            await process.wait()


async def _wait_until_ready(port: int) -> None:
    async with aiohttp.ClientSession() as session:
        for _ in range(_TRIES):
            try:
                async with session.get(f"http://127.0.0.1:{port}/readyz") as answer:
                    if answer.ok:
                        return
            except aiohttp.ClientConnectionError:
                pass
            await asyncio.sleep(_PAUSE_S)
    raise RuntimeError(f"the service was not ready within {_TRIES * _PAUSE_S:g} s")
