"""Secrets stay in (T16): a canary password goes in wherever one can, and comes out nowhere."""

from __future__ import annotations

import asyncio
import base64
import io
import logging
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import asyncpg
import pytest
import structlog
import typer
from aiohttp.test_utils import TestClient, TestServer

from sharpeyes.devices.credentials import Credentials
from sharpeyes.events.address import open_session
from sharpeyes.events.endpoint import EndpointStore
from sharpeyes.events.store import EventStore
from sharpeyes.health.store import StatusStore
from sharpeyes.registry.credentials import CredentialStore
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.sealing import Sealer
from sharpeyes.registry.store import CameraStore
from sharpeyes.service.access import Scope, create_token
from sharpeyes.service.accounts import Accounts
from sharpeyes.service.api.app import build_app
from sharpeyes.service.api.context import ApiContext
from sharpeyes.service.changes import Changes
from sharpeyes.service.cli import app as commands
from sharpeyes.service.cli import main
from sharpeyes.service.roles import Role
from sharpeyes.service.serving_pool import open_serving_pool
from sharpeyes.service.settings import Settings

CANARY = "c4nary-Pa55word-7f3b"
FORMS = (
    CANARY,
    CANARY.encode().hex(),
    base64.b64encode(CANARY.encode()).decode().rstrip("="),
)
CODE = "42010200001320000001"
CAMERA = {
    "device_code": CODE,
    "name": "江汉路口",
    "tier": "city",
    "division_code": "420102",
    "poll_mode": "none",
    "username": "admin",
    "password": CANARY,
}


def hits(text: str) -> list[str]:
    return [form for form in FORMS if form in text]


async def dumped(pool: asyncpg.Pool) -> str:
    """Every row of every table, as a dump would have it."""
    tables = await pool.fetch(
        "SELECT quote_ident(relname) AS name FROM pg_class WHERE relkind = 'r'"
        " AND relnamespace = 'public'::regnamespace"
    )
    rows: list[str] = []
    for table in tables:
        found = await pool.fetch(f"SELECT t::text AS row FROM {table['name']} t")
        rows += [row["row"] for row in found]
    return "\n".join(rows)


async def test_a_password_given_over_http_is_nowhere_to_be_found(
    pool: asyncpg.Pool, database_url: str, caplog: pytest.LogCaptureFixture, capfd: Any
) -> None:
    structlog.configure(logger_factory=structlog.stdlib.LoggerFactory())
    caplog.set_level(logging.DEBUG)
    answers: list[str] = []
    settings = Settings()
    async with (
        open_session(settings.events) as session,
        await open_serving_pool(database_url, min_size=1, max_size=4) as serving,
    ):
        key = bytes(range(32))
        context = ApiContext(
            settings=settings,
            pool=serving,
            cameras=CameraStore(serving, CredentialStore(serving, key)),
            divisions=DivisionStore(serving),
            statuses=StatusStore(serving),
            events=EventStore(serving),
            endpoints=EndpointStore(serving, session, Sealer(key), settings.events),
            changes=Changes(database_url),
        )
        everything = await create_token(
            pool, "t", frozenset(Scope), datetime.now(UTC) + timedelta(days=1)
        )
        headers = {"Authorization": f"Bearer {everything}"}
        await Accounts(pool).add("li", CANARY, Role.OPERATOR, None, actor="test")
        async with TestClient(TestServer(build_app(context))) as client:
            added = await client.post("/api/v1/cameras", json=CAMERA, headers=headers)
            assert added.status == 201
            answers.append(await added.text())
            for broken in (
                CAMERA,
                CAMERA | {"password": CANARY + "\u0000"},
                CAMERA | {"password": CANARY * 50},
                CAMERA | {"password": [CANARY]},
                {k: v for k, v in CAMERA.items() if k != "username"},
            ):
                refused = await client.post("/api/v1/cameras", json=broken, headers=headers)
                assert 400 <= refused.status < 500
                answers.append(await refused.text())
            sign_ins = (
                {"login_name": "li", "password": CANARY},
                {"login_name": "li", "password": CANARY + "x"},
                {"login_name": CANARY.upper(), "password": CANARY},
                {"token": CANARY},
                {"login_name": "li", "password": [CANARY]},
            )
            answers += [
                await (await client.post("/api/v1/session", json=given)).text()
                for given in sign_ins
            ]
            paths = (
                "/api/v1/cameras",
                f"/api/v1/cameras/{CODE}",
                "/api/v1/audit",
                "/api/v1/accounts",
                "/metrics",
                "/openapi.json",
            )
            answers += [await (await client.get(path, headers=headers)).text() for path in paths]
            wrong = {"Authorization": f"Bearer {CANARY}"}
            answers.append(await (await client.get("/api/v1/cameras", headers=wrong)).text())
    # It is there: sealed.
    camera_id = await pool.fetchval("SELECT camera_id FROM camera")
    assert await CredentialStore(pool, key).get(camera_id) == Credentials("admin", CANARY)
    printed = "".join(capfd.readouterr())
    for where, text in {
        "answers": "".join(answers),
        "logs": caplog.text + printed,
        "dump": await dumped(pool),
    }.items():
        assert not hits(text), where


