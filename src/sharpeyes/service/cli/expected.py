"""What a command may fail with without it being a fault of ours."""

from __future__ import annotations

import asyncpg

from sharpeyes.events.errors import EventsError
from sharpeyes.health.errors import HealthError
from sharpeyes.registry.errors import RegistryError
from sharpeyes.service.cli.output import CliError, printable
from sharpeyes.service.errors import ServiceError

_DATABASE = (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError)

EXPECTED: tuple[type[Exception], ...] = (
    CliError,
    ServiceError,
    RegistryError,
    EventsError,
    HealthError,
    OSError,
    *_DATABASE,
)


def explain(error: Exception) -> str:
    """Return one line for whoever gave the command."""
    message = str(error)
    if isinstance(error, OSError) and error.strerror:
        message = f"{error.filename}: {error.strerror}" if error.filename else error.strerror
    message = printable("; ".join(line.strip() for line in message.splitlines() if line.strip()))
    # A DataError is about what was typed, not about the database.
    if isinstance(error, _DATABASE) and not isinstance(error, asyncpg.DataError):
        return f"the database cannot be used: {message}"
    return message
