"""Live updates: server-sent events that say which store to read again."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime

import msgspec
from aiohttp import web

from sharpeyes.registry.outage import DATABASE_AWAY
from sharpeyes.service.access import Scope
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation
from sharpeyes.service.api.security import PRINCIPAL, identify
from sharpeyes.service.changes import Change
from sharpeyes.service.serving_pool import WHOLE_CITY

# A screen that has heard nothing for a few of these knows that it is stale.
HEARTBEAT_S = 5.0
_BROWSER_RETRY_MS = 2000


async def stream(request: web.Request) -> web.StreamResponse:
    """Send changes and heartbeats until the browser leaves or loses its right to look."""
    response = web.StreamResponse(
        headers={
            "Content-Type": "text/event-stream; charset=utf-8",
            "Cache-Control": "no-store",
            # For proxies that would hold back a slow answer.
            "X-Accel-Buffering": "no",
        }
    )
    await response.prepare(request)
    await response.write(f"retry: {_BROWSER_RETRY_MS}\n\n".encode())
    try:
        with request.app[CONTEXT].changes.listen() as queue:
            await _follow(request, response, queue)
    except DATABASE_AWAY:
        # Or the browser has gone. One that has not asks anew, and is then told what is wrong.
        pass
    return response


async def _follow(
    request: web.Request, response: web.StreamResponse, queue: asyncio.Queue[Change]
) -> None:
    while True:
        await response.write(_frame("heartbeat", {"now": datetime.now(UTC)}))
        deadline = asyncio.get_running_loop().time() + HEARTBEAT_S
        while (left_s := deadline - asyncio.get_running_loop().time()) > 0:
            try:
                change = await asyncio.wait_for(queue.get(), left_s)
            except TimeoutError:
                break
            if await _concerns(request, change):
                await response.write(_described(change))
        # A token revoked meanwhile ends the stream (hostile input 31).
        principal = await identify(request)
        if principal is None or Scope.CAMERAS_READ not in principal.scopes:
            return
        # So does another reach: the browser asks anew, and is told with that one.
        if principal.reach != request[PRINCIPAL].reach:
            return


async def _concerns(request: web.Request, change: Change) -> bool:
    """Tell whether a change is one of the divisions that the listener may know of."""
    if request[PRINCIPAL].reach == WHOLE_CITY or change.unspecific:
        return True
    pool = request.app[CONTEXT].pool
    if change.event is not None:
        found = await pool.fetchval(
            "SELECT EXISTS (SELECT FROM event WHERE event_id = $1)", change.event
        )
    elif change.incident is not None:
        found = await pool.fetchval(
            "SELECT EXISTS (SELECT FROM incident WHERE incident_id = $1)", change.incident
        )
    else:
        camera_id = change.status if change.camera is None else change.camera
        found = await pool.fetchval(
            "SELECT EXISTS (SELECT FROM camera WHERE camera_id = $1)", camera_id
        )
    return bool(found)


def _described(change: Change) -> bytes:
    if change.status is not None:
        return _frame("status", {"camera_id": change.status})
    if change.event is not None:
        return _frame("event", {"event_id": change.event})
    if change.incident is not None:
        return _frame("incident", {"incident_id": change.incident})
    if change.camera is not None:
        return _frame("camera", {"camera_id": change.camera})
    return b"".join(_frame(kind, {}) for kind in ("status", "event", "incident", "camera"))


def _frame(kind: str, data: object) -> bytes:
    return b"event: %b\ndata: %b\n\n" % (kind.encode(), msgspec.json.encode(data))


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/stream",
        handler=stream,
        summary="Server-sent events: hints of what changed, and a heartbeat",
        scope=Scope.CAMERAS_READ,
        content_type="text/event-stream",
    ),
)
