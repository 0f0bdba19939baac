"""Deletes what has been kept long enough, and proves by counts what was done.

What is under a legal hold stays, and so does what still waits to be delivered. A run that is cut
off is made up for by the next one: each portion is a transaction.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import asyncpg
import structlog

from sharpeyes.events.event import new_event_id
from sharpeyes.events.retention_class import CLASS_OF, RetentionClass
from sharpeyes.events.retention_settings import RetentionSettings
from sharpeyes.events.store import Connection

log = structlog.get_logger()

_AT_ONCE = 1000
# Where millions are kept that are not of the class, looking through them takes its time.
_LOOK_S = 600.0
_MONTHS_AHEAD = timedelta(days=92)
# Whoever makes or drops a month locks the table: nobody who reads for long is waited for, as all
# others would have to wait behind us.
_LOCK_TIMEOUT = "SET LOCAL lock_timeout = '3s'"

_ONE_AT_A_TIME = "SELECT pg_try_advisory_lock(hashtext('sharpeyes.retention'))"
_DONE = "SELECT pg_advisory_unlock(hashtext('sharpeyes.retention'))"

_ADD_MONTHS = "SELECT add_event_months($1, $2)"

_HELD = """
EXISTS (
    SELECT FROM legal_hold h
    WHERE h.camera_id = e.camera_id AND h.released_at IS NULL AND h.expires_at > $4
      AND (h.event_id = e.event_id OR e.occurred_at >= h.since AND e.occurred_at < h.until)
)
"""

# Up to so many of those that are due, behind the last one that was looked at.
_DUE = f"""
SELECT e.event_id, e.evidence_id, {_HELD} AS held,
       EXISTS (SELECT FROM delivery d WHERE d.event_id = e.event_id AND d.state = 'pending')
           AS waiting
FROM event e WHERE e.event_id > $1 AND e.event_id < $2 AND e.type = ANY ($3)
ORDER BY e.event_id LIMIT {_AT_ONCE}
"""  # noqa: S608  # only constants are put together

_DUE_PICTURES = f"""
SELECT e.event_id, e.evidence_id, {_HELD} AS held, false AS waiting
FROM event e JOIN evidence USING (evidence_id)
WHERE e.event_id > $1 AND e.event_id < $2 AND $3::text[] IS NOT NULL
ORDER BY e.event_id LIMIT {_AT_ONCE}
"""  # noqa: S608  # only constants are put together

_DELETE_EVENTS = (
    """
    DELETE FROM delivery_attempt WHERE delivery_id IN (
        SELECT delivery_id FROM delivery WHERE event_id = ANY ($1::text[]))
    """,
    "DELETE FROM delivery WHERE event_id = ANY ($1::text[])",
    "DELETE FROM event_case WHERE event_id = ANY ($1::text[])",
    "UPDATE camera_transition SET event_id = NULL WHERE event_id = ANY ($1::text[])",
    """
    DELETE FROM event_key WHERE dedup_key IN (
        SELECT dedup_key FROM event WHERE event_id = ANY ($1::text[]))
    """,
    "DELETE FROM event WHERE event_id = ANY ($1::text[])",
)
_FORGET_PICTURES = "UPDATE event SET evidence_id = NULL WHERE event_id = ANY ($1::text[])"
_DELETE_PICTURES = "DELETE FROM evidence WHERE evidence_id = ANY ($1::text[])"

_PROVE = """
INSERT INTO retention_proof (at, class, before, deleted, held, waiting)
VALUES ($1, $2, $3, $4, $5, $6)
"""

_MONTHS = """
SELECT c.relname, c.relname ~ '^event_' AS of_events FROM pg_inherits i
JOIN pg_class c ON c.oid = i.inhrelid
WHERE i.inhparent IN ('event'::regclass, 'evidence'::regclass)
  AND c.relname ~ '^(event|evidence)_[0-9]{4}_[0-9]{2}$'
  AND to_date(right(c.relname, 7), 'YYYY_MM') < $1
