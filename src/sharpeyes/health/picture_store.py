"""Keeps what cameras' pictures are like when they are well, and what they showed last.

At most three small pictures a camera, privacy zones black in all of them.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec
import structlog

from sharpeyes.detectors.errors import PictureError
from sharpeyes.detectors.quality import Reference
from sharpeyes.detectors.quality.kept_reference import KeptReference, keep, restore
from sharpeyes.detectors.zones import Zone
from sharpeyes.health.light import Light
from sharpeyes.registry.camera import Camera

log = structlog.get_logger()

_TURNING_FORMS: Final = frozenset({1, 4})
"""Domes and PTZ bullets: people turn them."""
# One statement, so that the zones are those of the revision.
_KNOWN: Final = """
    SELECT c.revision, c.camera_form,
           COALESCE((SELECT jsonb_agg(jsonb_build_object('name', z.name, 'kind', z.kind,
                                                         'polygon', z.polygon))
                     FROM zone z WHERE z.camera_id = c.camera_id AND z.kind = 'privacy'),
                    '[]') AS zones,
           r.at, r.picture, r.figures,
           (SELECT l.at FROM camera_picture l
            WHERE l.camera_id = c.camera_id AND l.kind = 'last') AS last_at
    FROM camera c LEFT JOIN camera_picture r ON r.camera_id = c.camera_id AND r.kind = $2
    WHERE c.camera_id = $1
"""
_LOCK: Final = "SELECT true FROM camera WHERE camera_id = $1 AND revision = $2 FOR SHARE"
# What was renewed or learned elsewhere meanwhile stays.
_BEGIN: Final = """
    INSERT INTO camera_picture (camera_id, kind, at, picture, figures, samples, is_ready)
    VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING
"""
_GO_ON: Final = """
    UPDATE camera_picture SET at = $3, picture = $4, figures = $5, samples = $6, is_ready = $7
    WHERE camera_id = $1 AND kind = $2 AND at = $8
"""
_PUT_LAST: Final = """
    INSERT INTO camera_picture (camera_id, kind, at, picture) VALUES ($1, 'last', $2, $3)
    ON CONFLICT (camera_id, kind) DO UPDATE SET at = excluded.at, picture = excluded.picture
"""


class KnownView(msgspec.Struct, frozen=True):
    """What is known of a camera before a picture of it is looked at.

    Attributes:
        revision: of the camera's record, and so of its zones.
        zones: its privacy zones.
        turns: people turn it, so that another view is no fault.
        light: by which it looks now; None in twilight, when nothing is compared.
        reference: by this light; None while there is none.
        reference_at: when it was last learned.
        last_at: when a picture was last kept; None if never.
    """

    revision: int
    zones: tuple[Zone, ...] = ()
    turns: bool = False
    light: Light | None = None
    reference: Reference | None = None
    reference_at: datetime | None = None
    last_at: datetime | None = None


class PictureStore:
    """References and last pictures in the database.

    Args:
        pool: the database.
    """

    def __init__(self, pool: asyncpg.Pool) -> None:
        self._pool = pool

    async def known(self, camera: Camera, light: Light | None) -> KnownView | None:
        """Return what is known of a camera's picture by this light; None if it is gone."""
        row = await self._pool.fetchrow(_KNOWN, camera.camera_id, light)
        if row is None:
            return None
        return KnownView(
            revision=row["revision"],
            zones=tuple(msgspec.convert(row["zones"], Sequence[Zone])),
            turns=row["camera_form"] in _TURNING_FORMS,
            light=light,
            reference=_restored(camera, row),
            reference_at=row["at"],
            last_at=row["last_at"],
        )

    async def keep(
        self,
        camera: Camera,
        known: KnownView,
        now: datetime,
        *,
        reference: Reference | None,
        last_jpeg: bytes | None,
    ) -> None:
        """Keep what was learned and seen, unless the camera's record or reference has changed.

        Args:
            camera: whose.
            known: what it was judged by.
            now: when the picture was taken.
            reference: the new one of `known.light`; None to leave it.
            last_jpeg: the masked picture; None to leave it.
        """
        if reference is None and last_jpeg is None:
            return
        async with self._pool.acquire() as connection, connection.transaction():
            # A privacy zone drawn meanwhile was not masked, and deletes what is stored.
            if not await connection.fetchval(_LOCK, camera.camera_id, known.revision):
                return
            if last_jpeg is not None:
                await connection.execute(_PUT_LAST, camera.camera_id, now, last_jpeg)
            if reference is None or known.light is None:
                return
            kept = keep(reference)
            row = (
                camera.camera_id,
                known.light,
                now,
                kept.png,
                kept.figures,
                reference.samples,
                reference.is_ready,
            )
            if known.reference_at is None:
                await connection.execute(_BEGIN, *row)
            else:
                await connection.execute(_GO_ON, *row, known.reference_at)


def _restored(camera: Camera, row: asyncpg.Record) -> Reference | None:
    if row["figures"] is None:
        return None
    try:
        return restore(KeptReference(row["picture"], row["figures"]))
    except PictureError as error:
        log.warning(
            "reference cannot be used, learning anew",
            camera=camera.device_code,
            error=str(error),
        )
        return None
