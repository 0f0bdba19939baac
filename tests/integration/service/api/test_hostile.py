"""What the API answers to callers who mean harm, and when the database leaves it alone."""

import asyncio
from contextlib import AsyncExitStack
from http import HTTPStatus
from typing import Any

import pytest

from sharpeyes.service.access import Scope
from sharpeyes.service.api import probes, stream

_CODE = "42010200001320000001"


@pytest.mark.parametrize(
    "path",
    [
        "/api/v1/cameras/%00",
        "/api/v1/cameras?q=%00",
        "/api/v1/cameras?after=%00",
        "/api/v1/events/%00/picture",
        "/api/v1/events?camera=%00",
        "/static/%00",
    ],
)
async def test_hostile_24_a_nul_is_refused_before_the_database_sees_it(api: Any, path: str) -> None:
    everything = await api.token(*Scope)
    status, problem = await _raw_get(api, path, everything["Authorization"])
    assert status == HTTPStatus.BAD_REQUEST
    assert b"U+0000" in problem


async def _raw_get(api: Any, path: str, authorization: str) -> tuple[int, bytes]:
    """Ask without a client that would mend the path."""
    reader, writer = await asyncio.open_connection("127.0.0.1", api.client.port)
    writer.write(
        f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nAuthorization: {authorization}\r\n"
        "Connection: close\r\n\r\n".encode()
    )
    async with asyncio.timeout(10):
        answer = await reader.read()
    writer.close()
    return int(answer.split()[1]), answer.partition(b"\r\n\r\n")[2]


async def test_a_name_too_long_for_a_file_is_not_there(api: Any) -> None:
    answer = await api.client.get("/static/" + "a" * 3000)
    assert answer.status == HTTPStatus.NOT_FOUND


async def test_a_body_that_is_not_what_its_encoding_says_is_refused(api: Any) -> None:
    writer = await api.token(Scope.CAMERAS_WRITE)
    answer = await api.client.post(
        "/api/v1/cameras", data=b"no gzip", headers=writer | {"Content-Encoding": "gzip"}
    )
    assert answer.status == HTTPStatus.BAD_REQUEST
    assert answer.content_type == "application/problem+json"


@pytest.mark.parametrize("host", [f"{'a' * 64}.example", "a..example"])
async def test_a_host_that_no_resolver_takes_is_refused(api: Any, host: str) -> None:
    writer = await api.token(Scope.ENDPOINTS_WRITE)
    answer = await api.client.post(
        "/api/v1/endpoints", json={"name": "case", "url": f"http://{host}/"}, headers=writer
    )
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert [error["field"] for error in (await answer.json())["errors"]] == ["url"]


async def test_the_field_at_fault_is_named_and_no_password_repeated(api: Any) -> None:
    writer = await api.token(Scope.ENDPOINTS_WRITE)
    for endpoint, field in (
        ({"name": "bad name", "url": "http://10.0.0.1/"}, "name"),
        ({"name": "case", "url": "http://user:canary@10.0.0.1/"}, "url"),
    ):
        answer = await api.client.post("/api/v1/endpoints", json=endpoint, headers=writer)
        problem = await answer.text()
        assert f'"field":"{field}"' in problem
        assert "canary" not in problem


async def test_a_foreign_name_for_this_machine_does_not_let_a_web_site_look(demo_api: Any) -> None:
    """A site whose name is changed to 127.0.0.1 has its visitors' browsers read for it."""
    get = demo_api.client.get
    for ours in ("127.0.0.1:8080", "localhost", "[::1]:8080", "127.9.9.9"):
        assert (await get("/api/v1/status", headers={"Host": ours})).status == HTTPStatus.OK
    for foreign in ("evil.example", "evil.example:8080", "10.0.0.1", "localhost.evil.example", "["):
        answer = await get("/api/v1/status", headers={"Host": foreign})
        assert answer.status == HTTPStatus.UNAUTHORIZED, foreign


async def test_every_answer_is_protected(api: Any) -> None:
    reader = await api.token(Scope.CAMERAS_READ)
    for path in ("/", "/api/v1/stream", "/api/v1/cameras", "/static/nothing", "/metrics"):
        async with api.client.get(path, headers=reader) as answer:
            assert answer.headers["X-Content-Type-Options"] == "nosniff", path
            assert "script-src 'self'" in answer.headers["Content-Security-Policy"], path


async def test_a_stream_ends_cleanly_when_the_database_is_away(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(stream, "HEARTBEAT_S", 0.05)
    reader = await api.token(Scope.CAMERAS_READ)
    async with asyncio.timeout(20), api.client.get("/api/v1/stream", headers=reader) as live:
        assert b"retry" in await live.content.readline()
        await api.served.pool.close()
        # Another answer inside this one would be an error of the transfer encoding.
        assert b"HTTP/1.1" not in await live.content.read()


async def test_nothing_is_said_of_a_change_whose_fate_is_not_known(api: Any) -> None:
    both = await api.token(Scope.CAMERAS_READ, Scope.CAMERAS_WRITE)
    await api.served.pool.close()
    for method, path in (("GET", "/api/v1/cameras"), ("POST", "/api/v1/cameras")):
        answer = await api.client.request(method, path, headers=both, json={})
        assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
        detail = (await answer.json())["detail"]
        assert ("not known" in detail) == (method == "POST")


async def test_a_database_that_says_nothing_is_not_waited_for(
    api: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(probes, "_READY_WITHIN_S", 0.2)
    pool = api.served.pool
    async with asyncio.timeout(30), AsyncExitStack() as held:
        for _ in range(pool.get_max_size()):
            await held.enter_async_context(pool.acquire())
        answer = await api.client.get("/readyz")
        assert answer.status == HTTPStatus.SERVICE_UNAVAILABLE
    assert (await api.client.get("/readyz")).status == HTTPStatus.OK
