"""The commands that engineers use, as they use them: exit code, answer, and what is said."""

import asyncio
import contextlib
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import asyncpg
import msgspec
import openpyxl
import pytest

from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.settings import FleetSettings
from sharpeyes.devices.simulator.street import camera_file, make_cameras
from sharpeyes.devices.simulator.traffic import make_scene

CODE = "42010200001320000001"
ADD = ("camera", "add", CODE, "--name", "解放大道", "--tier", "city")
STREAM = ("--stream", "rtsp://127.0.0.1:9/main?x=1")
HEADER = "device_code,name,tier,host\n"


Run = Callable[..., Any]


def test_a_camera_is_registered_and_shown(sharpeyes: Run) -> None:
    added = sharpeyes(*ADD, *STREAM, "--json")
    assert added.exit_code == 0
    [camera] = added.json
    assert (camera["host"], camera["rtsp_port"], camera["main_stream_path"]) == (
        "127.0.0.1",
        9,
        "/main?x=1",
    )
    # Without --division the code's own district counts.
    assert (camera["tier"], camera["division_code"]) == ("city", "420102")
    [listed] = sharpeyes("camera", "list", "--json").json
    unjudged = {"status": "unknown", "cause": "", "evidence": "", "since": None}
    assert listed.items() <= (camera | unjudged).items()
    shown = sharpeyes("camera", "show", CODE)
    assert "解放大道" in shown.out
    assert "rtsp://127.0.0.1:9/main?x=1" in shown.out
    assert "unknown: not judged yet" in shown.out


def test_a_camera_without_a_path_is_taken_and_told(sharpeyes: Run) -> None:
    lacking = "no stream path is on file, so it cannot be asked"
    added = sharpeyes(*ADD, "--host", "10.0.0.1", "--json")
    assert (added.exit_code, len(added.json)) == (0, 1)
    assert (
        added.err == f"Give --stream, --main, --sub or --snapshot, or another --poll: {lacking}.\n"
    )
    assert f"unknown: {lacking}" in sharpeyes("camera", "show", CODE).out
    assert lacking in sharpeyes("camera", "list").out
    other = ("42010200001320000002", "--name", "x", "--tier", "social", "--poll", "none")
    assert sharpeyes("camera", "add", *other, "--json").err == ""


async def test_cameras_are_listed_by_their_status(sharpeyes: Run, pool: asyncpg.Pool) -> None:
    down, unasked = "42010200001320000002", "42010200001320000003"

    async def run(*arguments: str) -> Any:
        return await asyncio.to_thread(sharpeyes, *arguments)

    await run(*ADD, *STREAM)
    await run("camera", "add", down, "--name", "b", "--tier", "social", *STREAM)
    await run("camera", "add", unasked, "--name", "c", "--tier", "social", "--poll", "none")
    await pool.execute(
        "INSERT INTO camera_status (camera_id, status, cause, evidence, since, epoch)"
        " SELECT camera_id, 'offline', 'connection_refused', 'port 9', now(), 1"
        " FROM camera WHERE device_code = $1",
        down,
    )

    async def codes(*options: str) -> list[object]:
        listed = await run("camera", "list", "--json", *options)
        return [camera["device_code"] for camera in listed.json]

    assert await codes("--status", "offline") == [down]
    assert await codes("--status", "unknown") == [CODE]
    assert await codes("--status", "not_measured") == [unasked]
    assert await codes("--text", "000001", "--limit", "1") == [CODE]
    assert await codes("--status", "offline", "--tier", "city") == []
    assert (await run("camera", "list", "--status", "down")).exit_code == 2
    shown = await run("camera", "list", "--status", "offline")
    assert "offline" in shown.out
    assert "connection_refused" in shown.out
    assert "not measured" in (await run("camera", "show", unasked)).out
    assert (await run("camera", "list", "--limit", "2")).err == (
        "2 of 3 cameras are shown; --limit shows more.\n"
    )


