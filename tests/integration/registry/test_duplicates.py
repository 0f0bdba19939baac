from collections.abc import Awaitable, Callable
from typing import Any

import asyncpg
import pytest

from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.devices.credentials import Credentials
from sharpeyes.registry.camera import CameraFile, FiledCamera, Life, PollMode, Tier
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.duplicate import DuplicateReason
from sharpeyes.registry.duplicates import DuplicateSearch
from sharpeyes.registry.errors import CameraChangedError, MergeError, UnknownCameraError
from sharpeyes.registry.history import CameraHistory
from sharpeyes.registry.life import LifeState
from sharpeyes.registry.merging import merge

LON, LAT = 114.31, 30.60
M_PER_DEG = 111_195.0
KEEP, DROP = "42010200001320000001", "42010200001320000002"
ZONE = Zone("bus lane", ZoneKind.NO_PARKING, ((0.1, 0.1), (0.9, 0.1), (0.5, 0.9)), 60)

Add = Callable[..., Awaitable[FiledCamera]]


@pytest.fixture
def add(store: Any, camera_file: Callable[..., CameraFile]) -> Add:
    """Add a camera of its own place, name and address; the changes may make it a double."""

    async def add(
        number: int, *, credentials: Credentials | None = None, **changes: object
    ) -> FiledCamera:
        own = {"name": f"路口 {number}", "longitude": LON + number / 100, "latitude": LAT}
        file = camera_file(number, **own | changes)
        camera: FiledCamera = await store.add(file, credentials)
        return camera

    return add


async def found(pool: asyncpg.Pool, **options: Any) -> list[tuple[str, list[str]]]:
    report = await DuplicateSearch(pool).report(**options)
    return [
        (duplicate.reason, [camera.device_code[-2:] for camera in duplicate.cameras])
        for duplicate in report.duplicates
    ]


async def test_cameras_of_their_own_are_no_duplicates(pool: asyncpg.Pool, add: Add) -> None:
    for number in range(1, 6):
        await add(number, mac=f"AA-BB-CC-DD-EE-{number:02X}")
    # Channels of one recorder share its address and its MAC.
    # Alone with its MAC, and nobody wrote down for which stream.
    await add(9, mac="AA-BB-CC-DD-EE-09", main_stream_path=None, poll_mode=PollMode.NONE)
    same = {"host": "10.9.9.9", "mac": "AA-BB-CC-DD-EE-F0"}
    await add(6, main_stream_path="/101", **same)
    await add(7, main_stream_path="/201", **same)
    assert await found(pool) == []


async def test_each_reason_is_told(pool: asyncpg.Pool, add: Add) -> None:
    await add(1, host="10.9.9.9")
    await add(2, host="10.9.9.9")
    await add(3, mac="AA-BB-CC-DD-EE-01", main_stream_path=None, poll_mode=PollMode.NONE)
    await add(4, mac="AA-BB-CC-DD-EE-01")
    near = {"latitude": LAT + 4 / M_PER_DEG, "longitude": LON + 0.05}
    await add(5, name="三阳路口 东北角")
    await add(6, name="三阳路口东北角", **near)
    await add(7, name="三阳路口东南角", **near)
    await add(8)
    await add(9, device_code="42010200001310000008", name="路口　8")
    assert await found(pool) == [
        (DuplicateReason.ADDRESS, ["01", "02"]),
        (DuplicateReason.MAC, ["03", "04"]),
        (DuplicateReason.POSITION, ["05", "06"]),
        (DuplicateReason.CODE, ["08", "08"]),
    ]
    report = await DuplicateSearch(pool).report(reasons=[DuplicateReason.POSITION])
    [duplicate] = report.duplicates
    assert duplicate.shared == "4.0 m apart at most, names alike"
    assert report.total == {DuplicateReason.POSITION: 1}
    assert await found(pool, division_code="420103") == []
    assert await found(pool, limit=0) == []


@pytest.mark.parametrize(
    ("east_m", "north_m", "is_found"), [(4.9, 0, True), (0, 4.9, True), (3, 3, True), (4, 4, False)]
)
async def test_near_is_five_metres_wherever_the_squares_lie(
    pool: asyncpg.Pool, add: Add, east_m: float, north_m: float, is_found: bool
) -> None:
    for pair in range(12):
        at = {"longitude": LON + pair * 0.00123, "latitude": LAT + pair * 0.00321}
        aside = {
            "longitude": at["longitude"] + east_m / M_PER_DEG / 0.8607,
            "latitude": at["latitude"] + north_m / M_PER_DEG,
        }
        await add(2 * pair + 1, name=f"门 {pair}", **at)
        await add(2 * pair + 2, name=f"门 {pair}", **aside)
    assert len(await found(pool)) == (12 if is_found else 0)


