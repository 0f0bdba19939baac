"""Events of other systems over HTTP: answered with success once they are on the database's disk."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Iterable, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import asyncpg
import msgspec
from aiohttp import web

from sharpeyes.events.backlog import Backlog
from sharpeyes.events.hints import Hints
from sharpeyes.events.intake import NO_CAMERA, Receipt, take
from sharpeyes.events.intake_reading import (
    MOST_ITEM_BYTES,
    OutsideEvent,
    Refusal,
    Told,
    read_binary,
    read_event,
)
from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.service.access import Scope, audit
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.crowding import TURNS, Crowd
from sharpeyes.service.api.event_lines import LONG_LINE, portions
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_bytes
from sharpeyes.service.api.security import PRINCIPAL, identify
from sharpeyes.service.serving_pool import WHOLE_CITY, keeping_plans, reaching

BACKLOG = web.AppKey("backlog", Backlog)
HINTS = web.AppKey("hints", Hints)

MOST_ITEMS = 10_000
"""In one batch."""
MOST_LINES = 1_000_000
"""In one request of lines."""
_AT_ONCE = 500
"""Stored in one transaction."""
_MOST_REFUSALS_TOLD = 1000
_BODY_WITHIN_S = 60.0
_RETRY_AFTER_S = 5
_TRIES = 3

SINGLE = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
LINES = "application/x-ndjson"
BINARY = "application/json"

_RANDOM = random.SystemRandom()


class EventTaken(msgspec.Struct, frozen=True):
    """The event is stored, and will be delivered; sent again, it is answered the same."""

    event_id: str


class EventResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item.

    Attributes:
        index: its place in the request, from 0; of lines, those that are empty do not count.
        event_id: its identity here; null where it was refused.
        field: which attribute is wrong; empty where it is the item as a whole.
        reason: why it was refused; empty where it was not.
    """

    index: int
    event_id: str | None = None
    field: str = ""
    reason: str = ""


class EventReceipt(msgspec.Struct, frozen=True, kw_only=True):
    """What became of many: received is stored, deduplicated and refused together.

    Attributes:
        received: how many there were.
        stored: how many are new.
        deduplicated: how many had been handed in before, with the same body.
        refused: how many were not taken.
        results: of a batch all, of lines the first 1,000 that were refused.
    """

    received: int
    stored: int
    deduplicated: int
    refused: int
    results: list[EventResult]


async def take_events(request: web.Request) -> web.Response:
    """Take events in, each at most once."""
    await _refuse_when_full(request)
    match request.content_type:
        case "application/cloudevents+json":
            return _one(await _store(request, [read_event(await _body(request), _now())]))
        case "application/cloudevents-batch+json":
            return await _batch(request)
        case "application/x-ndjson" | "application/ndjson" | "application/jsonl":
            return await _lines(request)
        case "application/json" if "ce-specversion" in request.headers:
            item = read_binary(request.headers, await _body(request), _now())
            return _one(await _store(request, [item]))
    raise ProblemError(
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
        f"send {SINGLE}, {BATCH}, {LINES}, or {BINARY} with the attributes in ce-* headers",
    )


def _one(receipt: Receipt) -> web.Response:
    (outcome,) = receipt.outcomes
    if isinstance(outcome, str):
        return answer(EventTaken(outcome), HTTPStatus.ACCEPTED)
    raise ProblemError(
        HTTPStatus.CONFLICT if outcome.conflict else HTTPStatus.UNPROCESSABLE_ENTITY,
        f"{outcome.field or 'the event'}: {outcome.reason}",
        errors=(FieldError(outcome.field, "", outcome.reason),),
    )


