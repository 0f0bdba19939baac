"""How the cameras are and were, over HTTP; every figure with its base, or why there is none."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Annotated
from zoneinfo import ZoneInfo

import msgspec
from aiohttp import web

from sharpeyes.health.availability_report import AvailabilityReport, By, TooManyCamerasError
from sharpeyes.health.availability_store import AvailabilityStore
from sharpeyes.health.calendar import HOUR, hour_of
from sharpeyes.health.clock_figures import FleetClocks, read_clocks
from sharpeyes.health.summary import HealthSummary, read_summary
from sharpeyes.health.timeline_store import CameraTimeline, read_timeline
from sharpeyes.registry.division import Division
from sharpeyes.registry.errors import UnknownCameraError, UnknownDivisionError
from sharpeyes.registry.places import division_path
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.crowding import Crowd
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_query
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.report.month_report import MonthError, month_report
from sharpeyes.service.report.page import report_page
from sharpeyes.service.report.style import POLICY
from sharpeyes.service.report.words import Language
from sharpeyes.service.roles import Scope

DivisionText = Annotated[str, msgspec.Meta(max_length=16)]
Moment = Annotated[
    str,
    msgspec.Meta(
        pattern=r"^20\d{2}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d{1,6})?)?(Z|[+-]\d{2}:\d{2})$",
        max_length=40,
        description="RFC 3339 with its zone: 2026-10-01T00:00:00+08:00.",
    ),
]

_LONGEST = timedelta(days=400)
# As many points as a chart can show.
_LONGEST_BY_HOUR = timedelta(days=40)
_LONGEST_TIMELINE = timedelta(days=93)


class HealthQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Of which division; without one, of all that the caller may see."""

    division: DivisionText | None = None


class AvailabilityQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}
):
    """Of which division, by what, and when; without times, the last 24 full hours.

    Attributes:
        division: with all below it.
        by: what rows are told apart by.
        since: the first moment; taken down to the full hour.
        until: the first moment after; likewise.
    """

    division: DivisionText | None = None
    by: By = By.TOTAL
    since: Moment | None = None
    until: Moment | None = None


class ReportQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which month, as `2026-10`; of which division; in which language."""

    month: Annotated[str, msgspec.Meta(pattern="^20[0-9]{2}-(0[1-9]|1[0-2])$")]
    division: DivisionText | None = None
    lang: Language = "zh"


class TimelineQuery(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, rename={"since": "from", "until": "to"}
):
    """When; without times, the last 30 days."""

    since: Moment | None = None
    until: Moment | None = None


async def show_health(request: web.Request) -> web.Response:
    """Answer how the cameras of a division are."""
    query = read_query(request, HealthQuery)
    with refusals():
        division = await _division(request, query.division)
        return answer(await read_summary(request.app[CONTEXT].pool, division, datetime.now(UTC)))


async def show_availability(request: web.Request) -> web.Response:
    """Answer how available the cameras of a division were."""
    query, context = read_query(request, AvailabilityQuery), request.app[CONTEXT]
    until = hour_of(_moment("to", query.until) or datetime.now(UTC))
    since = hour_of(_moment("from", query.since) or until - 24 * HOUR)
    _refuse_window(since, until, _LONGEST_BY_HOUR if query.by is By.HOUR else _LONGEST)
    zone = ZoneInfo(context.settings.health.time_zone)
    with refusals():
        division = await _division(request, query.division)
        try:
            report = await AvailabilityStore(context.pool, zone).report(
                since, until, query.by, division
            )
        except TooManyCamerasError as error:
            problem = FieldError("division", query.division or "", str(error))
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=(problem,)
            ) from None
    return answer(report)


async def show_clocks(request: web.Request) -> web.Response:
    """Answer how right the clocks of a division's cameras are."""
    query = read_query(request, HealthQuery)
    with refusals():
        division = await _division(request, query.division)
        code = division.division_code if division else None
        pool = request.app[CONTEXT].pool
        return answer(await read_clocks(pool, await division_path(pool, code)))


