"""Telephone numbers of managing units: masked for all who do not need them."""

from __future__ import annotations

from typing import Any

import msgspec

from sharpeyes.registry.camera import CameraFile, FiledCamera
from sharpeyes.registry.history import CameraChange
from sharpeyes.registry.merging import Merge
from sharpeyes.service.access import Principal
from sharpeyes.service.roles import Scope

_MASK = "***"
_KEPT_CHARACTERS = 2


def shown_contacts(camera: FiledCamera, principal: Principal) -> FiledCamera:
    """Return the camera with its contacts as the caller may see them."""
    if Scope.CONTACTS_READ in principal.scopes:
        return camera
    return msgspec.structs.replace(
        camera,
        contacts=_masked(camera.contacts),
        maintenance_phone=_masked(camera.maintenance_phone),
    )


def shown_change(change: CameraChange, principal: Principal) -> CameraChange:
    """Return the change with its contacts as the caller may see them."""
    if Scope.CONTACTS_READ in principal.scopes:
        return change
    return msgspec.structs.replace(
        change, before=_masked_fields(change.before), after=_masked_fields(change.after)
    )


def shown_merge(done: Merge, principal: Principal) -> Merge:
    """Return what a merge fills in with its contacts as the caller may see them."""
    if Scope.CONTACTS_READ in principal.scopes:
        return done
    return msgspec.structs.replace(done, filled=_masked_fields(done.filled))


def kept_contacts(file: CameraFile, stored: FiledCamera, principal: Principal) -> CameraFile:
    """Undo the mask in a file that a caller has read, changed elsewhere and handed in again."""
    seen = shown_contacts(stored, principal)
    return msgspec.structs.replace(
        file,
        contacts=stored.contacts if file.contacts == seen.contacts else file.contacts,
        maintenance_phone=(
            stored.maintenance_phone
            if file.maintenance_phone == seen.maintenance_phone
            else file.maintenance_phone
        ),
    )


def _masked_fields(fields: dict[str, Any] | None) -> dict[str, Any] | None:
    if fields is None:
        return None
    hidden = {name: _masked(fields[name]) for name in _FIELDS & fields.keys()}
    return fields | hidden


_FIELDS = {"contacts", "maintenance_phone"}


def _masked(value: Any) -> Any:
    """Keep the last characters, by which those who know the number recognise it."""
    if isinstance(value, str):
        return _MASK + value[-_KEPT_CHARACTERS:]
    return value if value is None else type(value)(map(_masked, value))
