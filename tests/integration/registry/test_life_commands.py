"""Changing a camera's file and life by command, and reading its history."""

from collections.abc import Callable
from typing import Any

import pytest

CODE = "42010200001320000001"
ADD = ("camera", "add", CODE, "--name", "解放大道", "--tier", "city", "--host", "10.0.0.1")
ADD_WHOLE = (*ADD, "--main", "/main")

Run = Callable[..., Any]


def test_fields_are_set_and_cleared(sharpeyes: Run) -> None:
    sharpeyes(*ADD_WHOLE)
    assignments = ("name=东门 = East", "functions=1,5", "maker_name=海康", "indoor=no")
    done = sharpeyes("camera", "set", CODE, *assignments, "filed_on=2021-02-03", "contacts=a/b")
    assert (done.exit_code, done.out) == (0, "")
    assert done.err == (
        f"Camera {CODE} is changed: name, maker_name, functions, contacts, indoor, filed_on.\n"
    )
    again = sharpeyes("camera", "set", CODE, *assignments)
    assert again.err == f"Camera {CODE} was like that already.\n"
    [camera] = sharpeyes("camera", "set", CODE, "functions=", "maker_name=", "--json").json
    assert (camera["functions"], camera["maker_name"]) == ([], None)
    assert (camera["name"], camera["contacts"]) == ("东门 = East", ["a", "b"])
    shown = sharpeyes("camera", "show", CODE).out
    assert "2021-02-03" in shown
    assert "in service" in shown
    [shown] = sharpeyes("camera", "show", CODE, "--json").json
    assert shown["indoor"] is False


