"""People sign in with a name and a password, and see their own divisions."""

import asyncio
from collections import Counter
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Any

import pytest
import pytest_asyncio

from sharpeyes.registry.camera import CameraFile, PollMode, Tier
from sharpeyes.service.access import RESERVED_NAMES, NameTakenError, Scope, create_token
from sharpeyes.service.accounts import AccountError, Accounts
from sharpeyes.service.roles import Role
from sharpeyes.service.settings import HttpSettings, Settings

PASSWORD = "a long enough password"
OURS = "42010200001320000001"
THEIRS = "42010300001320000001"


@pytest_asyncio.fixture
async def accounts(api: Any) -> Accounts:
    accounts = Accounts(api.context.pool)
    await accounts.add("li", PASSWORD, Role.OPERATOR, "420102", actor="test")
    async with api.context.cameras.edit("test") as edit:
        for code in (OURS, THEIRS):
            await edit.add(
                CameraFile(
                    device_code=code,
                    name="江汉路口",
                    tier=Tier.CITY,
                    division_code=code[:6],
                    poll_mode=PollMode.NONE,
                )
            )
    return accounts


async def sign_in(api: Any, name: str = "li", password: str = PASSWORD) -> Any:
    given = {"login_name": name, "password": password}
    return await api.client.post("/api/v1/session", json=given)


async def refusals(api: Any) -> list[tuple[str, str, str]]:
    rows = await api.context.pool.fetch(
        "SELECT actor, action, object FROM audit WHERE outcome = 'refused' ORDER BY sequence"
    )
    return [tuple(row) for row in rows]


async def test_a_name_and_a_password_open_what_the_role_may(api: Any, accounts: Accounts) -> None:
    assert (await sign_in(api)).status == HTTPStatus.NO_CONTENT
    session = await (await api.client.get("/api/v1/session")).json()
    assert (session["name"], session["division_code"]) == ("li", "420102")
    assert session["scopes"] == [
        "cameras:read",
        "cases:write",
        "events:read",
        "incidents:read",
        "incidents:write",
        "pictures:read",
    ]
    assert (await api.client.get("/api/v1/endpoints")).status == HTTPStatus.FORBIDDEN


async def test_a_district_sees_its_own_and_the_rest_is_not_there(
    api: Any, accounts: Accounts
) -> None:
    await sign_in(api)
    page = await (await api.client.get("/api/v1/cameras")).json()
    assert [camera["device_code"] for camera in page["cameras"]] == [OURS]
    assert page["total"] == 1
    status = await (await api.client.get("/api/v1/status")).json()
    assert status["total"]["registered"] == 1
    assert (await api.client.get(f"/api/v1/cameras/{OURS}")).status == HTTPStatus.OK
    # Another district's camera and one that nobody has look the same (hostile input 27).
    theirs = await api.client.get(f"/api/v1/cameras/{THEIRS}")
    nowhere = await api.client.get("/api/v1/cameras/42010300001320000002")
    assert theirs.status == nowhere.status == HTTPStatus.NOT_FOUND
    told = (await theirs.json())["detail"].replace(THEIRS, "")
    assert told == (await nowhere.json())["detail"].replace("42010300001320000002", "")
    assert await refusals(api) == [("li", "GET cameras:read", f"/api/v1/cameras/{THEIRS}")]


async def test_a_camera_cannot_be_added_to_another_district(api: Any, accounts: Accounts) -> None:
    token = await api.token(Scope.CAMERAS_WRITE, division_code="420102")
    new = {
        "device_code": "42010300001320000007",
        "name": "x",
        "tier": "city",
        "division_code": "420103",
        "poll_mode": "none",
    }
    answer = await api.client.post("/api/v1/cameras", json=new, headers=token)
    assert answer.status == HTTPStatus.FORBIDDEN
    [(_, action, _)] = await refusals(api)
    assert action == "POST cameras:write"


