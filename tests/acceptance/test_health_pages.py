"""What is wrong, and working on it, in a real browser on the real service."""

from datetime import UTC, datetime, timedelta
from typing import Any

import aiohttp
import asyncpg
import cv2
import numpy as np
import numpy.typing as npt
import pytest
from playwright.async_api import Page, Route, expect

from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.traffic import make_scene

# One browser for all, which lives in the session's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE, OTHER = "42010200001320000001", "42010200001320000002"
NAME = "沿江大道路口"


async def one_is_out(installation: Any) -> int:
    """Register two cameras of which one does not answer, and return its incident."""
    for code, name in ((CODE, NAME), (OTHER, "江汉关")):
        await installation.done(
            *("camera", "add", code, "--name", name, "--tier", "city", "--host", "127.0.0.9"),
            *("--main", "/main"),
        )
    now = datetime.now(UTC)
    connection = await asyncpg.connect(installation.environ["SHARPEYES_DATABASE_URL"])
    try:
        await connection.execute(
            "INSERT INTO camera_status"
            " (camera_id, status, cause, evidence, decided_by, since, epoch)"
            " SELECT camera_id, CASE WHEN device_code = $1 THEN 'offline' ELSE 'ok' END,"
            " CASE WHEN device_code = $1 THEN 'network' ELSE '' END,"
            " CASE WHEN device_code = $1 THEN $3 ELSE '' END, '', $2, 1 FROM camera",
            CODE,
            now,
            "127.0.0.9:554 refuses connections: nothing listens on that port, or a firewall "
            "rejects us (3 tries in 21 s)",
        )
        await connection.execute(
            "INSERT INTO camera_transition"
            " (camera_id, from_status, to_status, cause, evidence, at)"
            " SELECT camera_id, 'unknown', status, cause, evidence, since FROM camera_status"
        )
        incident_id: int = await connection.fetchval(
            "INSERT INTO incident (kind, group_key, title, cause, evidence, began_at, opened_at,"
            " division_code, division_path, deadline_at, light)"
            " SELECT 'camera', camera_id, name, cause, evidence, $2, $2, division_code,"
            " division_path, $3, 'red' FROM camera JOIN camera_status USING (camera_id)"
            " WHERE device_code = $1 RETURNING incident_id",
            CODE,
            now - timedelta(hours=14),
            now - timedelta(hours=2),
        )
        await connection.execute(
            "INSERT INTO incident_camera SELECT $2, camera_id, $3 FROM camera"
            " WHERE device_code = $1",
            CODE,
            incident_id,
            now,
        )
    finally:
        await connection.close()
    return incident_id


async def token_of(installation: Any, name: str, *scopes: str) -> str:
    words = [word for scope in scopes for word in ("--scope", scope)]
    created = await installation.done("token", "create", name, *words, "--json")
    token = created.json()["token"]
    assert isinstance(token, str)
    return token


async def sign_in(page: Page, url: str, token: str) -> None:
    answer = await page.context.request.post(
        f"{url}/api/v1/session", data={"token": token}, headers={"X-Sharpeyes": "1"}
    )
    assert answer.ok


