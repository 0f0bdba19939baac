from collections.abc import Callable, Iterable

import cv2
import numpy as np
import numpy.typing as npt
import pytest

from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.scene import SceneDetector

Picture = npt.NDArray[np.uint8]
CAR = (180, 96, 236, 130)


@pytest.fixture(scope="module")
def town() -> Callable[..., Picture]:
    """Draws a 320 x 180 BGR picture of houses, windows and kerbs, with car-like boxes."""
    random = np.random.default_rng(3)
    ground = np.full((180, 320, 3), 110, np.float32)
    for left, top in random.integers((0, 0), (310, 90), (60, 2)).tolist():
        wide, high = random.integers(6, 30, 2).tolist()
        ground[top : top + high, left : left + wide] = random.uniform(50, 200, 3)
    for left in range(0, 320, 24):
        ground[140:150, left : left + 10] = 190

    def draw(things: Iterable[tuple[int, int, int, int]] = ()) -> Picture:
        canvas = ground.copy()
        for left, top, right, bottom in things:
            canvas[top:bottom, left:right] = (60, 50, 160)
            canvas[top + 2 : (top + bottom) // 2, left + 4 : right - 4] = (40, 40, 40)
        canvas += random.normal(0, 2, canvas.shape)
        return np.clip(canvas, 0, 255).astype(np.uint8)

    return draw


def show(detector: SceneDetector, pictures: Iterable[Picture], *, from_s: float) -> list[Finding]:
    return [
        finding
        for number, picture in enumerate(pictures)
        for finding in detector.update(picture, from_s + 0.5 * number)
        if finding.kind == "abandoned_vehicle"
    ]


def moved(picture: Picture, across: int, down: int) -> Picture:
    matrix = np.array([[1.0, 0.0, across], [0.0, 1.0, down]])
    warped = cv2.warpAffine(picture, matrix, (320, 180), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, np.uint8)


@pytest.mark.parametrize("by", [(2, 0), (0, 3), (6, 4), (-12, 0), (9, -9)])
def test_a_bump_invents_nothing(town: Callable[..., Picture], by: tuple[int, int]) -> None:
    detector = SceneDetector(dwell_s=6)
    assert not show(detector, (town() for _ in range(20)), from_s=0)
    assert not show(detector, (moved(town(), *by) for _ in range(60)), from_s=10)


@pytest.mark.parametrize("by", [(4, 0), (0, 6), (-12, 8)])
def test_a_told_car_is_the_same_after_a_bump(
    town: Callable[..., Picture], by: tuple[int, int]
) -> None:
    detector = SceneDetector(dwell_s=6)
    show(detector, (town() for _ in range(8)), from_s=0)
    (alert,) = show(detector, (town([CAR]) for _ in range(30)), from_s=4)
    assert not show(detector, (moved(town([CAR]), *by) for _ in range(60)), from_s=19)
    (standing,) = detector.standing
    shifted = np.add(CAR, by * 2)
    assert standing.finding_id == alert.finding_id
    assert np.abs(np.subtract(standing.box_xyxy, shifted)).max() <= 6
    (end,) = show(detector, (moved(town(), *by) for _ in range(12)), from_s=49)
    assert (end.phase, end.finding_id) == ("end", alert.finding_id)


def test_a_hand_before_the_lens_ends_nothing(town: Callable[..., Picture]) -> None:
    detector = SceneDetector(dwell_s=12)
    random = np.random.default_rng(4)
    show(detector, (town() for _ in range(8)), from_s=0)
    show(detector, (town([CAR]) for _ in range(12)), from_s=4)
    hand = (random.normal(70, 8, (180, 320, 3)).astype(np.uint8) for _ in range(5))
    show(detector, hand, from_s=10)
    (alert,) = show(detector, (town([CAR]) for _ in range(30)), from_s=12.5)
    assert alert.start_s == pytest.approx(4.0, abs=1.0)


def test_a_caption_is_no_vehicle(town: Callable[..., Picture]) -> None:
    def captioned() -> Picture:
        picture = town()
        for row, text in enumerate(("PEDESTRIAN", "ALARM 2 ON")):
            place = (20, 108 + 12 * row)
            cv2.putText(picture, text, place, cv2.FONT_HERSHEY_PLAIN, 0.9, (255, 255, 255), 2)
        return picture

    detector = SceneDetector(dwell_s=6)
    show(detector, (town() for _ in range(8)), from_s=0)
    reasons = set()
    for number in range(40):
        assert not show(detector, [captioned()], from_s=4 + 0.5 * number)
        reasons |= {one.reason for one in detector.rejections}
    assert "caption" in reasons


def test_glare_that_never_settles_hides_no_car(town: Callable[..., Picture]) -> None:
    random = np.random.default_rng(5)

    def shining(things: Iterable[tuple[int, int, int, int]] = ()) -> Picture:
        # Half of the picture is another than the first showed it, and never the same.
        picture = town(things).astype(np.float32)
        picture[:, :160] += random.uniform(40, 110, (180, 160, 1))
        return np.clip(picture, 0, 255).astype(np.uint8)

    detector = SceneDetector(dwell_s=6)
    show(detector, [town()], from_s=0)
    show(detector, (shining() for _ in range(40)), from_s=1)
    assert len(show(detector, (shining([CAR]) for _ in range(40)), from_s=21)) == 1
