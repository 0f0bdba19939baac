"""Endpoints in a real browser: what arrives, what does not, and what can be done about it."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from http import HTTPStatus
from pathlib import Path
from typing import Any

import pytest
from aiohttp import web
from aiohttp.test_utils import TestServer
from playwright.async_api import Page, expect

# One browser for all, which lives in the session's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE_MS = 15_000
CODE = "42010200001320000001"
WIDE = "document.documentElement.scrollWidth > document.documentElement.clientWidth"


@asynccontextmanager
async def receiver(statuses: list[int]) -> AsyncIterator[str]:
    """A case system that answers these, one after another, and then 200."""

    async def consent(_: web.Request) -> web.Response:
        return web.Response(headers={"WebHook-Allowed-Origin": "sharpeyes"})

    async def receive(_: web.Request) -> web.Response:
        status = statuses.pop(0) if statuses else 200
        said = "taken" if status == HTTPStatus.OK else "<b>no such street</b>"
        return web.Response(status=status, text=said)

    application = web.Application()
    application.router.add_route("OPTIONS", "/events", consent)
    application.router.add_post("/events", receive)
    async with TestServer(application) as server:
        yield str(server.make_url("/events"))


async def sign_in(page: Page, installation: Any, role: str) -> None:
    made = await installation.done("token", "create", role, "--role", role, "--json")
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
async def test_an_endpoint_is_watched_tried_and_changed(  # noqa: PLR0915  # one story, told once
    installation: Any, vehicle_stands: Any, page: Page
) -> None:
    """What was given up is sent again from its page; its secret is shown once."""
    await installation.done(
        *("camera", "add", CODE, "--name", "江汉路口", "--tier", "city", "--host", "127.0.0.9"),
        *("--main", "/main"),
    )
    async with receiver([503, 200, 422, 422, 422]) as url:
        await installation.done("endpoint", "add", "police", url)
        for _ in range(2):
            await vehicle_stands(CODE)
        async with installation.serving("api"), installation.running("relay"):
            await sign_in(page, installation, "engineer")
            await page.goto(f"{installation.url}/#/en/endpoints")
            card = page.locator(".endpoint-card")
            await expect(card).to_contain_text("HTTP 422", timeout=PATIENCE_MS)
            await expect(card.locator(".bad")).to_have_text("1")
            await shoot(page, "endpoints-en")
            await card.get_by_role("link", name="police").press("Enter")

            deliveries = page.get_by_role("region", name="Deliveries")
            await expect(deliveries.locator("tbody tr")).to_have_count(2)
            await deliveries.get_by_label("State").select_option("dead")
            await expect(deliveries.locator("tbody tr")).to_have_count(1)
            await deliveries.get_by_role("button", name="3 attempts").press("Enter")
            attempts = deliveries.locator(".attempts > li")
            await expect(attempts).to_have_count(3)
            await expect(attempts.first).to_contain_text("<b>no such street</b>")
            await shoot(page, "endpoint-dead-en")
            await deliveries.get_by_role("button", name="Send again").press("Enter")
            await expect(deliveries).to_contain_text("No such deliveries")
            health = page.get_by_role("region", name="How it is")
            await expect(health.locator(".head-status, .mark")).to_have_text("Taking events")

            work = page.get_by_role("region", name="What can be done")
            await work.get_by_role("button", name="Send a test event").press("Enter")
            await expect(work.get_by_role("status").first).to_contain_text("event HTTP 200")
            await work.get_by_role("button", name="New secret").press("Enter")
            await page.get_by_role("dialog").get_by_role("button", name="New secret").press("Enter")
            secret = work.locator(".secret .copyable")
            await expect(secret).to_contain_text("whsec_")
            shown = await secret.inner_text()
            await work.get_by_role("button", name="I have it").press("Enter")
            await work.get_by_label("Stored from (Shanghai time)").fill("2026-01-01T00:00")
            await work.get_by_role("checkbox").check()
            await work.get_by_role("button", name="Send again", exact=True).press("Enter")
            await expect(work).to_contain_text("2 deliveries wait again")
            await work.get_by_role("button", name="Pause").press("Enter")
            await page.get_by_role("dialog").get_by_role("button", name="Pause").press("Enter")
            await expect(health).to_contain_text("Paused")
            assert shown not in await page.content()

            wanted = page.get_by_role("region", name="Which events it is sent")
            await wanted.get_by_role("button").press("Enter")
            await wanted.get_by_label("Alert", exact=True).check()
            await wanted.get_by_label("City point", exact=True).check()
            await wanted.get_by_label("Division").fill("江岸")
            await page.keyboard.press("Enter")
            await shoot(page, "endpoint-edit-en")
            await wanted.get_by_role("button", name="Save").press("Enter")
            await expect(wanted).to_contain_text("Alert · City point")
            listed = await installation.done("endpoint", "list", "--json")
            assert listed.json()[0]["division_codes"] == ["420102"]

            await page.set_viewport_size({"width": 390, "height": 844})
            await page.goto(f"{installation.url}/#/zh/endpoints/police")
            await expect(page.get_by_role("region", name="运行状况")).to_contain_text("已暂停")
            await shoot(page, "endpoint-zh-phone")
            assert not await page.evaluate(WIDE)
            await page.goto(f"{installation.url}/#/zh/endpoints")
            await expect(page.locator(".endpoint-card")).to_contain_text("已暂停")
            await shoot(page, "endpoints-zh-phone")
            assert not await page.evaluate(WIDE)
            await page.set_viewport_size({"width": 1920, "height": 1080})
            await page.goto(f"{installation.url}/#/zh/endpoints/police")
            await page.locator(".cell-attempts button").first.click()
            await expect(page.locator(".attempts > li").first).to_be_visible()
            await shoot(page, "endpoint-zh-wall")
