"""Changing cameras over HTTP: revisions, patches, life, history, zones, many at once."""

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio

from sharpeyes.service.access import revoke_token
from sharpeyes.service.roles import Scope

CODE = "42010200001320000001"
CAMERAS = "/api/v1/cameras"
ONE = f"{CAMERAS}/{CODE}"
CAMERA: dict[str, Any] = {
    "device_code": CODE,
    "name": "解放大道",
    "tier": "city",
    "host": "10.20.0.1",
    "main_stream_path": "/Streaming/Channels/101",
    "functions": [1, 5],
    "contacts": ["027-12345678"],
    "maintenance_phone": "027-87654321",
    "filed_on": "2021-02-03",
    "username": "admin",
    "password": "canary-7Qz",
}
ENGINEER = (Scope.CAMERAS_READ, Scope.CAMERAS_WRITE, Scope.CONTACTS_READ)
NAME = f"test {'+'.join(ENGINEER)}"

Send = Callable[..., Awaitable[Any]]


@pytest_asyncio.fixture
async def send(api: Any) -> Send:
    """Send a request as an engineer; `etag` is the revision that was read."""
    engineer = await api.token(*ENGINEER)

    async def send(method: str, path: str, body: Any = None, etag: str | None = None) -> Any:
        headers = engineer | ({"If-Match": etag} if etag else {})
        return await api.client.request(method, path, json=body, headers=headers)

    return send


@pytest_asyncio.fixture
async def etag(send: Send) -> str:
    """Register the camera; give its ETag."""
    answer = await send("POST", CAMERAS, CAMERA)
    assert answer.status == HTTPStatus.CREATED
    return str(answer.headers["ETag"])


async def fields_of(answer: Any) -> list[str]:
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    return [error["field"] for error in (await answer.json())["errors"]]


async def test_a_whole_file_goes_in_and_comes_out(send: Send, etag: str) -> None:
    answer = await send("GET", ONE)
    assert answer.headers["ETag"] == etag == '"1"'
    camera = await answer.json()
    for field in CAMERA.keys() - {"username", "password"}:
        assert camera[field] == CAMERA[field], field
    assert (camera["division_code"], camera["life"], camera["has_credentials"]) == (
        "420102",
        "in_service",
        True,
    )
    assert "canary" not in await answer.text()


async def test_a_change_must_name_what_it_has_read(send: Send, etag: str) -> None:
    for method, body in (("PUT", CAMERA), ("PATCH", {"name": "x"})):
        answer = await send(method, ONE, body)
        assert answer.status == HTTPStatus.PRECONDITION_REQUIRED
        assert "If-Match" in (await answer.json())["detail"]
        for stale in ('"2"', '"0"', 'W/"1"', "1", '"x"', '"1", "2"', '"99999999999999999999"'):
            answer = await send(method, ONE, body, stale)
            assert answer.status == HTTPStatus.PRECONDITION_FAILED, stale
    changed = await send("PATCH", ONE, {"name": "x"}, etag)
    assert (changed.status, changed.headers["ETag"]) == (HTTPStatus.OK, '"2"')
    assert (await send("PATCH", ONE, {"name": "y"}, etag)).status == HTTPStatus.PRECONDITION_FAILED
    assert (await send("PATCH", ONE, {"name": "z"}, "*")).headers["ETag"] == '"3"'


async def test_put_replaces_all_and_keeps_the_password(send: Send, etag: str) -> None:
    new = {"device_code": CODE, "name": "New", "tier": "social", "poll_mode": "none"}
    camera = await (await send("PUT", ONE, new, etag)).json()
    assert (camera["name"], camera["host"], camera["functions"]) == ("New", None, [])
    assert camera["has_credentials"] is True
    another = new | {"device_code": "42010200001320000002"}
    assert await fields_of(await send("PUT", ONE, another, "*")) == ["device_code"]
    # Without a code nothing says in which division it is, either.
    del another["device_code"]
    fields = await fields_of(await send("PUT", ONE, another, "*"))
    assert fields == ["device_code", "division_code"]