async def test_a_wrong_password_is_refused_written_down_and_slowed(
    api: Any, accounts: Accounts
) -> None:
    for number in range(5):
        answer = await sign_in(api, password=f"wrong number {number}")
        assert answer.status == HTTPStatus.UNAUTHORIZED
    assert await refusals(api) == [("nobody", "session.open", "li")] * 5
    slowed = await sign_in(api)
    assert slowed.status == HTTPStatus.TOO_MANY_REQUESTS
    assert 1 <= int(slowed.headers["Retry-After"]) <= 30
    # That is not written down each time: it would fill the audit.
    assert len(await refusals(api)) == 5
    # Somebody else is not kept out.
    await accounts.add("wu", PASSWORD, Role.AUDITOR, None, actor="test")
    assert (await sign_in(api, "wu")).status == HTTPStatus.NO_CONTENT


async def test_as_many_may_be_wrong_at_once_as_one_after_another(
    api: Any, accounts: Accounts
) -> None:
    answers = await asyncio.gather(*(sign_in(api, password=f"wrong {n}" * 3) for n in range(20)))
    statuses = Counter(answer.status for answer in answers)
    assert statuses == {HTTPStatus.UNAUTHORIZED: 5, HTTPStatus.TOO_MANY_REQUESTS: 15}


@pytest.mark.parametrize(
    "told", [{"Sec-Fetch-Site": "cross-site"}, {"Origin": "https://elsewhere.example"}]
)
async def test_another_site_signs_nobody_in(
    api: Any, accounts: Accounts, told: dict[str, str]
) -> None:
    given = {"login_name": "li", "password": PASSWORD}
    answer = await api.client.post("/api/v1/session", json=given, headers=told)
    assert answer.status == HTTPStatus.FORBIDDEN
    assert not answer.cookies


async def test_being_right_takes_no_try(api: Any, accounts: Accounts) -> None:
    for _ in range(8):
        assert (await sign_in(api)).status == HTTPStatus.NO_CONTENT


@pytest.mark.parametrize("name", ["nobody-here", "Li", "li\u0000", "", "\ud800"])
async def test_who_has_no_account_is_told_the_same(api: Any, accounts: Accounts, name: str) -> None:
    answer = await sign_in(api, name)
    assert answer.status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.BAD_REQUEST}


async def test_a_session_ends_with_the_password_and_with_the_account(
    api: Any, accounts: Accounts
) -> None:
    await sign_in(api)
    await accounts.set_password("li", "another long password", actor="test")
    assert (await api.client.get("/api/v1/cameras")).status == HTTPStatus.UNAUTHORIZED
    assert (await sign_in(api)).status == HTTPStatus.UNAUTHORIZED
    assert (await sign_in(api, password="another long password")).status == HTTPStatus.NO_CONTENT
    await accounts.disable("li", actor="test")
    assert (await api.client.get("/api/v1/cameras")).status == HTTPStatus.UNAUTHORIZED
    assert (await sign_in(api, password="another long password")).status == HTTPStatus.UNAUTHORIZED


async def test_passwords_are_kept_as_argon2id_and_short_ones_refused(
    api: Any, accounts: Accounts
) -> None:
    kept = await api.context.pool.fetchval("SELECT password_hash FROM account")
    assert kept.startswith("$argon2id$")
    with pytest.raises(AccountError, match="12 to 256 characters, and this one has 5"):
        await accounts.add("wu", "short", Role.OPERATOR, None, actor="test")
    with pytest.raises(AccountError, match="machine's role"):
        await accounts.add("wu", PASSWORD, Role.INGEST, None, actor="test")


async def test_a_change_from_a_foreign_origin_is_refused(api: Any, accounts: Accounts) -> None:
    await sign_in(api)
    for foreign in (
        {"Origin": "https://evil.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Origin": "null"},
    ):
        headers = {"X-Sharpeyes": "1"} | foreign
        answer = await api.client.post("/api/v1/cameras", json={}, headers=headers)
        assert answer.status == HTTPStatus.FORBIDDEN
        assert "the page of another site" in (await answer.json())["detail"]


