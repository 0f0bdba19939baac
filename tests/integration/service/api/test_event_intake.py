"""Events of other systems: in once each, on disk before the answer, and delivered as our own."""

import asyncio
import gzip
import io
import json
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio
from aiohttp.test_utils import TestServer

from sharpeyes.registry.camera import Camera, Life
from sharpeyes.service.access import Scope, revoke_token
from sharpeyes.service.api import event_intake
from sharpeyes.service.api.app import build_app
from sharpeyes.service.api.event_intake import BATCH, LINES, SINGLE

PATH = "/api/v1/events"
CODE = "42010200001320000001"
ELSEWHERE = "42010600001320000002"
NAME = f"test {Scope.EVENTS_WRITE}"

Send = Callable[..., Awaitable[tuple[int, Any]]]


def event(number: int = 1, **changes: Any) -> dict[str, Any]:
    return {
        "specversion": "1.0",
        "id": f"e{number}",
        "source": "/flood-watch",
        "type": "org.sharpeyes.outside-report.v1",
        "subject": CODE,
        "time": NOW,
        "severity": "warning",
        "data": {"kind": "flooding", "text": f"水深 {number} cm"},
    } | changes


NOW = datetime.now(UTC).isoformat()


def lines_of(events: list[dict[str, Any]]) -> bytes:
    return b"".join(json.dumps(one).encode() + b"\n" for one in events)


@pytest_asyncio.fixture
async def machine(api: Any, add_camera: Callable[..., Awaitable[Camera]]) -> dict[str, str]:
    """A token that may hand events in; there are two cameras, and an endpoint that wants all."""
    await add_camera(1)
    await add_camera(2, device_code=ELSEWHERE, division_code="420106")
    await api.context.pool.execute(
        "INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id)"
        " VALUES ('case', 'https://case/', 'x', '123456789012', 'k')"
    )
    return dict(await api.token(Scope.EVENTS_WRITE))


@pytest.fixture
def send(api: Any, machine: dict[str, str]) -> Send:
    async def send(
        body: Any, kind: str = SINGLE, headers: dict[str, str] | None = None
    ) -> tuple[int, Any]:
        data = body if isinstance(body, bytes) else json.dumps(body).encode()
        answer = await api.client.post(
            PATH, data=io.BytesIO(data), headers=machine | {"Content-Type": kind} | (headers or {})
        )
        return answer.status, json.loads(await answer.read())

    return send


async def counts(api: Any) -> tuple[int, int, int, int]:
    """Events, deliveries, lanes; and received beyond what is accounted for, which must be 0."""
    row = await api.context.pool.fetchrow(
        "SELECT (SELECT count(*) FROM event), (SELECT count(*) FROM delivery),"
        " (SELECT count(*) FROM delivery_lane),"
        " (SELECT COALESCE(sum(stored), 0) - (SELECT count(*) FROM event) FROM intake_tally)"
    )
    return tuple(row)


async def test_one_event_is_stored_and_waits_to_be_delivered(api: Any, send: Send) -> None:
    with api.served.changes.listen() as heard:
        status, taken = await send(event())
        async with asyncio.timeout(20):
            while (await heard.get()).event != taken["event_id"]:
                pass
    assert status == HTTPStatus.ACCEPTED
    stored = await api.context.events.get(taken["event_id"])
    assert (stored.origin_source, stored.origin_id) == ("/flood-watch", "e1")
    assert stored.data["text"] == "水深 1 cm"
    assert (stored.device_code, stored.sequence, stored.severity) == (CODE, 1, "warning")
    assert await counts(api) == (1, 1, 1, 0)


async def test_the_binary_mode_is_the_same_event(api: Any, send: Send) -> None:
    one = event()
    headers = {f"ce-{name}": value for name, value in one.items() if name != "data"}
    assert await send(one["data"], "application/json", headers) == await send(one)
    assert await counts(api) == (1, 1, 1, 0)


async def test_the_same_again_is_answered_the_same(api: Any, send: Send) -> None:
    first, *others = await asyncio.gather(*(send(event()) for _ in range(8)))
    assert others == [first] * 7
    assert await send(dict(reversed(event().items()))) == first
    assert await counts(api) == (1, 1, 1, 0)


