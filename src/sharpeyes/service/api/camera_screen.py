"""What the camera screens show: the file beside the status, in one query.

The registry does not know health and health does not know the file; a page that filters by both
and counts its rows needs them joined where both are stored.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated, Literal

import asyncpg
import msgspec

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.camera import NO_PATH, Life, Tier
from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.errors import SearchError, UnknownDivisionError
from sharpeyes.registry.fields import refuse_division_code
from sharpeyes.registry.search import CameraFilter, Search, are_digits, code_range
from sharpeyes.registry.store import IS_MEASURED
from sharpeyes.service.api.camera_finding import (
    Finder,
    StatusWord,
    finding,
    require_status,
)
from sharpeyes.service.api.camera_nearest import Nearest
from sharpeyes.service.api.camera_pages import ListPages
from sharpeyes.service.serving_pool import WHOLE_CITY, current_reach

TierWord = Literal["city", "district", "social", "police", "other"]


class CameraFilterQuery(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Which cameras are meant: the same for lists, maps and commands.

    Attributes:
        tier: whose points.
        division: with all divisions below it.
        status: as it is now.
        q: words of two characters or more, in the name, the address or the place's name; or digits
            that a code begins or ends with; or an IP address, or its first numbers.
        life: where in their lives they are.
        place_kind: one of their kinds of place.
        maker: their maker's number.
        bbox: where on the map: west,south,east,north in degrees.
    """

    tier: TierWord | None = None
    division: str | None = None
    status: StatusWord | None = None
    q: Annotated[str, msgspec.Meta(max_length=100)] | None = None
    life: Life | None = None
    place_kind: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    maker: Annotated[int, msgspec.Meta(ge=1, le=99)] | None = None
    bbox: str | None = None


