import io
from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio

from sharpeyes.service.access import Scope

CODE = "42010200001320000001"
CAMERA: dict[str, Any] = {
    "device_code": CODE,
    "name": "解放大道 <img src=x onerror=alert(1)>",
    "tier": "city",
    "division_code": "420102",
    "longitude": 114.3,
    "latitude": 30.6,
    "host": "127.20.0.1",
    "main_stream_path": "/Streaming/Channels/101",
    "username": "admin",
    "password": "canary-7Qz",
}

Add = Callable[..., Awaitable[Any]]
Read = Callable[..., Awaitable[Any]]


@pytest_asyncio.fixture
async def add(api: Any) -> Add:
    writer = await api.token(Scope.CAMERAS_WRITE)

    async def add(**changes: Any) -> Any:
        return await api.client.post("/api/v1/cameras", json=CAMERA | changes, headers=writer)

    return add


@pytest_asyncio.fixture
async def read(api: Any) -> Read:
    reader = await api.token(Scope.CAMERAS_READ)

    async def read(path: str, **query: str) -> Any:
        return await api.client.get(path, params=query, headers=reader)

    return read


async def test_a_camera_is_registered_and_read_back(add: Add, read: Read) -> None:
    answer = await add()
    assert answer.status == HTTPStatus.CREATED
    view = await answer.json()
    assert view["status"] == "unknown"
    assert view["tier"] == "city"
    detail = await (await read(f"/api/v1/cameras/{CODE}")).json()
    assert detail["name"] == CAMERA["name"]
    assert detail["zones"] == []
    assert detail["transitions"] == []
    assert "canary-7Qz" not in str(view) + str(detail)


async def test_hostile_25_the_same_code_twice_is_a_conflict(add: Add) -> None:
    await add()
    answer = await add(name="another")
    assert answer.status == HTTPStatus.CONFLICT
    assert CODE in (await answer.json())["detail"]


async def test_every_bad_field_is_answered_at_once(add: Add) -> None:
    answer = await add(device_code="42", longitude=500.0, host="http://x", rtsp_port=0)
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    fields = {error["field"] for error in (await answer.json())["errors"]}
    assert {"device_code", "longitude", "host", "rtsp_port"} <= fields


async def test_an_unknown_division_is_named(add: Add) -> None:
    for code, division in (("42019900001320000001", "420199"), (CODE, "999999")):
        answer = await add(device_code=code, division_code=division)
        assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
        (error,) = (await answer.json())["errors"]
        assert error["field"] == "division_code"
        assert "no " in error["reason"]
        assert "division" in error["reason"]


async def test_a_camera_that_cannot_be_asked_says_why(add: Add) -> None:
    view = await (await add(main_stream_path=None, sub_stream_path=None)).json()
    assert view["status"] == "unknown"
    assert view["evidence"] == "no stream path is on file, so it cannot be asked"


async def test_a_password_without_a_username_is_refused(add: Add) -> None:
    answer = await add(username=None)
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert "canary-7Qz" not in await answer.text()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"\xff\xfe",
        pytest.param(b"[" * 100_000, id="hostile_21_deep"),
        pytest.param(b'{"device_code": 1e400}', id="hostile_23_1e400"),
        pytest.param(b'{"longitude": 9223372036854775808}', id="hostile_23_2_to_63"),
        pytest.param(b'{"device_code": "\\ud800"}', id="hostile_24_surrogate"),
        pytest.param(
            b'{"name": "\\u0000", "device_code": "42010200001320000001"}', id="hostile_24_nul"
        ),
    ],
)
async def test_broken_bodies_get_a_problem(api: Any, body: bytes) -> None:
    writer = await api.token(Scope.CAMERAS_WRITE)
    answer = await api.client.post("/api/v1/cameras", data=body, headers=writer)
    assert answer.status in {HTTPStatus.BAD_REQUEST, HTTPStatus.UNPROCESSABLE_ENTITY}
    assert answer.content_type == "application/problem+json"
    assert (await answer.json())["detail"]


async def test_a_long_body_is_refused(api: Any) -> None:
    writer = await api.token(Scope.CAMERAS_WRITE)
    body = io.BytesIO(b" " * 5_000_000)
    answer = await api.client.post("/api/v1/cameras", data=body, headers=writer)
    assert answer.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


async def test_an_unknown_camera_is_not_found(read: Read) -> None:
    answer = await read(f"/api/v1/cameras/{CODE}")
    assert answer.status == HTTPStatus.NOT_FOUND
    assert CODE in (await answer.json())["detail"]


async def test_cameras_are_filtered_and_counted(add: Add, read: Read) -> None:
    for number in range(1, 8):
        await add(
            device_code=f"4201020000132{number:07}", tier="district" if number % 2 else "city"
        )
    await add(
        device_code="42010300001320000001",
        division_code="420103",
        poll_mode="on_request",
        name="中山公园",
    )

    async def listed(**query: str) -> Any:
        return await (await read("/api/v1/cameras", **query)).json()

    assert (await listed())["total"] == 8
    assert (await listed(tier="district"))["total"] == 4
    assert (await listed(division="420103"))["total"] == 1
    assert (await listed(division="420100"))["total"] == 8
    assert (await listed(q="公园"))["total"] == 1
    assert (await listed(q="42010300"))["total"] == 1
    assert (await listed(status="not_measured"))["total"] == 1
    assert (await listed(status="unknown"))["total"] == 7


async def test_pages_cover_everything_once(add: Add, read: Read) -> None:
    for number in range(1, 8):
        await add(device_code=f"4201020000132{number:07}")
    seen: list[str] = []
    query = {"limit": "3"}
    while True:
        page = await (await read("/api/v1/cameras", **query)).json()
        assert page["total"] == 7
        seen += [camera["device_code"] for camera in page["cameras"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == sorted(set(seen))
    assert len(seen) == 7


@pytest.mark.parametrize(
    "query", [{"limit": "0"}, {"limit": "-1"}, {"limit": "1e12"}, {"tier": "x"}, {"colour": "red"}]
)
async def test_bad_queries_name_the_parameter(read: Read, query: dict[str, str]) -> None:
    answer = await read("/api/v1/cameras", **query)
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    (error,) = (await answer.json())["errors"]
    assert error["field"] == next(iter(query))


async def test_status_counts_have_their_base(add: Add, read: Read) -> None:
    await add()
    await add(device_code="42010200001320000002", poll_mode="none", host=None)
    status = await (await read("/api/v1/status")).json()
    assert status["total"] == {
        "registered": 2,
        "measured": 1,
        "ok": 0,
        "degraded": 0,
        "unreachable": 0,
        "offline": 0,
        "unknown": 1,
        "not_measured": 1,
        "maintenance": 0,
    }
    assert status["by_tier"][0]["tier"] == "city"
    assert {"division_code": "420102"}.items() <= status["by_division"][0].items()


async def test_divisions_are_listed(read: Read) -> None:
    divisions = (await (await read("/api/v1/divisions")).json())["divisions"]
    assert len(divisions) == 14
    assert divisions[0]["name_zh"] == "武汉市"
