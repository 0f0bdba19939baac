"""Cameras and divisions over HTTP."""

from __future__ import annotations

from http import HTTPStatus
from typing import Literal

import msgspec
from aiohttp import web

from sharpeyes.detectors.zones import Zone
from sharpeyes.devices.credentials import Credentials
from sharpeyes.health.status import Transition
from sharpeyes.registry.camera import CameraFile, PollMode, SampleSource, Tier
from sharpeyes.registry.divisions import Division
from sharpeyes.registry.errors import CameraExistsError, CameraInvalidError, UnknownDivisionError
from sharpeyes.service.access import Scope, audit
from sharpeyes.service.api.camera_screen import (
    CameraPage,
    CameraQuery,
    CameraView,
    TierWord,
    camera_page,
    camera_view,
)
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_body, read_query
from sharpeyes.service.api.security import PRINCIPAL

_TRANSITIONS_SHOWN = 50


class CameraDetail(CameraView, frozen=True, kw_only=True):
    """A camera's file and status, its zones, and its latest transitions, newest first."""

    zones: list[Zone]
    transitions: list[Transition]


class NewCamera(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A camera to register. The password is kept encrypted and never shown again."""

    device_code: str
    name: str
    tier: TierWord
    division_code: str
    longitude: float | None = None
    latitude: float | None = None
    host: str | None = None
    rtsp_port: int = 554
    http_port: int = 80
    main_stream_path: str | None = None
    sub_stream_path: str | None = None
    snapshot_path: str | None = None
    poll_mode: Literal["direct", "on_request", "none"] = "direct"
    sample_source: Literal["none", "keyframe", "snapshot"] = "none"
    sample_interval_s: float = 5.0
    username: str | None = None
    password: str | None = None


class DivisionList(msgspec.Struct, frozen=True):
    """The tree of divisions, parents before children."""

    divisions: list[Division]


async def list_divisions(request: web.Request) -> web.Response:
    """Answer every division."""
    return answer(DivisionList(await request.app[CONTEXT].divisions.list()))


async def list_cameras(request: web.Request) -> web.Response:
    """Answer one page of cameras."""
    query = read_query(request, CameraQuery)
    return answer(await camera_page(request.app[CONTEXT].pool, query))


async def show_camera(request: web.Request) -> web.Response:
    """Answer one camera with its zones and transitions."""
    context = request.app[CONTEXT]
    view = await camera_view(context.pool, request.match_info["device_code"])
    if view is None:
        raise ProblemError(
            HTTPStatus.NOT_FOUND, f"no camera has the code {request.match_info['device_code']}"
        )
    return answer(
        CameraDetail(
            **msgspec.structs.asdict(view),
            zones=await context.cameras.zones(view.camera_id),
            transitions=await context.statuses.transitions(
                view.camera_id, limit=_TRANSITIONS_SHOWN
            ),
        )
    )


async def add_camera(request: web.Request) -> web.Response:
    """Register a camera."""
    context = request.app[CONTEXT]
    new = await read_body(request, NewCamera)
    try:
        async with context.cameras.edit(request[PRINCIPAL].name) as edit:
            camera = await edit.add(_camera_file(new), _credentials(new))
            await audit(edit.connection, request[PRINCIPAL].name, "camera.add", camera.device_code)
    except CameraExistsError as error:
        raise ProblemError(HTTPStatus.CONFLICT, str(error)) from None
    except UnknownDivisionError as error:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            str(error),
            errors=(FieldError("division_code", new.division_code, str(error)),),
        ) from None
    except CameraInvalidError as error:
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            str(error),
            errors=tuple(FieldError(p.field, p.value, p.reason) for p in error.problems),
        ) from None
    view = await camera_view(context.pool, camera.device_code)
    assert view is not None
    return answer(view, HTTPStatus.CREATED)


def _camera_file(new: NewCamera) -> CameraFile:
    fields = msgspec.structs.asdict(new)
    del fields["username"], fields["password"]
    fields["tier"] = Tier.parse(new.tier)
    fields["poll_mode"] = PollMode(new.poll_mode)
    fields["sample_source"] = SampleSource(new.sample_source)
    return CameraFile(**fields)


def _credentials(new: NewCamera) -> Credentials | None:
    if new.username is None and new.password is None:
        return None
    if not new.username or new.password is None:
        missing = "password" if new.username else "username"
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "username and password go together",
            errors=(FieldError(missing, "", "is missing beside the other"),),
        )
    return Credentials(new.username, new.password)


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/divisions",
        handler=list_divisions,
        summary="The tree of divisions",
        scope=Scope.CAMERAS_READ,
        answer=DivisionList,
    ),
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
        body=NewCamera,
        answer=CameraView,
        status=HTTPStatus.CREATED,
        problems=(HTTPStatus.CONFLICT,),
    ),
    Operation(
        method="GET",
        path="/api/v1/cameras/{device_code}",
        handler=show_camera,
        summary="One camera: file, status, zones, transitions",
        scope=Scope.CAMERAS_READ,
        answer=CameraDetail,
        problems=(HTTPStatus.NOT_FOUND,),
    ),
)
