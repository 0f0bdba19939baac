"""What the event screens show: the event beside its camera's name and its deliveries."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Any, Literal

import asyncpg
import msgspec

from sharpeyes.events.case import CaseState
from sharpeyes.events.deadline_light import Light
from sharpeyes.events.event import EventType, Severity
from sharpeyes.registry.camera import Tier


class EventQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events to list. `camera` is a device code; `after` is the `next` of the page before.

    `state` is of the event's case, and `unclosed` is all that is not over. `without` leaves out a
    type, such as changes of cases.
    """

    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50
    after: Annotated[str, msgspec.Meta(max_length=64)] | None = None
    type: str | None = None
    without: EventType | None = None
    camera: str | None = None
    severity: Severity | None = None
    tier: Literal["city", "district", "social", "police", "other"] | None = None
    division: Annotated[str, msgspec.Meta(max_length=16, pattern="^[0-9A-Z]*$")] | None = None
    state: (
        Literal["unclosed", "dispatched", "acknowledged", "handled", "closed", "rejected"] | None
    ) = None


class DeliveryView(msgspec.Struct, frozen=True):
    """How far an event has come on its way to one endpoint."""

    endpoint: str
    state: str
    attempt_count: int
    delivered_at: datetime | None


class CaseView(msgspec.Struct, frozen=True):
    """How far the case of an event is."""

    state: CaseState
    light: Light
    deadline_at: datetime | None


class EventView(msgspec.Struct, frozen=True, kw_only=True):
    """An event, where it happened, and whom it has reached."""

    event_id: str
    type: str
    device_code: str
    camera_name: str
    longitude: float | None
    latitude: float | None
    division_code: str
    severity: str
    occurred_at: datetime
    recorded_at: datetime
    sequence: int
    data: dict[str, Any]
    has_picture: bool
    case: CaseView | None
    deliveries: list[DeliveryView]


class EventDetail(EventView, frozen=True, kw_only=True):
    """An event with the others that tell of the same thing, the first first; it is among them."""

    thread: list[EventView]


class EventPage(msgspec.Struct, frozen=True):
    """One page of events, newest first."""

    events: list[EventView]
    next: str | None


_COLUMNS = """
SELECT e.event_id, e.type, e.device_code, c.name AS camera_name,
       c.longitude, c.latitude, c.division_code, e.severity,
       e.occurred_at, e.recorded_at, e.sequence, e.data,
       e.evidence_id IS NOT NULL AS has_picture,
       CASE WHEN k.event_id IS NOT NULL THEN jsonb_build_object(
           'state', k.state, 'light', k.light, 'deadline_at', k.deadline_at) END AS "case",
       COALESCE((
           SELECT jsonb_agg(jsonb_build_object(
               'endpoint', p.name, 'state', d.state, 'attempt_count', d.attempt_count,
               'delivered_at', d.delivered_at) ORDER BY p.name)
           FROM delivery d JOIN endpoint p USING (endpoint_id) WHERE d.event_id = e.event_id
       ), '[]') AS deliveries
"""
_VIEW = f"""
{_COLUMNS} FROM event e JOIN camera c ON c.camera_id = e.camera_id
LEFT JOIN event_case k ON k.event_id = e.event_id
"""  # only constants are put together
# Of a million events a few have a case that is open: they are found from there.
_WITH_CASE = f"""
{_COLUMNS} FROM event_case k JOIN event e ON e.event_id = k.event_id
JOIN camera c ON c.camera_id = e.camera_id
"""  # only constants are put together

# Pages follow the order in which events were recorded: an event older in occurrence that is
# recorded late must not slip behind the cursor of somebody who reads on.
_WANTED = """
($1::text IS NULL OR e.type = $1)
AND ($2::text IS NULL OR e.camera_id = (SELECT camera_id FROM camera WHERE device_code = $2))
AND ($5::text IS NULL OR e.severity = $5)
AND ($6::int IS NULL OR c.tier = $6)
AND ($7::text IS NULL OR EXISTS (
    SELECT FROM division d WHERE d.division_code = $7
    AND c.division_path >= d.path AND c.division_path < rtrim(d.path, '/') || '0'))
AND ($8::text IS NULL OR e.type <> $8)
"""
_PAGE = f"""
{_VIEW}
WHERE {_WANTED} AND ($3::text IS NULL OR (e.recorded_at, e.event_id) <
      (SELECT a.recorded_at, a.event_id FROM event a WHERE a.event_id = $3))
ORDER BY e.recorded_at DESC, e.event_id DESC LIMIT $4
"""  # noqa: S608  # only constants are put together
# A case is dispatched when its event is recorded.
_CASES_PAGE = f"""
{_WITH_CASE}
WHERE {_WANTED} AND ($3::text IS NULL OR (k.dispatched_at, k.event_id) <
      (SELECT a.recorded_at, a.event_id FROM event a WHERE a.event_id = $3))
  AND {{state}}
ORDER BY k.dispatched_at DESC, k.event_id DESC LIMIT $4
"""  # noqa: S608  # only constants are put together
_UNCLOSED_PAGE = _CASES_PAGE.format(state="k.state NOT IN ('closed', 'rejected')")
_STATE_PAGE = _CASES_PAGE.format(state="k.state = $9")

# Those that follow are of the same camera, and within days: no index is kept for them.
_THREAD = f"""
{_VIEW}
WHERE e.event_id IN (SELECT $1::text UNION ALL (
    SELECT n.event_id FROM event f JOIN event n ON n.camera_id = f.camera_id
        AND n.recorded_at >= f.recorded_at AND n.recorded_at < f.recorded_at + interval '14 days'
    WHERE f.event_id = $1 AND n.data ->> 'first_event_id' = $1
    ORDER BY n.recorded_at LIMIT 50))
ORDER BY e.recorded_at, e.event_id
"""  # noqa: S608  # only constants are put together
_ONE = f"{_VIEW} WHERE e.event_id = $1"


async def event_page(pool: asyncpg.Pool, query: EventQuery) -> EventPage:
    """Return one page of the events that match."""
    # One row more than asked for tells whether there is a next page.
    statement = _PAGE
    tier = None if query.tier is None else Tier[query.tier.upper()]
    arguments: list[object] = [query.type, query.camera, query.after, query.limit + 1]
    arguments += [query.severity, tier, query.division, query.without]
    if query.state == "unclosed":
        statement = _UNCLOSED_PAGE
    elif query.state is not None:
        statement = _STATE_PAGE
        arguments.append(query.state)
    rows = await pool.fetch(statement, *arguments)
    events = [_view(row) for row in rows[: query.limit]]
    return EventPage(events=events, next=events[-1].event_id if len(rows) > query.limit else None)


async def event_detail(pool: asyncpg.Pool, event_id: str) -> EventDetail | None:
    """Return one event with its thread, or None when there is none of this id."""
    row = await pool.fetchrow(_ONE, event_id)
    if row is None:
        return None
    event = _view(row)
    first = event.data.get("first_event_id") or event_id
    thread = [_view(one) for one in await pool.fetch(_THREAD, first)]
    # Its first may be deleted, or beyond what the caller may see.
    if all(one.event_id != event_id for one in thread):
        thread.append(event)
    return EventDetail(**msgspec.structs.asdict(event), thread=thread)


def _view(row: asyncpg.Record) -> EventView:
    return msgspec.convert(dict(row), EventView)
