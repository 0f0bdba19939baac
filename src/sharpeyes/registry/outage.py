"""What is raised while the database is away: it ends by itself, so whoever can wait tries again."""

from typing import Final

import asyncpg

DATABASE_AWAY: Final = (
    OSError,
    asyncpg.InterfaceError,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.TransactionRollbackError,
    # What a connection says whose server was killed.
    asyncpg.InternalClientError,
)
