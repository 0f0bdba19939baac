"""Cases of events over HTTP: what is said of them, by whom, and whom it is told."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from random import Random
from typing import Any

import asyncpg
import pytest
import pytest_asyncio

from sharpeyes.events.case_clock import raise_due
from sharpeyes.events.case_settings import CaseLimit
from sharpeyes.events.event import EventType, NewEvent, Severity, new_event_id
from sharpeyes.events.payload import MotionSeen, VehicleAbandoned
from sharpeyes.events.store import append
from sharpeyes.registry.camera import CameraFile, PollMode, Tier
from sharpeyes.service.roles import Role, Scope

OURS, THEIRS = "42010200001320000001", "42010300001320000001"
NOW = datetime(2026, 11, 21, 8, tzinfo=UTC)
Tell = Callable[..., Awaitable[str]]


@pytest_asyncio.fixture
async def tell(api: Any) -> Tell:
    """Store an event of a camera that is in one of two districts."""
    cameras = dict[str, int]()
    for code in (OURS, THEIRS):
        file = CameraFile(
            device_code=code,
            name=f"camera {code}",
            tier=Tier.CITY,
            division_code=code[:6],
            poll_mode=PollMode.NONE,
        )
        async with api.context.cameras.edit("test") as edit:
            cameras[code] = (await edit.add(file)).brief.camera_id
    random = Random(1)

    async def store(code: str = OURS, zone: str = "kerb", *, motion: bool = False) -> str:
        event_id = new_event_id(NOW, random)
        where: dict[str, Any] = {
            "box_xyxy": (1, 2, 30, 40),
            "picture_width_px": 640,
            "picture_height_px": 360,
            "zone": zone,
            "started_at": NOW,
        }
        event = NewEvent(
            event_id=event_id,
            type=EventType.MOTION if motion else EventType.ABANDONED_VEHICLE,
            camera_id=cameras[code],
            device_code=code,
            severity=Severity.INFO if motion else Severity.ALERT,
            occurred_at=NOW,
            dedup_key=event_id,
            data=MotionSeen(phase="start", **where)
            if motion
            else VehicleAbandoned(phase="alert", dwell_s=61, **where),
        )
        async with api.context.pool.acquire() as connection, connection.transaction():
            assert await append(connection, event)
        return event_id

    return store


@pytest.fixture
def say(api: Any) -> Callable[..., Awaitable[tuple[int, dict[str, Any]]]]:
    async def post(
        event_id: str, verb: str, headers: dict[str, str], **body: str
    ) -> tuple[int, dict[str, Any]]:
        path = f"/api/v1/events/{event_id}/case/{verb}"
        async with api.client.post(path, json=body, headers=headers) as answer:
            return answer.status, await answer.json()

    return post


async def test_a_case_goes_its_way(api: Any, tell: Tell, say: Any) -> None:
    event_id, pool = await tell(), api.context.pool
    police = await api.token(*Role.DELIVERY.scopes)
    async with api.client.get(f"/api/v1/events/{event_id}/case", headers=police) as answer:
        shown = await answer.json()
        assert answer.headers["ETag"] == '"1"'
    assert (shown["state"], shown["history"]) == ("dispatched", [])

    status, refused = await say(event_id, "handle", police, words="towed")
    assert status == HTTPStatus.CONFLICT
    assert refused["detail"].endswith("is dispatched and cannot be handled: acknowledge it first")
    assert refused["code"] == "case.order"
    assert refused["about"] == {"state": "dispatched", "step": "handled"}
    await say(event_id, "acknowledge", police, case_number="GA-7")
    status, again = await say(event_id, "acknowledge", police, case_number="GA-7")
    assert (status, again["state"], again["revision"]) == (HTTPStatus.OK, "acknowledged", 2)
    await say(event_id, "handle", police, words="towed")
    status, _ = await say(event_id, "close", police, feedback="  ")
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    status, closed = await say(event_id, "close", police, feedback="the van was towed")
    assert (closed["state"], closed["case_number"]) == ("closed", "GA-7")
    assert [(s["step"], s["words"], s["actor"]) for s in closed["history"]] == [
        ("acknowledged", "", closed["history"][0]["actor"]),
        ("handled", "towed", closed["history"][0]["actor"]),
        ("closed", "the van was towed", closed["history"][0]["actor"]),
    ]
    # Late, and once more: nothing changes; something else: refused.
    assert (await say(event_id, "acknowledge", police))[0] == HTTPStatus.OK
    assert (await say(event_id, "reject", police, reason="no"))[0] == HTTPStatus.CONFLICT
    _, refused = await say(event_id, "close", police, feedback="in other words")
    assert (refused["code"], refused["about"]["step"]) == ("case.said", "closed")
    _, refused = await say(event_id, "acknowledge", police, case_number="GA-8")
    assert (refused["code"], refused["about"]) == ("case.number", {"kept": "GA-7", "given": "GA-8"})

    written = await pool.fetch(
        "SELECT action, detail ->> 'words' AS words FROM audit WHERE object = $1", event_id
    )
    assert [tuple(row) for row in written] == [
        ("case.acknowledged", ""), ("case.handled", "towed"), ("case.closed", "the van was towed"),
    ]  # fmt: skip
    told = await pool.fetch("SELECT data, sequence FROM event WHERE type LIKE '%case%' ORDER BY 2")
    assert [(row["data"]["step"], row["data"]["revision"], row["sequence"]) for row in told] == [
        ("acknowledged", 2, 2), ("handled", 3, 3), ("closed", 4, 4),
    ]  # fmt: skip
    assert told[2]["data"] | {"about_event_id": event_id, "case_number": "GA-7"} == told[2]["data"]


async def test_of_two_who_say_different_things_at_once_one_is_refused(
    api: Any, tell: Tell, say: Any
) -> None:
    one, other = await api.token(*Role.DELIVERY.scopes), await api.token(*Role.OPERATOR.scopes)
    for _ in range(5):
        event_id = await tell()
        answers = await asyncio.gather(
            say(event_id, "reject", one, reason="a shadow"),
            say(event_id, "acknowledge", other),
            *(say(event_id, "reject", one, reason="a shadow") for _ in range(3)),
            say(event_id, "reject", other, reason="a puddle"),
        )
        history = answers[0][1].get("history") or answers[5][1]["history"]
        rejected = [step for step in history if step["step"] == "rejected"]
        assert len(rejected) == 1
        by_words = {"a shadow": answers[0][0], "a puddle": answers[5][0]}
        assert by_words.pop(rejected[0]["words"]) == HTTPStatus.OK
        assert set(by_words.values()) == {HTTPStatus.CONFLICT}
    stale = one | {"If-Match": '"1"'}
    event_id = await tell()
    await say(event_id, "acknowledge", other)
    status, refused = await say(event_id, "reject", stale, reason="x")
    assert status == HTTPStatus.PRECONDITION_FAILED
    assert "is at revision 2" in refused["detail"]


async def test_who_may_say_what(api: Any, tell: Tell, say: Any) -> None:
    ours, theirs = await tell(OURS), await tell(THEIRS)
    engineer = await api.token(*Role.ENGINEER.scopes)
    status, refused = await say(ours, "acknowledge", engineer)
    assert status == HTTPStatus.FORBIDDEN
    assert refused["detail"].startswith("this needs the scope cases:write, which the token 'test")
    district = await api.token(*Role.OPERATOR.scopes, division_code="420102")
    assert (await say(ours, "acknowledge", district))[0] == HTTPStatus.OK
    status, refused = await say(theirs, "acknowledge", district)
    assert status == HTTPStatus.NOT_FOUND
    assert refused["detail"] == f"there is no event '{theirs}' that could have a case"
    headers = await api.token(Scope.EVENTS_READ, division_code="420103")
    async with api.client.get(f"/api/v1/events/{ours}/case", headers=headers) as answer:
        assert answer.status == HTTPStatus.NOT_FOUND


async def test_an_event_that_opened_no_case_has_one_when_somebody_says_so(
    api: Any, tell: Tell, say: Any
) -> None:
    event_id = await tell(motion=True)
    pool, officer = api.context.pool, await api.token(*Role.OPERATOR.scopes)
    assert await pool.fetchval("SELECT count(*) FROM event_case") == 0
    read = officer | {"If-Match": '"0"'}
    status, rejected = await say(event_id, "reject", read, reason="a branch")
    assert (status, rejected["state"], rejected["revision"]) == (HTTPStatus.OK, "rejected", 1)
    async with pool.acquire() as connection, connection.transaction():
        limits = {EventType.MOTION: CaseLimit(limit_s=1)}
        assert await raise_due(connection, datetime.now(UTC), limits, Random(1)) == 0


async def test_each_light_is_raised_once(api: Any, tell: Tell, say: Any) -> None:
    pool, limits = api.context.pool, {EventType.ABANDONED_VEHICLE: CaseLimit(limit_s=100)}
    slow, quick, unlimited = await tell(), await tell(), await tell(THEIRS)
    await pool.execute(
        "UPDATE event_case SET type = $2 WHERE event_id = $1", unlimited, EventType.MOTION
    )
    random = Random(2)

    async def look(seconds: float) -> int:
        began_at = await pool.fetchval("SELECT max(dispatched_at) FROM event_case")
        async with pool.acquire() as connection, connection.transaction():
            at = began_at + timedelta(seconds=seconds)
            return await raise_due(connection, at, limits, random)

    officer = await api.token(*Role.OPERATOR.scopes)
    assert [await look(0), await look(1)] == [3, 0]
    await say(quick, "reject", officer, reason="a bus stop")
    assert [await look(s) for s in (50, 50, 79, 85, 99, 101, 102, 1000)] == [1, 0, 0, 1, 0, 1, 0, 0]
    rows = await pool.fetch(
        "SELECT data ->> 'about_event_id' AS id, data ->> 'light' AS light, severity FROM event"
        " WHERE data ->> 'step' = 'light' ORDER BY sequence"
    )
    assert [tuple(row) for row in rows] == [
        (slow, "blue", "info"), (slow, "yellow", "warning"), (slow, "red", "alert"),
    ]  # fmt: skip
    async with api.client.get(f"/api/v1/events/{slow}/case", headers=officer) as answer:
        shown = await answer.json()
    assert (shown["light"], shown["state"], shown["revision"]) == ("red", "dispatched", 4)
    assert [step["actor"] for step in shown["history"]] == ["", "", ""]


async def test_two_who_raise_lights_raise_each_once(api: Any, tell: Tell) -> None:
    pool, limits = api.context.pool, {EventType.ABANDONED_VEHICLE: CaseLimit(limit_s=1e-3)}
    for number in range(40):
        await tell((OURS, THEIRS)[number % 2])

    async def raise_all() -> None:
        looked_at = 1
        while looked_at:
            async with pool.acquire() as connection, connection.transaction():
                at = datetime.now(UTC) + timedelta(hours=1)
                looked_at = await raise_due(connection, at, limits, Random(), limit=7)

    await asyncio.gather(*(raise_all() for _ in range(4)))
    counts = "SELECT count(*), count(DISTINCT data ->> 'about_event_id') FROM event"
    assert tuple(await pool.fetchrow(f"{counts} WHERE data ->> 'light' = 'red'")) == (40, 40)


async def test_false_alarms_are_counted_where_they_were(api: Any, tell: Tell, say: Any) -> None:
    officer = await api.token(*Role.OPERATOR.scopes)
    events = [await tell(OURS, zone) for zone in ("kerb", "kerb", "kerb", "gate")]
    for event_id, reason in zip(events[:2], ("a shadow", "a puddle"), strict=True):
        await say(event_id, "reject", officer, reason=reason)
    theirs = await tell(THEIRS, "")
    await say(theirs, "reject", officer, reason="snow")
    engineer = await api.token(*Role.ENGINEER.scopes, division_code="420102")
    async with api.client.get("/api/v1/false-alarms", headers=engineer) as answer:
        (counted,) = (await answer.json())["false_alarms"]
    assert counted.pop("latest_at") is not None
    assert counted == {
        "device_code": OURS, "camera_name": f"camera {OURS}", "division_code": "420102",
        "zone": "kerb", "type": "org.sharpeyes.abandoned-vehicle.v1", "rejected": 2, "closed": 0,
        "unclosed": 1, "latest_event_id": events[1], "latest_reason": "a puddle",
    }  # fmt: skip
    for query in (f"camera={THEIRS}", "division=420103"):
        async with api.client.get(f"/api/v1/false-alarms?{query}", headers=officer) as answer:
            (counted,) = (await answer.json())["false_alarms"]
        assert (counted["zone"], counted["rejected"]) == ("", 1)


async def test_what_was_said_is_lost_with_nothing_else(
    api: Any, tell: Tell, say: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Step, state, event and audit are one transaction."""
    event_id, officer = await tell(), await api.token(*Role.OPERATOR.scopes)

    async def away(*_: object, **__: object) -> None:
        raise asyncpg.ConnectionDoesNotExistError("gone")

    with monkeypatch.context() as cut:
        cut.setattr("sharpeyes.service.api.cases.audit", away)
        assert (await say(event_id, "acknowledge", officer))[0] == HTTPStatus.SERVICE_UNAVAILABLE
    assert await api.context.pool.fetchval("SELECT count(*) FROM event") == 1
    status, shown = await say(event_id, "acknowledge", officer)
    assert (status, shown["revision"]) == (HTTPStatus.OK, 2)


