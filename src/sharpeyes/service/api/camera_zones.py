"""The zones of a camera over HTTP."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from aiohttp import web

from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.registry.errors import UnknownCameraError
from sharpeyes.registry.zoning import ZoneEdit
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.reading import read_body
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.revision import etag, read_revision
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import audit
from sharpeyes.service.roles import Scope

_ALL = "/api/v1/cameras/{device_code}/zones"


class ZoneBody(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """A zone; its name is in the address. Corners are 0-1 of the picture's width and height.

    `vehicle_widths` are rows [y, least, most] of how wide vehicles are there, 0-1 of the picture.
    """

    kind: ZoneKind
    polygon: tuple[tuple[float, float], ...]
    dwell_s: float | None = None
    vehicle_widths: tuple[tuple[float, float, float], ...] = ()


class ZoneList(msgspec.Struct, frozen=True):
    """A camera's zones in the order in which they were added."""

    zones: list[Zone]


async def list_zones(request: web.Request) -> web.Response:
    """Answer a camera's zones."""
    return await _answer(request)


async def put_zone(request: web.Request) -> web.Response:
    """Add a zone to a camera, or let it take the place of the one of its name."""
    body = await read_body(request, ZoneBody)
    zone = Zone(request.match_info["zone_name"], **msgspec.structs.asdict(body))
    actor, revision = request[PRINCIPAL].name, read_revision(request)
    with refusals():
        async with request.app[CONTEXT].cameras.edit(actor) as edit:
            code = request.match_info["device_code"]
            await (await ZoneEdit.of(edit.connection, code, revision=revision)).put(zone)
            await audit(edit.connection, actor, "zone.put", code, detail={"zone": zone.name})
    return await _answer(request)


async def remove_zone(request: web.Request) -> web.Response:
    """Remove a zone from a camera."""
    name, actor = request.match_info["zone_name"], request[PRINCIPAL].name
    revision = read_revision(request)
    with refusals():
        async with request.app[CONTEXT].cameras.edit(actor) as edit:
            code = request.match_info["device_code"]
            await (await ZoneEdit.of(edit.connection, code, revision=revision)).remove(name)
            await audit(edit.connection, actor, "zone.remove", code, detail={"zone": name})
    return await _answer(request)


async def _answer(request: web.Request) -> web.Response:
    store, device_code = request.app[CONTEXT].cameras, request.match_info["device_code"]
    with refusals():
        camera = await store.get(device_code)
        if camera is None:
            raise UnknownCameraError(device_code)
    return answer(ZoneList(await store.zones(camera.camera_id)), etag=etag(camera.revision))


OPERATIONS = (
    Operation(
        method="GET",
        path=_ALL,
        handler=list_zones,
        summary="A camera's zones",
        scope=Scope.CAMERAS_READ,
        answer=ZoneList,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="PUT",
        path=f"{_ALL}/{{zone_name}}",
        handler=put_zone,
        summary="Add or replace a zone of a camera",
        scope=Scope.CAMERAS_WRITE,
        body=ZoneBody,
        if_match="may",
        answer=ZoneList,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="DELETE",
        path=f"{_ALL}/{{zone_name}}",
        handler=remove_zone,
        summary="Remove a zone from a camera",
        scope=Scope.CAMERAS_WRITE,
        if_match="may",
        answer=ZoneList,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
