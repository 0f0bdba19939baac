"""Pausing, rotating, trying out and replaying over HTTP: with rights, within reach, audited."""

import random
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from typing import Any

import asyncpg
import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.event import EventType, NewEvent, Severity, new_event_id
from sharpeyes.events.payload import CameraStatusChanged
from sharpeyes.events.receiver import CaseReceiver
from sharpeyes.events.signing import read_secret
from sharpeyes.events.store import append
from sharpeyes.registry.history import sign
from sharpeyes.service.access import Scope

CODES = {"420102": "42010200001320000001", "420106": "42010600001320000001"}
ONE = "/api/v1/endpoints/case"
REPLAY = "/api/v1/deliveries/replay"


@pytest_asyncio.fixture
async def secrets() -> list[bytes]:
    return []


@pytest_asyncio.fixture
async def receiver(demo_api: Any, secrets: list[bytes]) -> AsyncIterator[CaseReceiver]:
    """A receiver that is the endpoint `case`."""
    receiver = CaseReceiver(lambda: secrets)
    async with TestServer(receiver.application()) as server:
        endpoints: EndpointStore = demo_api.context.endpoints
        added = await endpoints.add("case", str(server.make_url("/events")))
        secrets.append(read_secret(added.secret))
        yield receiver


@pytest_asyncio.fixture
async def given_up(demo_api: Any, receiver: CaseReceiver) -> dict[str, str]:
    """An event of a camera in each of two districts, given up; by the districts' codes."""
    found = {}
    async with demo_api.context.pool.acquire() as connection, connection.transaction():
        await sign(connection, "test")
        for division_code, device_code in CODES.items():
            camera_id = await connection.fetchval(
                "INSERT INTO camera (device_code, name, tier, division_code, poll_mode)"
                " VALUES ($1, 'camera', 1, $2, 'none') RETURNING camera_id",
                device_code,
                division_code,
            )
            event_id = new_event_id(datetime.now(UTC), random)
            event = NewEvent(
                event_id=event_id,
                type=EventType.CAMERA_OFFLINE,
                camera_id=camera_id,
                device_code=device_code,
                severity=Severity.WARNING,
                occurred_at=datetime.now(UTC),
                dedup_key=event_id,
                data=CameraStatusChanged(from_status="ok", to_status="offline"),
            )
            await append(connection, event)
            found[division_code] = event_id
        await connection.execute("UPDATE delivery SET state = 'dead', attempt_count = 1")
        await connection.execute("DELETE FROM delivery_lane")
        await connection.execute(
            "INSERT INTO delivery_attempt (delivery_id, attempt, started_at, latency_ms,"
            " http_status, answer_head) SELECT delivery_id, 1, now(), 120, 422, 'no such street'"
            " FROM delivery"
        )
    return found


async def audited(api: Any) -> list[tuple[str, str, str]]:
    rows = await api.context.pool.fetch(
        "SELECT action, object, outcome FROM audit ORDER BY sequence"
    )
    return [tuple(row) for row in rows]


async def test_an_endpoint_is_paused_and_resumed(demo_api: Any, receiver: CaseReceiver) -> None:
    writer = await demo_api.token(Scope.ENDPOINTS_WRITE)
    for deed, state in (("pause", "paused"), ("resume", "active")):
        answer = await demo_api.client.post(f"{ONE}/{deed}", headers=writer)
        assert (answer.status, (await answer.json())["state"]) == (HTTPStatus.OK, state)
    unknown = await demo_api.client.post("/api/v1/endpoints/nobody/pause", headers=writer)
    assert unknown.status == HTTPStatus.NOT_FOUND

    assert await audited(demo_api) == [
        ("token.create", "test endpoints:write", "done"),
        ("endpoint.pause", "case", "done"),
        ("endpoint.resume", "case", "done"),
    ]


