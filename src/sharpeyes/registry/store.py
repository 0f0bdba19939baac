"""The cameras in the database."""

from __future__ import annotations

import builtins
from collections.abc import Collection, Iterable, Sequence

import asyncpg
import msgspec

from sharpeyes.detectors.errors import ZoneError
from sharpeyes.detectors.zones import Zone, validate_zone
from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import Camera, CameraFile, FiledCamera, PollMode, Tier
from sharpeyes.registry.checking import tidy, validate
from sharpeyes.registry.credentials import Connection, CredentialStore, validate_credentials
from sharpeyes.registry.device_code import DeviceCode
from sharpeyes.registry.errors import (
    CameraChangedError,
    CameraExistsError,
    CameraInvalidError,
    UnknownCameraError,
    UnknownDivisionError,
    UnknownZoneError,
    ZoneExistsError,
    ZoneInvalidError,
)
from sharpeyes.registry.fields import refuse_division_code, refuse_text
from sharpeyes.registry.search import CameraQuery

FILE_COLUMNS = CameraFile.__struct_fields__
"""The columns that an engineer hands in, named as the fields of `CameraFile`."""

_PLACES = ", ".join(f"${number}" for number in range(1, len(FILE_COLUMNS) + 1))
# All four are made of our own field names.
_INSERT = f"INSERT INTO camera ({', '.join(FILE_COLUMNS)}) VALUES ({_PLACES}) RETURNING *"  # noqa: S608
_UPDATE = f"""
    UPDATE camera
    SET ({", ".join(FILE_COLUMNS)}) = ROW({_PLACES}), revision = revision + 1, updated_at = now()
    WHERE device_code = $1 RETURNING *
"""  # noqa: S608
_IN_SHARDS = f"""
    SELECT {", ".join(Camera.__struct_fields__)} FROM camera
    WHERE shard = ANY($1::smallint[]) AND ($2::text IS NULL OR poll_mode = $2) ORDER BY camera_id
"""  # noqa: S608
_FILED = FiledCamera.__struct_fields__
_TOUCH = """
    UPDATE camera SET revision = revision + 1, updated_at = now() WHERE camera_id = $1 RETURNING 1
"""


async def announce(connection: Connection, camera_ids: Iterable[int]) -> None:
    """Tell all processes, once the transaction is committed, that these cameras changed."""
    await connection.execute(
        "SELECT pg_notify('sharpeyes', json_build_object('camera', camera_id)::text)"
        " FROM unnest($1::bigint[]) AS camera_id",
        list(camera_ids),
    )


