"""What is done with an endpoint over HTTP: edit, pause, resume, rotate its secret, try it out."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.endpoint import pause, resume
from sharpeyes.events.errors import (
    EndpointError,
    UnknownEndpointDivisionError,
    UnknownEndpointError,
)
from sharpeyes.events.event import EventType, Severity
from sharpeyes.events.filter_edit import FilterEdit, edit_filter
from sharpeyes.registry.camera import Tier
from sharpeyes.service.access import Scope, audit
from sharpeyes.service.api.camera_screen import TierWord
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.endpoint_screen import EndpointView, endpoint_view
from sharpeyes.service.api.endpoints import DivisionCode
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_body
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.serving_pool import WHOLE_CITY

LONGEST_KEPT_H = 24 * 30

_ONE = "/api/v1/endpoints/{name}"
_RANDOM = random.SystemRandom()


class EndpointEdit(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which events it shall want from now on: what is not named stays; null: every one.

    Attributes:
        event_types: of these types.
        severities: of these severities.
        tiers: of cameras of these tiers.
        division_codes: of cameras of these divisions and of all below them.
    """

    event_types: list[EventType] | msgspec.UnsetType | None = msgspec.UNSET
    severities: list[Severity] | msgspec.UnsetType | None = msgspec.UNSET
    tiers: list[TierWord] | msgspec.UnsetType | None = msgspec.UNSET
    division_codes: (
        Annotated[list[DivisionCode], msgspec.Meta(max_length=1000)] | msgspec.UnsetType | None
    ) = msgspec.UNSET


