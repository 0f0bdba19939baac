"""Whoever asks, and whatever: exactly the cameras that are theirs and meant, in order, by pages."""

import math
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import dataclass
from typing import Any

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from sharpeyes.registry.history import sign
from sharpeyes.service.api import camera_finding, camera_nearest, camera_pages
from sharpeyes.service.api.camera_screen import CameraQuery, camera_page
from sharpeyes.service.api.division_counts import division_counts
from sharpeyes.service.api.map_screen import MapQuery, map_view
from sharpeyes.service.serving_pool import ServingPool, open_serving_pool, reaching

DIVISIONS = {
    "420102001": ("420102", "street"),
    "420102002": ("420102", "street"),
    "420102002001": ("420102002", "community"),
    "42010200200101": ("420102002001", "grid"),
    "420103001": ("420103", "street"),
    "ZONE": ("420100", "district"),
}
PATHS = {
    "420100": "420100/",
    "420102": "420100/420102/",
    "420103": "420100/420103/",
    "420102001": "420100/420102/420102001/",
    "420102002": "420100/420102/420102002/",
    "420102002001": "420100/420102/420102002/420102002001/",
    "42010200200101": "420100/420102/420102002/420102002001/42010200200101/",
    "420103001": "420100/420103/420103001/",
    "ZONE": "420100/ZONE/",
}
REACHES = ("", *(PATHS[code] for code in ("420102", "420102002", "420102002001", "ZONE")))
COUNT = 160
CORNER = (114.3, 30.6)


@dataclass(frozen=True)
class Stored:
    code: str
    name: str
    path: str
    tier: int
    life: str
    poll_mode: str
    maker: int | None
    position: tuple[float, float] | None
    status: str | None

    @property
    def shown_status(self) -> str:
        if self.poll_mode != "direct" or self.life != "in_service":
            return "not_measured"
        return self.status or "unknown"

    @property
    def distance_m(self) -> float:
        assert self.position is not None
        east = (self.position[0] - CORNER[0]) * math.cos(math.radians(CORNER[1]))
        return math.floor(111_195_000 * math.hypot(east, self.position[1] - CORNER[1])) / 1000


def make(chance: random.Random) -> list[Stored]:
    cameras = []
    for number in range(COUNT):
        division = chance.choice(list(PATHS))
        road = chance.choice(["中山大道", "中山大道", "解放大道", "江夏路"])
        if division.startswith("ZONE"):
            road = "江夏路"
        cameras.append(
            Stored(
                code=f"42010200001320{number:06}",
                name=f"{road}{number}号",
                path=PATHS[division],
                tier=chance.choice([1, 3, 3, 3]),
                life=chance.choice(["in_service", "in_service", "in_service", "planned"]),
                poll_mode=chance.choice(["direct", "direct", "none"]),
                maker=chance.choice([None, 3, 4]),
                position=None
                if number % 9 == 0
                else (114.3 + chance.random() / 20, 30.6 + chance.random() / 20),
                status=chance.choice([None, "ok", "ok", "offline", "degraded"]),
            )
        )
    return cameras


@pytest_asyncio.fixture
async def serving(pool: asyncpg.Pool, database_url: str) -> AsyncIterator[ServingPool]:
    for code, (parent, level) in DIVISIONS.items():
        await pool.execute(
            "INSERT INTO division (division_code, parent_code, level, name_zh, name_en, local)"
            " VALUES ($1, $2, $3, 'x', 'x', $4)",
            *(code, parent, level, not code.isdigit()),
        )
    opened = await open_serving_pool(database_url, min_size=1, max_size=2)
    yield opened
    await opened.close()


async def store(pool: asyncpg.Pool, cameras: list[Stored]) -> None:
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        await connection.executemany(
            "INSERT INTO camera (device_code, name, division_code, tier, life, poll_mode, host,"
            " maker, longitude, latitude) VALUES ($1, $2, $3, $4, $5, $6, '10.0.0.1', $7, $8, $9)",
            [
                (c.code, c.name, c.path.split("/")[-2], c.tier, c.life, c.poll_mode, c.maker)
                + (c.position or (None, None))
                for c in cameras
            ],
        )
        await connection.executemany(
            "INSERT INTO camera_status (camera_id, status, since, epoch)"
            " SELECT camera_id, $2, now(), 1 FROM camera WHERE device_code = $1",
            [(c.code, c.status) for c in cameras if c.status],
        )


Filter = tuple[dict[str, Any], Callable[[Stored], bool]]
BOX = (114.3, 30.6, 114.33, 30.64)


