import cv2
import numpy as np
import pytest

from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.picture import Frame, look_size
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.devices.fault import Fault
from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.traffic import make_scene
from sharpeyes.ingest.looking import Look, Picture, look
from sharpeyes.ingest.settings import IngestSettings
from sharpeyes.ingest.sources import decode_snapshot

PARKED = make_scene("parked")
MAX_PIXELS = 4_000_000
CORNER = Zone("corner", ZoneKind.PRIVACY, ((0.0, 0.0), (0.3, 0.0), (0.3, 0.2), (0.0, 0.2)))


def encoded(picture: Picture) -> bytes:
    return bytes(cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, 90])[1])


def enlarged(second: int) -> Picture:
    """Return a street as a 1080p camera sends it."""
    picture = cv2.resize(render(PARKED, second), (1920, 1080), interpolation=cv2.INTER_LINEAR)
    return np.asarray(picture, np.uint8)


def decoded(jpeg: bytes) -> Frame:
    frame = decode_snapshot(jpeg, max_pixels=MAX_PIXELS)
    assert isinstance(frame, Frame)
    return frame


@pytest.mark.parametrize(
    ("size", "reduced"),
    [
        ((1080, 1920), (135, 240)),
        ((720, 1280), (90, 160)),
        ((719, 1279), (180, 320)),
        ((360, 640), (90, 160)),
        ((240, 320), (120, 160)),
        ((90, 160), (45, 80)),
        ((50, 40), (25, 20)),
        ((1280, 720), (160, 90)),
        ((3, 1600), (2, 800)),
    ],
)
def test_a_snapshot_is_decoded_as_small_as_will_do(
    size: tuple[int, int], reduced: tuple[int, int]
) -> None:
    ramp = np.linspace(0, 255, size[1]).astype(np.uint8)
    picture = np.repeat(np.tile(ramp, (size[0], 1))[..., np.newaxis], 3, axis=2)
    frame = decoded(encoded(picture))
    assert frame.picture.shape == (*reduced, 3)
    assert np.all(np.greater_equal(frame.picture.shape[:2], look_size(*size)))
    assert frame.size == size
    assert frame.whole().shape == (*size, 3)
    assert np.abs(frame.whole().astype(int) - picture).max() < 12


def test_what_is_too_large_or_no_picture_is_refused_undecoded() -> None:
    huge = bytearray(encoded(np.zeros((64, 64, 3), np.uint8)))
    at = huge.index(b"\xff\xc0")
    huge[at + 5 : at + 9] = b"\xff\xff\xff\xff"
    for data, told in (
        (bytes(huge), "65535 x 65535"),
        (b"", "no JPEG"),
        (b"\xff\xd8\xff", "no JPEG"),
    ):
        fault = decode_snapshot(data, max_pixels=MAX_PIXELS)
        assert isinstance(fault, Fault)
        assert told in fault.evidence


def told_of(zones: tuple[Zone, ...], *, as_sent: bool) -> Look:
    """Return the look that tells of the car which stops in a 1080p street."""
    detector, settings = SceneDetector(zones, dwell_s=20), IngestSettings(evidence_width_px=1920)
    for second in range(120):
        frame = Frame.of(enlarged(second)) if as_sent else decoded(encoded(enlarged(second)))
        seen = look(detector, frame, second, zones, settings, motion_told_s=1e9)
        if seen.findings:
            return seen
    raise AssertionError


def test_boxes_and_evidence_are_those_of_the_whole_picture() -> None:
    (small, whole) = (told_of((), as_sent=as_sent) for as_sent in (False, True))
    assert (small.width_px, small.height_px) == (1920, 1080)
    assert _box(small) == pytest.approx(_box(whole), abs=26)
    assert small.evidence is not None
    assert (small.evidence.width_px, small.evidence.height_px) == (1920, 1080)


def test_evidence_of_a_small_decoded_picture_is_masked() -> None:
    evidence = told_of((CORNER,), as_sent=False).evidence
    assert evidence is not None
    picture = cv2.imdecode(np.frombuffer(evidence.jpeg, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    assert picture.shape == (1080, 1920, 3)
    assert picture[:200, :560].max() <= 8
    assert picture[300:, 700:].mean() > 30


def _box(seen: Look) -> tuple[int, int, int, int]:
    finding: Finding = seen.findings[0]
    assert finding.kind == "abandoned_vehicle"
    return finding.box_xyxy
