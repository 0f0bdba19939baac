"""The cameras in the database."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime
from types import MappingProxyType

import asyncpg
import msgspec

from sharpeyes.detectors.zones import Zone
from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import Camera, CameraFile, FiledCamera
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.editing import CameraEdit, announce, filed_camera, find_problems
from sharpeyes.registry.errors import FieldProblem
from sharpeyes.registry.history import SERVICE, sign
from sharpeyes.registry.tidying import tidy
from sharpeyes.registry.zoning import zones_of

IS_MEASURED = "(c.poll_mode IN ('direct', 'recorder') AND c.life = 'in_service')"
"""SQL of `Camera.is_measured`, for a row `c` of camera."""

_MEASURED_IN_SHARDS = f"""
    SELECT camera_id, revision FROM camera c WHERE shard = ANY($1::smallint[]) AND {IS_MEASURED}
"""  # noqa: S608  # made of our own names
_BY_ID = f"""
    SELECT {", ".join(Camera.__struct_fields__)} FROM camera
    WHERE camera_id = ANY($1::bigint[]) ORDER BY camera_id
"""  # noqa: S608  # made of our own field names
# Whoever reads a city's cameras does other things, too: so many take a few milliseconds.
_REVISIONS_AT_ONCE = 5_000
_CAMERAS_AT_ONCE = 1_000
# Of several processes each takes others, and none waits.
_END_MAINTENANCE = """
    UPDATE camera SET life = 'in_service', life_reason = '', life_until = NULL,
        revision = revision + 1, updated_at = now()
    WHERE camera_id IN (
        SELECT camera_id FROM camera WHERE life = 'maintenance' AND life_until <= now()
        ORDER BY life_until LIMIT $1 FOR UPDATE SKIP LOCKED
    )
    RETURNING camera_id
"""


class CameraStore:
    """Reads cameras and their zones, and opens the transactions in which they are changed.

    Args:
        pool: The database.
        credentials: Where credentials go; who never hands any in needs none.
        now: The clock, UTC.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        credentials: CredentialStore | None = None,
        *,
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._pool = pool
        self._credentials = credentials
        self._now = now

    @property
    def credentials(self) -> CredentialStore | None:
        """Where credentials go, if it was given that."""
        return self._credentials

    @asynccontextmanager
    async def edit(self, actor: str) -> AsyncIterator[CameraEdit]:
        """Open a transaction in which `actor` changes cameras; an error undoes all of it.

        Every change is written into the cameras' history and announced to all processes.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await sign(connection, actor)
            yield CameraEdit(connection, self._credentials, self._now())

    async def problems(
        self, file: CameraFile, credentials: Credentials | None = None
    ) -> list[FieldProblem]:
        """Return why a camera's file would be refused; an empty list where it would not."""
        return await find_problems(self._pool, tidy(file), credentials, now=self._now())

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

    async def measured_in_shards(
        self, shards: Collection[int], known: Mapping[int, Camera] = MappingProxyType({})
    ) -> dict[int, Camera]:
        """Return the cameras in these shards that a worker looks after, by their identity.

        Of a million on file, most may not be asked; no worker need hold them. All are read as of
        one moment, a part at a time, and others get their turn in between.

        Args:
            shards: Where to look.
            known: What was read before: of these only what has changed is read again.
        """
        measured: dict[int, Camera] = {}
        changed: list[int] = []
        async with (
            self._pool.acquire() as connection,
            connection.transaction(isolation="repeatable_read", readonly=True),
        ):
            revisions = await connection.cursor(_MEASURED_IN_SHARDS, list(shards))
            while rows := await revisions.fetch(_REVISIONS_AT_ONCE):
                for camera_id, revision in rows:
                    camera = known.get(camera_id)
                    if camera is not None and camera.revision == revision:
                        measured[camera_id] = camera
                    else:
                        changed.append(camera_id)
            for start in range(0, len(changed), _CAMERAS_AT_ONCE):
                part = changed[start : start + _CAMERAS_AT_ONCE]
                for row in await connection.fetch(_BY_ID, part):
                    measured[row["camera_id"]] = msgspec.convert(dict(row), Camera)
        return measured

    async def zones(self, camera_id: int) -> list[Zone]:
        """Return a camera's zones in the order in which they were added."""
        return await zones_of(self._pool, camera_id)

    async def has_credentials(self, camera_id: int) -> bool:
        """Tell whether a password is stored for a camera."""
        found = await self._pool.fetchval(
            "SELECT true FROM camera_credential WHERE camera_id = $1", camera_id
        )
        return found is not None

    async def end_maintenance(self, *, limit: int = 1000) -> int:
        """Put cameras whose maintenance is over back into service; return how many.

        Args:
            limit: Cameras at most; where as many come back, more may be due.
        """
        async with self._pool.acquire() as connection, connection.transaction():
            await sign(connection, SERVICE)
            rows = await connection.fetch(_END_MAINTENANCE, limit)
            await announce(connection, [row["camera_id"] for row in rows])
        return len(rows)