class CameraQuery(CameraFilterQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A page of the cameras that are meant.

    Attributes:
        near: in the order of the distance from longitude,latitude instead of that of divisions.
        limit: cameras on a page.
        after: the `next` of the page before.
    """

    near: str | None = None
    limit: Annotated[int, msgspec.Meta(ge=1, le=1000)] = 100
    after: str | None = None


class CameraView(msgspec.Struct, frozen=True, kw_only=True):
    """What a list shows of a camera: the better part of its file, and its status."""

    camera_id: int
    shard: int
    device_code: str
    name: str
    tier: TierWord
    division_code: str
    place_name: str | None
    address: str | None
    maker: int | None
    place_kinds: tuple[int, ...]
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
    life: Life
    life_until: datetime | None
    revision: int
    created_at: datetime
    updated_at: datetime
    status: StatusWord
    cause: str
    evidence: str
    since: datetime | None


class CameraPage(msgspec.Struct, frozen=True):
    """One page of cameras, and how many match in all.

    The order is that of divisions, and of codes in each; or of distance. Where there are very many,
    counting stops: then `total_is_estimate`, and there are more than `total`.
    """

    cameras: list[CameraView]
    next: str | None
    total: int
    total_is_estimate: bool = False


_COLUMNS = ", ".join(
    f"c.{name}"
    for name in CameraView.__struct_fields__
    if name not in {"status", "cause", "evidence", "since"}
)
# `not_measured`: nobody asks it, so nothing can be said; it is never `offline`.
_VIEW = f"""
SELECT {_COLUMNS}, COALESCE(s.cause, '') AS cause, s.since,
       COALESCE(s.evidence, CASE WHEN {IS_MEASURED} AND COALESCE(
           c.main_stream_path, c.sub_stream_path, c.snapshot_path) IS NULL
           THEN '{NO_PATH}' ELSE '' END) AS evidence,
       CASE WHEN {IS_MEASURED} THEN COALESCE(s.status, 'unknown')
            ELSE 'not_measured' END AS status
FROM camera c LEFT JOIN camera_status s ON s.camera_id = c.camera_id AND {IS_MEASURED}
"""  # noqa: S608  # only constants are put together
_ONE = f"{_VIEW} WHERE c.device_code = $1"
_SHOWN = f"""
{_VIEW} JOIN unnest($1::bigint[]) WITH ORDINALITY AS page (camera_id, place)
    ON page.camera_id = c.camera_id ORDER BY page.place
"""


async def camera_page(pool: asyncpg.Pool, query: CameraQuery) -> CameraPage:
    """Return one page of the cameras that match.

    Raises:
        SearchError: nothing can be looked for like that.
        UnknownDivisionError: there is no such division.
    """
    async with finding(pool) as connection:
        search = await read_search(connection, query)
        finder = Finder(connection, search, query.status)
        if query.near is None:
            found = await ListPages(finder).page(query.after, query.limit)
        else:
            longitude, latitude = _numbers(query.near, 2, "near must be longitude,latitude")
            nearest = Nearest(finder, longitude, latitude)
            found = await nearest.page(query.after, query.limit)
        rows = await connection.fetch(_SHOWN, found.camera_ids)
    return CameraPage(
        cameras=[_view(row) for row in rows],
        next=found.next,
        total=found.total,
        total_is_estimate=found.total_is_estimate,
    )


async def camera_view(pool: asyncpg.Pool, device_code: str) -> CameraView | None:
    """Return one camera, or None when no camera has this code."""
    row = await pool.fetchrow(_ONE, device_code)
    return None if row is None else _view(row)


async def read_search(connection: Connection, query: CameraFilterQuery) -> Search:
    """Return the search that a query asks for.

    Raises:
        SearchError: nothing can be looked for like that.
        UnknownDivisionError: there is no such division.
    """
    wanted = CameraFilter(
        tier=Tier.parse(query.tier) if query.tier else None,
        division_path=await _path_of(connection, query.division) if query.division else None,
        text=query.q,
        life=query.life,
        place_kind=query.place_kind,
        maker=query.maker,
        box=None if query.bbox is None else read_box(query.bbox),
    )
    begins = are_digits(query.q) and await _begins_a_code(connection, (query.q or "").strip())
    search = Search(wanted, begins=begins, reach=current_reach() or WHOLE_CITY)
    if query.status is not None:
        require_status(search, query.status)
    return search


def read_box(text: str) -> Bounds:
    """Read west,south,east,north in degrees.

    Raises:
        SearchError: it is none.
    """
    box = Bounds(*_numbers(text, 4, "bbox must be west,south,east,north"))
    if box.west > box.east or box.south > box.north:
        raise SearchError("bbox must be west,south,east,north, each before its opposite")
    return box


async def _path_of(connection: Connection, division_code: str) -> str:
    path: str | None = None
    if not refuse_division_code(division_code):
        path = await connection.fetchval(
            "SELECT path FROM division WHERE division_code = $1", division_code
        )
    if path is None:
        raise UnknownDivisionError(division_code)
    return path


async def _begins_a_code(connection: Connection, digits: str) -> bool:
    found = await connection.fetchval(
        "SELECT 1 FROM camera WHERE device_code BETWEEN $1 AND $2 LIMIT 1", *code_range(digits)
    )
    return found is not None


def _numbers(text: str, count: int, reason: str) -> tuple[float, ...]:
    """Read degrees: longitude, latitude, ..."""
    try:
        numbers = tuple(float(part) for part in text.split(","))
    except ValueError:
        raise SearchError(reason) from None
    limits = (180, 90) * (count // 2)
    if len(numbers) != count or not all(
        -limit <= number <= limit for number, limit in zip(numbers, limits, strict=True)
    ):
        raise SearchError(f"{reason}, in degrees")
    return numbers


def _view(row: asyncpg.Record) -> CameraView:
    fields = {name: row[name] for name in CameraView.__struct_fields__}
    fields["tier"] = Tier(row["tier"]).word
    return msgspec.convert(fields, CameraView)
