"""Deliveries over HTTP: what was sent, what was answered to each attempt, sending again."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web

from sharpeyes.events.delivery import (
    Delivery,
    DeliveryDetail,
    DeliveryFilter,
    DeliveryState,
    ReplayRange,
    deliveries,
    deliveries_of,
    replay,
)
from sharpeyes.service.access import Scope, audit
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_body, read_query
from sharpeyes.service.api.security import PRINCIPAL

Name = Annotated[str, msgspec.Meta(max_length=100)]
MOST_REPLAYED = 100_000


class DeliveryQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which deliveries, those of the latest events first.

    Attributes:
        endpoint: to this endpoint.
        state: so far.
        device_code: of this camera's events.
        before: before this number: the `next` of the page before.
        limit: how many at most.
    """

    endpoint: Name | None = None
    state: DeliveryState | None = None
    device_code: Name | None = None
    before: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=500)] = 50


class DeliveryPage(msgspec.Struct, frozen=True):
    """A page of deliveries; `next` is the `before` of the page after, null on the last one.

    A page may have fewer than `limit`, or none, and yet a next one: it looks through a million.
    """

    deliveries: list[Delivery]
    next: int | None


class EventDeliveries(msgspec.Struct, frozen=True):
    """All deliveries of an event with their attempts."""

    deliveries: list[DeliveryDetail]


class Replay(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is sent again: one event's, or those of events that were stored in a time.

    Attributes:
        event_id: of this event.
        since: of events stored at this time or later; with its zone.
        until: of events stored before this time; with its zone.
        endpoint: to this endpoint alone.
        delivered: also what arrived; receivers know it by its id.
        limit: how many at most, the oldest.
    """

    event_id: Name | None = None
    since: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    until: Annotated[datetime, msgspec.Meta(tz=True)] | None = None
    endpoint: Name | None = None
    delivered: bool = False
    limit: Annotated[int, msgspec.Meta(ge=1, le=MOST_REPLAYED)] = 10_000


class Replayed(msgspec.Struct, frozen=True):
    """How many deliveries wait again; as many as the limit: there may be more."""

    replayed: int


async def list_deliveries(request: web.Request) -> web.Response:
    """Answer one page of deliveries with their latest attempts."""
    query = read_query(request, DeliveryQuery)
    wanted = DeliveryFilter(
        endpoint=query.endpoint, state=query.state, device_code=query.device_code
    )
    pool = request.app[CONTEXT].pool
    found = await deliveries(pool, wanted, before=query.before, limit=query.limit)
    return answer(DeliveryPage(found.deliveries, found.next))


async def show_event_deliveries(request: web.Request) -> web.Response:
    """Answer every attempt to deliver an event."""
    pool, event_id = request.app[CONTEXT].pool, request.match_info["event_id"]
    found = await deliveries_of(pool, event_id)
    if not found and not await pool.fetchval("SELECT 1 FROM event WHERE event_id = $1", event_id):
        raise ProblemError(HTTPStatus.NOT_FOUND, f"no such event: {event_id[:80]}")
    return answer(EventDeliveries(found))


async def replay_deliveries(request: web.Request) -> web.Response:
    """Send again what was given up; who did so is written down."""
    asked = await read_body(request, Replay)
    if (asked.event_id is None) == (asked.since is None and asked.until is None):
        reason = "give either the event or a time: since, until or both"
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, reason, errors=(FieldError("event_id", "", reason),)
        )
    wanted = ReplayRange(
        endpoint=asked.endpoint,
        event_id=asked.event_id,
        since=asked.since and asked.since.astimezone(UTC),
        until=asked.until and asked.until.astimezone(UTC),
        delivered=asked.delivered,
    )
    async with request.app[CONTEXT].pool.acquire() as connection, connection.transaction():
        count = await replay(connection, wanted, asked.limit)
        detail = msgspec.to_builtins(wanted) | {"deliveries": count}
        await audit(
            connection,
            request[PRINCIPAL].name,
            "delivery.replay",
            asked.event_id or "range",
            detail=detail,
        )
    return answer(Replayed(count))


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/deliveries",
        handler=list_deliveries,
        summary="Deliveries with their latest attempts, those of the latest events first, paged",
        scope=Scope.ENDPOINTS_READ,
        query=DeliveryQuery,
        answer=DeliveryPage,
    ),
    Operation(
        method="GET",
        path="/api/v1/events/{event_id}/deliveries",
        handler=show_event_deliveries,
        summary="Every attempt to deliver an event: when, what was answered, how long it took",
        scope=Scope.ENDPOINTS_READ,
        answer=EventDeliveries,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="POST",
        path="/api/v1/deliveries/replay",
        handler=replay_deliveries,
        summary="Send again what was given up: one event, or all of a time",
        scope=Scope.ENDPOINTS_WRITE,
        body=Replay,
        answer=Replayed,
    ),
)
