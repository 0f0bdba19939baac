"""Files of cameras over HTTP: handed in, followed, mended, taken back, and handed out again."""

import asyncio
import io
from typing import Any
from urllib.parse import unquote

import aiohttp
import openpyxl
import pytest

from sharpeyes.registry.sheet_opening import open_sheet
from sharpeyes.service.roles import Scope

HEADER = "device_code,name,tier,division_code,poll_mode,contacts\n"
IMPORTS = "/api/v1/imports"


def line(number: int, name: str = "Gate", district: str = "420102", code: str = "420102") -> str:
    return f"{code}00001320{number:06},{name},social,{district},none,027-81234567\n"


async def ended(api: Any, headers: dict[str, str], import_id: int) -> dict[str, Any]:
    """The import's record once it runs no more."""
    async with asyncio.timeout(60):
        while True:
            answer = await api.client.get(f"{IMPORTS}/{import_id}", headers=headers)
            run: dict[str, Any] = await answer.json()
            if run["state"] != "running":
                return run
            await asyncio.sleep(0.02)


async def imported(api: Any, headers: dict[str, str], body: str, **query: str) -> dict[str, Any]:
    started = await api.client.post(IMPORTS, params=query, data=body.encode(), headers=headers)
    assert started.status == 202, await started.text()
    run = await started.json()
    assert started.headers["Location"] == f"{IMPORTS}/{run['import_id']}"
    return await ended(api, headers, run["import_id"])


async def test_a_file_is_handed_in_mended_and_taken_back(api: Any) -> None:
    headers = await api.token(Scope.CAMERAS_READ, Scope.CAMERAS_WRITE)
    body = HEADER + line(1) + line(2, name="") + line(3)
    dry = await imported(api, headers, body, dry_run="true")
    assert (dry["dry_run"], dry["added"], dry["refused_rows"]) == (True, 2, 1)
    run = await imported(api, headers, body, name="cameras.csv")
    assert (run["state"], run["added"], run["missing"]) == ("done", 2, 0)
    assert (run["file_name"], run["problem"]) == ("cameras.csv", "")
    [problem] = run["problems"]
    assert (problem["row"], problem["field"], problem["reason"]) == (3, "name", "must not be empty")

    path = f"{IMPORTS}/{run['import_id']}/refused.xlsx"
    report = await api.client.get(path, params={"lang": "zh"}, headers=headers)
    named = report.headers["Content-Disposition"].partition("filename*=UTF-8''")[2]
    assert unquote(named) == "cameras-未导入的行.xlsx"
    book = openpyxl.load_workbook(io.BytesIO(await report.read()))
    sheet = book.active
    assert sheet is not None
    assert sheet["B2"].value == "name 不能为空"
    sheet["D2"] = "Mended"
    mended = io.BytesIO()
    book.save(mended)
    form = aiohttp.FormData()
    form.add_field("file", mended.getvalue(), filename="mended.xlsx")
    started = await api.client.post(IMPORTS, data=form, headers=headers)
    again = await ended(api, headers, (await started.json())["import_id"])
    assert (again["file_name"], again["added"], again["missing"]) == ("mended.xlsx", 1, 2)

    undone = await api.client.post(f"{IMPORTS}/{run['import_id']}/undo", headers=headers)
    assert await undone.json() == {"restored": 0, "deleted": 2, "conflicts": []}
    twice = await api.client.post(f"{IMPORTS}/{run['import_id']}/undo", headers=headers)
    assert twice.status == 409
    listed = await (await api.client.get(IMPORTS, headers=headers)).json()
    assert [one["state"] for one in listed["imports"]] == ["done", "undone", "done"]
    assert await api.context.pool.fetchval("SELECT count(*) FROM camera") == 1


async def test_hostile_16_nothing_is_retired_but_by_its_number(api: Any) -> None:
    headers = await api.token(Scope.CAMERAS_READ, Scope.CAMERAS_WRITE)
    await imported(api, headers, HEADER + "".join(map(line, range(20))))
    short = HEADER + line(0)
    assert (await imported(api, headers, short))["missing"] == 19
    wrong = await imported(api, headers, short, retire_missing="18")
    assert (wrong["retired"], wrong["problem"]) == (
        0,
        "nothing was retired: 19 cameras are missing, not 18",
    )
    right = await imported(api, headers, short, retire_missing="19")
    assert (right["retired"], right["problem"]) == (19, "")
    undone = await api.client.post(f"{IMPORTS}/{right['import_id']}/undo", headers=headers)
    assert (await undone.json())["restored"] == 19
    assert (
        await api.context.pool.fetchval("SELECT count(*) FROM camera WHERE life = 'in_service'")
        == 20
    )


