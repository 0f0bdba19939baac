"""Counts as proof: what was handed in, what is stored, what is delivered, what was deleted."""

from datetime import datetime

import asyncpg
import msgspec


class IntakeProof(msgspec.Struct, frozen=True):
    """What one caller handed in; received is stored, deduplicated and refused together.

    Attributes:
        caller: The token's name.
        received: How many events.
        stored: How many were new.
        deduplicated: How many had been handed in before.
        refused: How many were not taken.
    """

    caller: str
    received: int
    stored: int
    deduplicated: int
    refused: int


class DeletionProof(msgspec.Struct, frozen=True, kw_only=True):
    """What one run of retention did with one class.

    Attributes:
        at: When.
        retention_class: Which class.
        before: What was made earlier was due.
        deleted: How many are gone.
        held: How many stay under a legal hold.
        waiting: How many stay because they wait to be delivered.
    """

    at: datetime
    retention_class: str
    before: datetime
    deleted: int
    held: int
    waiting: int


class EventProof(msgspec.Struct, frozen=True, kw_only=True):
    """What there is of a time.

    Attributes:
        since: From when, by when it was stored.
        until: Until when.
        events: How many are stored, by type.
        outside_events: How many of them other systems handed in.
        deliveries: How many there are of them, by state.
        intake: By caller.
        deletions: Runs of retention in the time that found anything.
    """

    since: datetime
    until: datetime
    events: dict[str, int]
    outside_events: int
    deliveries: dict[str, int]
    intake: list[IntakeProof]
    deletions: list[DeletionProof]


_EVENTS = """
SELECT type, count(*) AS n, count(origin_id) AS outside FROM event
WHERE recorded_at >= $1 AND recorded_at < $2 GROUP BY type ORDER BY type
"""
_DELIVERIES = """
SELECT d.state, count(*) AS n FROM event e JOIN delivery d USING (event_id)
WHERE e.recorded_at >= $1 AND e.recorded_at < $2 GROUP BY d.state ORDER BY d.state
"""
_INTAKE = """
SELECT caller, sum(received)::bigint AS received, sum(stored)::bigint AS stored,
       sum(deduplicated)::bigint AS deduplicated, sum(refused)::bigint AS refused
FROM intake_tally WHERE at >= $1 AND at < $2 GROUP BY caller ORDER BY caller
"""
_DELETIONS = """
SELECT at, class AS retention_class, before, deleted, held, waiting FROM retention_proof
WHERE at >= $1 AND at < $2 AND deleted + held + waiting > 0 ORDER BY at, class
"""


async def prove(pool: asyncpg.Pool, since: datetime, until: datetime) -> EventProof:
    """Count what there is of a time, in one view of the database."""
    async with (
        pool.acquire() as connection,
        connection.transaction(isolation="repeatable_read", readonly=True),
    ):
        events = await connection.fetch(_EVENTS, since, until)
        deliveries = await connection.fetch(_DELIVERIES, since, until)
        intake = await connection.fetch(_INTAKE, since, until)
        deletions = await connection.fetch(_DELETIONS, since, until)
    return EventProof(
        since=since,
        until=until,
        events={row["type"]: row["n"] for row in events},
        outside_events=sum(row["outside"] for row in events),
        deliveries={row["state"]: row["n"] for row in deliveries},
        intake=[msgspec.convert(dict(row), IntakeProof) for row in intake],
        deletions=[msgspec.convert(dict(row), DeletionProof) for row in deletions],
    )
