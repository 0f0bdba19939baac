"""The motion model: what moves right now.

An approximate median (McFarlane and Schofield 1995): the background steps towards each new
picture by a fixed number of levels a second, so that no sampling rate changes what it learns.
Each pixel has its own threshold, which rises where it fires alone ("blinks": leaves, noise) and
sinks slowly, after the idea of SuBSENSE (St-Charles et al. 2015).
"""

from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.passes import above, at_most, blank, lower
from sharpeyes.detectors.picture import Plane

LEVELS_PER_S: Final = 5.0
"""How fast the background follows: a cloud's 60 levels in 12 s, a waiting car in as much."""
MAX_STEP: Final = 12
"""Largest step in one frame: a car seen once at a frame in 5 s must not become background."""
STALE_GAP_S: Final = 60.0
"""After so long without a frame the light has changed: begin anew from the next picture."""
LEAST_THRESHOLD: Final = 16
MOST_EXCESS: Final = 64
"""How far a blinking pixel's threshold may rise above that."""
BLINK_RAISE: Final = 6
BLINK_PERIOD_S: Final = 0.2
"""Thresholds move at most this often, so that their rates too are per second."""
SINK_PERIOD_S: Final = 3.0
"""A raised threshold sinks by one level in this time."""
MAJORITY_PX: Final = 7


class MotionModel:
    """Background, thresholds and foreground of one camera at one size.

    Attributes:
        foreground: (h, w) uint8, 255 where the last picture differs from the background.
    """

    def __init__(self, luma: Plane) -> None:
        """Take the first (h, w) uint8 picture as background."""
        self._background = luma.copy()
        self._excess = blank(luma)
        self.foreground = blank(luma)
        self._levels = 0.0
        self._blink_s = 0.0
        self._sink_s = 0.0

    @property
    def background(self) -> Plane:
        """(h, w) uint8, as learned up to the last picture; a view, not to be changed."""
        return self._background

    @property
    def state_bytes(self) -> int:
        """Bytes of arrays held."""
        return self._background.nbytes + self._excess.nbytes + self.foreground.nbytes

    def judge(self, luma: Plane) -> None:
        """Make the foreground of a (h, w) uint8 picture without learning from it."""
        # The median of a binary picture is its mean against one half.
        cv2.blur(self._firing(luma), (MAJORITY_PX, MAJORITY_PX), dst=self.foreground)
        above(self.foreground, 127, self.foreground)

    def learn(self, luma: Plane, elapsed_s: float) -> None:
        """Learn from the (h, w) uint8 picture just judged, `elapsed_s` after the one before."""
        if elapsed_s > STALE_GAP_S:
            self.rebase(luma)
            return
        self._adapt_thresholds(luma, elapsed_s)
        self._follow(luma, elapsed_s)

    def relight(self, table: Plane) -> None:
        """Pass the background through a (256,) uint8 table: the whole light has changed."""
        cv2.LUT(self._background, table, dst=self._background)

    def rebase(self, luma: Plane) -> None:
        """Take a (h, w) uint8 picture as the background, and nothing as foreground."""
        np.copyto(self._background, luma)
        self.foreground.fill(0)

    def _firing(self, luma: Plane) -> Plane:
        """Return (h, w) uint8: 255 where a pixel is beyond its own threshold."""
        raw = np.asarray(cv2.absdiff(luma, self._background), np.uint8)
        cv2.subtract(raw, self._excess, dst=raw)
        above(raw, LEAST_THRESHOLD, raw)
        return raw

    def _follow(self, luma: Plane, elapsed_s: float) -> None:
        self._levels = min(self._levels + LEVELS_PER_S * elapsed_s, float(MAX_STEP))
        step = int(self._levels)
        if step == 0:
            return
        self._levels -= step
        brighter = np.asarray(cv2.subtract(luma, self._background), np.uint8)
        darker = np.asarray(cv2.subtract(self._background, luma), np.uint8)
        at_most(brighter, step)
        at_most(darker, step)
        cv2.add(self._background, brighter, dst=self._background)
        cv2.subtract(self._background, darker, dst=self._background)

    def _adapt_thresholds(self, luma: Plane, elapsed_s: float) -> None:
        self._blink_s += elapsed_s
        if self._blink_s < BLINK_PERIOD_S:
            return
        self._sink_s += self._blink_s
        self._blink_s = 0.0
        alone = self._firing(luma)
        cv2.subtract(alone, self.foreground, dst=alone)
        at_most(alone, BLINK_RAISE)
        cv2.add(self._excess, alone, dst=self._excess)
        at_most(self._excess, MOST_EXCESS)
        sink = int(self._sink_s / SINK_PERIOD_S)
        if sink:
            self._sink_s -= sink * SINK_PERIOD_S
            lower(self._excess, min(sink, MOST_EXCESS))
