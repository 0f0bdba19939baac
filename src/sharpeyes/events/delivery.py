"""Deliveries as people and programs see them: reading each attempt, and sending again."""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.event import EventType

DeliveryState = Literal["pending", "delivered", "dead"]

_MOST_SEARCHED = 1_000_000
"""Deliveries that a page looks through for such as are wanted."""

# Read from the latest back, and so far only: there may be ten million of other endpoints before
# the next that is wanted. Those that were given up have an index of their own.
_PAGE = """
SELECT d.delivery_id, p.name AS endpoint, d.event_id, e.type, e.device_code, d.sequence, d.state,
       d.attempt_count, e.recorded_at, d.delivered_at, a.http_status AS last_http_status,
       COALESCE(a.error, '') AS last_error, a.latency_ms AS last_latency_ms
FROM delivery d
JOIN endpoint p USING (endpoint_id)
JOIN event e USING (event_id)
LEFT JOIN delivery_attempt a ON a.delivery_id = d.delivery_id AND a.attempt = d.attempt_count
WHERE ($1::bigint IS NULL OR d.endpoint_id = $1)
  AND {state}
  AND ($3::bigint IS NULL OR d.camera_id = $3)
  AND ($4::text IS NULL OR d.event_id = $4)
  AND d.delivery_id < $5 AND d.delivery_id >= $6
ORDER BY d.delivery_id DESC LIMIT $7
"""
_ANY_PAGE = _PAGE.format(state="($2::text IS NULL OR d.state = $2)")
_DEAD_PAGE = _PAGE.format(state="d.state = 'dead' AND $2::text IS NOT NULL")
_WHICH = """
SELECT (SELECT endpoint_id FROM endpoint WHERE name = $1) AS endpoint_id,
       (SELECT camera_id FROM camera WHERE device_code = $2) AS camera_id,
       (SELECT max(delivery_id) + 1 FROM delivery) AS after_all
"""

_ATTEMPTS = """
SELECT attempt, started_at, latency_ms, http_status, error, answer_head
FROM delivery_attempt WHERE delivery_id = $1 ORDER BY attempt
"""

# Locked in one order, so that two who replay the same do not wait for each other in a circle. A
# delivery that waits already is not touched: it is on its way. The oldest come first, and a lane
# that waits for its retry is due at once, for an older delivery may stand in front of it now.
_REPLAY = """
WITH chosen AS (
    SELECT d.delivery_id
    FROM delivery d JOIN endpoint p USING (endpoint_id) JOIN event e USING (event_id)
    WHERE d.state = ANY ($1)
      AND ($2::text IS NULL OR p.name = $2)
      AND ($3::text IS NULL OR d.event_id = $3)
      AND ($4::timestamptz IS NULL OR e.recorded_at >= $4)
      AND ($5::timestamptz IS NULL OR e.recorded_at < $5)
    ORDER BY d.delivery_id LIMIT $6
    FOR UPDATE OF d
), again AS (
    UPDATE delivery d
    SET state = 'pending', delivered_at = NULL, attempts_before = d.attempt_count
    FROM chosen WHERE d.delivery_id = chosen.delivery_id
    RETURNING d.endpoint_id, d.camera_id
), lanes AS (
    INSERT INTO delivery_lane AS lane (endpoint_id, camera_id)
    SELECT DISTINCT endpoint_id, camera_id FROM again ORDER BY endpoint_id, camera_id
    ON CONFLICT (endpoint_id, camera_id) DO UPDATE SET
        due_at = CASE WHEN lane.lease_token IS NULL THEN '-infinity' ELSE lane.due_at END
)
SELECT count(*) FROM again
"""


class Delivery(msgspec.Struct, frozen=True, kw_only=True):
    """An event on its way to one endpoint.

    Attributes:
        delivery_id: Its identity; later ones are higher.
        endpoint: The endpoint's name.
        event_id: The event; also the webhook-id.
        type: What happened.
        device_code: Where.
        sequence: The event's place among those of its camera.
        state: pending: waits or is tried again; delivered: a 2xx was read; dead: given up and kept.
        attempt_count: How many attempts were made.
        recorded_at: When the event was stored, UTC.
        delivered_at: When the 2xx was read, UTC.
        last_http_status: What the latest attempt was answered; null: nothing, or none was made.
        last_error: Why nothing was.
        last_latency_ms: How long the latest attempt took.
    """

    delivery_id: int
    endpoint: str
    event_id: str
    type: EventType
    device_code: str
    sequence: int
    state: DeliveryState
    attempt_count: int
    recorded_at: datetime
    delivered_at: datetime | None
    last_http_status: int | None
    last_error: str
    last_latency_ms: float | None


