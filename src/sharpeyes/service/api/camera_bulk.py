"""Many cameras in one request: each is taken or refused for itself."""

from __future__ import annotations

from collections import Counter
from http import HTTPStatus
from typing import Annotated, Any, Literal

import asyncpg
import msgspec
from aiohttp import web

from sharpeyes.registry.camera import FiledCamera
from sharpeyes.registry.editing import CameraEdit, lock_cameras
from sharpeyes.registry.errors import shown
from sharpeyes.service.access import Principal
from sharpeyes.service.api.camera_body import HandedIn, patched, read_camera
from sharpeyes.service.api.context import CONTEXT, ApiContext
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.privacy import kept_contacts
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import read_body
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.api.security import PRINCIPAL
from sharpeyes.service.audit import audit
from sharpeyes.service.roles import Scope

MOST_CAMERAS = 1000

_OUT_OF_REACH = "lies outside of the division that you are confined to"

Outcome = Literal["added", "changed", "unchanged", "refused"]


class CameraBatch(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Cameras to register or to change, each with the fields of a `CameraPatch`.

    Of a camera that is registered only the given fields change, as in a patch; another one is
    registered with them. An item that is no camera is refused alone, so all are let in here.
    """

    cameras: Annotated[list[Any], msgspec.Meta(min_length=1, max_length=MOST_CAMERAS)]


class ItemResult(msgspec.Struct, frozen=True, kw_only=True):
    """What became of one item.

    Attributes:
        index: its place in the request, from 0.
        device_code: as it was given.
        outcome: added, changed, unchanged or refused.
        revision: the camera's; null where it was refused.
        errors: why it was refused, field by field.
    """

    index: int
    device_code: str
    outcome: Outcome
    revision: int | None = None
    errors: tuple[FieldError, ...] = ()


class BatchResult(msgspec.Struct, frozen=True):
    """What became of all items, in their order."""

    added: int
    changed: int
    unchanged: int
    refused: int
    results: list[ItemResult]


async def upsert_cameras(request: web.Request) -> web.Response:
    """Register or change many cameras; those that can be taken are."""
    context, principal = request.app[CONTEXT], request[PRINCIPAL]
    items = (await read_body(request, CameraBatch)).cameras
    async with context.cameras.edit(principal.name) as edit:
        batch = _Batch(context, principal, edit)
        result = await batch.run(items)
        await audit(
            edit.connection,
            principal.name,
            "camera.upsert",
            f"{len(items)} cameras",
            detail={
                name: getattr(result, name) for name in ("added", "changed", "unchanged", "refused")
            },
        )
    return answer(result)


class _Batch:
    """The items of one request, in one transaction with a savepoint for each of them."""

    def __init__(self, context: ApiContext, principal: Principal, edit: CameraEdit) -> None:
        self._context = context
        self._principal = principal
        self._edit = edit

    async def run(self, items: list[Any]) -> BatchResult:
        codes = [_code(item) for item in items]
        first = {code: index for index, code in reversed(list(enumerate(codes)))}
        stored = await lock_cameras(self._edit.connection, first)
        results = []
        # In the order in which everybody takes cameras, so that two batches cannot lock each other.
        for index in sorted(range(len(items)), key=lambda index: (codes[index], index)):
            code = codes[index]
            try:
                if first[code] != index and code:
                    raise _refusal("device_code", code, f"is in item {first[code]} already")
                outcome, revision = await self._take(items[index], stored.get(code))
                result = ItemResult(
                    index=index, device_code=shown(code), outcome=outcome, revision=revision
                )
            except ProblemError as error:
                result = ItemResult(
                    index=index,
                    device_code=shown(code),
                    outcome="refused",
                    errors=error.problem.errors or (FieldError("", "", error.problem.detail),),
                )
            results.append(result)
        results.sort(key=lambda result: result.index)
        counts = Counter(result.outcome for result in results)
        return BatchResult(
            counts["added"], counts["changed"], counts["unchanged"], counts["refused"], results
        )

    async def _take(self, item: Any, stored: FiledCamera | None) -> tuple[Outcome, int]:
        if not isinstance(item, dict):
            raise _refusal("", "", "is no JSON object")
        value = (
            {name: field for name, field in item.items() if field is not None}
            if stored is None
            else patched(stored, item)
        )
        new = await read_camera(value, self._context.cameras)
        try:
            with refusals():
                async with self._edit.connection.transaction():
                    return await self._store(new, stored)
        except asyncpg.InsufficientPrivilegeError:
            # One camera that the database does not let them have is no reason to refuse the others.
            raise _refusal("division_code", new.file.division_code, _OUT_OF_REACH) from None

    async def _store(self, new: HandedIn, stored: FiledCamera | None) -> tuple[Outcome, int]:
        if stored is None:
            return "added", (await self._edit.add(new.file, new.credentials)).revision
        file = kept_contacts(new.file, stored, self._principal)
        camera = await self._edit.replace(file, new.credentials, revision=stored.revision)
        return "unchanged" if camera == stored else "changed", camera.revision


def _code(item: Any) -> str:
    code = item.get("device_code") if isinstance(item, dict) else None
    return code.strip() if isinstance(code, str) else ""


def _refusal(field: str, value: str, reason: str) -> ProblemError:
    return ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY, reason, errors=(FieldError(field, shown(value), reason),)
    )


OPERATIONS = (
    Operation(
        method="POST",
        path="/api/v1/cameras:upsert",
        handler=upsert_cameras,
        summary=f"Register or change up to {MOST_CAMERAS:,} cameras, each with its own result",
        scope=Scope.CAMERAS_WRITE,
        body=CameraBatch,
        answer=BatchResult,
    ),
)