async def test_events_are_listed_by_how_far_they_are(api: Any, tell: Tell, say: Any) -> None:
    officer = await api.token(*Role.OPERATOR.scopes)
    ours, theirs, motion = await tell(OURS), await tell(THEIRS), await tell(OURS, motion=True)
    await say(ours, "reject", officer, reason="a shadow")

    async def listed(query: str) -> list[str]:
        path = f"/api/v1/events?type=org.sharpeyes.{query}"
        async with api.client.get(path, headers=officer) as answer:
            assert answer.status == HTTPStatus.OK, await answer.text()
            return [event["event_id"] for event in (await answer.json())["events"]]

    kind = "abandoned-vehicle.v1"
    assert await listed(f"{kind}&state=unclosed") == [theirs]
    assert await listed(f"{kind}&state=rejected") == [ours]
    assert await listed(f"{kind}&state=rejected&division=420103") == []
    assert await listed(f"{kind}&division=420103&tier=city&severity=alert") == [theirs]
    assert await listed(f"{kind}&tier=social") == []
    assert await listed(f"{kind}&limit=1&state=unclosed&after={theirs}") == []
    assert await listed("motion.v1&severity=info") == [motion]
    async with api.client.get(f"/api/v1/events/{ours}", headers=officer) as answer:
        shown = (await answer.json())["case"]
    assert (shown["state"], shown["light"]) == ("rejected", "")