class CameraStore:
    """Reads and writes cameras and their zones. Every change is announced; see `announce`.

    Args:
        pool: The database.
        credentials: Where credentials go; who never hands any in needs none.
    """

    def __init__(self, pool: asyncpg.Pool, credentials: CredentialStore | None = None) -> None:
        self._pool = pool
        self._credentials = credentials

    async def add(
        self, camera_file: CameraFile, credentials: Credentials | None = None
    ) -> FiledCamera:
        """Register a camera.

        Raises:
            CameraInvalidError: Fields cannot be accepted; all of them are in the error.
            CameraExistsError: The device code is registered.
            UnknownDivisionError: There is no such division.
        """
        file = await self._checked(camera_file, credentials)
        async with self._pool.acquire() as connection, connection.transaction():
            try:
                [row] = await connection.fetch(_INSERT, *msgspec.structs.astuple(file))
            except asyncpg.UniqueViolationError as error:
                raise CameraExistsError(file.device_code) from error
            except asyncpg.ForeignKeyViolationError as error:
                raise UnknownDivisionError(file.division_code) from error
            camera = filed_camera(row)
            await self._put_credentials(connection, camera.camera_id, credentials)
            await announce(connection, [camera.camera_id])
        return camera

    async def update(
        self,
        camera_file: CameraFile,
        credentials: Credentials | None = None,
        *,
        revision: int | None = None,
    ) -> FiledCamera:
        """Replace what is on file about the camera with the same device code.

        Args:
            camera_file: All of its fields; what they do not change stays at its revision.
            credentials: None leaves the stored ones as they are.
            revision: The revision that the caller read, to refuse where somebody was quicker.

        Raises:
            CameraInvalidError: Fields cannot be accepted; all of them are in the error.
            UnknownCameraError: The device code is not registered.
            CameraChangedError: The camera is no longer at `revision`.
            UnknownDivisionError: There is no such division.
        """
        file = await self._checked(camera_file, credentials)
        async with self._pool.acquire() as connection, connection.transaction():
            row = await connection.fetchrow(
                "SELECT * FROM camera WHERE device_code = $1 FOR UPDATE", file.device_code
            )
            if row is None:
                raise UnknownCameraError(file.device_code)
            camera = filed_camera(row)
            if revision is not None and revision != camera.revision:
                raise CameraChangedError(file.device_code, revision, camera.revision)
            if credentials is None and file == camera.file:
                return camera
            try:
                [row] = await connection.fetch(_UPDATE, *msgspec.structs.astuple(file))
            except asyncpg.ForeignKeyViolationError as error:
                raise UnknownDivisionError(file.division_code) from error
            await self._put_credentials(connection, camera.camera_id, credentials)
            await announce(connection, [camera.camera_id])
            return filed_camera(row)

    async def get(self, device_code: str) -> FiledCamera | None:
        """Return the camera with this device code, or None."""
        if not (device_code.isascii() and device_code.isdigit()):
            return None
        row = await self._pool.fetchrow("SELECT * FROM camera WHERE device_code = $1", device_code)
        return None if row is None else filed_camera(row)

    async def by_id(self, camera_id: int) -> FiledCamera | None:
        """Return the camera with this identity, or None."""
        row = await self._pool.fetchrow("SELECT * FROM camera WHERE camera_id = $1", camera_id)
        return None if row is None else filed_camera(row)

    async def in_shards(
        self, shards: Collection[int], *, poll_mode: PollMode | None = None
    ) -> builtins.list[Camera]:
        """Return the cameras in these shards; only those of one poll mode if it is given."""
        rows = await self._pool.fetch(
            _IN_SHARDS,
            list(shards),
            poll_mode,
        )
        return [msgspec.convert(dict(row), Camera) for row in rows]

    async def count(
        self,
        *,
        tier: Tier | None = None,
        division_code: str | None = None,
        text: str | None = None,
    ) -> int:
        """Count the cameras that `list` would go through.

        Raises:
            UnknownDivisionError: There is no such division.
        """
        query = CameraQuery(tier, division_code, text)
        total: int = await self._pool.fetchval(query.sql("count(*)"), *query.arguments)
        if not total and division_code is not None:
            await self._require_division(division_code)
        return total

    async def list(
        self,
        *,
        tier: Tier | None = None,
        division_code: str | None = None,
        text: str | None = None,
        after: str | None = None,
        limit: int = 100,
    ) -> builtins.list[FiledCamera]:
        """Return a page of cameras in the order of their device codes.

        Args:
            tier: Only this tier.
            division_code: Only this division and those below it.
            text: Only where the device code, the name or the host has this text in it.
            after: The last device code of the page before.
            limit: Cameras at most.

        Raises:
            UnknownDivisionError: There is no such division.
            DeviceCodeError: `after` is no device code.
        """
        query = CameraQuery(tier, division_code, text)
        if after is not None:
            query.require("device_code > {0}", DeviceCode.parse(after).text)
        query.arguments.append(limit)
        sql = f"{query.sql('camera.*')} ORDER BY device_code LIMIT ${len(query.arguments)}"
        rows = await self._pool.fetch(sql, *query.arguments)
        if not rows and division_code is not None:
            await self._require_division(division_code)
        return [filed_camera(row) for row in rows]

    async def zones(self, camera_id: int) -> builtins.list[Zone]:
        """Return a camera's zones in the order in which they were added."""
        rows = await self._pool.fetch(
            "SELECT name, kind, polygon, dwell_s FROM zone WHERE camera_id = $1 ORDER BY zone_id",
            camera_id,
        )
        return [msgspec.convert(dict(row), Zone) for row in rows]

    async def add_zone(self, camera_id: int, zone: Zone) -> None:
        """Add a zone to a camera; as `add_zones`."""
        await self.add_zones(camera_id, [zone])

    async def add_zones(self, camera_id: int, zones: Sequence[Zone]) -> None:
        """Add zones to a camera, all or none.

        Raises:
            ZoneInvalidError: One describes no area of the picture, or has no proper name.
            UnknownCameraError: There is no such camera.
            ZoneExistsError: The camera has a zone of this name.
        """
        for zone in zones:
            _check_zone(zone)
        async with self._pool.acquire() as connection, connection.transaction():
            if not await connection.fetchval(_TOUCH, camera_id):
                raise UnknownCameraError(camera_id)
            for zone in zones:
                try:
                    await connection.execute(
                        "INSERT INTO zone (camera_id, name, kind, polygon, dwell_s)"
                        " VALUES ($1, $2, $3, $4, $5)",
                        camera_id,
                        *msgspec.structs.astuple(zone),
                    )
                except asyncpg.UniqueViolationError as error:
                    raise ZoneExistsError(zone.name) from error
            await announce(connection, [camera_id])

    async def remove_zone(self, camera_id: int, name: str) -> None:
        """Remove a zone from a camera.

        Raises:
            UnknownZoneError: The camera has no zone of this name.
        """
        if refuse_text(name):
            raise UnknownZoneError(name)
        async with self._pool.acquire() as connection, connection.transaction():
            removed = await connection.fetchval(
                "DELETE FROM zone WHERE camera_id = $1 AND name = $2 RETURNING 1", camera_id, name
            )
            if not removed:
                raise UnknownZoneError(name)
            await connection.execute(_TOUCH, camera_id)
            await announce(connection, [camera_id])

    async def _put_credentials(
        self, connection: Connection, camera_id: int, credentials: Credentials | None
    ) -> None:
        if credentials is None:
            return
        if self._credentials is None:
            raise ValueError("this CameraStore was given no CredentialStore")
        await self._credentials.put(connection, camera_id, credentials)

    async def _checked(
        self, camera_file: CameraFile, credentials: Credentials | None
    ) -> CameraFile:
        file = tidy(camera_file)
        problems = validate(file)
        # Of a file without problems, the database itself says whether there is the division.
        if problems and not refuse_division_code(file.division_code):
            known = await self._has_division(file.division_code)
            problems = validate(file, division_known=known)
        if credentials is not None:
            problems += validate_credentials(credentials)
        if problems:
            raise CameraInvalidError(file.device_code, problems)
        return file

    async def _require_division(self, division_code: str) -> None:
        if not await self._has_division(division_code):
            raise UnknownDivisionError(division_code)

    async def _has_division(self, division_code: str) -> bool:
        found = await self._pool.fetchval(
            "SELECT 1 FROM division WHERE division_code = $1", division_code
        )
        return found is not None


def _check_zone(zone: Zone) -> None:
    if reason := refuse_text(zone.name):
        raise ZoneInvalidError(zone.name, "name", reason)
    try:
        validate_zone(zone)
    except ZoneError as error:
        reason = str(error).removeprefix(f"zone {zone.name!r}, {error.field}: ")
        raise ZoneInvalidError(zone.name, error.field, reason) from error


def filed_camera(row: asyncpg.Record) -> FiledCamera:
    """Return the camera in a whole row of the table, which has more columns than the record."""
    return msgspec.convert({name: row[name] for name in _FILED}, FiledCamera)