async def test_hostile_25_the_same_id_with_another_body_is_a_conflict(api: Any, send: Send) -> None:
    await send(event())
    status, problem = await send(event(severity="alert"))
    assert status == HTTPStatus.CONFLICT
    assert problem["errors"][0]["field"] == "id"
    status, receipt = await send([event(), event(severity="alert"), event(2)], BATCH)
    assert status == HTTPStatus.MULTI_STATUS
    assert [result["field"] for result in receipt["results"]] == ["", "id", ""]
    assert (receipt["stored"], receipt["deduplicated"], receipt["refused"]) == (1, 1, 1)
    # Within one batch as well.
    _, receipt = await send([event(3), event(3), event(3, severity="info")], BATCH)
    ids = [result["event_id"] for result in receipt["results"]]
    assert ids[0] == ids[1] is not None
    assert ids[2] is None
    assert await counts(api) == (3, 3, 1, 0)


async def test_hostile_28_one_bad_item_of_ten_thousand_is_named(api: Any, send: Send) -> None:
    events = [event(number) for number in range(10_000)]
    events[7000]["data"] = {"kind": 5}
    status, receipt = await send([events[7000], "x", event(1)], BATCH)
    assert (status, receipt["stored"]) == (HTTPStatus.MULTI_STATUS, 1)
    status, receipt = await send(lines_of(events), LINES)
    assert status == HTTPStatus.MULTI_STATUS
    assert receipt["results"] == [
        {
            "index": 7000,
            "event_id": None,
            "field": "data.kind",
            "reason": "Expected `str`, got `int`",
        }
    ]
    assert (receipt["received"], receipt["stored"], receipt["deduplicated"]) == (10_000, 9998, 1)
    assert await counts(api) == (9999, 9999, 1, 0)
    sequences = await api.context.pool.fetchval(
        "SELECT array_agg(sequence ORDER BY event_id) FROM event WHERE origin_id <> 'e1'"
    )
    assert sorted(sequences) == list(range(2, 10_000))


async def test_a_batch_that_is_none_is_refused_as_a_whole(api: Any, send: Send) -> None:
    for body, status in (
        (b"{}", HTTPStatus.UNPROCESSABLE_ENTITY),
        (b"[1", HTTPStatus.BAD_REQUEST),
        (b"[" * 100_000, HTTPStatus.BAD_REQUEST),
        (b"[" + b"0," * 10_000 + b"0]", HTTPStatus.UNPROCESSABLE_ENTITY),
        (b" " * 4_200_000, HTTPStatus.REQUEST_ENTITY_TOO_LARGE),
    ):
        assert (await send(body, BATCH))[0] == status
    assert (await send(event(), "text/plain"))[0] == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert (await send(event(), "application/json"))[0] == HTTPStatus.UNSUPPORTED_MEDIA_TYPE
    assert (await send(b"", LINES))[1]["received"] == 0
    assert await counts(api) == (0, 0, 0, 0)


