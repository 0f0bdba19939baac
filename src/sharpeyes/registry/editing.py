"""Changing cameras: one transaction, in somebody's name, told to all processes."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import asyncpg
import msgspec

from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.bounds import Bounds, bounds_of_divisions
from sharpeyes.registry.camera import CameraFile, FiledCamera
from sharpeyes.registry.checking import validate
from sharpeyes.registry.credentials import Connection, CredentialStore, validate_credentials
from sharpeyes.registry.errors import (
    CameraChangedError,
    CameraExistsError,
    CameraInvalidError,
    FieldProblem,
    UnknownCameraError,
    UnknownDivisionError,
)
from sharpeyes.registry.fields import refuse_division_code
from sharpeyes.registry.life import IN_SERVICE, LifeState, move
from sharpeyes.registry.tidying import tidy

FILE_COLUMNS = CameraFile.__struct_fields__
"""The columns that an engineer hands in, named as the fields of `CameraFile`."""

_FILED = FiledCamera.__struct_fields__
_LIFE_COLUMNS = ("life", "life_reason", "life_until")
_PLACES = ", ".join(f"${number}" for number in range(1, len(FILE_COLUMNS) + 1))
_LIFE_PLACES = ", ".join(f"${len(FILE_COLUMNS) + number}" for number in (1, 2, 3))
# All are made of our own field names.
_INSERT = f"""
    INSERT INTO camera ({", ".join((*FILE_COLUMNS, *_LIFE_COLUMNS))})
    VALUES ({_PLACES}, {_LIFE_PLACES}) RETURNING *
"""  # noqa: S608
_UPDATE = f"""
    UPDATE camera
    SET ({", ".join(FILE_COLUMNS)}) = ROW({_PLACES}), revision = revision + 1, updated_at = now()
    WHERE device_code = $1 RETURNING *
"""  # noqa: S608
_MOVE = f"""
    UPDATE camera
    SET ({", ".join(_LIFE_COLUMNS)}) = ROW($2, $3, $4), revision = revision + 1, updated_at = now()
    WHERE camera_id = $1 RETURNING *
