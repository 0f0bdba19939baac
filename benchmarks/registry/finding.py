"""How quickly cameras are found, counted and drawn on a map: the 95th percentile of each."""

from __future__ import annotations

import asyncio
import math
import time
from collections.abc import Awaitable, Callable

import asyncpg
import msgspec

from sharpeyes.health.store import StatusStore
from sharpeyes.service.api.camera_screen import CameraQuery, camera_page
from sharpeyes.service.api.division_counts import division_counts
from sharpeyes.service.api.map_screen import MapQuery, map_view
from sharpeyes.service.database import open_pool

_CITY = "113.68,29.96,115.09,31.37"
_SEARCHES: dict[str, dict[str, object]] = {
    "all": {},
    "code": {"q": "42010200001320000001"},
    "first digits": {"q": "420106"},
    "last digits": {"q": "000437"},
    "common text": {"q": "武汉"},
    "text": {"q": "中山"},
    "longer text": {"q": "中山大道"},
    "two words": {"q": "解放 大道"},
    "absent text": {"q": "天安门广场"},
    "text in a district": {"q": "中山", "division": "420106"},
    "division": {"division": "420106"},
    "tier": {"tier": "city"},
    "offline": {"status": "offline"},
    "offline, text": {"status": "offline", "q": "中山"},
    "not measured": {"status": "not_measured"},
    "kind of place": {"place_kind": 7},
    "maker": {"maker": 3},
    "box": {"bbox": "114.30,30.55,114.32,30.57"},
    "nearest": {"near": "114.3,30.6"},
    "nearest, offline": {"near": "114.3,30.6", "status": "offline"},
}
_DEEP = 5
"""Pages that follow the first one of each search; the last one is measured, too."""


def measure_finding(url: str, rounds: int) -> dict[str, float]:
    """Return the 95th percentile of each search, in milliseconds, once all of it was asked once.

    Args:
        url: A database with cameras.
        rounds: How often each is asked.
    """
    return asyncio.run(_measure(url, rounds))


async def _measure(url: str, rounds: int) -> dict[str, float]:
    async with await open_pool(url, min_size=1, max_size=2) as pool:
        await _settle(pool)
        figures = {}
        for name, fields in _SEARCHES.items():
            query = msgspec.convert(fields, CameraQuery)
            figures[name] = await _p95_ms(lambda q=query: camera_page(pool, q), rounds)  # type: ignore[misc]  # bound now
            page = await camera_page(pool, query)
            for _ in range(_DEEP):
                if page.next is None:
                    break
                query = msgspec.structs.replace(query, after=page.next)
                page = await camera_page(pool, query)
            if query.after is not None:
                figures[f"{name}, deep"] = await _p95_ms(
                    lambda q=query: camera_page(pool, q),  # type: ignore[misc]  # bound now
                    rounds,
                )
        for zoom, box in (
            (8, _CITY),
            (12, "114.0,30.4,114.6,30.8"),
            (16, "114.2,30.5,114.26,30.53"),
        ):
            view = MapQuery(bbox=box, zoom=zoom)
            figures[f"map, zoom {zoom}"] = await _p95_ms(lambda v=view: map_view(pool, v), rounds)  # type: ignore[misc]  # bound now
        figures["counts by division"] = await _p95_ms(lambda: division_counts(pool, None), rounds)
        figures["overview"] = await _p95_ms(lambda: StatusStore(pool).summary(), rounds)
        return figures


async def _settle(pool: asyncpg.Pool) -> None:
    """Give nine in ten of the measured cameras a status, and the planner its statistics."""
    await pool.execute(
        "INSERT INTO camera_status (camera_id, status, since, epoch)"
        " SELECT camera_id, (ARRAY['offline', 'degraded', 'ok'])[least(camera_id % 20 + 1, 3)],"
        " now(), 1 FROM camera WHERE poll_mode = 'direct' AND camera_id % 10 <> 9"
        " ON CONFLICT DO NOTHING",
        timeout=1800.0,
    )
    await pool.execute(
        "VACUUM ANALYZE camera, camera_status, camera_count, map_count", timeout=1800.0
    )


async def _p95_ms(ask: Callable[[], Awaitable[object]], rounds: int) -> float:
    await ask()
    took_ms = []
    for _ in range(rounds):
        started = time.perf_counter()
        await ask()
        took_ms.append((time.perf_counter() - started) * 1000)
    return round(sorted(took_ms)[math.ceil(0.95 * rounds) - 1], 1)
