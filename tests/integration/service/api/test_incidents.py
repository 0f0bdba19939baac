"""Incidents over HTTP: who may see and do what."""

from datetime import UTC, datetime
from http import HTTPStatus
from random import Random
from typing import Any

import pytest
import pytest_asyncio

from sharpeyes.health.recording import record
from sharpeyes.health.status import Cause, Check, Status, Transition
from sharpeyes.registry.camera import CameraFile, Tier
from sharpeyes.registry.shards import ShardLeases
from sharpeyes.service.roles import Role, Scope

OURS, THEIRS = "42010200001320000001", "42010300001320000001"
OF_ALL = {
    "kind": "network", "group_key": "metro-7", "title": "metro-7", "cause": "network",
    "evidence": "x", "division_path": "420100/", "division_code": "420100",
}  # fmt: skip


@pytest_asyncio.fixture
async def ids(api: Any) -> dict[str, int]:
    """Incidents of a camera in each of two districts, and one of both cameras."""
    pool = api.context.pool
    leases = {lease.shard: lease for lease in await ShardLeases(pool, "w", 600).renew()}
    found, random = {}, Random(1)
    for code in (OURS, THEIRS):
        file = CameraFile(
            device_code=code,
            name=code,
            tier=Tier.CITY,
            division_code=code[:6],
            host="10.0.0.1",
            main_stream_path="/main",
        )
        async with api.context.cameras.edit("test") as edit:
            camera = (await edit.add(file)).brief
        change = Transition(
            from_status=Status.OK,
            to_status=Status.OFFLINE,
            check=Check.REACH,
            cause=Cause.NETWORK,
            evidence="10.0.0.1:554 refuses connections",
            at=datetime(2026, 11, 21, 8, tzinfo=UTC),
        )
        async with pool.acquire() as connection:
            lease = leases[camera.shard]
            await record(connection, camera, change, lease=lease, worker_id="w", random=random)
        found[code] = await pool.fetchval("SELECT max(incident_id) FROM incident")
    columns = ", ".join(OF_ALL)
    found["all"] = await pool.fetchval(
        f"INSERT INTO incident ({columns}, began_at, opened_at, deadline_at)"
        " VALUES ($1, $2, $3, $4, $5, $6, $7, now(), now(), now()) RETURNING incident_id",
        *OF_ALL.values(),
    )
    await pool.execute(
        "INSERT INTO incident_camera SELECT $1, camera_id, now() FROM camera", found["all"]
    )
    return found


async def test_an_incident_is_worked_on(api: Any, ids: dict[str, int]) -> None:
    supervisor = await api.token(*Role.SUPERVISOR.scopes)
    path = f"/api/v1/incidents/{ids[OURS]}"
    async with api.client.get(path, headers=supervisor) as answer:
        shown, tag = await answer.json(), answer.headers["ETag"]
    assert (shown["cause"], shown["state"], shown["cameras"]) == ("network", "open", 1)
    assert [camera["device_code"] for camera in shown["touched"]] == [OURS]
    body = {"unit": "运维一队"}
    async with api.client.post(f"{path}/assign", json=body, headers=supervisor) as answer:
        assert (await answer.json())["assigned_unit"] == "运维一队"
    closing: dict[str, Any] = {"json": {"reason": "the wall is gone"}}
    async with api.client.post(f"{path}/close", **closing, headers=supervisor) as answer:
        assert answer.status == HTTPStatus.PRECONDITION_REQUIRED
    stale = supervisor | {"If-Match": tag}
    async with api.client.post(f"{path}/close", **closing, headers=stale) as answer:
        assert answer.status == HTTPStatus.PRECONDITION_FAILED
    async with api.client.post(
        f"{path}/notes", json={"words": "cable cut"}, headers=supervisor
    ) as answer:
        fresh = supervisor | {"If-Match": answer.headers["ETag"]}
    async with api.client.post(f"{path}/close", **closing, headers=fresh) as answer:
        closed = await answer.json()
    assert [step["step"] for step in closed["steps"]] == ["opened", "assigned", "note", "closed"]
    assert closed["closed_by"] == closed["steps"][-1]["actor"] != ""
    async with api.client.post(f"{path}/notes", json={"words": "x"}, headers=supervisor) as answer:
        assert answer.status == HTTPStatus.CONFLICT
    audited = await api.context.pool.fetch("SELECT action FROM audit WHERE action LIKE 'incident%'")
    assert sorted(row["action"] for row in audited) == [
        "incident.assign", "incident.close", "incident.note",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("role", "write", "close"),
    [(Role.OPERATOR, 200, 403), (Role.ENGINEER, 200, 403), (Role.AUDITOR, 403, 403)],
)
async def test_who_may_do_what(
    api: Any, ids: dict[str, int], role: Role, write: int, close: int
) -> None:
    headers = await api.token(*role.scopes) | {"If-Match": "*"}
    path = f"/api/v1/incidents/{ids[OURS]}"
    for action, body, wanted in (
        ("notes", {"words": "x"}, write),
        ("assign", {"role": "engineer"}, write),
        ("close", {"reason": "x"}, close),
    ):
        async with api.client.post(f"{path}/{action}", json=body, headers=headers) as answer:
            assert answer.status == wanted, action


