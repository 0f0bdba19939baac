"""A camera's life and history over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Annotated

import msgspec
from aiohttp import web

from sharpeyes.registry.errors import UnknownCameraError
from sharpeyes.registry.history import CameraChange, CameraHistory
from sharpeyes.registry.life import LifeState
from sharpeyes.service.api.camera_detail import CameraDetail, answer_camera
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.privacy import shown_change
from sharpeyes.service.api.reading import read_body, read_query
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.revision import read_revision
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import audit
from sharpeyes.service.roles import Scope


class ChangesQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which of a camera's changes to list.

    Attributes:
        limit: changes on a page.
        before: the `next` of the page before.
    """

    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 50
    before: Annotated[int, msgspec.Meta(ge=1, le=2**63 - 1)] | None = None


class ChangePage(msgspec.Struct, frozen=True):
    """One page of a camera's changes, newest first."""

    changes: list[CameraChange]
    next: int | None


async def move_camera(request: web.Request) -> web.Response:
    """Take a camera to another state of its life."""
    context, actor = request.app[CONTEXT], request[PRINCIPAL].name
    device_code = request.match_info["device_code"]
    wanted = await read_body(request, LifeState)
    revision = read_revision(request)
    with refusals():
        async with context.cameras.edit(actor) as edit:
            await edit.move(device_code, wanted, revision=revision)
            await audit(
                edit.connection,
                actor,
                "camera.life",
                device_code,
                detail=msgspec.to_builtins(wanted),
            )
    return await answer_camera(request, device_code)


async def list_changes(request: web.Request) -> web.Response:
    """Answer one page of a camera's changes."""
    context = request.app[CONTEXT]
    query = read_query(request, ChangesQuery)
    device_code = request.match_info["device_code"]
    with refusals():
        camera = await context.cameras.get(device_code)
        if camera is None:
            raise UnknownCameraError(device_code)
    # One more than asked for tells whether there is a next page.
    changes = await CameraHistory(context.pool).of_camera(
        camera.camera_id, before=query.before, limit=query.limit + 1
    )
    page = [shown_change(change, request[PRINCIPAL]) for change in changes[: query.limit]]
    return answer(ChangePage(page, page[-1].change_id if len(changes) > query.limit else None))


OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/cameras/{device_code}/life",
        handler=move_camera,
        summary="Take a camera to another state of its life: planned, in_service, maintenance, "
        "removed",
        scope=Scope.CAMERAS_WRITE,
        body=LifeState,
        if_match="may",
        answer=CameraDetail,
        etag=True,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
    Operation(
        method="GET",
        path="/api/v1/cameras/{device_code}/changes",
        handler=list_changes,
        summary="Who changed what about a camera, newest first",
        scope=Scope.CAMERAS_READ,
        query=ChangesQuery,
        answer=ChangePage,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
