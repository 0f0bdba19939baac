"""Whatever a district asks, it hears of its own (T15, input 27): every operation is tried."""

from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio

from sharpeyes.registry.camera import CameraFile, PollMode, Tier
from sharpeyes.service.access import Scope
from sharpeyes.service.api.app import OPERATIONS

OURS = "42010200001320000001"
THEIRS = "42010300001320000001"
SECRET_NAME = "别区的摄像头"
QUERIES = {
    "/api/v1/health/report": ("?month=2026-10",),
    "/api/v1/map": ("?bbox=113,29,116,32&zoom=6", "?bbox=113,29,116,32&zoom=18"),
    "/api/v1/cameras": (
        "",
        f"?q={SECRET_NAME}",
        f"?q={THEIRS}",
        "?division=420103",
        "?near=114.3,30.6",
    ),
    "/api/v1/cameras/export": ("?format=csv", "?format=json", "?format=geojson&division=420103"),
    "/api/v1/divisions/counts": ("", "?division=420100", "?division=420103"),
    "/api/v1/duplicates": ("", "?division=420103"),
    "/api/v1/events": ("", f"?camera={THEIRS}"),
}
# The stream has no end; what it tells is tested with it.
READING = sorted(
    operation.path
    for operation in OPERATIONS
    if operation.method == "GET" and operation.scope and operation.path != "/api/v1/stream"
)
WRITING = [
    operation
    for operation in OPERATIONS
    if operation.method != "GET" and "{device_code}" in operation.path
]


@pytest_asyncio.fixture
async def district(api: Any) -> dict[str, str]:
    """Jiang'an's token with every scope; there is a camera in Jiang'an and one in Jianghan."""
    async with api.context.cameras.edit("test") as edit:
        for code, name in ((OURS, "本区的摄像头"), (THEIRS, SECRET_NAME)):
            await edit.add(
                CameraFile(
                    device_code=code,
                    name=name,
                    tier=Tier.CITY,
                    division_code=code[:6],
                    longitude=114.3,
                    latitude=30.6,
                    poll_mode=PollMode.NONE,
                )
            )
    headers: dict[str, str] = await api.token(*Scope, division_code="420102")
    return headers


@pytest.mark.parametrize("path", READING)
async def test_hostile_27_nothing_that_is_read_tells_of_another_district(
    api: Any, district: dict[str, str], path: str
) -> None:
    filled = path.replace("{device_code}", THEIRS)
    for name in ("event_id", "place_code", "import_id"):
        filled = filled.replace(f"{{{name}}}", "1")
    for query in QUERIES.get(path, ("",)):
        answer = await api.client.get(filled + query, headers=district)
        wanted = HTTPStatus.NOT_FOUND if "{" in path else HTTPStatus.OK
        assert answer.status == wanted, await answer.text()
        text = await answer.text() if "xlsx" not in path else ""
        # What was asked for is repeated in a refusal.
        assert SECRET_NAME not in text
        if "{device_code}" not in path:
            assert THEIRS not in text
    assert await _nothing_changed(api)


@pytest.mark.parametrize("operation", WRITING, ids=lambda o: f"{o.method} {o.path}")
async def test_hostile_27_another_districts_camera_cannot_be_changed(
    api: Any, district: dict[str, str], operation: Any
) -> None:
    path = operation.path.replace("{device_code}", THEIRS).replace("{zone_name}", "z")
    bodies = {
        "/api/v1/cameras/{device_code}/life": {"life": "removed", "reason": "x"},
        "/api/v1/cameras/{device_code}/zones/{zone_name}": {
            "kind": "watch",
            "polygon": [[0, 0], [1, 0], [1, 1]],
        },
    }
    body = bodies.get(operation.path, {"name": "x"})
    query = "?reason=x" if operation.method == "DELETE" else ""
    answer = await api.client.request(
        operation.method, path + query, json=body, headers=district | {"If-Match": '"1"'}
    )
    assert HTTPStatus.BAD_REQUEST <= answer.status < HTTPStatus.INTERNAL_SERVER_ERROR
    assert SECRET_NAME not in await answer.text()
    assert await _nothing_changed(api)


async def _nothing_changed(api: Any) -> bool:
    unchanged: bool = await api.context.pool.fetchval(
        "SELECT name = $2 AND revision = 1 AND life = 'in_service' AND division_code = '420103'"
        " FROM camera WHERE device_code = $1",
        THEIRS,
        SECRET_NAME,
    )
    return unchanged