async def test_a_placeholder_position_is_told_and_makes_no_duplicates(
    pool: asyncpg.Pool, add: Add
) -> None:
    for number in range(1, 25):
        await add(number, name="摄像机", longitude=LON, latitude=LAT)
    report = await DuplicateSearch(pool).report()
    assert report.duplicates == []
    [spot] = report.crowded
    assert (spot.longitude, spot.latitude, spot.cameras) == (LON, LAT, 24)


async def test_what_is_removed_is_no_duplicate(pool: asyncpg.Pool, store: Any, add: Add) -> None:
    await add(1, host="10.9.9.9")
    await add(2, host="10.9.9.9")
    async with store.edit("test") as edit:
        await edit.move(DROP, LifeState(Life.REMOVED, "gone"))
    assert await found(pool) == []


async def test_a_merge_fills_what_was_empty(
    pool: asyncpg.Pool, store: Any, credentials: CredentialStore, add: Add
) -> None:
    await add(1, name="解放大道", facing=1, longitude=None, latitude=None)
    await add(
        2,
        name="Jiefang",
        host="10.0.0.2",
        facing=2,
        model="DS",
        managing_unit="江岸分局",
        contacts=("027-1",),
        tier=Tier.SOCIAL,
        credentials=Credentials("admin", "canary-5q"),
    )
    await store.add_zone(DROP, ZONE)
    dry = await merge(store, KEEP, DROP, actor="li", dry_run=True)
    assert (await store.get(DROP)).life is Life.IN_SERVICE
    done = await merge(store, KEEP, DROP, actor="li")
    assert done == dry
    kept, dropped = await store.get(KEEP), await store.get(DROP)
    assert (kept.name, kept.facing, kept.model, kept.tier) == ("解放大道", 1, "DS", Tier.CITY)
    assert (kept.longitude, kept.latitude) == (LON + 0.02, LAT)
    assert kept.contacts == ("027-1",)
    assert kept.host == "10.0.0.2"
    assert await store.zones(kept.camera_id) == [ZONE]
    assert await store.zones(dropped.camera_id) == [ZONE]
    assert dropped.life is Life.REMOVED
    assert KEEP in dropped.life_reason
    changes = await CameraHistory(pool).of_camera(dropped.camera_id)
    assert (changes[0].actor, changes[0].action) == ("li", "merge")
    assert changes[0].before == {"life": "in_service", "life_reason": ""}
    history = await CameraHistory(pool).of_camera(kept.camera_id)
    assert {"merge"} == {change.action for change in history[:-1]}


async def test_a_merge_can_be_taken_back(
    pool: asyncpg.Pool, store: Any, credentials: CredentialStore, add: Add
) -> None:
    before = await add(1, model=None)
    await add(2, model="DS")
    await merge(store, KEEP, DROP, actor="li")
    async with store.edit("li") as edit:
        await edit.replace(before.file)
        await edit.move(DROP, LifeState(Life.IN_SERVICE))
    assert (await store.get(KEEP)).file == before.file
    assert (await store.get(DROP)).life is Life.IN_SERVICE


async def test_credentials_go_only_to_the_device_they_were_given_for(
    store: Any, credentials: CredentialStore, add: Add
) -> None:
    password = Credentials("admin", "canary-5q")
    same = await add(1, host="10.0.0.2")
    await add(2, host="10.0.0.2", credentials=password)
    assert (await merge(store, KEEP, DROP, actor="li")).credentials
    assert await credentials.get(same.camera_id) == password
    other = await add(3)
    await add(4, credentials=password)
    assert not (await merge(store, other.device_code, DROP[:-1] + "4", actor="li")).credentials
    assert not await credentials.has(other.camera_id)


async def test_what_cannot_be_merged_says_why(
    store: Any, credentials: CredentialStore, add: Add
) -> None:
    await add(1)
    with pytest.raises(MergeError, match="with itself"):
        await merge(store, KEEP, KEEP, actor="li")
    with pytest.raises(UnknownCameraError, match=DROP):
        await merge(store, KEEP, DROP, actor="li")
    await add(2)
    with pytest.raises(CameraChangedError, match=KEEP):
        await merge(store, KEEP, DROP, actor="li", keep_revision=9)
    await merge(store, KEEP, DROP, actor="li")
    with pytest.raises(MergeError, match="is removed"):
        await merge(store, KEEP, DROP, actor="li")
