"""Pages of cameras in the order of lists: by division, and in each by device code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from sharpeyes.registry.errors import SearchError
from sharpeyes.service.api import camera_finding
from sharpeyes.service.api.camera_finding import (
    AREAS_WITH_TOKENS,
    NOT_A_CURSOR,
    Finder,
    Found,
    Key,
    found_page,
    of_status,
    read_cursor,
)
from sharpeyes.service.api.kept_counts import Area
from sharpeyes.service.serving_pool import WHOLE_CITY, current_reach

_Place: TypeAlias = tuple[str, str]
"""The path of a division, and a device code."""

_CURSOR = re.compile(r"((?:[0-9A-Z]{2,16}/)+)([0-9]{20})", re.ASCII)
_CODE = re.compile(r"[0-9]{20}", re.ASCII)
_RANK: Final = "hit.division_path"
_GLANCED: Final = 1_000


class ListPages:
    """Finds the pages of a search.

    Args:
        finder: Of the search.
    """

    def __init__(self, finder: Finder) -> None:
        self._finder = finder
        self._search = finder.search

    async def page(self, after: str | None, limit: int) -> Found:
        """Return a page.

        Raises:
            SearchError: `after` is not the `next` of a page.
        """
        search = self._search
        if search.begins:
            return await self._page_of_codes(after, limit)
        # An index begins where the cursor says, and goes through all before the division otherwise.
        first = (search.within, "")
        cursor = first if after is None else max(first, read_cursor(after, _CURSOR))
        if search.is_counted:
            return await self._page_of_counted(cursor, limit)
        if search.sources and not search.tokens:
            return await self._page_of_few(cursor, limit)
        if search.boxed:
            return await self._page_in_box(cursor, limit)
        if not search.tokens:
            keys = await self._walk(cursor, limit, "true")
            return found_page(keys, limit, *await self._finder.count())
        return await self._page_with_tokens(cursor, limit)

    async def _page_of_codes(self, after: str | None, limit: int) -> Found:
        """Return a page in the order of codes: a range of them is asked for."""
        if after is not None and not _CODE.fullmatch(after):
            raise SearchError(NOT_A_CURSOR)
        rows = await self._finder.fetch(
            f"""
            SELECT '', c.device_code, c.camera_id FROM camera AS {self._finder.tables}
            WHERE c.device_code > {{0}} AND {self._finder.where}
            ORDER BY c.device_code LIMIT {{1}}
            """,  # noqa: S608  # made of our own words
            after or "",
            limit + 1,
        )
        keys: list[Key] = [tuple(row) for row in rows]
        return found_page(keys, limit, *await self._finder.count())

    async def _page_of_counted(self, cursor: _Place, limit: int) -> Found:
        """Return a page of what the kept counts tell apart: they say in which divisions to look."""
        total, _ = await self._finder.count()
        if not self._search.counted:
            return found_page(await self._walk(cursor, limit, "true"), limit, total, False)
        areas = self._following(await self._finder.counts.areas(), cursor)
        # In the first there may be none any more, of those that follow one each suffices.
        paths = await self._finder.counts.divisions(areas, cursor[0], limit + 2)
        keys = await self._walk(cursor, limit, "c.division_path = ANY ({0}::text[])", paths)
        return found_page(keys, limit, total, is_estimate=False)

    async def _page_of_few(self, cursor: _Place, limit: int) -> Found:
        """Return a page of what several indexes have some of, each a little."""
        most = camera_finding.COUNTED_MAX
        few = await self._finder.look(_RANK, cursor, limit, self._search.sources, most)
        if few.are_all:
            return found_page(few.keys, limit, few.total, is_estimate=False)
        keys = await self._walk(cursor, limit, "true")
        return self._estimated(keys, limit, few.total)

    async def _page_in_box(self, cursor: _Place, limit: int) -> Found:
        """Return a page of what a box on the map has: the counts say how many there may be."""
        areas = await self._finder.counts.areas(in_box=True)
        most = 2 * camera_finding.COUNTED_MAX
        total = 0
        if sum(area.cameras for area in areas) <= most:
            source = f"camera c WHERE {self._search.boxed}"
            few = await self._finder.look(_RANK, cursor, limit, [source], most)
            if few.are_all:
                return found_page(few.keys, limit, few.total, is_estimate=False)
        if self._search.tokens:
            most = camera_finding.COUNTED_MAX
            few = await self._finder.look(_RANK, cursor, limit, self._search.sources, most)
            if few.are_all:
                return found_page(few.keys, limit, few.total, is_estimate=False)
            total = few.total
            keys = await self._by_area(self._following(areas, cursor), cursor, limit)
        else:
            keys = await self._through(self._following(areas, cursor), cursor, limit)
        return self._estimated(keys, limit, total)

    async def _page_with_tokens(self, cursor: _Place, limit: int) -> Found:
        """Return a page of what the index of tokens finds."""
        keys = await self._glance(cursor, limit)
        if len(keys) > limit:
            return found_page(keys, limit, limit, is_estimate=True)
        finder, most = self._finder, camera_finding.COUNTED_MAX
        if finder.status in {"offline", "degraded"} and current_reach() in {None, WHOLE_CITY}:
            # A status costs a look-up each: those that have it may be fewer than have the text.
            if await finder.counts.total() <= 2 * most:
                source = of_status(self._search, finder.status)
                few = await finder.look(_RANK, cursor, limit, [source], 2 * most)
                if few.are_all:
                    return found_page(few.keys, limit, few.total, is_estimate=False)
        few = await finder.look(_RANK, cursor, limit, self._search.sources, most)
        if few.are_all:
            return found_page(few.keys, limit, few.total, is_estimate=False)
        areas = self._following(await finder.counts.areas(), cursor)
        keys = await self._by_area(areas, cursor, limit)
        return self._estimated(keys, limit, few.total)

    async def _by_area(self, areas: Sequence[Area], cursor: _Place, limit: int) -> list[Key]:
        """Return a page of what many have, whose index is asked for one area after the other.

        A district where none has all tokens is passed over as a whole. The loops are nested and
        end with the page: what follows is not looked up.
        """
        rows = await self._finder.fetch(
            f"""
            SELECT hit.division_path, hit.device_code, hit.camera_id
            FROM {AREAS_WITH_TOKENS}
            CROSS JOIN LATERAL (
                SELECT c.division_path, c.device_code, c.camera_id FROM (
                    SELECT c.* FROM cameras_with({{4}}::integer[] || area.token, NULL)
                        AS found (camera_id) JOIN camera AS c USING (camera_id)
                ) AS {self._finder.tables}
                WHERE {self._finder.where} AND (c.division_path, c.device_code) > ({{5}}, {{6}})
                ORDER BY 1, 2 LIMIT {{7}}
            ) AS hit LIMIT {{7}}
            """,  # noqa: S608  # made of our own words
            *self._finder.token_loops(areas),
            *cursor,
            limit + 1,
        )
        return [tuple(row) for row in rows]

    async def _through(self, areas: Sequence[Area], cursor: _Place, limit: int) -> list[Key]:
        """Return a page as it is met on the way through some areas only."""
        rows = await self._finder.fetch(
            f"""
            SELECT hit.division_path, hit.device_code, hit.camera_id
            FROM unnest({{0}}::text[], {{1}}::text[]) AS area (first, beyond)
            CROSS JOIN LATERAL (
                SELECT c.division_path, c.device_code, c.camera_id
                FROM camera AS {self._finder.tables}
                WHERE c.division_path >= area.first AND c.division_path < area.beyond
                    AND (c.division_path, c.device_code) > ({{2}}, {{3}}) AND {self._finder.where}
                ORDER BY 1, 2 LIMIT {{4}}
            ) AS hit LIMIT {{4}}
            """,  # noqa: S608  # made of our own words
            [area.path for area in areas],
            [area.beyond for area in areas],
            *cursor,
            limit + 1,
        )
        return [tuple(row) for row in rows]

    async def _walk(self, cursor: _Place, limit: int, within: str, *values: object) -> list[Key]:
        """Return a page as it is met on the way along the order of the list."""
        rows = await self._finder.fetch(
            f"""
            SELECT c.division_path, c.device_code, c.camera_id FROM camera AS {self._finder.tables}
            WHERE {within} AND (c.division_path, c.device_code) > ({{{len(values)}}},
                {{{len(values) + 1}}}) AND {self._finder.where}
            ORDER BY c.division_path, c.device_code LIMIT {{{len(values) + 2}}}
            """,  # noqa: S608  # made of our own words
            *values,
            *cursor,
            limit + 1,
        )
        return [tuple(row) for row in rows]

    async def _glance(self, cursor: _Place, limit: int) -> list[Key]:
        """Return what of a page is among the very next cameras: all of it, where most match."""
        # The division's range is repeated inside, or the glance would not reach into it.
        range_ = " AND ".join(c for c in self._search.conditions if "c.division_path" in c) or "true"
        rows = await self._finder.fetch(
            f"""
            SELECT c.division_path, c.device_code, c.camera_id FROM (
                SELECT c.* FROM camera AS c
                WHERE (c.division_path, c.device_code) > ({{0}}, {{1}}) AND {range_}
                ORDER BY c.division_path, c.device_code LIMIT {_GLANCED}
            ) AS {self._finder.tables} WHERE {self._finder.where}
            ORDER BY c.division_path, c.device_code LIMIT {{2}}
            """,  # noqa: S608  # made of our own words
            *cursor,
            limit + 1,
        )
        return [tuple(row) for row in rows]

    @staticmethod
    def _following(areas: Sequence[Area], cursor: _Place) -> list[Area]:
        return [area for area in areas if area.beyond > cursor[0]]

    @staticmethod
    def _estimated(keys: Sequence[Key], limit: int, counted: int) -> Found:
        # What is on the page was not among what was counted, perhaps.
        return found_page(keys, limit, max(counted, min(len(keys), limit)), is_estimate=True)
