import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import cv2

KEYS = ["kind", "start_s", "end_s", "alert_s", "box", "zone", "dwell_s", "verified"]


def detect(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "sharpeyes", "detect", *map(str, arguments)]
    return subprocess.run(command, capture_output=True, text=True, timeout=100, check=False)


def rows(answer: subprocess.CompletedProcess[str]) -> list[dict[str, Any]]:
    assert answer.returncode == 0, answer.stderr
    return [json.loads(line) for line in answer.stdout.splitlines()]


def overlap(one: list[int], other: list[int]) -> float:
    """Share of the smaller box (x, y, w, h) that lies in the other."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    smaller = min(one[2] * one[3], other[2] * other[3])
    return max(across, 0) * max(down, 0) / smaller


def test_waiting_vehicles_are_found_in_time(footage: Path) -> None:
    folder = footage / "cvtrafficcam-stopsign"
    truth = json.loads((folder / "truth.json").read_text())["stationary_vehicles"]
    found = rows(detect(folder / "traffic.mp4", "--sample-fps", 2, "--dwell-s", 6, "--json"))
    assert all(list(row) == KEYS for row in found)
    vehicles = [row for row in found if row["kind"] == "abandoned_vehicle"]
    for wait in truth:
        late_s = [
            row["alert_s"] - wait["stopped_s"] - 6
            for row in vehicles
            if overlap(row["box"], wait["bbox"]) > 0.5
        ]
        assert any(-2 <= late <= 3 for late in late_s), wait["note"]
    assert all(row["verified"] is None for row in vehicles)


def test_masks_and_annotation_are_written(footage: Path, tmp_path: Path) -> None:
    video = footage / "road-approach" / "video03.avi"
    masks, annotated = tmp_path / "masks", tmp_path / "seen.mp4"
    options = ("--sample-fps", 2, "--masks", masks, "--annotate", annotated)
    answer = detect(video, *options)
    assert answer.returncode == 0, answer.stderr
    assert "motion" in answer.stdout
    names = sorted(path.name for path in masks.iterdir())
    assert names[0] == "000001.png"
    assert len(names) == 57
    mask = cv2.imread(str(masks / names[5]), cv2.IMREAD_UNCHANGED)
    assert mask is not None
    assert mask.shape == (240, 320)
    assert set(mask.ravel().tolist()) <= {0, 255}
    with_frames = cv2.VideoCapture(str(annotated))
    assert with_frames.get(cv2.CAP_PROP_FRAME_COUNT) == len(names)


def test_a_folder_is_looked_through_and_each_finding_names_its_video(
    footage: Path, tmp_path: Path
) -> None:
    for name in ("one.avi", "two.avi"):
        (tmp_path / name).symlink_to(footage / "road-approach" / "video03.avi")
    (tmp_path / "notes.txt").write_text("no video")
    found = rows(detect(tmp_path, "--sample-fps", 1, "--json"))
    assert {Path(row["video"]).name for row in found} == {"one.avi", "two.avi"}


def test_what_is_rejected_is_explained(footage: Path) -> None:
    video = footage / "parking-departure" / "parkinglot.mp4"
    answer = detect(video, "--sample-fps", 2, "--dwell-s", 6, "--json", "--explain")
    assert all(row["kind"] == "motion" for row in rows(answer))
    assert "no vehicle" in answer.stderr
