import re
from http import HTTPStatus
from typing import Any

import pytest

from sharpeyes.service.access import NameTakenError, Scope, revoke_token
from sharpeyes.service.api.app import OPERATIONS

GUARDED = [operation for operation in OPERATIONS if operation.scope]


def url(path: str) -> str:
    return re.sub(r"\{\w+\}", "none", path.replace("{device_code}", "42010200001320000001"))


@pytest.mark.parametrize("operation", GUARDED, ids=lambda o: f"{o.method} {o.path}")
async def test_nothing_is_given_without_a_token(api: Any, operation: Any) -> None:
    answer = await api.client.request(operation.method, url(operation.path))
    assert answer.status == HTTPStatus.UNAUTHORIZED
    assert answer.content_type == "application/problem+json"
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize("operation", GUARDED, ids=lambda o: f"{o.method} {o.path}")
async def test_every_other_scope_is_refused_and_written_down(api: Any, operation: Any) -> None:
    others = await api.token(*(set(Scope) - {operation.scope, *operation.or_scopes}))
    answer = await api.client.request(operation.method, url(operation.path), headers=others)
    assert answer.status == HTTPStatus.FORBIDDEN
    assert operation.scope in (await answer.json())["detail"]
    refused = await api.context.pool.fetchval(
        "SELECT count(*) FROM audit WHERE outcome = 'refused'"
    )
    assert refused == 1


async def test_a_revoked_token_opens_nothing(api: Any) -> None:
    token = await api.token(Scope.CAMERAS_READ)
    assert (await api.client.get("/api/v1/status", headers=token)).status == HTTPStatus.OK
    assert await revoke_token(api.context.pool, "test cameras:read")
    answer = await api.client.get("/api/v1/status", headers=token)
    assert answer.status == HTTPStatus.UNAUTHORIZED


async def test_an_expired_token_opens_nothing(api: Any) -> None:
    token = await api.token(Scope.CAMERAS_READ)
    await api.context.pool.execute("UPDATE token SET expires_at = now()")
    answer = await api.client.get("/api/v1/status", headers=token)
    assert answer.status == HTTPStatus.UNAUTHORIZED


async def test_a_token_in_the_query_string_is_refused(api: Any) -> None:
    token = (await api.token(Scope.CAMERAS_READ))["Authorization"].partition(" ")[2]
    answer = await api.client.get("/api/v1/cameras", params={"token": token})
    assert answer.status == HTTPStatus.UNAUTHORIZED


async def test_tokens_are_kept_as_hashes_only(api: Any) -> None:
    token = (await api.token(Scope.CAMERAS_READ))["Authorization"].partition(" ")[2]
    rows = await api.context.pool.fetch("SELECT row_to_json(t)::text AS t FROM token t")
    assert rows
    assert all(token not in row["t"] for row in rows)


async def test_signing_in_and_out(api: Any) -> None:
    token = (await api.token(Scope.CAMERAS_READ))["Authorization"].partition(" ")[2]
    assert (await api.client.get("/api/v1/session")).status == HTTPStatus.UNAUTHORIZED
    answer = await api.client.post("/api/v1/session", json={"token": token})
    assert answer.status == HTTPStatus.NO_CONTENT
    cookie = answer.cookies["sharpeyes-session"]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Strict"
    assert (await (await api.client.get("/api/v1/session")).json())["scopes"] == ["cameras:read"]
    assert (await api.client.get("/api/v1/status")).status == HTTPStatus.OK
    assert (await api.client.delete("/api/v1/session")).status == HTTPStatus.NO_CONTENT
    assert (await api.client.get("/api/v1/status")).status == HTTPStatus.UNAUTHORIZED


async def test_a_wrong_token_does_not_sign_in(api: Any) -> None:
    answer = await api.client.post("/api/v1/session", json={"token": "set_wrong"})
    assert answer.status == HTTPStatus.UNAUTHORIZED
    assert "set_wrong" not in await answer.text()


async def test_another_sites_page_changes_nothing_with_our_cookie(api: Any) -> None:
    token = (await api.token(Scope.CAMERAS_WRITE))["Authorization"].partition(" ")[2]
    await api.client.post("/api/v1/session", json={"token": token})
    forged = await api.client.post("/api/v1/cameras", json={})
    assert forged.status == HTTPStatus.FORBIDDEN
    ours = await api.client.post("/api/v1/cameras", json={}, headers={"X-Sharpeyes": "1"})
    assert ours.status == HTTPStatus.UNPROCESSABLE_ENTITY


async def test_the_demo_is_open_to_look_at_and_closed_to_change(demo_api: Any) -> None:
    assert (await demo_api.client.get("/api/v1/status")).status == HTTPStatus.OK
    session = await (await demo_api.client.get("/api/v1/session")).json()
    assert session["anonymous"] is True
    answer = await demo_api.client.post("/api/v1/cameras", json={})
    assert answer.status == HTTPStatus.FORBIDDEN


async def test_every_answer_forbids_foreign_scripts(api: Any) -> None:
    for path in ("/", "/api/v1/session", "/nowhere"):
        answer = await api.client.get(path)
        assert "script-src 'self';" in answer.headers["Content-Security-Policy"]
        assert answer.headers["X-Content-Type-Options"] == "nosniff"


async def test_the_name_of_a_revoked_token_stays_taken_and_is_told_so(api: Any) -> None:
    await api.token(Scope.CAMERAS_READ)
    await revoke_token(api.context.pool, "test cameras:read")
    with pytest.raises(NameTakenError, match=r"there is or was .* choose another"):
        await api.token(Scope.CAMERAS_READ)
    actors = await api.context.pool.fetch("SELECT DISTINCT actor FROM audit")
    assert [row["actor"] for row in actors] == ["command line"]
