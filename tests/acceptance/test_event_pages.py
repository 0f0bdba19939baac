"""Events in a real browser: the list and its map, and one event from the first frame on."""

import os
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

# One browser for all, which lives in the session's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

CODES = ("42010200001320000001", "42010200001320000002")
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
PATIENCE_MS = 15_000


async def sign_in(page: Page, installation: Any, *scopes: str) -> None:
    words = [word for scope in scopes for word in ("--scope", scope)]
    made = await installation.done("token", "create", "officer", *words, "--json")
    signed_in = await page.context.request.post(
        f"{installation.url}/api/v1/session",
        data={"token": made.json()["token"]},
        headers={"X-Sharpeyes": "1"},
    )
    assert signed_in.ok


async def shoot(page: Page, name: str) -> None:
    if folder := os.environ.get("SHARPEYES_TEST_SHOTS"):
        await page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)


@pytest.mark.timeout(120)
async def test_an_event_is_told_from_the_first_frame_to_the_closing(  # noqa: PLR0915  # one story
    installation: Any, vehicle_stands: Any, page: Page
) -> None:
    """The alert, its end, the case and every attempt stand in one order, on the end's page too."""
    for code, longitude in zip(CODES, ("114.30", "114.32"), strict=True):
        await installation.done(
            *("camera", "add", code, "--name", f"江汉路 {code[-1]} 号", "--tier", "city"),
            *("--host", f"127.0.0.{code[-1]}", "--main", "/main"),
            *("--lon", longitude, "--lat", "30.60"),
        )
    corners = "0.25,0.3 0.7,0.3 0.75,0.9 0.2,0.9"
    await installation.done("zone", "add", CODES[0], "kerb", "--polygon", corners)
    statuses = [503]

    async def receive(_: web.Request) -> web.Response:
        return web.Response(status=statuses.pop(0) if statuses else 200, text="busy")

    application = web.Application()
    application.router.add_post("/events", receive)
    async with TestServer(application) as server:
        url = str(server.make_url("/events"))
        await installation.done("endpoint", "add", "police", url, "--no-handshake")
        async with installation.serving("api"), installation.running("relay"):
            rights = ("cameras:read", "events:read", "pictures:read", "cases:write")
            await sign_in(page, installation, *rights, "endpoints:read")
            await page.goto(f"{installation.url}/#/en/events?map=1")
            await expect(page.locator("main")).to_contain_text("No events")
            # It is live, and so is the map.
            alert = await vehicle_stands(CODES[0])
            await vehicle_stands(CODES[1])
            await expect(page.locator(".events > li")).to_have_count(2, timeout=PATIENCE_MS)
            await expect(page.locator(".map[data-drawn=true]")).to_be_visible(timeout=30_000)
            await expect(page.locator(".map-notes")).to_have_text("2 events at 2 cameras")
            await shoot(page, "events-map-en")

            await page.goto(f"{installation.url}/#/en/events/{alert}")
            case = page.get_by_role("region", name="Case")
            await case.get_by_label("Case number").fill("GA-7")
            await page.keyboard.press("Enter")
            await case.get_by_label("What was found or done").fill("towed")
            await case.get_by_role("button", name="Handled").press("Enter")
            await case.get_by_label("What came of it").fill("the owner came")
            await case.get_by_role("button", name="Close").press("Enter")
            await expect(case.locator("strong").first).to_have_text("Closed")
            await vehicle_stands(CODES[0], ends=alert)
            story = page.get_by_role("region", name="From the first frame to the closing")
            told = story.locator("li > strong")
            await expect(told.filter(has_text="Abandoned vehicle gone")).to_have_count(
                1, timeout=PATIENCE_MS
            )
            await expect(story.locator(".story-delivery")).to_have_count(3, timeout=PATIENCE_MS)
            kinds = [
                (await item.get_attribute("class") or "").split()[0].removeprefix("story-")
                for item in await story.locator("li").all()
            ]
            assert kinds[:5] == ["began", "event", "stored", "delivery", "delivery"]
            assert [kind for kind in kinds if kind in {"event", "case"}] == [
                *("event", "case", "case", "case", "event")
            ]
            await expect(story).to_contain_text("HTTP 503")
            zone = page.locator("polygon.picture-zone")
            await expect(zone).to_have_attribute("points", "160,108 448,108 480,324 128,324")
            await shoot(page, "event-en")
            await page.locator(".head-status").get_by_role("link", name="gone").press("Enter")
            await expect(page.locator("h1")).to_have_text("Abandoned vehicle gone")
            await expect(page.locator("figcaption")).to_contain_text("Picture of the alert")
            await expect(case.locator("strong").first).to_have_text("Closed")

            await page.goto(f"{installation.url}/#/zh/events")
            await expect(page.locator(".events > li")).to_have_count(3)
            await page.get_by_label("也显示案件进展").check()
            await expect(page.locator(".events > li")).to_have_count(6)
            await expect(page.locator(".events > li").nth(1)).to_contain_text("遗弃车辆：办结")
            await shoot(page, "events-changes-zh")
            await page.set_viewport_size({"width": 390, "height": 844})
            await page.goto(f"{installation.url}/#/zh/events?map=1")
            await expect(page.locator(".map[data-drawn=true]")).to_be_visible(timeout=30_000)
            await shoot(page, "events-map-zh-phone")
            assert not await page.evaluate(WIDE)
            await page.goto(f"{installation.url}/#/zh/events/{alert}")
            await expect(page.get_by_role("region", name="全过程")).to_contain_text("第 2 次")
            await shoot(page, "event-zh-phone")
            assert not await page.evaluate(WIDE)
            await page.set_viewport_size({"width": 1920, "height": 1080})
            await shoot(page, "event-zh-wall")
            await page.goto(f"{installation.url}/#/zh/events?map=1")
            await expect(page.locator(".map[data-drawn=true]")).to_be_visible(timeout=30_000)
            await shoot(page, "events-map-zh-wall")
