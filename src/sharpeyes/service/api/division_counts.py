"""How many cameras each division has, read from the counts that the database keeps."""

from __future__ import annotations

import asyncpg
import msgspec
from aiohttp import web

from sharpeyes.registry.camera import Tier
from sharpeyes.registry.errors import UnknownDivisionError
from sharpeyes.registry.fields import refuse_division_code
from sharpeyes.registry.store import IS_MEASURED
from sharpeyes.service.api.context import CONTEXT
from sharpeyes.service.api.operation import Operation, answer
from sharpeyes.service.api.reading import read_query
from sharpeyes.service.api.refusals import refusals
from sharpeyes.service.roles import Scope


class DivisionQuery(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """Which division.

    Attributes:
        division: its code; without one, the city.
    """

    division: str | None = None


class CameraCounts(msgspec.Struct, frozen=True, kw_only=True):
    """The cameras of one division with all below it, removed ones included; see `by_life`.

    Attributes:
        measured: in service, and asked by us on a schedule.
        by_tier: by the tier's word.
        by_life: by where in their lives they are.
        by_poll_mode: by how they may be asked.
    """

    division_code: str
    parent_code: str | None
    level: str
    name_zh: str
    name_en: str
    cameras: int
    measured: int
    by_tier: dict[str, int]
    by_life: dict[str, int]
    by_poll_mode: dict[str, int]


class DivisionCounts(msgspec.Struct, frozen=True, kw_only=True):
    """A division and those right below it. `filed_here` + the children = the division."""

    division: CameraCounts
    children: list[CameraCounts]
    filed_here: int


# Each kept row counts for one division of the answer: the child whose path it begins with. Areas
# do where the children are areas or contain them, and where who asks is told of whole areas.
_COUNTS = f"""
WITH top AS (
    SELECT path, path ~ '^[^/]+/([^/]+/)?$' AND EXISTS (SELECT FROM area_count) AS by_area
    FROM division WHERE division_code = $1
), kept AS (
    SELECT c.area_path AS path, tier, life, poll_mode, cameras FROM top JOIN area_count AS c
        ON by_area AND c.area_path >= top.path AND c.area_path < rtrim(top.path, '/') || '0'
    UNION ALL
    SELECT c.division_path, tier, life, poll_mode, cameras FROM top JOIN camera_count AS c
        ON NOT by_area AND c.division_path >= top.path
            AND c.division_path < rtrim(top.path, '/') || '0'
), counted AS (
    SELECT split_part(substr(c.path, length(top.path) + 1), '/', 1) AS child, c.*
    FROM top CROSS JOIN kept AS c
)
SELECT child, tier, life, poll_mode, {IS_MEASURED} AS measured,
    sum(cameras)::bigint AS cameras
FROM counted AS c GROUP BY 1, 2, 3, 4, 5 HAVING sum(cameras) <> 0
"""  # noqa: S608  # only constants are put together
_FAMILY = """
SELECT division_code, parent_code, level, name_zh, name_en FROM division
WHERE division_code = $1 OR parent_code = $1 ORDER BY path
"""
_CITY = (
    "SELECT division_code FROM division WHERE parent_code IS NULL ORDER BY division_code LIMIT 1"
)


async def division_counts(pool: asyncpg.Pool, division_code: str | None) -> DivisionCounts:
    """Count the cameras of a division and of each right below it.

    Args:
        pool: the database.
        division_code: of the division; None for the city.

    Raises:
        UnknownDivisionError: there is no such division.
    """
    if division_code is not None and refuse_division_code(division_code):
        raise UnknownDivisionError(division_code)
    async with pool.acquire() as connection:
        code = division_code or await connection.fetchval(_CITY)
        family = await connection.fetch(_FAMILY, code)
        rows = await connection.fetch(_COUNTS, code)
    if not any(row["division_code"] == code for row in family):
        raise UnknownDivisionError(division_code or "")
    own, *children = (
        _counted(
            division,
            [row for row in rows if division["division_code"] in {code, row["child"]}],
        )
        for division in family
    )
    return DivisionCounts(
        division=own,
        children=children,
        filed_here=sum(row["cameras"] for row in rows if not row["child"]),
    )


def _counted(division: asyncpg.Record, rows: list[asyncpg.Record]) -> CameraCounts:
    counts: dict[str, dict[str, int]] = {"tier": {}, "life": {}, "poll_mode": {}}
    for row in rows:
        words = {"tier": Tier(row["tier"]).word, "life": row["life"], "poll_mode": row["poll_mode"]}
        for kind, word in words.items():
            counts[kind][word] = counts[kind].get(word, 0) + row["cameras"]
    return CameraCounts(
        **dict(division),
        cameras=sum(row["cameras"] for row in rows),
        measured=sum(row["cameras"] for row in rows if row["measured"]),
        by_tier=counts["tier"],
        by_life=counts["life"],
        by_poll_mode=counts["poll_mode"],
    )


async def show_counts(request: web.Request) -> web.Response:
    """Answer the counts of a division and of those right below it."""
    query = read_query(request, DivisionQuery)
    with refusals():
        return answer(await division_counts(request.app[CONTEXT].pool, query.division))


OPERATIONS = (
    Operation(
        method="GET",
        path="/api/v1/divisions/counts",
        handler=show_counts,
        summary="How many cameras a division has, and each right below it",
        scope=Scope.CAMERAS_READ,
        query=DivisionQuery,
        answer=DivisionCounts,
    ),
)