def test_the_fleet_is_counted_with_its_base(sharpeyes: Run) -> None:
    assert sharpeyes("status", "--json").json[0]["by_tier"] == []
    sharpeyes(*ADD, *STREAM)
    sharpeyes(
        "camera", "add", "42010200001320000002", "--name", "b", "--tier", "social", "--poll", "none"
    )
    [fleet] = sharpeyes("status", "--json").json
    total = {"registered": 2, "measured": 1, "ok": 0, "degraded": 0, "offline": 0}
    rest = {"unknown": 1, "not_measured": 1, "maintenance": 0, "unreachable": 0}
    assert fleet["total"] == total | rest
    shown = [line.split() for line in sharpeyes("status").out.splitlines()]
    assert shown[1:] == [
        ["all", "2", "1", "0", "0", "0", "0", "1", "1", "0"],
        ["tier", "city", "1", "1", "0", "0", "0", "0", "1", "0", "0"],
        ["tier", "social", "1", "0", "0", "0", "0", "0", "0", "1", "0"],
        ["division", "420102", "江岸区", "2", "1", "0", "0", "0", "0", "1", "1", "0"],
    ]


@pytest.mark.parametrize(
    ("options", "exit_code", "said"),
    [
        pytest.param(
            ("--stream", "rtsp://u:p@10.0.0.1@evil"),
            1,
            "user name or password (before the @)",
            id="hostile_11_two_hosts",
        ),
        (("--stream", "http://10.0.0.1/"), 1, "must start with rtsp://"),
        (("--stream", "rtsp://h/x", "--host", "h"), 2, "give --stream or --host, not both"),
        ((), 1, "host is missing; poll mode direct needs it"),
        (("--host", "h", "--division", "420103"), 1, "the device code says 420102"),
        (("--host", "h", "--division", "999999"), 1, "no such division is known"),
        (("--poll", "none", "--division", "NOWHERE"), 1, "no such division is known"),
        (("--host", "h", "--lon", "nan", "--lat", "30"), 1, "lies outside China"),
        (("--host", "h", "--username", "u"), 2, "needs --password-stdin or --password-env"),
        (("--host", "h", "--password-stdin"), 2, "a password needs --username"),
        (
            ("--host", "h", "--username", "u", "--password-env", "NOT_SET_ANYWHERE"),
            1,
            "the environment variable NOT_SET_ANYWHERE is not set",
        ),
    ],
)
def test_what_is_wrong_is_said_and_nothing_registered(
    sharpeyes: Run, options: tuple[str, ...], exit_code: int, said: str
) -> None:
    done = sharpeyes(*ADD, *options)
    assert done.exit_code == exit_code
    assert said in " ".join(done.err.split())
    assert "u:p" not in done.err
    assert sharpeyes("camera", "list", "--json").json == []


def test_the_same_code_twice(sharpeyes: Run) -> None:
    sharpeyes(*ADD, *STREAM)
    again = sharpeyes(*ADD, *STREAM)
    assert again.exit_code == 1
    assert again.err == f"sharpeyes: camera {CODE} is registered already\n"


@pytest.mark.parametrize(
    "device_code",
    [pytest.param("4201\n\x1b[31m", id="hostile_76_ansi"), "no-code", CODE[:-1], CODE],
)
def test_a_camera_that_is_not_there(sharpeyes: Run, device_code: str) -> None:
    for command in (("camera", "show"), ("camera", "probe"), ("zone", "list")):
        done = sharpeyes(*command, device_code)
        assert done.exit_code == 1
        assert done.out == ""
        assert len(done.err.splitlines()) == 1
        assert "\x1b" not in done.err


def test_hostile_75_a_code_that_looks_like_an_option(sharpeyes: Run) -> None:
    assert sharpeyes("camera", "show", "-4201").exit_code == 2
    assert sharpeyes("camera", "show", "--", "-4201").exit_code == 1


@pytest.mark.parametrize("limit", ["0", "-1", "1e12", "1000000000000"])
def test_hostile_77_limits_have_limits(sharpeyes: Run, limit: str) -> None:
    assert sharpeyes("camera", "list", "--limit", limit).exit_code == 2