ORDER BY of_events DESC, c.relname
"""


@dataclass(frozen=True, slots=True)
class RetentionProof:
    """What one run did with one class.

    Attributes:
        of: The class.
        before: What was made earlier was due.
        deleted: How many are gone.
        held: How many were due and are under a legal hold.
        waiting: How many were due and still wait to be delivered.
    """

    of: RetentionClass
    before: datetime
    deleted: int
    held: int
    waiting: int


class Retention:
    """Deletes what is due.

    Args:
        pool: Connections of the owner.
        settings: How long what is kept.
        now: Our time, aware.
    """

    def __init__(
        self, pool: asyncpg.Pool, settings: RetentionSettings, now: Callable[[], datetime]
    ) -> None:
        self._pool = pool
        self._settings = settings
        self._now = now

    async def run_once(self) -> list[RetentionProof]:
        """Make the months to come, delete what is due, drop months that are empty.

        Returns:
            What was done with each class; nothing while another process is at it.
        """
        async with self._pool.acquire() as connection:
            if not await connection.fetchval(_ONE_AT_A_TIME):
                return []
            try:
                now = self._now()
                await _add_months(connection, now)
                proofs = [await self._delete(connection, of, now) for of in RetentionClass]
                await self._drop_months(connection, now)
            finally:
                await connection.execute(_DONE)
        return proofs

    async def _delete(
        self, connection: Connection, of: RetentionClass, now: datetime
    ) -> RetentionProof:
        before = now - self._settings.kept(of)
        types = [kind for kind, its in CLASS_OF.items() if its is of]
        query = _DUE_PICTURES if of is RetentionClass.PICTURES else _DUE
        last, end = "", new_event_id(before, _Least())
        deleted = held = waiting = 0
        while True:
            async with connection.transaction():
                # Whoever places a hold meanwhile waits until we have deleted, or we see it.
                await connection.execute("LOCK TABLE legal_hold IN SHARE MODE")
                rows = await connection.fetch(query, last, end, types, now, timeout=_LOOK_S)
                due = [row for row in rows if not row["held"] and not row["waiting"]]
                await _delete_rows(connection, due, events=of is not RetentionClass.PICTURES)
            deleted += len(due)
            held += sum(row["held"] for row in rows)
            waiting += sum(row["waiting"] and not row["held"] for row in rows)
            if len(rows) < _AT_ONCE:
                break
            last = rows[-1]["event_id"]
        await connection.execute(_PROVE, now, of, before, deleted, held, waiting)
        return RetentionProof(of, before, deleted, held, waiting)

    async def _drop_months(self, connection: Connection, now: datetime) -> None:
        first_kept = (now - max(self._settings.kept(of) for of in RetentionClass)).date()
        # Only of months in which nothing can come any more.
        rows = await connection.fetch(_MONTHS, _month_of(min(first_kept, now.date())))
        for row in rows:
            try:
                await _drop_if_empty(connection, row["relname"])
            except asyncpg.LockNotAvailableError:
                log.info("a month is in use, and is dropped next time", month=row["relname"])


async def _add_months(connection: Connection, now: datetime) -> None:
    try:
        async with connection.transaction():
            await connection.execute(_LOCK_TIMEOUT)
            await connection.execute(_ADD_MONTHS, now.date(), (now + _MONTHS_AHEAD).date())
    except asyncpg.LockNotAvailableError:
        log.info("events are in use, and months are made next time")


async def _delete_rows(connection: Connection, rows: list[asyncpg.Record], *, events: bool) -> None:
    if not rows:
        return
    event_ids = [row["event_id"] for row in rows]
    for statement in _DELETE_EVENTS if events else (_FORGET_PICTURES,):
        await connection.execute(statement, event_ids)
    pictures = [row["evidence_id"] for row in rows if row["evidence_id"] is not None]
    if pictures:
        await connection.execute(_DELETE_PICTURES, pictures)


async def _drop_if_empty(connection: Connection, month: str) -> None:
    parent = month[: -len("_2026_11")]
    if await connection.fetchval(f'SELECT EXISTS (SELECT FROM "{month}")'):  # noqa: S608  # ours
        return
    async with connection.transaction():
        await connection.execute(_LOCK_TIMEOUT)
        await connection.execute(f'ALTER TABLE {parent} DETACH PARTITION "{month}"')
        await connection.execute(f'DROP TABLE "{month}"')
    log.info("a month was dropped", month=month)


def _month_of(day: date) -> date:
    return day.replace(day=1)


class _Least:
    """Gives the least identity of a time."""

    def getrandbits(self, _k: int, /) -> int:
        return 0