def draw(chance: random.Random) -> Filter:
    """Draw what to ask, and what that means."""
    choices: list[Filter] = [
        ({"q": "中山"}, lambda c: "中山" in c.name),
        ({"q": "江夏"}, lambda c: "江夏" in c.name),
        ({"q": "大道 解放"}, lambda c: "解放大道" in c.name),
        ({"maker": 3}, lambda c: c.maker == 3),
        ({"tier": "city"}, lambda c: c.tier == 1),
        ({"life": "planned"}, lambda c: c.life == "planned"),
        *(
            ({"status": status}, lambda c, s=status: c.shown_status == s)
            for status in ("offline", "degraded", "ok", "unknown", "not_measured")
        ),
        *(
            ({"division": code}, lambda c, p=PATHS[code]: c.path.startswith(p))
            for code in ("420100", "420102", "420102002", "42010200200101")
        ),
        (
            {"bbox": ",".join(map(str, BOX))},
            lambda c: (
                c.position is not None
                and BOX[0] <= c.position[0] <= BOX[2]
                and BOX[1] <= c.position[1] <= BOX[3]
            ),
        ),
    ]
    chosen = chance.sample(choices, chance.choice([0, 1, 1, 2, 2, 3]))
    chosen = list({next(iter(query)): (query, test) for query, test in chosen}.values())
    asked = {key: value for query, _ in chosen for key, value in query.items()}
    return asked, lambda c: all(test(c) for _, test in chosen)


@pytest.mark.parametrize("counted_max", [2_000, 3])
async def test_each_caller_finds_exactly_its_own(
    pool: asyncpg.Pool,
    serving: ServingPool,
    monkeypatch: pytest.MonkeyPatch,
    counted_max: int,
) -> None:
    """The small bounds make the few of a test the many of a million."""
    monkeypatch.setattr(camera_finding, "COUNTED_MAX", counted_max)
    monkeypatch.setattr(camera_finding, "IN_STATUS_MAX", 2 * counted_max)
    if counted_max < 2_000:
        monkeypatch.setattr(camera_pages, "_GLANCED", 3)
        monkeypatch.setattr(camera_pages, "_FEW_IN_AREA", 3)
        monkeypatch.setattr(camera_nearest, "_SCANNED_MAX", 30)
    seed = random.randrange(2**32)
    chance = random.Random(seed)
    cameras = make(chance)
    await store(pool, cameras)
    for _ in range(60):
        asked, is_meant = draw(chance)
        reach = chance.choice(REACHES)
        meant = [c for c in cameras if c.path.startswith(reach) and is_meant(c)]
        is_near = chance.random() < 0.4
        if is_near:
            asked["near"] = ",".join(map(str, CORNER))
            placed = [c for c in meant if c.position]
            wanted = sorted(placed, key=lambda c: (c.distance_m, c.code))
        else:
            wanted = sorted(meant, key=lambda c: (c.path, c.code))
        said = (seed, reach, asked)
        found: list[str] = []
        after = None
        while True:
            query = msgspec.convert(asked | {"limit": 6, "after": after}, CameraQuery)
            with reaching(reach):
                page = await camera_page(serving, query)
            found += [camera.device_code for camera in page.cameras]
            if page.total_is_estimate:
                assert page.total <= len(meant), said
            else:
                assert page.total == len(meant), said
            after = page.next
            if after is None:
                break
            assert len(page.cameras) == 6, said
        assert found == [c.code for c in wanted], said


async def test_each_caller_counts_its_own_on_the_map_and_in_divisions(
    pool: asyncpg.Pool, serving: ServingPool
) -> None:
    seed = random.randrange(2**32)
    cameras = make(random.Random(seed))
    await store(pool, cameras)
    for reach in REACHES:
        own = [c for c in cameras if c.path.startswith(reach)]
        with reaching(reach):
            for zoom in (3, 12, 16):
                for query, is_meant in (
                    ({}, lambda _: True),
                    ({"status": "offline"}, lambda c: c.shown_status == "offline"),
                    ({"division": "420102"}, lambda c: c.path.startswith("420100/420102/")),
                    ({"division": "420102002001"}, lambda c: "/420102002001/" in c.path),
                    ({"q": "江夏"}, lambda c: "江夏" in c.name),
                ):
                    asked = {"bbox": "114,30.5,114.5,31", "zoom": zoom, **query}
                    view = await map_view(serving, msgspec.convert(asked, MapQuery))
                    meant = sum(1 for c in own if c.position and is_meant(c))
                    assert view.cameras == meant, (seed, reach, zoom, query)
            for code, path in PATHS.items():
                counts = await division_counts(serving, code)
                wanted = sum(1 for c in own if c.path.startswith(path))
                assert counts.division.cameras == wanted, (seed, reach, code)


async def test_the_index_tells_a_subtree_of_its_own_only(
    pool: asyncpg.Pool, serving: ServingPool
) -> None:
    await store(pool, make(random.Random(1)))
    sql = [
        f"SELECT count(*) FROM {call}"
        for call in ("cameras_with('{}', NULL)", "cameras_with_last_digits('', ':', NULL)")
    ]
    for reach in REACHES:
        with reaching(reach):
            seen = await serving.fetchval("SELECT count(*) FROM camera")
            assert seen > 0
            assert [await serving.fetchval(one) for one in sql] == [seen, seen]
    # Nobody's transaction is told nothing, not even by what knows all.
    assert [await serving.fetchval(one) for one in sql] == [0, 0]
