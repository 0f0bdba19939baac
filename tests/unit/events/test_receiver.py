"""The small case system: verifies, keeps, removes duplicates."""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import pytest_asyncio
from aiohttp import ClientResponse
from aiohttp.test_utils import TestClient, TestServer

from sharpeyes.events.errors import ReceiverFileError
from sharpeyes.events.kept_file import KeptFile
from sharpeyes.events.receiver import CaseReceiver, Fault
from sharpeyes.events.signing import signature_headers

SECRET = b"s" * 32

Serve = Callable[[CaseReceiver], Awaitable[TestClient]]  # type: ignore[type-arg]  # generic in aiohttp's stubs only


@pytest_asyncio.fixture
async def serve() -> AsyncIterator[Serve]:
    clients = []

    async def start(receiver: CaseReceiver) -> TestClient:  # type: ignore[type-arg]
        client = TestClient(TestServer(receiver.application()))
        await client.start_server()
        clients.append(client)
        return client

    yield start
    for client in clients:
        await client.close()


def body_of(event_id: str, subject: str = "42010650001327000123") -> bytes:
    return json.dumps(
        {
            "specversion": "1.0",
            "id": event_id,
            "source": "/sharpeyes/main",
            "type": "org.sharpeyes.motion.v1",
            "subject": subject,
            "sequence": "000000000001",
            "time": "2026-11-21T08:30:00Z",
            "data": {"zone": "z"},
        }
    ).encode()


async def deliver(
    client: TestClient,  # type: ignore[type-arg]
    event_id: str,
    subject: str = "42010650001327000123",
    secret: bytes = SECRET,
) -> ClientResponse:
    body = body_of(event_id, subject)
    headers = signature_headers([secret], event_id, datetime.now(UTC), body)
    return await client.post("/events", data=body, headers=headers)


async def test_an_event_is_kept_once_however_often_it_comes(serve: Serve) -> None:
    lines = list[str]()
    receiver = CaseReceiver(lambda: [SECRET], announce=lines.append)
    client = await serve(receiver)

    assert [(await deliver(client, "e1")).status for _ in range(3)] == [200] * 3
    assert (await deliver(client, "e2")).status == 200

    assert [(e.id, e.times_received) for e in receiver.events] == [("e1", 3), ("e2", 1)]
    assert len(lines) == 2
    assert "motion" in lines[0]
    shown = await (await client.get("/events")).json()
    assert shown["events"][0] == {
        "id": "e1",
        "type": "org.sharpeyes.motion.v1",
        "subject": "42010650001327000123",
        "sequence": "000000000001",
        "time": "2026-11-21T08:30:00Z",
        "data": {"zone": "z"},
        "times_received": 3,
        "verified": True,
    }


async def test_what_is_not_authentic_is_refused_and_not_kept(serve: Serve) -> None:
    receiver = CaseReceiver(lambda: [SECRET])
    client = await serve(receiver)
    body = body_of("e1")
    headers = signature_headers([SECRET], "e1", datetime.now(UTC), body)

    answers = [
        await deliver(client, "e1", secret=b"x" * 32),
        await client.post("/events", data=body.replace(b"z", b"y"), headers=headers),
        await client.post("/events", data=body),
        await client.post(
            "/events", data=body, headers=headers | {"webhook-signature": "v1,%%, ,"}
        ),
    ]

    assert [answer.status for answer in answers] == [401] * 4
    assert not receiver.events
    assert receiver.refused_count == 4


@pytest.mark.parametrize("body", [b"", b"{}", b"[]", b"\xff", b"[" * 60_000])
async def test_what_is_signed_but_no_event_is_refused(serve: Serve, body: bytes) -> None:
    client = await serve(receiver := CaseReceiver(lambda: [SECRET]))
    try:
        headers = signature_headers([SECRET], "e1", datetime.now(UTC), body)
    except UnicodeDecodeError:
        headers = signature_headers([SECRET], "e1", datetime.now(UTC), b"")

    assert (await client.post("/events", data=body, headers=headers)).status == 401
    assert not receiver.events


