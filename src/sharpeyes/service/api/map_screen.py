"""The map: points where few cameras are in view, else counts by cell of a grid, by status.

The grid's cells are a quarter of a map tile wide, whole numbers of the cells of the registry, so
that what is in view never has more than a few hundred of them.
"""

from __future__ import annotations

from typing import Annotated

import asyncpg
import msgspec
from aiohttp import web

from sharpeyes.registry.bounds import Bounds
from sharpeyes.registry.camera import Tier
from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.map_grid import CELL_DEG
from sharpeyes.registry.search import numbered
from sharpeyes.registry.store import IS_MEASURED
from sharpeyes.service.api.camera_finding import StatusWord, finding
from sharpeyes.service.api.camera_screen import (
    CameraFilterQuery,
    TierWord,
    read_box,
    read_search,
)
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.kept_counts import AREA_DEPTH, KeptCounts
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.reading import read_query
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.roles import Scope

POINTS_MAX = 2000
"""Cameras that are answered as points."""

_POINTS_FROM_ZOOM = 14
_FINEST_ZOOM = 14
"""From here on a cell of the registry is wider than a quarter of a tile, and is not divided."""

_LAST_COLUMN = 32767
"""The date line is the edge of the last column of cells, and begins none."""


class MapQuery(CameraFilterQuery, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What is in view; `bbox` must be given.

    Attributes:
        zoom: as of web maps: the whole world is 256 x 2^zoom pixels wide.
    """

    zoom: Annotated[int, msgspec.Meta(ge=0, le=24)] = 10


class MapPoint(msgspec.Struct, frozen=True, kw_only=True):
    """One camera."""

    device_code: str
    name: str
    tier: TierWord
    longitude: float
    latitude: float
    status: StatusWord


class MapCell(msgspec.Struct, frozen=True, kw_only=True):
    """How many cameras stand in a cell, and how they are; west, south, east, north in degrees."""

    west: float
    south: float
    east: float
    north: float
    cameras: int
    by_status: dict[StatusWord, int]


class MapView(msgspec.Struct, frozen=True, kw_only=True):
    """Points or cells, never both. `cameras` is how many are in view, edges rounded to cells."""

    points: list[MapPoint]
    cells: list[MapCell]
    cameras: int


_STATUS = (
    "CASE WHEN {measured} THEN COALESCE({known}.status, 'unknown')"
    " ELSE 'not_measured' END AS status"
)
_OF_CAMERA = _STATUS.format(measured=IS_MEASURED, known="s")
_OF_COUNT = _STATUS.format(measured=IS_MEASURED, known="c")


async def map_view(pool: asyncpg.Pool, query: MapQuery) -> MapView:
    """Return what there is to see.

    Raises:
        SearchError: nothing can be looked for like that.
        UnknownDivisionError: there is no such division.
    """
    box = read_box(query.bbox or "")
    async with finding(pool) as connection:
        if query.zoom >= _POINTS_FROM_ZOOM:
            points = await _points(connection, query)
            if points is not None:
                return MapView(points=points, cells=[], cameras=len(points))
        doublings = max(0, _FINEST_ZOOM - query.zoom)
        rows = await _cells(connection, query, box, doublings)
    width = 1 << doublings
    cells: dict[tuple[int, int], dict[StatusWord, int]] = {}
    for x, y, status, cameras in rows:
        cells.setdefault((x, y), {})[status] = cameras
    return MapView(
        points=[],
        cells=[_cell(x, y, width, by_status) for (x, y), by_status in sorted(cells.items())],
        cameras=sum(row["cameras"] for row in rows),
    )


async def _points(connection: Connection, query: MapQuery) -> list[MapPoint] | None:
    """Return the cameras in view; None where they are too many."""
    search = await read_search(connection, query)
    # What the box leaves is few: the text is compared, not looked up.
    near = search.boxed or "true"
    rows = await _fetch(
        connection,
        f"""
        SELECT c.device_code, c.name, c.tier, c.longitude, c.latitude, {_OF_CAMERA}
        FROM camera AS c LEFT JOIN camera_status AS s ON s.camera_id = c.camera_id
        WHERE {near} AND {" AND ".join(search.conditions)} LIMIT {POINTS_MAX + 1}
        """,  # noqa: S608  # made of our own words
        search.arguments,
    )
    if len(rows) > POINTS_MAX:
        return None
    return [msgspec.convert(dict(row) | {"tier": Tier(row["tier"]).word}, MapPoint) for row in rows]


async def _cells(
    connection: Connection, query: MapQuery, box: Bounds, doublings: int
) -> list[asyncpg.Record]:
    """Count by cell and status: from the kept counts, where they tell apart what is asked for."""
    grid = f"c.map_cell >> {16 + doublings} AS x, (c.map_cell & 65535) >> {doublings} AS y"
    search = await read_search(connection, msgspec.structs.replace(query, bbox=None))
    counts = KeptCounts(connection, search)
    kept = search.is_counted and counts.are_kept and search.division_path.count("/") <= AREA_DEPTH
    if not kept:
        search = await read_search(connection, query)
    corners = [
        search.bind(value)
        for value in (
            min(_LAST_COLUMN, int(box.west // CELL_DEG)),
            min(_LAST_COLUMN, int(box.east // CELL_DEG)),
            int((box.south + 90) // CELL_DEG),
            int((box.north + 90) // CELL_DEG),
        )
    ]
    in_view = (
        f"c.map_cell BETWEEN {corners[0]}::integer * 65536"
        f" AND {corners[1]}::integer * 65536 + 65535"
        f" AND (c.map_cell & 65535) BETWEEN {corners[2]}::integer AND {corners[3]}::integer"
    )
    if kept:
        sql = f"""
            SELECT {grid}, {_OF_COUNT}, sum(c.cameras)::bigint AS cameras
            FROM map_count AS c
            WHERE {in_view} AND {counts.within("area_path")} AND {counts.conditions}
            GROUP BY 1, 2, 3 HAVING sum(c.cameras) > 0
        """  # noqa: S608  # made of our own words
    else:
        sql = f"""
            SELECT {grid}, {_OF_CAMERA}, count(*) AS cameras
            FROM camera AS c LEFT JOIN camera_status AS s ON s.camera_id = c.camera_id
            WHERE {" AND ".join([in_view, *search.conditions])} GROUP BY 1, 2, 3
        """  # noqa: S608  # made of our own words
    return await _fetch(connection, sql, search.arguments)


def _cell(x: int, y: int, width: int, by_status: dict[StatusWord, int]) -> MapCell:
    size = width * CELL_DEG
    return MapCell(
        west=x * size,
        south=y * size - 90,
        east=(x + 1) * size,
        north=(y + 1) * size - 90,
        cameras=sum(by_status.values()),
        by_status=by_status,
    )


async def _fetch(connection: Connection, sql: str, arguments: list[object]) -> list[asyncpg.Record]:
    text, values = numbered(sql, arguments)
    return await connection.fetch(text, *values)


async def show_map(request: web.Request) -> web.Response:
    """Answer what there is to see on a part of the map."""
    query = read_query(request, MapQuery)
    with refusals():
        return answer(await map_view(request.app[CONTEXT].pool, query))


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/map",
        handler=show_map,
        summary="Cameras on a part of the map: points, or counts by cell and status",
        scope=Scope.CAMERAS_READ,
        query=MapQuery,
        answer=MapView,
    ),
)
