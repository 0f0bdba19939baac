"""How cameras are and were, as programs read it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
import pytest_asyncio

from sharpeyes.health.calendar import HOUR, hour_of
from sharpeyes.health.rollup import Rollup
from sharpeyes.registry.camera import CameraFile, PollMode, Tier
from sharpeyes.service.access import Scope

from .conftest import Api

# A full hour, so that all of the past is one.
NOW = hour_of(datetime.now(UTC))
BEGAN = NOW - 30 * HOUR


@pytest_asyncio.fixture
async def fleet(api: Api) -> list[str]:
    """Three cameras in two districts: one was out for three hours, one may not be asked."""
    pool, codes = api.context.pool, []
    async with api.context.cameras.edit("test") as edit:
        for number, district in enumerate(("420102", "420102", "420103")):
            code = f"{district}00001320{number:06}"
            await edit.add(
                CameraFile(
                    device_code=code,
                    name=f"门 {number}",
                    tier=Tier.CITY if number else Tier.SOCIAL,
                    division_code=district,
                    host=f"127.9.1.{number + 1}",
                    main_stream_path="/main",
                    poll_mode=PollMode.ON_REQUEST if number == 1 else PollMode.DIRECT,
                )
            )
            codes.append(code)
    await pool.execute("UPDATE camera SET created_at = $1", BEGAN)
    ids = {r["device_code"]: r["camera_id"] for r in await pool.fetch("SELECT * FROM camera")}
    told = (
        (codes[0], BEGAN, "ok", ""),
        (codes[2], BEGAN, "ok", ""),
        (codes[2], NOW - 9 * HOUR, "offline", "network"),
        (codes[2], NOW - 6 * HOUR, "ok", ""),
        (codes[0], datetime.now(UTC) - timedelta(seconds=5), "degraded", "auth"),
    )
    for code, at, status, cause in told:
        await pool.execute(
            "INSERT INTO camera_transition (camera_id, from_status, to_status, cause, at)"
            " VALUES ($1, 'unknown', $2, $3, $4)",
            ids[code],
            status,
            cause,
            at,
        )
        await pool.execute(
            "INSERT INTO camera_status (camera_id, status, cause, since, epoch)"
            " VALUES ($1, $2, $3, $4, 1) ON CONFLICT (camera_id) DO UPDATE"
            " SET status = excluded.status, cause = excluded.cause",
            ids[code],
            status,
            cause,
            at,
        )
    await Rollup(
        pool,
        ZoneInfo("Asia/Shanghai"),
        hours_kept=timedelta(days=40),
        days_kept=timedelta(days=400),
        now=lambda: NOW + timedelta(minutes=20),
    ).run_once()
    return codes


async def test_the_summary_says_of_how_many_and_why_not_of_all(api: Api, fleet: list[str]) -> None:
    token = await api.token(Scope.CAMERAS_READ)
    answer = await (await api.client.get("/api/v1/health/summary", headers=token)).json()
    assert answer["total"]["online"] == {
        "total": 3,
        "judged": 2,
        "fulfilled": 2,
        "not_judged": {"on_request": 1},
        "percent": 100.0,
    }
    # One refuses our password: nobody can say whether it is intact.
    assert answer["total"]["intact"]["not_judged"] == {"on_request": 1, "unseen": 1}
    assert answer["total"]["by_status"] == {"ok": 1, "degraded": 1, "not_measured": 1}
    assert [tier["tier"] for tier in answer["by_tier"]] == ["city", "social"]
    assert [its["division_code"] for its in answer["by_division"]] == ["420102", "420103"]
    assert answer["changed_to"] == {"degraded": 1}
    assert answer["latest"][0]["device_code"] == fleet[0]


@pytest.mark.parametrize(
    ("by", "keys"),
    [
        ("total", [""]),
        ("tier", ["city", "social"]),
        ("maker", [None]),
        ("model", [None]),
        ("district", ["420102", "420103"]),
        ("community", [None]),
    ],
)
async def test_availability_is_told_apart(
    api: Api, fleet: list[str], by: str, keys: list[str | None]
) -> None:
    token = await api.token(Scope.CAMERAS_READ)
    window = {"from": (NOW - 24 * HOUR).isoformat(), "to": NOW.isoformat(), "by": by}
    reply = await api.client.get("/api/v1/health/availability", params=window, headers=token)
    answer = await reply.json()
    assert reply.status == 200, answer
    assert [row["key"] for row in answer["rows"]] == keys
    assert (answer["hours"], answer["hours_known"]) == (24, 24)
    availability = answer["rows"][-1]["availability"]
    if by in {"total", "community"}:
        assert availability["online_rate"]["value"] == 93.75
        assert availability["online_rate"]["base"] == 48
        assert availability["mean_time_to_repair_h"]["value"] == 3
        assert availability["hours"] == {"well": 45, "offline": 3, "on_request": 24}


async def test_a_district_sees_its_own(api: Api, fleet: list[str]) -> None:
    token = await api.token(Scope.CAMERAS_READ, division_code="420102")
    window = {"from": (NOW - 24 * HOUR).isoformat(), "to": NOW.isoformat(), "by": "district"}
    reply = await api.client.get("/api/v1/health/availability", params=window, headers=token)
    assert [row["key"] for row in (await reply.json())["rows"]] == ["420102"]
    summary = await (await api.client.get("/api/v1/health/summary", headers=token)).json()
    assert summary["total"]["online"]["total"] == 2
    reply = await api.client.get(f"/api/v1/health/cameras/{fleet[2]}/timeline", headers=token)
    assert reply.status == 404


async def test_a_camera_has_a_timeline(api: Api, fleet: list[str]) -> None:
    token = await api.token(Scope.CAMERAS_READ)
    reply = await api.client.get(
        f"/api/v1/health/cameras/{fleet[2]}/timeline",
        params={"from": (NOW - 10 * HOUR).isoformat(), "to": (NOW - HOUR).isoformat()},
        headers=token,
    )
    answer = await reply.json()
    assert [(its["standing"], its["cause"]) for its in answer["stretches"]] == [
        ("well", ""),
        ("offline", "network"),
        ("well", ""),
    ]
    assert answer["clock"] is None
    assert answer["availability"]["faults"]["value"] == 1


@pytest.mark.parametrize(
    ("params", "field"),
    [
        ({"from": "2026-10-02T00:00:00Z", "to": "2026-10-01T00:00:00Z"}, "from"),
        ({"from": "2020-10-02T00:00:00Z"}, "from"),
        ({"from": "2026-10-02T00:00:00"}, "from"),
        ({"by": "owner"}, "by"),
        ({"division": "999999"}, "division_code"),
    ],
)
async def test_bad_questions_are_refused(api: Api, params: dict[str, str], field: str) -> None:
    token = await api.token(Scope.CAMERAS_READ)
    reply = await api.client.get("/api/v1/health/availability", params=params, headers=token)
    assert reply.status == 422
    assert [error["field"] for error in (await reply.json())["errors"]] == [field]


async def test_the_month_is_one_page(api: Api, fleet: list[str]) -> None:
    token = await api.token(Scope.CAMERAS_READ, division_code="420103")
    month = f"{datetime.now(ZoneInfo('Asia/Shanghai')):%Y-%m}"
    params = {"month": month, "lang": "en"}
    reply = await api.client.get("/api/v1/health/report", params=params, headers=token)
    page = await reply.text()
    assert reply.status == 200, page
    assert "default-src 'none'" in reply.headers["Content-Security-Policy"]
    assert reply.headers["X-Content-Type-Options"] == "nosniff"
    assert "Jianghan" in page
    # The other district's cameras are nobody's business here.
    assert fleet[0] not in page
    params["month"] = "2090-01"
    reply = await api.client.get("/api/v1/health/report", params=params, headers=token)
    assert (reply.status, (await reply.json())["errors"][0]["field"]) == (422, "month")


async def test_clocks_are_counted_by_maker(api: Api, fleet: list[str]) -> None:
    await api.context.pool.execute(
        "INSERT INTO camera_clock SELECT camera_id, now(), -3000, 28800, true, '', NULL, '{1}',"
        " '{1}' FROM camera WHERE device_code = $1",
        fleet[0],
    )
    token = await api.token(Scope.CAMERAS_READ)
    answer = await (await api.client.get("/api/v1/health/clocks", headers=token)).json()
    assert answer["total"]["within_1_s"]["percent"] == 0
    assert answer["total"]["within_5_s"]["percent"] == 100
    assert answer["total"]["within_5_s"]["not_judged"] == {"tells_no_time": 1}
    assert answer["total"]["median_s"]["value"] == 3
    assert answer["total"]["mislabelled"] == 1
