"""What becomes of an event, in a real browser on the real service."""

import os
from pathlib import Path
from typing import Any

import pytest
from playwright.async_api import Page, expect

# One browser for all, which lives in the session's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

REFUSED = """async (path) => {
  const [{ post }, { refusalWords }] = await Promise.all(
    ["api.js", "parts/refusal.js"].map((name) => import(`/static/js/${name}`)));
  return refusalWords(await post(path, { feedback: "x" }));
}"""
CODE = "42010200001320000001"


async def test_a_case_is_worked_on_and_counted_in_both_languages(
    installation: Any, vehicle_stands: Any, page: Page
) -> None:
    await installation.done(
        *("camera", "add", CODE, "--name", "江汉路口", "--tier", "city", "--host", "127.0.0.9"),
        *("--main", "/main"),
    )
    event_id = await vehicle_stands(CODE)
    made = await installation.done("token", "create", "officer", "--role", "operator", "--json")
    shots = os.environ.get("SHARPEYES_TEST_SHOTS")
    async with installation.serving("api"):
        signed_in = await page.context.request.post(
            f"{installation.url}/api/v1/session",
            data={"token": made.json()["token"]},
            headers={"X-Sharpeyes": "1"},
        )
        assert signed_in.ok
        await page.goto(f"{installation.url}/#/en/events/{event_id}")
        case = page.get_by_role("region", name="Case")
        await expect(case).to_contain_text("Dispatched")
        await case.get_by_label("Case number").fill("GA-7")
        await page.keyboard.press("Enter")
        story = page.get_by_role("region", name="From the first frame to the closing")
        await expect(story.locator(".step-acknowledged")).to_be_visible()
        await expect(case).to_contain_text("GA-7")
        if shots:
            await page.screenshot(path=Path(shots) / "case-en.png", full_page=True)
        await case.get_by_label("Why it was a false alarm").fill("树影")
        await case.get_by_role("button", name="False alarm").click()
        await expect(story.locator(".step-rejected")).to_contain_text("树影")
        await page.goto(f"{installation.url}/#/en/events?state=rejected&severity=alert&tier=city")
        await expect(page.locator(".events > li")).to_contain_text("False alarm")
        if shots:
            await page.screenshot(path=Path(shots) / "events-en.png", full_page=True)
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(f"{installation.url}/#/zh/cameras/{CODE}")
        await expect(page.locator("main")).to_contain_text("误报 1 起")
        await page.goto(f"{installation.url}/#/zh/events/{event_id}")
        await expect(page.get_by_role("region", name="全过程")).to_contain_text("判为误报")
        # What the service refuses is said in the page's language.
        refused = await page.evaluate(REFUSED, f"/events/{event_id}/case/close")
        assert refused == "案件目前为“误报”，不能直接登记“办结”：案件已结束"
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not await page.evaluate(wide)
        if shots:
            await page.screenshot(path=Path(shots) / "case-zh-phone.png", full_page=True)
