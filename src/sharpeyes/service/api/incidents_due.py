"""What is due, over HTTP: the first thing that a duty officer looks at."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated

import msgspec
from aiohttp import web

from sharpeyes.health.incident_due import IncidentsDue, read_due
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.reading import read_query
from sharpeyes.service.roles import Scope


class DueQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which division; and how many incidents at most."""

    division: Annotated[str, msgspec.Meta(max_length=16, pattern="^[0-9A-Z]*$")] | None = None
    limit: Annotated[int, msgspec.Meta(ge=0, le=200)] = 20


async def show_due(request: web.Request) -> web.Response:
    """Answer how many incidents are not closed, and the most urgent."""
    query = read_query(request, DueQuery)
    pool = request.app[CONTEXT].pool
    return answer(await read_due(pool, query.division, datetime.now(UTC), limit=query.limit))


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/incidents/due",
        handler=show_due,
        summary="How many incidents are not closed, by light, and the most urgent of them",
        scope=Scope.INCIDENTS_READ,
        query=DueQuery,
        answer=IncidentsDue,
    ),
)
