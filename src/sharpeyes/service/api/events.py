"""Events and their evidence over HTTP."""

from __future__ import annotations

from http import HTTPStatus

from aiohttp import web

from sharpeyes.service.access import Scope, audit
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.event_screen import (
    EventDetail,
    EventPage,
    EventQuery,
    event_detail,
    event_page,
)
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.api.reading import read_query
from sharpeyes.service.api.security import PRINCIPAL


async def list_events(request: web.Request) -> web.Response:
    """Answer one page of events, newest first."""
    query = read_query(request, EventQuery)
    return answer(await event_page(request.app[CONTEXT].pool, query))


async def show_event(request: web.Request) -> web.Response:
    """Answer one event with the others that tell of the same thing."""
    event = await event_detail(request.app[CONTEXT].pool, request.match_info["event_id"])
    if event is None:
        raise _not_found(request)
    return answer(event)


async def show_picture(request: web.Request) -> web.Response:
    """Answer an event's masked picture; whoever looks is written down first."""
    context = request.app[CONTEXT]
    event_id = request.match_info["event_id"]
    evidence = await context.events.picture(event_id)
    if evidence is None:
        raise _not_found(request)
    async with context.pool.acquire() as connection:
        await audit(connection, request[PRINCIPAL].name, "picture.view", event_id)
    return web.Response(
        body=evidence.jpeg,
        content_type="image/jpeg",
        headers={"Cache-Control": "private, no-store", "ETag": f'"{evidence.sha256}"'},
    )


def _not_found(request: web.Request) -> ProblemError:
    return ProblemError(
        HTTPStatus.NOT_FOUND, f"no such event or picture: {request.match_info['event_id']}"
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/events",
        handler=list_events,
        summary="Events, newest first, with their deliveries",
        scope=Scope.EVENTS_READ,
        query=EventQuery,
        answer=EventPage,
    ),
    Operation(
        method="GET",
        path="/api/v1/events/{event_id}",
        handler=show_event,
        summary="One event, with the others that tell of the same thing",
        scope=Scope.EVENTS_READ,
        answer=EventDetail,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="GET",
        path="/api/v1/events/{event_id}/picture",
        handler=show_picture,
        summary="An event's picture, privacy zones black; the view is audited",
        scope=Scope.PICTURES_READ,
        content_type="image/jpeg",
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
