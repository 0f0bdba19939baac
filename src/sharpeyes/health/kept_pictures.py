"""Which pictures are kept of a camera; read without what looks at pictures."""

from __future__ import annotations

from datetime import datetime

import asyncpg
import msgspec

from sharpeyes.registry.credentials import Connection


class KeptPicture(msgspec.Struct, frozen=True):
    """A picture that is kept of a camera.

    Attributes:
        kind: `day` or `night` for a reference, `last` for what it showed last.
        at: when it was learned last, or taken.
        samples: of how many pictures a reference was learned; null of the last picture.
        is_ready: whether a reference is compared with; null of the last picture.
    """

    kind: str
    at: datetime
    samples: int | None
    is_ready: bool | None


async def list_pictures(database: asyncpg.Pool | Connection, camera_id: int) -> list[KeptPicture]:
    """Return which pictures are kept of a camera."""
    rows = await database.fetch(
        "SELECT kind, at, samples, is_ready FROM camera_picture WHERE camera_id = $1 ORDER BY kind",
        camera_id,
    )
    return [KeptPicture(**row) for row in rows]


async def read_picture(
    database: asyncpg.Pool | Connection, camera_id: int, kind: str
) -> bytes | None:
    """Return a picture that is kept of a camera, PNG or JPEG; None if there is none."""
    picture: bytes | None = await database.fetchval(
        "SELECT picture FROM camera_picture WHERE camera_id = $1 AND kind = $2", camera_id, kind
    )
    return picture


async def renew_references(connection: Connection, camera_id: int) -> int:
    """Forget a camera's references, so that they are learned anew; return how many there were."""
    rows = await connection.fetch(
        "DELETE FROM camera_picture WHERE camera_id = $1 AND kind <> 'last' RETURNING 1", camera_id
    )
    return len(rows)
