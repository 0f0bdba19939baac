"""Cases of events over HTTP: how far they are, what is said of them, false alarms counted."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from random import SystemRandom
from typing import Annotated, Final

import asyncpg
import msgspec
from aiohttp import web
from msgspec.structs import asdict

from sharpeyes.events.case import Case, CaseHistoryStep, CaseMove, CaseStep
from sharpeyes.events.case_store import move_case, read_case
from sharpeyes.events.errors import CaseChangedError, CaseError, CaseStateError, NoCaseError
from sharpeyes.events.false_alarms import FalseAlarms, count_false_alarms
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.api.reading import read_body, read_query
from sharpeyes.service.api.revision import etag, read_revision
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import audit
from sharpeyes.service.roles import Scope

_CASE = "/api/v1/events/{event_id}/case"
_RANDOM = SystemRandom()

# PostgreSQL cannot keep U+0000, and nobody can read it; and something must be said.
_SAYS_SOMETHING = r"^[^\x00]*[^\x00\s][^\x00]*$"
Said = Annotated[str, msgspec.Meta(min_length=1, max_length=2000, pattern=_SAYS_SOMETHING)]
Words = Annotated[str, msgspec.Meta(max_length=2000, pattern=r"^[^\x00]*$")]
CaseNumber = Annotated[str, msgspec.Meta(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


class CaseDetail(Case, frozen=True, kw_only=True):
    """The case of an event with its history, the oldest step first."""

    history: list[CaseHistoryStep]


class CaseAcknowledgement(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Somebody has it."""

    case_number: CaseNumber = ""


class CaseHandling(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What had to be done on the spot is done."""

    words: Words = ""
    case_number: CaseNumber = ""


class CaseClosing(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What came of it."""

    feedback: Said
    case_number: CaseNumber = ""


class CaseRejection(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why it was a false alarm."""

    reason: Said
    case_number: CaseNumber = ""


class FalseAlarmQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which events; `days` counts back from now."""

    days: Annotated[int, msgspec.Meta(ge=1, le=3660)] = 30
    division: Annotated[str, msgspec.Meta(max_length=16, pattern="^[0-9A-Z]*$")] | None = None
    camera: Annotated[str, msgspec.Meta(pattern="^[0-9]{20}$")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class FalseAlarmList(msgspec.Struct, frozen=True):
    """False alarms by camera, zone and type, where there were most first."""

    since: datetime
    false_alarms: list[FalseAlarms]


async def show_case(request: web.Request) -> web.Response:
    """Answer the case of one event with its history."""
    return await _answer(request)


async def acknowledge_case(request: web.Request) -> web.Response:
    """Say that somebody has it."""
    body = await read_body(request, CaseAcknowledgement)
    return await _move(request, CaseStep.ACKNOWLEDGED, "", body.case_number)


async def handle_case(request: web.Request) -> web.Response:
    """Say that what had to be done on the spot is done."""
    body = await read_body(request, CaseHandling)
    return await _move(request, CaseStep.HANDLED, body.words, body.case_number)


async def close_case(request: web.Request) -> web.Response:
    """Close a case with what came of it."""
    body = await read_body(request, CaseClosing)
    return await _move(request, CaseStep.CLOSED, body.feedback, body.case_number)


async def reject_case(request: web.Request) -> web.Response:
    """Say that an event was a false alarm, and why."""
    body = await read_body(request, CaseRejection)
    return await _move(request, CaseStep.REJECTED, body.reason, body.case_number)


async def list_false_alarms(request: web.Request) -> web.Response:
    """Answer where there were false alarms."""
    query = read_query(request, FalseAlarmQuery)
    since = datetime.now(UTC) - timedelta(days=query.days)
    found = await count_false_alarms(
        request.app[CONTEXT].pool,
        since,
        division_code=query.division,
        device_code=query.camera,
        limit=query.limit,
    )
    return answer(FalseAlarmList(since, found))


async def case_detail(pool: asyncpg.Pool, event_id: str) -> CaseDetail:
    """Return the case of an event with its history.

    Raises:
        NoCaseError: See `read_case`.
    """
    case, history = await read_case(pool, event_id)
    return CaseDetail(**asdict(case), history=history)


async def _move(request: web.Request, step: CaseStep, words: str, case_number: str) -> web.Response:
    said = CaseMove(step=step, words=words.strip(), case_number=case_number.strip())
    event_id = request.match_info["event_id"]
    revision, actor = read_revision(request), request[PRINCIPAL].name
    with _refusals():
        async with request.app[CONTEXT].pool.acquire() as connection, connection.transaction():
            is_news = await move_case(
                connection,
                event_id,
                said,
                actor=actor,
                now=datetime.now(UTC),
                random=_RANDOM,
                revision=revision,
            )
            if is_news:
                detail = {"words": said.words, "case_number": said.case_number}
                await audit(connection, actor, f"case.{step}", event_id, detail=detail)
    return await _answer(request)


async def _answer(request: web.Request) -> web.Response:
    with _refusals():
        detail = await case_detail(request.app[CONTEXT].pool, request.match_info["event_id"])
    return answer(detail, etag=etag(detail.revision))


_STATUSES: Final[Mapping[type[CaseError], HTTPStatus]] = {
    NoCaseError: HTTPStatus.NOT_FOUND,
    CaseChangedError: HTTPStatus.PRECONDITION_FAILED,
}


@contextmanager
def _refusals() -> Iterator[None]:
    try:
        yield
    except CaseStateError as error:
        code = f"case.{error.code}"
        raise ProblemError(HTTPStatus.CONFLICT, str(error), code=code, about=error.about) from None
    except CaseError as error:
        raise ProblemError(_STATUSES[type(error)], str(error)) from None


OPERATIONS = (
    Operation(
        method="GET",
        path=_CASE,
        handler=show_case,
        summary="The case of one event, with who said what of it",
        scope=Scope.EVENTS_READ,
        answer=CaseDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    *(
        Operation(
            method="POST",
            path=f"{_CASE}/{verb}",
            handler=handler,
            summary=summary,
            scope=Scope.CASES_WRITE,
            body=body,
            if_match="may",
            answer=CaseDetail,
            etag=True,
            problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT),
        )
        for verb, handler, body, summary in (
            (
                "acknowledge",
                acknowledge_case,
                CaseAcknowledgement,
                "Say that somebody has the case of an event; saying it again changes nothing",
            ),
            (
                "handle",
                handle_case,
                CaseHandling,
                "Say that what had to be done on the spot is done",
            ),
            ("close", close_case, CaseClosing, "Close the case of an event with what came of it"),
            (
                "reject",
                reject_case,
                CaseRejection,
                "Say that an event was a false alarm, and why",
            ),
        )
    ),
    Operation(
        method="GET",
        path="/api/v1/false-alarms",
        handler=list_false_alarms,
        summary="False alarms by camera, zone and type, where there were most first",
        scope=Scope.EVENTS_READ,
        query=FalseAlarmQuery,
        answer=FalseAlarmList,
    ),
)
