"""The stationary model: which pixels have taken a new value and kept it.

Each pixel at half the working size has two modes: the scenery, and a value that may become one.
A counter says how long the second has held. The scenery never learns under foreground, so a
stopped vehicle is never absorbed by waiting; only what has been judged is learned into it.
"""

import math
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.light import Light
from sharpeyes.detectors.passes import above, at_most, below, blank, follow, lower
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.surface import Slack, Surface, apart, copy_where, farthest

NEAR_LEVELS: Final = 8
"""Two values of one surface differ by less than this; its light and its noise included."""
NOISE_SPREAD: Final = 3.5
"""A difference by noise alone is rarely more than this times its median."""
NOISE_SHARE: Final = 0.2
"""Of each look in the running estimate of the noise."""
NOISE_ROWS: Final = 15
"""One row in so many is asked for the noise."""
BLINK_RAISE: Final = 2
MOST_EXCESS: Final = 50
"""How far a blinking pixel's threshold may rise."""
ALONE_BELOW: Final = 90
"""Of 255: foreign pixels with fewer foreign neighbours blink."""
SINK_PERIOD_S: Final = 4.0
"""A raised threshold sinks by one level in this time."""
DRIFT_LEVELS_PER_S: Final = 2.0
FULL: Final = 240
"""A counter that has held for the settling time."""
OVERDUE: Final = 255
"""A counter that has held for so long since that somebody should have claimed it."""
OVERDUE_TICK_S: Final = 4.0
"""A full counter rises by one in this time, and is overdue after a minute."""
MOST_WATCHED_S: Final = 10.0
"""Time between two looks that counts as watched; what is longer is a gap without frames."""
ASKED_PX: Final = 2
"""Who asks what differs, asks one pixel in so many, down and across."""
LEAST_LOOKS: Final = 3
"""Pictures that must agree before anything is settled, however far apart they are."""


