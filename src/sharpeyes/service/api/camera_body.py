"""What a caller hands in about a camera, and all that is wrong with it at once."""

from __future__ import annotations

from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import msgspec

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile, FiledCamera, PollMode, SampleSource, Tier
from sharpeyes.registry.errors import shown
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.api.camera_screen import TierWord
from sharpeyes.service.api.problem import FieldError, ProblemError
from sharpeyes.service.api.reading import field_errors
from sharpeyes.service.api.refusals import field_errors_of

_DISTRICT_DIGITS = 6


class CameraBody(CameraFile, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A camera's whole file. User name and password go in and never come out.

    Without `division_code` the district counts that the device code begins with. Without `username`
    and `password` those that are stored stay.
    """

    tier: TierWord  # type: ignore[assignment]  # programs write the word
    division_code: str = ""
    username: str | None = None
    password: str | None = None


_FIELDS = msgspec.structs.fields(CameraBody)
_NAMES = frozenset(CameraBody.__struct_fields__)

# For the OpenAPI document; a patch is read by `patched`.
CameraPatch = msgspec.defstruct(
    "CameraPatch",
    [(field.name, field.type | None | msgspec.UnsetType, msgspec.UNSET) for field in _FIELDS],
    namespace={"__doc__": "The fields that change; null gives a field its default (RFC 7396)."},
    frozen=True,
    kw_only=True,
    forbid_unknown_fields=True,
)


@dataclass(frozen=True, slots=True)
class HandedIn:
    """A camera file that can be stored, as far as the file itself can say."""

    file: CameraFile
    credentials: Credentials | None


async def read_camera(value: Mapping[str, Any], cameras: CameraStore) -> HandedIn:
    """Read a camera's file. Whether it may be stored is said by who stores it.

    Args:
        value: The fields of `CameraBody`, decoded.
        cameras: Which finds what else is wrong with a file that cannot be read.

    Raises:
        ProblemError: 422 with every bad field: those that mean nothing, those that are not allowed,
            and those that contradict each other.
    """
    errors = list(field_errors(value, CameraBody, strict=True))
    unread = {error.field for error in errors}
    file = _file(_readable(value, unread))
    credentials, missing = _credentials(value, unread)
    errors += missing
    if not errors:
        return HandedIn(file, credentials)
    problems = await cameras.problems(file, credentials)
    errors += field_errors_of([problem for problem in problems if problem.field not in unread])
    raise ProblemError(
        HTTPStatus.UNPROCESSABLE_ENTITY,
        "; ".join(f"{error.field}: {error.reason}" for error in errors),
        errors=tuple(errors),
    )


def patched(camera: FiledCamera, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Apply a merge patch (RFC 7396) to a camera's file.

    Returns:
        The fields of `CameraBody`, to be read by `read_camera`.

    Raises:
        ProblemError: 422, for the patch would make it another camera.
    """
    code = patch.get("device_code", camera.device_code)
    if code != camera.device_code:
        reason = "cannot be changed: register the camera under its new code, and remove this one"
        raise ProblemError(
            HTTPStatus.UNPROCESSABLE_ENTITY,
            f"device_code {reason}",
            errors=(FieldError("device_code", shown(code), reason),),
        )
    stored = msgspec.to_builtins(camera.file) | {"tier": camera.tier.word}
    merged = stored | dict(patch)
    return {name: value for name, value in merged.items() if value is not None}


def _readable(value: Mapping[str, Any], unread: AbstractSet[str]) -> CameraBody:
    """Read all that means something, so that it is judged without being blamed for the rest."""
    readable = {name: value[name] for name in value.keys() & _NAMES - unread}
    stand_in: dict[str, Any] = {"device_code": "", "name": "-", "tier": "other"}
    if unread & {"poll_mode", "sample_source"}:
        readable |= {"poll_mode": PollMode.NONE, "sample_source": SampleSource.NONE}
    return msgspec.convert(stand_in | readable, CameraBody)


def _file(body: CameraBody) -> CameraFile:
    fields = {name: getattr(body, name) for name in CameraFile.__struct_fields__}
    division_code = body.division_code.strip() or body.device_code.strip()[:_DISTRICT_DIGITS]
    return CameraFile(**fields | {"tier": Tier.parse(body.tier), "division_code": division_code})


def _credentials(
    value: Mapping[str, Any], unread: AbstractSet[str]
) -> tuple[Credentials | None, list[FieldError]]:
    username, password = value.get("username"), value.get("password")
    if unread & {"username", "password"} or (username is None and password is None):
        return None, []
    if username and password is not None:
        return Credentials(username, password), []
    missing = "password" if username else "username"
    return None, [FieldError(missing, "", "is missing: user name and password go together")]
