"""The dashboard in a real browser, on the real service."""

import asyncio
import csv
import re
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.async_api import Page, expect

# One browser for all, which lives in the session's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

PATIENCE_MS = 15_000
STATUSES = ("offline", "unreachable", "degraded", "unknown", "ok", "not_measured")
HOSTILE_NAME = '<img src=x onerror="document.title=1"> 汉口站'
# Nobody may poll these: they stay as they are for as long as a test looks.
CODES = [f"4201020000132000{serial:04d}" for serial in range(1, 5)]


async def register(installation: Any) -> None:
    """Register four cameras that nobody may poll, one of them with a name that is markup."""
    names = ["沿江大道路口", HOSTILE_NAME, "江汉关", "中山大道路口"]
    places = [(114.30, 30.60), (114.32, 30.61), (114.29, 30.59), (114.31, 30.62)]
    with (installation.folder / "four.csv").open("w", newline="", encoding="utf-8") as file:
        rows = csv.writer(file)
        rows.writerow(
            ["device_code", "name", "tier", "division_code", "longitude", "latitude", "poll_mode"]
        )
        for code, name, place, tier in zip(CODES, names, places, [1, 1, 2, 3], strict=True):
            rows.writerow([code, name, tier, "420102", *place, "none"])
    await installation.done("camera", "import", "four.csv")


async def counts_shown(page: Page) -> dict[str, int]:
    """The figures of the overview's tiles, by status."""
    tiles = page.locator("a.tile")
    found = {}
    for index in range(await tiles.count()):
        address = await tiles.nth(index).get_attribute("href") or ""
        figure = await tiles.nth(index).locator(".figure").inner_text()
        found[address.rpartition("status=")[2]] = int(figure.replace(",", ""))
    return found


@pytest.mark.timeout(300)
async def test_what_is_wrong_shows_by_itself_and_so_does_its_end(
    installation: Any, page: Page, own_address: IPv4Address, free_port: Callable[[], int]
) -> None:
    control = str(free_port())
    street = ("--cameras", "4", "--first-address", str(own_address))
    ports = ("--rtsp-port", str(free_port()), "--http-port", str(free_port()))
    async with installation.running(
        *("simulate", *street, *ports, "--control-port", control, "--csv", "street.csv")
    ):
        await installation.until(csv_written(installation.folder), bool, within_s=60)
        await installation.done("camera", "import", "street.csv")
        async with installation.serving():
            status = installation.get("/api/v1/status")
            await installation.until(status, lambda s: s["total"]["ok"] == 4, within_s=60)
            await page.goto(f"{installation.url}/#/en/overview")
            await expect(page.locator(".headline .figure").first).to_have_text("100%")
            await expect(page.locator(".wrong-panel")).to_contain_text("Nothing is wrong")

            cameras = await installation.get("/api/v1/cameras")()
            broken = cameras["cameras"][0]
            control_options = ("--control-port", control)
            await installation.done(
                "simulate", "fault", broken["device_code"], "down", *control_options
            )
            wrong = page.locator(".wrong > li")
            await expect(wrong).to_contain_text(broken["name"], timeout=30_000)
            await expect(wrong).to_contain_text("Not reachable")
            await expect(page.locator(".headline .figure").first).to_have_text("75%")
            await expect(page.locator(".headline .base").first).to_contain_text(
                "3 of 4 measured online"
            )
            await installation.until(figures_agree(page, status), bool, within_s=30)
            # The figure leads to the list behind it, the list to the camera, the camera says why.
            await page.locator("a.tile-offline").click()
            await page.locator("table.cameras a.camera-name").click()
            await expect(page.locator(".head")).to_contain_text("Offline")
            await expect(page.locator(".transitions li").first).to_contain_text("Not reachable")

            await installation.done("simulate", "clear", broken["device_code"], *control_options)
            await expect(page.locator(".head .mark")).to_have_text("Online", timeout=30_000)
            await expect(page.locator(".events")).to_contain_text("Camera restored")

            await page.goto(f"{installation.url}/#/zh/events?type=org.sharpeyes.motion.v1")
            first = page.locator(".events > li").first
            await expect(first).to_contain_text("移动侦测", timeout=60_000)
            await expect(first.locator("svg rect.box")).to_have_count(1)
            await first.locator(".event-what a").click()
            picture = page.locator(".event-evidence img")
            await expect(picture).to_be_visible()
            await page.wait_for_function(
                "() => document.querySelector('.event-evidence img').naturalWidth > 0"
            )


