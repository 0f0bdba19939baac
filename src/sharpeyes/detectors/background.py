"""The motion model: what moves right now.

An approximate median (McFarlane and Schofield 1995): the background steps towards each new
picture by a fixed number of levels a second, so that no sampling rate changes what it learns.
Each pixel has its own threshold, which rises where it fires alone ("blinks": leaves, noise) and
sinks slowly, after the idea of SuBSENSE (St-Charles et al. 2015). What moves is decided by the
mean difference of a neighbourhood, each pixel's capped at twice the threshold: a majority vote in
which the undecided count half.
"""

from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.light import Light
from sharpeyes.detectors.passes import above, at_most, blank, constant, follow, lower
from sharpeyes.detectors.picture import Plane

LEVELS_PER_S: Final = 5.0
"""How fast the background follows: a cloud's 60 levels in 12 s, a waiting car in as much."""
MAX_STEP: Final = 12
"""Largest step in one frame: a car seen once at a frame in 5 s must not become background."""
STALE_GAP_S: Final = 60.0
"""After so long without a frame the light has changed: begin anew from the next picture."""
LEAST_THRESHOLD: Final = 16
"""Levels by which a quiet pixel must differ."""
MOST_EXCESS: Final = 64
"""How far a blinking pixel's threshold may rise above that."""
BLINK_LEVELS_PER_S: Final = 12.0
MOST_BLINK: Final = 36
"""Largest rise in one frame."""
BLINK_PERIOD_S: Final = 0.2
"""Thresholds move at most this often: oftener costs time and teaches nothing."""
SINK_LEVELS_PER_S: Final = 0.7
NEIGHBOURS_PX: Final = 3
"""Side of the square over which differences are averaged, twice: what is near counts more."""


class MotionModel:
    """Background, thresholds and foreground of one camera at one size.

    Attributes:
        foreground: (h, w) uint8, 255 where the last picture differs from the background.
    """

    def __init__(self, luma: Plane) -> None:
        """Take the first (h, w) uint8 picture as background."""
        self._background = luma.copy()
        self._excess = blank(luma)
        self._means = blank(luma)
        self.foreground = blank(luma)
        self._levels = 0.0
        self._step = 0
        self._blink_s = 0.0
        self._sink_levels = 0.0

    @property
    def background(self) -> Plane:
        """(h, w) uint8, as learned up to the last picture; a view, not to be changed."""
        return self._background

    @property
    def state_bytes(self) -> int:
        """Bytes of arrays held."""
        held = (self._background, self._excess, self._means, self.foreground)
        return sum(plane.nbytes for plane in held)

    def foreground_at(self, height: int, width: int) -> Plane:
        """Return the foreground as a (height, width) uint8 mask of 0 and 255.

        The mean differences are enlarged and not the mask, whose outline would be stairs.
        """
        mask = np.empty((height, width), np.uint8)
        cv2.resize(self._means, (width, height), dst=mask, interpolation=cv2.INTER_LINEAR)
        above(mask, self._threshold, mask)
        return mask

    def judge(self, luma: Plane) -> Plane:
        """Make the foreground of a (h, w) uint8 picture without learning from it.

        Returns:
            (h, w) uint8, by how many levels each pixel differs beyond its own excess.
        """
        levels = np.asarray(cv2.absdiff(luma, self._background), np.uint8)
        cv2.subtract(levels, self._excess, dst=levels)
        cv2.threshold(levels, 2 * self._threshold, 0, cv2.THRESH_TRUNC, dst=self._means)
        for _ in range(2):
            cv2.blur(self._means, (NEIGHBOURS_PX, NEIGHBOURS_PX), dst=self._means)
        above(self._means, self._threshold, self.foreground)
        return levels

    def learn(self, luma: Plane, levels: Plane, elapsed_s: float) -> None:
        """Learn from the (h, w) uint8 picture just judged, `elapsed_s` after the one before.

        Args:
            luma: the picture.
            levels: what `judge` returned for it; it is used up.
            elapsed_s: seconds since the picture before.
        """
        if elapsed_s > STALE_GAP_S:
            self.rebase(luma)
            return
        self._adapt_thresholds(levels, elapsed_s)
        self._follow(luma, elapsed_s)

    def relight(self, light: Light) -> None:
        """Bring the background into another light."""
        light.apply(self._background)

    def rebase(self, luma: Plane) -> None:
        """Take a (h, w) uint8 picture as the background, and nothing as foreground."""
        np.copyto(self._background, luma)
        self.see_nothing()

    def see_nothing(self) -> None:
        """Take nothing as foreground."""
        self._means.fill(0)
        self.foreground.fill(0)

    @property
    def _threshold(self) -> int:
        # The background of a pixel strays about its median by half a step.
        return LEAST_THRESHOLD + self._step // 2

    def _follow(self, luma: Plane, elapsed_s: float) -> None:
        self._levels = min(self._levels + LEVELS_PER_S * elapsed_s, float(MAX_STEP))
        step = int(self._levels)
        if step == 0:
            return
        self._step = step
        self._levels -= step
        follow(self._background, luma, constant(luma.shape, step))

    def _adapt_thresholds(self, levels: Plane, elapsed_s: float) -> None:
        self._blink_s += elapsed_s
        if self._blink_s < BLINK_PERIOD_S:
            return
        raised = int(min(BLINK_LEVELS_PER_S * self._blink_s, MOST_BLINK))
        self._sink_levels += SINK_LEVELS_PER_S * self._blink_s
        self._blink_s = 0.0
        above(levels, self._threshold, levels, raised)
        cv2.subtract(levels, self.foreground, dst=levels)
        cv2.add(self._excess, levels, dst=self._excess)
        at_most(self._excess, MOST_EXCESS)
        sink = int(self._sink_levels)
        if sink:
            self._sink_levels -= sink
            lower(self._excess, min(sink, MOST_EXCESS))