class DeliveryAttempt(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt, as it was recorded.

    Attributes:
        attempt: Counts from 1.
        started_at: When it began, UTC.
        latency_ms: From dialling to the end of reading.
        http_status: Of the answer; null when none was read.
        error: Why none was, or why reading it ended early.
        answer_head: The first characters of the answer, printable.
    """

    attempt: int
    started_at: datetime
    latency_ms: float
    http_status: int | None
    error: str
    answer_head: str


class DeliveryDetail(msgspec.Struct, frozen=True, kw_only=True):
    """A delivery with all of its attempts."""

    delivery: Delivery
    attempts: list[DeliveryAttempt]


class DeliveryFilter(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries; what is None does not matter.

    Attributes:
        endpoint: The endpoint's name.
        state: How far they are.
        device_code: Of this camera.
        event_id: Of this event.
    """

    endpoint: str | None = None
    state: DeliveryState | None = None
    device_code: str | None = None
    event_id: str | None = None


class ReplayRange(msgspec.Struct, frozen=True, kw_only=True):
    """Which deliveries are sent again; what is None does not matter.

    Attributes:
        endpoint: The endpoint's name.
        event_id: Of this event.
        since: Of events stored at this time or later; aware.
        until: Of events stored before this time; aware.
        delivered: Those that arrived, too, and not only those that were given up.
    """

    endpoint: str | None = None
    event_id: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    delivered: bool = False


@dataclass(frozen=True, slots=True)
class FoundDeliveries:
    """A page of deliveries.

    Attributes:
        deliveries: Those of the latest events first.
        next: The `before` of the page after; None: there is none.
    """

    deliveries: list[Delivery]
    next: int | None


async def deliveries(
    pool: asyncpg.Pool, wanted: DeliveryFilter, *, before: int | None = None, limit: int = 50
) -> FoundDeliveries:
    """Return a page of deliveries; it may have fewer than `limit`, or none, and yet a next one.

    A page looks through a million deliveries at most, so that none takes long however few of many
    are wanted.

    Args:
        pool: Connections to the database.
        wanted: Which.
        before: Only such with a lower identity: the `next` of the page before.
        limit: How many at most.
    """
    which = await pool.fetchrow(_WHICH, wanted.endpoint, wanted.device_code)
    assert which is not None
    unknown = (wanted.endpoint is not None and which["endpoint_id"] is None) or (
        wanted.device_code is not None and which["camera_id"] is None
    )
    if unknown or which["after_all"] is None:
        return FoundDeliveries([], None)
    below = min(before or which["after_all"], which["after_all"])
    dead = wanted.state == "dead"
    floor = 0 if dead or wanted.event_id is not None else max(0, below - _MOST_SEARCHED)
    rows = await pool.fetch(
        _DEAD_PAGE if dead else _ANY_PAGE,
        which["endpoint_id"],
        wanted.state,
        which["camera_id"],
        wanted.event_id,
        below,
        floor,
        limit + 1,
    )
    found = [msgspec.convert(dict(row), Delivery) for row in rows[:limit]]
    if len(rows) > limit:
        return FoundDeliveries(found, found[-1].delivery_id)
    return FoundDeliveries(found, floor or None)


async def deliveries_of(pool: asyncpg.Pool, event_id: str) -> list[DeliveryDetail]:
    """Return all deliveries of an event with their attempts, by the endpoints' names."""
    found = (await deliveries(pool, DeliveryFilter(event_id=event_id), limit=1000)).deliveries
    return [
        DeliveryDetail(delivery=delivery, attempts=await _attempts(pool, delivery.delivery_id))
        for delivery in sorted(found, key=lambda delivery: delivery.endpoint)
    ]


async def _attempts(pool: asyncpg.Pool, delivery_id: int) -> list[DeliveryAttempt]:
    rows = await pool.fetch(_ATTEMPTS, delivery_id)
    return [msgspec.convert(dict(row), DeliveryAttempt) for row in rows]


async def replay(
    connection: asyncpg.Connection | PoolConnectionProxy, wanted: ReplayRange, limit: int
) -> int:
    """Send deliveries again, from the start of the schedule, in the caller's transaction.

    The receiver knows those that it has by their ids. Each camera's go out in its order, before
    what waits of that camera. What is pending is on its way and is left as it is.

    Args:
        connection: In a transaction, in which the caller writes who did this, too.
        wanted: Which.
        limit: How many at most, the oldest.

    Returns:
        How many wait again.
    """
    states = ["dead", "delivered"] if wanted.delivered else ["dead"]
    count: int = await connection.fetchval(
        _REPLAY,
        states,
        wanted.endpoint,
        wanted.event_id,
        wanted.since,
        wanted.until,
        limit,
    )
    return count
