"""Cameras and zones in the database."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
import msgspec
import pytest

from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.registry.camera import CameraFile, Life, PollMode, SampleSource, Tier
from sharpeyes.registry.errors import (
    CameraChangedError,
    CameraExistsError,
    CameraInvalidError,
    UnknownCameraError,
    UnknownZoneError,
    ZoneExistsError,
    ZoneInvalidError,
)
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.shards import SHARD_COUNT
from sharpeyes.registry.store import CameraStore

Maker = Callable[..., CameraFile]
CORNER = ((0.0, 0.0), (0.5, 0.0), (0.5, 0.5))


async def test_a_camera_comes_back_as_it_was_registered(store: Any, camera_file: Maker) -> None:
    file = camera_file(
        1,
        host="[2001:DB8::1]",
        sub_stream_path="/sub",
        snapshot_path="/snap.jpg",
        sample_source=SampleSource.SNAPSHOT,
        sample_interval_s=0.5,
    )
    camera = await store.add(file)
    assert await store.get(camera.device_code) == camera
    assert await store.by_id(camera.camera_id) == camera
    assert camera.host == "2001:db8::1"
    assert 0 <= camera.shard < SHARD_COUNT
    assert camera.revision == 1
    assert camera.created_at.tzinfo is not None


async def test_what_is_not_there(store: Any) -> None:
    assert await store.get("42010200001320000001") is None
    assert await store.get("no\x00code\ud800") is None
    assert await store.by_id(1) is None


async def test_refusals(store: Any, camera_file: Maker) -> None:
    await store.add(camera_file(1))
    with pytest.raises(CameraExistsError, match="42010200001320000001 is registered already"):
        await store.add(camera_file(1, name="other"))
    with pytest.raises(CameraInvalidError, match="'EASTLAKE': no such division is known"):
        await store.add(camera_file(2, division_code="EASTLAKE"))
    with pytest.raises(CameraInvalidError) as caught:
        await store.add(camera_file(3, name="a\nb", host="u:p@h"))
    assert [problem.field for problem in caught.value.problems] == ["name", "host"]
    assert len(await store.all()) == 1


async def test_an_update_raises_the_revision_only_if_it_changes_something(
    store: Any, camera_file: Maker
) -> None:
    camera = await store.add(camera_file(1))
    assert await store.replace(camera_file(1)) == camera
    changed = await store.replace(camera_file(1, name="New"), revision=1)
    assert (changed.name, changed.revision) == ("New", 2)
    assert changed.updated_at > camera.updated_at
    with pytest.raises(CameraChangedError, match="it is at revision 2, not 1"):
        await store.replace(camera_file(1, name="Newer"), revision=1)
    with pytest.raises(UnknownCameraError):
        await store.replace(camera_file(2))
    with pytest.raises(CameraInvalidError, match="'NOWHERE': no such division is known"):
        await store.replace(camera_file(1, division_code="NOWHERE"))
    assert await store.get(camera.device_code) == changed


async def test_the_channels_of_a_device_share_a_shard(store: Any, camera_file: Maker) -> None:
    channels = [await store.add(camera_file(n, host="10.0.0.5")) for n in range(1, 5)]
    assert len({camera.shard for camera in channels}) == 1
    others = [await store.add(camera_file(n, host=f"10.0.1.{n}")) for n in range(5, 69)]
    # 64 thrown into 1,024 pigeonholes share two of them on average, and never many.
    assert len({camera.shard for camera in others}) >= 54
    unreached = [
        await store.add(camera_file(n, host=None, poll_mode=PollMode.NONE)) for n in range(69, 75)
    ]
    assert len({camera.shard for camera in unreached}) >= 4


async def test_workers_are_given_what_they_look_after(
    pool: asyncpg.Pool, store: Any, camera_file: Maker
) -> None:
    one = await store.add(camera_file(1))
    recorder = {"recorder_code": "42010200001180000001", "recorder_channel": 1}
    two = await store.add(camera_file(2, poll_mode=PollMode.RECORDER, **recorder))
    unasked = await store.add(
        camera_file(3, tier=Tier.SOCIAL, host=None, poll_mode=PollMode.ON_REQUEST)
    )
    gone = await store.add(camera_file(4))
    async with CameraStore(pool).edit("test") as edit:
        await edit.move(gone.device_code, LifeState(Life.REMOVED, "a test"))
    reader = CameraStore(pool)
    assert await reader.measured_in_shards([one.shard]) == {one.camera_id: one.brief}
    shards = {camera.shard for camera in (one, two, unasked, gone)}
    both = {camera.camera_id: camera.brief for camera in (one, two)}
    assert await reader.measured_in_shards(shards) == both
    assert await reader.measured_in_shards([]) == {}


async def test_of_what_workers_know_only_what_changed_is_read_again(
    pool: asyncpg.Pool, store: Any, camera_file: Maker, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sharpeyes.registry.store._REVISIONS_AT_ONCE", 2)
    monkeypatch.setattr("sharpeyes.registry.store._CAMERAS_AT_ONCE", 2)
    reader, every = CameraStore(pool), range(SHARD_COUNT)
    cameras = [await store.add(camera_file(number)) for number in range(1, 6)]
    known = await reader.measured_in_shards(every)
    assert known == {camera.camera_id: camera.brief for camera in cameras}

    kept, renamed, retired, *_ = cameras
    renamed = await store.replace(camera_file(2, name="Newer"))
    async with reader.edit("test") as edit:
        await edit.move(retired.device_code, LifeState(Life.REMOVED, "a test"))
    added = await store.add(camera_file(6))
    again = await reader.measured_in_shards(every, known)
    assert again == await reader.measured_in_shards(every)
    assert again.keys() == known.keys() - {retired.camera_id} | {added.camera_id}
    assert again[renamed.camera_id].name == "Newer"
    assert again[kept.camera_id] is known[kept.camera_id]


async def test_zones(store: Any, camera_file: Maker) -> None:
    camera = await store.add(camera_file(1))
    lane = Zone("左转车道", ZoneKind.NO_PARKING, CORNER, dwell_s=60.0)
    window = Zone("windows", ZoneKind.PRIVACY, CORNER)
    await store.add_zone(camera.device_code, lane)
    await store.add_zone(camera.device_code, window)
    assert await store.zones(camera.camera_id) == [lane, window]
    with pytest.raises(ZoneExistsError):
        await store.add_zone(camera.device_code, msgspec.structs.replace(lane, dwell_s=None))
    with pytest.raises(UnknownCameraError):
        await store.add_zone("42010200001320000009", lane)
    await store.remove_zone(camera.device_code, "左转车道")
    for name in ("左转车道", "\x00"):
        with pytest.raises(UnknownZoneError):
            await store.remove_zone(camera.device_code, name)
    assert await store.zones(camera.camera_id) == [window]
    after = await store.by_id(camera.camera_id)
    assert after is not None
    assert after.revision == 4


@pytest.mark.parametrize(
    ("zone", "message"),
    [
        (Zone("a\nb", ZoneKind.WATCH, CORNER), r"zone a\\nb, name: has the control character"),
        (Zone("far", ZoneKind.WATCH, ((0, 0), (2, 0), (1, 1))), "zone far, polygon: x of point 2"),
        (Zone("line", ZoneKind.WATCH, ((0, 0), (1, 1))), "zone line, polygon: needs 3"),
        (Zone("lane", ZoneKind.WATCH, CORNER, dwell_s=-1), "zone lane, dwell_s: must be"),
    ],
)
async def test_bad_zones_are_refused(
    store: Any, camera_file: Maker, zone: Zone, message: str
) -> None:
    camera = await store.add(camera_file(1))
    with pytest.raises(ZoneInvalidError, match=message):
        await store.add_zone(camera.device_code, zone)
    assert await store.zones(camera.camera_id) == []


async def test_every_change_is_announced(database_url: str, store: Any, camera_file: Maker) -> None:
    heard: asyncio.Queue[str] = asyncio.Queue()
    listener = await asyncpg.connect(database_url)
    try:
        await listener.add_listener("sharpeyes", lambda *notice: heard.put_nowait(notice[3]))
        camera = await store.add(camera_file(1))
        await store.replace(camera_file(1, name="New"))
        await store.replace(camera_file(1, name="New"))
        await store.add_zone(camera.device_code, Zone("lane", ZoneKind.WATCH, CORNER))
        await store.remove_zone(camera.device_code, "lane")
        async with asyncio.timeout(10):
            notices = [msgspec.json.decode(await heard.get()) for _ in range(4)]
        assert notices == [{"camera": camera.camera_id}] * 4
        assert heard.empty()
    finally:
        await listener.close()


async def test_two_at_once_register_one_camera(store: Any, camera_file: Maker) -> None:
    results = await asyncio.gather(
        *(store.add(camera_file(1)) for _ in range(4)), return_exceptions=True
    )
    assert sum(isinstance(result, CameraExistsError) for result in results) == 3
    assert len(await store.all()) == 1
