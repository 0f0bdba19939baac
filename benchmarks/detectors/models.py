"""Our motion model and those that it is compared with, behind one call."""

import math
from typing import Protocol

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.scene import SceneDetector

Plane = npt.NDArray[np.uint8]

_MAJORITY_PX = 7


class Model(Protocol):
    """A way to tell what moves."""

    def apply(self, luma: Plane, time_s: float) -> None:
        """Take one (h, w) uint8 picture."""

    def mask(self) -> Plane:
        """Return the (h, w) uint8 mask of the last picture, cleaned, 0 or 255."""

    def state_bytes(self) -> int:
        """Return the bytes kept from frame to frame."""


class Ours:
    """The whole detector: motion, stationary things, candidate tests, light guards."""

    def __init__(self) -> None:
        self._detector = SceneDetector(dwell_s=60.0)
        self._shape = (0, 0)

    def apply(self, luma: Plane, time_s: float) -> None:
        """Take one picture."""
        self._shape = (luma.shape[0], luma.shape[1])
        self._detector.update(luma, time_s)

    def mask(self) -> Plane:
        """Return the mask."""
        return self._detector.foreground_at(*self._shape)

    def state_bytes(self) -> int:
        """Return the bytes of all arrays of the detector."""
        return self._detector.state_bytes


class _Library:
    """One of OpenCV's, with shadow detection off, which is its better half on luma."""

    def __init__(self, subtractor: cv2.BackgroundSubtractor, bytes_per_pixel: int) -> None:
        self._subtractor = subtractor
        self._bytes_per_pixel = bytes_per_pixel
        self._raw: Plane = np.zeros((0, 0), np.uint8)

    def apply(self, luma: Plane, time_s: float) -> None:  # noqa: ARG002  # it has no clock
        """Take one picture."""
        self._raw = np.asarray(self._subtractor.apply(luma), np.uint8)

    def mask(self) -> Plane:
        """Return the mask after the same majority vote as all others."""
        return _majority(self._raw)

    def state_bytes(self) -> int:
        """Return what its source allocates."""
        return self._raw.size * self._bytes_per_pixel


class Mog2(_Library):
    """OpenCV's Gaussian mixture: 5 modes of weight, variance and mean, and a mode count."""

    def __init__(self) -> None:
        super().__init__(cv2.createBackgroundSubtractorMOG2(detectShadows=False), 5 * 12 + 1)


class Knn(_Library):
    """OpenCV's k nearest neighbours: 3 x 7 samples and flags, and their indices."""

    def __init__(self) -> None:
        super().__init__(cv2.createBackgroundSubtractorKNN(detectShadows=False), 3 * 7 * 2 + 3)


class RunningAverage:
    """A plain running average in float32 with one threshold."""

    RATE = 0.02
    THRESHOLD = 25

    def __init__(self) -> None:
        self._average: npt.NDArray[np.float32] | None = None
        self._raw: Plane = np.zeros((0, 0), np.uint8)

    def apply(self, luma: Plane, time_s: float) -> None:  # noqa: ARG002  # it has no clock
        """Take one picture."""
        if self._average is None:
            self._average = luma.astype(np.float32)
        apart = cv2.absdiff(luma, cv2.convertScaleAbs(self._average))
        self._raw = np.asarray(
            cv2.threshold(apart, self.THRESHOLD, 255, cv2.THRESH_BINARY)[1], np.uint8
        )
        cv2.accumulateWeighted(luma, self._average, self.RATE)

    def mask(self) -> Plane:
        """Return the mask after the same majority vote as all others."""
        return _majority(self._raw)

    def state_bytes(self) -> int:
        """Return the bytes of the average."""
        return 0 if self._average is None else self._average.nbytes


MODELS: dict[str, type[Model]] = {
    "ours": Ours,
    "mog2": Mog2,
    "knn": Knn,
    "running_average": RunningAverage,
}


def _majority(mask: Plane) -> Plane:
    votes = cv2.blur(mask, (_MAJORITY_PX, _MAJORITY_PX))
    return np.asarray(cv2.threshold(votes, 127, 255, cv2.THRESH_BINARY)[1], np.uint8)


def f1(hit: int, extra: int, lacking: int) -> float:
    """Return the harmonic mean of precision and recall; NaN where nothing is to be found."""
    total = 2 * hit + extra + lacking
    return 2 * hit / total if total else math.nan
