"""Incidents over HTTP: lists, one with its history, and what people do about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web
from msgspec.structs import asdict

from sharpeyes.events.deadline_light import Light
from sharpeyes.health import incident_store
from sharpeyes.health.errors import (
    HealthError,
    IncidentChangedError,
    IncidentClosedError,
    IncidentElsewhereError,
    UnknownIncidentError,
)
from sharpeyes.health.incident import Incident, IncidentKind, IncidentStep
from sharpeyes.health.incident_store import (
    IncidentCamera,
    IncidentFilter,
    IncidentStore,
    StateFilter,
)
from sharpeyes.health.status import Cause
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_body, read_query
from sharpeyes.service.api.revision import etag, read_revision
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import audit
from sharpeyes.service.roles import Role, Scope

_ALL = "/api/v1/incidents"
_ONE = f"{_ALL}/{{incident_id}}"
_CAMERAS_SHOWN = 1000
_LARGEST_ID = 2**63 - 1

Id = Annotated[int, msgspec.Meta(ge=1, le=_LARGEST_ID)]
# PostgreSQL cannot keep U+0000, and nobody can read it; and something must be said.
_SAYS_SOMETHING = r"^[^\x00]*[^\x00\s][^\x00]*$"
Words = Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern=_SAYS_SOMETHING)]
Unit = Annotated[str, msgspec.Meta(max_length=200, pattern=r"^[^\x00]*$")]


class IncidentQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which incidents; `before` is the `next` of the page before."""

    state: StateFilter = "unclosed"
    kind: IncidentKind | None = None
    cause: Cause | None = None
    light: Light | None = None
    unit: Unit | None = None
    unassigned: bool = False
    division: Annotated[str, msgspec.Meta(max_length=16, pattern="^[0-9A-Z]*$")] | None = None
    device_code: Annotated[str, msgspec.Meta(pattern="^[0-9]{20}$")] | None = None
    before: Id | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50


class IncidentPage(msgspec.Struct, frozen=True):
    """Incidents, the newest first; `next` asks for more."""

    incidents: list[Incident]
    next: int | None


class IncidentDetail(Incident, frozen=True, kw_only=True):
    """An incident with its cameras (those still concerned first; 1,000 at most) and its history."""

    touched: list[IncidentCamera]
    steps: list[IncidentStep]


