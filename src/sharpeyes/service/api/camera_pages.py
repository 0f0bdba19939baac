"""Pages of cameras in the order of lists: by division, and in each by device code."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Final, TypeAlias

from sharpeyes.registry.errors import SearchError
from sharpeyes.service.api import camera_finding
from sharpeyes.service.api.camera_finding import AREAS_WITH_TOKENS, READ_SHARE, Finder
from sharpeyes.service.api.camera_found import (
    NOT_A_CURSOR,
    Few,
    Found,
    Key,
    found_page,
    read_cursor,
)
from sharpeyes.service.api.kept_counts import Area, path_range

_Place: TypeAlias = tuple[str, str]
"""The path of a division, and a device code."""

_CURSOR = re.compile(r"((?:[0-9A-Z]{2,16}/)+)([0-9]{20})", re.ASCII)
_CODE = re.compile(r"[0-9]{20}", re.ASCII)
_RANK: Final = "hit.division_path"
# Of a cursor and the beginning of the area, the later: from there on the index is read.
_BEYOND: Final = """(c.division_path, c.device_code) > (
    GREATEST(area.path COLLATE "C", {0}::text COLLATE "C"),
    CASE WHEN {0}::text COLLATE "C" < area.path COLLATE "C" THEN '' ELSE {1}::text END
)"""
_DIVISIONS_MAX: Final = 5_000
_FEW_IN_AREA: Final = 600
_GLANCED: Final = 2_000


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
        if search.boxed or not search.tokens:
            return await self._page_in_box(cursor, limit)
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
        return self._more(keys, limit)

    async def _page_in_box(self, cursor: _Place, limit: int) -> Found:
        """Return a page of what a box on the map has: the counts say how many there may be."""
        finder, search, most = self._finder, self._search, camera_finding.COUNTED_MAX
        if not finder.counts.are_kept:
            few = await finder.read(_RANK, cursor, limit, path_range(search.within))
            return found_page(few.keys, limit, few.total, is_estimate=False)
        areas = await finder.counts.areas()
        if search.boxed and sum(area.standing for area in areas) <= READ_SHARE * most:
            few = await finder.read_box(_RANK, cursor, limit)
            return found_page(few.keys, limit, few.total, is_estimate=False)
        following = self._following(areas, cursor)
        if search.tokens:
            few = await finder.look(_RANK, cursor, limit, search.sources, most)
            if few.are_all:
                return found_page(few.keys, limit, few.total, is_estimate=False)
            return self._more(await self._by_area(following, cursor, limit), limit)
        if search.counted and sum(area.cameras for area in areas) <= 2 * most:
            # Of divisions with any each has one at least, be it outside of the box.
            paths = await finder.counts.divisions(following, cursor[0], _DIVISIONS_MAX)
            if len(paths) < _DIVISIONS_MAX:
                keys = await self._walk(cursor, limit, "c.division_path = ANY ({0}::text[])", paths)
                return self._more(keys, limit)
        return self._more(await self._through(following, cursor, limit), limit)

    async def _page_with_tokens(self, cursor: _Place, limit: int) -> Found:
        """Return a page of what the index of tokens finds."""
        glanced = await self._glance(cursor, limit)
        if len(glanced.keys) > limit:
            return found_page(glanced.keys, limit, limit, is_estimate=True)
        finder, most = self._finder, camera_finding.COUNTED_MAX
        is_scarce = finder.status is not None and await finder.counts.total() <= finder.scarce_max
        if is_scarce and glanced.total > limit:
            return await self._page_of_scarce(cursor, limit, glanced.total)
        few = await finder.look(_RANK, cursor, limit, self._search.sources, most)
        if few.are_all:
            return found_page(few.keys, limit, few.total, is_estimate=False)
        if is_scarce:
            return await self._page_of_scarce(cursor, limit, glanced.total)
        areas = self._following(await finder.counts.areas(), cursor)
        keys = await self._by_area(areas, cursor, limit)
        return self._more(keys, limit)

    async def _page_of_scarce(self, cursor: _Place, limit: int, glanced: int) -> Found:
        """Return a page of what many have, but few in the status that is asked for, too.

        A status costs a look-up for each camera, so only where the counts know of it.

        Args:
            cursor: After which place.
            limit: Cameras on a page.
            glanced: How many of the next `_GLANCED` have it in any status.
        """
        finder = self._finder
        areas = self._following(await finder.counts.areas(), cursor)
        most = 2 * camera_finding.COUNTED_MAX
        is_whole = finder.finds_by_status
        divisions = 2 * limit if is_whole else most
        keys: list[Key] = []
        paths: list[str] = []
        # Each of these divisions has a camera or two in the status: do enough of them have it?
        is_near = not is_whole or 2 * divisions * glanced > limit * _GLANCED
        if is_near:
            paths = await finder.counts.divisions(areas, cursor[0], divisions)
            keys = await self._walk(cursor, limit, "c.division_path = ANY ({0}::text[])", paths)
        if len(keys) <= limit and is_whole:
            few = await finder.look_by_status(_RANK, cursor, limit)
            if few.are_all:
                return found_page(few.keys, limit, few.total, is_estimate=False)
            keys = await self._by_area(areas, cursor, limit)
        elif len(keys) <= limit and len(paths) == most:
            keys = await self._by_area(areas, cursor, limit)
        return self._more(keys, limit)

    async def _by_area(self, areas: Sequence[Area], cursor: _Place, limit: int) -> list[Key]:
        """Return a page of what many have, whose index is asked for one area after the other.

        A district where none has all tokens is passed over as a whole. In an area where they are
        many a page is met on the way. The loops are nested and end with the page: what follows is
        not looked up.
        """
        beyond = f"{_BEYOND.format('{6}', '{7}')} AND {self._finder.where}"
        rows = await self._finder.fetch(
            f"""
            SELECT hit.division_path, hit.device_code, hit.camera_id
            FROM {AREAS_WITH_TOKENS}
            CROSS JOIN LATERAL (
                SELECT ARRAY(
                    SELECT cameras_with({{5}}::integer[] || area.token, {_FEW_IN_AREA})
                ) AS camera_ids OFFSET 0
            ) AS found
            CROSS JOIN LATERAL (
                (SELECT c.division_path, c.device_code, c.camera_id
                FROM camera AS {self._finder.tables}
                WHERE cardinality(found.camera_ids) < {_FEW_IN_AREA}
                    AND c.camera_id = ANY (found.camera_ids) AND {beyond}
                ORDER BY 1, 2 LIMIT {{8}})
                UNION ALL
                (SELECT c.division_path, c.device_code, c.camera_id
                FROM camera AS {self._finder.tables}
                WHERE cardinality(found.camera_ids) >= {_FEW_IN_AREA}
                    AND c.division_path < area.beyond AND {beyond}
                ORDER BY 1, 2 LIMIT {{8}})
            ) AS hit LIMIT {{8}}
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
            FROM unnest({{0}}::text[], {{1}}::text[]) AS area (path, beyond)
            CROSS JOIN LATERAL (
                SELECT c.division_path, c.device_code, c.camera_id
                FROM camera AS {self._finder.tables}
                WHERE c.division_path < area.beyond AND {_BEYOND.format("{2}", "{3}")}
                    AND {self._finder.where}
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

    async def _glance(self, cursor: _Place, limit: int) -> Few:
        """Return what of a page is among the very next cameras: all of it, where most match.

        Its total is how many of them would match in any status, tier and life.
        """
        search = self._search
        # The division's range is repeated inside, or the glance would not reach into it.
        range_ = " AND ".join(c for c in search.conditions if "c.division_path" in c) or "true"
        others = " AND ".join(c for c in search.conditions if c not in search.counted)
        [row] = await self._finder.fetch(
            f"""
            WITH seen AS MATERIALIZED (
                SELECT c.camera_id, c.division_path, c.device_code, c.tier, c.life, c.poll_mode
                FROM (
                    SELECT c.* FROM camera AS c
                    WHERE (c.division_path, c.device_code) > ({{0}}, {{1}}) AND {range_}
                    ORDER BY c.division_path, c.device_code LIMIT {_GLANCED}
                ) AS c WHERE {others}
            ), page AS (
                SELECT c.division_path, c.device_code, c.camera_id
                FROM seen AS {self._finder.tables}
                WHERE {" AND ".join(search.counted) or "true"} ORDER BY 1, 2 LIMIT {{2}}
            )
            SELECT (SELECT count(*) FROM seen) AS total,
                ARRAY(SELECT division_path FROM page ORDER BY 1, device_code) AS paths,
                ARRAY(SELECT device_code FROM page ORDER BY division_path, 1) AS codes,
                ARRAY(SELECT camera_id FROM page ORDER BY division_path, device_code) AS camera_ids
            """,  # noqa: S608  # made of our own words
            *cursor,
            limit + 1,
        )
        keys = zip(row["paths"], row["codes"], row["camera_ids"], strict=True)
        return Few(list(keys), row["total"], are_all=False)

    @staticmethod
    def _following(areas: Sequence[Area], cursor: _Place) -> list[Area]:
        return [area for area in areas if area.beyond > cursor[0]]

    @staticmethod
    def _more(keys: Sequence[Key], limit: int) -> Found:
        return found_page(keys, limit, min(len(keys), limit), is_estimate=True)
