"""Where divisions lie: the box in which the cameras of each must be."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

import asyncpg
from asyncpg.pool import PoolConnectionProxy

# Of a division and all above it, the nearest that has a box.
_BOUNDS = """
SELECT DISTINCT ON (d.division_code) d.division_code, a.west, a.south, a.east, a.north
FROM division d
    CROSS JOIN unnest(string_to_array(rtrim(d.path, '/'), '/'))
        WITH ORDINALITY AS above(code, depth)
    LEFT JOIN division a ON a.division_code = above.code AND a.west IS NOT NULL
WHERE $1::text[] IS NULL OR d.division_code = ANY($1)
ORDER BY d.division_code, a.west IS NULL, above.depth DESC
"""


class Bounds(NamedTuple):
    """The smallest box around a division, in WGS-84 degrees."""

    west: float
    south: float
    east: float
    north: float


async def bounds_of_divisions(
    connection: asyncpg.Pool | asyncpg.Connection | PoolConnectionProxy,
    division_codes: Collection[str] | None = None,
) -> dict[str, Bounds | None]:
    """Say where divisions lie.

    Args:
        connection: The database.
        division_codes: Which; None for all.

    Returns:
        Of each that is known its box, or that of the nearest division above that has one; None
        where none has.
    """
    codes = None if division_codes is None else list(division_codes)
    return {
        code: None if box[0] is None else Bounds(*box)
        for code, *box in await connection.fetch(_BOUNDS, codes)
    }
