import asyncio
import random
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import msgspec
import pytest_asyncio

from sharpeyes.events.event import EventType, Evidence, NewEvent, Severity, new_event_id
from sharpeyes.events.payload import VehicleAbandoned
from sharpeyes.events.store import append
from sharpeyes.registry.camera import CameraFile, FiledCamera, PollMode, Tier
from sharpeyes.service.access import Scope

NOW = datetime(2026, 11, 21, 20, 31, tzinfo=UTC)
JPEG = b"\xff\xd8not really a picture\xff\xd9"


@pytest_asyncio.fixture
async def camera(api: Any) -> FiledCamera:
    file = CameraFile(
        device_code="42010200001320000001",
        name="江汉路口",
        tier=Tier.CITY,
        division_code="420102",
        poll_mode=PollMode.NONE,
    )
    async with api.context.cameras.edit("test") as edit:
        added = await edit.add(file)
    assert isinstance(added, FiledCamera)
    return added


async def store(api: Any, camera: FiledCamera, number: int, *, ends: int | None = None) -> str:
    event_id = new_event_id(NOW, random.Random(number))
    event = NewEvent(
        event_id=event_id,
        type=EventType.ABANDONED_VEHICLE,
        camera_id=camera.camera_id,
        device_code=camera.device_code,
        severity=Severity.ALERT if ends is None else Severity.INFO,
        occurred_at=NOW,
        dedup_key=f"test:{number}",
        follows="" if ends is None else f"test:{ends}",
        data=VehicleAbandoned(
            phase="alert" if ends is None else "end",
            box_xyxy=(1, 2, 30, 40),
            picture_width_px=640,
            picture_height_px=360,
            zone="kerb",
            dwell_s=61.5,
            started_at=NOW,
        ),
        evidence=Evidence.of(JPEG, width_px=640, height_px=360, taken_at=NOW),
    )
    async with api.context.pool.acquire() as connection, connection.transaction():
        assert await append(connection, event)
    return event_id


async def test_events_are_listed_newest_first_in_pages(api: Any, camera: FiledCamera) -> None:
    reader = await api.token(Scope.EVENTS_READ)
    stored = [await store(api, camera, number) for number in range(5)]
    seen: list[str] = []
    query = {"limit": "2"}
    while True:
        answer = await api.client.get("/api/v1/events", params=query, headers=reader)
        page = await answer.json()
        seen += [event["event_id"] for event in page["events"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert seen == stored[::-1]


async def test_an_alert_and_its_end_are_one_thread(api: Any, camera: FiledCamera) -> None:
    reader = await api.token(Scope.EVENTS_READ)

    async def get(event_id: str) -> tuple[str | None, list[str]]:
        answer = await api.client.get(f"/api/v1/events/{event_id}", headers=reader)
        event = await answer.json()
        return event["data"]["first_event_id"], [one["event_id"] for one in event["thread"]]

    alert, other = await store(api, camera, 1), await store(api, camera, 2)
    end, lost = await store(api, camera, 3, ends=1), await store(api, camera, 4, ends=9)

    assert await get(alert) == (None, [alert, end])
    assert await get(end) == (alert, [alert, end])
    assert await get(other) == (None, [other])
    assert await get(lost) == (None, [lost])
    stranger = await api.token(Scope.EVENTS_READ, division_code="420106")
    answer = await api.client.get(f"/api/v1/events/{end}", headers=stranger)
    assert answer.status == HTTPStatus.NOT_FOUND


async def test_a_type_can_be_left_out(api: Any, camera: FiledCamera) -> None:
    officer = await api.token(Scope.EVENTS_READ, Scope.CASES_WRITE)
    event_id = await store(api, camera, 1)
    await api.client.post(f"/api/v1/events/{event_id}/case/acknowledge", json={}, headers=officer)

    async def listed(**query: str) -> list[str]:
        answer = await api.client.get("/api/v1/events", params=query, headers=officer)
        return [event["type"] for event in (await answer.json())["events"]]

    changed = EventType.CASE_CHANGED.value
    assert await listed() == [changed, EventType.ABANDONED_VEHICLE.value]
    assert await listed(without=changed) == [EventType.ABANDONED_VEHICLE.value]
    assert await listed(without=changed, state="acknowledged") == [EventType.ABANDONED_VEHICLE]


async def test_an_event_is_shown_with_its_camera_and_deliveries(
    api: Any, camera: FiledCamera
) -> None:
    reader = await api.token(Scope.EVENTS_READ)
    await api.context.pool.execute(
        "INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id)"
        " VALUES ('cases', 'https://127.0.0.1/', '', '\\x000000000000000000000000', 'k')"
    )
    event_id = await store(api, camera, 1)
    answer = await api.client.get(f"/api/v1/events/{event_id}", headers=reader)
    event = await answer.json()
    assert event["camera_name"] == "江汉路口"
    assert event["data"]["zone"] == "kerb"
    assert event["has_picture"] is True
    assert event["deliveries"] == [
        {"endpoint": "cases", "state": "pending", "attempt_count": 0, "delivered_at": None}
    ]


async def test_looking_at_a_picture_is_written_down(api: Any, camera: FiledCamera) -> None:
    event_id = await store(api, camera, 1)
    looker = await api.token(Scope.PICTURES_READ)
    answer = await api.client.get(f"/api/v1/events/{event_id}/picture", headers=looker)
    assert await answer.read() == JPEG
    assert answer.content_type == "image/jpeg"
    row = await api.context.pool.fetchrow("SELECT * FROM audit WHERE action = 'picture.view'")
    assert (row["actor"], row["object"]) == ("test pictures:read", event_id)


async def test_unknown_events_are_not_found(api: Any) -> None:
    reader = await api.token(Scope.EVENTS_READ, Scope.PICTURES_READ)
    for path in ("/api/v1/events/none", "/api/v1/events/none/picture"):
        assert (await api.client.get(path, headers=reader)).status == HTTPStatus.NOT_FOUND


async def test_a_new_event_is_heard_at_once(api: Any, camera: FiledCamera) -> None:
    reader = await api.token(Scope.CAMERAS_READ)
    async with api.client.get("/api/v1/stream", headers=reader) as stream:
        assert stream.content_type == "text/event-stream"
        heard = _frames(stream)
        async with asyncio.timeout(30):
            await _until(heard, "heartbeat")
            event_id = await store(api, camera, 1)
            assert (await _until(heard, "event", event_id))["event_id"] == event_id


async def _frames(stream: Any) -> Any:
    kind = ""
    async for raw in stream.content:
        name, _, value = raw.decode().strip().partition(": ")
        if name == "event":
            kind = value
        elif name == "data":
            yield kind, msgspec.json.decode(value)


async def _until(frames: Any, kind: str, event_id: str | None = None) -> Any:
    async for seen, data in frames:
        if seen == kind and (event_id is None or data.get("event_id") == event_id):
            return data
    raise AssertionError(f"the stream ended without {kind}")


async def test_an_endpoint_is_added_once_and_listed(demo_api: Any) -> None:
    # The demo's anonymous looker-on may not; a token may.
    writer = await demo_api.token(Scope.ENDPOINTS_WRITE)
    reader = await demo_api.token(Scope.ENDPOINTS_READ)
    answer = await demo_api.client.post(
        "/api/v1/endpoints", json={"name": "cases", "url": "ftp://127.0.0.1/"}, headers=writer
    )
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    listed = await demo_api.client.get("/api/v1/endpoints", headers=reader)
    assert await listed.json() == {"endpoints": []}