class Rotation(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """How a secret is replaced.

    Attributes:
        keep_hours: how long the old one signs beside the new one; 0: all old ones end at once.
    """

    keep_hours: Annotated[float, msgspec.Meta(ge=0, le=LONGEST_KEPT_H)] = 24


class EndpointRotated(msgspec.Struct, frozen=True):
    """The new secret, which is shown this once."""

    name: str
    secret: str


class EndpointTested(msgspec.Struct, frozen=True, kw_only=True):
    """What became of a test event.

    Attributes:
        event_id: its identity, which is the webhook-id; it is not among the events.
        delivered: whether the receiver answered 2xx.
        http_status: of the answer; null when none was read.
        error: why none was, or why reading it ended early.
        answer_head: the first characters of the answer.
        latency_ms: from dialling to the end of reading.
    """

    event_id: str
    delivered: bool
    http_status: int | None
    error: str
    answer_head: str
    latency_ms: float


async def show_endpoint(request: web.Request) -> web.Response:
    """Answer one endpoint and how its deliveries stand."""
    return await _answer(request)


async def edit_endpoint(request: web.Request) -> web.Response:
    """Change which events are sent to an endpoint."""
    asked = await read_body(request, EndpointEdit)
    given = {
        field: tuple(value or ())
        for field, value in msgspec.structs.asdict(asked).items()
        if value is not msgspec.UNSET
    }
    if "tiers" in given:
        given["tiers"] = tuple(map(Tier.parse, given["tiers"]))
    detail: dict[str, object] = {}
    async with _deed(request, "endpoint.edit", detail) as (connection, name):
        edited = await edit_filter(connection, name, FilterEdit(**given))
        detail |= msgspec.to_builtins({"before": edited.before, "after": edited.after})
    return await _answer(request)


async def pause_endpoint(request: web.Request) -> web.Response:
    """Stop sending to an endpoint; its events wait."""
    async with _deed(request, "endpoint.pause") as (connection, name):
        await pause(connection, name)
    return await _answer(request)


async def resume_endpoint(request: web.Request) -> web.Response:
    """Send to an endpoint again, from the oldest event that waits."""
    async with _deed(request, "endpoint.resume") as (connection, name):
        await resume(connection, name)
    return await _answer(request)


async def rotate_endpoint(request: web.Request) -> web.Response:
    """Replace an endpoint's signing secret."""
    endpoints = request.app[CONTEXT].endpoints
    asked = await read_body(request, Rotation)
    detail = {"keep_hours": asked.keep_hours}
    keep = timedelta(hours=asked.keep_hours)
    async with _deed(request, "endpoint.rotate", detail) as (connection, name):
        secret = await endpoints.rotate(connection, name, keep, datetime.now(UTC))
    return answer(EndpointRotated(name, secret))


async def send_test_event(request: web.Request) -> web.Response:
    """Send an endpoint a signed test event, and answer what it said."""
    # Written down before it is sent: what was sent cannot be taken back.
    async with _deed(request, "endpoint.test") as (_, name):
        pass
    try:
        sent = await request.app[CONTEXT].endpoints.send_test(name, datetime.now(UTC), _RANDOM)
    except EndpointError as error:
        raise _refused(error) from None
    said = sent.answer
    return answer(
        EndpointTested(
            event_id=sent.event_id,
            delivered=said.succeeded,
            http_status=said.http_status,
            error=said.error,
            answer_head=said.head,
            latency_ms=said.latency_ms,
        )
    )


async def _answer(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    view = await endpoint_view(request.app[CONTEXT].pool, name)
    if view is None:
        raise _refused(UnknownEndpointError(name[:80]))
    return answer(view)


@asynccontextmanager
async def _deed(
    request: web.Request, action: str, detail: Mapping[str, object] | None = None
) -> AsyncIterator[tuple[PoolConnectionProxy, str]]:
    """Give a transaction and the endpoint's name; what is done in it is written down in it."""
    principal, name = request[PRINCIPAL], request.match_info["name"]
    context = request.app[CONTEXT]
    if await endpoint_view(context.pool, name) is None:
        raise _refused(UnknownEndpointError(name[:80]))
    if principal.reach != WHOLE_CITY:
        # A subtree must not decide what the others are sent.
        async with context.pool.acquire() as connection:
            await audit(connection, principal.name, action, name, outcome="refused")
        raise ProblemError(
            HTTPStatus.FORBIDDEN,
            "an endpoint is sent the events of the whole city: you are confined to a division",
        )
    try:
        async with context.pool.acquire() as connection, connection.transaction():
            yield connection, name
            await audit(connection, principal.name, action, name, detail=detail)
    except EndpointError as error:
        raise _refused(error) from None


def _refused(error: EndpointError) -> ProblemError:
    if isinstance(error, UnknownEndpointDivisionError):
        wrong = FieldError("division_codes", "", str(error))
        return ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=(wrong,))
    unknown = isinstance(error, UnknownEndpointError)
    return ProblemError(HTTPStatus.NOT_FOUND if unknown else HTTPStatus.CONFLICT, str(error))


OPERATIONS = (
    Operation(
        method="GET",
        path=_ONE,
        handler=show_endpoint,
        summary="One webhook endpoint and how its deliveries stand",
        scope=Scope.ENDPOINTS_READ,
        answer=EndpointView,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="PATCH",
        path=_ONE,
        handler=edit_endpoint,
        summary="Change which events are sent to an endpoint, of those stored from now on",
        scope=Scope.ENDPOINTS_WRITE,
        body=EndpointEdit,
        body_type="application/merge-patch+json",
        answer=EndpointView,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/pause",
        handler=pause_endpoint,
        summary="Stop sending to an endpoint; its events wait",
        scope=Scope.ENDPOINTS_WRITE,
        answer=EndpointView,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/resume",
        handler=resume_endpoint,
        summary="Send to an endpoint again, also after 410, and at once if it was deferred",
        scope=Scope.ENDPOINTS_WRITE,
        answer=EndpointView,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/rotate",
        handler=rotate_endpoint,
        summary="Replace an endpoint's signing secret; the new one is answered once",
        scope=Scope.ENDPOINTS_WRITE,
        body=Rotation,
        answer=EndpointRotated,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/test",
        handler=send_test_event,
        summary="Send an endpoint a signed test event, and answer what it said",
        scope=Scope.ENDPOINTS_WRITE,
        answer=EndpointTested,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