async def test_a_patch_changes_what_it_names_and_null_clears(send: Send, etag: str) -> None:
    patch = {"functions": None, "filed_on": None, "rtsp_port": 8554, "model": "M"}
    camera = await (await send("PATCH", ONE, patch, etag)).json()
    assert (camera["functions"], camera["filed_on"]) == ([], None)
    assert (camera["rtsp_port"], camera["model"], camera["name"]) == (8554, "M", CAMERA["name"])
    same = await send("PATCH", ONE, {"model": "M"}, '"2"')
    assert same.headers["ETag"] == '"2"'
    assert await fields_of(await send("PATCH", ONE, {"name": None}, "*")) == ["name"]
    assert await fields_of(
        await send("PATCH", ONE, {"device_code": "42010200001320000002"}, "*")
    ) == ["device_code"]


async def test_every_bad_field_is_told_at_once(send: Send, etag: str) -> None:
    bad = {
        "name": "a\u0000b",
        "tier": "village",
        "division_code": "420199",
        "host": "u:p@10.0.0.1",
        "rtsp_port": 2**63,
        "http_port": "eighty",
        "functions": [1, "x"],
        "installed_at": "yesterday",
        "filed_on": "9999-12-31",
        "colour": "red",
        "password": "alone-canary",
    }
    expected = set(bad) - {"password"} | {"username"}
    for method, path in (("POST", CAMERAS), ("PUT", ONE), ("PATCH", ONE)):
        answer = await send(method, path, CAMERA | {"username": None} | bad, "*")
        assert set(await fields_of(answer)) == expected, method
        assert "canary" not in await answer.text()


@pytest.mark.parametrize(
    ("body", "status", "said"),
    [
        pytest.param(
            b'{"name": "a", "name": "b"}',
            HTTPStatus.UNPROCESSABLE_ENTITY,
            "name twice",
            id="hostile_22_duplicate_key",
        ),
        (b'{"zones": [{"x": 1, "x": 1}]}', HTTPStatus.UNPROCESSABLE_ENTITY, "x twice"),
        pytest.param(
            b'{"longitude": 1e400}', HTTPStatus.BAD_REQUEST, "JSON", id="hostile_23_1e400"
        ),
        (b'{"longitude": NaN}', HTTPStatus.BAD_REQUEST, "JSON"),
        pytest.param(b'{"name": "\\ud800"}', HTTPStatus.BAD_REQUEST, "", id="hostile_24_surrogate"),
        pytest.param(
            b'{"name": ' + b"[" * 100_000, HTTPStatus.BAD_REQUEST, "", id="hostile_21_deep"
        ),
        (b'{"name": ' + b"9" * 5000 + b"}", HTTPStatus.BAD_REQUEST, ""),
        (b"\xff", HTTPStatus.BAD_REQUEST, ""),
    ],
)
async def test_hostile_bodies(
    api: Any, send: Send, body: bytes, status: HTTPStatus, said: str
) -> None:
    await send("POST", CAMERAS, CAMERA)
    headers = await api.token(Scope.CAMERAS_WRITE) | {"If-Match": "*"}
    for method, path in (
        ("POST", CAMERAS),
        ("PUT", ONE),
        ("PATCH", ONE),
        ("POST", f"{ONE}/life"),
        ("POST", f"{CAMERAS}:upsert"),
        ("PUT", f"{ONE}/zones/lane"),
    ):
        answer = await api.client.request(method, path, data=body, headers=headers)
        assert answer.status in {status, HTTPStatus.UNPROCESSABLE_ENTITY}, (method, path)
        assert answer.content_type == "application/problem+json"
        if path == CAMERAS:
            assert answer.status == status
            assert said in (await answer.json())["detail"]
    assert (await send("GET", ONE)).headers["ETag"] == '"1"'


