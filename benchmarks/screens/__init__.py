"""What the health pages cost at city size: the time to the first figures, and what is loaded."""

import asyncio
import shutil
import statistics
import tempfile
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path
from typing import Final

from playwright.async_api import Browser, async_playwright

from benchmarks.screens.city import make_city
from benchmarks.serving import serving
from sharpeyes.service.database import open_pool
from sharpeyes.service.migrate import migrate
from sharpeyes.service.postgres import EmbeddedPostgres

_CAMERAS, _QUICK_CAMERAS = 250_000, 1_000
_ROUNDS, _QUICK_ROUNDS = 5, 1
_HOURS, _QUICK_HOURS = 48, 3
_PORT: Final = 18_098
_FIRST_FIGURES: Final = {
    "overview": ".headline .figure",
    "incidents": "table.incidents tbody tr",
    "incident": ".steps li",
    "camera": ".past dd strong",
    "map": ".legend .count",
}
_INCIDENT = "SELECT min(incident_id) FROM incident WHERE state = 'open'"
_CAMERA = "SELECT min(device_code) FROM camera JOIN camera_latency USING (camera_id)"


def run(quick: bool) -> dict[str, object]:
    """Measure on a database of its own; print a table and return the figures."""
    cameras = _QUICK_CAMERAS if quick else _CAMERAS
    with (
        tempfile.TemporaryDirectory(prefix="sharpeyes-") as folder,
        EmbeddedPostgres(Path(folder) / "database") as url,
    ):
        figures = asyncio.run(_measure(url, cameras, Path(folder), quick=quick))
    print(f"{'page':12} {'first figures, ms (least, median, most)':42} loaded, kB")
    for name, its in figures.items():
        print(f"{name:12} {its['first_ms']!s:42} {its['loaded_kb']}")
    return {"cameras": cameras, "pages": figures}


async def _measure(
    url: str, cameras: int, folder: Path, *, quick: bool
) -> dict[str, dict[str, object]]:
    await migrate(url)
    async with await open_pool(url, min_size=1, max_size=4, command_timeout_s=900) as pool:
        await make_city(pool, cameras, hours=_QUICK_HOURS if quick else _HOURS)
        incident_id = await pool.fetchval(_INCIDENT)
        device_code = await pool.fetchval(_CAMERA)
    places = {
        "incident": f"incidents/{incident_id}",
        "camera": f"cameras/{device_code}",
    }
    settings = f"[http]\nport = {_PORT}\nanonymous = true\n"
    async with serving("api", url, folder, _PORT, settings), _browser() as browser:
        return {
            name: await _look(
                browser,
                places.get(name, name),
                selector,
                rounds=_QUICK_ROUNDS if quick else _ROUNDS,
            )
            for name, selector in _FIRST_FIGURES.items()
        }


async def _look(browser: Browser, place: str, selector: str, *, rounds: int) -> dict[str, object]:
    took_ms, loaded = [], 0.0
    for _ in range(rounds):
        # A browser that was never here: nothing is kept from the round before.
        context = await browser.new_context(viewport={"width": 1366, "height": 860})
        page = await context.new_page()
        sizes: list[float] = []
        session = await context.new_cdp_session(page)
        await session.send("Network.enable")
        session.on("Network.loadingFinished", partial(_note, sizes))
        began = time.perf_counter()
        await page.goto(f"http://127.0.0.1:{_PORT}/#/zh/{place}")
        await page.locator(selector).first.wait_for(timeout=60_000)
        took_ms.append((time.perf_counter() - began) * 1000)
        await page.locator("main .spinner").first.wait_for(state="detached", timeout=60_000)
        loaded = sum(sizes)
        await context.close()
    least, median, most = min(took_ms), statistics.median(took_ms), max(took_ms)
    return {
        "first_ms": [round(least), round(median), round(most)],
        "loaded_kb": round(loaded / 1000),
    }


def _note(sizes: list[float], loaded: dict[str, float]) -> None:
    sizes.append(loaded["encodedDataLength"])


@asynccontextmanager
async def _browser() -> AsyncIterator[Browser]:
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium") or "chromium-browser",
            args=["--no-sandbox", "--use-gl=angle", "--use-angle=swiftshader"],
        )
        yield browser
        await browser.close()
