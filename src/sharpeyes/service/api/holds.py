"""Legal holds over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web

from sharpeyes.events.hold import (
    HoldError,
    LegalHold,
    hold_camera,
    hold_event,
    holds,
    release_hold,
)
from sharpeyes.service.access import Scope, audit
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_body, read_query
from sharpeyes.service.api.security import PRINCIPAL

_LARGEST = 2**63 - 1
Moment = Annotated[datetime, msgspec.Meta(tz=True)]


class HoldQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which holds to list; `ended`: also those that are over."""

    ended: bool = False


class HoldList(msgspec.Struct, frozen=True):
    """Legal holds, the latest first."""

    holds: list[LegalHold]


class NewHold(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What must not be deleted: an event, or all that occurred at a camera in a time.

    Attributes:
        event_id: the event; or
        device_code: the camera, with `since` and `until`.
        reason: why: the file number of whoever asked for it.
        expires_at: when the hold ends by itself.
    """

    event_id: Annotated[str, msgspec.Meta(max_length=64, pattern=r"^[^\x00]*$")] | None = None
    device_code: Annotated[str, msgspec.Meta(pattern=r"^[0-9]{20}$")] | None = None
    since: Moment | None = None
    until: Moment | None = None
    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500, pattern=r"^[^\x00]*$")]
    expires_at: Moment


async def list_holds(request: web.Request) -> web.Response:
    """Answer the holds that the caller may know of."""
    query = read_query(request, HoldQuery)
    return answer(HoldList(await holds(request.app[CONTEXT].pool, ended=query.ended)))


async def place_hold(request: web.Request) -> web.Response:
    """Place a hold, and write down who did."""
    wanted = await read_body(request, NewHold)
    if wanted.expires_at <= datetime.now(UTC):
        raise _refused("expires_at", "is over already")
    name = request[PRINCIPAL].name
    async with request.app[CONTEXT].pool.acquire() as connection:
        match wanted:
            case NewHold(event_id=str(event_id), device_code=None, since=None, until=None):
                placing = hold_event(
                    connection,
                    event_id,
                    reason=wanted.reason,
                    by=name,
                    expires_at=wanted.expires_at,
                )
            case NewHold(
                event_id=None,
                device_code=str(code),
                since=datetime() as since,
                until=datetime() as until,
            ):
                placing = hold_camera(
                    connection,
                    code,
                    since,
                    until,
                    reason=wanted.reason,
                    by=name,
                    expires_at=wanted.expires_at,
                )
            case _:
                raise _refused("event_id", "give it, or device_code with since and until")
        try:
            placed = await placing
        except HoldError as error:
            raise _refused("event_id" if wanted.event_id else "device_code", str(error)) from None
        await audit(connection, name, "hold.place", str(placed.hold_id))
    return answer(placed, HTTPStatus.CREATED)


async def end_hold(request: web.Request) -> web.Response:
    """Release a hold, and write down who did."""
    text = request.match_info["hold_id"]
    name = request[PRINCIPAL].name
    if not (text.isascii() and text.isdecimal() and 0 < int(text[:20]) <= _LARGEST):
        raise ProblemError(HTTPStatus.NOT_FOUND, "no such hold is in force")
    async with request.app[CONTEXT].pool.acquire() as connection:
        try:
            released = await release_hold(connection, int(text), name)
        except HoldError:
            raise ProblemError(HTTPStatus.NOT_FOUND, "no such hold is in force") from None
        await audit(connection, name, "hold.release", text)
    return answer(released)


def _refused(field: str, reason: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{field}: {reason}",
        errors=(FieldError(field, "", reason),),
    )


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/holds",
        handler=list_holds,
        summary="Legal holds, the latest first",
        scope=Scope.EVENTS_READ,
        query=HoldQuery,
        answer=HoldList,
    ),
    Operation(
        method="POST",
        path="/api/v1/holds",
        handler=place_hold,
        summary="Keep an event, or a camera's of a time, from being deleted; audited",
        scope=Scope.HOLDS_WRITE,
        body=NewHold,
        answer=LegalHold,
        status=HTTPStatus.CREATED,
    ),
    Operation(
        method="DELETE",
        path="/api/v1/holds/{hold_id}",
        handler=end_hold,
        summary="Release a legal hold; audited",
        scope=Scope.HOLDS_WRITE,
        answer=LegalHold,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