async def test_what_is_not_there_is_not_found(send: Send) -> None:
    for method, path, body in (
        ("PUT", ONE, CAMERA),
        ("PATCH", ONE, {"name": "x"}),
        ("DELETE", f"{ONE}?reason=x", None),
        ("POST", f"{ONE}/life", {"life": "planned"}),
        ("GET", f"{ONE}/changes", None),
        ("GET", f"{ONE}/zones", None),
        ("GET", f"{CAMERAS}/-1%0A%1B[31m", None),
    ):
        answer = await send(method, path, body, "*")
        assert answer.status == HTTPStatus.NOT_FOUND, (method, path)


async def test_a_life_goes_its_way_and_is_remembered(send: Send, etag: str) -> None:
    until = (datetime.now(UTC) + timedelta(hours=4)).isoformat()
    mended = {"life": "maintenance", "reason": "lens", "until": until}
    assert (await send("POST", f"{ONE}/life", mended, '"9"')).status == (
        HTTPStatus.PRECONDITION_FAILED
    )
    camera = await (await send("POST", f"{ONE}/life", mended, etag)).json()
    assert (camera["life"], camera["life_reason"]) == ("maintenance", "lens")
    assert camera["status"] != "offline"
    assert (await send("DELETE", ONE)).status == HTTPStatus.UNPROCESSABLE_ENTITY
    removed = await send("DELETE", f"{ONE}?reason=road+works")
    assert (await removed.json())["life"] == "removed"
    # Doing it again does nothing.
    assert (await send("DELETE", f"{ONE}?reason=road+works")).headers["ETag"] == '"3"'
    assert await fields_of(await send("POST", f"{ONE}/life", mended)) == ["life"]
    back = await (await send("POST", f"{ONE}/life", {"life": "in_service"})).json()
    assert (back["life"], back["revision"], back["name"]) == ("in_service", 4, CAMERA["name"])

    page = await (await send("GET", f"{ONE}/changes?limit=2")).json()
    assert [change["action"] for change in page["changes"]] == ["life", "life"]
    assert {change["actor"] for change in page["changes"]} == {NAME}
    assert page["changes"][1]["after"]["life"] == "removed"
    rest = await (await send("GET", f"{ONE}/changes?before={page['next']}")).json()
    assert [change["action"] for change in rest["changes"]] == ["life", "credentials", "add"]
    assert rest["next"] is None


@pytest.mark.parametrize(
    ("wanted", "fields"),
    [
        ({"life": "maintenance"}, ["reason", "until"]),
        ({"life": "maintenance", "reason": "x", "until": "9999-12-31T00:00:00Z"}, ["until"]),
        ({"life": "maintenance", "reason": "x", "until": "1970-01-01T00:00:00Z"}, ["until"]),
        ({"life": "maintenance", "reason": "x", "until": "2030-01-01T00:00:00"}, ["until"]),
        ({"life": "removed", "reason": "\u0000"}, ["reason"]),
        ({"life": "gone"}, ["life"]),
        ({"life": "planned"}, ["life"]),
    ],
)
async def test_a_life_that_cannot_be(
    send: Send, etag: str, wanted: dict[str, str], fields: list[str]
) -> None:
    assert await fields_of(await send("POST", f"{ONE}/life", wanted)) == fields
    assert (await send("GET", ONE)).headers["ETag"] == etag


@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=1e12", "before=0", "before=x"])
async def test_pages_of_changes_have_limits(send: Send, etag: str, query: str) -> None:
    assert await fields_of(await send("GET", f"{ONE}/changes?{query}")) == [query.partition("=")[0]]