async def test_what_an_endpoint_wants_is_edited_and_that_is_audited(
    demo_api: Any, receiver: CaseReceiver, given_up: dict[str, str]
) -> None:
    writer = await demo_api.token(Scope.ENDPOINTS_WRITE)

    async def edit(**wanted: Any) -> tuple[int, Any]:
        answer = await demo_api.client.patch(ONE, json=wanted, headers=writer)
        return answer.status, await answer.json()

    wanted = {"severities": ["alert", "warning"], "tiers": ["city"], "division_codes": ["420102"]}
    status, view = await edit(**wanted)
    assert (status, {name: view[name] for name in wanted}) == (HTTPStatus.OK, wanted)
    assert (await edit(severities=None, event_types=[]))[1]["tiers"] == ["city"]
    status, refused = await edit(division_codes=["420102", "999999"])
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert [wrong["field"] for wrong in refused["errors"]] == ["division_codes"]
    assert (await edit(url="http://10.0.0.1/"))[0] == HTTPStatus.UNPROCESSABLE_ENTITY

    rows = await demo_api.context.pool.fetch(
        "SELECT detail FROM audit WHERE action = 'endpoint.edit' ORDER BY sequence"
    )
    first, second = (row["detail"] for row in rows)
    assert (first["before"]["severities"], first["after"]["division_codes"]) == ([], ["420102"])
    assert (second["before"], second["after"]["severities"]) == (first["after"], [])


async def test_an_endpoint_that_cannot_be_audited_is_not_added(demo_api: Any) -> None:
    writer = await demo_api.token(Scope.ENDPOINTS_WRITE)
    pool, url = demo_api.context.pool, "http://127.0.0.1:9/"

    async def note(connection: Any) -> None:
        await connection.execute("SELECT 1 / 0")

    with pytest.raises(asyncpg.DivisionByZeroError):
        await demo_api.context.endpoints.add("case", url, handshake=False, note=note)
    assert await pool.fetchval("SELECT count(*) FROM endpoint") == 0
    async with TestServer(CaseReceiver(list).application()) as server:
        new = {"name": "case", "url": str(server.make_url("/events")), "tiers": ["city"]}
        answer = await demo_api.client.post("/api/v1/endpoints", json=new, headers=writer)
    assert answer.status == HTTPStatus.CREATED
    assert ("endpoint.add", "case", "done") in await audited(demo_api)
    same = "SELECT a.at = e.created_at FROM audit a, endpoint e WHERE a.action = 'endpoint.add'"
    assert await pool.fetchval(same)


async def test_a_test_event_is_signed_and_its_answer_shown(
    demo_api: Any, receiver: CaseReceiver, secrets: list[bytes]
) -> None:
    """Signed by the old secret and the new one, once the secret was rotated."""
    writer = await demo_api.token(Scope.ENDPOINTS_WRITE)
    rotated = await demo_api.client.post(f"{ONE}/rotate", json={"keep_hours": 1}, headers=writer)
    new = read_secret((await rotated.json())["secret"])
    for secret in (secrets[0], new):
        secrets[:] = [secret]
        answer = await demo_api.client.post(f"{ONE}/test", headers=writer)
        tested = await answer.json()
        assert (tested["delivered"], tested["http_status"], tested["error"]) == (True, 200, "")
        assert receiver.events[-1].id == tested["event_id"]
        assert receiver.events[-1].type == "org.sharpeyes.endpoint.test.v1"

    secrets[:] = [b"another" * 4]
    answer = await demo_api.client.post(f"{ONE}/test", headers=writer)
    tested = await answer.json()
    assert (answer.status, tested["delivered"]) == (HTTPStatus.OK, False)
    assert tested["http_status"] == HTTPStatus.UNAUTHORIZED
    assert await demo_api.context.pool.fetchval("SELECT count(*) FROM event") == 0
    assert [action for action, _, _ in await audited(demo_api)].count("endpoint.test") == 3
    stored = await demo_api.context.pool.fetchval("SELECT string_agg(entry::text, '') FROM audit")
    assert (await rotated.json())["secret"] not in stored


async def test_a_test_event_goes_to_a_paused_endpoint_and_a_dead_one_is_said_to_be(
    demo_api: Any, free_port: Any
) -> None:
    writer = await demo_api.token(Scope.ENDPOINTS_WRITE)
    url = f"http://127.0.0.1:{free_port()}/"
    await demo_api.context.endpoints.add("case", url, handshake=False)
    await demo_api.client.post(f"{ONE}/pause", headers=writer)
    tested = await (await demo_api.client.post(f"{ONE}/test", headers=writer)).json()
    assert (tested["delivered"], tested["http_status"]) == (False, None)
    assert "Cannot connect" in tested["error"]


