"""Files from memory: compressed, not sent twice, read again when they change, none from outside."""

import gzip
import os
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.test_utils import make_mocked_request

from sharpeyes.service.api.pages import DASHBOARD
from sharpeyes.service.api.static_files import StaticFiles


async def ask(files: StaticFiles, path: str, **headers: str) -> web.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return await files.answer(make_mocked_request("GET", f"/static/{path}", named), path)


@pytest.fixture
def files(tmp_path: Path) -> StaticFiles:
    folder = tmp_path / "dashboard"
    (folder / "js").mkdir(parents=True)
    (folder / "js" / "main.js").write_text(
        'import { a } from "./a.js";\nimport {\n  b,\n} from "./deep/b.js";\nimport("./late.js");\n'
    )
    (folder / "js" / "a.js").write_text('export { b } from "./deep/b.js";\n')
    (folder / "js" / "deep").mkdir()
    (folder / "js" / "deep" / "b.js").write_text('import { a } from "../a.js";\n')
    (folder / "js" / "late.js").write_text("")
    (tmp_path / "secret").write_text("not to be read")
    return StaticFiles(folder)


async def test_it_is_compressed_for_who_takes_that_and_sent_once(files: StaticFiles) -> None:
    plain = await ask(files, "js/a.js")
    packed = await ask(files, "js/a.js", Accept_Encoding="gzip, deflate")
    assert plain.body == b'export { b } from "./deep/b.js";\n'
    assert plain.headers["Content-Type"] == "text/javascript; charset=utf-8"
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.body) == plain.body  # type: ignore[arg-type]
    again = await ask(files, "js/a.js", If_None_Match=plain.headers["ETag"])
    assert (again.status, again.body) == (304, None)


async def test_a_file_that_changed_is_read_again(files: StaticFiles, tmp_path: Path) -> None:
    before = await ask(files, "js/late.js")
    late = tmp_path / "dashboard" / "js" / "late.js"
    late.write_text("1;")
    os.utime(late, ns=(1, 1))
    after = await ask(files, "js/late.js", If_None_Match=before.headers["ETag"])
    assert after.body == b"1;"


@pytest.mark.parametrize("path", ["../secret", "js/../../secret", "js", "none.js", "/etc/passwd"])
async def test_nothing_else_is_served(files: StaticFiles, path: str) -> None:
    with pytest.raises(web.HTTPNotFound):
        await ask(files, path)


def test_modules_are_found_with_what_they_import(files: StaticFiles) -> None:
    assert files.modules_of("js/main.js") == ["js/main.js", "js/a.js", "js/deep/b.js"]


def test_the_dashboards_first_page_leaves_the_others_for_later() -> None:
    modules = StaticFiles(DASHBOARD).modules_of("js/main.js", "js/pages/overview.js")
    assert "js/parts/share.js" in modules
    assert "js/pages/map.js" not in modules
