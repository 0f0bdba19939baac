"""`sharpeyes endpoint` and `sharpeyes receiver`, as their users call them; and the guide's own."""

import asyncio
import json
import os
import re
import shutil
import signal
import sqlite3
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import aiohttp
import asyncpg
import msgspec
import pytest
from aiohttp import web

from sharpeyes.events.event import Event, EventType, NewEvent, Severity
from sharpeyes.events.payload import VehicleAbandoned
from sharpeyes.events.relay import Relay
from sharpeyes.events.signing import read_secret, signature_headers
from sharpeyes.events.store import append
from sharpeyes.service.cli import main

Sharpeyes = Callable[..., Awaitable[tuple[int, str, str]]]
Called = Callable[..., tuple[int, str, str]]

_GUIDE = Path(__file__).parents[3] / "docs" / "guide" / "case-system.md"
_SECRET = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"


@pytest.fixture
def environment(database_url: str, tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "SHARPEYES_DATABASE_URL": database_url,
        "SHARPEYES_DATA_DIR": str(tmp_path),
        "SHARPEYES_EVENTS__ALLOW_LOOPBACK": "true",
    }


@pytest.fixture
def sharpeyes(environment: dict[str, str]) -> Sharpeyes:
    """Run a command; give its exit code, stdout and stderr."""

    async def run(*arguments: str) -> tuple[int, str, str]:
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, "-m", "sharpeyes", *arguments),
            env=environment,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
        )
        out, err = await process.communicate()
        assert process.returncode is not None
        assert "Traceback" not in err.decode()
        return process.returncode, out.decode(), err.decode()

    return run


@pytest.fixture
def called(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capfd: pytest.CaptureFixture[str],
) -> Called:
    """Call a command within the test's process, which spares the start of another."""

    def call(*arguments: str) -> tuple[int, str, str]:
        for name, value in environment.items():
            monkeypatch.setenv(name, value)
        monkeypatch.setattr(sys, "argv", ["sharpeyes", *arguments])
        capfd.readouterr()
        with pytest.raises(SystemExit) as ended:
            main()
        out, err = capfd.readouterr()
        assert isinstance(ended.value.code, int)
        return ended.value.code, out, err

    return call