async def test_a_district_sees_its_own_and_works_on_what_is_all_its_own(
    api: Any, ids: dict[str, int]
) -> None:
    headers = await api.token(*Scope, division_code="420102") | {"If-Match": "*"}
    async with api.client.get("/api/v1/incidents", headers=headers) as answer:
        page = await answer.json()
    assert [i["incident_id"] for i in page["incidents"]] == [ids["all"], ids[OURS]]
    for name, status, seen in (
        (OURS, HTTPStatus.OK, [OURS]),
        ("all", HTTPStatus.FORBIDDEN, [OURS]),
        (THEIRS, HTTPStatus.NOT_FOUND, None),
    ):
        path = f"/api/v1/incidents/{ids[name]}"
        async with api.client.get(path, headers=headers) as answer:
            shown = await answer.json()
            assert (answer.status == HTTPStatus.OK) == (seen is not None)
        if seen is not None:
            assert [camera["device_code"] for camera in shown["touched"]] == seen
        async with api.client.post(f"{path}/notes", json={"words": "x"}, headers=headers) as answer:
            assert answer.status == status, name


@pytest.mark.parametrize("incident_id", ["0", "-1", "x", "9" * 30, "٣"])
async def test_what_is_no_incident_is_not_found(api: Any, incident_id: str) -> None:
    headers = await api.token(Scope.INCIDENTS_READ)
    async with api.client.get(f"/api/v1/incidents/{incident_id}", headers=headers) as answer:
        assert answer.status == HTTPStatus.NOT_FOUND


@pytest.mark.parametrize(
    ("action", "body"),
    [
        ("notes", {"words": "  "}),
        ("notes", {"words": "a\0b"}),
        ("notes", {}),
        ("assign", {"unit": "a", "role": "engineer"}),
        ("assign", {"person": "wang"}),
        ("close", {"reason": ""}),
    ],
)
async def test_what_says_nothing_is_refused(
    api: Any, ids: dict[str, int], action: str, body: dict[str, str]
) -> None:
    headers = await api.token(*Scope) | {"If-Match": "*"}
    path = f"/api/v1/incidents/{ids[OURS]}/{action}"
    async with api.client.post(path, json=body, headers=headers) as answer:
        assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY


async def test_what_is_due_is_counted_and_comes_by_its_deadline(
    api: Any, ids: dict[str, int]
) -> None:
    pool = api.context.pool
    await pool.execute(
        "UPDATE incident SET light = 'red', assigned_unit = 'u', deadline_at = '2026-11-21 09:00Z'"
        " WHERE incident_id = $1",
        ids[THEIRS],
    )
    reader = await api.token(Scope.INCIDENTS_READ)
    async with api.client.get("/api/v1/incidents/due?limit=2", headers=reader) as answer:
        due = await answer.json()
    assert (due["unclosed"], due["unassigned"], due["cameras"]) == (3, 2, 3)
    assert due["by_light"] == {"red": 1, "": 2}
    assert due["by_state"] == {"open": 3}
    assert due["most_urgent"][0]["incident_id"] == ids[THEIRS]
    assert len(due["most_urgent"]) == 2
    path = f"/api/v1/incidents/due?division={OURS[:6]}"
    async with api.client.get(path, headers=reader) as answer:
        assert [its["incident_id"] for its in (await answer.json())["most_urgent"]] == [ids[OURS]]
