"""Legal holds over HTTP: placed, listed and released by those who may."""

from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

from sharpeyes.registry.camera import Camera
from sharpeyes.service.access import Scope

PATH = "/api/v1/holds"
TIME = {"since": "2026-11-01T00:00:00Z", "until": "2026-11-02T00:00:00Z"}
KEPT = {"reason": "file 7", "expires_at": "2099-01-01T00:00:00Z"}


async def test_a_hold_is_placed_listed_and_released(
    api: Any, add_camera: Callable[..., Awaitable[Camera]]
) -> None:
    code = (await add_camera(1)).device_code
    theirs = await add_camera(2, device_code="42010600001320000002", division_code="420106")
    may = await api.token(Scope.EVENTS_READ, Scope.HOLDS_WRITE, division_code="420102")
    reader = await api.token(Scope.EVENTS_READ)
    post, client = api.client.post, api.client

    answer = await post(PATH, json=KEPT | TIME | {"device_code": code}, headers=may)
    assert answer.status == HTTPStatus.CREATED
    hold = await answer.json()
    listed = await (await client.get(PATH, headers=reader)).json()
    assert [one["hold_id"] for one in listed["holds"]] == [hold["hold_id"]]
    for wrong in (
        KEPT,
        KEPT | TIME,
        KEPT | {"event_id": "no-such"},
        KEPT | TIME | {"device_code": theirs.device_code},
        KEPT | TIME | {"device_code": code, "event_id": "e"},
        KEPT | TIME | {"device_code": code, "expires_at": "2020-01-01T00:00:00Z"},
        KEPT | {"device_code": code, "since": TIME["until"], "until": TIME["since"]},
        KEPT | TIME | {"device_code": code, "reason": ""},
    ):
        answer = await post(PATH, json=wrong, headers=may)
        assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (await post(PATH, json=KEPT, headers=reader)).status == HTTPStatus.FORBIDDEN
    one = f"{PATH}/{hold['hold_id']}"
    assert (await client.delete(one, headers=may)).status == HTTPStatus.OK
    for gone in (one, f"{PATH}/x", f"{PATH}/9223372036854775808", f"{PATH}/²"):
        assert (await client.delete(gone, headers=may)).status == HTTPStatus.NOT_FOUND
    listed = await (await client.get(f"{PATH}?ended=true", headers=reader)).json()
    assert listed["holds"][0]["released_by"]
    audited = await api.context.pool.fetch("SELECT action FROM audit WHERE action LIKE 'hold.%'")
    assert len(audited) == 2
