"""Where the cameras of a search may be, and how many there are: from counts that are kept.

The database counts cameras by tier, life, poll mode and status: for each division, for each area,
and for each cell of the map in each area. So nothing is looked for where nothing is.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

import asyncpg

from sharpeyes.registry.credentials import Connection
from sharpeyes.registry.search import Search, numbered
from sharpeyes.registry.tokens import area_path

AREA_DEPTH: Final = 3
"""Codes in the path of a street; who is confined to less is not told the counts of its area."""


def path_range(path: str, column: str = "division_path") -> str:
    """Return SQL for what lies in a division, by its path; of `c`."""
    # A path has no quotes in it: it was read from a division.
    return f"c.{column} >= '{path}' AND c.{column} < '{path[:-1]}0'"


@dataclass(frozen=True, slots=True)
class Area:
    """Cameras that lie side by side in the order of lists.

    Attributes:
        path: As `area_path`.
        cameras: How many of them the kept counts cannot rule out.
        standing: How many there are in all, or in the box that is asked for.
    """

    path: str
    cameras: int
    standing: int

    @property
    def beyond(self) -> str:
        """The first path after it: "0" is what follows "/" in ASCII."""
        is_street = self.path.count("/") >= AREA_DEPTH
        return f"{self.path[:-1]}0" if is_street else f"{self.path}0"


class KeptCounts:
    """The kept counts of one search.

    Args:
        connection: In the transaction of the search.
        search: What is asked for, status included.
    """

    def __init__(self, connection: Connection, search: Search) -> None:
        self._connection = connection
        self._search = search

    @property
    def are_kept(self) -> bool:
        """Whether areas are counted for who asks; those of a smaller division are few cameras."""
        return self._search.depth <= AREA_DEPTH

    async def total(self) -> int:
        """Return how many cameras are so, as far as the counts tell them apart."""
        if self._search.division_path.count("/") > AREA_DEPTH or not self.are_kept:
            return await self._sum("camera_count", "division_path")
        return await self._sum("area_count", "area_path")

    async def areas(self) -> list[Area]:
        """Return the areas where there are any, in the order of lists.

        Where the search has a box that is a list of cells: any in the cells that it touches.
        """
        if not self.are_kept:
            return [Area(area_path(self._search.within), 0, 0)]
        boxed = self._search.boxed
        rows = await self.fetch(
            f"""
            SELECT * FROM (
                SELECT c.area_path,
                    COALESCE(sum(c.cameras) FILTER (WHERE {self.conditions}), 0)::bigint AS cameras,
                    sum(c.cameras)::bigint AS standing
                FROM {"map_count" if boxed else "area_count"} AS c
                WHERE {self.within("area_path")} AND {boxed or "true"} GROUP BY 1
            ) AS area WHERE cameras > 0 ORDER BY 1
            """  # noqa: S608  # made of our own words
        )
        return [Area(*row) for row in rows]

    async def divisions(self, areas: Sequence[Area], first: str, most: int) -> list[str]:
        """Return the paths of divisions that have any, in order, from one on; `most` at most."""
        rows = await self.fetch(
            f"""
            SELECT held.path
            FROM unnest({{0}}::text[], {{1}}::text[]) AS area (first, beyond),
            LATERAL (
                SELECT c.division_path AS path FROM camera_count AS c
                WHERE c.division_path >= area.first AND c.division_path < area.beyond
                    AND c.division_path >= {{2}} AND {self.within("division_path")}
                    AND {self.conditions}
                GROUP BY 1 HAVING sum(c.cameras) > 0 ORDER BY 1 LIMIT {{3}}
            ) AS held LIMIT {{3}}
            """,  # noqa: S608  # made of our own words
            [area.path for area in areas],
            [area.beyond for area in areas],
            first,
            most,
        )
        return [row["path"] for row in rows]

    async def cells(
        self, cells: list[int] | None, areas: list[str] | None = None
    ) -> tuple[list[int], list[int]]:
        """Return cells of the map that have any, and how many each has.

        Args:
            cells: Among these; None: among all.
            areas: Only of these areas; None: of all.
        """
        near = "true" if cells is None else "c.map_cell = ANY ({0}::integer[])"
        its = "true" if areas is None else "c.area_path = ANY ({1}::text[])"
        [row] = await self.fetch(
            f"""
            SELECT COALESCE(array_agg(map_cell), '{{{{}}}}') AS cells,
                COALESCE(array_agg(cameras), '{{{{}}}}') AS cameras
            FROM (
                SELECT c.map_cell, sum(c.cameras)::bigint AS cameras FROM map_count AS c
                WHERE {near} AND {its} AND {self.within("area_path")} AND {self.conditions}
                GROUP BY 1 HAVING sum(c.cameras) > 0
            ) AS held
            """,  # noqa: S608  # made of our own words
            cells,
            areas,
        )
        return row["cells"], row["cameras"]

    @property
    def conditions(self) -> str:
        """What the kept counts tell apart, but for the division."""
        return " AND ".join(self._search.counted).replace("s.status", "c.status") or "true"

    async def fetch(self, sql: str, *values: object) -> list[asyncpg.Record]:
        """Return the rows of a query in which `{0}`, `{1}`, ... stand for the values."""
        known = len(self._search.arguments)
        places = [f"${known + number}" for number in range(1, len(values) + 1)]
        text, named = numbered(sql.format(*places), [*self._search.arguments, *values])
        return await self._connection.fetch(text, *named)

    async def _sum(self, table: str, column: str) -> int:
        [row] = await self.fetch(
            f"SELECT COALESCE(sum(c.cameras), 0)::bigint AS total FROM {table} AS c"  # noqa: S608
            f" WHERE {self.within(column)} AND {self.conditions}"
        )
        total: int = row["total"]
        return total

    def within(self, column: str) -> str:
        """Return the condition of the search's division.

        Args:
            column: `division_path`, or `area_path` where whole areas are counted.
        """
        path = self._search.division_path
        if column == "area_path":
            path = area_path(path)
        return path_range(path, column) if path else "true"
