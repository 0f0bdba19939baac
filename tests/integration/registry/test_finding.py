"""Finding cameras: each way of asking, together, in pages, and how many there are."""

from collections.abc import AsyncIterator

import asyncpg
import msgspec
import pytest
import pytest_asyncio

from sharpeyes.registry.camera import CameraFile, Tier
from sharpeyes.registry.errors import SearchError, UnknownDivisionError
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.api import camera_finding
from sharpeyes.service.api.camera_screen import CameraQuery, camera_page

ROADS = ("中山大道", "解放大道", "珞瑜路", "友谊大道")
COUNT = 60


@pytest_asyncio.fixture
async def cameras(pool: asyncpg.Pool, store: CameraStore) -> AsyncIterator[list[CameraFile]]:
    """Sixty cameras along four roads in three districts, from west to east."""
    files = []
    for number in range(COUNT):
        district = ("420102", "420103", "420106")[number % 3]
        files.append(
            CameraFile(
                device_code=f"{district}0000132{0:01}{number + 1:06}",
                name=f"{ROADS[number % 4]}{number}号球机",
                place_name="Wanda 广场" if number % 10 == 0 else None,
                address=f"武汉市{ROADS[number % 4]}{number}号",
                tier=Tier.CITY if number % 6 == 0 else Tier.SOCIAL,
                division_code=district,
                longitude=114.2 + number / 1000,
                latitude=30.6,
                host=f"10.0.0.{number + 1}",
                ipv4="192.168.7.1" if number == 0 else None,
                ipv6="fd00::7:0" if number == 1 else None,
                maker=3 if number < 5 else None,
                place_kinds=(7,) if number % 20 == 0 else (),
                main_stream_path="/main",
            )
        )
    async with store.edit("test") as edit:
        filed = [await edit.add(file) for file in files]
    await pool.executemany(
        "INSERT INTO camera_status (camera_id, status, since, epoch) VALUES ($1, $2, now(), 1)",
        [(camera.camera_id, "offline" if n % 5 == 0 else "ok") for n, camera in enumerate(filed)],
    )
    yield files


def expected(files: list[CameraFile], numbers: range | list[int]) -> list[str]:
    chosen = [files[n] for n in numbers]
    return [f.device_code for f in sorted(chosen, key=lambda f: (f.division_code, f.device_code))]


@pytest.mark.parametrize(
    ("query", "numbers"),
    [
        ({}, range(COUNT)),
        ({"q": "中山"}, range(0, COUNT, 4)),
        ({"q": "中山大道"}, range(0, COUNT, 4)),
        ({"q": "大道 7号"}, range(7, COUNT, 10)),
        ({"q": "珞瑜路"}, range(2, COUNT, 4)),
        ({"q": "wanda"}, range(0, COUNT, 10)),
        ({"q": "天安门"}, []),
        ({"q": "山中"}, []),
        ({"q": "420106"}, range(2, COUNT, 3)),
        ({"q": "000007"}, [6]),
        ({"q": "42010200001320000001"}, [0]),
        ({"q": "10.0.0.9"}, [8]),
        ({"q": "192.168.7.1"}, [0]),
        ({"q": "fd00::7:0"}, [1]),
        ({"q": "192.168"}, [0]),
        ({"q": "192.16"}, []),
        ({"q": "10.0.0."}, range(COUNT)),
        ({"q": "10.0", "tier": "city"}, range(0, COUNT, 6)),
        ({"tier": "city"}, range(0, COUNT, 6)),
        ({"division": "420103"}, range(1, COUNT, 3)),
        ({"division": "420103", "q": "中山"}, [n for n in range(0, COUNT, 4) if n % 3 == 1]),
        ({"status": "offline"}, range(0, COUNT, 5)),
        ({"status": "offline", "q": "中山"}, range(0, COUNT, 20)),
        ({"status": "unknown"}, []),
        ({"status": "not_measured"}, []),
        ({"maker": 3}, range(5)),
        ({"place_kind": 7}, range(0, COUNT, 20)),
        ({"life": "removed"}, []),
        (
            {"life": "in_service", "tier": "social", "division": "420102"},
            [3, 9, 15, 21, 27, 33, 39, 45, 51, 57],
        ),
        ({"bbox": "114.2,30.59,114.2045,30.61"}, range(5)),
        ({"bbox": "73,3,136,54"}, range(COUNT)),
        ({"bbox": "114.2,30.59,114.2045,30.61", "q": "中山"}, [0, 4]),
    ],
)
@pytest.mark.parametrize("counted_max", [5_000, 2])
async def test_each_way_of_asking(  # noqa: PLR0917  # fixtures, the table
    pool: asyncpg.Pool,
    cameras: list[CameraFile],
    monkeypatch: pytest.MonkeyPatch,
    query: dict[str, object],
    numbers: range | list[int],
    counted_max: int,
) -> None:
    """The second bound makes all that is found the many of a million."""
    monkeypatch.setattr(camera_finding, "COUNTED_MAX", counted_max)
    monkeypatch.setattr(camera_finding, "IN_STATUS_MAX", 2 * counted_max)
    wanted = expected(cameras, numbers)
    found: list[str] = []
    after = None
    while True:
        asked = msgspec.convert(query | {"limit": 7, "after": after}, CameraQuery)
        page = await camera_page(pool, asked)
        found += [camera.device_code for camera in page.cameras]
        if page.total_is_estimate:
            assert page.total <= len(wanted)
        else:
            assert page.total == len(wanted)
        after = page.next
        if after is None:
            break
        assert len(page.cameras) == 7
    assert found == wanted


