"""The zones of cameras in the database. A zone is part of its camera: it raises its revision."""

from __future__ import annotations

from collections.abc import Sequence

import asyncpg
import msgspec

from sharpeyes.detectors.errors import ZoneError
from sharpeyes.detectors.zones import Zone, validate_zone
from sharpeyes.registry.camera import FiledCamera
from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.editing import announce, lock_camera
from sharpeyes.registry.errors import UnknownZoneError, ZoneExistsError, ZoneInvalidError
from sharpeyes.registry.fields import refuse_text

_COLUMNS = ", ".join(Zone.__struct_fields__)
_ZONES = f"SELECT {_COLUMNS} FROM zone WHERE camera_id = $1 ORDER BY zone_id"  # noqa: S608  # ours
_INSERT = f"INSERT INTO zone (camera_id, {_COLUMNS}) VALUES ($1, $2, $3, $4, $5, $6)"  # noqa: S608
_UPDATE = f"""
    UPDATE zone SET ({_COLUMNS}) = ROW($2, $3, $4::jsonb, $5, $6::jsonb)
    WHERE camera_id = $1 AND name = $2 RETURNING 1
"""  # noqa: S608  # ours
_DELETE = "DELETE FROM zone WHERE camera_id = $1 AND name = $2 RETURNING 1"
_TOUCH = """
    UPDATE camera SET revision = revision + 1, updated_at = now() WHERE camera_id = $1
    RETURNING revision
"""


async def zones_of(database: asyncpg.Pool | Connection, camera_id: int) -> list[Zone]:
    """Return a camera's zones in the order in which they were added."""
    rows = await database.fetch(_ZONES, camera_id)
    return [msgspec.convert(dict(row), Zone) for row in rows]


class ZoneEdit:
    """Changes of one camera's zones, in the transaction of a `CameraEdit`.

    Args:
        connection: In a transaction that is signed.
        camera: Locked by it.
    """

    def __init__(self, connection: Connection, camera: FiledCamera) -> None:
        self._connection = connection
        self._camera = camera

    @classmethod
    async def of(
        cls, connection: Connection, device_code: str, *, revision: int | None = None
    ) -> ZoneEdit:
        """Lock the camera with this device code.

        Raises:
            UnknownCameraError: The device code is not registered.
            CameraChangedError: The camera is no longer at `revision`.
        """
        return cls(connection, await lock_camera(connection, device_code, revision=revision))

    async def add(self, zones: Sequence[Zone]) -> int:
        """Add zones, all or none, and return the camera's revision.

        Raises:
            ZoneInvalidError: One describes no area of the picture, or has no proper name.
            ZoneExistsError: The camera has a zone of this name.
        """
        for zone in zones:
            _check(zone)
        revision = await self._touch()
        for zone in zones:
            try:
                await self._connection.execute(
                    _INSERT, self._camera.camera_id, *msgspec.structs.astuple(zone)
                )
            except asyncpg.UniqueViolationError as error:
                raise ZoneExistsError(zone.name) from error
        return revision

    async def put(self, zone: Zone) -> int:
        """Add the zone, or let it take the place of the one of its name; return the revision.

        Raises:
            ZoneInvalidError: It describes no area of the picture, or has no proper name.
        """
        _check(zone)
        stored = await zones_of(self._connection, self._camera.camera_id)
        if zone in stored:
            return self._camera.revision
        if all(zone.name != other.name for other in stored):
            return await self.add([zone])
        revision = await self._touch()
        await self._connection.execute(
            _UPDATE, self._camera.camera_id, *msgspec.structs.astuple(zone)
        )
        return revision

    async def remove(self, name: str) -> int:
        """Remove a zone, and return the camera's revision.

        Raises:
            UnknownZoneError: The camera has no zone of this name.
        """
        if refuse_text(name):
            raise UnknownZoneError(name)
        revision = await self._touch()
        if not await self._connection.fetchval(_DELETE, self._camera.camera_id, name):
            raise UnknownZoneError(name)
        return revision

    async def _touch(self) -> int:
        revision: int = await self._connection.fetchval(_TOUCH, self._camera.camera_id)
        await announce(self._connection, [self._camera.camera_id])
        return revision


def _check(zone: Zone) -> None:
    if reason := refuse_text(zone.name):
        raise ZoneInvalidError(zone.name, "name", reason)
    try:
        validate_zone(zone)
    except ZoneError as error:
        reason = str(error).removeprefix(f"zone {zone.name!r}, {error.field}: ")
        raise ZoneInvalidError(zone.name, error.field, reason) from error
