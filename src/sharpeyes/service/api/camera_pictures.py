"""What a camera's picture should be like, and what it showed last, over HTTP."""

from __future__ import annotations

from http import HTTPStatus

import msgspec
from aiohttp import web

from sharpeyes.health.kept_pictures import (
    KeptPicture,
    list_pictures,
    read_picture,
    renew_references,
)
from sharpeyes.registry.camera import FiledCamera
from sharpeyes.registry.editing import lock_camera
from sharpeyes.registry.errors import UnknownCameraError
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import audit
from sharpeyes.service.roles import Scope

_ALL = "/api/v1/cameras/{device_code}/pictures"
_TYPES = {"last": "image/jpeg", "day": "image/png", "night": "image/png"}


class PictureList(msgspec.Struct, frozen=True):
    """Which pictures are kept of a camera: references by day and by night, and the last one."""

    pictures: list[KeptPicture]


async def show_pictures(request: web.Request) -> web.Response:
    """Answer which pictures are kept of a camera."""
    camera = await _camera(request)
    pool = request.app[CONTEXT].pool
    return answer(PictureList(await list_pictures(pool, camera.camera_id)))


async def show_picture(request: web.Request) -> web.Response:
    """Answer one of them; whoever looks is written down first."""
    kind, pool = request.match_info["kind"], request.app[CONTEXT].pool
    camera = await _camera(request)
    picture = await read_picture(pool, camera.camera_id, kind) if kind in _TYPES else None
    if picture is None:
        raise ProblemError(
            HTTPStatus.NOT_FOUND, f"camera {camera.device_code} has no picture of this kind"
        )
    async with pool.acquire() as connection:
        await audit(
            connection,
            request[PRINCIPAL].name,
            "camera.picture.view",
            camera.device_code,
            detail={"kind": kind},
        )
    return web.Response(
        body=picture, content_type=_TYPES[kind], headers={"Cache-Control": "private, no-store"}
    )


async def renew(request: web.Request) -> web.Response:
    """Forget a camera's references, so that they are learned anew from what it shows now."""
    actor, code = request[PRINCIPAL].name, request.match_info["device_code"]
    with refusals():
        async with request.app[CONTEXT].cameras.edit(actor) as edit:
            camera = await lock_camera(edit.connection, code)
            forgotten = await renew_references(edit.connection, camera.camera_id)
            await audit(
                edit.connection,
                actor,
                "camera.reference.renew",
                camera.device_code,
                detail={"forgotten": forgotten},
            )
    return await show_pictures(request)


async def _camera(request: web.Request) -> FiledCamera:
    device_code = request.match_info["device_code"]
    with refusals():
        camera = await request.app[CONTEXT].cameras.get(device_code)
        if camera is None:
            raise UnknownCameraError(device_code)
    return camera


OPERATIONS = (
    Operation(
        method="GET",
        path=_ALL,
        handler=show_pictures,
        summary="Which pictures are kept of a camera: references, and the last one",
        scope=Scope.CAMERAS_READ,
        answer=PictureList,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="DELETE",
        path="/api/v1/cameras/{device_code}/reference",
        handler=renew,
        summary="Renew a camera's reference pictures: they are learned anew from what it shows now",
        scope=Scope.CAMERAS_WRITE,
        answer=PictureList,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="GET",
        path=f"{_ALL}/{{kind}}",
        handler=show_picture,
        summary="A camera's reference by day or night, or its last picture, privacy zones black; "
        "the view is audited",
        scope=Scope.PICTURES_READ,
        content_type="image/*",
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
