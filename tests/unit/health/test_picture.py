from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import cv2
import msgspec
import numpy as np
import numpy.typing as npt
import pytest

from sharpeyes.detectors.quality import PictureWatch
from sharpeyes.detectors.quality.reference import SAMPLES
from sharpeyes.detectors.zones import Zone, ZoneKind
from sharpeyes.devices.fault import Fault
from sharpeyes.devices.jpeg import decode_jpeg
from sharpeyes.devices.simulator.city.gallery import Look, make_gallery
from sharpeyes.health.light import Light
from sharpeyes.health.picture import SeenPicture, judge_quality
from sharpeyes.health.picture_store import KnownView
from sharpeyes.health.status import Cause, Check, CheckResult


def results(picture: npt.NDArray[np.uint8]) -> list[CheckResult | None]:
    watch, told = PictureWatch(), []
    for number in range(3):
        seen = judge_quality(watch, picture, 300.0 * number)
        watch = seen.watch
        told.append(seen.result)
    return told


@pytest.mark.parametrize(("level", "code"), [(0, 1), (128, 14)])
def test_a_picture_that_shows_nothing_is_told_with_its_code(level: int, code: int) -> None:
    first, second, third = results(np.full((180, 320, 3), level, np.uint8))
    assert first is second is None
    assert third is not None
    assert third.cause is Cause.PICTURE
    assert f"(code {code})" in third.evidence


def test_noise_is_told() -> None:
    noise = np.random.default_rng(4).integers(0, 256, (360, 640, 3), np.uint8)
    told = results(noise)[2]
    assert told is not None
    assert told.cause is Cause.PICTURE


def test_what_only_a_reference_can_tell_is_no_fault() -> None:
    bright = np.full((180, 320, 3), 255, np.uint8)
    assert results(bright)[2] == CheckResult(Check.PICTURE)


def test_a_street_is_well() -> None:
    random = np.random.default_rng(8)
    street = np.kron(random.integers(60, 180, (18, 32)), np.ones((10, 10))) + random.normal(
        0, 2, (180, 320)
    )
    assert results(street.astype(np.uint8)) == [CheckResult(Check.PICTURE)] * 3


@pytest.mark.parametrize(
    ("look", "cause"), [(Look.STREET, Cause.NONE), (Look.BLACK, Cause.PICTURE)]
)
def test_a_simulated_citys_pictures(look: Look, cause: Cause) -> None:
    watch, told = PictureWatch(), None
    jpegs = make_gallery(7)[0, look].jpegs
    for number, jpeg in enumerate(jpegs[:3]):
        picture = decode_jpeg(jpeg, max_pixels=4_000_000, reduce=2)
        assert not isinstance(picture, Fault)
        seen = judge_quality(watch, picture, 300.0 * number)
        watch, told = seen.watch, seen.result
    assert told is not None
    assert told.cause is cause


LOST = "tns1:VideoSource/SignalLoss"
DARK = "tns1:VideoSource/ImageTooDark/ImagingService"


def test_a_camera_that_says_it_has_no_signal_is_believed_at_once_and_other_verdicts_are_not() -> (
    None
):
    street = np.random.default_rng(1).integers(0, 255, (180, 320, 3), np.uint8)
    lost = judge_quality(PictureWatch(), street, 0.0, said={LOST, DARK}).result
    assert lost is not None
    assert lost.cause is Cause.PICTURE
    assert "the camera itself calls its picture too dark and without a signal" in lost.evidence
    assert lost.evidence.endswith("(code 14)")
    assert judge_quality(PictureWatch(), street, 0.0, said={DARK}).result is None


def test_what_a_camera_says_stands_beside_what_we_see() -> None:
    watch, told = PictureWatch(), None
    for number in range(3):
        black = np.zeros((180, 320, 3), np.uint8)
        seen = judge_quality(watch, black, 300.0 * number, said={DARK})
        watch, told = seen.watch, seen.result
    assert told is not None
    assert "the camera itself calls its picture too dark" in told.evidence
    assert told.evidence.endswith("(code 1)")


NOON = datetime(2026, 11, 21, 4, tzinfo=UTC)
Picture = npt.NDArray[np.uint8]


def square(seed: int = 0) -> Picture:
    """Draw a square of sheds at 640 x 360, and grain that is another in each picture."""
    drawing, grain = np.random.default_rng(3), np.random.default_rng(seed)
    ground = np.full((360, 640, 3), (96, 104, 110), np.uint8)
    for _ in range(90):
        x, y = drawing.integers((0, 0), (600, 330)).tolist()
        wide, high = drawing.integers(12, 70, 2).tolist()
        colour = drawing.integers(40, 190) + drawing.integers(-12, 12, 3)
        cv2.rectangle(ground, (x, y), (x + wide, y + high), colour.tolist(), -1)
    return np.asarray(np.clip(ground + grain.normal(0, 2, (360, 640, 1)), 0, 255), np.uint8)


