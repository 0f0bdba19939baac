"""Compiled loops, where they can be kept and where they cannot."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

LOOP = """
from sharpeyes.detectors.compiled import compiled

@compiled("int64(int64)")
def total(most: int) -> int:
    total = 0
    for number in range(most + 1):
        total += number
    return total
"""


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Holds a module with a compiled loop."""
    (tmp_path / "loop.py").write_text(LOOP)
    return tmp_path


def started(folder: Path, environment: Mapping[str, str]) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-B", "-c", "import loop; print(loop.total(8))"],
        cwd=folder,
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def said(process: subprocess.Popen[str]) -> str:
    output, errors = process.communicate(timeout=60)
    assert errors == ""
    return output


def test_a_loop_is_kept_where_it_is_said_to_be(folder: Path) -> None:
    kept = folder / "kept"
    assert said(started(folder, {"NUMBA_CACHE_DIR": str(kept)})) == "36\n"
    assert list(kept.rglob("loop.total-*.nbi"))
    assert said(started(folder, {"NUMBA_CACHE_DIR": str(kept)})) == "36\n"


def test_a_loop_runs_where_nothing_can_be_written(folder: Path) -> None:
    # Root may write into any folder, but not into a file in its place.
    (folder / "__pycache__").write_text("")
    nowhere = {"HOME": "/dev/null", "XDG_CACHE_HOME": "/dev/null", "NUMBA_CACHE_DIR": "/dev/null/x"}
    assert said(started(folder, nowhere)) == "36\n"


def test_a_loop_runs_where_what_was_kept_is_broken(folder: Path) -> None:
    kept = {"NUMBA_CACHE_DIR": str(folder / "kept")}
    said(started(folder, kept))
    for file in (folder / "kept").rglob("*.nb*"):
        file.write_bytes(b"")
    assert said(started(folder, kept)) == "36\n"


def test_two_processes_may_compile_at_once(folder: Path) -> None:
    kept = {"NUMBA_CACHE_DIR": str(folder / "kept")}
    both = [started(folder, kept), started(folder, kept)]
    assert [said(one) for one in both] == ["36\n", "36\n"]


@pytest.mark.parametrize(
    ("module", "spared"),
    [
        ("service.cli.serve", {"numba", "cv2", "av", "zeep", "aiohttp"}),
        ("service.api_process", {"numba", "av", "zeep"}),
        ("service.relay_process", {"numba", "av", "zeep"}),
        ("health.monitor", {"numba"}),
    ],
)
def test_nobody_loads_what_only_others_need(module: str, spared: set[str]) -> None:
    program = f"import sys, sharpeyes.{module}; print(*{spared} & set(sys.modules))"
    output = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60
    )
    assert output.stdout == "\n"
