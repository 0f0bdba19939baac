"""Events: storing them with their deliveries, and reading them."""

import json
from datetime import UTC, datetime
from typing import Any

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.cloudevent import MAX_BODY_BYTES, MAX_SOURCE_CHARACTERS, body
from sharpeyes.events.errors import EventInvalidError
from sharpeyes.events.event import PAYLOAD_OF, Event, EventType, Evidence, NewEvent

Connection = asyncpg.Connection | PoolConnectionProxy

_LARGEST_SEQUENCE = 2**63 - 1

_NEXT_SEQUENCE = """
INSERT INTO event_sequence AS s (camera_id, last_sequence) VALUES ($1, 1)
ON CONFLICT (camera_id) DO UPDATE SET last_sequence = s.last_sequence + 1
RETURNING last_sequence
"""

# The row is locked by us, so nobody can have taken a later number meanwhile.
_GIVE_SEQUENCE_BACK = """
UPDATE event_sequence SET last_sequence = last_sequence - 1 WHERE camera_id = $1
"""

_INSERT_EVENT = """
INSERT INTO event (event_id, type, camera_id, device_code, sequence, severity, occurred_at,
                   dedup_key, data, evidence_id, evidence_sha256)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
ON CONFLICT (dedup_key) DO NOTHING
RETURNING *
"""

_INSERT_EVIDENCE = """
INSERT INTO evidence (evidence_id, camera_id, taken_at, jpeg, sha256, width_px, height_px)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

# The update that changes nothing locks a lane that exists: a relay that is about to remove it,
# because it has run empty, waits for us and then sees our delivery.
_INSERT_DELIVERIES = """
WITH wanting AS (
    INSERT INTO delivery (event_id, endpoint_id, camera_id, sequence)
    SELECT $1, endpoint_id, $2, $3 FROM endpoint
    WHERE state <> 'disabled' AND (event_types = '{}' OR $4 = ANY (event_types))
      AND (severities = '{}' OR $5 = ANY (severities))
    RETURNING endpoint_id
)
INSERT INTO delivery_lane AS lane (endpoint_id, camera_id)
SELECT endpoint_id, $2 FROM wanting ORDER BY endpoint_id
ON CONFLICT (endpoint_id, camera_id) DO UPDATE SET due_at = lane.due_at
"""

_NOTIFY = "SELECT pg_notify('sharpeyes', $1)"

_PAGE = """
SELECT * FROM event
WHERE ($1::text IS NULL OR type = $1)
  AND ($2::text IS NULL OR device_code = $2)
  AND ($3::text IS NULL OR (recorded_at, event_id) <
       (SELECT a.recorded_at, a.event_id FROM event a WHERE a.event_id = $3))
ORDER BY recorded_at DESC, event_id DESC LIMIT $4
"""

_PICTURE = """
SELECT e.jpeg, e.sha256, e.width_px, e.height_px, e.taken_at
FROM event JOIN evidence e USING (evidence_id) WHERE event.event_id = $1
"""


async def append(connection: Connection, event: NewEvent) -> Event | None:
    """Store an event and what has to be delivered, in the caller's transaction.

    Until the caller commits, other events of the same camera wait: keep the transaction short.

    Args:
        connection: In a transaction, from a pool that turns jsonb into Python values and back.
        event: What to store.

    Returns:
        The stored event, or None when its `dedup_key` is known and nothing was changed.

    Raises:
        EventInvalidError: A field of the payload is wrong, or the event is over 64 kB.
    """
    data = checked_data(event)
    sequence = await connection.fetchval(_NEXT_SEQUENCE, event.camera_id)
    evidence = event.evidence
    row = await connection.fetchrow(
        _INSERT_EVENT,
        event.event_id,
        event.type,
        event.camera_id,
        event.device_code,
        sequence,
        event.severity,
        event.occurred_at,
        event.dedup_key,
        data,
        event.event_id if evidence else None,
        evidence.sha256 if evidence else None,
    )
    if row is None:
        await connection.execute(_GIVE_SEQUENCE_BACK, event.camera_id)
        return None
    if evidence:
        await connection.execute(
            _INSERT_EVIDENCE,
            event.event_id,
            event.camera_id,
            evidence.taken_at,
            evidence.jpeg,
            evidence.sha256,
            evidence.width_px,
            evidence.height_px,
        )
    await connection.execute(
        _INSERT_DELIVERIES,
        event.event_id,
        event.camera_id,
        sequence,
        event.type,
        event.severity,
    )
    await connection.execute(_NOTIFY, json.dumps({"event": event.event_id}))
    return event_from_row(row)


def checked_data(event: NewEvent) -> dict[str, Any]:
    """Return the payload as JSON values, once it is certain that it can be stored and delivered.

    Raises:
        EventInvalidError: See `append`.
    """
    place = f"event {event.type} of camera {event.device_code}"
    try:
        encoded = msgspec.json.encode(event.data)
        # Read back, so that the limits of the fields hold however the payload was made: NaN and
        # infinity have become null by now.
        msgspec.json.decode(encoded, type=PAYLOAD_OF[event.type])
    except (msgspec.ValidationError, UnicodeEncodeError) as error:
        raise EventInvalidError(f"{place}: {error}") from error
    data: dict[str, Any] = msgspec.json.decode(encoded)
    longest = Event(
        event_id=event.event_id,
        type=event.type,
        camera_id=event.camera_id,
        device_code=event.device_code,
        sequence=_LARGEST_SEQUENCE,
        severity=event.severity,
        occurred_at=event.occurred_at,
        recorded_at=datetime(2000, 1, 1, microsecond=1, tzinfo=UTC),
        dedup_key=event.dedup_key,
        data=data,
        evidence_sha256=event.evidence.sha256 if event.evidence else None,
    )
    size_bytes = len(body(longest, "x" * MAX_SOURCE_CHARACTERS))
    if size_bytes > MAX_BODY_BYTES:
        raise EventInvalidError(
            f"{place}: its message has {size_bytes} bytes, more than {MAX_BODY_BYTES}"
        )
    return data


def event_from_row(row: asyncpg.Record) -> Event:
    """Return the event of a row of the table `event`, which may have further columns."""
    return msgspec.convert(dict(row), Event)


class EventStore:
    """Reads events.

    Args:
        pool: Connections that turn jsonb into Python values.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def list(
        self,
        *,
        after: str | None = None,
        limit: int = 50,
        type: EventType | None = None,  # noqa: A002  # the event's own word
        device_code: str | None = None,
    ) -> list[Event]:
        """Return events, those recorded last first.

        Args:
            after: Continue behind this event, the last of the page before.
            limit: How many at most.
            type: Of this type only.
            device_code: Of this camera only.
        """
        rows = await self._pool.fetch(_PAGE, type, device_code, after, limit)
        return [event_from_row(row) for row in rows]

    async def get(self, event_id: str) -> Event | None:
        """Return one event, or None when there is none of this identity."""
        row = await self._pool.fetchrow("SELECT * FROM event WHERE event_id = $1", event_id)
        return None if row is None else event_from_row(row)

    async def picture(self, event_id: str) -> Evidence | None:
        """Return an event's picture, or None when it has none or none is kept any more."""
        row = await self._pool.fetchrow(_PICTURE, event_id)
        return None if row is None else Evidence(**row)