class Camera:
    """What the service keeps of a camera from picture to picture."""

    def __init__(self, *zones: Zone, light: Light | None = Light.DAY) -> None:
        self.known = KnownView(1, zones, light=light)
        self.watch, self.number, self.last = PictureWatch(), 0, b""

    def shows(self, picture: Picture, *, is_live: bool = True) -> SeenPicture:
        now = NOON + timedelta(minutes=5 * self.number)
        seen = judge_quality(
            self.watch, picture, 300.0 * self.number, known=self.known, now=now, is_live=is_live
        )
        self.watch, self.number = seen.watch, self.number + 1
        if seen.reference is not None:
            self.known = msgspec.structs.replace(
                self.known, reference=seen.reference, reference_at=now
            )
        if seen.last_jpeg is not None:
            self.last, self.known = seen.last_jpeg, msgspec.structs.replace(self.known, last_at=now)
        return seen

    def learns(self) -> None:
        for seed in range(SAMPLES):
            assert self.shows(square(seed)).result == CheckResult(Check.PICTURE)
        assert self.known.reference is not None
        assert self.known.reference.is_ready


FAULTS: dict[int, Callable[[Picture], Picture]] = {
    # What is left of the view can be computed, and not seen.
    1: lambda picture: np.asarray(picture // 25 + 2, np.uint8),
    4: lambda picture: np.asarray(picture * 0.2, np.uint8),
    5: lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), 7), np.uint8),
    9: lambda picture: np.where(np.arange(640)[None, :, None] < 320, 60, picture).astype(np.uint8),
    13: lambda picture: np.ascontiguousarray(picture[::-1, ::-1]),
}


@pytest.mark.parametrize("code", FAULTS)
def test_what_needs_a_reference_is_told_once_there_is_one(code: int) -> None:
    camera = Camera()
    for number in range(3):
        # Nobody knows yet that this is not what it should show; and it is not learned by chance.
        if code not in {1, 13}:
            before = camera.shows(FAULTS[code](square(number)))
            assert before.result in {None, CheckResult(Check.PICTURE)}
    camera = Camera()
    camera.learns()
    told = [camera.shows(FAULTS[code](square(50 + number))) for number in range(3)]
    assert [seen.result for seen in told[:2]] == [None, None]
    assert told[2].result is not None
    assert told[2].result.cause is Cause.PICTURE
    assert f"(code {code})" in told[2].result.evidence
    assert all(seen.reference is None for seen in told), "a fault must not be learned"
    assert all(seen.last_jpeg for seen in told), "it is kept to be shown"


def test_a_renewed_reference_takes_what_is_shown_for_right() -> None:
    camera = Camera()
    camera.learns()
    turned = [FAULTS[13](square(50 + number)) for number in range(SAMPLES + 3)]
    told = [camera.shows(picture).result for picture in turned[:3]]
    assert told[2] is not None
    assert "(code 13)" in told[2].evidence

    camera.known = KnownView(1, light=Light.DAY)
    assert [camera.shows(picture).result for picture in turned] == [
        CheckResult(Check.PICTURE)
    ] * len(turned)


def test_nothing_is_learned_of_a_dead_picture_or_in_twilight() -> None:
    assert Camera().shows(square(), is_live=False).reference is None
    assert Camera(light=None).shows(square()).reference is None


def test_a_picture_is_kept_once_an_hour_while_it_is_well() -> None:
    camera = Camera()
    kept = [bool(camera.shows(square(number)).last_jpeg) for number in range(25)]
    assert [number for number, was in enumerate(kept) if was] == [0, 12, 24]


def test_private_parts_are_black_in_what_is_kept_and_nothing_is_judged_there() -> None:
    corners = ((0.0, 0.0), (0.4, 0.0), (0.4, 1.0), (0.0, 1.0))
    camera = Camera(Zone("window", ZoneKind.PRIVACY, corners))
    camera.learns()
    assert camera.known.reference is not None
    assert camera.known.reference.luma[:, :62].max() == 0
    last = cv2.imdecode(np.frombuffer(camera.last, np.uint8), cv2.IMREAD_COLOR)
    assert last is not None
    assert last.shape == (180, 320, 3)
    assert last[:, :120].max() < 12
    for number in range(4):
        picture = square(70 + number)
        # Something hides all of the zone, and nothing else.
        picture[:, :240] = 200
        assert camera.shows(picture).result == CheckResult(Check.PICTURE)


def test_a_dome_may_look_elsewhere() -> None:
    camera = Camera()
    camera.learns()
    camera.known = msgspec.structs.replace(camera.known, turns=True)
    told = [camera.shows(FAULTS[13](square(50 + number))).result for number in range(4)]
    assert all(result == CheckResult(Check.PICTURE) for result in told)