@pytest.mark.parametrize("counted_max", [5_000, 2])
@pytest.mark.parametrize(
    ("query", "step"), [({}, 1), ({"q": "中山"}, 4), ({"status": "offline"}, 5)]
)
async def test_the_nearest_come_first(  # noqa: PLR0917  # fixtures, the table
    pool: asyncpg.Pool,
    cameras: list[CameraFile],
    monkeypatch: pytest.MonkeyPatch,
    query: dict[str, object],
    step: int,
    counted_max: int,
) -> None:
    monkeypatch.setattr(camera_finding, "COUNTED_MAX", counted_max)
    monkeypatch.setattr(camera_finding, "IN_STATUS_MAX", 2 * counted_max)
    found: list[str] = []
    after = None
    while True:
        page = await camera_page(
            pool,
            CameraQuery(**query, near="114.1,30.6", limit=9, after=after),  # type: ignore[arg-type]  # the table's
        )
        found += [camera.device_code for camera in page.cameras]
        after = page.next
        if after is None:
            break
    assert found == [file.device_code for file in cameras[::step]]


async def test_what_is_changed_is_found_as_it_is(
    pool: asyncpg.Pool, store: CameraStore, cameras: list[CameraFile]
) -> None:

    changed = msgspec.structs.replace(cameras[0], name="黄鹤楼", address=None)
    async with store.edit("test") as edit:
        await edit.replace(changed)
    assert (await camera_page(pool, CameraQuery(q="黄鹤楼"))).total == 1
    found = await camera_page(pool, CameraQuery(q="中山"))
    assert cameras[0].device_code not in [camera.device_code for camera in found.cameras]


@pytest.mark.parametrize(
    "query",
    [
        {"q": "路"},
        {"bbox": "1,2,3"},
        {"bbox": "120,30,110,31"},
        {"bbox": "a,b,c,d"},
        {"bbox": "nan,1,2,3"},
        {"near": "200,30"},
        {"after": "nonsense"},
        {"q": "420102", "after": "420100/42010200001320000001"},
        {"near": "114,30", "after": "420100/42010200001320000001"},
    ],
)
async def test_refusals(
    pool: asyncpg.Pool, cameras: list[CameraFile], query: dict[str, str]
) -> None:
    with pytest.raises(SearchError):
        await camera_page(pool, CameraQuery(**query))  # type: ignore[arg-type]  # the table's


async def test_an_unknown_division_is_not_an_empty_one(pool: asyncpg.Pool) -> None:
    for code in ("420199", "x"):
        with pytest.raises(UnknownDivisionError):
            await camera_page(pool, CameraQuery(division=code))
    assert (await camera_page(pool, CameraQuery(division="420102"))).total == 0