async def test_the_signed_id_is_the_one_that_counts(serve: Serve) -> None:
    client = await serve(receiver := CaseReceiver(lambda: [SECRET]))
    headers = signature_headers([SECRET], "e9", datetime.now(UTC), body_of("e1"))

    answer = await client.post("/events", data=body_of("e1"), headers=headers)

    assert (answer.status, receiver.events) == (401, ())


async def test_a_body_beyond_all_bounds_is_refused(serve: Serve) -> None:
    client = await serve(CaseReceiver(lambda: [SECRET]))

    assert (await client.post("/events", data=b"x" * 200_000)).status == 413


async def test_a_secret_may_come_later_and_be_replaced(serve: Serve) -> None:
    secrets = list[bytes]()
    client = await serve(CaseReceiver(lambda: secrets))

    assert (await deliver(client, "e1")).status == 401
    secrets[:] = [SECRET]
    assert (await deliver(client, "e1")).status == 200
    secrets[:] = [b"n" * 32, SECRET]
    assert (await deliver(client, "e2", secret=b"n" * 32)).status == 200


async def test_it_consents_when_it_is_asked(serve: Serve) -> None:
    client = await serve(CaseReceiver(list))

    asked = await client.options("/events", headers={"WebHook-Request-Origin": "sharpeyes"})

    assert asked.status == 200
    assert asked.headers["WebHook-Allowed-Origin"] == "sharpeyes"
    assert (await client.options("/events")).status == 400


async def test_faults_come_in_order_and_only_for_whom_they_are_meant(serve: Serve) -> None:
    faults = [Fault(500), Fault(503, keeps=True), Fault(429, only_subject="other")]
    receiver = CaseReceiver(lambda: [SECRET], faults=faults)
    client = await serve(receiver)

    assert (await deliver(client, "e1")).status == 500
    assert not receiver.events
    assert (await deliver(client, "e1")).status == 503
    assert len(receiver.events) == 1
    assert (await deliver(client, "e1")).status == 200
    assert (await deliver(client, "e2", subject="other")).status == 429


async def test_memory_is_bounded(serve: Serve) -> None:
    receiver = CaseReceiver(lambda: [SECRET], remembered=3)
    client = await serve(receiver)
    for number in range(5):
        await deliver(client, f"e{number}")

    assert [event.id for event in receiver.events] == ["e2", "e3", "e4"]


async def test_what_was_kept_is_known_after_a_restart(serve: Serve, tmp_path: Path) -> None:
    path = tmp_path / "events.ndjson"
    with KeptFile(path) as file:
        client = await serve(CaseReceiver(lambda: [SECRET], file=file))
        for event_id in ("e1", "e1", "e2"):
            await deliver(client, event_id)

    with KeptFile(path) as file:
        receiver = CaseReceiver(lambda: [SECRET], file=file)
        client = await serve(receiver)
        await deliver(client, "e2")

    assert [json.loads(line)["id"] for line in path.read_text().splitlines()] == ["e1", "e2"]
    assert [(e.id, e.times_received) for e in receiver.events] == [("e1", 1), ("e2", 2)]


async def test_what_cannot_be_kept_is_not_acknowledged(
    serve: Serve, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(_file: KeptFile, _line: bytes) -> None:
        raise OSError(28, "No space left on device")

    with KeptFile(tmp_path / "events.ndjson") as file:
        receiver = CaseReceiver(lambda: [SECRET], file=file)
        client = await serve(receiver)
        with monkeypatch.context() as patch:
            patch.setattr(KeptFile, "append", full)
            answer = await deliver(client, "e1")
        assert (answer.status, answer.headers["Retry-After"]) == (503, "60")
        assert not receiver.events
        assert (await deliver(client, "e1")).status == 200


def test_a_file_of_something_else_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "notes"
    path.write_text("milk\n")

    with KeptFile(path) as file, pytest.raises(ReceiverFileError, match="line 1"):
        CaseReceiver(list, file=file)
