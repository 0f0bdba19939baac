from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from sharpeyes.detectors.errors import PictureError
from sharpeyes.detectors.quality import (
    DAY,
    NIGHT,
    PictureFault,
    PictureVerdict,
    Reference,
    judge,
    learn,
    measure,
)
from sharpeyes.detectors.quality.reference import SAMPLES

Picture = npt.NDArray[np.uint8]


@pytest.fixture(scope="module")
def yard() -> Picture:
    """Draws a 360 x 640 yard of sheds and paths, sharp and in muted colours."""
    random = np.random.default_rng(3)
    ground = np.full((360, 640, 3), (96, 104, 110), np.uint8)
    for _ in range(90):
        x, y = random.integers((0, 0), (600, 330)).tolist()
        wide, high = random.integers(12, 70, 2).tolist()
        colour = random.integers(40, 190) + random.integers(-12, 12, 3)
        cv2.rectangle(ground, (x, y), (x + wide, y + high), colour.tolist(), -1)
    return ground


def grained(picture: Picture, sigma: float = 2.0, seed: int = 0) -> Picture:
    noise = np.random.default_rng(seed).normal(0, sigma, (*picture.shape[:2], 1))
    return np.asarray(np.clip(picture + noise, 0, 255), np.uint8)


@pytest.fixture(scope="module")
def reference(yard: Picture) -> Reference:
    known: Reference | None = None
    for seed in range(SAMPLES):
        known = learn(known, measure(grained(yard, seed=seed)))
    assert known is not None
    return known


def judged(picture: Picture, reference: Reference | None = None) -> PictureVerdict:
    return judge(measure(picture), DAY, reference).verdict


def test_a_yard_is_well(yard: Picture, reference: Reference) -> None:
    assert judged(grained(yard, seed=99), reference).fault is PictureFault.NORMAL
    assert judged(grained(yard, seed=99)).fault is PictureFault.NORMAL


def _waved(picture: Picture) -> Picture:
    wave = 25 * np.sin(2 * np.pi * np.arange(picture.shape[0]) / 12)
    return np.asarray(np.clip(picture + wave[:, None, None], 0, 255), np.uint8)


def _covered(picture: Picture) -> Picture:
    shown = picture.copy()
    shown[:, :320] = (70, 60, 50)
    return shown


FAULTS: dict[PictureFault, Callable[[Picture], Picture]] = {
    PictureFault.BLACK: lambda picture: np.full_like(picture, 3),
    PictureFault.BRIGHTNESS: lambda picture: np.asarray(picture * 0.2, np.uint8),
    PictureFault.CLARITY: lambda picture: np.asarray(cv2.GaussianBlur(picture, (0, 0), 7)),
    PictureFault.COLOUR_CAST: lambda picture: np.asarray(
        np.clip(picture * np.array([0.6, 1.0, 1.4]), 0, 255), np.uint8
    ),
    PictureFault.NOISE: lambda picture: grained(picture, 40),
    PictureFault.OCCLUSION: _covered,
    PictureFault.STRIPES: _waved,
    PictureFault.LOW_CONTRAST: lambda picture: np.asarray(picture * 0.12 + 100, np.uint8),
    PictureFault.SCENE_CHANGED: lambda picture: np.ascontiguousarray(picture[::-1, ::-1]),
    PictureFault.SIGNAL_LOSS: lambda picture: np.full_like(picture, 128),
}


@pytest.mark.parametrize("fault", FAULTS)
def test_each_fault_is_named(fault: PictureFault, yard: Picture, reference: Reference) -> None:
    verdict = judged(FAULTS[fault](grained(yard, seed=5)), reference)
    assert verdict.fault is fault
    assert verdict.words
    assert verdict.measured


def test_hostile_62_a_grey_picture_of_another_size_is_a_lost_signal(reference: Reference) -> None:
    assert judged(np.full((288, 352), 130, np.uint8), reference).fault is PictureFault.SIGNAL_LOSS


def test_hostile_60_another_resolution_is_the_same_view(
    yard: Picture, reference: Reference
) -> None:
    smaller = np.asarray(cv2.resize(yard, (352, 198), interpolation=cv2.INTER_AREA), np.uint8)
    assert judged(smaller, reference).fault is PictureFault.NORMAL


def test_infrared_is_no_cast(yard: Picture, reference: Reference) -> None:
    grey = np.asarray(cv2.cvtColor(yard, cv2.COLOR_BGR2GRAY), np.uint8)
    assert judged(grained(grey[..., None].repeat(3, 2)), reference).fault is PictureFault.NORMAL


def test_a_clock_hides_neither_black_nor_a_lost_signal() -> None:
    for level, fault in ((0, PictureFault.BLACK), (128, PictureFault.SIGNAL_LOSS)):
        picture = np.full((360, 640, 3), level, np.uint8)
        cv2.putText(picture, "2026-11-22 10:31:07", (8, 24), 0, 0.7, (255, 255, 255), 2)
        assert judged(picture).fault is fault


def test_a_lamp_at_night_is_no_fault() -> None:
    rows, columns = np.ogrid[:180, :320]
    glow = 230 / (1 + (np.square(columns - 90) + np.square(rows - 60)) / 900) ** 1.5
    night = grained(np.asarray(np.broadcast_to(glow[..., None], (180, 320, 3)), np.uint8), 4)
    assert judge(measure(night), NIGHT, None).verdict.fault is PictureFault.NORMAL


@settings(max_examples=60, deadline=None)
@given(
    height=st.integers(1, 90),
    width=st.integers(1, 90),
    depth=st.sampled_from([(), (3,)]),
    kind=st.sampled_from(["black", "grey", "white", "noise"]),
    seed=st.integers(0, 9),
)
def test_any_picture_gets_a_verdict(
    height: int, width: int, depth: tuple[int, ...], kind: str, seed: int
) -> None:
    level = {"black": 0, "grey": 128, "white": 255, "noise": 0}[kind]
    picture = np.full((height, width, *depth), level, np.uint8)
    if kind == "noise":
        picture = np.random.default_rng(seed).integers(0, 256, picture.shape, np.uint8)
    before = picture.copy()
    measures = measure(picture)
    reference: Reference | None = None
    for _ in range(SAMPLES):
        reference = learn(reference, measures)
    for limits in (DAY, NIGHT):
        verdicts = (
            judge(measures, limits, None).verdict,
            judge(measures, limits, reference).verdict,
        )
        for verdict in verdicts:
            assert (verdict.fault is PictureFault.NORMAL) == (verdict.words == "")
            assert all(np.isfinite((one.value, one.limit)).all() for one in verdict.measured)
    assert np.array_equal(picture, before)


@pytest.mark.parametrize(
    "wrong", [np.zeros((0, 5, 3), np.uint8), np.zeros((5, 5, 4), np.uint8), np.zeros(5, np.uint8)]
)
def test_what_is_no_picture_is_refused(wrong: Picture) -> None:
    with pytest.raises(PictureError, match="uint8"):
        measure(wrong)
