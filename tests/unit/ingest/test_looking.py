import struct
from itertools import pairwise

import cv2
import numpy as np
import pytest

from sharpeyes.detectors.picture import Frame
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.detectors.zones import WHOLE_PICTURE, Zone, ZoneKind
from sharpeyes.devices.jpeg import decode_jpeg
from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.traffic import make_scene
from sharpeyes.ingest.looking import Picture, look, make_evidence
from sharpeyes.ingest.settings import IngestSettings

QUIET = make_scene("quiet")


def decoded(jpeg: bytes) -> Picture:
    picture = cv2.imdecode(np.frombuffer(jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    return np.asarray(picture, np.uint8)


@pytest.mark.parametrize(
    ("size", "kept"),
    [((1080, 1920), (720, 1280)), ((720, 1280), (720, 1280)), ((90, 160), (90, 160)),
     ((1, 4000), (1, 1280))],
)  # fmt: skip
def test_evidence_is_at_most_so_wide(size: tuple[int, int], kept: tuple[int, int]) -> None:
    picture = np.full((*size, 3), 90, np.uint8)
    evidence = make_evidence(picture, IngestSettings())
    assert (evidence.height_px, evidence.width_px) == kept
    assert decoded(evidence.jpeg).shape == (*kept, 3)


def test_hostile_64_a_place_in_exif_is_not_kept() -> None:
    picture = np.full((48, 64, 3), 90, np.uint8)
    plain = cv2.imencode(".jpg", picture)[1].tobytes()
    # GPSInfo with the reference of a latitude.
    gps = struct.pack("<HHHI4sI", 1, 1, 2, 2, b"N", 0)
    tags = struct.pack("<HHHII", 1, 0x8825, 4, 1, 26) + bytes(4)
    exif = b"Exif\0\0II*\0\x08\0\0\0" + tags + gps
    told = b"\xff\xd8\xff\xe1" + struct.pack(">H", len(exif) + 2) + exif + plain[2:]

    taken = decode_jpeg(told, max_pixels=10_000)
    assert isinstance(taken, np.ndarray)
    kept = make_evidence(taken, IngestSettings()).jpeg

    assert b"Exif" in told
    assert b"Exif" not in kept
    assert b"\xff\xe1" not in kept[: kept.index(b"\xff\xda")]


def told_at(settings: IngestSettings) -> list[int]:
    """Return the seconds of a minute of a quiet street at which motion was worth an event."""
    detector, told = SceneDetector(), [-1000]
    for second in range(60):
        picture = render(QUIET, second)
        seen = look(detector, Frame.of(picture), second, (), settings, motion_told_s=told[-1])
        assert (seen.evidence is None) == (not seen.findings)
        if seen.findings:
            assert seen.state is not None
            assert [finding.phase for finding in seen.findings] == ["start"]
            told.append(second)
    return told[1:]


def test_motion_is_worth_an_event_now_and_then() -> None:
    each = told_at(IngestSettings(motion_min_interval_s=0))
    rarely = told_at(IngestSettings(motion_min_interval_s=40))
    assert 0 < len(rarely) < len(each)
    assert all(b - a >= 40 for a, b in pairwise(rarely))


def test_a_privacy_zone_is_black_before_anything_looks() -> None:
    zones = (
        WHOLE_PICTURE,
        Zone("all of it", ZoneKind.PRIVACY, ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0))),
    )
    detector = SceneDetector(zones)
    for second in range(20):
        picture = render(QUIET, second)
        before = picture.copy()
        frame = Frame.of(picture)
        seen = look(detector, frame, second, zones, IngestSettings(), motion_told_s=-1e9)
        assert seen.findings == ()
        assert np.array_equal(picture, before)