"""  # noqa: S608


async def announce(connection: Connection, camera_ids: Iterable[int]) -> None:
    """Tell all processes, once the transaction is committed, that these cameras changed."""
    await connection.execute(
        "SELECT pg_notify('sharpeyes', json_build_object('camera', camera_id)::text)"
        " FROM unnest($1::bigint[]) AS camera_id",
        list(camera_ids),
    )


def filed_camera(row: asyncpg.Record) -> FiledCamera:
    """Return the camera in a whole row of the table, which has more columns than the record."""
    return msgspec.convert({name: row[name] for name in _FILED}, FiledCamera)


async def find_problems(
    database: asyncpg.Pool | Connection,
    file: CameraFile,
    credentials: Credentials | None,
    *,
    now: datetime,
) -> list[FieldProblem]:
    """Return all that is wrong with a tidied camera file and what comes with it.

    Args:
        database: Which knows the divisions.
        file: What was handed in.
        credentials: What the camera asks for, if anything was handed in.
        now: The time, UTC.
    """
    division = file.division_code
    bounds: dict[str, Bounds | None] = {}
    if not refuse_division_code(division):
        bounds = await bounds_of_divisions(database, [division])
    problems = validate(
        file, now=now, division_known=division in bounds, bounds=bounds.get(division)
    )
    return problems if credentials is None else problems + validate_credentials(credentials)


async def lock_camera(
    connection: Connection, device_code: str, *, revision: int | None = None
) -> FiledCamera:
    """Return a camera that nobody else can change until the caller's transaction ends.

    Args:
        connection: In a transaction.
        device_code: Which camera.
        revision: The revision that the caller read, to refuse where somebody was quicker.

    Raises:
        UnknownCameraError: The device code is not registered.
        CameraChangedError: The camera is no longer at `revision`.
    """
    row = None
    if device_code.isascii() and device_code.isdigit():
        row = await connection.fetchrow(
            "SELECT * FROM camera WHERE device_code = $1 FOR UPDATE", device_code
        )
    if row is None:
        raise UnknownCameraError(device_code)
    camera = filed_camera(row)
    if revision is not None and revision != camera.revision:
        raise CameraChangedError(device_code, revision, camera.revision)
    return camera


async def lock_cameras(
    connection: Connection, device_codes: Iterable[str]
) -> dict[str, FiledCamera]:
    """Return those cameras that are registered, by code; as `lock_camera`, all in one go."""
    rows = await connection.fetch(
        "SELECT * FROM camera WHERE device_code = ANY($1::text[]) ORDER BY device_code FOR UPDATE",
        [code for code in device_codes if code.isascii() and code.isdigit()],
    )
    return {row["device_code"]: filed_camera(row) for row in rows}


class CameraEdit:
    """Changes of cameras in one transaction; `CameraStore.edit` opens it.

    Whoever catches one of the errors below and goes on does so in a savepoint
    (`async with edit.connection.transaction()`), for the transaction has failed otherwise.

    Attributes:
        connection: In the transaction: what is written with it is committed with the changes.
    """

    def __init__(
        self, connection: Connection, credentials: CredentialStore | None, now: datetime
    ) -> None:
        self.connection = connection
        self._now = now
        self._credentials = credentials

    async def add(
        self,
        camera_file: CameraFile,
        credentials: Credentials | None = None,
        *,
        state: LifeState = IN_SERVICE,
    ) -> FiledCamera:
        """Register a camera.

        Args:
            camera_file: All of its fields.
            credentials: What the camera asks for, if anything.
            state: Where in its life it is, as `life.move` allows it.

        Raises:
            CameraInvalidError: Fields cannot be accepted; all of them are in the error.
            CameraExistsError: The device code is registered.
            UnknownDivisionError: There is no such division.
        """
        file = await self._checked(camera_file, credentials)
        try:
            [row] = await self.connection.fetch(
                _INSERT, *msgspec.structs.astuple(file), *msgspec.structs.astuple(state)
            )
        except asyncpg.UniqueViolationError as error:
            raise CameraExistsError(file.device_code) from error
        except asyncpg.ForeignKeyViolationError as error:
            raise UnknownDivisionError(file.division_code) from error
        camera = filed_camera(row)
        await self._put_credentials(camera.camera_id, credentials)
        await announce(self.connection, [camera.camera_id])
        return camera

    async def replace(
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
            revision: As `lock_camera`.

        Raises:
            CameraInvalidError: Fields cannot be accepted; all of them are in the error.
            UnknownCameraError: The device code is not registered.
            CameraChangedError: The camera is no longer at `revision`.
            UnknownDivisionError: There is no such division.
        """
        file = await self._checked(camera_file, credentials)
        camera = await lock_camera(self.connection, file.device_code, revision=revision)
        if credentials is None and file == camera.file:
            return camera
        try:
            [row] = await self.connection.fetch(_UPDATE, *msgspec.structs.astuple(file))
        except asyncpg.ForeignKeyViolationError as error:
            raise UnknownDivisionError(file.division_code) from error
        await self._put_credentials(camera.camera_id, credentials)
        await announce(self.connection, [camera.camera_id])
        return filed_camera(row)

    async def move(
        self, device_code: str, wanted: LifeState, *, revision: int | None = None
    ) -> FiledCamera:
        """Take a camera to another state of its life.

        Args:
            device_code: Which camera.
            wanted: Where it shall be; the state that it is in changes nothing.
            revision: As `lock_camera`.

        Raises:
            CameraInvalidError: It may not go there; all reasons are in the error.
            UnknownCameraError: The device code is not registered.
            CameraChangedError: The camera is no longer at `revision`.
        """
        camera = await lock_camera(self.connection, device_code, revision=revision)
        current = LifeState(camera.life, camera.life_reason, camera.life_until)
        state = move(current, wanted, now=self._now)
        if isinstance(state, list):
            raise CameraInvalidError(device_code, state)
        if state == current:
            return camera
        [row] = await self.connection.fetch(
            _MOVE, camera.camera_id, *msgspec.structs.astuple(state)
        )
        await announce(self.connection, [camera.camera_id])
        return filed_camera(row)

    async def _put_credentials(self, camera_id: int, credentials: Credentials | None) -> None:
        if credentials is None:
            return
        if self._credentials is None:
            raise ValueError("this CameraStore was given no CredentialStore")
        await self._credentials.put(self.connection, camera_id, credentials)

    async def _checked(
        self, camera_file: CameraFile, credentials: Credentials | None
    ) -> CameraFile:
        file = tidy(camera_file)
        problems = await find_problems(self.connection, file, credentials, now=self._now)
        if problems:
            raise CameraInvalidError(file.device_code, problems)
        return file
