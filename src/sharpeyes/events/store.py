"""Events: storing them with their deliveries, and reading them."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any, NamedTuple, Self

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.case import opens_case
from sharpeyes.events.cloudevent import MAX_BODY_BYTES, MAX_SOURCE_CHARACTERS, body
from sharpeyes.events.errors import EventInvalidError
from sharpeyes.events.event import PAYLOAD_OF, Event, EventType, Evidence, NewEvent
from sharpeyes.events.event_filter import WANTED_BY
from sharpeyes.events.payload import MotionSeen, VehicleAbandoned

Connection = asyncpg.Connection | PoolConnectionProxy

_LARGEST_SEQUENCE = 2**63 - 1

# One statement for one event or a thousand. Keys are claimed in their order, then sequences in that
# of the cameras, so that two who store many cannot lock each other out.
# The update of lanes is never made, but locks a lane that exists: a relay that is about to remove
# it, because it has run empty, waits for us and then sees our delivery.
_INSERT = f"""
WITH given AS MATERIALIZED (
    SELECT * FROM unnest($1::text[], $2::text[], $3::bigint[], $4::text[], $5::text[],
                         $6::timestamptz[], $7::text[], $8::text[], $9::bytea[], $10::text[],
                         $11::text[], $12::text[], $13::boolean[])
    WITH ORDINALITY AS given (event_id, type, camera_id, device_code, severity, occurred_at,
                              dedup_key, data, digest, evidence_sha256, origin_source, origin_id,
                              opens_case, n)
),
claimed AS (
    INSERT INTO event_key (dedup_key, event_id, camera_id, digest)
    SELECT dedup_key, event_id, camera_id, digest FROM given ORDER BY dedup_key
    ON CONFLICT (dedup_key) DO NOTHING RETURNING event_id
),
kept AS MATERIALIZED (
    SELECT n, camera_id, row_number() OVER (PARTITION BY camera_id ORDER BY n) AS place
    FROM given JOIN claimed USING (event_id)
),
counted AS (
    INSERT INTO event_sequence AS s (camera_id, last_sequence)
    SELECT camera_id, count(*) FROM kept GROUP BY camera_id ORDER BY camera_id
    ON CONFLICT (camera_id)
        DO UPDATE SET last_sequence = s.last_sequence + EXCLUDED.last_sequence
    RETURNING camera_id, COALESCE(old.last_sequence, 0) AS before
),
stored AS (
    INSERT INTO event (event_id, type, camera_id, device_code, sequence, severity, occurred_at,
                       dedup_key, data, evidence_id, evidence_sha256, origin_source, origin_id)
    SELECT event_id, type, given.camera_id, device_code, before + place, severity, occurred_at,
           dedup_key, data::jsonb, CASE WHEN evidence_sha256 IS NOT NULL THEN event_id END,
           evidence_sha256, origin_source, origin_id
    FROM kept JOIN counted USING (camera_id) JOIN given USING (n)
    RETURNING event_id, camera_id, sequence, recorded_at, type, severity
),
cases AS (
    INSERT INTO event_case (event_id, camera_id, type, zone, dispatched_at)
    SELECT event_id, given.camera_id, given.type, COALESCE(data::jsonb ->> 'zone', ''), recorded_at
    FROM given JOIN stored USING (event_id) WHERE opens_case
),
wanting AS (
    INSERT INTO delivery (event_id, endpoint_id, camera_id, sequence)
    SELECT event_id, endpoint_id, camera_id, sequence FROM {WANTED_BY} ORDER BY sequence
    RETURNING endpoint_id, camera_id
),
lanes AS (
    INSERT INTO delivery_lane AS lane (endpoint_id, camera_id)
    SELECT DISTINCT endpoint_id, camera_id FROM wanting ORDER BY endpoint_id, camera_id
    ON CONFLICT (endpoint_id, camera_id) DO UPDATE SET due_at = lane.due_at WHERE false
)
SELECT event_id, camera_id, sequence, recorded_at FROM stored
"""  # noqa: S608  # both are ours

_INSERT_EVIDENCE = """
INSERT INTO evidence (evidence_id, camera_id, taken_at, jpeg, sha256, width_px, height_px)
VALUES ($1, $2, $3, $4, $5, $6, $7)
"""

_NOTIFY = "SELECT pg_notify('sharpeyes', notice) FROM unnest($1::text[]) AS notice"

_PAGE = """
SELECT * FROM event
WHERE ($1::text IS NULL OR type = $1)
  AND ($2::text IS NULL OR camera_id = (SELECT camera_id FROM camera WHERE device_code = $2))
  AND ($3::text IS NULL OR (recorded_at, event_id) <
       (SELECT a.recorded_at, a.event_id FROM event a WHERE a.event_id = $3))