async def test_events_of_one_camera_keep_their_order(api: Any, send: Send) -> None:
    await asyncio.gather(
        *(
            send(
                [event(100 * batch + n, subject=(CODE, ELSEWHERE)[n % 2]) for n in range(50)], BATCH
            )
            for batch in range(6)
        )
    )
    rows = await api.context.pool.fetch(
        "SELECT camera_id, substr(origin_id, 2)::int AS n, sequence FROM event"
        " ORDER BY camera_id, sequence"
    )
    for camera_id in {row["camera_id"] for row in rows}:
        of_camera = [row for row in rows if row["camera_id"] == camera_id]
        assert [row["sequence"] for row in of_camera] == list(range(1, 151))
        for batch in range(6):
            numbers = [row["n"] for row in of_camera if row["n"] // 100 == batch]
            assert numbers == sorted(numbers)


async def test_hostile_27_another_districts_camera_is_not_there(api: Any, machine: Any) -> None:
    token = await api.token(Scope.EVENTS_WRITE, division_code="420102")
    headers = token | {"Content-Type": BATCH}
    mine, theirs = event(), event(2, subject=ELSEWHERE)
    nobodys = event(3, subject="42010200001329999999")
    answer = await api.client.post(PATH, json=[mine, theirs, nobodys], headers=headers)
    results = (await answer.json())["results"]
    assert results[0]["event_id"]
    assert results[1] | {"index": 2} == results[2]
    # Nor does it help to know the id of an event there.
    await api.client.post(PATH, json=[theirs], headers=machine | {"Content-Type": BATCH})
    answer = await api.client.post(PATH, json=[theirs], headers=headers)
    assert (await answer.json())["results"][0]["field"] == "subject"
    answer = await api.client.post(PATH, json=[theirs | {"subject": CODE}], headers=headers)
    assert (await answer.json())["results"][0]["field"] == "id"
    assert (await counts(api))[0] == 2
    refused = await api.context.pool.fetch("SELECT * FROM audit WHERE outcome = 'refused'")
    assert len(refused) == 2


async def test_a_camera_that_was_removed_has_no_events(
    api: Any, send: Send, add_camera: Callable[..., Awaitable[Camera]]
) -> None:
    camera = await add_camera(9, life=Life.REMOVED)
    status, problem = await send(event(subject=camera.device_code))
    assert status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert problem["errors"][0]["field"] == "subject"


async def test_what_cannot_be_stored_now_is_to_be_sent_again(
    api: Any, machine: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = api.context.settings
    few = settings.events.model_copy(update={"most_waiting": 1})
    async with api.over(settings.model_copy(update={"events": few})) as client:
        kept = machine | {"Content-Type": SINGLE}
        assert (await client.post(PATH, json=event(), headers=kept)).status == HTTPStatus.ACCEPTED
        monkeypatch.setattr(client.app[event_intake.BACKLOG], "_next_at", 0)
        full = await client.post(PATH, json=event(2), headers=kept)
        assert full.status == HTTPStatus.SERVICE_UNAVAILABLE
        assert int(full.headers["Retry-After"]) > 0
        assert "most_waiting" in (await full.json())["detail"]
    assert await counts(api) == (1, 1, 1, 0)


@pytest.mark.parametrize("kind", ["hostile_87_disk_full", "database_away", "deadlock"])
async def test_a_failing_database_is_503_and_nothing_half_done(
    api: Any, machine: dict[str, str], send: Send, kind: str
) -> None:
    code = {"hostile_87_disk_full": "53100", "database_away": "57P01", "deadlock": "40P01"}[kind]
    await api.context.pool.execute(
        "CREATE FUNCTION fail() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
        f" RAISE EXCEPTION 'no' USING ERRCODE = '{code}'; END $$;"
        " CREATE TRIGGER fail BEFORE INSERT ON intake_tally EXECUTE FUNCTION fail()"
    )
    answer = await api.client.post(
        PATH,
        data=lines_of([event(), event(2)]),
        headers=machine | {"Content-Type": LINES},
    )
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert int(answer.headers["Retry-After"]) > 0
    assert (await counts(api))[:3] == (0, 0, 0)
    await api.context.pool.execute("DROP TRIGGER fail ON intake_tally")
    assert (await send(event()))[0] == HTTPStatus.ACCEPTED


async def test_a_database_that_has_gone_is_503(api: Any, machine: dict[str, str]) -> None:
    await api.served.pool.close()
    answer = await api.client.post(PATH, json=event(), headers=machine | {"Content-Type": SINGLE})
    assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert int(answer.headers["Retry-After"]) > 0


async def connect(api: Any) -> tuple[asyncio.StreamReader, asyncio.StreamWriter]:
    url = api.client.make_url(PATH)
    return await asyncio.open_connection(url.host, url.port)


def head(machine: dict[str, str], kind: str, *more: str) -> bytes:
    fields = [
        f"POST {PATH} HTTP/1.1",
        "Host: x",
        f"Authorization: {machine['Authorization']}",
        f"Content-Type: {kind}",
        *more,
        "",
        "",
    ]
    return "\r\n".join(fields).encode()


async def test_hostile_17_headers_that_do_not_end_are_not_waited_for(api: Any) -> None:
    server = TestServer(build_app(api.served))
    await server.start_server(keepalive_timeout=0.5)
    try:
        reader, writer = await asyncio.open_connection(server.host, server.port)
        async with asyncio.timeout(20):
            writer.write(b"POST /api/v1/events HTTP/1.1\r\nHost: x\r\nX-Slow: ")
            assert await reader.read() == b""
        writer.close()
    finally:
        await server.close()


async def test_hostile_18_a_body_shorter_than_it_says_is_not_taken(
    api: Any, machine: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(event_intake, "_BODY_WITHIN_S", 0.3)
    body = json.dumps(event()).encode()
    reader, writer = await connect(api)
    writer.write(head(machine, SINGLE, f"Content-Length: {len(body) + 1}") + body)
    async with asyncio.timeout(20):
        assert b" 408 " in await reader.readline()
    writer.close()
    # Of lines, the whole ones that were answered for are in; the cut one is not.
    reader, writer = await connect(api)
    lines = lines_of([event(number) for number in range(501)])[:-10]
    writer.write(head(machine, LINES, "Content-Length: 1000000") + lines)
    async with asyncio.timeout(20):
        assert b" 408 " in await reader.readline()
    writer.close()
    assert await counts(api) == (500, 500, 1, 0)


async def test_hostile_19_two_lengths_are_refused(api: Any, machine: dict[str, str]) -> None:
    body = json.dumps(event()).encode()
    reader, writer = await connect(api)
    lengths = (f"Content-Length: {len(body)}", "Transfer-Encoding: chunked")
    writer.write(head(machine, SINGLE, *lengths) + body)
    async with asyncio.timeout(20):
        assert b" 400 " in await reader.readline()
    writer.close()
    assert await counts(api) == (0, 0, 0, 0)


@pytest.mark.parametrize("kind", [SINGLE, BATCH, LINES])
async def test_hostile_20_a_bomb_is_not_unpacked(api: Any, send: Send, kind: str) -> None:
    bomb = gzip.compress(b" " * 50_000_000, 9)
    assert len(bomb) < 100_000
    status, answer = await send(bomb, kind, {"Content-Encoding": "gzip"})
    if kind == LINES:
        # Unpacked as it arrives: one line, too long, dropped.
        assert answer["results"][0]["reason"] == "has more than 16384 bytes"
    else:
        assert status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert (
        await send(
            gzip.compress(json.dumps(event()).encode()), SINGLE, {"Content-Encoding": "gzip"}
        )
    )[0] == HTTPStatus.ACCEPTED


async def test_hostile_29_who_leaves_before_the_answer_asks_again(
    api: Any, machine: dict[str, str], send: Send
) -> None:
    body = json.dumps(event()).encode()
    for _ in range(20):
        _, writer = await connect(api)
        writer.write(head(machine, SINGLE, f"Content-Length: {len(body)}") + body)
        await writer.drain()
        writer.transport.abort()
    status, _ = await send(event())
    assert status == HTTPStatus.ACCEPTED
    assert await counts(api) == (1, 1, 1, 0)


async def test_hostile_30_a_token_in_the_query_string_is_not_looked_at(
    api: Any, machine: dict[str, str]
) -> None:
    secret = machine["Authorization"].removeprefix("Bearer ")
    for name in ("token", "access_token", "Authorization"):
        answer = await api.client.post(
            PATH, params={name: secret}, json=event(), headers={"Content-Type": SINGLE}
        )
        assert answer.status == HTTPStatus.UNAUTHORIZED
        assert secret not in await answer.text()
    assert await counts(api) == (0, 0, 0, 0)


async def test_hostile_31_a_token_revoked_meanwhile_ends_the_lines(
    api: Any, machine: dict[str, str]
) -> None:
    revoked = asyncio.Event()

    async def body() -> Any:
        yield lines_of([event(number) for number in range(500)])
        while (await counts(api))[0] < 500:  # noqa: ASYNC110  # another connection commits them
            await asyncio.sleep(0.01)
        await revoke_token(api.context.pool, NAME)
        revoked.set()
        yield lines_of([event(number) for number in range(500, 1000)])
        yield lines_of([event(number) for number in range(1000, 1500)])

    async with asyncio.timeout(30):
        answer = await api.client.post(PATH, data=body(), headers=machine | {"Content-Type": LINES})
    assert revoked.is_set()
    assert answer.status == HTTPStatus.UNAUTHORIZED
    assert "the first 1000 have been dealt with" in (await answer.json())["detail"]
    assert (await counts(api))[0] == 1000


async def test_who_may_only_read_hands_nothing_in(api: Any, machine: dict[str, str]) -> None:
    reader = await api.token(Scope.EVENTS_READ)
    answer = await api.client.post(PATH, json=event(), headers=reader | {"Content-Type": SINGLE})
    assert answer.status == HTTPStatus.FORBIDDEN
