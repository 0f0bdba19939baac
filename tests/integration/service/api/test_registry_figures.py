from collections.abc import Awaitable, Callable
from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio

from sharpeyes.service.api import places
from sharpeyes.service.roles import Scope

KEEP, DROP = "42010200001320000001", "42010200001320000002"
CAMERA: dict[str, Any] = {
    "device_code": KEEP,
    "name": "解放大道",
    "tier": "city",
    "division_code": "420102",
    "longitude": 114.31,
    "latitude": 30.6,
    "host": "127.20.0.1",
    "main_stream_path": "/main",
}
PLACE: dict[str, Any] = {
    "place_code": "S-1",
    "name_zh": "中心小学",
    "kind": 8,
    "division_code": "420102",
    "radius_m": 100.0,
    "longitude": 114.31,
    "latitude": 30.6,
}
BODY = {field: value for field, value in PLACE.items() if field != "place_code"}

Ask = Callable[..., Awaitable[Any]]


@pytest_asyncio.fixture
async def ask(api: Any) -> Ask:
    headers = await api.token(Scope.CAMERAS_READ, Scope.CAMERAS_WRITE)

    async def ask(method: str, path: str, if_match: str = "", **options: Any) -> Any:
        more = {"If-Match": if_match} if if_match else {}
        return await api.client.request(method, f"/api/v1{path}", headers=headers | more, **options)

    return ask


async def test_a_place_is_added_read_changed_and_removed(ask: Ask) -> None:
    added = await ask("POST", "/places", json=PLACE)
    assert (added.status, added.headers["ETag"]) == (HTTPStatus.CREATED, '"1"')
    assert (await ask("POST", "/places", json=PLACE)).status == HTTPStatus.CONFLICT
    twin = await ask("POST", "/places", json=PLACE | {"place_code": "s-1"})
    assert twin.status == HTTPStatus.CONFLICT
    assert (await twin.json())["detail"] == (
        "place S-1 exists already: s-1 differs from it in upper and lower case only"
    )
    await ask("POST", "/cameras", json=CAMERA)
    shown = await ask("GET", "/places/S-1")
    place = await shown.json()
    assert (place["state"], place["watching"], place["by_tier"]) == ("covered", 1, {"city": 1})
    assert place["watchers"][0] == {
        "device_code": KEEP,
        "name": "解放大道",
        "tier": "city",
        "distance_m": 0.0,
        "judged_by": "distance",
    }
    assert (await ask("PUT", "/places/S-1", json=BODY)).status == HTTPStatus.PRECONDITION_REQUIRED
    changed = await ask("PUT", "/places/S-1", '"1"', json=BODY | {"radius_m": 50.0})
    assert (changed.status, changed.headers["ETag"]) == (HTTPStatus.OK, '"2"')
    assert (await ask("DELETE", "/places/S-1", '"1"')).status == HTTPStatus.PRECONDITION_FAILED
    assert (await ask("DELETE", "/places/S-1", '"2"')).status == HTTPStatus.NO_CONTENT
    assert (await ask("GET", "/places/S-1")).status == HTTPStatus.NOT_FOUND


