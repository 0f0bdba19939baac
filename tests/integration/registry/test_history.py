"""Who changed what about a camera: written by the database, for whatever way it came in."""

import asyncio
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from typing import Any

import asyncpg
import msgspec
import pytest

from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile, Life, PollMode, SampleSource, Tier
from sharpeyes.registry.code_tables import Edition
from sharpeyes.registry.errors import CameraChangedError, CameraInvalidError
from sharpeyes.registry.history import CameraHistory, sign
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.zoning import ZoneEdit
from sharpeyes.service.maintenance import end_maintenance

Maker = Callable[..., CameraFile]
CORNER = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))

# Of every field another value than that of `camera_file`.
OTHER: dict[str, Any] = {
    "name": "New",
    "tier": Tier.DISTRICT,
    "division_code": "420100",
    "longitude": 114.31,
    "latitude": 30.61,
    "host": "10.9.9.9",
    "rtsp_port": 8554,
    "http_port": 8080,
    "main_stream_path": "/other",
    "sub_stream_path": "/sub",
    "snapshot_path": "/snap.jpg",
    "poll_mode": PollMode.RECORDER,
    "sample_source": SampleSource.KEYFRAME,
    "sample_interval_s": 9.0,
    "code_edition": Edition.E2022,
    "maker": 3,
    "maker_name": "Maker",
    "model": "M-1",
    "firmware": "1.2",
    "place_name": "Corner",
    "ipv4": "10.9.9.8",
    "ipv6": "2001:db8::1",
    "mac": "AA-BB-CC-DD-EE-FF",
    "camera_form": 1,
    "functions": (1, 5),
    "lighting": 2,
    "codec": 4,
    "address": "解放大道1号",
    "place_kinds": (3, 8),
    "facing": 9,
    "networked": True,
    "police_station_code": "420102000000",
    "installed_at": datetime(2020, 5, 4, 1, 2, tzinfo=UTC),
    "managing_unit": "Unit",
    "contacts": ("027-12345678",),
    "recording_days": 90,
    "sector": 1,
    "network_name": "vpn",
    "pole_number": "P1",
    "landmark": "Tower",
    "power_source": "street lamp",
    "maintenance_unit": "Menders",
    "maintenance_phone": "027-87654321",
    "scene_photo": "photo.jpg",
    "osd_text": "OSD",
    "indoor": False,
    "field_angle_deg": 87.5,
    "view_distance_m": 60.0,
    "purpose": "road security",
    "filing_number": "F-1",
    "filed_on": date(2021, 2, 3),
    "sign_in_place": True,
    "accepted_until": date(2030, 1, 1),
    "recorder_code": "42010200001180000001",
    "recorder_channel": 4,
}


@pytest.fixture
def history(pool: asyncpg.Pool) -> CameraHistory:
    return CameraHistory(pool)


async def test_every_field_of_a_file_is_in_the_history(
    store: Any, camera_file: Maker, history: CameraHistory
) -> None:
    assert set(OTHER) == set(CameraFile.__struct_fields__) - {"device_code"}
    old = await store.add(camera_file(1))
    new = await store.replace(camera_file(1, **OTHER))
    edit, add = await history.of_camera(old.camera_id)
    assert (add.action, add.before, add.after, add.actor, add.revision) == (
        "add",
        None,
        None,
        "test",
        1,
    )
    assert (edit.action, edit.actor, edit.revision) == ("edit", "test", 2)
    assert edit.before is not None
    assert edit.after is not None
    assert set(edit.before) == set(edit.after) == set(OTHER)
    # What was written down is what the record said, and can be made a record again.
    for camera, fields in ((old, edit.before), (new, edit.after)):
        known = msgspec.convert(fields | {"device_code": camera.device_code}, CameraFile)
        assert known == camera.file


async def test_only_what_changed_is_written_down(
    store: Any, camera_file: Maker, history: CameraHistory
) -> None:
    camera = await store.add(camera_file(1))
    await store.replace(camera_file(1, name="New"))
    await store.replace(camera_file(1, name="New"))
    changes = await history.of_camera(camera.camera_id)
    assert [change.revision for change in changes] == [2, 1]
    assert (changes[0].before, changes[0].after) == ({"name": "解放大道 1"}, {"name": "New"})
    assert abs((changes[0].at - datetime.now(UTC)).total_seconds()) < 60