def test_passwords_are_taken_and_never_given(
    sharpeyes: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CAMERA_PASSWORD", "s3cret-env")
    done = [
        sharpeyes(*ADD, *STREAM, "--username", "admin", "--password-stdin", stdin=b"s3cret-in\n"),
        sharpeyes("camera", "show", CODE, "--json"),
        sharpeyes(
            "camera", "password", CODE, "--username", "root", "--password-env", "CAMERA_PASSWORD"
        ),
        sharpeyes("camera", "show", CODE),
        sharpeyes("camera", "list", "--json"),
    ]
    assert [one.exit_code for one in done] == [0] * 5
    assert done[1].json[0]["has_credentials"] is True
    assert "stored, and shown to nobody" in done[3].out
    assert "s3cret" not in "".join(one.out + one.err for one in done)
    broken = sharpeyes(
        "camera", "password", CODE, "--username", "root", "--password-stdin", stdin=b"s3cret\xff"
    )
    assert broken.exit_code == 1
    assert broken.err == "sharpeyes: the password on standard input is not UTF-8\n"


def test_an_empty_password_is_not_stored(sharpeyes: Run, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EMPTY", "")
    by_stdin, by_env = ("--username", "u", "--password-stdin"), ("--username", "u")
    for options in (by_stdin, (*by_env, "--password-env", "EMPTY")):
        refused = sharpeyes(*ADD, *STREAM, *options)
        assert (refused.exit_code, refused.out) == (1, "")
        assert "holds no password" in refused.err
    assert sharpeyes("camera", "list", "--json").json == []
    sharpeyes(*ADD, *STREAM)
    for nothing in (b"", b"\n", b"\r\n"):
        refused = sharpeyes("camera", "password", CODE, *by_stdin, stdin=nothing)
        assert refused.exit_code == 1
        assert refused.err == "sharpeyes: standard input holds no password\n"
    assert sharpeyes("camera", "show", CODE, "--json").json[0]["has_credentials"] is False


def test_a_file_is_imported(sharpeyes: Run, tmp_path: Path) -> None:
    good = HEADER + f"{CODE},=1+1,city,10.0.0.1\n"
    file = tmp_path / "cameras.csv"
    file.write_text(good)
    first = sharpeyes("camera", "import", "cameras.csv")
    assert (first.exit_code, first.out) == (
        0,
        "1 added, 0 changed, 0 unchanged, 0 refused, 0 on file are not in the file\n",
    )
    again = sharpeyes("camera", "import", "cameras.csv", "--json")
    assert again.json == [
        {
            "kind": "report",
            "import_id": 2,
            "last_row": 2,
            "added": 0,
            "changed": 0,
            "unchanged": 1,
            "refused_rows": 0,
            "missing": 0,
            "retired": 0,
            "without_path": 0,
            "doubts": {},
            "kept": True,
        }
    ]
    file.write_text(good + "42010200001320000002,[red]x[/red],nobody,10.0.0.2\n1,2\n")
    refused = sharpeyes("camera", "import", "cameras.csv")
    assert refused.exit_code == 1
    assert "nobody" in refused.out
    assert "must be one of city (1), district (2)" in refused.out
    assert "0 added, 0 changed, 1 unchanged, 2 refused" in refused.out
    assert "1 cannot be: no stream path is on file" in first.err
    assert (
        refused.err.splitlines()[-1]
        == "sharpeyes: 2 rows of cameras.csv were refused; the others are in"
    )
    problems = sharpeyes("camera", "import", "cameras.csv", "--json").json
    assert [(problem.get("row"), problem.get("field")) for problem in problems] == [
        (3, "tier"),
        (4, ""),
        (None, None),
    ]


def test_a_flood_of_bad_rows_is_cut_short_for_people(sharpeyes: Run, tmp_path: Path) -> None:
    (tmp_path / "cameras.csv").write_text(HEADER + "x,y,city,h\n" * 500)
    done = sharpeyes("camera", "import", "cameras.csv")
    assert "more problems; --json prints all of them, --report writes the rows." in done.out
    assert len(done.out.splitlines()) < 60


@pytest.mark.parametrize(
    ("data", "said"),
    [
        (b"", "the file is empty"),
        ("设备编码,名称".encode("gb18030"), "column '名称' is unknown"),
        (b"device_code,nam,tier\n", "column 'nam' is unknown: did you mean name?"),
        ("设备编码,设备名字\n".encode(), "column '设备名字' is unknown: did you mean 设备名称?"),
    ],
)
def test_a_file_that_is_none(sharpeyes: Run, tmp_path: Path, data: bytes, said: str) -> None:
    (tmp_path / "cameras.csv").write_bytes(data)
    done = sharpeyes("camera", "import", "cameras.csv")
    assert done.exit_code == 1
    assert said in done.err
    assert sharpeyes("camera", "import", "elsewhere.csv").exit_code == 2


def test_refused_rows_are_mended_in_their_report(sharpeyes: Run, tmp_path: Path) -> None:
    body = HEADER + f"{CODE},,city,10.0.0.1\n42010200001320000002,b,city,10.0.0.2\n"
    (tmp_path / "cameras.csv").write_text(body)
    report = ("--report", "mend.xlsx")
    dry = sharpeyes("camera", "import", "cameras.csv", "--dry-run", *report)
    assert dry.out.splitlines()[-1].startswith("Would be: 1 added, 0 changed, 0 unchanged, 1 ref")
    assert sharpeyes("camera", "list", "--json").out == ""
    whole = sharpeyes("camera", "import", "cameras.csv", "--all-or-nothing")
    assert whole.err.endswith("1 row of cameras.csv was refused; none was kept\n")
    assert sharpeyes("camera", "list", "--json").out == ""
    assert sharpeyes("camera", "import", "cameras.csv", *report).exit_code == 1
    book = openpyxl.load_workbook(tmp_path / "mend.xlsx")
    sheet = book.active
    assert sheet is not None
    assert [cell.value for cell in sheet[2]] == [
        "2",
        "name 不能为空 / name must not be empty",
        CODE,
        None,
        "city",
        "10.0.0.1",
    ]
    assert sheet["D2"].fill.fgColor.rgb == "FFFFC7CE"
    assert sheet["C2"].fill.fill_type is None
    sheet["D2"] = "Mended"
    book.save(tmp_path / "mend.xlsx")
    mended = sharpeyes("camera", "import", "mend.xlsx")
    assert mended.exit_code == 0
    assert mended.out == (
        "1 added, 0 changed, 0 unchanged, 0 refused, 1 on file are not in the file"
        " and stay as they are\n"
    )
    assert "are kept: they are taken out of service only with --retire-missing" in mended.err
    states = [run["state"] for run in sharpeyes("camera", "imports", "--json").json]
    assert states == ["done", "done", "failed", "done"]
    assert sharpeyes("camera", "import-report", "3", "mend.csv").exit_code == 2
    again = sharpeyes("camera", "import-report", "3", "mend.xlsx")
    assert (again.exit_code, "mend.xlsx is there already" in again.err) == (2, True)
    assert sharpeyes("camera", "import-report", "3", "zh.xlsx", "--lang", "zh").exit_code == 0
    in_chinese = openpyxl.load_workbook(tmp_path / "zh.xlsx").active
    assert in_chinese is not None
    assert in_chinese["B2"].value == "name 不能为空"
    undone = sharpeyes("camera", "import-undo", "4")
    assert undone.out == "0 restored, 1 deleted, 0 changed since and left as they are\n"
    assert sharpeyes("camera", "import-undo", "4").exit_code == 1


def test_hostile_16_cameras_are_retired_only_by_their_number(
    sharpeyes: Run, tmp_path: Path
) -> None:
    lines = [f"42010200001320{number:06},c,social,\n" for number in range(12)]
    (tmp_path / "all.csv").write_text(HEADER + "".join(lines))
    (tmp_path / "few.csv").write_text(HEADER + "".join(lines[:2]))
    sharpeyes("camera", "import", "all.csv")
    retire = ("camera", "import", "few.csv", "--retire-missing")
    unconfirmed = sharpeyes(*retire)
    assert unconfirmed.exit_code == 1
    assert "10 cameras are missing in the file; confirm it with --yes-retire 10" in unconfirmed.err
    assert sharpeyes(*retire, "--yes-retire", "9").exit_code == 1
    for limit in ("-1", "1e12"):
        assert sharpeyes(*retire, "--yes-retire", limit).exit_code == 2
    (tmp_path / "few.csv").write_text(HEADER + "".join(lines[:2]) + "4201,x,social,\n")
    unreadable = sharpeyes(*retire, "--yes-retire", "10")
    assert "1 rows have no device code that can be read" in unreadable.err
    lives = [camera["life"] for camera in exported(sharpeyes)]
    assert lives == ["in_service"] * 12
    (tmp_path / "few.csv").write_text(HEADER + "".join(lines[:2]))
    [report] = sharpeyes(*retire, "--yes-retire", "10", "--json").json
    assert (report["missing"], report["retired"]) == (10, 10)
    lives = [camera["life"] for camera in exported(sharpeyes)]
    assert lives == ["in_service"] * 2 + ["removed"] * 10


def exported(sharpeyes: Run) -> list[dict[str, Any]]:
    assert sharpeyes("camera", "export", "all.json").exit_code == 0
    cameras: list[dict[str, Any]] = msgspec.json.decode(Path("all.json").read_bytes())["cameras"]
    return cameras


def test_a_mapping_file_names_the_columns(sharpeyes: Run, tmp_path: Path) -> None:
    (tmp_path / "theirs.csv").write_text(f"编号,点位,备注\n{CODE},解放大道,x\n", "gbk")
    mapping = (
        '[columns]\n"编号" = "device_code"\n"点位" = "name"\n"备注" = ""\n'
        '[constants]\ntier = "social"\n'
    )
    (tmp_path / "mapping.toml").write_text(mapping)
    done = sharpeyes("camera", "import", "theirs.csv", "--mapping", "mapping.toml")
    assert done.exit_code == 0
    assert done.err.splitlines()[:2] == [
        "The file is read as GBK / GB 18030, for it is not UTF-8.",
        "Left out, as the mapping says: 备注.",
    ]
    assert [camera["name"] for camera in exported(sharpeyes)] == ["解放大道"]
    (tmp_path / "mapping.toml").write_text('[columns]\n"编号" = "code"\n')
    wrong = sharpeyes("camera", "import", "theirs.csv", "--mapping", "mapping.toml")
    assert "the mapping: column 'code' is unknown: did you mean codec?" in wrong.err


def test_hostile_75_hostile_76_names_that_look_like_something_else(
    sharpeyes: Run, tmp_path: Path
) -> None:
    (tmp_path / "-x.csv").write_text(HEADER + "-4201,a,city,h\n4201\x1b[2J,a,city,h\n")
    assert sharpeyes("camera", "import", "-x.csv").exit_code == 2
    done = sharpeyes("camera", "import", "--", "-x.csv")
    assert done.exit_code == 1
    assert "\x1b" not in done.out + done.err
    assert "4201\\x1b[2J" in done.out


@pytest.fixture
def closed_pipe() -> Iterator[int]:
    """What a command writes to when `head` has gone."""
    reading, writing = os.pipe()
    os.close(reading)
    yield writing
    os.close(writing)


@pytest.mark.parametrize(
    "words",
    [
        ("camera", "list"),
        ("camera", "list", "--json"),
        ("camera", "export"),
        ("camera", "show", CODE),
    ],
    ids=" ".join,
)
def test_hostile_78_a_closed_pipe_ends_a_command_quietly(
    sharpeyes: Run, monkeypatch: pytest.MonkeyPatch, closed_pipe: int, words: tuple[str, ...]
) -> None:
    sharpeyes(*ADD, *STREAM)
    stdout = os.fdopen(os.dup(closed_pipe), "w")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", stdout)
        done = sharpeyes(*words)
    with contextlib.suppress(BrokenPipeError):
        stdout.close()
    assert (done.exit_code, done.err) == (1, "")


def test_hostile_78_a_closed_pipe_leaves_the_interpreter_nothing_to_say(closed_pipe: int) -> None:
    done = subprocess.run(
        [Path(sys.executable).with_name("sharpeyes"), "--help"],
        stdout=closed_pipe,
        stderr=subprocess.PIPE,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (1, b"")


def test_zones(sharpeyes: Run, tmp_path: Path) -> None:
    sharpeyes(*ADD, *STREAM)
    polygon = ("--polygon", "0.1,0.1 0.5,0.1 .5,1")
    lane = ("lane", "--kind", "no_parking", "--dwell-s", "30", "--vehicle-width", "0.5,.05,0.3")
    assert sharpeyes("zone", "add", CODE, *lane, *polygon).exit_code == 0
    twice = sharpeyes("zone", "add", CODE, "lane", *polygon)
    assert twice.err == "sharpeyes: the camera has a zone 'lane' already\n"
    listed = sharpeyes("zone", "list", CODE, "--json")
    assert listed.json == [
        {
            "zones": [
                {
                    "name": "lane",
                    "kind": "no_parking",
                    "polygon": [[0.1, 0.1], [0.5, 0.1], [0.5, 1.0]],
                    "dwell_s": 30.0,
                    "vehicle_widths": [[0.5, 0.05, 0.3]],
                }
            ]
        }
    ]
    assert sharpeyes("zone", "remove", CODE, "lane").exit_code == 0
    assert sharpeyes("zone", "remove", CODE, "lane").exit_code == 1
    # What one camera's list prints, another camera's zones can be made of.
    (tmp_path / "zones.json").write_text(listed.out)
    assert sharpeyes("zone", "add", CODE, "--file", "zones.json").exit_code == 0
    assert sharpeyes("zone", "list", CODE, "--json") == listed


@pytest.mark.parametrize(
    ("arguments", "exit_code", "said"),
    [
        (("x", "--polygon", "0.1,0.1 0.5,0.1"), 1, "zone x, polygon: needs 3"),
        (("x", "--polygon", "0,0 1,0 1,2"), 1, "zone x, polygon: y of point 3 is 2.0"),
        (
            ("x", "--polygon", "0,0 1,0 1,1", "--vehicle-width", "0.5,0.3,0.1"),
            1,
            "zone x, vehicle_widths: row 1 has 0.3 to 0.1",
        ),
        (
            ("x", "--polygon", "0,0 1,0 1,1", "--vehicle-width", "0.5,30"),
            2,
            "row 1 is '0.5,30', not Y,LEAST,MOST",
        ),
        (("x", "--polygon", "0,0 1,0 1;1"), 2, "point 3 is '1;1', not X,Y"),
        (("x", "--polygon", "nan,0 1,0 1,1"), 2, "point 1 is 'nan,0', not X,Y"),
        (("x",), 2, "a zone needs NAME and --polygon"),
        (("a\nb", "--polygon", "0,0 1,0 1,1"), 1, "has the control character U+000A"),
    ],
)
def test_bad_zones(sharpeyes: Run, arguments: tuple[str, ...], exit_code: int, said: str) -> None:
    sharpeyes(*ADD, *STREAM)
    done = sharpeyes("zone", "add", CODE, *arguments)
    assert done.exit_code == exit_code
    assert said in done.err
    assert sharpeyes("zone", "list", CODE, "--json").json == [{"zones": []}]


def test_a_local_division(sharpeyes: Run) -> None:
    names = ("--name-zh", "东湖", "--name-en", "East Lake")
    add = ("division", "add", "EASTLAKE", "--parent", "420100", "--level", "district", *names)
    assert sharpeyes(*add).exit_code == 0
    assert sharpeyes(*add).err == "sharpeyes: division EASTLAKE exists already\n"
    assert "东湖" in sharpeyes("division", "list").out
    assert sharpeyes(*ADD, *STREAM, "--division", "EASTLAKE").exit_code == 0
    assert len(sharpeyes("camera", "list", "--division", "420100", "--json").json) == 1
    nowhere = sharpeyes("camera", "list", "--division", "420999")
    assert (nowhere.exit_code, nowhere.err) == (1, "sharpeyes: no division 420999 is known\n")


def test_probing_where_nobody_may_or_can_be_asked(sharpeyes: Run) -> None:
    other = "42010200001320000002"
    sharpeyes(*ADD, *STREAM, "--poll", "on_request")
    unasked = sharpeyes("camera", "probe", CODE)
    assert unasked.exit_code == 1
    assert "may be asked only on request" in unasked.err
    assert "refuses connections" in sharpeyes("camera", "probe", CODE, "--force").err
    sharpeyes("camera", "add", other, "--name", "x", "--tier", "social", "--poll", "none")
    hostless = sharpeyes("camera", "probe", other, "--force")
    assert (
        hostless.err == f"sharpeyes: camera {other} has no host on file: there is nobody to ask\n"
    )


async def test_probing_a_camera(
    sharpeyes: Run, tmp_path: Path, own_address: IPv4Address, free_port: Callable[[], int]
) -> None:
    settings = FleetSettings(
        cameras=1,
        first_address=own_address,
        rtsp_port=free_port(),
        http_port=free_port(),
    )
    [camera] = make_cameras(settings)
    (tmp_path / "fleet.csv").write_text(camera_file([camera], settings))
    async with Fleet(settings, scenes=[make_scene(camera.scene, settings.seed)]):

        async def run(*arguments: str, stdin: bytes = b"") -> Any:
            return await asyncio.to_thread(sharpeyes, *arguments, stdin=stdin)

        assert (await run("camera", "import", "fleet.csv")).exit_code == 0
        probed = await run("camera", "probe", camera.device_code)
        assert probed.exit_code == 0
        for words in ("H264, latency", "H264 640 x 360 px", "Simulated Street Camera", "snapshot"):
            assert words in probed.out
        [answers] = (await run("camera", "probe", camera.device_code, "--json")).json
        assert answers["reachable"] is True
        assert answers["snapshot"]

        wrong = ("--username", settings.username, "--password-stdin")
        await run("camera", "password", camera.device_code, *wrong, stdin=b"wr0ng")
        refused = await run("camera", "probe", camera.device_code)
        assert refused.exit_code == 1
        assert "refuses the user name and password" in refused.err
        assert len(refused.err.splitlines()) == 1
        assert "wr0ng" not in refused.out + refused.err