async def test_a_place_that_cannot_be_put_on_record_is_not_touched(
    ask: Ask, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def full(*_: object, **__: object) -> None:
        raise OSError("no space left")

    with monkeypatch.context() as patched:
        patched.setattr(places, "audit", full)
        assert (await ask("POST", "/places", json=PLACE)).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert (await ask("GET", "/places/S-1")).status == HTTPStatus.NOT_FOUND
    await ask("POST", "/places", json=PLACE)
    monkeypatch.setattr(places, "audit", full)
    assert (
        await ask("PUT", "/places/S-1", '"1"', json=BODY | {"radius_m": 50.0})
    ).status == HTTPStatus.SERVICE_UNAVAILABLE
    assert (await ask("DELETE", "/places/S-1", '"1"')).status == HTTPStatus.SERVICE_UNAVAILABLE
    kept = await ask("GET", "/places/S-1")
    assert (kept.status, kept.headers["ETag"]) == (HTTPStatus.OK, '"1"')


async def test_every_bad_field_of_a_place_is_answered(ask: Ask) -> None:
    answer = await ask(
        "POST", "/places", json=PLACE | {"kind": 50, "longitude": 30.6, "latitude": 114.31}
    )
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    reasons = {error["field"]: error["reason"] for error in (await answer.json())["errors"]}
    assert set(reasons) == {"kind", "longitude"}
    assert "swapped" in reasons["longitude"]
    unknown = await ask("POST", "/places", json=PLACE | {"division_code": "420199"})
    assert (await unknown.json())["errors"][0]["field"] == "division_code"


async def test_places_are_paged(ask: Ask) -> None:
    for number in range(5):
        await ask("POST", "/places", json=PLACE | {"place_code": f"S-{number}"})
    codes: list[str] = []
    query = {"limit": "2"}
    while True:
        page = await (await ask("GET", "/places", params=query)).json()
        codes += [place["place"]["place_code"] for place in page["places"]]
        if page["next"] is None:
            break
        query["after"] = page["next"]
    assert codes == [f"S-{number}" for number in range(5)]
    page = await (await ask("GET", "/places", params={"kind": "3"})).json()
    assert page == {"places": [], "next": None}


async def test_figures_have_their_base(ask: Ask) -> None:
    await ask("POST", "/places", json=PLACE)
    await ask("POST", "/cameras", json=CAMERA)
    coverage = await (await ask("GET", "/coverage")).json()
    assert coverage["total"] == {
        "total": 1,
        "judged": 1,
        "fulfilled": 1,
        "not_judged": {},
        "percent": 100.0,
    }
    assert coverage["level"] == "district"
    completeness = await (await ask("GET", "/completeness", params={"division": "420102"})).json()
    assert completeness["level"] == "street"
    assert completeness["total"]["networked"]["not_judged"] == {"networked_unknown": 1}
    assert completeness["by_division"][0]["division_code"] is None
    assert len(completeness["by_field"]) == 27
    for path in ("/coverage", "/completeness", "/duplicates", "/places"):
        answer = await ask("GET", path, params={"division": "420199"})
        assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY


async def test_duplicates_are_found_and_merged(ask: Ask) -> None:
    await ask("POST", "/cameras", json=CAMERA)
    await ask("POST", "/cameras", json=CAMERA | {"device_code": DROP, "model": "DS"})
    report = await (await ask("GET", "/duplicates", params={"reason": "address"})).json()
    [duplicate] = report["duplicates"]
    assert [camera["device_code"] for camera in duplicate["cameras"]] == [KEEP, DROP]
    body = {"keep": KEEP, "drop": DROP}
    dry = await ask("POST", "/duplicates/merge", json=body | {"dry_run": True})
    assert (await dry.json())["filled"] == {"model": "DS"}
    stale = await ask("POST", "/duplicates/merge", json=body | {"keep_revision": 9})
    assert stale.status == HTTPStatus.PRECONDITION_FAILED
    assert (await ask("POST", "/duplicates/merge", json=body)).status == HTTPStatus.OK
    assert (await (await ask("GET", f"/cameras/{DROP}")).json())["life"] == "removed"
    assert (await ask("POST", "/duplicates/merge", json=body)).status == HTTPStatus.CONFLICT
    assert (await (await ask("GET", "/duplicates")).json())["duplicates"] == []
    nobody = await ask("POST", "/duplicates/merge", json=body | {"drop": "9" * 20})
    assert nobody.status == HTTPStatus.NOT_FOUND


async def test_a_merge_is_audited_once_and_masks_telephones(api: Any, ask: Ask) -> None:
    await ask("POST", "/cameras", json=CAMERA)
    telephone = {"managing_unit": "市公安局", "contacts": ["027-85550100"]}
    await ask("POST", "/cameras", json=CAMERA | {"device_code": DROP} | telephone)
    body = {"keep": KEEP, "drop": DROP}
    for more in ({"dry_run": True}, {}):
        done = await (await ask("POST", "/duplicates/merge", json=body | more)).json()
        assert done["filled"] == {"managing_unit": "市公安局", "contacts": ["***00"]}
    [entry] = await api.context.pool.fetch(
        "SELECT object, detail FROM audit WHERE action = 'camera.merge'"
    )
    assert dict(entry) == {"object": KEEP, "detail": {"dropped": DROP}}


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/coverage", {"level": "planet"}),
        ("/coverage", {"gaps": "-1"}),
        ("/duplicates", {"limit": "1e12"}),
        ("/duplicates", {"reason": "face"}),
        ("/places", {"limit": "0"}),
    ],
)
async def test_bad_queries_name_the_parameter(ask: Ask, path: str, query: dict[str, str]) -> None:
    answer = await ask("GET", path, params=query)
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (await answer.json())["errors"][0]["field"] == next(iter(query))