async def _batch(request: web.Request) -> web.Response:
    try:
        raws = _ARRAY.decode(await _body(request))
    except msgspec.ValidationError as error:
        raise ProblemError(HTTPStatus.UNPROCESSABLE_ENTITY, f"the body: {error}") from None
    except msgspec.DecodeError as error:
        raise ProblemError(HTTPStatus.BAD_REQUEST, f"the body is not JSON: {error}") from None
    except RecursionError:
        raise ProblemError(HTTPStatus.BAD_REQUEST, "the body is nested too deeply") from None
    counted = _Counted()
    for start in range(0, len(raws), _AT_ONCE):
        now = _now()
        items = [read_event(bytes(raw), now) for raw in raws[start : start + _AT_ONCE]]
        counted.add(await _store(request, items, counted), all_of_them=True)
    return counted.answer()


async def _lines(request: web.Request) -> web.Response:
    counted = _Counted()
    lines = _portions_in_time(request, counted)
    async for portion in lines:
        if counted.received >= MOST_LINES:
            raise ProblemError(
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
                f"there are more than {MOST_LINES} lines; {counted.said}",
            )
        now = _now()
        items = [_TOO_LONG if line is LONG_LINE else read_event(line, now) for line in portion]
        counted.add(await _store(request, items, counted), all_of_them=False)
        await _check_right(request, counted)
    return counted.answer()


_ARRAY = msgspec.json.Decoder(Annotated[list[msgspec.Raw], msgspec.Meta(max_length=MOST_ITEMS)])
_TOO_LONG = Refusal("", f"has more than {MOST_ITEM_BYTES} bytes")


class _Counted:
    """What became of the portions of one request until now."""

    def __init__(self) -> None:
        self.received = self.stored = self.deduplicated = self.refused = 0
        self.results: list[EventResult] = []

    def add(self, receipt: Receipt, *, all_of_them: bool) -> None:
        for index, outcome in enumerate(receipt.outcomes, self.received):
            if isinstance(outcome, str):
                if all_of_them:
                    self.results.append(EventResult(index=index, event_id=outcome))
            elif all_of_them or len(self.results) < _MOST_REFUSALS_TOLD:
                self.results.append(
                    EventResult(index=index, field=outcome.field, reason=outcome.reason)
                )
        self.received += len(receipt.outcomes)
        self.stored += receipt.stored
        self.deduplicated += receipt.deduplicated
        self.refused += receipt.refused

    @property
    def said(self) -> str:
        return f"the first {self.received} have been dealt with, {self.refused} of them refused"

    def answer(self) -> web.Response:
        status = HTTPStatus.MULTI_STATUS if self.refused else HTTPStatus.OK
        receipt = EventReceipt(
            received=self.received,
            stored=self.stored,
            deduplicated=self.deduplicated,
            refused=self.refused,
            results=self.results,
        )
        return answer(receipt, status)


async def _store(
    request: web.Request, items: Sequence[Told | Refusal], counted: _Counted | None = None
) -> Receipt:
    """Store a portion; when this returns it is on disk.

    Raises:
        ProblemError: 503, when the database is away: the portion may be stored or not.
    """
    turn = await request.app[TURNS].take(Crowd.INTAKES)
    try:
        receipt = await _stored(request, items)
        if any(outcome is NO_CAMERA for outcome in receipt.outcomes):
            await _tell_of_reach(request, items, receipt)
    except DATABASE_AWAY:
        before = f"; {counted.said}" if counted else ""
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "the database is away, or has no room: send it again; what is stored already is known "
            f"by its source and id{before}",
            headers={"Retry-After": str(_RETRY_AFTER_S)},
        ) from None
    finally:
        turn.release()
    return receipt


async def _stored(request: web.Request, items: Sequence[Told | Refusal]) -> Receipt:
    caller = request[PRINCIPAL].name
    for tries_left in reversed(range(_TRIES)):
        try:
            with keeping_plans():
                async with request.app[CONTEXT].pool.acquire() as connection:
                    receipt = await take(connection, items, caller, _now(), _RANDOM)
        except asyncpg.TransactionRollbackError:
            # Somebody who stores several events of several cameras has locked us out, or we them.
            if not tries_left:
                raise
        else:
            request.app[HINTS].add(receipt.hints)
            return receipt
    raise AssertionError


