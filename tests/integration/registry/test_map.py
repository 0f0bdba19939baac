"""What there is to see on a map: the same cameras, near as points and far as counts."""

import asyncpg
import msgspec
import pytest

from sharpeyes.registry.errors import SearchError
from sharpeyes.registry.history import sign
from sharpeyes.service.api import map_screen
from sharpeyes.service.api.map_screen import MapQuery, MapView, map_view

_ADD = """
INSERT INTO camera (device_code, name, tier, division_code, poll_mode, host, longitude, latitude)
SELECT '42010200001320' || lpad(n::text, 6, '0'), 'camera ' || n, 3, '420102',
    CASE WHEN n % 4 = 0 THEN 'none' ELSE 'direct' END, '10.0.0.1',
    114.2 + n * 0.001, 30.5 + (n % 7) * 0.01
FROM generate_series(1, 120) AS n
"""
_CITY = "113.6,29.9,115.1,31.4"


async def view(pool: asyncpg.Pool, **query: object) -> MapView:
    return await map_view(pool, msgspec.convert(query, MapQuery))


async def add_cameras(pool: asyncpg.Pool) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        await connection.execute(_ADD)


@pytest.mark.parametrize("zoom", [3, 8, 12, 14, 16])
async def test_every_zoom_shows_every_camera(pool: asyncpg.Pool, zoom: int) -> None:
    await add_cameras(pool)
    await pool.execute(
        "INSERT INTO camera_status (camera_id, status, since, epoch)"
        " SELECT camera_id, 'offline', now(), 1 FROM camera ORDER BY camera_id LIMIT 40"
    )
    seen = await view(pool, bbox=_CITY, zoom=zoom)
    assert seen.cameras == 120
    assert bool(seen.points) == (zoom >= 14)
    statuses = [point.status for point in seen.points]
    for cell in seen.cells:
        statuses += [status for status, count in cell.by_status.items() for _ in range(count)]
        assert cell.west < cell.east
        assert cell.cameras == sum(cell.by_status.values())
    assert statuses.count("not_measured") == 30
    assert statuses.count("offline") == 30
    filtered = await view(pool, bbox=_CITY, zoom=zoom, q="camera", division="420102")
    assert filtered.cameras == 120
    offline = await view(pool, bbox=_CITY, zoom=zoom, status="offline")
    assert offline.cameras == 30
    assert (await view(pool, bbox="10,10,11,11", zoom=zoom)).cameras == 0


async def test_many_points_become_counts(
    pool: asyncpg.Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(map_screen, "POINTS_MAX", 100)
    await add_cameras(pool)
    seen = await view(pool, bbox=_CITY, zoom=18)
    assert not seen.points
    assert seen.cameras == 120


async def test_a_map_needs_a_box(pool: asyncpg.Pool) -> None:
    with pytest.raises(SearchError):
        await view(pool, zoom=3)