async def test_the_service_ends_maintenance(
    database_url: str, pool: asyncpg.Pool, store: Any, camera_file: Maker
) -> None:
    camera = await store.add(camera_file(1))
    heard, stop = asyncio.Event(), asyncio.Event()
    listener = await asyncpg.connect(database_url)
    await listener.add_listener("sharpeyes", lambda *_: heard.set())
    loop = asyncio.create_task(end_maintenance(store, stop, every_s=0.05))
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        await connection.execute(
            "UPDATE camera SET life = 'maintenance', life_until = now() + interval '0.2 s'"
        )
    async with asyncio.timeout(20):
        await heard.wait()
    stop.set()
    await loop
    await listener.close()
    assert (await store.get(camera.device_code)).life is Life.IN_SERVICE


async def test_nobody_changes_anything_without_a_name(
    pool: asyncpg.Pool, store: Any, camera_file: Maker
) -> None:
    camera = await store.add(camera_file(1), Credentials("admin", "secret"))
    await store.add_zone(camera.device_code, Zone("lane", ZoneKind.WATCH, CORNER))
    for change in (
        """
        INSERT INTO zone (camera_id, name, kind, polygon)
        SELECT camera_id, 'x', kind, polygon FROM zone
        """,
        "UPDATE camera SET name = 'x'",
        "UPDATE camera SET life = 'removed', life_reason = 'x'",
        "DELETE FROM camera",
        "DELETE FROM zone",
        "UPDATE zone SET name = 'x'",
        "UPDATE camera_credential SET key_id = 'x'",
    ):
        with pytest.raises(asyncpg.RaiseError, match="cameras are changed by somebody"):
            await pool.execute(change)
    assert await store.get(camera.device_code) is not None


async def test_a_signature_ends_with_its_transaction(
    pool: asyncpg.Pool, store: Any, camera_file: Maker
) -> None:
    await store.add(camera_file(1))
    async with pool.acquire() as connection:
        with pytest.raises(RuntimeError, match="there is none"):
            await sign(connection, "test")
        async with connection.transaction():
            await sign(connection, "test")
            await connection.execute("UPDATE camera SET name = 'a'")
        with pytest.raises(asyncpg.RaiseError, match="somebody"):
            await connection.execute("UPDATE camera SET name = 'b'")
        async with connection.transaction():
            with pytest.raises(ValueError, match="no name"):
                await sign(connection, " ")


async def test_a_division_moves_without_a_change_of_its_cameras(
    pool: asyncpg.Pool, store: Any, camera_file: Maker, history: CameraHistory
) -> None:
    await pool.execute(
        "INSERT INTO division (division_code, parent_code, level, name_zh, name_en, local)"
        " VALUES ('EASTLAKE', '420100', 'district', '东湖', 'East Lake', true),"
        " ('HILL', '420102', 'street', '山', 'Hill', true)"
    )
    camera = await store.add(camera_file(1, division_code="HILL"))
    await pool.execute("UPDATE division SET parent_code = 'EASTLAKE' WHERE division_code = 'HILL'")
    assert await pool.fetchval("SELECT division_path FROM camera") == "420100/EASTLAKE/HILL/"
    assert [change.action for change in await history.of_camera(camera.camera_id)] == ["add"]


async def test_zones_and_credentials_are_in_the_history_without_secrets(
    pool: asyncpg.Pool, store: Any, camera_file: Maker, history: CameraHistory
) -> None:
    camera = await store.add(camera_file(1), Credentials("admin", "canary-7Qz"))
    code = camera.device_code
    lane = Zone("lane", ZoneKind.NO_PARKING, CORNER, 60.0)
    await store.add_zone(code, lane)
    async with store.edit("engineer") as edit:
        zones = await ZoneEdit.of(edit.connection, code)
        await zones.put(msgspec.structs.replace(lane, dwell_s=90.0))
    await store.remove_zone(code, "lane")
    await store.replace(camera_file(1), Credentials("admin", "canary-8Rz"))
    changes = (await history.of_camera(camera.camera_id))[::-1]
    assert [(change.action, change.revision) for change in changes] == [
        ("add", 1),
        ("credentials", 1),
        ("zone", 2),
        ("zone", 3),
        ("zone", 4),
        ("credentials", 5),
    ]
    added, edited, removed = changes[2:5]
    shown = {
        "name": "lane",
        "kind": "no_parking",
        "polygon": [list(p) for p in CORNER],
        "vehicle_widths": [],
    }
    assert (added.before, added.after) == (None, {"zone": shown | {"dwell_s": 60.0}})
    assert edited.actor == "engineer"
    assert (edited.before, edited.after) == (
        {"zone": shown | {"dwell_s": 60.0}},
        {"zone": shown | {"dwell_s": 90.0}},
    )
    assert (removed.before, removed.after) == ({"zone": shown | {"dwell_s": 90.0}}, None)
    stored = await pool.fetch("SELECT c::text AS c FROM camera_change c")
    assert "canary" not in str(stored)


