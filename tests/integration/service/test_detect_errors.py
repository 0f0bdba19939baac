"""`sharpeyes detect` on what it cannot use: one clear line, and nothing on stdout."""

from pathlib import Path
from typing import Any

import pytest


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ("", "zones file"),
        ('{"zones": [{"name": "kerb", "kind": "watch", "polygon": [[0, 0], [1, 1]]}]}', "has 2"),
        (
            '{"zones": [{"name": "kerb", "kind": "watch", "dwell_s": -1,'  # noqa: ISC004
            ' "polygon": [[0, 0], [1, 0], [1, 1]]}]}',
            "zone 'kerb', dwell_s",
        ),
        ('{"zones": [{"name": "kerb", "kind": "bus", "polygon": []}]}', "$.zones[0].kind"),
        ('{"zone": []}', "zones"),
    ],
)
def test_a_wrong_zones_file_is_one_clear_line(
    sharpeyes: Any, footage: Path, tmp_path: Path, content: str, says: str
) -> None:
    zones = tmp_path / "zones.json"
    zones.write_text(content)
    answer = sharpeyes("detect", footage / "road-approach" / "video03.avi", "--zones", zones)
    assert answer.exit_code == 1
    assert says in answer.err
    assert len(answer.err.splitlines()) == 1


@pytest.mark.parametrize(
    ("options", "code", "says"),
    [
        (["missing.mp4"], 2, "missing.mp4"),
        ([__file__], 1, "not a video"),
        ([__file__, "--sample-fps", "0"], 2, "--sample-fps"),
        ([__file__, "--dwell-s", "inf"], 2, "--dwell-s"),
        ([__file__, "--zones", "missing.json"], 1, "missing.json"),
        ([__file__, "--model", "missing.onnx"], 1, "missing.onnx"),
        ([__file__, "--model", __file__], 1, "not an ONNX model"),
    ],
)
def test_wrong_use_is_said_without_a_traceback(
    sharpeyes: Any, options: list[str], code: int, says: str
) -> None:
    answer = sharpeyes("detect", *options)
    assert answer.exit_code == code
    assert says in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""


def test_an_output_that_cannot_be_written_is_said(
    sharpeyes: Any, footage: Path, tmp_path: Path
) -> None:
    (tmp_path / "file").write_text("")
    video = footage / "road-approach" / "video03.avi"
    for option in ("--masks", "--annotate"):
        answer = sharpeyes("detect", video, option, tmp_path / "file" / "x.mp4")
        assert answer.exit_code == 1
        assert "x.mp4" in answer.err
        assert len(answer.err.splitlines()) == 1


def test_a_folder_without_videos_is_said(sharpeyes: Any, tmp_path: Path) -> None:
    answer = sharpeyes("detect", tmp_path)
    assert answer.exit_code == 1
    assert "has no video files" in answer.err
