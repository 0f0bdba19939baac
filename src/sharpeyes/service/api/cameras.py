"""Cameras over HTTP: listing, reading, registering, changing, removing."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated, Any

import msgspec
from aiohttp import web

from sharpeyes.registry.camera import FiledCamera, Life
from sharpeyes.registry.errors import CameraChangedError, UnknownCameraError
from sharpeyes.registry.life import LifeState
from sharpeyes.service.api.camera_body import CameraBody, CameraPatch, patched, read_camera
from sharpeyes.service.api.camera_detail import CameraDetail, answer_camera
from sharpeyes.service.api.camera_screen import CameraPage, CameraQuery, camera_page
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.privacy import kept_contacts
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_object, read_query
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.revision import read_revision
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import audit
from sharpeyes.service.roles import Scope

_ONE = "/api/v1/cameras/{device_code}"


class RemovalQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Why a camera is removed.

    Attributes:
        reason: in words; it stays in the camera's history.
    """

    reason: Annotated[str, msgspec.Meta(min_length=1, max_length=500)]


async def list_cameras(request: web.Request) -> web.Response:
    """Answer one page of cameras."""
    query = read_query(request, CameraQuery)
    with refusals():
        return answer(await camera_page(request.app[CONTEXT].pool, query))


async def show_camera(request: web.Request) -> web.Response:
    """Answer one camera."""
    return await answer_camera(request, request.match_info["device_code"])


async def add_camera(request: web.Request) -> web.Response:
    """Register a camera."""
    context, actor = request.app[CONTEXT], request[PRINCIPAL].name
    new = await read_camera(await read_object(request), context.cameras)
    with refusals():
        async with context.cameras.edit(actor) as edit:
            camera = await edit.add(new.file, new.credentials)
            await audit(edit.connection, actor, "camera.add", camera.device_code)
    return await answer_camera(request, camera.device_code, HTTPStatus.CREATED)


async def replace_camera(request: web.Request) -> web.Response:
    """Replace a camera's whole file."""
    device_code = request.match_info["device_code"]
    value = await read_object(request)
    if value.get("device_code", device_code) != device_code:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "device_code is not the one in the address",
            errors=(FieldError("device_code", "", "is not the one in the address"),),
        )
    return await _store(request, await _stored(request), value)


async def change_camera(request: web.Request) -> web.Response:
    """Change the fields of a camera that are given."""
    patch = await read_object(request)
    camera = await _stored(request)
    return await _store(request, camera, patched(camera, patch))


async def _stored(request: web.Request) -> FiledCamera:
    device_code = request.match_info["device_code"]
    with refusals():
        camera = await request.app[CONTEXT].cameras.get(device_code)
        if camera is None:
            raise UnknownCameraError(device_code)
    return camera


async def _store(request: web.Request, stored: FiledCamera, value: dict[str, Any]) -> web.Response:
    """Let `value` take the place of what is stored, unless somebody was quicker than the caller.

    The revision comes last: of a file that cannot be stored there is nothing to overwrite.
    """
    context, principal = request.app[CONTEXT], request[PRINCIPAL]
    handed_in = await read_camera(value, context.cameras)
    revision = read_revision(request, required=True)
    file, actor = kept_contacts(handed_in.file, stored, principal), principal.name
    with refusals():
        if revision is not None and revision != stored.revision:
            raise CameraChangedError(stored.device_code, revision, stored.revision)
        async with context.cameras.edit(actor) as edit:
            camera = await edit.replace(file, handed_in.credentials, revision=stored.revision)
            await audit(
                edit.connection,
                actor,
                "camera.edit",
                camera.device_code,
                detail={"revision": camera.revision},
            )
    return await answer_camera(request, camera.device_code)


async def remove_camera(request: web.Request) -> web.Response:
    """Remove a camera: its code, its file and its history stay."""
    context, actor = request.app[CONTEXT], request[PRINCIPAL].name
    device_code = request.match_info["device_code"]
    removed = LifeState(Life.REMOVED, read_query(request, RemovalQuery).reason)
    revision = read_revision(request)
    with refusals():
        async with context.cameras.edit(actor) as edit:
            await edit.move(device_code, removed, revision=revision)
            await audit(
                edit.connection,
                actor,
                "camera.remove",
                device_code,
                detail={"reason": removed.reason},
            )
    return await answer_camera(request, device_code)


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/cameras",
        handler=list_cameras,
        summary="Cameras with their status, filtered and paged",
        scope=Scope.CAMERAS_READ,
        query=CameraQuery,
        answer=CameraPage,
    ),
    Operation(
        method="POST",
        path="/api/v1/cameras",
        handler=add_camera,
        summary="Register a camera",
        scope=Scope.CAMERAS_WRITE,
        body=CameraBody,
        answer=CameraDetail,
        etag=True,
        status=HTTPStatus.CREATED,
        problems=(HTTPStatus.CONFLICT,),
    ),
    Operation(
        method="GET",
        path=_ONE,
        handler=show_camera,
        summary="One camera: file, status, zones, transitions",
        scope=Scope.CAMERAS_READ,
        answer=CameraDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="PUT",
        path=_ONE,
        handler=replace_camera,
        summary="Replace a camera's whole file",
        scope=Scope.CAMERAS_WRITE,
        body=CameraBody,
        if_match="must",
        answer=CameraDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="PATCH",
        path=_ONE,
        handler=change_camera,
        summary="Change some fields of a camera (JSON merge patch)",
        scope=Scope.CAMERAS_WRITE,
        body=CameraPatch,
        body_type="application/merge-patch+json",
        if_match="must",
        answer=CameraDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="DELETE",
        path=_ONE,
        handler=remove_camera,
        summary="Remove a camera; its code, file and history stay, and it can be put back",
        scope=Scope.CAMERAS_WRITE,
        query=RemovalQuery,
        if_match="may",
        answer=CameraDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