async def test_a_district_imports_its_own_and_nothing_else(api: Any) -> None:
    whole = await api.token(Scope.CAMERAS_READ, Scope.CAMERAS_WRITE)
    await imported(api, whole, HEADER + line(1, district="420106", code="420106"))
    own = await api.token(Scope.CAMERAS_READ, Scope.CAMERAS_WRITE, division_code="420102")
    run = await imported(
        api,
        own,
        HEADER
        + line(1)
        + line(1, name="Taken", district="420106", code="420106")
        + line(2, district="420106", code="420106"),
    )
    assert (run["added"], run["refused_rows"]) == (1, 2)
    assert [problem["field"] for problem in run["problems"]] == ["division_code"] * 2
    assert run["missing"] == 0
    names = await api.context.pool.fetch("SELECT name FROM camera ORDER BY device_code")
    assert [row["name"] for row in names] == ["Gate", "Gate"]
    # A code of the whole city that somebody else has already.
    city = HEADER + line(7, district="420106", code="420100")
    await imported(api, whole, city)
    hidden = await imported(api, own, HEADER + line(7, code="420100") + line(8))
    assert (hidden["added"], hidden["problems"][0]["reason"]) == (
        1,
        "is registered beyond what you may see",
    )
    others = await (await api.client.get(IMPORTS, headers=own)).json()
    assert {one["import_id"] for one in others["imports"]} == {
        run["import_id"],
        hidden["import_id"],
    }


@pytest.mark.parametrize(
    ("body", "query", "status", "said"),
    [
        (b"", {}, 422, "the file is empty"),
        (b"device_code,nam\n", {}, 422, "column 'nam' is unknown: did you mean name?"),
        (b"x", {"mapping": "{"}, 422, "mapping: "),
        (b"x", {"retire_missing": "-1"}, 422, "retire_missing"),
        (b"x", {"retire_missing": "1000000000000000000000"}, 422, "retire_missing"),
        (b"x", {"dry_run": "true", "retire_missing": "1"}, 422, "a dry run does nothing"),
        (HEADER.encode(), {"division": "999999"}, 422, "no division 999999 is known"),
    ],
)
async def test_what_is_no_file(
    api: Any, body: bytes, query: dict[str, str], status: int, said: str
) -> None:
    headers = await api.token(Scope.CAMERAS_WRITE)
    answer = await api.client.post(IMPORTS, params=query, data=body, headers=headers)
    assert answer.status == status
    assert said in (await answer.json())["detail"]
    assert (await api.client.get(f"{IMPORTS}/999", headers=headers)).status == 404
    assert (await api.client.get(f"{IMPORTS}/x", headers=headers)).status == 404


async def test_only_who_may_change_cameras(api: Any) -> None:
    headers = await api.token(Scope.CAMERAS_READ)
    for method, path in (("post", IMPORTS), ("get", IMPORTS), ("post", f"{IMPORTS}/1/undo")):
        answer = await getattr(api.client, method)(path, headers=headers)
        assert answer.status == 403


async def test_a_sheet_to_fill_in_has_the_headings_and_no_camera(api: Any) -> None:
    headers = await api.token(Scope.CAMERAS_READ, Scope.CAMERAS_WRITE)
    await imported(api, headers, HEADER + line(1))
    for columns, first in (("catalogue", "设备编码"), ("fields", "device_code")):
        query = {"format": "xlsx", "columns": columns, "headings": "true"}
        answer = await api.client.get("/api/v1/cameras/export", params=query, headers=headers)
        sheet = openpyxl.load_workbook(io.BytesIO(await answer.read())).active
        assert sheet is not None
        assert sheet.max_row == 1
        assert first in [cell.value for cell in sheet[1]]


@pytest.mark.parametrize("kind", ["csv", "xlsx"])
async def test_an_export_leaves_out_telephones_and_comes_back_as_no_change(
    api: Any, kind: str
) -> None:
    headers = await api.token(Scope.CAMERAS_READ, Scope.CAMERAS_WRITE)
    await imported(api, headers, HEADER + line(1) + line(2, name="=1+1"))
    path = f"/api/v1/cameras/export?format={kind}"
    masked = await (await api.client.get(path, headers=headers)).read()
    assert "contacts" not in open_sheet(io.BytesIO(masked), "x").layout.headings
    full = await api.token(Scope.CAMERAS_READ, Scope.CONTACTS_READ)
    told = await (await api.client.get(path, headers=full)).read()
    assert "contacts" in open_sheet(io.BytesIO(told), "x").layout.headings
    for data in (masked, told):
        started = await api.client.post(IMPORTS, data=data, headers=headers)
        run = await ended(api, headers, (await started.json())["import_id"])
        assert (run["unchanged"], run["changed"], run["refused_rows"]) == (2, 0, 0)
    nowhere = await api.client.get(f"{path}&division=999999", headers=headers)
    assert nowhere.status == 422
