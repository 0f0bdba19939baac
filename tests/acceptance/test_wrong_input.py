"""Wrong input on the command line: one clear line, exit code 1 or 2, never a traceback."""

from typing import Any

import pytest

CODE = "42010600001320000007"
ADD = ("camera", "add")

WRONG = {
    "a bad code": ((*ADD, "4201", "--name", "x", "--tier", "city"), "not 20"),
    "an unknown division": (
        (*ADD, "42019900001320000001", "--name", "x", "--tier", "city", "--poll", "none"),
        "420199",
    ),
    "an unknown tier": ((*ADD, CODE, "--name", "x", "--tier", "village"), "village"),
    "a password in the address": (
        (*ADD, CODE, "--name", "x", "--tier", "city", "--stream", "rtsp://u:canary@10.0.0.1/s"),
        "password",
    ),
    "a camera that is not there": (("camera", "show", CODE), CODE),
    "a file that is not there": (("camera", "import", "nowhere.csv"), "nowhere.csv"),
    "a code that looks like an option": (("camera", "show", "-1"), "-1"),
    "a zone without corners": (("zone", "add", CODE, "kerb", "--polygon", "0,0 1"), "polygon"),
    "an endpoint that is no address": (("endpoint", "add", "x", "10.0.0.1"), "http"),
    "a scope that is none": (("token", "create", "x", "--scope", "all"), "all"),
    "a video that is not there": (("detect", "nowhere.mp4"), "nowhere.mp4"),
    "no frames a second": (("detect", "sharpeyes.toml", "--sample-fps", "0"), "sample-fps"),
    "a command that is none": (("camera", "fly"), "fly"),
}


@pytest.mark.parametrize("case", WRONG)
async def test_wrong_input_is_answered_clearly(installation: Any, case: str) -> None:
    words, named = WRONG[case]
    answer = await installation.command(*words)
    assert answer.code in {1, 2}
    assert named in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""
    assert "canary" not in answer.err


async def test_an_unreachable_camera_is_named(installation: Any, free_port: Any) -> None:
    await installation.done(
        *(*ADD, CODE, "--name", "x", "--tier", "city", "--host", "127.0.41.1"),
        *("--rtsp-port", str(free_port()), "--main", "/s"),
    )
    answer = await installation.command("camera", "probe", CODE)
    assert answer.code == 1
    assert "127.0.41.1" in answer.out + answer.err
    assert "Traceback" not in answer.err


async def test_an_unknown_setting_is_refused_with_the_one_that_was_meant(installation: Any) -> None:
    settings = installation.folder / "sharpeyes.toml"
    settings.write_text(settings.read_text().replace("[http]\nport", "[http]\nprot"))
    answer = await installation.command("serve")
    assert answer.code == 1
    assert "http.prot" in answer.err
    assert "did you mean http.port?" in answer.err
    assert "Traceback" not in answer.err


async def test_a_port_that_is_taken_is_named(installation: Any) -> None:
    async with installation.serving("api"):
        for command in ("api", "serve"):
            answer = await installation.command(command)
            assert answer.code == 1
            assert f"cannot serve on 127.0.0.1:{installation.port}" in answer.err
            assert "Traceback" not in answer.err
