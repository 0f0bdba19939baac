"""The audit over HTTP, for auditors."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from aiohttp import web

from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.reading import read_query
from sharpeyes.service.audit import AuditEntry, entries
from sharpeyes.service.roles import Scope


class AuditQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which entries to list; `after` is the `next` of the page before."""

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    after: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None
    actor: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    outcome: Literal["done", "refused"] | None = None


class AuditPage(msgspec.Struct, frozen=True):
    """One page of entries, newest first."""

    entries: list[AuditEntry]
    next: int | None


async def list_audit(request: web.Request) -> web.Response:
    """Answer one page of the audit."""
    query = read_query(request, AuditQuery)
    # One entry more than asked for tells whether there is a next page.
    found = await entries(
        request.app[CONTEXT].pool,
        before=query.after,
        limit=query.limit + 1,
        actor=query.actor,
        outcome=query.outcome,
    )
    page = found[: query.limit]
    return answer(AuditPage(page, page[-1].sequence if len(found) > query.limit else None))


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/audit",
        handler=list_audit,
        summary="Who did what, newest first",
        scope=Scope.AUDIT_READ,
        query=AuditQuery,
        answer=AuditPage,
    ),
)
