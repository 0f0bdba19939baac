"""The whole camera file in the database: what goes in comes out, and both agree on what may be."""

from collections.abc import Callable
from datetime import UTC, date, datetime

import asyncpg
import msgspec
import pytest

from sharpeyes.registry.bounds import Bounds, bounds_of_divisions
from sharpeyes.registry.camera import CameraFile, PollMode, Tier
from sharpeyes.registry.code_tables import Edition
from sharpeyes.registry.errors import CameraInvalidError
from sharpeyes.registry.history import sign
from sharpeyes.registry.sheet import BY_FIELD, Kind
from sharpeyes.registry.store import CameraStore

Maker = Callable[..., CameraFile]

WHOLE: dict[str, object] = {
    "code_edition": Edition.E2022,
    "poll_mode": PollMode.RECORDER,
    "maker": 99,
    "maker_name": "某厂",
    "model": "=1+1",
    "firmware": "V5.5",
    "place_name": "𠮷野㐀路口",
    "ipv4": "10.0.0.5",
    "ipv6": "2001:db8::5",
    "mac": "00-1B-44-11-3A-B7",
    "camera_form": 1,
    "functions": (1, 5),
    "lighting": 4,
    "codec": 4,
    "address": "<img onerror=alert(1)>",
    "place_kinds": (3, 99),
    "facing": 9,
    "networked": False,
    "police_station_code": "420102530000",
    "installed_at": datetime(2024, 5, 1, 8, 30, tzinfo=UTC),
    "managing_unit": "江岸区分局",
    "contacts": ("027-85580000", "值班室"),
    "recording_days": 90,
    "sector": 18,
    "network_name": "视频专网",
    "pole_number": "J-001",
    "landmark": "邮局",
    "power_source": "路灯",
    "maintenance_unit": "某公司",
    "maintenance_phone": "027-1",
    "scene_photo": "a.jpg",
    "osd_text": "解放大道",
    "indoor": True,
    "field_angle_deg": 62.3,
    "view_distance_m": 0.1,
    "purpose": "治安",
    "filing_number": "B-1",
    "filed_on": date(2024, 6, 1),
    "sign_in_place": True,
    "accepted_until": date(2027, 6, 1),
    "recorder_code": "42010200001180000001",
    "recorder_channel": 3,
}


async def test_every_field_comes_back_as_it_went_in(store: CameraStore, camera_file: Maker) -> None:
    file = camera_file(1, **WHOLE)
    assert {name for name, value in msgspec.structs.asdict(file).items() if value is None} == {
        "sub_stream_path",
        "snapshot_path",
    }
    async with store.edit("test") as edit:
        await edit.add(file)
    stored = await store.get(file.device_code)
    assert stored is not None
    assert stored.file == file


async def test_all_problems_of_a_file_are_told_at_once(
    store: CameraStore, camera_file: Maker
) -> None:
    wrong = camera_file(
        1, **WHOLE | {"mac": "x", "facing": 10, "longitude": 116.4, "accepted_until": date(2, 1, 1)}
    )
    with pytest.raises(CameraInvalidError) as caught:
        async with store.edit("test") as edit:
            await edit.add(wrong)
    assert [problem.field for problem in caught.value.problems] == [
        "longitude",
        "mac",
        "facing",
        "accepted_until",
    ]
    assert await store.get(wrong.device_code) is None


async def test_the_database_takes_the_values_of_the_tables_and_no_others(
    pool: asyncpg.Pool, store: CameraStore, camera_file: Maker
) -> None:
    async with store.edit("test") as edit:
        await edit.add(camera_file(1))
    tables = {
        name: field
        for name, field in BY_FIELD.items()
        if field.codes is not None and name != "life"
    }
    assert len(tables) == 9
    async with pool.acquire() as connection:
        for name, field in tables.items():
            assert field.codes is not None
            several = field.kind is Kind.CODES
            for value in range(-1, 101):
                allowed = value in field.codes.values
                transaction = connection.transaction()
                await transaction.start()
                await sign(connection, "test")
                try:
                    await connection.execute(
                        f"UPDATE camera SET {name} = $1", [value] if several else value
                    )
                except asyncpg.CheckViolationError:
                    assert not allowed, (name, value)
                else:
                    assert allowed, (name, value)
                finally:
                    await transaction.rollback()


async def test_a_division_lies_where_the_nearest_box_above_it_is(pool: asyncpg.Pool) -> None:
    await pool.execute(
        """
        INSERT INTO division (division_code, parent_code, level, name_zh, name_en) VALUES
            ('420102003', '420102', 'street', '街', 'Street'),
            ('420102003001', '420102003', 'community', '社区', 'Community')
        """
    )
    wuhan = Bounds(113.68, 29.96, 115.09, 31.37)
    assert await bounds_of_divisions(pool, ["420102003001", "999999"]) == {"420102003001": wuhan}
    await pool.execute(
        "UPDATE division SET (west, south, east, north) = (114.2, 30.5, 114.4, 30.7)"
        " WHERE division_code = '420102'"
    )
    bounds = await bounds_of_divisions(pool)
    assert bounds["420102003001"] == bounds["420102"] == Bounds(114.2, 30.5, 114.4, 30.7)
    assert bounds["420103"] == bounds["420100"] == wuhan
    await pool.execute("UPDATE division SET (west, south, east, north) = (NULL, NULL, NULL, NULL)")
    assert set((await bounds_of_divisions(pool)).values()) == {None}


async def test_a_camera_outside_its_districts_box_is_refused(
    pool: asyncpg.Pool, store: CameraStore, camera_file: Maker
) -> None:
    await pool.execute(
        "UPDATE division SET (west, south, east, north) = (114.2, 30.5, 114.4, 30.7)"
        " WHERE division_code = '420102'"
    )
    with pytest.raises(CameraInvalidError, match="lies outside the division"):
        async with store.edit("test") as edit:
            await edit.add(camera_file(1, longitude=114.5))
    async with store.edit("test") as edit:
        await edit.add(camera_file(1, tier=Tier.DISTRICT))