def figures_agree(page: Page, status: Callable[[], Any]) -> Callable[[], Any]:
    async def ask() -> bool:
        shown, total = await counts_shown(page), (await status())["total"]
        return len(shown) == len(STATUSES) and all(shown[name] == total[name] for name in STATUSES)

    return ask


def csv_written(folder: Path) -> Callable[[], Any]:
    async def ask() -> bool:
        file = folder / "street.csv"
        # The street answers before its list is written; the simulator says when.
        log = folder / "simulate.log"
        return file.exists() and "answer" in log.read_text(errors="replace")

    return ask


async def test_the_address_keeps_language_filters_and_page(installation: Any, page: Page) -> None:
    await register(installation)
    async with installation.serving("api"):
        await page.goto(installation.url)
        # The browser speaks Chinese.
        await expect(page.locator(".top-links a[aria-current]")).to_have_text("总览")
        await expect(page.locator("html")).to_have_attribute("lang", "zh-CN")

        await page.goto(f"{installation.url}/#/en/cameras?tier=city")
        rows = page.locator("table.cameras tbody tr")
        await expect(rows).to_have_count(2)
        await expect(page.locator("select[name=tier]")).to_have_value("city")
        await page.locator("input[name=q]").fill("沿江")
        await expect(rows).to_have_count(1)
        assert "q=" in page.url
        await page.reload()
        await expect(rows).to_have_count(1)
        await page.locator(".languages a", has_text="中文").click()
        await expect(page.locator("table.cameras th").first).to_have_text("状态")
        await expect(rows).to_have_count(1)
        assert "/zh/cameras?tier=city&q=" in page.url

        # A camera that is registered now is in a list that is open now.
        await page.locator("form.filters button").click()
        await expect(rows).to_have_count(4)
        await installation.done(
            *("camera", "add", "42010200001320009999", "--name", "新来的", "--tier", "social"),
            *("--poll", "none"),
        )
        await expect(rows.filter(has_text="新来的")).to_have_count(1)


async def test_hostile_9_a_cameras_name_is_text_wherever_it_stands(
    installation: Any, page: Page
) -> None:
    await register(installation)
    async with installation.serving("api"):
        for place in ("cameras", f"cameras/{CODES[1]}"):
            await page.goto(f"{installation.url}/#/en/{place}")
            await expect(page.get_by_text(HOSTILE_NAME).first).to_be_visible()
            await expect(page.locator("img[src=x]")).to_have_count(0)
        assert await page.title() != "1"


async def test_the_keyboard_is_enough(installation: Any, page: Page) -> None:
    await register(installation)
    async with installation.serving("api"):
        await page.goto(f"{installation.url}/#/en/cameras")
        await expect(page.locator("table.cameras tbody tr")).to_have_count(4)
        await page.keyboard.press("Tab")
        await expect(page.locator(".skip")).to_be_focused()
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
        for _ in range(20):
            await page.keyboard.press("Tab")
            focused = page.locator("table.cameras a:focus")
            if await focused.count():
                break
        name = await focused.inner_text()
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text(name)


async def test_the_map_shows_cameras_without_tiles_and_leads_to_them(
    installation: Any, page: Page, seen: Any
) -> None:
    await register(installation)
    async with installation.serving("api"):
        await page.goto(f"{installation.url}/#/en/map?camera={CODES[2]}")
        await expect(page.locator(".map[data-drawn=true]")).to_be_visible(timeout=30_000)
        await expect(page.locator(".legend")).to_contain_text("Not measured")
        # The chosen camera is in the middle; its mark takes a frame or two to be drawn.
        box = await page.locator(".map").bounding_box()
        assert box is not None
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        tip = page.locator(".map-tip")
        async with asyncio.timeout(PATIENCE_MS / 1000):
            nudge = 0
            while not await tip.count():
                nudge = 1 - nudge
                await page.mouse.move(middle[0] + nudge, middle[1])
                await page.wait_for_timeout(100)
        await expect(tip).to_contain_text("江汉关")
        await page.mouse.click(*middle)
        await expect(page.locator("h1")).to_have_text("江汉关")
    paths = {urlsplit(url).path for url in seen.requests if url.startswith("http")}
    assert {path for path in paths if not re.match(r"/($|static/|api/v1/)", path)} == set()


