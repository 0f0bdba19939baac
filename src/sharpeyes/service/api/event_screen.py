"""What the event screens show: the event beside its camera's name and its deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any

import asyncpg
import msgspec


class EventQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events to list. `camera` is a device code; `after` is the `next` of the page before."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    after: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    type: str | None = None
    camera: str | None = None


class DeliveryView(msgspec.Struct, frozen=True):
    """How far an event has come on its way to one endpoint."""

    endpoint: str
    state: str
    attempt_count: int
    delivered_at: datetime | None


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event, where it happened, and whom it has reached."""

    event_id: str
    type: str
    device_code: str
    camera_name: str
    division_code: str
    severity: str
    occurred_at: datetime
    recorded_at: datetime
    sequence: int
    data: dict[str, Any]
    has_picture: bool
    deliveries: list[DeliveryView]


class EventPage(msgspec.Struct, frozen=True):
    """One page of events, newest first."""

    events: list[EventView]
    next: str | None


_VIEW = """
SELECT e.event_id, e.type, e.device_code, c.name AS camera_name, c.division_code, e.severity,
       e.occurred_at, e.recorded_at, e.sequence, e.data,
       e.evidence_id IS NOT NULL AS has_picture,
       COALESCE((
           SELECT jsonb_agg(jsonb_build_object(
               'endpoint', p.name, 'state', d.state, 'attempt_count', d.attempt_count,
               'delivered_at', d.delivered_at) ORDER BY p.name)
           FROM delivery d JOIN endpoint p USING (endpoint_id) WHERE d.event_id = e.event_id
       ), '[]') AS deliveries
FROM event e JOIN camera c USING (camera_id)
"""

# Pages follow the order in which events were recorded: an event older in occurrence that is
# recorded late must not slip behind the cursor of somebody who reads on.
_PAGE = f"""
{_VIEW}
WHERE ($1::text IS NULL OR e.type = $1)
  AND ($2::text IS NULL OR e.camera_id = (SELECT camera_id FROM camera WHERE device_code = $2))
  AND ($3::text IS NULL OR (e.recorded_at, e.event_id) <
       (SELECT a.recorded_at, a.event_id FROM event a WHERE a.event_id = $3))
ORDER BY e.recorded_at DESC, e.event_id DESC LIMIT $4
"""  # noqa: S608  # only constants are put together

_ONE = f"{_VIEW} WHERE e.event_id = $1"


async def event_page(pool: asyncpg.Pool, query: EventQuery) -> EventPage:
    """Return one page of the events that match."""
    # One row more than asked for tells whether there is a next page.
    rows = await pool.fetch(_PAGE, query.type, query.camera, query.after, query.limit + 1)
    events = [_view(row) for row in rows[: query.limit]]
    return EventPage(events=events, next=events[-1].event_id if len(rows) > query.limit else None)


async def event_view(pool: asyncpg.Pool, event_id: str) -> EventView | None:
    """Return one event, or None when there is none of this id."""
    row = await pool.fetchrow(_ONE, event_id)
    return None if row is None else _view(row)


def _view(row: asyncpg.Record) -> EventView:
    return msgspec.convert(dict(row), EventView)
