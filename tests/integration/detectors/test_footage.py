"""A quick part of the benchmark's event table, as exact counts."""

import json
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.detectors.verifier import Verifier
from sharpeyes.service.footage import Footage

Picture = npt.NDArray[np.uint8]


def alerts(
    clip: Path,
    *,
    dwell_s: float = 6.0,
    verifier: Verifier | None = None,
    change: Callable[[Picture, float], Picture] = lambda picture, _: picture,
) -> list[Finding]:
    """Look through a clip of the shared footage, changed, at two frames a second."""
    video = json.loads((clip / "truth.json").read_text())["video"]
    detector = SceneDetector(dwell_s=dwell_s, verifier=verifier)
    with Footage(clip / video) as footage:
        return [
            finding
            for frame in footage.frames(2.0)
            for finding in detector.update(change(frame.picture, frame.time_s), frame.time_s)
            if finding.kind == "abandoned_vehicle" and finding.phase == "alert"
        ]


@pytest.fixture
def verifier(footage: Path) -> Verifier:
    return Verifier((footage.parent / "models" / "nanodet_m.onnx").read_bytes())


@pytest.mark.parametrize(
    ("name", "dwell_s", "count"),
    [
        ("cvtrafficcam-stopsign", 6, 3),
        ("cvtrafficcam-stopsign", 12, 0),
        ("parking-departure", 6, 0),
        ("autostrade-sparse", 6, 0),
        ("autostrade-dusk-wet", 6, 0),
        ("motorway-pedestrian", 6, 0),
        ("carpark-drift", 6, 0),
        ("wallflower-wavingtrees", 6, 0),
    ],
)
def test_waits_are_told_and_nothing_else(
    footage: Path, name: str, dwell_s: float, count: int
) -> None:
    assert len(alerts(footage / name, dwell_s=dwell_s)) == count


@pytest.mark.parametrize(("name", "count"), [("aboda-video4", 0), ("aau-junction", 1)])
def test_a_model_rejects_a_bag_and_a_cyclist(
    footage: Path, verifier: Verifier, name: str, count: int
) -> None:
    assert len(alerts(footage / name, verifier=verifier)) == count


def test_a_model_confirms_cars(footage: Path, verifier: Verifier) -> None:
    found = alerts(footage / "cvtrafficcam-stopsign", verifier=verifier)
    assert len(found) == 3
    assert any(finding.verified for finding in found)


def test_a_bumped_camera_invents_nothing(footage: Path) -> None:
    def bumped(picture: Picture, time_s: float) -> Picture:
        return np.roll(picture, -13, 0) if time_s > 4.4 else picture

    assert not alerts(footage / "autostrade-backlit", change=bumped)


def test_what_a_coarse_jpeg_joins_is_told_apart(footage: Path) -> None:
    def coarse(picture: Picture, _: float) -> Picture:
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 30])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)

    assert len(alerts(footage / "cvtrafficcam-stopsign", change=coarse)) >= 3
