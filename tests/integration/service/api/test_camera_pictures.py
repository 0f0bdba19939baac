from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import asyncpg
import pytest_asyncio

from sharpeyes.registry.camera import CameraFile, FiledCamera, PollMode, Tier
from sharpeyes.service.access import Scope

CODE = "42010200001320000001"
PATH = f"/api/v1/cameras/{CODE}/pictures"
REFERENCE = f"/api/v1/cameras/{CODE}/reference"
AT = datetime(2026, 11, 21, 4, tzinfo=UTC)


@pytest_asyncio.fixture
async def camera(api: Any, pool: asyncpg.Pool) -> FiledCamera:
    file = CameraFile(
        device_code=CODE,
        name="江汉路口",
        tier=Tier.CITY,
        division_code="420102",
        poll_mode=PollMode.NONE,
    )
    async with api.context.cameras.edit("test") as edit:
        added = await edit.add(file)
    assert isinstance(added, FiledCamera)
    await pool.executemany(
        "INSERT INTO camera_picture VALUES ($1, $2, $3, $4, $5, $6, $7)",
        [
            (added.camera_id, "day", AT, b"a PNG", b"figures", 6, True),
            (added.camera_id, "night", AT, b"a PNG", b"figures", 2, False),
            (added.camera_id, "last", AT, b"a JPEG", None, None, None),
        ],
    )
    return added


async def test_pictures_are_listed_and_looked_at_with_a_trace(
    api: Any, pool: asyncpg.Pool, camera: FiledCamera
) -> None:
    reader = await api.token(Scope.CAMERAS_READ)
    listed = await (await api.client.get(PATH, headers=reader)).json()
    assert [(kept["kind"], kept["samples"], kept["is_ready"]) for kept in listed["pictures"]] == [
        ("day", 6, True),
        ("last", None, None),
        ("night", 2, False),
    ]
    refused = await api.client.get(f"{PATH}/day", headers=reader)
    assert refused.status == HTTPStatus.FORBIDDEN
    looker = await api.token(Scope.PICTURES_READ)
    for kind, content_type in (("day", "image/png"), ("last", "image/jpeg")):
        shown = await api.client.get(f"{PATH}/{kind}", headers=looker)
        assert (shown.status, shown.content_type) == (HTTPStatus.OK, content_type)
        assert shown.headers["Cache-Control"] == "private, no-store"
    assert (await api.client.get(f"{PATH}/week", headers=looker)).status == HTTPStatus.NOT_FOUND
    looks = await pool.fetch(
        "SELECT object, detail FROM audit WHERE action = 'camera.picture.view' ORDER BY audit_id"
    )
    assert [(row["object"], row["detail"]) for row in looks] == [
        (camera.device_code, {"kind": "day"}),
        (camera.device_code, {"kind": "last"}),
    ]


async def test_references_are_renewed_by_who_may_change_cameras(
    api: Any, pool: asyncpg.Pool, camera: FiledCamera
) -> None:
    reader = await api.token(Scope.CAMERAS_READ)
    refused = await api.client.delete(REFERENCE, headers=reader)
    assert refused.status == HTTPStatus.FORBIDDEN
    writer = await api.token(Scope.CAMERAS_WRITE)
    left = await (await api.client.delete(REFERENCE, headers=writer)).json()
    assert [kept["kind"] for kept in left["pictures"]] == ["last"]
    detail = await pool.fetchval("SELECT detail FROM audit WHERE action = 'camera.reference.renew'")
    assert detail == {"forgotten": 2}
    unknown = REFERENCE.replace(CODE, "42010200001320000999")
    answer = await api.client.delete(unknown, headers=writer)
    assert answer.status == HTTPStatus.NOT_FOUND


async def test_another_districts_pictures_are_not_there(api: Any, camera: FiledCamera) -> None:
    elsewhere = await api.token(Scope.PICTURES_READ, Scope.CAMERAS_WRITE, division_code="420103")
    for kind in ("day", "last"):
        answer = await api.client.get(f"{PATH}/{kind}", headers=elsewhere)
        assert answer.status == HTTPStatus.NOT_FOUND
    answer = await api.client.delete(REFERENCE, headers=elsewhere)
    assert answer.status in {HTTPStatus.NOT_FOUND, HTTPStatus.FORBIDDEN}
