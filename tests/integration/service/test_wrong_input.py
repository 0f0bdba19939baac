"""Wrong input on the command line: one clear line, exit code 1 or 2, never a traceback."""

from pathlib import Path
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
    "no frames a second": (("detect", "there.mp4", "--sample-fps", "0"), "sample-fps"),
    "a command that is none": (("camera", "fly"), "fly"),
    "no interface": (("discover",), "--interface"),
    "a name for an address": (("discover", "--interface", "eth0"), "IPv4 address"),
    "an address of another": (
        ("discover", "--interface", "203.0.113.9", "--timeout-s", "0.5"),
        "203.0.113.9 is no address of this machine",
    ),
    "a code of a recorder": (
        ("discover", "--interface", "127.0.0.1", "--first-code", "42010200001180000001"),
        "NVR",
    ),
    "a polygon that is none": (
        (
            *("place", "add", "x", "--name-zh", "x", "--kind", "8", "--division", "420102"),
            *("--radius-m", "9", "--polygon", "1;2"),
        ),
        "corner 1",
    ),
    "a place that is not there": (("place", "show", "nowhere"), "nowhere"),
    "a division that is not there": (("coverage", "--division", "420199"), "420199"),
    "all and one": (("camera", "probe", "42010200001320000001", "--all"), "--all"),
    "nobody to probe": (("camera", "probe"), "device code"),
    "yes to nothing": (("camera", "probe", "--all", "--yes"), "--fill"),
    "a merge with itself": (
        ("camera", "merge", "42010200001320000001", "42010200001320000001", "--yes"),
        "42010200001320000001",
    ),
}


@pytest.mark.parametrize("case", WRONG)
def test_wrong_input_is_answered_clearly(sharpeyes: Any, tmp_path: Path, case: str) -> None:
    (tmp_path / "there.mp4").touch()
    words, named = WRONG[case]
    answer = sharpeyes(*words)
    assert answer.exit_code in {1, 2}
    assert named in answer.err
    assert answer.out == ""
    assert "canary" not in answer.err