async def test_it_fits_a_phone(installation: Any, page: Page) -> None:
    await register(installation)
    await page.set_viewport_size({"width": 390, "height": 844})
    async with installation.serving("api"):
        for language in ("zh", "en"):
            for place in ("overview", "map", "cameras", "events", f"cameras/{CODES[1]}"):
                await page.goto(f"{installation.url}/#/{language}/{place}")
                await expect(page.locator("main .panel").first).to_be_visible()
                await expect(page.locator(".bottom-bar")).to_be_visible()
                wider = "document.documentElement.scrollWidth - innerWidth"
                assert await page.evaluate(wider) <= 0, place


async def test_a_page_weighs_less_than_a_megabyte(installation: Any, page: Page) -> None:
    await register(installation)
    async with installation.serving("api"):
        session = await page.context.new_cdp_session(page)
        await session.send("Network.enable")
        sizes: list[float] = []
        session.on(
            "Network.loadingFinished", lambda loaded: sizes.append(loaded["encodedDataLength"])
        )
        await page.goto(f"{installation.url}/#/zh/map")  # the heaviest
        await expect(page.locator(".map[data-drawn=true]")).to_be_visible(timeout=30_000)
        assert 50_000 < sum(sizes) < 1_000_000


async def test_signing_in_and_out_with_a_token(installation: Any, page: Page) -> None:
    settings = installation.folder / "sharpeyes.toml"
    settings.write_text(settings.read_text().replace("anonymous = true", "anonymous = false"))
    created = await installation.done(
        "token", "create", "duty officer", "--scope", "cameras:read", "--json"
    )
    token = created.json()["token"]
    async with installation.serving("api"):
        await page.goto(f"{installation.url}/#/en/cameras")
        await page.get_by_role("button", name="Sign in with a token").click()
        field_ = page.get_by_label("Token", exact=True)
        await field_.fill("set_nobody-knows-this-one")
        await page.keyboard.press("Enter")
        await expect(page.get_by_role("alert")).to_contain_text("not known")
        await field_.fill(token)
        await page.keyboard.press("Enter")
        # On to where the address led; what the token may not see is said, not left empty.
        await expect(page.locator(".account-name")).to_have_text("duty officer")
        await expect(page.locator("main")).to_contain_text("No camera matches")
        await page.goto(f"{installation.url}/#/en/events")
        await expect(page.locator("main")).to_contain_text("You may not see this")
        kept = "JSON.stringify([localStorage, sessionStorage, document.cookie])"
        assert token not in await page.evaluate(kept)
        await page.get_by_role("button", name="Sign out").click()
        await expect(page.get_by_label("Password")).to_be_visible()


@dataclass(slots=True)
class Wire:
    """What lies between browser and service, and can be cut."""

    target: tuple[str, int]
    writers: list[asyncio.StreamWriter] = field(default_factory=list)
    cut: bool = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.cut:
            writer.close()
            return
        far_reader, far_writer = await asyncio.open_connection(*self.target)
        self.writers += [writer, far_writer]
        await asyncio.gather(_pump(reader, far_writer), _pump(far_reader, writer))

    def break_all(self) -> None:
        self.cut = True
        for writer in self.writers:
            writer.transport.abort()


async def _pump(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while data := await reader.read(65_536):
            writer.write(data)
            await writer.drain()
    except ConnectionError:
        pass
    finally:
        writer.close()


@asynccontextmanager
async def wire_to(port: int) -> AsyncIterator[tuple[Wire, str]]:
    wire = Wire(("127.0.0.1", port))
    server = await asyncio.start_server(wire.carry, "127.0.0.1", 0)
    try:
        yield wire, f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    finally:
        wire.break_all()
        server.close()


async def test_a_lost_connection_says_so_and_heals(installation: Any, page: Page) -> None:
    await register(installation)
    async with installation.serving("api"), wire_to(installation.port) as (wire, url):
        await page.goto(f"{url}/#/en/cameras")
        rows = page.locator("table.cameras tbody tr")
        await expect(rows).to_have_count(4)
        await expect(page.locator(".live")).to_contain_text(re.compile("Live.*last heard"))

        wire.break_all()
        await expect(page.locator(".lost-note")).to_contain_text("Connection lost")
        await expect(rows).to_have_count(4)  # the last known, and marked as such
        await expect(page.locator("body")).to_have_class(re.compile("stale"))
        await installation.done(
            *("camera", "add", "42010200001320009999", "--name", "新来的", "--tier", "social"),
            *("--poll", "none"),
        )

        wire.cut = False
        await expect(page.locator(".live")).to_contain_text("Live")
        await expect(page.locator(".lost-note")).to_be_empty()
        await expect(rows.filter(has_text="新来的")).to_have_count(1)  # what was missed meanwhile
        await page.close()