class Assignment(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Who sees to it: a unit, or a role of those here; neither: nobody. Never a person."""

    unit: Unit = ""
    role: Role | None = None


class IncidentNote(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What somebody found or did."""

    words: Words


class Closing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it is closed though its cameras have not proved that they are well."""

    reason: Words


async def list_incidents(request: web.Request) -> web.Response:
    """Answer one page of incidents."""
    query = read_query(request, IncidentQuery)
    wanted = IncidentFilter(
        state=query.state,
        kind=query.kind,
        cause=query.cause,
        light=query.light,
        unit=query.unit,
        unassigned=query.unassigned,
        division_code=query.division,
        device_code=query.device_code,
    )
    # One more than asked for tells whether there is a next page.
    found = await _store(request).page(wanted, before=query.before, limit=query.limit + 1)
    page = found[: query.limit]
    return answer(IncidentPage(page, page[-1].incident_id if len(found) > len(page) else None))


async def show_incident(request: web.Request) -> web.Response:
    """Answer one incident with its cameras and its history."""
    return await _answer(request, _read_id(request))


async def assign_incident(request: web.Request) -> web.Response:
    """Say who sees to an incident."""
    body, incident_id = await read_body(request, Assignment), _read_id(request)
    unit, role = body.unit.strip(), body.role
    if unit and role:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "an incident has a unit or a role that sees to it, not both",
            errors=(FieldError("role", role, "leave it out, or the unit"),),
        )
    revision, actor = read_revision(request), request[PRINCIPAL].name
    with _refusals():
        async with request.app[CONTEXT].pool.acquire() as connection, connection.transaction():
            await incident_store.assign(
                connection,
                incident_id,
                unit=unit,
                role=role or "",
                actor=actor,
                now=datetime.now(UTC),
                revision=revision,
            )
            detail = {"unit": unit, "role": role or ""}
            await audit(connection, actor, "incident.assign", str(incident_id), detail=detail)
    return await _answer(request, incident_id)


async def add_incident_note(request: web.Request) -> web.Response:
    """Write down what somebody found or did about an incident."""
    body, incident_id = await read_body(request, IncidentNote), _read_id(request)
    revision, actor = read_revision(request), request[PRINCIPAL].name
    with _refusals():
        async with request.app[CONTEXT].pool.acquire() as connection, connection.transaction():
            await incident_store.note(
                connection,
                incident_id,
                body.words.strip(),
                actor=actor,
                now=datetime.now(UTC),
                revision=revision,
            )
            await audit(connection, actor, "incident.note", str(incident_id))
    return await _answer(request, incident_id)


async def close_incident(request: web.Request) -> web.Response:
    """Close an incident by hand, with a reason."""
    body, incident_id = await read_body(request, Closing), _read_id(request)
    revision, actor = read_revision(request, required=True), request[PRINCIPAL].name
    with _refusals():
        async with request.app[CONTEXT].pool.acquire() as connection, connection.transaction():
            await incident_store.close(
                connection,
                incident_id,
                body.reason.strip(),
                actor=actor,
                now=datetime.now(UTC),
                revision=revision,
            )
            detail = {"reason": body.reason.strip()}
            await audit(connection, actor, "incident.close", str(incident_id), detail=detail)
    return await _answer(request, incident_id)


async def incident_detail(store: IncidentStore, incident_id: int) -> IncidentDetail:
    """Return an incident with its cameras and its history.

    Raises:
        UnknownIncidentError: there is none, or it is not the caller's to see.
    """
    incident = await store.get(incident_id)
    return IncidentDetail(
        **asdict(incident),
        touched=await store.cameras(incident_id, limit=_CAMERAS_SHOWN),
        steps=await store.steps(incident_id),
    )


def _store(request: web.Request) -> IncidentStore:
    return IncidentStore(request.app[CONTEXT].pool)


async def _answer(request: web.Request, incident_id: int) -> web.Response:
    with _refusals():
        detail = await incident_detail(_store(request), incident_id)
    return answer(detail, etag=etag(detail.revision))


def _read_id(request: web.Request) -> int:
    text = request.match_info["incident_id"]
    if text.isascii() and text.isdigit() and 0 < int(text[:20]) <= _LARGEST_ID:
        return int(text[:20])
    with _refusals():
        raise UnknownIncidentError(text)


_STATUSES: dict[type[HealthError], HTTPStatus] = {
    UnknownIncidentError: HTTPStatus.NOT_FOUND,
    IncidentClosedError: HTTPStatus.CONFLICT,
    IncidentChangedError: HTTPStatus.PRECONDITION_FAILED,
    IncidentElsewhereError: HTTPStatus.FORBIDDEN,
}


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except HealthError as error:
        raise ProblemError(_STATUSES[type(error)], str(error)) from None


OPERATIONS = (
    Operation(
        method="GET",
        path=_ALL,
        handler=list_incidents,
        summary="Incidents, the newest first, paged",
        scope=Scope.INCIDENTS_READ,
        query=IncidentQuery,
        answer=IncidentPage,
    ),
    Operation(
        method="GET",
        path=_ONE,
        handler=show_incident,
        summary="One incident with its cameras and its history",
        scope=Scope.INCIDENTS_READ,
        answer=IncidentDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/assign",
        handler=assign_incident,
        summary="Say which unit or role sees to an incident",
        scope=Scope.INCIDENTS_WRITE,
        body=Assignment,
        if_match="may",
        answer=IncidentDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/notes",
        handler=add_incident_note,
        summary="Write down what was found or done about an incident",
        scope=Scope.INCIDENTS_WRITE,
        body=IncidentNote,
        if_match="may",
        answer=IncidentDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
    Operation(
        method="POST",
        path=f"{_ONE}/close",
        handler=close_incident,
        summary="Close an incident by hand, with a reason",
        scope=Scope.INCIDENTS_CLOSE,
        body=Closing,
        if_match="must",
        answer=IncidentDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
    ),
)