async def show_report(request: web.Request) -> web.Response:
    """Answer the report of a month as a page that needs nothing else."""
    query, context = read_query(request, ReportQuery), request.app[CONTEXT]
    settings = context.settings
    with refusals():
        division = await _division(request, query.division)
        try:
            report = await month_report(
                context.pool,
                query.month,
                ZoneInfo(settings.health.time_zone),
                settings.registry.required_fields,
                division=division,
                now=datetime.now(UTC),
            )
        except MonthError as error:
            problem = FieldError("month", query.month, str(error))
            raise ProblemError(
                HTTPStatus.UNPROCESSABLE_ENTITY, str(error), errors=(problem,)
            ) from None
    return web.Response(
        text=report_page(report, query.lang),
        content_type="text/html",
        charset="utf-8",
        headers={"Content-Security-Policy": POLICY},
    )


async def show_timeline(request: web.Request) -> web.Response:
    """Answer how a camera was, stretch by stretch."""
    query, context = read_query(request, TimelineQuery), request.app[CONTEXT]
    now = datetime.now(UTC)
    until = min(_moment("to", query.until) or now, now)
    since = _moment("from", query.since) or until - timedelta(days=30)
    _refuse_window(since, until, _LONGEST_TIMELINE)
    device_code = request.match_info["device_code"]
    with refusals():
        camera = await context.cameras.get(device_code)
        if camera is None:
            raise UnknownCameraError(device_code)
        return answer(await read_timeline(context.pool, camera.camera_id, since, until))


def _moment(field: str, text: str | None) -> datetime | None:
    if text is None:
        return None
    try:
        return datetime.fromisoformat(text).astimezone(UTC)
    except ValueError as error:
        problem = FieldError(field, text, str(error))
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY, f"{field}: {error}", errors=(problem,)
        ) from None


def _refuse_window(since: datetime, until: datetime, longest: timedelta) -> None:
    reason = None
    if since >= until:
        reason = "must lie before `to`"
    elif until - since > longest:
        reason = f"must not lie more than {longest.days} days before `to`"
    if reason:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"from: {reason}",
            errors=(FieldError("from", since.isoformat(), reason),),
        )


async def _division(request: web.Request, code: str | None) -> Division | None:
    """Return the division that is asked for, or the one that the caller is confined to.

    Raises:
        UnknownDivisionError: There is none.
    """
    code = code or request[PRINCIPAL].division_code
    if code is None:
        return None
    division = await request.app[CONTEXT].divisions.get(code)
    if division is None:
        raise UnknownDivisionError(code)
    return division


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/health/summary",
        handler=show_health,
        summary="How many cameras are online and intact, of how many; what changed in the last "
        "hour",
        scope=Scope.CAMERAS_READ,
        query=HealthQuery,
        answer=HealthSummary,
    ),
    Operation(
        method="GET",
        path="/api/v1/health/availability",
        handler=show_availability,
        summary="Online rate, intact rate, faults and mean time to repair in a stretch of time",
        scope=Scope.CAMERAS_READ,
        query=AvailabilityQuery,
        answer=AvailabilityReport,
    ),
    Operation(
        method="GET",
        path="/api/v1/health/clocks",
        handler=show_clocks,
        summary="How right the cameras' clocks are, in all and by maker",
        scope=Scope.CAMERAS_READ,
        query=HealthQuery,
        answer=FleetClocks,
    ),
    Operation(
        method="GET",
        path="/api/v1/health/report",
        handler=show_report,
        summary="The report of a month for the acceptance sheet: one page, to look at or to print",
        scope=Scope.CAMERAS_READ,
        query=ReportQuery,
        content_type="text/html",
        # It goes through a month of every camera.
        crowd=Crowd.REPORTS,
    ),
    Operation(
        method="GET",
        path="/api/v1/health/cameras/{device_code}/timeline",
        handler=show_timeline,
        summary="How a camera was, stretch by stretch, with its latency and its clock",
        scope=Scope.CAMERAS_READ,
        query=TimelineQuery,
        answer=CameraTimeline,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
