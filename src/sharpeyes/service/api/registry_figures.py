"""Coverage, completeness and duplicates over HTTP."""

from __future__ import annotations

from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web

from sharpeyes.registry.completeness import CompletenessReport, completeness
from sharpeyes.registry.coverage import CoverageReport
from sharpeyes.registry.coverage_judge import CoverageJudge
from sharpeyes.registry.division import Level
from sharpeyes.registry.duplicate import DuplicateReason, DuplicateReport
from sharpeyes.registry.duplicates import DuplicateSearch
from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.registry.figures import level_below
from sharpeyes.registry.merging import Merge, merge
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.crowding import Crowd
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.privacy import shown_merge
from sharpeyes.service.api.reading import read_body, read_query
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import Connection, audit
from sharpeyes.service.roles import Scope

DivisionText = Annotated[str, msgspec.Meta(max_length=16)]
CodeText = Annotated[str, msgspec.Meta(pattern="^[0-9]{20}$")]


class FiguresQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which division, and how far down; without `level` the level below the division's."""

    division: DivisionText | None = None
    level: Level | None = None


class CoverageQuery(FiguresQuery, frozen=True, forbid_unknown_fields=True):
    """As the figures; and how many uncovered places are listed at most."""

    gaps: Annotated[int, msgspec.Meta(ge=0, le=1000)] = 100


class DuplicateQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which division, for which reason, and how many for each reason at most."""

    division: DivisionText | None = None
    reason: DuplicateReason | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class MergeBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which camera stays and which goes; with revisions, only as they were read."""

    keep: CodeText
    drop: CodeText
    keep_revision: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    drop_revision: Annotated[int, msgspec.Meta(ge=1, le=2**62)] | None = None
    dry_run: bool = False


async def show_coverage(request: web.Request) -> web.Response:
    """Answer how many key places are watched."""
    query = read_query(request, CoverageQuery)
    with refusals():
        report = await CoverageJudge(request.app[CONTEXT].pool).report(
            division_code=query.division,
            level=await _level(request, query),
            most_gaps=query.gaps,
            as_of=datetime.now(UTC),
        )
    return answer(report)


async def show_completeness(request: web.Request) -> web.Response:
    """Answer how complete the files are, and how many cameras are networked."""
    query, context = read_query(request, FiguresQuery), request.app[CONTEXT]
    with refusals():
        report = await completeness(
            context.pool,
            context.settings.registry.required_fields,
            division_code=query.division,
            level=await _level(request, query),
            as_of=datetime.now(UTC),
        )
    return answer(report)


async def list_duplicates(request: web.Request) -> web.Response:
    """Answer which cameras may be on file twice."""
    query = read_query(request, DuplicateQuery)
    with refusals():
        report = await DuplicateSearch(request.app[CONTEXT].pool).report(
            division_code=query.division,
            reasons=tuple(DuplicateReason) if query.reason is None else (query.reason,),
            limit=query.limit,
        )
    return answer(report)


async def merge_cameras(request: web.Request) -> web.Response:
    """Make one camera of two."""
    body, context = await read_body(request, MergeBody), request.app[CONTEXT]
    principal = request[PRINCIPAL]
    actor = principal.name

    async def record(connection: Connection) -> None:
        await audit(connection, actor, "camera.merge", body.keep, detail={"dropped": body.drop})

    with refusals():
        done = await merge(
            context.cameras,
            body.keep,
            body.drop,
            actor=actor,
            keep_revision=body.keep_revision,
            drop_revision=body.drop_revision,
            dry_run=body.dry_run,
            record=record,
        )
    return answer(shown_merge(done, principal))


async def _level(request: web.Request, query: FiguresQuery) -> Level:
    if query.level is not None:
        return query.level
    if query.division is None:
        return level_below(None)
    division = await request.app[CONTEXT].divisions.get(query.division)
    if division is None:
        raise UnknownDivisionError(query.division)
    return level_below(division.level)


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/coverage",
        handler=show_coverage,
        crowd=Crowd.REPORTS,
        summary="How many key places are watched, by tier, kind and division",
        scope=Scope.CAMERAS_READ,
        query=CoverageQuery,
        answer=CoverageReport,
    ),
    Operation(
        method="GET",
        path="/api/v1/completeness",
        handler=show_completeness,
        crowd=Crowd.REPORTS,
        summary="How complete the camera files are, and how many cameras are networked",
        scope=Scope.CAMERAS_READ,
        query=FiguresQuery,
        answer=CompletenessReport,
    ),
    Operation(
        method="GET",
        path="/api/v1/duplicates",
        handler=list_duplicates,
        crowd=Crowd.REPORTS,
        summary="Cameras that may be on file twice, and why",
        scope=Scope.CAMERAS_READ,
        query=DuplicateQuery,
        answer=DuplicateReport,
    ),
    Operation(
        method="POST",
        path="/api/v1/duplicates/merge",
        handler=merge_cameras,
        summary="Make one camera of two that are the same",
        scope=Scope.CAMERAS_WRITE,
        body=MergeBody,
        answer=Merge,
        problems=(HTTPStatus.NOT_FOUND, HTTPStatus.CONFLICT, HTTPStatus.PRECONDITION_FAILED),
    ),
)