class StillnessModel:
    """Scenery and candidate value of every pixel.

    Attributes:
        scenery: (c, h, w) uint8, what belongs here.
        count: (h, w) uint8, how long a new value has held: `FULL` after the settling time.
        slack: what the picture's noise adds to the difference of each plane, in levels.
        differs: uint8, 255 where the last picture differs from the scenery: every other pixel of
            every other row.
        full_after_s: seconds after which a counter is full, at the present rate of looks.
    """

    def __init__(self, surface: Surface, settle_s: float) -> None:
        """Take the first (c, h, w) uint8 picture as scenery."""
        self.scenery = surface.copy()
        self.count = blank(surface)
        self.differs = self.count[::ASKED_PX, ::ASKED_PX].copy()
        self.full_after_s = settle_s
        # Luma alone: a thing that keeps its luma keeps its colour.
        self._candidate = surface[0].copy()
        self._excess = blank(surface)
        self._settle_s = settle_s
        self._noise = [0.0] * len(surface)
        self.slack: Slack = (0,) * len(surface)
        self._levels = 0.0
        self._sink_s = 0.0
        self._tick_s = 0.0

    @property
    def state_bytes(self) -> int:
        """Bytes of arrays held."""
        held = (self.scenery, self.count, self.differs, self._candidate, self._excess)
        return sum(plane.nbytes for plane in held)

    def update(self, surface: Surface, elapsed_s: float, held: Plane) -> None:
        """Look at one picture.

        Args:
            surface: (c, h, w) uint8, the picture at the model's size.
            elapsed_s: seconds since the one before.
            held: (h, w) uint8, 255 where a candidate stands: nothing is learned or counted there.
        """
        levels = apart(surface, self.scenery)
        self._measure_noise(levels)
        foreign = farthest(levels, self.slack)
        self._differing(foreign)
        self.differs = foreign[::ASKED_PX, ::ASKED_PX].copy()
        self._count(surface[0], elapsed_s, np.asarray(cv2.subtract(foreign, held), np.uint8))
        self._drift(surface, elapsed_s, np.asarray(cv2.bitwise_or(foreign, held), np.uint8))
        self._adapt_thresholds(foreign, elapsed_s)
        self._learn_overdue(surface)

    def learn(self, surface: Surface, mask: Plane) -> None:
        """Make the (c, h, w) picture scenery where the (h, w) uint8 mask is set."""
        copy_where(mask, surface, self.scenery)
        self.forget(mask)

    def forget(self, mask: Plane) -> None:
        """Begin to count anew where the (h, w) uint8 mask is set."""
        cv2.subtract(self.count, mask, dst=self.count)

    def relight(self, light: Light) -> None:
        """Bring the luma of both modes into another light."""
        light.apply(self.scenery[0])
        light.apply(self._candidate)

    def _measure_noise(self, levels: Surface) -> None:
        """Follow the median difference from the scenery: most of a picture is scenery."""
        sample = levels[:, ::NOISE_ROWS].reshape(len(levels), -1)
        middle = sample.shape[1] // 2
        medians = np.partition(sample, middle, axis=1)[:, middle].tolist()
        for index, level in enumerate(medians):
            self._noise[index] += NOISE_SHARE * (level - self._noise[index])
        self.slack = tuple(
            max(0, round(NOISE_SPREAD * noise) - NEAR_LEVELS) for noise in self._noise
        )

    def _differing(self, levels: Plane) -> None:
        """Turn (h, w) uint8 levels into 255 where they are beyond the pixel's own threshold."""
        cv2.subtract(levels, self._excess, dst=levels)
        above(levels, NEAR_LEVELS, levels)

    def _count(self, luma: Plane, elapsed_s: float, counted: Plane) -> None:
        share = min(elapsed_s / self._settle_s, 1.0 / LEAST_LOOKS)
        rise = max(1, round(255 * share))
        self.full_after_s = math.ceil(FULL / rise) * min(elapsed_s, MOST_WATCHED_S)
        change = np.asarray(cv2.absdiff(luma, self._candidate), np.uint8)
        lower(change, self.slack[0])
        self._differing(change)
        keeps = np.asarray(cv2.subtract(counted, change), np.uint8)
        # A passing vehicle may hide the thing for as long as half of what it has served.
        below(keeps, 127, change, max(1, rise // 2))
        cv2.subtract(self.count, change, dst=self.count)
        above(keeps, 127, keeps, rise)
        cv2.add(self.count, keeps, dst=keeps)
        at_most(keeps, FULL)
        # Nothing rises beyond full here, and what is beyond stays.
        cv2.max(self.count, keeps, dst=self.count)
        # What has no counter left takes the present value, and begins again.
        below(self.count, 0, change)
        cv2.copyTo(luma, cv2.bitwise_and(change, counted), self._candidate)
        self._tick(elapsed_s)

    def _tick(self, elapsed_s: float) -> None:
        self._tick_s += elapsed_s
        if self._tick_s >= OVERDUE_TICK_S:
            self._tick_s = 0.0
            full = np.empty_like(self.count)
            above(self.count, FULL - 1, full, 1)
            cv2.add(self.count, full, dst=self.count)

    def _learn_overdue(self, surface: Surface) -> None:
        if self._tick_s == 0.0 and cv2.norm(self.count, cv2.NORM_INF) >= OVERDUE:
            overdue = np.empty_like(self.count)
            above(self.count, OVERDUE - 1, overdue)
            self.learn(surface, overdue)

    def _drift(self, surface: Surface, elapsed_s: float, foreign: Plane) -> None:
        self._levels = min(self._levels + DRIFT_LEVELS_PER_S * elapsed_s, float(NEAR_LEVELS))
        step = int(self._levels)
        if step == 0:
            return
        self._levels -= step
        steps = np.empty_like(surface)
        for plane in steps:
            below(foreign, 127, plane, step)
        follow(self.scenery, surface, steps)

    def _adapt_thresholds(self, foreign: Plane, elapsed_s: float) -> None:
        alone = np.asarray(cv2.blur(foreign, (5, 5)), np.uint8)
        below(alone, ALONE_BELOW, alone, BLINK_RAISE)
        cv2.bitwise_and(alone, foreign, dst=alone)
        cv2.add(self._excess, alone, dst=self._excess)
        at_most(self._excess, MOST_EXCESS)
        self._sink_s += elapsed_s
        sink = int(self._sink_s / SINK_PERIOD_S)
        if sink:
            self._sink_s -= sink * SINK_PERIOD_S
            lower(self._excess, min(sink, MOST_EXCESS))
