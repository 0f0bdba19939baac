"""One camera as the API answers it: its whole file, its status, its zones."""

from __future__ import annotations

from datetime import datetime
from http import HTTPStatus

import msgspec
from aiohttp import web

from sharpeyes.detectors.zones import Zone
from sharpeyes.health.status import Transition
from sharpeyes.registry.camera import FiledCamera
from sharpeyes.service.api.camera_finding import StatusWord
from sharpeyes.service.api.camera_screen import TierWord, camera_view
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import answer
from sharpeyes.service.api.privacy import shown_contacts
from sharpeyes.service.api.problem import ProblemError
from sharpeyes.service.api.revision import etag
from sharpeyes.service.api.security import PRINCIPAL

_TRANSITIONS_SHOWN = 50


class CameraDetail(FiledCamera, frozen=True, kw_only=True):
    """A camera's whole file, its status, its zones, and its latest transitions, newest first.

    `has_credentials` says that a password is stored; nobody is ever shown it. Telephone numbers are
    masked for callers without the scope `contacts:read`.
    """

    tier: TierWord  # type: ignore[assignment]  # programs read the word
    status: StatusWord
    cause: str
    evidence: str
    since: datetime | None
    has_credentials: bool
    zones: list[Zone]
    transitions: list[Transition]


async def answer_camera(
    request: web.Request, device_code: str, status: HTTPStatus = HTTPStatus.OK
) -> web.Response:
    """Answer a camera as it now is.

    Raises:
        ProblemError: 404, no camera has this code.
    """
    context = request.app[CONTEXT]
    camera = await context.cameras.get(device_code)
    view = await camera_view(context.pool, device_code) if camera else None
    if camera is None or view is None:
        raise ProblemError(HTTPStatus.NOT_FOUND, f"no camera has the code {device_code}")
    fields = msgspec.structs.asdict(shown_contacts(camera, request[PRINCIPAL]))
    detail = CameraDetail(
        **fields | {"tier": camera.tier.word},
        status=view.status,
        cause=view.cause,
        evidence=view.evidence,
        since=view.since,
        has_credentials=await context.cameras.has_credentials(camera.camera_id),
        zones=await context.cameras.zones(camera.camera_id),
        transitions=await context.statuses.transitions(camera.camera_id, limit=_TRANSITIONS_SHOWN),
    )
    return answer(detail, status, etag=etag(camera.revision))
