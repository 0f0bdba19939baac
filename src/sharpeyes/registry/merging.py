"""Making one camera of two that are the same."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import msgspec

from sharpeyes.registry.camera import CameraFile, Life
from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.editing import lock_camera
from sharpeyes.registry.errors import MergeError
from sharpeyes.registry.history import sign
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.store import CameraStore
from sharpeyes.registry.zoning import ZoneEdit, zones_of

_EMPTY: tuple[object, ...] = (None, "", ())
_PATHS = ("main_stream_path", "sub_stream_path", "snapshot_path")
_STREAMS = ("rtsp_port", "http_port", *_PATHS)
_SAMPLING = ("sample_source", "sample_interval_s")
# What means something only beside the first is taken with it, and only where there is none of it.
_TOGETHER = (
    ("longitude", "latitude"),
    ("host", *_PATHS, "recorder_code", "recorder_channel"),
    ("maintenance_unit", "maintenance_phone"),
    ("managing_unit", "contacts"),
)
# Never empty, so they go with the host or stay.
_BESIDE_HOST = ("rtsp_port", "http_port", "poll_mode", *_SAMPLING)
# Who a camera is, and what its other numbers mean: never taken from another.
_OWN = frozenset({"device_code", "name", "tier", "division_code", "code_edition"})
_CODED = frozenset(
    {
        "maker",
        "camera_form",
        "functions",
        "lighting",
        "codec",
        "place_kinds",
        "facing",
        "sector",
    }
)


class Merge(msgspec.Struct, frozen=True, kw_only=True):
    """What a merge did, or would do.

    Attributes:
        kept: The device code of the camera that stays.
        dropped: That of the one that is removed.
        filled: What the kept one's file gets, by field.
        zones: The names of the zones that it gets.
        credentials: Whether it gets the other's credentials.
    """

    kept: str
    dropped: str
    filled: dict[str, Any]
    zones: list[str]
    credentials: bool


def combined(keep: CameraFile, drop: CameraFile) -> CameraFile:
    """Fill what is empty in one file from another.

    Position, address with streams, maintenance and management are each taken whole, and only where
    the kept file has nothing of it: half of one and half of another would be neither. Where both
    name the same unit or host, what only the other knows of that is taken: how to reach the unit;
    ports and paths, where the kept file has no path at all. Coded values are taken only if both
    files mean them in the same edition.
    """
    filled: dict[str, object] = {}
    for group in _TOGETHER:
        first = group[0]
        if getattr(drop, first) in _EMPTY:
            continue
        if all(getattr(keep, field) in _EMPTY for field in group):
            taken = (*group, *_BESIDE_HOST) if first == "host" else group
            filled |= {field: getattr(drop, field) for field in taken}
        elif getattr(keep, first) == getattr(drop, first):
            filled |= _streams_of(keep, drop) if first == "host" else _lacking(keep, drop, group)
    alone = set(CameraFile.__struct_fields__) - _OWN
    alone -= {field for group in _TOGETHER for field in group}
    if keep.code_edition != drop.code_edition:
        alone -= _CODED
    return msgspec.structs.replace(keep, **filled, **_lacking(keep, drop, alone))


def _lacking(keep: CameraFile, drop: CameraFile, fields: Iterable[str]) -> dict[str, object]:
    """Return what only the other file says."""
    return {
        field: getattr(drop, field)
        for field in fields
        if getattr(keep, field) in _EMPTY and getattr(drop, field) not in _EMPTY
    }


def _streams_of(keep: CameraFile, drop: CameraFile) -> dict[str, object]:
    """Return the other file's streams on the same host, where this one has none."""
    is_another_channel = keep.recorder_channel not in {None, drop.recorder_channel}
    if is_another_channel or any(getattr(keep, path) for path in _PATHS):
        return {}
    if not any(getattr(drop, path) for path in _PATHS):
        return {}
    fields = (*_STREAMS, *_SAMPLING) if keep.poll_mode.at_any_time else _STREAMS
    return {field: getattr(drop, field) for field in fields}


async def merge(
    store: CameraStore,
    keep_code: str,
    drop_code: str,
    *,
    actor: str,
    keep_revision: int | None = None,
    drop_revision: int | None = None,
    dry_run: bool = False,
    record: Callable[[Connection], Awaitable[None]] | None = None,
) -> Merge:
    """Make one camera of two, in one transaction.

    The kept camera's file wins wherever it says something. It is given copies of the other's zones
    and credentials where it has none of its own. The other becomes `removed`, with a reason that
    names the kept one; its events, its history, its zones and its credentials stay with it, for
    they are what was known under its code, and so that the merge can be taken back: put both files
    back to what the history says was before, and the dropped camera back into service.

    Args:
        store: The cameras, and their credentials if those are to go along.
        keep_code: Device code of the camera that stays.
        drop_code: Device code of the one that goes.
        actor: Who does it.
        keep_revision: The revision that the caller read, to refuse where somebody was quicker.
        drop_revision: The same, of the other.
        dry_run: Whether only to tell what would be done.
        record: Writes down elsewhere that it was done, in its transaction.

    Raises:
        MergeError: They are the same record, or one of them is removed already.
        UnknownCameraError: A code is not registered.
        CameraChangedError: One is no longer at its revision.
        CameraInvalidError: The combined file contradicts itself.
    """
    if keep_code == drop_code:
        raise MergeError(f"camera {keep_code} cannot be merged with itself")
    # Read before, so that nobody holds one connection and waits for another.
    dropped = await store.get(drop_code)
    offered = None
    if dropped is not None and store.credentials is not None:
        offered = await store.credentials.get(dropped.camera_id)
    async with store.edit(actor) as edit:
        connection = edit.connection
        await sign(connection, actor, action="merge")
        revisions = {keep_code: keep_revision, drop_code: drop_revision}
        # In one order, so that two merges of the same cameras do not wait for each other.
        locked = {
            code: await lock_camera(connection, code, revision=revisions[code])
            for code in sorted(revisions)
        }
        keep, drop = locked[keep_code], locked[drop_code]
        for camera in (keep, drop):
            if camera.life is Life.REMOVED:
                raise MergeError(f"camera {camera.device_code} is removed: there is one already")
        file = combined(keep.file, drop.file)
        zones = []
        if not await zones_of(connection, keep.camera_id):
            zones = await zones_of(connection, drop.camera_id)
        # A password must not be sent to another device than it was given for.
        if file.host != drop.host or await _has_credentials(connection, keep.camera_id):
            offered = None
        done = Merge(
            kept=keep_code,
            dropped=drop_code,
            filled=_difference(keep.file, file),
            zones=[zone.name for zone in zones],
            credentials=offered is not None,
        )
        if dry_run:
            return done
        await edit.replace(file, offered)
        if zones:
            await (await ZoneEdit.of(connection, keep_code)).add(zones)
        state = LifeState(Life.REMOVED, f"merged into camera {keep_code}: it is the same")
        await edit.move(drop_code, state)
        if record is not None:
            await record(connection)
    return done


async def _has_credentials(connection: Connection, camera_id: int) -> bool:
    found = await connection.fetchval(
        "SELECT true FROM camera_credential WHERE camera_id = $1", camera_id
    )
    return bool(found)


def _difference(before: CameraFile, after: CameraFile) -> dict[str, object]:
    return {
        field: getattr(after, field)
        for field in CameraFile.__struct_fields__
        if getattr(after, field) != getattr(before, field)
    }
