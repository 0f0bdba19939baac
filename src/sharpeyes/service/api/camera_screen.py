"""What the camera screens show: the file beside the status, in one query.

The registry does not know health and health does not know the file; a page that filters by both
and counts its rows needs them joined where both are stored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import asyncpg
import msgspec

from sharpeyes.registry.camera import NO_PATH, Tier

TierWord = Literal["city", "district", "social", "police", "other"]
StatusWord = Literal["ok", "degraded", "offline", "unknown", "not_measured"]


class CameraQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which cameras to list.

    Attributes:
        tier: whose points.
        division: with all divisions below it.
        status: as it is now.
        q: part of a name or a host, or digits of a code.
        limit: cameras on a page.
        after: the `next` of the page before.
    """

    tier: TierWord | None = None
    division: str | None = None
    status: StatusWord | None = None
    q: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    after: str | None = None


class CameraView(msgspec.Struct, frozen=True, kw_only=True):
    """A camera's file with its status."""

    camera_id: int
    shard: int
    device_code: str
    name: str
    tier: TierWord
    division_code: str
    longitude: float | None
    latitude: float | None
    host: str | None
    rtsp_port: int
    http_port: int
    main_stream_path: str | None
    sub_stream_path: str | None
    snapshot_path: str | None
    poll_mode: str
    sample_source: str
    sample_interval_s: float
    revision: int
    created_at: datetime
    updated_at: datetime
    status: StatusWord
    cause: str
    evidence: str
    since: datetime | None


class CameraPage(msgspec.Struct, frozen=True):
    """One page of cameras in the order of their codes, and how many match in all."""

    cameras: list[CameraView]
    next: str | None
    total: int


# `not_measured`: nobody may poll it, so nothing can be said; it is never `offline`.
_VIEW = f"""
SELECT c.*, COALESCE(s.cause, '') AS cause, s.since,
       COALESCE(s.evidence, CASE WHEN c.poll_mode = 'direct' AND COALESCE(
           c.main_stream_path, c.sub_stream_path, c.snapshot_path) IS NULL
           THEN '{NO_PATH}' ELSE '' END) AS evidence,
       CASE WHEN c.poll_mode <> 'direct' THEN 'not_measured'
            ELSE COALESCE(s.status, 'unknown') END AS status
FROM camera c LEFT JOIN camera_status s ON s.camera_id = c.camera_id AND c.poll_mode = 'direct'
"""  # noqa: S608  # only constants are put together

_MATCHING = f"""
WITH RECURSIVE subtree AS (
    SELECT division_code FROM division WHERE division_code = $2
    UNION ALL
    SELECT d.division_code FROM division d JOIN subtree p ON d.parent_code = p.division_code
), shown AS ({_VIEW})
SELECT * FROM shown
WHERE ($1::smallint IS NULL OR tier = $1)
  AND ($2::text IS NULL OR division_code IN (SELECT division_code FROM subtree))
  AND ($3::text IS NULL OR status = $3)
  AND ($4::text IS NULL OR strpos(lower(name), lower($4)) > 0 OR strpos(device_code, $4) > 0
       OR strpos(host, lower($4)) > 0)
"""  # noqa: S608  # only constants are put together

_PAGE = f"""
SELECT * FROM ({_MATCHING}) AS matching
WHERE $5::text IS NULL OR device_code > $5 ORDER BY device_code LIMIT $6
"""  # noqa: S608  # only constants are put together

_TOTAL = f"SELECT count(*) FROM ({_MATCHING}) AS matching"  # noqa: S608  # as above

_ONE = f"SELECT * FROM ({_VIEW}) AS shown WHERE device_code = $1"  # noqa: S608  # as above


async def camera_page(pool: asyncpg.Pool, query: CameraQuery) -> CameraPage:
    """Return one page of the cameras that match."""
    matching = (
        Tier.parse(query.tier) if query.tier else None,
        query.division,
        query.status,
        query.q,
    )
    # One row more than asked for tells whether there is a next page.
    rows = await pool.fetch(_PAGE, *matching, query.after, query.limit + 1)
    total = await pool.fetchval(_TOTAL, *matching)
    cameras = [_view(row) for row in rows[: query.limit]]
    return CameraPage(
        cameras=cameras,
        next=cameras[-1].device_code if len(rows) > query.limit else None,
        total=total,
    )


async def camera_view(pool: asyncpg.Pool, device_code: str) -> CameraView | None:
    """Return one camera, or None when no camera has this code."""
    row = await pool.fetchrow(_ONE, device_code)
    return None if row is None else _view(row)


def _view(row: asyncpg.Record) -> CameraView:
    fields = {name: row[name] for name in CameraView.__struct_fields__}
    fields["tier"] = Tier(row["tier"]).word
    return CameraView(**fields)