async def test_what_an_import_changed_can_be_read_in_pages(
    pool: asyncpg.Pool, store: Any, camera_file: Maker, history: CameraHistory
) -> None:
    for number in range(1, 6):
        await store.add(camera_file(number))
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "someone", import_id=7)
        await connection.execute(
            "UPDATE camera SET name = name || '!', revision = revision + 1"
            " WHERE device_code < '42010200001320000005'"
        )
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "someone", action="merge")
        await connection.execute("UPDATE camera SET name = 'x', revision = revision + 1")
    seen, after = [], (0, 0)
    while page := await history.of_import(7, after=after, limit=3):
        seen += page
        after = (page[-1].camera_id, page[-1].change_id)
    assert [(change.actor, change.import_id, change.action) for change in seen] == [
        ("someone", 7, "edit")
    ] * 4
    last = await pool.fetch("SELECT action FROM camera_change ORDER BY change_id DESC LIMIT 5")
    assert {row["action"] for row in last} == {"merge"}


async def test_a_camera_that_is_deleted_leaves_its_history(
    pool: asyncpg.Pool, store: Any, camera_file: Maker, history: CameraHistory
) -> None:
    camera = await store.add(camera_file(1))
    async with pool.acquire() as connection, connection.transaction():
        await sign(connection, "owner")
        await connection.execute("DELETE FROM camera")
    deleted, _ = await history.of_camera(camera.camera_id)
    assert (deleted.action, deleted.actor) == ("delete", "owner")
    assert deleted.before is not None
    assert deleted.before["device_code"] == camera.device_code


async def test_the_life_of_a_camera(store: Any, camera_file: Maker, history: CameraHistory) -> None:
    camera = await store.add(camera_file(1))
    code = camera.device_code
    until = (datetime.now(UTC) + timedelta(hours=4)).replace(microsecond=0)
    async with store.edit("Liu's token") as edit:
        mended = await edit.move(code, LifeState(Life.MAINTENANCE, "lens", until))
    assert (mended.life, mended.life_reason, mended.life_until) == ("maintenance", "lens", until)
    async with store.edit("x") as edit:
        removed = await edit.move(code, LifeState(Life.REMOVED, "road works"))
        assert await edit.move(code, LifeState(Life.REMOVED, "road works")) == removed
        with pytest.raises(CameraInvalidError, match="can only become in_service or planned"):
            await edit.move(code, LifeState(Life.MAINTENANCE, "x", until))
        with pytest.raises(CameraChangedError):
            await edit.move(code, LifeState(Life.PLANNED), revision=1)
        back = await edit.move(code, LifeState(Life.IN_SERVICE))
    assert back == msgspec.structs.replace(camera, revision=4, updated_at=back.updated_at)
    changes = await history.of_camera(camera.camera_id)
    assert [(change.action, change.actor) for change in changes] == [
        ("life", "x"),
        ("life", "x"),
        ("life", "Liu's token"),
        ("add", "test"),
    ]
    assert changes[1].after is not None
    assert set(changes[1].after) == {"life", "life_reason", "life_until"}


async def test_maintenance_ends_by_itself(
    pool: asyncpg.Pool, store: Any, camera_file: Maker, history: CameraHistory
) -> None:
    cameras = [await store.add(camera_file(number)) for number in range(1, 5)]
    soon = datetime.now(UTC) + timedelta(hours=1)
    async with store.edit("test") as edit:
        for camera in cameras[:3]:
            await edit.move(camera.device_code, LifeState(Life.MAINTENANCE, "lens", soon))
        # An hour goes by for two of them, and a sheet left the end of another open.
        await edit.connection.execute(
            "UPDATE camera SET life_until = now() - interval '1 s' WHERE camera_id = ANY($1)",
            [camera.camera_id for camera in cameras[:2]],
        )
        await edit.connection.execute(
            "UPDATE camera SET life = 'maintenance' WHERE camera_id = $1", cameras[3].camera_id
        )
    ended = await asyncio.gather(*(store.end_maintenance() for _ in range(3)))
    assert sum(ended) == 2
    lives = [camera.life for camera in await store.all()]
    assert lives == [Life.IN_SERVICE, Life.IN_SERVICE, Life.MAINTENANCE, Life.MAINTENANCE]
    for camera in cameras[:2]:
        change = (await history.of_camera(camera.camera_id))[0]
        assert (change.actor, change.action) == ("service", "life")
        assert change.after == {"life": "in_service", "life_reason": "", "life_until": None}
        # Once, whoever of the three it was.
        assert (await store.get(camera.device_code)).revision == change.revision == 3