ORDER BY recorded_at DESC, event_id DESC LIMIT $4
"""

_BY_KEY = "SELECT event_id FROM event_key WHERE dedup_key = $1"

_PICTURE = """
SELECT e.jpeg, e.sha256, e.width_px, e.height_px, e.taken_at
FROM event JOIN evidence e USING (evidence_id) WHERE event.event_id = $1
"""


async def _linked(connection: Connection, event: NewEvent) -> NewEvent:
    """Say in a later step of a thing which event told of the first, if that is kept still."""
    if not event.follows or not isinstance(event.data, MotionSeen | VehicleAbandoned):
        return event
    first = await connection.fetchval(_BY_KEY, event.follows)
    data = msgspec.structs.replace(event.data, first_event_id=first)
    return msgspec.structs.replace(event, data=data)


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
    ready = ReadyEvent.of(await _linked(connection, event))
    stored = (await insert(connection, [ready])).get(event.event_id)
    if stored is None:
        return None
    await notify(connection, [event.event_id])
    evidence = event.evidence
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
    return Event(
        event_id=event.event_id,
        type=event.type,
        camera_id=event.camera_id,
        device_code=event.device_code,
        sequence=stored.sequence,
        severity=event.severity,
        occurred_at=event.occurred_at,
        recorded_at=stored.recorded_at,
        dedup_key=event.dedup_key,
        data=msgspec.json.decode(ready.data),
        evidence_id=event.event_id if evidence else None,
        evidence_sha256=evidence.sha256 if evidence else None,
        origin_source=event.origin.source if event.origin else None,
        origin_id=event.origin.id if event.origin else None,
    )


class Stored(NamedTuple):
    """What the database gave to an event.

    Attributes:
        sequence: Its place among those of its camera.
        recorded_at: When, UTC.
    """

    sequence: int
    recorded_at: datetime


class ReadyEvent(msgspec.Struct, frozen=True):
    """An event that was checked and can be stored as it is.

    Attributes:
        event: What is stored; of its evidence the hash alone.
        data: The payload in JSON.
        digest: SHA-256 of what another system sent; None where the event is ours.
    """

    event: NewEvent
    data: str
    digest: bytes | None = None

    @classmethod
    def of(cls, event: NewEvent) -> Self:
        """Check an event of ours.

        Raises:
            EventInvalidError: See `append`.
        """
        return cls(event, msgspec.json.encode(checked_data(event)).decode())


async def insert(connection: Connection, events: Sequence[ReadyEvent]) -> dict[str, Stored]:
    """Store events and what has to be delivered of them, in the caller's transaction.

    Args:
        connection: As for `append`.
        events: In the order in which they happened; two of one `dedup_key` must not be among them.

    Returns:
        Those that were stored, by identity; the others' `dedup_key` is known, and nothing was
        changed for them.
        Sequences of one camera follow the order of `events`. Nobody is told yet: see `notify`.
    """
    columns = zip(*map(_row, events), strict=True)
    # A column of nothing costs nothing: the database fills it up.
    rows = await connection.fetch(_INSERT, *(c if any(c) else None for c in columns))
    return {row["event_id"]: Stored(row["sequence"], row["recorded_at"]) for row in rows}


async def notify(database: Connection | asyncpg.Pool, event_ids: Sequence[str]) -> None:
    """Tell whoever listens that events were stored; a hint, which may be lost.

    Transactions with a notice commit one after the other, each with its flush: who stores many
    tells of them afterwards.
    """
    await database.execute(_NOTIFY, [json.dumps({"event": event_id}) for event_id in event_ids])


def _row(ready: ReadyEvent) -> tuple[object, ...]:
    event = ready.event
    return (
        event.event_id,
        event.type,
        event.camera_id,
        event.device_code,
        event.severity,
        event.occurred_at,
        event.dedup_key,
        ready.data,
        ready.digest,
        event.evidence.sha256 if event.evidence else None,
        event.origin.source if event.origin else None,
        event.origin.id if event.origin else None,
        opens_case(event),
    )


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
        origin_source=event.origin.source if event.origin else None,
        origin_id=event.origin.id if event.origin else None,
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