async def test_a_token_that_is_not_in_force_is_written_down_but_not_for_ever(api: Any) -> None:
    for number in range(30):
        headers = {"Authorization": f"Bearer set_wrong{number}"}
        answer = await api.client.get("/api/v1/cameras", headers=headers)
        assert answer.status == HTTPStatus.UNAUTHORIZED
    written = await refusals(api)
    assert len(written) == 20
    assert "set_wrong" not in str(written)


async def test_behind_tls_the_cookie_is_bound_to_this_host(api: Any, accounts: Accounts) -> None:
    settings = api.context.settings
    tls = settings.model_copy(update={"http": settings.http.model_copy(update={"tls_proxy": True})})
    async with api.over(tls) as client:
        answer = await client.post(
            "/api/v1/session", json={"login_name": "li", "password": PASSWORD}
        )
        cookie = answer.cookies["__Host-sharpeyes-session"]
        assert (cookie["path"], cookie["domain"], cookie["samesite"]) == ("/", "", "Strict")
        assert cookie["secure"]
        assert cookie["httponly"]
        # Nor is one without the prefix taken, which a page on another port could have set.
        headers = {"Cookie": f"sharpeyes-session={cookie.value}"}
        plain = await client.get("/api/v1/cameras", headers=headers)
        assert plain.status == HTTPStatus.UNAUTHORIZED


async def test_auditors_read_the_audit_in_pages(api: Any, accounts: Accounts) -> None:
    for _ in range(3):
        await sign_in(api, password="wrong, quite wrong")
    auditor = await api.token(Scope.AUDIT_READ)
    first = await api.client.get("/api/v1/audit?limit=2&outcome=refused", headers=auditor)
    page = await first.json()
    assert [entry["action"] for entry in page["entries"]] == ["session.open"] * 2
    rest = await api.client.get(
        f"/api/v1/audit?outcome=refused&after={page['next']}", headers=auditor
    )
    page = await rest.json()
    assert (len(page["entries"]), page["next"]) == (1, None)
    # A district's auditor reads what its own people did.
    theirs = await api.token(Scope.AUDIT_READ, division_code="420102")
    assert (await (await api.client.get("/api/v1/audit", headers=theirs)).json())["entries"] == []


async def test_accounts_are_administered_over_http(api: Any, accounts: Accounts) -> None:
    headers = await api.token(*Role.ACCOUNT_ADMINISTRATOR.scopes)
    divisions = await api.client.get("/api/v1/divisions", headers=headers)
    assert "420102" in {d["division_code"] for d in (await divisions.json())["divisions"]}
    path = "/api/v1/accounts"
    new = {"login_name": "wu", "password": PASSWORD, "role": "auditor"}
    assert (await api.client.post(path, json=new, headers=headers)).status == HTTPStatus.NO_CONTENT
    again = await api.client.post(path, json=new, headers=headers)
    assert again.status == HTTPStatus.UNPROCESSABLE_ENTITY
    assert PASSWORD not in await again.text()
    other = {"password": "another long password"}
    changed = await api.client.put(f"{path}/wu/password", json=other, headers=headers)
    assert changed.status == HTTPStatus.NO_CONTENT
    gone = await api.client.delete(f"{path}/li", headers=headers)
    assert gone.status == HTTPStatus.NO_CONTENT
    listed = (await (await api.client.get(path, headers=headers)).json())["accounts"]
    assert [(a["login_name"], a["disabled_at"] is None) for a in listed] == [
        ("li", False),
        ("wu", True),
    ]
    assert "argon2" not in str(listed)


