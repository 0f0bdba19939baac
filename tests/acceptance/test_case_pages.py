"""What becomes of an event, in a real browser on the real service."""

import os
import random
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from playwright.async_api import Page, expect

from sharpeyes.events.event import EventType, NewEvent, Severity, new_event_id
from sharpeyes.events.payload import VehicleAbandoned
from sharpeyes.events.store import append
from sharpeyes.service.database import open_pool

# One browser for all, which lives in the session's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

CODE = "42010200001320000001"


async def vehicle_stands(installation: Any) -> str:
    """Register a camera and store that a vehicle was left there; return the event."""
    await installation.done(
        *("camera", "add", CODE, "--name", "江汉路口", "--tier", "city", "--host", "127.0.0.9"),
        *("--main", "/main"),
    )
    now = datetime.now(UTC)
    event_id = new_event_id(now, random)
    pool: asyncpg.Pool
    async with await open_pool(
        installation.environ["SHARPEYES_DATABASE_URL"], min_size=1, max_size=1
    ) as pool:
        event = NewEvent(
            event_id=event_id,
            type=EventType.ABANDONED_VEHICLE,
            camera_id=await pool.fetchval("SELECT camera_id FROM camera"),
            device_code=CODE,
            severity=Severity.ALERT,
            occurred_at=now,
            dedup_key=event_id,
            data=VehicleAbandoned(
                phase="alert",
                box_xyxy=(1, 2, 30, 40),
                picture_width_px=640,
                picture_height_px=360,
                zone="kerb",
                dwell_s=400,
                started_at=now,
            ),
        )
        async with pool.acquire() as connection, connection.transaction():
            assert await append(connection, event)
    return event_id


async def test_a_case_is_worked_on_and_counted_in_both_languages(
    installation: Any, page: Page
) -> None:
    event_id = await vehicle_stands(installation)
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
        await expect(case.locator(".step-acknowledged")).to_be_visible()
        await expect(case).to_contain_text("GA-7")
        if shots:
            await page.screenshot(path=Path(shots) / "case-en.png", full_page=True)
        await case.get_by_label("Why it was a false alarm").fill("树影")
        await case.get_by_role("button", name="False alarm").click()
        await expect(case.locator(".step-rejected")).to_contain_text("树影")
        await page.goto(f"{installation.url}/#/en/events?state=rejected&severity=alert&tier=city")
        await expect(page.locator(".events > li")).to_contain_text("False alarm")
        if shots:
            await page.screenshot(path=Path(shots) / "events-en.png", full_page=True)
        await page.set_viewport_size({"width": 390, "height": 844})
        await page.goto(f"{installation.url}/#/zh/cameras/{CODE}")
        await expect(page.locator("main")).to_contain_text("误报 1 起")
        await page.goto(f"{installation.url}/#/zh/events/{event_id}")
        await expect(page.get_by_role("region", name="案件")).to_contain_text("判为误报")
        wide = "document.documentElement.scrollWidth > document.documentElement.clientWidth"
        assert not await page.evaluate(wide)
        if shots:
            await page.screenshot(path=Path(shots) / "case-zh-phone.png", full_page=True)
