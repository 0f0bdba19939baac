"""What machines ask of us: alive, ready, metrics, and what the API offers."""

from __future__ import annotations

import asyncio
from http import HTTPStatus

import asyncpg
import msgspec
from aiohttp import web

from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.metrics import exposition, read_gauges
from sharpeyes.service.serving_pool import WHOLE_CITY, reaching

OPENAPI = web.AppKey("openapi", bytes)
_READY_WITHIN_S = 2.0


class Alive(msgspec.Struct, frozen=True):
    """That the process answers."""

    status: str


async def healthz(_request: web.Request) -> web.Response:
    """Answer as long as the process runs."""
    return answer(Alive("alive"))


async def readyz(request: web.Request) -> web.Response:
    """Answer 200 when the database does."""
    # Not awaited to its end: a question to a server that is frozen cannot be taken back in time.
    asked = asyncio.create_task(_ask(request.app[CONTEXT].pool))
    await asyncio.wait({asked}, timeout=_READY_WITHIN_S)
    if asked.done() and asked.result():
        return answer(Alive("ready"))
    asked.cancel()
    raise ProblemError(HTTPStatus.SERVICE_UNAVAILABLE, "the database does not answer")


async def _ask(pool: asyncpg.Pool) -> bool:
    try:
        await pool.execute("SELECT 1", timeout=_READY_WITHIN_S)
    except DATABASE_AWAY:
        return False
    return True


async def metrics(request: web.Request) -> web.Response:
    """Answer the metrics of all our processes on this machine."""
    with reaching(WHOLE_CITY):
        gauges = await read_gauges(request.app[CONTEXT].pool)
    body, content_type = exposition(gauges)
    return web.Response(body=body, headers={"Content-Type": content_type})


async def openapi(request: web.Request) -> web.Response:
    """Answer the OpenAPI document."""
    return web.Response(body=request.app[OPENAPI], content_type="application/json")


OPERATIONS = (
    Operation(
        method="GET",
        path="/healthz",
        handler=healthz,
        summary="Whether the process is alive",
        scope=None,
        answer=Alive,
    ),
    Operation(
        method="GET",
        path="/readyz",
        handler=readyz,
        summary="Whether requests can be served",
        scope=None,
        answer=Alive,
        problems=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Operation(
        method="GET",
        path="/metrics",
        handler=metrics,
        summary="Metrics in Prometheus' text format; no camera is named in them",
        scope=None,
        content_type="text/plain",
        problems=(HTTPStatus.SERVICE_UNAVAILABLE,),
    ),
    Operation(
        method="GET",
        path="/openapi.json",
        handler=openapi,
        summary="This document",
        scope=None,
    ),
)