async def test_deliveries_are_listed_with_their_attempts(
    demo_api: Any, given_up: dict[str, str]
) -> None:
    reader = await demo_api.token(Scope.ENDPOINTS_READ)

    async def get(path: str, **query: str) -> Any:
        return await (await demo_api.client.get(path, params=query, headers=reader)).json()

    page = await get("/api/v1/deliveries", endpoint="case", state="dead", limit="1")
    (first,) = page["deliveries"]
    assert (first["last_http_status"], first["last_latency_ms"]) == (422, 120)
    page = await get("/api/v1/deliveries", before=str(page["next"]))
    assert [d["event_id"] for d in page["deliveries"]] == [given_up["420102"]]
    assert page["next"] is None
    (detail,) = (await get(f"/api/v1/events/{first['event_id']}/deliveries"))["deliveries"]
    assert [a["answer_head"] for a in detail["attempts"]] == ["no such street"]
    one = await get(ONE)
    assert (one["dead"], one["attempts_lately"], one["failed_lately"]) == (2, 2, 2)
    assert (one["latency_p50_ms"], one["latency_p95_ms"]) == (120, 120)


async def test_replaying_needs_an_event_or_a_time_and_is_audited(
    demo_api: Any, given_up: dict[str, str]
) -> None:
    writer = await demo_api.token(Scope.ENDPOINTS_WRITE)

    async def replay(**asked: Any) -> Any:
        answer = await demo_api.client.post(REPLAY, json=asked, headers=writer)
        return answer.status, (await answer.json()).get("replayed")

    now = datetime.now(UTC)
    assert (await replay())[0] == HTTPStatus.UNPROCESSABLE_ENTITY
    assert (await replay(event_id="x", since=now.isoformat()))[0] == HTTPStatus.UNPROCESSABLE_ENTITY
    assert await replay(event_id=given_up["420102"]) == (HTTPStatus.OK, 1)
    since = (now - timedelta(hours=1)).isoformat()
    assert await replay(since=since, endpoint="nobody") == (HTTPStatus.OK, 0)
    # The other one waits already.
    assert await replay(since=since, endpoint="case") == (HTTPStatus.OK, 1)
    assert await demo_api.context.pool.fetchval("SELECT count(*) FROM delivery_lane") == 2
    assert [done for action, _, done in await audited(demo_api) if action == "delivery.replay"]


async def test_a_district_replays_its_own_and_switches_nothing(
    demo_api: Any, given_up: dict[str, str]
) -> None:
    district = await demo_api.token(
        Scope.ENDPOINTS_READ, Scope.ENDPOINTS_WRITE, division_code="420102"
    )
    answer = await demo_api.client.patch(ONE, json={"tiers": ["city"]}, headers=district)
    assert answer.status == HTTPStatus.FORBIDDEN
    for deed, body in (("pause", None), ("resume", None), ("rotate", {}), ("test", None)):
        answer = await demo_api.client.post(f"{ONE}/{deed}", json=body, headers=district)
        assert answer.status == HTTPStatus.FORBIDDEN, deed
    refused = [row for row in await audited(demo_api) if row[2] == "refused"]
    assert [action for action, _, _ in refused] == [
        *("endpoint.edit", "endpoint.pause", "endpoint.resume", "endpoint.rotate", "endpoint.test")
    ]

    elsewhere = f"/api/v1/events/{given_up['420106']}/deliveries"
    answer = await demo_api.client.get(elsewhere, headers=district)
    assert answer.status == HTTPStatus.NOT_FOUND
    range_ = {"since": (datetime.now(UTC) - timedelta(hours=1)).isoformat()}
    answer = await demo_api.client.post(REPLAY, json=range_, headers=district)
    assert await answer.json() == {"replayed": 1}
    waiting = await demo_api.context.pool.fetch(
        "SELECT event_id FROM delivery WHERE state = 'pending'"
    )
    assert [row["event_id"] for row in waiting] == [given_up["420102"]]
