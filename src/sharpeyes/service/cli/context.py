"""What commands share: the settings, and the database for as long as one command runs."""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator, Coroutine
from contextlib import asynccontextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, TypeVar

import asyncpg
import typer

from sharpeyes.events.closed_ports import OwnPorts
from sharpeyes.registry.sealing import Sealer
from sharpeyes.service.database import open_pool
from sharpeyes.service.keys import load_sealer
from sharpeyes.service.own_ports import own_ports
from sharpeyes.service.settings import Settings, load_settings
from sharpeyes.service.startup import prepared_database

T = TypeVar("T")

Supervised = Annotated[
    bool,
    typer.Option(
        "--supervised", help="End when standard input is closed, as those who start us see to."
    ),
]

config_file: ContextVar[Path | None] = ContextVar("config_file", default=None)


@dataclass(frozen=True, slots=True)
class Database:
    """The open database of one command, what seals secrets in it, and which ports are ours."""

    settings: Settings
    pool: asyncpg.Pool
    sealer: Sealer
    own_ports: OwnPorts


def settings() -> Settings:
    """Return the settings from `--config`, the environment and their defaults.

    Raises:
        SettingsError: A key is unknown or a value is not allowed.
    """
    return load_settings(config_file.get(), os.environ)


def run(coroutine: Coroutine[object, object, T]) -> T:
    """Run a command's coroutine to its end."""
    return asyncio.run(coroutine)


@asynccontextmanager
async def open_database() -> AsyncIterator[Database]:
    """Give the command its database: migrated, and started first where it is the embedded one."""
    chosen = settings()
    sealer = load_sealer(chosen)
    async with (
        prepared_database(chosen) as url,
        await open_pool(url, min_size=1, max_size=4, application_name="sharpeyes command") as pool,
    ):
        yield Database(settings=chosen, pool=pool, sealer=sealer, own_ports=own_ports(chosen, url))
