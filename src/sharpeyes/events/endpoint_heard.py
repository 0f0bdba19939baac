"""What was last heard of each endpoint, kept in its row for whoever asks how it is."""

from dataclasses import dataclass
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
_BETWEEN: Final = timedelta(seconds=2)


@dataclass(frozen=True, slots=True)
class _Latest:
    at: datetime
    failure: str | None
    """What was met instead of a success; None: it was one."""


class Heard:
    """Writes down when an endpoint last took a delivery, and when and how it last did not.

    Each of the two every two seconds at most, and the last one always.

    Args:
        pool: Connections to the database.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool
        self._unwritten: dict[tuple[int, bool], _Latest] = {}
        self._written_at: dict[tuple[int, bool], datetime] = {}

    def note(self, endpoint_id: int, answer: Answer, now: datetime) -> None:
        """Take in what came of an attempt.

        Args:
            endpoint_id: At which endpoint.
            answer: What its receiver did.
            now: When the attempt ended, UTC.
        """
        said = answer.error if answer.http_status is None else f"HTTP {answer.http_status}"
        latest = _Latest(now, None if answer.succeeded else said)
        self._unwritten[endpoint_id, answer.succeeded] = latest

    async def write(self, now: datetime | None) -> None:
        """Write what is new and was not written just before.

        Args:
            now: The present, UTC; None: all of it, however lately.
        """
        due = [key for key in self._unwritten if now is None or self._is_due(key, now)]
        for key in due:
            latest = self._unwritten.pop(key)
            self._written_at[key] = latest.at if now is None else now
            if latest.failure is None:
                await self._pool.execute(_SUCCESS, key[0], latest.at)
            else:
                await self._pool.execute(_FAILURE, key[0], latest.at, latest.failure)

    def _is_due(self, key: tuple[int, bool], now: datetime) -> bool:
        before = self._written_at.get(key)
        return before is None or now - before >= _BETWEEN
