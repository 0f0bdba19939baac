"""How quickly cameras are found, counted and drawn on a map: for the city, and for a district."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass

import asyncpg
import msgspec

from sharpeyes.health.store import StatusStore
from sharpeyes.service.api.camera_screen import CameraQuery, camera_page
from sharpeyes.service.api.division_counts import division_counts
from sharpeyes.service.api.map_screen import MapQuery, map_view
from sharpeyes.service.database import open_pool
from sharpeyes.service.garbage import collect_seldom
from sharpeyes.service.serving_pool import WHOLE_CITY, Reach, open_serving_pool, reaching

CALLERS: dict[str, Reach] = {"city": WHOLE_CITY, "district": "420100/420106/"}
"""Who asks: how the last line calls them, and how far they reach."""

_SEARCHES: dict[str, dict[str, object]] = {
    "all": {},
    "code": {"q": "42010200011320000002"},
    "first digits": {"q": "420106"},
    "last digits": {"q": "000437"},
    "network address": {"q": "10.0.0.2"},
    "first numbers of an address": {"q": "10.0"},
    "common text": {"q": "武汉"},
    "text": {"q": "中山"},
    "longer text": {"q": "中山大道"},
    "two words": {"q": "解放 大道"},
    "absent text": {"q": "天安门广场"},
    "text of a late district": {"q": "江夏"},
    "text of few kinds": {"q": "江夏", "tier": "city"},
    "text in a district": {"q": "中山", "division": "420106"},
    "division": {"division": "420106"},
    "street": {"division": "420106003"},
    "tier": {"tier": "city"},
    "offline": {"status": "offline"},
    "offline, text": {"status": "offline", "q": "武汉"},
    "unknown": {"status": "unknown"},
    "not measured": {"status": "not_measured"},
    "in maintenance": {"life": "maintenance"},
    "kind of place": {"place_kind": 8},
    "maker": {"maker": 3},
    "maker, offline": {"maker": 3, "status": "offline"},
    "box": {"bbox": "114.30,30.55,114.32,30.57"},
    "wide box": {"bbox": "114.25,30.50,114.50,30.70"},
    "box, text": {"bbox": "114.30,30.55,114.32,30.57", "q": "中山"},
    "nearest": {"near": "114.31,30.55"},
    "nearest, offline": {"near": "114.31,30.55", "status": "offline"},
    "nearest, tier": {"near": "114.31,30.55", "tier": "city"},
    "nearest, maker": {"near": "114.31,30.55", "maker": 3},
    "nearest, text": {"near": "114.31,30.55", "q": "中山"},
    "nearest, far text": {"near": "114.31,30.55", "q": "江夏"},
}
_FOLLOWING = 5
"""Pages after the first: the last of them is measured, too."""
_MIDDLE = {"420100": f"420100/420111/{'0' * 20}", "420106": f"420100/420106/420106006/{'0' * 20}"}
"""Cursors in the middle of a list, from where some pages are turned as well."""
_FAR = f"2500.000:{'0' * 20}"
"""The same for a list by distance."""

_ZOOMS = range(23)
_VIEW_PX = (1600, 900)
_CITY_BOX = (113.68, 29.96, 115.09, 31.37)


@dataclass(frozen=True, slots=True)
class Took:
    """Milliseconds of half of the rounds at most, and of 95 in 100."""

    p50_ms: float
    p95_ms: float


def measure_finding(url: str, rounds: int) -> dict[str, dict[str, Took]]:
    """Return how long each search takes each caller once it was asked once.

    Args:
        url: A database with cameras.
        rounds: How often each is asked.

    Returns:
        By search and caller.
    """
    collect_seldom()
    return asyncio.run(_measure(url, rounds))


async def _measure(url: str, rounds: int) -> dict[str, dict[str, Took]]:
    async with await open_pool(url, min_size=1, max_size=1) as pool:
        await _settle(pool)
    figures: dict[str, dict[str, Took]] = {}
    async with await open_serving_pool(url, min_size=1, max_size=2) as pool:
        for caller, reach in CALLERS.items():
            with reaching(reach):
                async for name, ask in _questions(pool, reach):
                    figures.setdefault(name, {})[caller] = await _took(ask, rounds)
    return figures


async def _questions(
    pool: asyncpg.Pool, reach: Reach
) -> AsyncIterator[tuple[str, Callable[[], Awaitable[object]]]]:
    for name, fields in _SEARCHES.items():
        query = msgspec.convert(fields, CameraQuery)
        yield name, lambda q=query: camera_page(pool, q)  # type: ignore[misc]  # bound now
        if "code" in name or "digits" in name or "address" in name:
            if reach == WHOLE_CITY and (await camera_page(pool, query)).total == 0:
                raise AssertionError(f"{name}: no camera of this city has it")
            continue
        middle = _MIDDLE["420106" if reach or "420106" in str(query.division) else "420100"]
        for where, start in (("next pages", None), ("deep", _FAR if query.near else middle)):
            following = await _turn(pool, msgspec.structs.replace(query, after=start))
            if following.after is not None:
                yield f"{name}, {where}", lambda q=following: camera_page(pool, q)  # type: ignore[misc]  # as above
    for zoom in _ZOOMS:
        view = MapQuery(bbox=",".join(f"{edge:.6f}" for edge in _view(zoom)), zoom=zoom)
        yield f"map, zoom {zoom}", lambda v=view: map_view(pool, v)  # type: ignore[misc]  # as above
    offline = MapQuery(bbox=",".join(map(str, _CITY_BOX)), zoom=10, status="offline")
    yield "map, offline", lambda: map_view(pool, offline)
    code = reach.split("/")[-2] if reach else None
    yield "counts by division", lambda: division_counts(pool, code)
    yield "overview", lambda: StatusStore(pool).summary()


async def _turn(pool: asyncpg.Pool, query: CameraQuery) -> CameraQuery:
    """Turn some pages, and return the query of the last."""
    for _ in range(_FOLLOWING):
        page = await camera_page(pool, query)
        if page.next is None:
            break
        query = msgspec.structs.replace(query, after=page.next)
    return query


def _view(zoom: int) -> tuple[float, float, float, float]:
    """Return what a screen shows of the middle of the city, or all of the city if that is less."""
    wide, high = (pixels / 256 * 360 / 2**zoom / 2 for pixels in _VIEW_PX)
    west, south, east, north = _CITY_BOX
    high *= math.cos(math.radians(30.55))
    return (
        max(west, 114.31 - wide),
        max(south, 30.55 - high),
        min(east, 114.31 + wide),
        min(north, 30.55 + high),
    )


async def _settle(pool: asyncpg.Pool) -> None:
    """Give the measured cameras a status, as a city has it, and the planner its statistics."""
    await pool.execute(
        """
        INSERT INTO camera_status (camera_id, status, since, epoch)
        SELECT camera_id, CASE WHEN share < 4 THEN 'offline' WHEN share < 6 THEN 'degraded'
            ELSE 'ok' END, now(), 1
        FROM (
            SELECT camera_id, abs(hashint8(camera_id)) % 100 AS share FROM camera
            WHERE poll_mode = 'direct'
        ) AS drawn WHERE share < 97 ON CONFLICT DO NOTHING
        """,
        timeout=1800.0,
    )
    await pool.execute(
        "VACUUM ANALYZE camera, camera_status, camera_count, area_count, map_count", timeout=1800.0
    )


async def _took(ask: Callable[[], Awaitable[object]], rounds: int) -> Took:
    await ask()
    took_ms = []
    for _ in range(rounds):
        started = time.perf_counter()
        await ask()
        took_ms.append((time.perf_counter() - started) * 1000)
    took_ms.sort()
    half, most = (took_ms[math.ceil(share * rounds) - 1] for share in (0.5, 0.95))
    return Took(round(half, 1), round(most, 1))
