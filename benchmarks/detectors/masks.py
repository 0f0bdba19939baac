"""Foreground F1 against official masks."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.detectors.clips import clip, footage_folder
from benchmarks.detectors.models import MODELS, Model, Plane, f1

COMPARED = ("ours", "mog2", "knn")
HIGHWAY_FPS = 25
FIRST_SCORED = 470
MOVING = 255
UNSCORED = (85, 170)
"""Outside of the region of interest, and unknown."""
TREES_FRAME = 247
"""Counted from 0."""

Counts = np.ndarray[tuple[int], np.dtype[np.int64]]
"""Pixels rightly found, wrongly found, and missed."""


@dataclass(frozen=True)
class Truth:
    """What is scored of one frame: two (h, w) uint8 masks of 0 and 255."""

    moving: Plane
    still: Plane

    @classmethod
    def of(cls, mask: Plane) -> "Truth":
        """Read an official mask."""
        unscored = (mask == UNSCORED[0]) | (mask == UNSCORED[1])
        moving = mask == MOVING
        return cls(_plane(moving), _plane(~(moving | unscored)))


def highway_f1(rates: Sequence[int]) -> dict[str, dict[str, float]]:
    """Score all models on cdnet-highway at some rates; every sampled frame from 470 on counts.

    Returns:
        For each rate, as text, the F1 of each model.
    """
    models = {rate: {name: MODELS[name]() for name in COMPARED} for rate in rates}
    counts = {rate: {name: np.zeros(3, np.int64) for name in COMPARED} for rate in rates}
    truth_folder = footage_folder() / "cdnet-highway" / "groundtruth"
    for number, time_s, luma in _lumas("cdnet-highway"):
        sampled = [rate for rate in rates if (number - 1) % (HIGHWAY_FPS // rate) == 0]
        for rate in sampled:
            for model in models[rate].values():
                model.apply(luma, time_s)
        if number >= FIRST_SCORED and sampled:
            truth = Truth.of(_read(str(truth_folder / f"gt{number:06d}.png")))
            for rate in sampled:
                for name, model in models[rate].items():
                    counts[rate][name] += _compare(model, truth)
    return {
        str(rate): {name: round(f1(*map(int, counts[rate][name])), 4) for name in COMPARED}
        for rate in rates
    }


def trees_f1() -> dict[str, float]:
    """Score all models on the one mask of wallflower-wavingtrees, with every frame before it."""
    models = {name: MODELS[name]() for name in COMPARED}
    for number, time_s, luma in _lumas("wallflower-wavingtrees"):
        for model in models.values():
            model.apply(luma, time_s)
        if number == TREES_FRAME + 1:
            break
    path = footage_folder() / "wallflower-wavingtrees" / "gt_b00247.png"
    truth = Truth.of(_read(str(path)))
    return {name: round(f1(*map(int, _compare(model, truth))), 4) for name, model in models.items()}


def _lumas(name: str) -> Iterator[tuple[int, float, Plane]]:
    for frame in clip(name).frames():
        luma = cv2.cvtColor(frame.picture, cv2.COLOR_BGR2GRAY)
        yield frame.number, frame.time_s, np.asarray(luma, np.uint8)


def _plane(mask: npt.NDArray[np.bool_]) -> Plane:
    return mask.astype(np.uint8) * np.uint8(255)


def _read(path: str) -> Plane:
    mask = cv2.imread(path, cv2.IMREAD_GRAYSCALE)
    assert mask is not None, path
    return np.asarray(mask, np.uint8)


def _compare(model: Model, truth: Truth) -> Counts:
    mask = model.mask()
    right, wrong = (
        cv2.countNonZero(cv2.bitwise_and(mask, part)) for part in (truth.moving, truth.still)
    )
    return np.array([right, wrong, cv2.countNonZero(truth.moving) - right], np.int64)
