"""What intake is measured against: the same rows inserted by asyncpg, and nothing else."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Self

import asyncpg

_DIGEST: Final = bytes(32)

# The row of an event and nothing else: no order, no key of the caller's, nothing to deliver.
_BARE_TABLE = """
CREATE TABLE IF NOT EXISTS bare_event (
    event_id text PRIMARY KEY, type text NOT NULL, device_code text NOT NULL,
    severity text NOT NULL, occurred_at timestamptz NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(), data jsonb NOT NULL
)
"""
_BARE_INSERT = """
INSERT INTO bare_event (event_id, type, device_code, severity, occurred_at, data)
VALUES ($1, $2, $3, $4, $5, $6)
"""

# All rows that intake adds for an event, with the indexes that they have: what is left of it is to
# read the request, to claim the key, to count, and to see who wants the event.
_ALL_ROWS_TABLES = """
CREATE TABLE IF NOT EXISTS bare_all_event (LIKE event INCLUDING ALL);
CREATE TABLE IF NOT EXISTS bare_all_key (LIKE event_key INCLUDING ALL);
CREATE TABLE IF NOT EXISTS bare_all_delivery (LIKE delivery INCLUDING ALL);
"""
_ALL_ROWS_EVENT = """
INSERT INTO bare_all_event (event_id, type, camera_id, device_code, sequence, severity, occurred_at,
                            dedup_key, data, origin_source, origin_id)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
"""
_ALL_ROWS_KEY = """
INSERT INTO bare_all_key (dedup_key, event_id, camera_id, digest) VALUES ($1, $2, $3, $4)
"""
_ALL_ROWS_DELIVERY = """
INSERT INTO bare_all_delivery (event_id, endpoint_id, camera_id, sequence) VALUES ($1, 1, $2, $3)
"""

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class BareInserts:
    """Inserts into tables of its own, each call in one transaction.

    Attributes:
        pool: Connections that turn Python values into jsonb, and flush what they commit as ours do.
    """

    pool: asyncpg.Pool

    @classmethod
    async def of(cls, pool: asyncpg.Pool) -> Self:
        """Make the tables, unless they are there."""
        await pool.execute(_BARE_TABLE)
        await pool.execute(_ALL_ROWS_TABLES)
        return cls(pool)

    async def insert_events(self, events: Sequence[Json]) -> int:
        """Insert one row for each event."""
        rows = [_row(event) for event in events]
        async with self.pool.acquire() as connection, connection.transaction():
            await connection.executemany(_BARE_INSERT, rows)
        return len(events)

    async def insert_all_rows(self, events: Sequence[Json]) -> int:
        """Insert all rows that intake adds for each event."""
        rows = [_all_rows(event) for event in events]
        inserts = (_ALL_ROWS_EVENT, _ALL_ROWS_KEY, _ALL_ROWS_DELIVERY)
        async with self.pool.acquire() as connection, connection.transaction():
            for insert, of_table in zip(inserts, zip(*rows, strict=True), strict=True):
                await connection.executemany(insert, of_table)
        return len(events)

    async def clear(self) -> None:
        """Empty the tables."""
        await self.pool.execute(
            "TRUNCATE bare_event, bare_all_event, bare_all_key, bare_all_delivery"
        )


def _row(event: dict[str, Any]) -> tuple[object, ...]:
    at = datetime.fromisoformat(event["time"])
    return event["id"], event["type"], event["subject"], "info", at, event["data"]


def _all_rows(event: dict[str, Any]) -> tuple[tuple[object, ...], ...]:
    """Return what intake adds to the tables of events, keys and deliveries."""
    external_id, kind, code, severity, at, data = _row(event)
    number = int(str(code)[13:])
    event_id, key = str(external_id), f"outside:/benchmark {external_id}"
    return (
        (event_id, kind, number, code, number, severity, at, key, data, "/benchmark", external_id),
        (key, event_id, number, _DIGEST),
        (event_id, number, number),
    )
