"""Who changed what about a camera, and when. The database itself writes it: see `sign`."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import asyncpg
import msgspec

from sharpeyes.registry.credentials import Connection

SERVICE = "service"
"""The actor of what happens by itself."""


class CameraChange(msgspec.Struct, frozen=True, kw_only=True):
    """One change of one camera.

    Attributes:
        change_id: Rises with time for each camera.
        camera_id: Whose change it is.
        revision: The camera's, once it was changed.
        at: When, UTC.
        actor: Who: a person, a token's name, `command line`, or `service` for what ends by itself.
        action: add, edit, life, zone, credentials or delete; merge, undo or rekey where that is
            how it came about.
        import_id: The import that did it, if one did.
        before: What the changed fields held, by name as in `FiledCamera`; None for what is new.
        after: What they hold since; None where something went, and of additions and credentials.
    """

    change_id: int
    camera_id: int
    revision: int
    at: datetime
    actor: str
    action: str
    import_id: int | None
    before: dict[str, Any] | None
    after: dict[str, Any] | None


_COLUMNS = ", ".join(CameraChange.__struct_fields__)
_OF_CAMERA = f"""
    SELECT {_COLUMNS} FROM camera_change
    WHERE camera_id = $1 AND ($2::bigint IS NULL OR change_id < $2)
    ORDER BY change_id DESC LIMIT $3
"""  # noqa: S608  # made of our own field names
_OF_IMPORT = f"""
    SELECT {_COLUMNS} FROM camera_change
    WHERE import_id = $1 AND (camera_id, change_id) > ($2, $3)
    ORDER BY camera_id, change_id LIMIT $4
"""  # noqa: S608  # as above


async def sign(
    connection: Connection, actor: str, *, import_id: int | None = None, action: str | None = None
) -> None:
    """Say who changes cameras in the caller's transaction, up to its end.

    Cameras, zones and credentials cannot be changed in a transaction that is not signed.

    Args:
        connection: In a transaction.
        actor: Who; see `CameraChange`.
        import_id: The import that the changes are part of.
        action: How it came about (merge, undo, rekey), instead of what the change itself says.
    """
    if not connection.is_in_transaction():
        raise RuntimeError("a signature holds for a transaction, and there is none")
    if not actor.strip():
        raise ValueError("cameras are changed by somebody: the actor has no name")
    await connection.execute(
        "SELECT set_config('sharpeyes.actor', $1, true), set_config('sharpeyes.import', $2, true),"
        " set_config('sharpeyes.action', $3, true)",
        actor,
        "" if import_id is None else str(import_id),
        action or "",
    )


async def announce_many(connection: Connection) -> None:
    """Tell all processes, once the transaction is committed, that many cameras changed."""
    await connection.execute("SELECT pg_notify('sharpeyes', '{}')")


class CameraHistory:
    """Reads what was changed.

    Args:
        pool: The database.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def of_camera(
        self, camera_id: int, *, before: int | None = None, limit: int = 50
    ) -> list[CameraChange]:
        """Return a camera's changes, newest first.

        Args:
            camera_id: Whose.
            before: The last `change_id` of the page before.
            limit: Changes at most.
        """
        rows = await self._pool.fetch(_OF_CAMERA, camera_id, before, limit)
        return [CameraChange(**row) for row in rows]

    async def of_import(
        self, import_id: int, *, after: tuple[int, int] = (0, 0), limit: int = 1000
    ) -> list[CameraChange]:
        """Return what an import changed, camera by camera.

        Args:
            import_id: Which import.
            after: The last `camera_id` and `change_id` of the page before.
            limit: Changes at most.
        """
        rows = await self._pool.fetch(_OF_IMPORT, import_id, *after, limit)
        return [CameraChange(**row) for row in rows]