async def _tell_of_reach(
    request: web.Request, items: Iterable[Told | Refusal], receipt: Receipt
) -> None:
    """Write down that somebody told of cameras beyond their reach."""
    principal = request[PRINCIPAL]
    if principal.reach == WHOLE_CITY:
        return
    codes = {
        item.device_code
        for item, outcome in zip(items, receipt.outcomes, strict=True)
        if outcome is NO_CAMERA and isinstance(item, Told)
    }
    pool = request.app[CONTEXT].pool
    with reaching(WHOLE_CITY):
        beyond = await pool.fetchval(
            "SELECT count(*) FROM camera WHERE device_code = ANY ($1)", list(codes)
        )
    if beyond:
        async with pool.acquire() as connection:
            await audit(
                connection,
                principal.name,
                f"{request.method} {Scope.EVENTS_WRITE}",
                request.path,
                outcome="refused",
                detail={"cameras": beyond},
            )


async def _refuse_when_full(request: web.Request) -> None:
    with reaching(WHOLE_CITY):
        full = await request.app[BACKLOG].is_full()
    if full:
        raise ProblemError(
            HTTPStatus.SERVICE_UNAVAILABLE,
            "as many deliveries wait as may (events.most_waiting): send it again later",
            headers={"Retry-After": "60"},
        )


async def _body(request: web.Request) -> bytes:
    try:
        async with asyncio.timeout(_BODY_WITHIN_S):
            return await read_bytes(request)
    except TimeoutError:
        raise ProblemError(
            HTTPStatus.REQUEST_TIMEOUT, f"the body did not arrive within {_BODY_WITHIN_S:g} s"
        ) from None


async def _portions_in_time(request: web.Request, counted: _Counted) -> AsyncIterator[list[bytes]]:
    lines = portions(request.content.iter_any(), MOST_ITEM_BYTES, _AT_ONCE)
    while True:
        try:
            async with asyncio.timeout(_BODY_WITHIN_S):
                portion = await anext(lines, None)
        except TimeoutError:
            raise ProblemError(
                HTTPStatus.REQUEST_TIMEOUT,
                f"{_AT_ONCE} lines did not arrive within {_BODY_WITHIN_S:g} s; {counted.said}",
            ) from None
        except web.RequestPayloadError:
            raise ProblemError(
                HTTPStatus.BAD_REQUEST,
                f"the body ended early, or is not encoded as its headers say; {counted.said}",
            ) from None
        if portion is None:
            return
        yield portion


async def _check_right(request: web.Request, counted: _Counted) -> None:
    """End a long request whose token has been revoked meanwhile, or reaches elsewhere now."""
    principal = await identify(request)
    if principal is None:
        raise ProblemError(
            HTTPStatus.UNAUTHORIZED,
            f"the token is no longer in force; {counted.said}",
            headers={"WWW-Authenticate": "Bearer"},
        )
    if Scope.EVENTS_WRITE not in principal.scopes or principal.reach != request[PRINCIPAL].reach:
        raise ProblemError(HTTPStatus.FORBIDDEN, f"what the token may has changed; {counted.said}")


def _now() -> datetime:
    return datetime.now(UTC)


OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/events",
        handler=take_events,
        summary="Hand in events of other systems: one, a batch, or lines; known by source and id",
        scope=Scope.EVENTS_WRITE,
        body=OutsideEvent,
        body_type=SINGLE,
        more_body_types={BATCH: None, LINES: None, BINARY: None},
        answer=EventTaken,
        more_answers={HTTPStatus.OK: EventReceipt, HTTPStatus.MULTI_STATUS: EventReceipt},
        status=HTTPStatus.ACCEPTED,
        problems=(
            HTTPStatus.CONFLICT,
            HTTPStatus.REQUEST_TIMEOUT,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.SERVICE_UNAVAILABLE,
        ),
    ),
)