async def test_what_is_due_leads_to_the_incident_and_a_supervisor_closes_it(
    installation: Any, page: Page
) -> None:
    incident_id = await one_is_out(installation)
    look = ("cameras:read", "incidents:read", "incidents:write")
    desk = await token_of(installation, "desk", *look)
    chief = await token_of(installation, "chief", *look, "incidents:close")
    async with installation.serving("api"):
        url = installation.url
        await sign_in(page, url, chief)
        await page.goto(f"{url}/#/en/overview")
        await expect(page.locator(".headline .figure").first).to_have_text("50%")
        await expect(page.locator(".last-hour")).to_contain_text(NAME)
        due = page.locator(".due-list > li")
        await expect(due).to_contain_text("overdue by 2h")
        await page.goto(f"{url}/#/zh/overview?division=420102")
        await expect(due).to_contain_text("拒绝连接")  # what was seen, in Chinese
        await expect(page.locator(".crumbs strong")).to_have_text("江岸区")
        await page.goto(f"{url}/#/en/incidents?light=red")
        await page.get_by_role("link", name=NAME).click()
        await expect(page.locator(".steps, .touched").first).to_contain_text(NAME)

        async def somebody_is_quicker(route: Route) -> None:
            if quicker:
                await route.continue_()
                return
            quicker.append("desk")
            async with (
                aiohttp.ClientSession(headers={"Authorization": f"Bearer {desk}"}) as session,
                session.post(
                    f"{url}/api/v1/incidents/{incident_id}/assign", json={"unit": "运维一队"}
                ) as answer,
            ):
                assert answer.ok
            await route.continue_()

        quicker: list[str] = []
        await page.route("**/close", somebody_is_quicker)
        reason = page.get_by_label("Reason for closing")
        await reason.fill("the pole is gone")
        await page.get_by_role("button", name="Close", exact=True).click()
        await expect(page.get_by_role("alert")).to_contain_text("Somebody else has just changed")
        await expect(page.locator(".head")).to_contain_text("运维一队")  # as it now is
        await expect(reason).to_have_value("the pole is gone")
        await page.get_by_role("button", name="Close", exact=True).click()
        await expect(page.locator(".head")).to_contain_text("Closed")
        await expect(page.locator(".step-closed")).to_contain_text("the pole is gone")

        # Who may only look is told so, and what needs another right is not asked for.
        await sign_in(page, url, await token_of(installation, "wall", "cameras:read"))
        await page.goto(f"{url}/#/en/incidents")
        await page.reload()
        await expect(page.locator("main")).to_contain_text("You may not see this")
        await page.goto(f"{url}/#/en/overview")
        await expect(page.locator(".wrong > .wrong-offline")).to_contain_text(NAME)


async def test_health_pages_fit_a_phone_in_both_languages(installation: Any, page: Page) -> None:
    incident_id = await one_is_out(installation)
    await page.set_viewport_size({"width": 390, "height": 844})
    async with installation.serving("api"):
        for language in ("zh", "en"):
            for place in ("overview", "incidents", f"incidents/{incident_id}", f"cameras/{CODE}"):
                await page.goto(f"{installation.url}/#/{language}/{place}")
                await expect(page.locator("main .panel").first).to_be_visible()
                await expect(page.locator("main .spinner")).to_have_count(0)
                wider = "document.documentElement.scrollWidth - innerWidth"
                assert await page.evaluate(wider) <= 0, place


async def test_a_cameras_picture_stands_beside_its_reference_which_can_be_renewed(
    installation: Any, page: Page
) -> None:
    await one_is_out(installation)
    street = render(make_scene("parked"), 60.0)
    grey = cv2.resize(street[..., 1], (160, 90), interpolation=cv2.INTER_AREA)
    connection = await asyncpg.connect(installation.environ["SHARPEYES_DATABASE_URL"])
    try:
        await connection.executemany(
            "INSERT INTO camera_picture SELECT camera_id, $2, now(), $3, $4, $5, $6 FROM camera"
            " WHERE device_code = $1",
            [
                (CODE, "day", cv2.imencode(".png", grey)[1].tobytes(), b"figures", 6, True),
                (CODE, "night", cv2.imencode(".png", grey // 4)[1].tobytes(), b"figures", 2, False),
                (CODE, "last", _small_jpeg(street), None, None, None),
            ],
        )
    finally:
        await connection.close()
    scopes = ("cameras:read", "cameras:write", "pictures:read")
    token = await token_of(installation, "engineer and viewer", *scopes)
    async with installation.serving("api"):
        await sign_in(page, installation.url, token)
        await page.goto(f"{installation.url}/#/en/cameras/{CODE}")
        pictures = page.get_by_role("region", name="Picture and reference")
        await expect(pictures.locator("figure")).to_have_count(3)
        await expect(pictures.locator("figure").last).to_contain_text("2 good pictures so far")
        await page.wait_for_function(
            "() => [...document.querySelectorAll('.camera-pictures img')]"
            ".filter((image) => image.naturalWidth >= 160).length === 3"
        )
        await pictures.get_by_role("button", name="Renew the references").click()
        await page.get_by_role("dialog").get_by_role("button", name="Renew").click()
        await expect(pictures.locator("figure")).to_have_count(1)
        await page.goto(f"{installation.url}/#/zh/cameras/{CODE}")
        await expect(page.get_by_role("region", name="画面与基准")).to_contain_text("最近画面")


def _small_jpeg(picture: npt.NDArray[np.uint8]) -> bytes:
    small = cv2.resize(picture, (320, 180), interpolation=cv2.INTER_AREA)
    return cv2.imencode(".jpg", small)[1].tobytes()
