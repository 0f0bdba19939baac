"""What was last heard of each endpoint, kept in its row for whoever asks how it is."""

from datetime import datetime, timedelta
from typing import Final

import asyncpg

from sharpeyes.events.attempt import Answer

_SUCCESS: Final = """
UPDATE endpoint SET last_success_at = $2
WHERE endpoint_id = $1 AND (last_success_at < $2 OR last_success_at IS NULL)
"""
_FAILURE: Final = """
UPDATE endpoint SET last_failure_at = $2, last_failure = $3
WHERE endpoint_id = $1 AND (last_failure_at < $2 OR last_failure_at IS NULL)
"""
# At every attempt, all attempts at an endpoint would queue for its row.
_BETWEEN: Final = timedelta(seconds=10)


class Heard:
    """Writes down when an endpoint last took a delivery, and when and how it last did not.

    Each of the two at most every ten seconds: what is in the row is that much too old at most.

    Args:
        pool: Connections to the database.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._written_at: dict[tuple[int, bool], datetime] = {}

    async def note(self, endpoint_id: int, answer: Answer, now: datetime) -> None:
        """Take in what came of an attempt.

        Args:
            endpoint_id: At which endpoint.
            answer: What its receiver did.
            now: When the attempt ended, UTC.
        """
        key = (endpoint_id, answer.succeeded)
        before = self._written_at.get(key)
        if before is not None and now - before < _BETWEEN:
            return
        self._written_at[key] = now
        if answer.succeeded:
            await self._pool.execute(_SUCCESS, endpoint_id, now)
        else:
            said = answer.error if answer.http_status is None else f"HTTP {answer.http_status}"
            await self._pool.execute(_FAILURE, endpoint_id, now, said)
