"""Webhook endpoints over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.errors import (
    EndpointError,
    EndpointExistsError,
    EndpointInvalidError,
    UnknownEndpointDivisionError,
)
from sharpeyes.events.event import EventType, Severity
from sharpeyes.events.event_filter import EventFilter
from sharpeyes.registry.camera import Tier
from sharpeyes.service.access import Scope, audit
from sharpeyes.service.api.camera_screen import TierWord
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.endpoint_screen import EndpointView, endpoint_views
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_body
from sharpeyes.service.api.security import PRINCIPAL

DivisionCode = Annotated[str, msgspec.Meta(pattern="^[0-9A-Z]{1,16}$")]


class EndpointList(msgspec.Struct, frozen=True):
    """All endpoints in the order of their names."""

    endpoints: list[EndpointView]


class NewEndpoint(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Where events shall go, and which: of what is not named, every one.

    Attributes:
        name: what people shall call it.
        url: where events are posted.
        event_types: of these types.
        severities: of these severities.
        tiers: of cameras of these tiers.
        division_codes: of cameras of these divisions and of all below them.
    """

    name: Annotated[str, msgspec.Meta(min_length=1, max_length=100)]
    url: Annotated[str, msgspec.Meta(max_length=2000)]
    event_types: list[EventType] = []
    severities: list[Severity] = []
    tiers: list[TierWord] = []
    division_codes: Annotated[list[DivisionCode], msgspec.Meta(max_length=1000)] = []


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
    new = await read_body(request, NewEndpoint)
    actor, wanted = request[PRINCIPAL].name, _filter(new)

    async def note(connection: PoolConnectionProxy) -> None:
        detail = msgspec.to_builtins(wanted) | {"url": new.url}
        await audit(connection, actor, "endpoint.add", new.name, detail=detail)

    try:
        added = await request.app[CONTEXT].endpoints.add(new.name, new.url, wanted, note=note)
    except EndpointExistsError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from None
    except EndpointError as error:
        # The value is not repeated: a refused address may hold a password.
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            str(error),
            errors=(FieldError(_field(error), "", str(error)),),
        ) from None
    return answer(
        EndpointCreated(added.endpoint.endpoint_id, added.endpoint.name, added.secret),
        HTTPStatus.CREATED,
    )


def _filter(new: NewEndpoint) -> EventFilter:
    return EventFilter(
        event_types=tuple(new.event_types),
        severities=tuple(new.severities),
        tiers=tuple(Tier.parse(word) for word in new.tiers),
        division_codes=tuple(new.division_codes),
    )


def _field(error: EndpointError) -> str:
    match error:
        case EndpointInvalidError():
            return error.field
        case UnknownEndpointDivisionError():
            return "division_codes"
    return "url"


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
