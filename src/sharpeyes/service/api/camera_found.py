"""A page of found cameras: how it is cut out of what was found, and where the next one begins."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, TypeAlias

import asyncpg

from sharpeyes.registry.errors import SearchError

Key: TypeAlias = tuple[str | float, str, int]
"""Where in its list a camera stands, its device code, and its identity."""

HITS: Final = """
    (SELECT count(*) FROM hit) AS total,
    ARRAY(SELECT rank FROM page ORDER BY rank, device_code) AS ranks,
    ARRAY(SELECT device_code FROM page ORDER BY rank, device_code) AS codes,
    ARRAY(SELECT camera_id FROM page ORDER BY rank, device_code) AS camera_ids
"""
"""To be selected of the CTEs `hit` and `page`."""
NOT_A_CURSOR = "after must be the `next` of a page of the same search"


@dataclass(frozen=True, slots=True)
class Found:
    """Cameras of one page.

    Attributes:
        camera_ids: In the order of the list.
        next: What the next page comes after; None on the last.
        total: How many match in all.
        total_is_estimate: There are more than `total`, which is where counting stopped.
    """

    camera_ids: list[int]
    next: str | None
    total: int
    total_is_estimate: bool


@dataclass(frozen=True, slots=True)
class Few:
    """What indexes found.

    Attributes:
        keys: A page of it and one more; empty unless `are_all`.
        total: How many match; 0 unless `are_all`.
        are_all: They are few, and were looked at.
    """

    keys: list[Key]
    total: int
    are_all: bool


def page_of_hits(rank: str) -> str:
    """Return SQL of the CTE `page` of the CTE `hit`; `{0}`, `{1}` are a cursor, `{2}` how many."""
    return f"""page AS (
        SELECT {rank} AS rank, device_code, camera_id FROM hit
        WHERE ({rank}, device_code) > ({{0}}, {{1}}) ORDER BY 1, 2 LIMIT {{2}}
    )"""  # noqa: S608  # made of our own words


def few_of(row: asyncpg.Record, *, are_all: bool) -> Few:
    """Read a row of `HITS`."""
    keys = zip(row["ranks"], row["codes"], row["camera_ids"], strict=True)
    return Few(list(keys), row["total"], are_all)


def found_page(keys: Sequence[Key], limit: int, total: int, is_estimate: bool) -> Found:
    """Return the page that is in keys, of which one more than a page was asked for."""
    page = keys[:limit]
    following = None
    if len(keys) > limit:
        rank, code, _ = page[-1]
        following = f"{rank}{code}" if isinstance(rank, str) else f"{rank:f}:{code}"
    return Found([key[2] for key in page], following, total, is_estimate)


def read_cursor(after: str, form: re.Pattern[str]) -> tuple[str, str]:
    """Return the two parts of a cursor.

    Raises:
        SearchError: It is none of this form.
    """
    match = form.fullmatch(after)
    if match is None:
        raise SearchError(NOT_A_CURSOR)
    return match[1], match[2]