async def test_zones_over_http(send: Send, etag: str) -> None:
    corner = [[0, 0], [0.5, 0], [0.5, 0.5]]
    lane = {"kind": "no_parking", "polygon": corner, "dwell_s": 60}
    path = f"{ONE}/zones/%E5%B7%A6%E8%BD%AC"
    put = await send("PUT", path, lane, etag)
    assert (put.status, put.headers["ETag"]) == (HTTPStatus.OK, '"2"')
    assert [zone["name"] for zone in (await put.json())["zones"]] == ["左转"]
    assert (await send("PUT", path, lane)).headers["ETag"] == '"2"'
    assert (await send("PUT", path, lane, etag)).status == HTTPStatus.PRECONDITION_FAILED
    changed = await (await send("PUT", path, lane | {"dwell_s": 90})).json()
    assert changed["zones"][0]["dwell_s"] == 90
    assert await fields_of(await send("PUT", path, lane | {"polygon": [[0, 0]]})) == ["polygon"]
    assert await fields_of(await send("PUT", path, lane | {"kind": "x", "dwell_s": "y"})) == [
        "kind",
        "dwell_s",
    ]
    assert await fields_of(await send("PUT", f"{ONE}/zones/a%0Ab", lane)) == ["name"]
    assert (await (await send("DELETE", path)).json())["zones"] == []
    assert (await send("DELETE", path)).status == HTTPStatus.NOT_FOUND
    changes = (await (await send("GET", f"{ONE}/changes")).json())["changes"]
    assert [change["action"] for change in changes[:3]] == ["zone"] * 3


async def test_contacts_are_masked_and_survive_those_who_see_them_masked(
    api: Any, send: Send, etag: str
) -> None:
    await send("PATCH", ONE, {"contacts": ["027-11112222", "027-33334444"]}, etag)
    clerk = await api.token(Scope.CAMERAS_READ, Scope.CAMERAS_WRITE)
    camera = await (await api.client.get(ONE, headers=clerk)).json()
    assert (camera["contacts"], camera["maintenance_phone"]) == (["***22", "***44"], "***21")
    changes = await (await api.client.get(f"{ONE}/changes", headers=clerk)).json()
    assert changes["changes"][0]["after"] == {"contacts": ["***22", "***44"]}
    assert changes["changes"][0]["before"] == {"contacts": ["***78"]}
    handed_in = {field: camera[field] for field in CAMERA.keys() - {"username", "password"}}
    put = await api.client.put(
        ONE, json=handed_in | {"name": "New"}, headers=clerk | {"If-Match": "*"}
    )
    assert put.status == HTTPStatus.OK
    assert "3333" not in await put.text()
    full = await (await send("GET", ONE)).json()
    assert (full["name"], full["contacts"]) == ("New", ["027-11112222", "027-33334444"])
    assert full["maintenance_phone"] == CAMERA["maintenance_phone"]


async def test_hostile_28_one_bad_item_of_many_names_itself_and_loses_no_other(
    send: Send, etag: str
) -> None:
    def item(number: int, **changes: Any) -> dict[str, Any]:
        return {
            "device_code": f"42010200001320{number:06}",
            "name": f"camera {number}",
            "tier": "social",
            "poll_mode": "none",
        } | changes

    items: list[Any] = [item(number) for number in range(2, 200)]
    items[10] = item(12, tier="village", host="a b")
    items[20] = 7
    items[30] = item(32, device_code="42")
    items[40] = item(2, name="again")
    items[50] = {"device_code": CODE, "name": "New", "functions": None}
    items[60] = item(62, division_code="420199")
    answer = await send("POST", f"{CAMERAS}:upsert", {"cameras": items})
    assert answer.status == HTTPStatus.OK
    batch = await answer.json()
    assert (batch["added"], batch["changed"], batch["refused"]) == (192, 1, 5)
    results = batch["results"]
    assert [result["index"] for result in results] == list(range(198))
    refused = {r["index"]: [e["field"] for e in r["errors"]] for r in results if r["errors"]}
    assert refused == {
        10: ["tier", "host"],
        20: [""],
        30: ["device_code"],
        40: ["device_code"],
        60: ["division_code"],
    }
    assert results[40]["errors"][0]["reason"] == "is in item 0 already"
    changed = await (await send("GET", ONE)).json()
    assert (changed["name"], changed["functions"], changed["host"]) == ("New", [], "10.20.0.1")
    again = await (await send("POST", f"{CAMERAS}:upsert", {"cameras": items})).json()
    assert (again["unchanged"], again["refused"]) == (193, 5)


