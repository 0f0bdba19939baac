"""Webhook endpoints over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web

from sharpeyes.events.errors import EndpointError, EndpointExistsError, EndpointInvalidError
from sharpeyes.events.event import EventType, Severity
from sharpeyes.service.access import Scope, audit
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.endpoint_screen import EndpointView, endpoint_views
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_body
from sharpeyes.service.api.security import PRINCIPAL


class EndpointList(msgspec.Struct, frozen=True):
    """All endpoints in the order of their names."""

    endpoints: list[EndpointView]


class NewEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where events shall go. No `event_types`, no `severities` means every one."""

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    url: Annotated[str, msgspec.Meta(max_length=2000)]
    event_types: list[EventType] = []
    severities: list[Severity] = []


class EndpointCreated(msgspec.Struct, frozen=True):
    """The new endpoint's secret: it signs every delivery and is shown this once."""

    endpoint_id: int
    name: str
    secret: str


async def list_endpoints(request: web.Request) -> web.Response:
    """Answer all endpoints and how their deliveries stand."""
    return answer(EndpointList(await endpoint_views(request.app[CONTEXT].pool)))


async def add_endpoint(request: web.Request) -> web.Response:
    """Register an endpoint once its receiver has agreed to be sent events."""
    context = request.app[CONTEXT]
    new = await read_body(request, NewEndpoint)
    try:
        added = await context.endpoints.add(
            new.name, new.url, new.event_types, severities=new.severities
        )
    except EndpointExistsError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from None
    except EndpointError as error:
        # The value is not repeated: a refused address may hold a password.
        field = error.field if isinstance(error, EndpointInvalidError) else "url"
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            str(error),
            errors=(FieldError(field, "", str(error)),),
        ) from None
    async with context.pool.acquire() as connection:
        await audit(connection, request[PRINCIPAL].name, "endpoint.add", new.name)
    return answer(
        EndpointCreated(added.endpoint.endpoint_id, added.endpoint.name, added.secret),
        HTTPStatus.CREATED,
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/endpoints",
        handler=list_endpoints,
        summary="Webhook endpoints and how their deliveries stand",
        scope=Scope.ENDPOINTS_READ,
        answer=EndpointList,
    ),
    Operation(
        method="POST",
        path="/api/v1/endpoints",
        handler=add_endpoint,
        summary="Add a webhook endpoint; its secret is answered once",
        scope=Scope.ENDPOINTS_WRITE,
        body=NewEndpoint,
        answer=EndpointCreated,
        status=HTTPStatus.CREATED,
        problems=(HTTPStatus.CONFLICT,),
    ),
)