async def test_a_password_given_to_commands_is_nowhere_to_be_found(
    pool: asyncpg.Pool,
    database_url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("SHARPEYES_DATABASE_URL", database_url)
    monkeypatch.setenv("SHARPEYES_DATA_DIR", str(tmp_path / "data"))

    def run(*words: str, stdin: str = "") -> None:
        monkeypatch.setattr(sys, "argv", ["sharpeyes", *words])
        monkeypatch.setattr(sys, "stdin", io.TextIOWrapper(io.BytesIO(stdin.encode())))
        with pytest.raises(SystemExit):
            main()

    csv = f"device_code,username,password\n{CODE},admin,{CANARY}\n"
    for words, stdin in (
        (("camera", "add", CODE, "--name", "x", "--tier", "city", "--poll", "none"), ""),
        (("camera", "password", CODE, "--username", "admin", "--password-stdin"), CANARY),
        (("credential", "import", "-"), csv),
        (("credential", "import", "-"), csv + csv),
        (("credential", "stage", "-"), csv),
        (("credential", "roll-out", "--json"), ""),
        (("credential", "status", "--json"), ""),
        (("credential", "rotate-key"), ""),
        (("account", "add", "li", "--role", "auditor", "--password-stdin"), CANARY),
        (("account", "add", "li", "--role", "auditor", "--password-stdin"), CANARY),
        (("account", "list", "--json"), ""),
        (("camera", "show", CODE, "--json"), ""),
        (("audit", "list", "--json"), ""),
        (("audit", "verify", "--json"), ""),
    ):
        await asyncio.to_thread(run, *words, stdin=stdin)
    assert await pool.fetchval("SELECT count(*) FROM camera_credential") == 1
    assert await pool.fetchval("SELECT count(*) FROM account") == 1
    assert not hits("".join(capsys.readouterr()))
    assert not hits(await dumped(pool))
    kept = b"".join(p.read_bytes() for p in (tmp_path / "data").rglob("*") if p.is_file())
    assert CANARY.encode() not in kept


def test_no_command_takes_a_secret_as_an_argument() -> None:
    """Arguments are read by everybody on the machine: `ps` shows them."""
    taking = []
    waiting: list[tuple[str, Any]] = [("sharpeyes", typer.main.get_command(commands))]
    while waiting:
        name, command = waiting.pop()
        if hasattr(command, "list_commands"):
            children = command.list_commands(None)
            waiting += [(f"{name} {one}", command.get_command(None, one)) for one in children]
        for parameter in command.params:
            secret = any(
                word in (parameter.name or "") for word in ("password", "secret", "credential")
            )
            from_elsewhere = (parameter.name or "").endswith(("_env", "_stdin", "_file"))
            if secret and not from_elsewhere and not getattr(parameter, "is_flag", False):
                taking.append(f"{name} {parameter.name}")
    assert taking == []
