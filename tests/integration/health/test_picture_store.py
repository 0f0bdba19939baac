from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta

import asyncpg
import numpy as np
import pytest

from sharpeyes.detectors.quality import Reference, learn, measure
from sharpeyes.detectors.quality.reference import SAMPLES
from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.health.kept_pictures import list_pictures, renew_references
from sharpeyes.health.light import Light
from sharpeyes.health.picture_store import KnownView, PictureStore
from sharpeyes.registry.camera import Camera
from sharpeyes.registry.store import CameraStore
from sharpeyes.registry.zoning import ZoneEdit

AddCamera = Callable[..., Awaitable[Camera]]
AT = datetime(2026, 11, 21, 4, tzinfo=UTC)
LATER = AT + timedelta(minutes=5)
WINDOW = Zone("window", ZoneKind.PRIVACY, ((0.0, 0.0), (0.4, 0.0), (0.4, 1.0)))
JPEG = b"\xff\xd8 a picture \xff\xd9"


@pytest.fixture(scope="module")
def reference() -> Reference:
    random, known = np.random.default_rng(2), None
    blocks = np.kron(random.integers(40, 200, (9, 16, 3)), np.ones((30, 30, 1)))
    for _ in range(SAMPLES):
        known = learn(known, measure((blocks + random.normal(0, 2, blocks.shape)).astype(np.uint8)))
    assert known is not None
    return known


async def known_of(store: PictureStore, camera: Camera, light: Light = Light.DAY) -> KnownView:
    known = await store.known(camera, light)
    assert known is not None
    return known


async def add_zone(pool: asyncpg.Pool, camera: Camera, zone: Zone) -> None:
    async with CameraStore(pool).edit("test") as edit:
        await (await ZoneEdit.of(edit.connection, camera.device_code)).add([zone])


async def kinds(pool: asyncpg.Pool, camera: Camera) -> list[str]:
    return [kept.kind for kept in await list_pictures(pool, camera.camera_id)]


async def test_a_reference_is_kept_for_each_light(
    pool: asyncpg.Pool, add_camera: AddCamera, reference: Reference
) -> None:
    store, camera = PictureStore(pool), await add_camera(1)
    known = await known_of(store, camera)
    assert (known.reference, known.zones, known.last_at) == (None, (), None)
    await store.keep(camera, known, AT, reference=reference, last_jpeg=JPEG)

    known = await known_of(store, camera)
    assert known.reference is not None
    assert known.reference.is_ready
    assert np.array_equal(known.reference.luma, reference.luma)
    assert (known.reference_at, known.last_at) == (AT, AT)
    assert (await known_of(store, camera, Light.NIGHT)).reference is None
    assert await kinds(pool, camera) == ["day", "last"]


async def test_what_was_renewed_meanwhile_is_not_brought_back(
    pool: asyncpg.Pool, add_camera: AddCamera, reference: Reference
) -> None:
    store, camera = PictureStore(pool), await add_camera(1)
    await store.keep(camera, await known_of(store, camera), AT, reference=reference, last_jpeg=None)
    before = await known_of(store, camera)
    async with pool.acquire() as connection:
        assert await renew_references(connection, camera.camera_id) == 1
    await store.keep(camera, before, LATER, reference=reference, last_jpeg=JPEG)
    assert await kinds(pool, camera) == ["last"]


async def test_a_privacy_zone_takes_what_was_kept_without_it(
    pool: asyncpg.Pool, add_camera: AddCamera, reference: Reference
) -> None:
    store, camera = PictureStore(pool), await add_camera(1)
    unmasked = await known_of(store, camera)
    await store.keep(camera, unmasked, AT, reference=reference, last_jpeg=JPEG)
    await add_zone(pool, camera, WINDOW)
    assert await kinds(pool, camera) == []
    # A worker that looked before the zone was drawn, and comes to store after.
    await store.keep(camera, unmasked, LATER, reference=reference, last_jpeg=JPEG)
    assert await kinds(pool, camera) == []
    assert (await known_of(store, camera)).zones == (WINDOW,)


async def test_other_zones_leave_them(
    pool: asyncpg.Pool, add_camera: AddCamera, reference: Reference
) -> None:
    store, camera = PictureStore(pool), await add_camera(1)
    await store.keep(camera, await known_of(store, camera), AT, reference=reference, last_jpeg=JPEG)
    await add_zone(pool, camera, Zone("bay", ZoneKind.WATCH, WINDOW.polygon))
    assert await kinds(pool, camera) == ["day", "last"]
    assert (await known_of(store, camera)).zones == ()


async def test_a_broken_reference_is_learned_anew(
    pool: asyncpg.Pool, add_camera: AddCamera, reference: Reference
) -> None:
    store, camera = PictureStore(pool), await add_camera(1)
    await store.keep(camera, await known_of(store, camera), AT, reference=reference, last_jpeg=None)
    await pool.execute("UPDATE camera_picture SET figures = 'x'")
    broken = await known_of(store, camera)
    assert broken.reference is None
    await store.keep(camera, broken, LATER, reference=reference, last_jpeg=None)
    assert (await known_of(store, camera)).reference is not None