async def test_a_picture_that_cannot_be_audited_is_not_shown(api: Any, accounts: Accounts) -> None:
    await api.context.pool.execute(
        "INSERT INTO evidence (evidence_id, camera_id, taken_at, jpeg, sha256, width_px, height_px)"
        " SELECT 'p', camera_id, now(), '\\xffd8ff', repeat('0', 64), 1, 1 FROM camera"
        " WHERE device_code = $1",
        OURS,
    )
    await api.context.pool.execute(
        "INSERT INTO event (event_id, type, camera_id, device_code, sequence, severity,"
        " occurred_at, dedup_key, data, evidence_id, evidence_sha256)"
        " SELECT 'e', 't', camera_id, device_code, 1, 'info', now(), 'd', '{}', 'p',"
        " repeat('0', 64) FROM camera WHERE device_code = $1",
        OURS,
    )
    headers = await api.token(Scope.PICTURES_READ, division_code="420102")
    shown = await api.client.get("/api/v1/events/e/picture", headers=headers)
    assert shown.status == HTTPStatus.OK
    await api.context.pool.execute(
        "ALTER TABLE audit ADD CONSTRAINT full_disk CHECK (sequence < 0) NOT VALID"
    )
    refused = await api.client.get("/api/v1/events/e/picture", headers=headers)
    assert refused.status == HTTPStatus.INTERNAL_SERVER_ERROR
    assert b"\xff\xd8\xff" not in await refused.read()


@pytest.mark.parametrize("name", sorted(RESERVED_NAMES))
async def test_nobody_is_named_as_the_service_is_in_the_audit(api: Any, name: str) -> None:
    with pytest.raises(AccountError):
        await Accounts(api.context.pool).add(name, PASSWORD, Role.OPERATOR, None, actor="test")
    with pytest.raises(NameTakenError):
        await create_token(api.context.pool, name, frozenset(), datetime.now(UTC))


async def test_a_token_is_not_named_as_an_account(api: Any, accounts: Accounts) -> None:
    with pytest.raises(NameTakenError, match="'li'"):
        await create_token(api.context.pool, "li", frozenset(), datetime.now(UTC))


@pytest.mark.parametrize("code", ["\0", "999999", "", "../"])
async def test_an_account_of_no_division_is_refused(api: Any, code: str) -> None:
    administrator = await api.token(Scope.ACCOUNTS_WRITE)
    new = {"login_name": "wu", "password": PASSWORD, "role": "auditor", "division_code": code}
    answer = await api.client.post("/api/v1/accounts", json=new, headers=administrator)
    assert answer.status == HTTPStatus.UNPROCESSABLE_ENTITY, await answer.text()


async def test_a_district_hears_who_of_its_own_signed_in(api: Any, accounts: Accounts) -> None:
    await sign_in(api)
    auditor = await api.token(Scope.AUDIT_READ, division_code="420102")
    page = await (await api.client.get("/api/v1/audit", headers=auditor)).json()
    assert [(e["actor"], e["action"]) for e in page["entries"]] == [("li", "session.open")]


async def test_behind_a_proxy_each_address_has_its_own_tries(api: Any, accounts: Accounts) -> None:
    async def statuses(client: Any) -> list[int]:
        found = []
        for number in range(8):
            answer = await client.post(
                "/api/v1/session",
                json={"login_name": "li", "password": "wrong"},
                # What stands first is the caller's own invention.
                headers={"X-Forwarded-For": f"203.0.113.9, 192.0.2.{number}"},
            )
            found.append(answer.status)
        return found

    alone = await statuses(api.client)
    assert alone == [HTTPStatus.UNAUTHORIZED] * 5 + [HTTPStatus.TOO_MANY_REQUESTS] * 3
    http = HttpSettings.model_validate({"trusted_proxies": ["127.0.0.1"]})
    async with api.over(Settings(http=http)) as client:
        assert await statuses(client) == [HTTPStatus.UNAUTHORIZED] * 8
    told = await api.context.pool.fetchval(
        "SELECT entry::jsonb -> 'detail' ->> 'address' FROM audit ORDER BY sequence DESC LIMIT 1"
    )
    assert told == "192.0.2.7"
