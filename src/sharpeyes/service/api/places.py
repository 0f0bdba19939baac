"""Key places over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web

from sharpeyes.registry.coverage import PlaceCoverage, Watcher
from sharpeyes.registry.coverage_judge import CoverageJudge
from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.errors import UnknownPlaceError
from sharpeyes.registry.place import MOST_CORNERS, LonLat, Place, PlaceFile
from sharpeyes.registry.places import PlaceStore, Record
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.reading import read_body, read_query
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.revision import etag, read_revision
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import audit
from sharpeyes.service.roles import Scope

_ALL = "/api/v1/places"
_ONE = f"{_ALL}/{{place_code}}"
_WATCHERS_SHOWN = 200

Text = Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
Degrees = Annotated[float, msgspec.Meta(ge=-180, le=180)]


class PlaceQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which places; `after` is the last code of the page before."""

    division: Annotated[str, msgspec.Meta(max_length=16)] | None = None
    kind: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    after: Annotated[str, msgspec.Meta(max_length=40)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100


class PlaceBody(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key place: a position, or a polygon of `[longitude, latitude]` corners; WGS-84 degrees."""

    name_zh: Text
    kind: Annotated[int, msgspec.Meta(ge=1, le=99)]
    division_code: Annotated[str, msgspec.Meta(max_length=16)]
    radius_m: Annotated[float, msgspec.Meta(ge=1, le=5000)]
    name_en: Text | None = None
    longitude: Degrees | None = None
    latitude: Degrees | None = None
    polygon: (
        Annotated[tuple[LonLat, ...], msgspec.Meta(min_length=3, max_length=MOST_CORNERS)] | None
    ) = None


class NewPlace(PlaceBody, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A key place to add, with its code."""

    place_code: Annotated[str, msgspec.Meta(pattern="^[A-Za-z0-9][A-Za-z0-9._-]{0,39}$")]


class PlacePage(msgspec.Struct, frozen=True):
    """Places in the order of their codes, each with who watches it; `next` asks for more."""

    places: list[PlaceCoverage]
    next: str | None


class PlaceDetail(PlaceCoverage, frozen=True, kw_only=True):
    """A place and the cameras that watch it, the nearest first; 200 at most."""

    watchers: list[Watcher]


async def list_places(request: web.Request) -> web.Response:
    """Answer one page of places."""
    query, pool = read_query(request, PlaceQuery), request.app[CONTEXT].pool
    with refusals():
        places = await PlaceStore(pool).list(
            division_code=query.division, kind=query.kind, after=query.after, limit=query.limit
        )
    following = places[-1].place_code if len(places) == query.limit else None
    return answer(PlacePage(await CoverageJudge(pool).of_places(places), following))


async def show_place(request: web.Request) -> web.Response:
    """Answer one place with its watchers."""
    pool, code = request.app[CONTEXT].pool, request.match_info["place_code"]
    with refusals():
        place = await PlaceStore(pool).get(code)
        judge = CoverageJudge(pool)
        found = [] if place is None else await judge.of_places([place])
        if place is None or not found:
            raise UnknownPlaceError(code)
        watchers = await judge.watchers(place, limit=_WATCHERS_SHOWN)
    detail = PlaceDetail(**msgspec.structs.asdict(found[0]), watchers=watchers)
    return answer(detail, etag=etag(place.revision))


async def add_place(request: web.Request) -> web.Response:
    """Add a place."""
    body = await read_body(request, NewPlace)
    file = PlaceFile(**msgspec.structs.asdict(body))
    with refusals():
        place = await PlaceStore(request.app[CONTEXT].pool).add(
            file, record=_audit(request, "place.add", file.place_code)
        )
    return answer(place, HTTPStatus.CREATED, etag=etag(place.revision))


async def put_place(request: web.Request) -> web.Response:
    """Replace what is on file about a place."""
    body = await read_body(request, PlaceBody)
    revision = read_revision(request, required=True)
    code = request.match_info["place_code"]
    file = PlaceFile(place_code=code, **msgspec.structs.asdict(body))
    with refusals():
        place = await PlaceStore(request.app[CONTEXT].pool).update(
            file, revision=revision, record=_audit(request, "place.put", code)
        )
    return answer(place, etag=etag(place.revision))


async def remove_place(request: web.Request) -> web.Response:
    """Remove a place."""
    revision, code = read_revision(request, required=True), request.match_info["place_code"]
    with refusals():
        await PlaceStore(request.app[CONTEXT].pool).remove(
            code, revision=revision, record=_audit(request, "place.remove", code)
        )
    return web.Response(status=HTTPStatus.NO_CONTENT.value)


def _audit(request: web.Request, action: str, subject: str) -> Record:
    async def record(connection: Connection) -> None:
        await audit(connection, request[PRINCIPAL].name, action, subject)

    return record


OPERATIONS = (
    Operation(
        method="GET",
        path=_ALL,
        handler=list_places,
        summary="Key places and whether they are watched, paged",
        scope=Scope.CAMERAS_READ,
        query=PlaceQuery,
        answer=PlacePage,
    ),
    Operation(
        method="POST",
        path=_ALL,
        handler=add_place,
        summary="Add a key place",
        scope=Scope.CAMERAS_WRITE,
        body=NewPlace,
        answer=Place,
        etag=True,
        status=HTTPStatus.CREATED,
        problems=(HTTPStatus.CONFLICT,),
    ),
    Operation(
        method="GET",
        path=_ONE,
        handler=show_place,
        summary="One key place and the cameras that watch it",
        scope=Scope.CAMERAS_READ,
        answer=PlaceDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="PUT",
        path=_ONE,
        handler=put_place,
        summary="Replace what is on file about a key place",
        scope=Scope.CAMERAS_WRITE,
        body=PlaceBody,
        if_match="must",
        answer=Place,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        handler=remove_place,
        summary="Remove a key place",
        scope=Scope.CAMERAS_WRITE,
        if_match="must",
        status=HTTPStatus.NO_CONTENT,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
