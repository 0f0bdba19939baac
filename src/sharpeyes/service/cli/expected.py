"""What a command may fail with without it being a fault of ours."""

from __future__ import annotations

import asyncpg

from sharpeyes.events.errors import EventsError
from sharpeyes.registry.errors import RegistryError
from sharpeyes.service.cli.output import CliError
from sharpeyes.service.errors import ServiceError

_DATABASE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

EXPECTED: tuple[type[Exception], ...] = (
    CliError,
    ServiceError,
    RegistryError,
    EventsError,
    *_DATABASE,
)


def explain(error: Exception) -> str:
    """Return one line for whoever gave the command."""
    message = " ".join(str(error).split())
    if isinstance(error, _DATABASE):
        return f"the database cannot be used: {message}"
    return message
