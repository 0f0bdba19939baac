"""The dashboard's pages for engineers: finding, changing and importing cameras."""

import csv
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import aiohttp
import pytest
import pytest_asyncio
from playwright.async_api import Page, expect

# One browser for all, which lives in the session's event loop.
pytestmark = pytest.mark.asyncio(loop_scope="session")

CODES = (
    *(f"4201020000132000000{serial}" for serial in (1, 2, 3)),
    "42010300001320000004",
)
COLUMNS = ("device_code", "name", "tier", "division_code", "longitude", "latitude", "poll_mode")
CAMERAS = (
    (CODES[0], "沿江大道路口", "1", "420102", "114.30", "30.60", "none"),
    (CODES[1], "江汉关", "2", "420102", "114.29", "30.59", "none"),
    (CODES[2], "沿江二桥", "3", "420102", "114.31", "30.62", "none"),
    (CODES[3], "中山大道路口", "3", "420103", "114.28", "30.58", "none"),
)


def write_sheet(path: Path, rows: Sequence[Sequence[str]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([COLUMNS, *rows])
    return path


async def token_of(installation: Any, name: str, *scopes: str) -> str:
    words = [word for scope in scopes for word in ("--scope", scope)]
    created = await installation.done("token", "create", name, *words, "--json")
    token = created.json()["token"]
    assert isinstance(token, str)
    return token


@pytest_asyncio.fixture
async def engineer(installation: Any) -> str:
    """Register four cameras, and make a token of somebody who may change them."""
    sheet = write_sheet(installation.folder / "four.csv", CAMERAS)
    await installation.done("camera", "import", sheet)
    return await token_of(installation, "engineer", "cameras:read", "cameras:write")


async def sign_in(page: Page, url: str, token: str) -> None:
    """Sign the page's browser in as the form does."""
    answer = await page.context.request.post(
        f"{url}/api/v1/session", data={"token": token}, headers={"X-Sharpeyes": "1"}
    )
    assert answer.ok


async def change(url: str, token: str, code: str, **fields: object) -> None:
    """Change a camera as another program does."""
    headers = {"Authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(headers=headers) as session:
        camera = f"{url}/api/v1/cameras/{code}"
        async with session.get(camera) as read:
            etag = read.headers["ETag"]
        async with session.patch(
            camera,
            json=fields,
            headers={"If-Match": etag, "Content-Type": "application/merge-patch+json"},
        ) as changed:
            assert changed.ok, await changed.text()


async def test_cameras_are_found_by_chinese_words_and_filters(
    installation: Any, engineer: str, page: Page
) -> None:
    async with installation.serving("api"):
        await page.goto(f"{installation.url}/#/zh/cameras")
        rows = page.locator("table.cameras tbody tr")
        await expect(rows).to_have_count(4)
        await expect(page.locator(".list-head")).to_contain_text("匹配 4 台，共建档 4 台")
        search = page.locator("input[name=q]")
        await search.fill("沿")
        await expect(page.locator(".hint")).to_contain_text("至少两个字")
        await search.fill("沿江")
        await expect(rows).to_have_count(2)
        await expect(page.locator(".list-head")).to_contain_text("匹配 2 台，共建档 4 台")
        await page.locator("select[name=tier]").select_option("city")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text("沿江大道路口")
        await page.locator("form.filters button.clear").click()
        await expect(rows).to_have_count(4)

        # The tree is walked with keys alone; the address keeps what was chosen.
        await page.locator("#division").focus()
        await page.keyboard.type("江汉区")
        await expect(page.locator(".picker-list li")).to_have_count(1)
        await page.keyboard.press("Enter")
        await expect(rows).to_have_count(1)
        await expect(rows).to_contain_text("中山大道路口")
        assert "division=420103" in page.url
        await page.reload()
        await expect(page.locator("#division")).to_have_value("江汉区")
        await expect(rows).to_have_count(1)
        # The map gets the same filters.
        on_map = page.locator(".list-head a")
        assert "map?division=420103" in (await on_map.get_attribute("href") or "")

        await page.goto(f"{installation.url}/#/en/cameras?near=114.29,30.59")
        await expect(rows.first).to_contain_text("江汉关")
        await expect(rows.first.locator(".cell-distance")).to_have_text("0 m")
        await expect(rows.nth(1).locator(".cell-distance")).to_have_text("1.5 km")


async def test_the_map_counts_from_afar_and_shows_points_when_near(
    installation: Any, engineer: str, page: Page
) -> None:
    async with installation.serving("api"):
        await page.goto(f"{installation.url}/#/en/map?at=10/30.60/114.30")
        await expect(page.locator(".map[data-drawn=true]")).to_be_visible(timeout=60_000)
        await expect(page.locator(".map-count")).to_contain_text("4 cameras in view")
        await page.locator("select[name=tier]").select_option("social")
        await expect(page.locator(".map-count")).to_contain_text("2 cameras in view")
        await page.locator(".map-count a").first.click()
        # What is in view is a list, and the box is said and can be dropped.
        await expect(page.locator("table.cameras tbody tr")).to_have_count(2)
        await expect(page.locator(".chip")).to_contain_text("only what was in view")


async def test_a_file_is_edited_refused_saved_and_told(
    installation: Any, engineer: str, page: Page
) -> None:
    async with installation.serving("api"):
        await page.goto(f"{installation.url}/#/en/cameras/{CODES[1]}")
        await expect(page.locator("h1")).to_have_text("江汉关")
        # Whoever may only look is offered nothing to change.
        await expect(page.get_by_role("link", name="Edit the file")).to_have_count(0)
        await expect(page.get_by_role("button", name="Remove")).to_have_count(0)

        await sign_in(page, installation.url, engineer)
        await page.reload()
        await page.get_by_role("link", name="Edit the file").click()
        await page.get_by_label("MAC", exact=True).fill("not a MAC")
        await page.get_by_label("RTSP port").fill("99999")
        await page.get_by_label("Address", exact=True).fill("沿江大道 1 号")
        await page.get_by_label("Maker", exact=True).select_option("3")
        await page.get_by_label("school").check()
        await page.keyboard.press("Enter")  # as anywhere in a form
        await page.get_by_role("button", name="Save").click()
        await expect(page.locator("[aria-invalid=true]")).to_have_count(2)
        await expect(page.locator("[aria-invalid=true]").first).to_be_focused()
        await expect(page.locator("#field-mac-problem")).to_be_visible()
        await expect(page.locator("#field-rtsp_port-problem")).to_be_visible()
        await expect(page.get_by_role("alert")).to_contain_text("2 fields were refused")

        await page.get_by_label("MAC", exact=True).fill("3c:1b:f8:00:00:01")
        await page.get_by_label("RTSP port").fill("554")
        await page.get_by_role("button", name="Save").click()
        file = page.get_by_role("region", name="Camera file")
        await expect(file).to_contain_text("3C-1B-F8-00-00-01")
        await expect(file).to_contain_text("沿江大道 1 号")

        changes = page.locator(".changes > li")
        await expect(changes).to_have_count(2)
        await expect(changes.first).to_contain_text("File changed")
        await expect(changes.first).to_contain_text("engineer")
        address = changes.first.locator(".change-field", has_text="Address")
        await expect(address).to_contain_text("→ 沿江大道 1 号")

        await page.get_by_role("button", name="Take to maintenance").click()
        await page.get_by_role("button", name="Take to maintenance").click()
        await expect(page.locator("#life-reason-problem")).to_be_visible()
        await expect(page.locator("#life-until-problem")).to_be_visible()
        await page.get_by_label("Reason").fill("new pole")
        await page.get_by_label("Ends").fill("2999-01-01T00:00")
        await page.get_by_role("button", name="Take to maintenance").click()
        await expect(page.locator("#life-until-problem")).to_contain_text("days ahead")
        await page.get_by_role("button", name="Cancel").click()
        await page.get_by_role("button", name="Remove").click()
        await page.get_by_label("Reason").fill("road works")
        await page.keyboard.press("Enter")
        life = page.get_by_role("region", name="Life")
        await expect(life).to_contain_text("Removed · road works")
        await page.get_by_role("button", name="Put in service").click()
        await page.keyboard.press("Enter")
        await expect(life).to_contain_text("In service")
        await expect(changes).to_have_count(4)


async def test_of_two_who_change_the_same_file_neither_is_lost(
    installation: Any, engineer: str, page: Page
) -> None:
    other = await token_of(installation, "other engineer", "cameras:read", "cameras:write")
    async with installation.serving("api"):
        await sign_in(page, installation.url, engineer)
        await page.goto(f"{installation.url}/#/en/cameras/{CODES[0]}?edit=1")
        await page.get_by_label("Address", exact=True).fill("mine")
        await page.get_by_label("Pole", exact=True).fill("P-7")
        await change(
            installation.url, other, CODES[0], address="theirs", landmark="the clock tower"
        )
        await page.get_by_role("button", name="Save").click()
        conflict = page.get_by_role("alertdialog")
        await expect(conflict.locator("tbody tr")).to_have_count(1)
        await expect(conflict.locator("tbody tr")).to_contain_text("theirs")
        await expect(conflict.locator("tbody tr")).to_contain_text("mine")
        await expect(conflict).to_contain_text("They also changed: Landmark")
        save = conflict.get_by_role("button", name="Save what is chosen")
        await expect(save).to_be_disabled()
        await conflict.get_by_label("mine").check()
        await save.click()
        file = page.get_by_role("region", name="Camera file")
        await expect(file).to_contain_text("mine")
        await expect(file).to_contain_text("P-7")
        await expect(file).to_contain_text("the clock tower")


async def test_a_sheet_with_a_mistake_is_tried_imported_and_undone(
    installation: Any, engineer: str, page: Page
) -> None:
    new = "42010200001320000009"
    rows = (
        (CODES[1], "江汉关东口", *CAMERAS[1][2:]),
        (new, "新来的", "3", "420102", "114.30", "30.61", "none"),
        ("42010200001320000010", "坐标颠倒", "3", "420102", "30.61", "114.30", "none"),
    )
    sheet = write_sheet(installation.folder / "mend.csv", rows)
    async with installation.serving("api"):
        await sign_in(page, installation.url, engineer)
        await page.goto(f"{installation.url}/#/en/imports")
        await page.get_by_label("File", exact=True).set_input_files(sheet)
        await page.get_by_role("button", name="Try it").click()

        report = page.locator(".run-counts")
        await expect(report).to_contain_text("1added")
        await expect(report).to_contain_text("1changed")
        await expect(report).to_contain_text("1refused")
        await expect(page.locator("main")).to_contain_text("nothing has been written yet")
        refusal = page.locator("table.refusals tbody tr").first
        await expect(refusal.locator("td").first).to_have_text("4")
        await expect(refusal).to_contain_text("30.61")
        await expect(page.locator("main")).to_contain_text(
            "on file are not in this file. They stay"
        )
        # What the file is to cover was not said: nothing is missing in it.
        await expect(page.get_by_role("checkbox")).to_have_count(0)
        async with page.expect_download() as waited:
            await page.get_by_role("link", name="Download the refused rows").click()
        download = await waited.value
        assert download.suggested_filename.endswith("-refused.xlsx")
        refused = installation.folder / "refused.xlsx"
        await download.save_as(refused)
        assert refused.read_bytes().startswith(b"PK")

        await page.get_by_role("button", name="Import (2 cameras").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text("1 are added, 1 changed; 1 refused rows are left out")
        await dialog.get_by_role("button", name="Import (2 cameras").click()
        await expect(page.locator("main")).to_contain_text("The import is done.")
        await page.goto(f"{installation.url}/#/en/cameras/{new}")
        await expect(page.locator("h1")).to_have_text("新来的")
        await page.locator(".changes a", has_text="import").click()

        await page.get_by_role("button", name="Undo this import").click()
        await expect(dialog).to_contain_text("The 1 added cameras go")
        await dialog.get_by_role("button", name="Undo this import").click()
        await expect(page.locator(".undone")).to_contain_text("1 restored, 1 deleted")
        await page.goto(f"{installation.url}/#/zh/imports/3")
        await expect(page.locator("table.refusals")).to_contain_text("经度和纬度似乎颠倒，请互换")
        await page.goto(f"{installation.url}/#/en/cameras/{CODES[1]}")
        await expect(page.locator("h1")).to_have_text("江汉关")


async def test_a_file_is_changed_with_the_keyboard_alone(
    installation: Any, engineer: str, page: Page
) -> None:
    async with installation.serving("api"):
        await sign_in(page, installation.url, engineer)
        await page.goto(f"{installation.url}/#/en/cameras?q=江汉关")
        await expect(page.locator("table.cameras tbody tr")).to_have_count(1)
        await reach(page, "table.cameras a.camera-name")
        await page.keyboard.press("Enter")
        await expect(page.locator("main")).to_be_focused()
        await reach(page, "a.button")
        await page.keyboard.press("Enter")
        await expect(page.locator(".camera-form")).to_be_visible()
        await reach(page, "#field-name")
        await page.keyboard.press("Control+a")
        await page.keyboard.type("江汉关大楼")
        await reach(page, "#field-division_code")
        await page.keyboard.press("ArrowDown")
        await expect(page.locator(".picker-list")).to_be_visible()
        await page.keyboard.press("Escape")
        await page.keyboard.press("Enter")
        await expect(page.locator("h1")).to_have_text("江汉关大楼")


async def reach(page: Page, selector: str) -> None:
    """Press Tab until the keyboard is there."""
    for _ in range(60):
        await page.keyboard.press("Tab")
        if await page.locator(f"{selector}:focus").count():
            return
    raise AssertionError(f"{selector} cannot be reached with Tab")


async def test_duplicates_become_one(installation: Any, engineer: str, page: Page) -> None:
    async with installation.serving("api"):
        for code in CODES[:2]:
            await change(installation.url, engineer, code, mac="3C-1B-F8-00-00-01")
        await sign_in(page, installation.url, engineer)
        await page.goto(f"{installation.url}/#/en/coverage/duplicates?reason=mac")
        suspects = page.locator(".suspects")
        await expect(suspects).to_have_count(1)
        await suspects.get_by_role("button", name="Merge into").click()
        dialog = page.get_by_role("dialog")
        await expect(dialog).to_contain_text(CODES[0])
        await expect(dialog).to_contain_text(CODES[1])
        await dialog.get_by_role("button", name="Merge", exact=True).click()
        await expect(page.locator("main")).to_contain_text(f"{CODES[1]} was merged into {CODES[0]}")
        await expect(page.locator("main")).to_contain_text("Nothing is on file twice")


async def test_each_page_fits_a_phone_and_is_there_in_both_languages(
    installation: Any, engineer: str, page: Page
) -> None:
    await installation.done(
        *("place", "add", "P1", "--name-zh", "江汉关", "--kind", "3", "--division", "420102"),
        *("--radius-m", "300", "--lon", "114.29", "--lat", "30.59"),
    )
    await page.set_viewport_size({"width": 390, "height": 844})
    places = ("imports", "imports/1", f"cameras/{CODES[0]}?edit=1", "more")
    async with installation.serving("api"):
        await sign_in(page, installation.url, engineer)
        for language in ("zh", "en"):
            for place in (*places, "coverage", "coverage/places", "coverage/duplicates"):
                await page.goto(f"{installation.url}/#/{language}/{place}")
                await expect(page.locator("main .panel").first).to_be_visible()
                await expect(page.locator("main .state.loading")).to_have_count(0)
                wider = "document.documentElement.scrollWidth - innerWidth"
                assert await page.evaluate(wider) <= 0, place


async def test_who_reads_the_audit_sees_that_and_nothing_else(
    installation: Any, engineer: str, page: Page
) -> None:
    auditor = await token_of(installation, "auditor", "audit:read")
    async with installation.serving("api"):
        await change(installation.url, engineer, CODES[0], address="沿江大道 1 号")
        await sign_in(page, installation.url, auditor)
        # The first page is not theirs, and its questions would be refused and audited.
        await page.goto(f"{installation.url}/#/en/")
        await expect(page.locator("table.audit tbody tr").first).to_be_visible()
        await page.goto(f"{installation.url}/#/en/audit?outcome=refused")
        await expect(page.locator("main")).to_contain_text("No entry matches")
        await page.goto(f"{installation.url}/#/en/audit?actor=engineer")
        await expect(page.locator("table.audit tbody tr").first).to_contain_text("camera.edit")
        await expect(page.locator(".top-links a")).to_have_text(["Audit"])
        await expect(page.locator(".lost-note")).to_be_empty()
        await page.goto(f"{installation.url}/#/en/imports")
        await expect(page.locator("main")).to_contain_text("You may not see this")