@pytest.mark.parametrize("cameras", [[], [{}] * 1001, "x", None])
async def test_a_batch_has_a_size(send: Send, cameras: Any) -> None:
    assert await fields_of(await send("POST", f"{CAMERAS}:upsert", {"cameras": cameras})) == [
        "cameras"
    ]


async def test_every_deed_is_audited_in_its_transaction(api: Any, send: Send, etag: str) -> None:
    await send("PATCH", ONE, {"name": "x"}, etag)
    await send("PATCH", ONE, {"name": "y"}, etag)
    await send("DELETE", f"{ONE}?reason=gone")
    await send("POST", f"{CAMERAS}:upsert", {"cameras": [{}]})
    rows = await api.context.pool.fetch(
        "SELECT actor, action, object FROM audit WHERE action LIKE 'camera.%' ORDER BY audit_id"
    )
    assert [(row["action"], row["object"]) for row in rows] == [
        ("camera.add", CODE),
        ("camera.edit", CODE),
        ("camera.remove", CODE),
        ("camera.upsert", "1 cameras"),
    ]
    assert {row["actor"] for row in rows} == {NAME}
    assert "canary" not in str(await api.context.pool.fetch("SELECT entry FROM audit"))


async def test_another_districts_cameras_cannot_be_changed(api: Any, send: Send, etag: str) -> None:
    other = await api.token(*ENGINEER, division_code="420103")
    headers = other | {"If-Match": "*"}

    async def upsert(batch: dict[str, Any]) -> Any:
        return await api.client.post(f"{CAMERAS}:upsert", json=batch, headers=other)

    for method, path, body in (
        ("PATCH", ONE, {"name": "x"}),
        ("PUT", ONE, CAMERA),
        ("DELETE", f"{ONE}?reason=x", None),
        ("POST", f"{ONE}/life", {"life": "removed", "reason": "x"}),
        ("PUT", f"{ONE}/zones/a", {"kind": "watch", "polygon": [[0, 0], [1, 0], [1, 1]]}),
        ("GET", f"{ONE}/changes", None),
    ):
        answer = await api.client.request(method, path, json=body, headers=headers)
        assert answer.status == HTTPStatus.NOT_FOUND, (method, path)
    new = CAMERA | {"device_code": "42010200001320000002", "division_code": "420102"}
    answer = await api.client.post(CAMERAS, json=new, headers=other)
    assert answer.status == HTTPStatus.FORBIDDEN
    batch = {"cameras": [new, CAMERA | {"device_code": "42010300001320000001"}]}
    results = (await (await upsert(batch)).json())["results"]
    assert [result["outcome"] for result in results] == ["refused", "added"]
    assert "outside of the division" in results[0]["errors"][0]["reason"]
    # Nor can one of their own be given away, or another's be taken.
    given = {"device_code": "42010300001320000001", "division_code": "420100"}
    for item in (given, {"device_code": CODE, "name": "x"}, CAMERA):
        [result] = (await (await upsert({"cameras": [item]})).json())["results"]
        assert result["outcome"] == "refused", item
    codes = await api.context.pool.fetch("SELECT device_code FROM camera ORDER BY 1")
    assert [row["device_code"] for row in codes] == [CODE, "42010300001320000001"]
    assert (await send("GET", ONE)).headers["ETag"] == etag


async def test_a_revoked_token_changes_nothing(api: Any, send: Send, etag: str) -> None:
    await revoke_token(api.context.pool, NAME)
    assert (await send("PATCH", ONE, {"name": "x"}, etag)).status == HTTPStatus.UNAUTHORIZED


async def test_code_tables_are_served_in_both_languages(send: Send) -> None:
    tables = {
        t["name"]: t for t in (await (await send("GET", "/api/v1/code-tables")).json())["tables"]
    }
    lighting = {value["value"]: value for value in tables["lighting"]["editions"]["2022"]}
    assert lighting[4]["zh"]
    assert 4 not in {value["value"] for value in tables["lighting"]["editions"]["2016"]}