@asynccontextmanager
async def program(
    *arguments: str, env: dict[str, str], cwd: Path, interpreter: str = sys.executable
) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run a program, and end it as an operator would."""
    process = await asyncio.create_subprocess_exec(
        *(interpreter, *arguments),
        env=env,
        cwd=cwd,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.send_signal(signal.SIGTERM)
        await process.communicate()


def signed(
    event_id: str,
    secret: str,
    sent_at: datetime | None = None,
    *,
    kind: str = "motion",
    data: str = "{}",
) -> tuple[bytes, dict[str, str]]:
    body = json.dumps(
        {
            "id": event_id,
            "type": f"org.sharpeyes.{kind}.v1",
            "subject": "42010600001320000001",
            "sequence": "000000000001",
            "time": "2026-11-21T08:30:00Z",
            "data": json.loads(data),
        }
    ).encode()
    sent_at = sent_at or datetime.now(UTC)
    return body, signature_headers([read_secret(secret)], event_id, sent_at, body)


async def line_of(stream: asyncio.StreamReader | None) -> str:
    assert stream is not None
    async with asyncio.timeout(60):
        return (await stream.readline()).decode().rstrip()


async def test_an_endpoint_is_added_with_its_receiver_and_events_are_kept(
    sharpeyes: Sharpeyes, environment: dict[str, str], tmp_path: Path
) -> None:
    secret_file, store = tmp_path / "secret", tmp_path / "received.ndjson"
    files = ("--secret-file", str(secret_file), "--store", str(store))
    async with program(
        *("-m", "sharpeyes", "receiver", "--port", "0", *files), env=environment, cwd=tmp_path
    ) as receiver:
        assert "no signing secret yet" in await line_of(receiver.stderr)
        url = re.findall(r"http\S+/events", await line_of(receiver.stderr))[0]

        code, secret, _ = await sharpeyes("endpoint", "add", "case", url)
        assert code == 0
        secret_file.write_text(secret)

        body, headers = signed("e1", secret.strip())
        async with aiohttp.ClientSession() as session:
            for expected in (200, 200):
                async with session.post(url, data=body, headers=headers) as answer:
                    assert answer.status == expected
            async with session.post(url, data=body + b" ", headers=headers) as answer:
                assert answer.status == 401
            async with session.get(url) as answer:
                shown = await answer.json()

        assert await line_of(receiver.stdout) == (
            "2026-11-21T08:30:00Z  org.sharpeyes.motion.v1  42010600001320000001  #000000000001"
        )
    assert receiver.returncode == 0
    assert (shown["events"][0]["times_received"], shown["refused"]) == (2, 1)
    assert [json.loads(line)["id"] for line in store.read_text().splitlines()] == ["e1"]


def test_endpoints_are_listed_paused_and_resumed(called: Called) -> None:
    url = "http://10.0.0.9:9000/events"
    wanted = ("--type", "org.sharpeyes.motion.v1", "--no-handshake", "--json")
    code, added, _ = called("endpoint", "add", "case", url, *wanted)
    assert code == 0
    assert json.loads(added)["secret"].startswith("whsec_")
    assert called("endpoint", "pause", "case")[0] == 0

    code, listed, _ = called("endpoint", "list", "--json")

    assert code == 0
    (endpoint,) = json.loads(listed)
    assert (endpoint["name"], endpoint["url"], endpoint["state"]) == ("case", url, "paused")
    assert endpoint["event_types"] == ["org.sharpeyes.motion.v1"]
    assert "secret" not in listed
    assert called("endpoint", "resume", "case")[0] == 0
    assert "active" in called("endpoint", "list")[1]


async def test_what_waits_for_an_endpoint_is_told(  # noqa: PLR0917  # fixtures
    called: Called,
    pool: asyncpg.Pool,
    script: Callable[..., Awaitable[list[web.Request]]],
    store: Callable[..., Awaitable[list[Event]]],
    cameras: dict[str, int],
    relay: Relay,
) -> None:
    await script(200, 503)
    await store(next(iter(cameras)), 3)
    (nothing_tried,) = json.loads(
        (await asyncio.to_thread(called, "endpoint", "list", "--json"))[1]
    )
    for _ in range(2):
        assert await relay.run_once() == 1
    # The first of those that wait counts, not the delivered one.
    await pool.execute(
        "UPDATE event SET recorded_at ="
        " now() - make_interval(hours => 6 / sequence::int, mins => 5)"
    )

    _, shown, _ = await asyncio.to_thread(called, "endpoint", "list")
    (told,) = json.loads((await asyncio.to_thread(called, "endpoint", "list", "--json"))[1])

    assert (nothing_tried["pending"], nothing_tried["last_failure"]) == (3, "")
    assert (told["pending"], told["attempts_lately"], told["dead"]) == (2, 2, 0)
    assert told["last_failure"] == "HTTP 503"
    assert told["last_success_at"] is not None
    waited = datetime.now(UTC) - datetime.fromisoformat(told["oldest_pending_at"])
    assert timedelta(hours=3, minutes=5) <= waited < timedelta(hours=3, minutes=7)
    assert "3 h 5 min" in shown
    assert "HTTP 503" in shown


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("add", "case", "http://127.0.0.1:1/x"), 1, "does not consent"),
        (("add", "case", "http://u:hunter2@10.0.0.1/"), 1, "user name or password"),
        (("add", "case", "ftp://10.0.0.1/"), 1, "http://HOST"),
        (("add", "a b", "http://10.0.0.1/"), 1, "name 'a b'"),
        (("add", "case", "http://10.0.0.1/", "--type", "motion"), 2, "org.sharpeyes.motion.v1"),
        (("add", "case"), 2, "Missing argument"),
        (("pause", "nobody"), 1, "no endpoint is named 'nobody'"),
    ],
)
def test_a_wrong_call_gets_one_clear_answer(
    called: Called, arguments: tuple[str, ...], code: int, words: str
) -> None:
    found, out, err = called("endpoint", *arguments)

    assert (found, out) == (code, "")
    assert words in err
    assert "hunter2" not in err
    if code == 1:
        assert len(err.splitlines()) == 1


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        ((), 2, "--secret-env"),
        (("--secret-env", "NOT_SET"), 1, "NOT_SET is not set"),
        (("--secret-env", "PATH"), 1, "not a signing secret"),
        (("--secret-file", "x", "--store", "/nowhere/x"), 1, "/nowhere/x"),
        (("--secret-file", "x", "--host", "203.0.113.9"), 1, "cannot listen on 203.0.113.9"),
    ],
)
def test_a_receiver_that_cannot_start_says_why(
    called: Called, arguments: tuple[str, ...], code: int, words: str
) -> None:
    found, out, err = called("receiver", *arguments)

    assert (found, out) == (code, "")
    assert words in err


@pytest.mark.parametrize("language", ["python", "javascript"])
async def test_the_receiver_in_the_guide_verifies_and_removes_duplicates(
    tmp_path: Path, environment: dict[str, str], free_port: Callable[[], int], language: str
) -> None:
    """Started a second time, it still knows what it has, and what it has to tell."""
    interpreter = sys.executable if language == "python" else node()
    (text,) = re.findall(rf"```{language}\n(.*?)```", _GUIDE.read_text(), re.DOTALL)
    assert len(text.splitlines()) < (60 if language == "python" else 81)
    (tmp_path / "receiver").write_text(text)
    port = free_port()
    env = environment | {"WEBHOOK_SECRET": _SECRET, "PORT": str(port), "PYTHONUNBUFFERED": "1"}
    env |= {"SHARPEYES_URL": f"http://127.0.0.1:{free_port()}", "SHARPEYES_TOKEN": "set_none"}
    url = f"http://127.0.0.1:{port}/events"
    vehicle = partial(signed, "e1", kind="abandoned-vehicle", data='{"phase": "alert"}')
    body, headers = vehicle(_SECRET)
    other = vehicle("whsec_" + "A" * 32)[1]["webhook-signature"]
    both = headers | {"webhook-signature": f"{other} {headers['webhook-signature']}"}
    old = vehicle(_SECRET, datetime.now(UTC) - timedelta(minutes=6))[1]

    statuses = []
    for _ in range(2):
        async with program("receiver", env=env, cwd=tmp_path, interpreter=interpreter) as receiver:
            assert "Running" in await line_of(receiver.stdout)
            async with aiohttp.ClientSession() as session:
                async with session.options(url) as answer:
                    assert answer.headers["WebHook-Allowed-Origin"] == "sharpeyes"
                for sent, sent_headers in (
                    (body, headers),
                    (body, both),
                    (body + b" ", headers),
                    (body, old),
                    (body, headers | {"webhook-timestamp": "1"}),
                    (body, headers | {"webhook-signature": "v1"}),
                    (body, headers | {"webhook-signature": other}),
                    (body, {}),
                ):
                    async with session.post(url, data=sent, headers=sent_headers) as answer:
                        statuses.append(answer.status)

    assert statuses == 2 * [200, 200, 401, 401, 401, 401, 401, 401]
    if language == "python":
        kept = sqlite3.connect(tmp_path / "cases.sqlite")
        assert kept.execute("SELECT number, id, body FROM event").fetchall() == [(1, "e1", body)]
        told = kept.execute("SELECT id, step, said FROM to_tell").fetchall()
        assert told == [("e1", "acknowledge", '{"case_number": "CASE-1"}')]
        kept.close()
    else:
        lines = (tmp_path / "cases.ndjson").read_text().splitlines()
        tell = {"id": "e1", "step": "acknowledge", "said": {"case_number": "CASE-1"}}
        assert [json.loads(line) for line in lines] == [{"event": json.loads(body), "tell": tell}]


def node() -> str:
    """The interpreter; where it is missing, no test passes silently."""
    found = shutil.which("node")
    if found is None and "CI" in os.environ:
        pytest.fail("node is missing, with which the guide's receiver is tried")
    if found is None:
        pytest.skip("node is missing: the guide's receiver in JavaScript was not tried")
    return found


async def test_deliveries_are_listed_shown_and_replayed_and_that_is_audited(
    *,
    called: Called,
    pool: asyncpg.Pool,
    script: Callable[..., Awaitable[list[web.Request]]],
    store: Callable[..., Awaitable[list[Event]]],
    cameras: dict[str, int],
    relay: Relay,
) -> None:
    await script(422)
    (event,) = await store(next(iter(cameras)))
    assert await relay.run_once() == 1

    async def call(*arguments: str) -> tuple[int, str, str]:
        return await asyncio.to_thread(called, "delivery", *arguments)

    _, listed, _ = await call("list", "--endpoint", "script")
    _, shown, _ = await call("show", event.event_id)
    waits = await call("replay", event.event_id)
    await pool.execute("UPDATE delivery SET state = 'dead'")
    replayed = await call("replay", "--since", "2020-01-01T00:00:00Z", "--json")

    assert "HTTP 422" in listed
    assert "said 422" in shown
    assert (await call("show", "\x1b[2J"))[2].strip().endswith("an event \\x1b[2J")
    assert (waits[0], "nothing to replay" in waits[2]) == (1, True)
    assert replayed[:2] == (0, '{"replayed":1}\n')
    entries = await pool.fetch("SELECT entry FROM audit ORDER BY sequence")
    assert ["delivery.replay" in str(row["entry"]) for row in entries][-2:] == [True, True]
    for wrong in ((), ("x", "--since", "2020-01-01T00:00:00Z"), ("--since", "yesterday")):
        assert (await call("replay", *wrong))[0] == 2


async def test_a_secret_is_rotated_shown_once_and_that_is_audited(
    called: Called, pool: asyncpg.Pool
) -> None:
    async def call(*arguments: str) -> tuple[int, str, str]:
        return await asyncio.to_thread(called, "endpoint", *arguments)

    url = "http://10.0.0.1/events"
    added = json.loads((await call("add", "case", url, "--no-handshake", "--json"))[1])
    rotated = json.loads((await call("rotate", "case", "--keep-hours", "2", "--json"))[1])

    assert read_secret(rotated["secret"]) != read_secret(added["secret"])
    left = await pool.fetchval("SELECT valid_until - now() FROM endpoint_old_secret")
    assert timedelta(hours=1, minutes=55) < left <= timedelta(hours=2)
    entry = str(await pool.fetchval("SELECT entry FROM audit ORDER BY sequence DESC LIMIT 1"))
    assert "endpoint.rotate" in entry
    assert "whsec_" not in entry
    assert (await call("rotate", "nobody"))[0] == 1
    assert (await call("rotate", "case", "--keep-hours", "-1"))[0] == 2


async def test_what_an_endpoint_wants_is_edited(
    called: Called, pool: asyncpg.Pool, store: Callable[..., Awaitable[list[Event]]], cameras: Any
) -> None:
    """It is for what is stored from then on, and audited."""

    async def call(*arguments: str) -> tuple[int, str, str]:
        return await asyncio.to_thread(called, "endpoint", *arguments)

    await call("add", "case", "http://10.0.0.1/x", "--no-handshake", "--severity", "alert")
    code = next(iter(cameras))
    await store(code)
    edited = await call("edit", "case", "--every", "severity", "--division", "420106")
    assert (edited[0], edited[2].strip().endswith("it wants 420106.")) == (0, True)
    (wanted,) = await store(code)
    await call("edit", "case", "--division", "420102", "--tier", "social")
    await store(code)

    sent = await pool.fetch("SELECT event_id FROM delivery")
    assert [row["event_id"] for row in sent] == [wanted.event_id]
    done = "SELECT detail -> 'before' FROM audit WHERE action = 'endpoint.edit' ORDER BY sequence"
    before = [row[0] for row in await pool.fetch(done)]
    assert [one["severities"] for one in before] == [["alert"], []]
    for wrong in ((), ("--tier", "moon"), ("--tier", "city", "--every", "tier")):
        assert (await call("edit", "case", *wrong))[0] == 2
    assert (await call("edit", "nobody", "--tier", "city"))[0] == 1
    assert "999999" in (await call("edit", "case", "--division", "999999"))[2]


async def test_a_case_is_worked_on_by_commands(
    pool: asyncpg.Pool, called: Called, make_event: Callable[..., NewEvent], cameras: dict[str, int]
) -> None:
    code = next(iter(cameras))
    vehicle = msgspec.structs.replace(
        make_event(code, type=EventType.ABANDONED_VEHICLE),
        severity=Severity.ALERT,
        data=VehicleAbandoned(
            phase="alert",
            box_xyxy=(1, 2, 30, 40),
            picture_width_px=640,
            picture_height_px=360,
            zone="kerb",
            dwell_s=61,
            started_at=datetime.now(UTC),
        ),
    )
    async with pool.acquire() as connection, connection.transaction():
        await append(connection, vehicle)
    case = ("case", "acknowledge", vehicle.event_id)
    status, out, _ = await asyncio.to_thread(called, *case, "--case-number", "GA-7", "--json")
    assert (status, json.loads(out)["state"]) == (0, "acknowledged")
    status, out, err = await asyncio.to_thread(called, *case[:1], "close", case[2], "towed")
    assert (status, out) == (1, "")
    assert err.endswith("is acknowledged and cannot be closed: say first that it was handled\n")
    assert (await asyncio.to_thread(called, "case", "reject", case[2], " "))[0] == 2
    await asyncio.to_thread(called, "case", "reject", case[2], "a\x1b[31mshadow")
    status, out, _ = await asyncio.to_thread(called, "case", "show", case[2])
    assert "rejected, case number GA-7" in out
    assert "\x1b" not in out
    status, out, _ = await asyncio.to_thread(called, "case", "false-alarms", "--json")
    assert {"zone": "kerb", "rejected": 1, "closed": 0}.items() <= json.loads(out).items()
    assert (await asyncio.to_thread(called, "case", "show", "no-such"))[0] == 1
    done = "SELECT array_agg(action ORDER BY audit_id) FROM audit WHERE actor = 'command line'"
    assert await pool.fetchval(done) == ["case.acknowledged", "case.rejected"]