def test_a_camera_is_registered_before_it_is_there(sharpeyes: Run) -> None:
    done = sharpeyes(*ADD_WHOLE, "--planned")
    assert done.exit_code == 0
    assert f"Once it is there: sharpeyes camera commission {CODE}" in done.err
    assert "camera probe" not in done.err
    [camera] = sharpeyes("camera", "show", CODE, "--json").json
    assert camera["life"] == "planned"
    assert sharpeyes("camera", "commission", CODE).exit_code == 0


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("nam=x",), 2, "'nam' is no field: did you mean name?"),
        (("name",), 2, "'name' is not FIELD=VALUE"),
        (("name=a", "name=b"), 2, "name is given twice"),
        (("device_code=42010200001320000002",), 2, "the device code cannot be changed"),
        (("=x",), 2, "'' is no field"),
        (("name=",), 1, "name must not be empty"),
        (("rtsp_port=0", "tier=village", "longitude=39,9"), 1, "rtsp_port '0': must be 1 to 65535"),
        (("rtsp_port=0", "tier=village", "longitude=39,9"), 1, "tier 'village':"),
        (("rtsp_port=0", "tier=village", "longitude=39,9"), 1, "longitude '39,9':"),
        pytest.param(
            ("name=a\nb\x1b[31m",),
            1,
            "has the control character U+000A",
            id="hostile_76_newline",
        ),
        (("division_code=EASTLAKE",), 1, "no such division is known"),
        pytest.param(("view_distance_m=1e309",), 1, "view_distance_m", id="hostile_7_infinite"),
        ((), 2, "FIELD=VALUE"),
    ],
)
def test_what_cannot_be_set_is_said_in_one_line(
    sharpeyes: Run, words: tuple[str, ...], exit_code: int, said: str
) -> None:
    sharpeyes(*ADD_WHOLE)
    done = sharpeyes("camera", "set", CODE, *words)
    assert (done.exit_code, done.out) == (exit_code, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert "\x1b" not in done.err
    assert sharpeyes("camera", "show", CODE, "--json").json[0]["revision"] == 1


def test_a_camera_is_mended_removed_and_put_back(sharpeyes: Run) -> None:
    sharpeyes(*ADD_WHOLE)
    mended = sharpeyes("camera", "maintenance", CODE, "--reason", "lens", "--until", "4h")
    assert mended.exit_code == 0
    assert mended.err.startswith(f"Camera {CODE} is in maintenance until 20")
    assert mended.err.endswith(" UTC: lens.\n")
    ended = sharpeyes("camera", "maintenance", CODE, "--end")
    assert ended.err == f"Camera {CODE} is in service.\n"
    twice = sharpeyes("camera", "maintenance", CODE, "--end")
    assert (twice.exit_code, twice.err) == (
        1,
        f"sharpeyes: camera {CODE} is not in maintenance: it is in service\n",
    )
    removed = sharpeyes("camera", "remove", CODE, "--reason", "road works", "--json")
    assert (removed.json[0]["life"], removed.json[0]["life_reason"]) == ("removed", "road works")
    planned = sharpeyes("camera", "restore", CODE, "--planned")
    assert planned.err == f"Camera {CODE} is planned.\n"
    assert sharpeyes("camera", "restore", CODE).exit_code == 1
    assert sharpeyes("camera", "commission", CODE).err == f"Camera {CODE} is in service.\n"
    history = sharpeyes("camera", "history", CODE, "--json").json
    assert [change["action"] for change in history] == ["life"] * 5 + ["add"]
    assert {change["actor"] for change in history} == {"command line"}
    assert history[2]["after"] == {"life": "removed", "life_reason": "road works"}


@pytest.mark.parametrize(
    ("words", "exit_code", "said"),
    [
        (("maintenance", CODE), 2, "maintenance needs --reason and --until"),
        (("maintenance", CODE, "--end", "--until", "4h"), 2, "not both"),
        (("maintenance", CODE, "--reason", "x", "--until", "soon"), 2, "'soon' is neither a time"),
        pytest.param(
            ("maintenance", CODE, "--reason", "x", "--until", "1970-01-01"),
            1,
            "lies in the past",
            id="hostile_26_year_1970",
        ),
        pytest.param(
            ("maintenance", CODE, "--reason", "x", "--until", "9999-12-31"),
            1,
            "days ahead",
            id="hostile_26_year_9999",
        ),
        (("maintenance", CODE, "--reason", "x", "--until", "9999d"), 1, "days ahead"),
        (("maintenance", CODE, "--reason", " ", "--until", "4h"), 1, "reason is missing"),
        (("remove", CODE), 2, "--reason"),
        (("remove", CODE, "--reason", "a\x1b[31m"), 1, "control character U+001B"),
        (("restore", CODE), 1, "is not removed: it is in service"),
        (("commission", CODE), 1, "is not planned: it is in service"),
    ],
)
def test_a_life_that_cannot_be_is_said_in_one_line(
    sharpeyes: Run, words: tuple[str, ...], exit_code: int, said: str
) -> None:
    sharpeyes(*ADD_WHOLE)
    done = sharpeyes("camera", *words)
    assert (done.exit_code, done.out) == (exit_code, "")
    assert said in done.err
    assert len(done.err.splitlines()) == 1
    assert "\x1b" not in done.err


def test_the_history_is_readable(sharpeyes: Run) -> None:
    sharpeyes(*ADD_WHOLE)
    sharpeyes("camera", "set", CODE, "name=East", "rtsp_port=8554")
    sharpeyes("zone", "add", CODE, "lane", "--polygon", "0.1,0.1 0.5,0.1 .5,1")
    shown = sharpeyes("camera", "history", CODE).out
    lines = [line.split() for line in shown.splitlines()]
    assert ["rtsp_port", "554", "8554"] in [line[-3:] for line in lines]
    assert "解放大道" in shown
    assert "zone" in shown
    limited = sharpeyes("camera", "history", CODE, "--limit", "1", "--json")
    assert len(limited.json) == 1
    assert "older changes" in limited.err


@pytest.mark.parametrize("limit", ["0", "-1", "1e12", "1000000000000"])
def test_hostile_77_the_history_has_limits(sharpeyes: Run, limit: str) -> None:
    assert sharpeyes("camera", "history", CODE, "--limit", limit).exit_code == 2


@pytest.mark.parametrize("device_code", ["4201\n\x1b[31m", "no-code", CODE])
def test_a_camera_that_is_not_there(sharpeyes: Run, device_code: str) -> None:
    for words in (
        ("history", device_code),
        ("set", device_code, "name=x"),
        ("remove", device_code, "--reason", "x"),
        ("restore", device_code),
        ("commission", device_code),
        ("maintenance", device_code, "--end"),
    ):
        done = sharpeyes("camera", *words)
        assert (done.exit_code, done.out) == (1, "")
        assert len(done.err.splitlines()) == 1
        assert "\x1b" not in done.err


def test_hostile_75_a_code_that_looks_like_an_option(sharpeyes: Run) -> None:
    for words in (("history",), ("restore",), ("remove", "--reason", "x")):
        assert sharpeyes("camera", *words, "-4201").exit_code == 2
        assert sharpeyes("camera", *words, "--", "-4201").exit_code == 1
