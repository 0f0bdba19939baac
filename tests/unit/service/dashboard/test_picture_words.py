"""Whatever is said of a picture has its Chinese words."""

import json
import re
from collections.abc import Callable
from pathlib import Path

import cv2
import numpy as np
import numpy.typing as npt
import pytest

import sharpeyes.service
from sharpeyes.detectors.quality import (
    DAY,
    PictureFault,
    PictureWatch,
    Reference,
    judge,
    learn,
    measure,
)
from sharpeyes.detectors.quality.reference import SAMPLES

REASONS = json.loads(
    (Path(sharpeyes.service.__file__).parent / "dashboard/i18n/reasons.json").read_text("utf-8")
)
Picture = npt.NDArray[np.uint8]


def yard() -> Picture:
    random = np.random.default_rng(3)
    ground = np.full((360, 640, 3), (96, 104, 110), np.uint8)
    for _ in range(90):
        x, y = random.integers((0, 0), (600, 330)).tolist()
        wide, high = random.integers(12, 70, 2).tolist()
        colour = random.integers(40, 190) + random.integers(-12, 12, 3)
        cv2.rectangle(ground, (x, y), (x + wide, y + high), colour.tolist(), -1)
    return ground


YARD = yard()
WAVE = (25 * np.sin(2 * np.pi * np.arange(360) / 12))[:, None, None]
BARS = np.array([[i >> 2 & 1, i >> 1 & 1, i & 1] for i in range(8)])[np.arange(640) // 80] * 190


def clipped(picture: npt.NDArray[np.floating]) -> Picture:
    return np.asarray(np.clip(picture, 0, 255), np.uint8)


def tinted(blue: float, green: float, red: float) -> Callable[[], Picture]:
    return lambda: clipped(YARD * np.array([blue, green, red]))


SHOWN: dict[str, tuple[PictureFault, Callable[[], Picture]]] = {
    "black": (PictureFault.BLACK, lambda: np.zeros_like(YARD)),
    "grey": (PictureFault.SIGNAL_LOSS, lambda: np.full_like(YARD, 128)),
    "bars": (
        PictureFault.SIGNAL_LOSS,
        lambda: np.broadcast_to(BARS, (360, 640, 3)).astype(np.uint8),
    ),
    "white": (PictureFault.BRIGHTNESS, lambda: np.full_like(YARD, 255)),
    "dark": (PictureFault.BRIGHTNESS, lambda: clipped(YARD * 0.2)),
    "waves": (PictureFault.STRIPES, lambda: clipped(YARD + WAVE)),
    "grain": (
        PictureFault.NOISE,
        lambda: clipped(YARD + np.random.default_rng(5).normal(0, 40, (360, 640, 1))),
    ),
    "blurred": (
        PictureFault.CLARITY,
        lambda: np.asarray(cv2.GaussianBlur(YARD, (0, 0), 7), np.uint8),
    ),
    "faint": (PictureFault.LOW_CONTRAST, lambda: clipped(YARD * 0.12 + 100)),
    "half": (
        PictureFault.OCCLUSION,
        lambda: np.where(np.arange(640)[None, :, None] < 320, 60, YARD).astype(np.uint8),
    ),
    "cloth": (
        PictureFault.OCCLUSION,
        lambda: clipped(70 + np.random.default_rng(5).normal(0, 2, YARD.shape)),
    ),
    "elsewhere": (PictureFault.SCENE_CHANGED, lambda: np.ascontiguousarray(YARD[::-1, ::-1])),
    **{
        f"tinted {number}": (PictureFault.COLOUR_CAST, tinted(*gains))
        for number, gains in enumerate(
            [(0.6, 1, 1.4), (1.4, 1, 0.6), (1, 1.4, 0.8), (1.4, 0.8, 1.4), (1.5, 1, 1), (0.5, 1, 1)]
        )
    },
}


@pytest.fixture(scope="module")
def reference() -> Reference:
    known: Reference | None = None
    for seed in range(SAMPLES):
        grain = np.random.default_rng(seed).normal(0, 2, (360, 640, 1))
        known = learn(known, measure(clipped(YARD + grain)))
    assert known is not None
    return known


def has_chinese(words: str) -> bool:
    return any(re.fullmatch(pattern, f"{words} (code 7)") for pattern, _ in REASONS)


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_said_of_a_picture_has_chinese_words(name: str, reference: Reference) -> None:
    fault, draw = SHOWN[name]
    verdict = judge(measure(draw()), DAY, reference).verdict
    assert verdict.fault is fault
    assert has_chinese(verdict.words), verdict.words


@pytest.mark.parametrize("fault", [PictureFault.JITTER, PictureFault.PTZ])
def test_what_is_said_of_several_has_too(fault: PictureFault, reference: Reference) -> None:
    watch, told = PictureWatch(), ""
    draws = np.random.default_rng(7)
    for number in range(8):
        if fault is PictureFault.JITTER:
            shift = [(12, 0), (-12, 4), (0, -10), (9, 9)][number % 4]
            picture = np.roll(YARD, shift, (1, 0))
        else:
            blocks = draws.integers(0, 256, (9, 16, 3))
            picture = np.kron(blocks, np.ones((40, 40, 1), np.uint8)).astype(np.uint8)
        measures = measure(picture)
        watch, verdict = watch.step(judge(measures, DAY, reference), measures.luma, 300.0 * number)
        if verdict is not None and verdict.fault is fault:
            told = verdict.words
    assert has_chinese(told), told
