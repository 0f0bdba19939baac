"""The motion model: what moves right now.

An approximate median (McFarlane and Schofield 1995): the background steps towards each new
picture by a fixed number of levels a second, so that no sampling rate changes what it learns.
Each pixel has its own threshold, which rises where it fires alone ("blinks": leaves, noise) and
sinks slowly, after the idea of SuBSENSE (St-Charles et al. 2015). Pixels are compared at the full
working size and vote at half of it: that is four times cheaper than a median filter, and better.
"""

from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.light import Light
from sharpeyes.detectors.passes import above, at_most, blank, lower
from sharpeyes.detectors.picture import Plane, doubled, half

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
VOTERS_PX: Final = 3
"""Side of the square of half-size pixels whose majority decides: 6 x 6 working pixels."""


class MotionModel:
    """Background, thresholds and foreground of one camera at one size.

    Attributes:
        foreground: uint8 at half the size of the pictures, 255 where the last one differs from
            the background.
    """

    def __init__(self, luma: Plane) -> None:
        """Take the first (h, w) uint8 picture as background."""
        self._background = luma.copy()
        self._excess = blank(luma)
        self.foreground = blank(half(luma))
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
        return self._background.nbytes + self._excess.nbytes + self.foreground.nbytes

    def judge(self, luma: Plane) -> Plane:
        """Make the foreground of a (h, w) uint8 picture without learning from it.

        Returns:
            (h, w) uint8, 255 where a pixel is beyond its own threshold, before the vote.
        """
        firing = np.asarray(cv2.absdiff(luma, self._background), np.uint8)
        cv2.subtract(firing, self._excess, dst=firing)
        # The background of a pixel strays about its median by half a step.
        above(firing, LEAST_THRESHOLD + self._step // 2, firing)
        # The median of a binary picture is its mean against one half.
        cv2.blur(half(firing), (VOTERS_PX, VOTERS_PX), dst=self.foreground)
        above(self.foreground, 127, self.foreground)
        return firing

    def learn(self, luma: Plane, firing: Plane, elapsed_s: float) -> None:
        """Learn from the (h, w) uint8 picture just judged, `elapsed_s` after the one before.

        Args:
            luma: the picture.
            firing: what `judge` returned for it; it is used up.
            elapsed_s: seconds since the picture before.
        """
        if elapsed_s > STALE_GAP_S:
            self.rebase(luma)
            return
        self._adapt_thresholds(firing, elapsed_s)
        self._follow(luma, elapsed_s)

    def relight(self, light: Light) -> None:
        """Bring the background into another light."""
        light.apply(self._background)

    def rebase(self, luma: Plane) -> None:
        """Take a (h, w) uint8 picture as the background, and nothing as foreground."""
        np.copyto(self._background, luma)
        self.foreground.fill(0)

    def _follow(self, luma: Plane, elapsed_s: float) -> None:
        self._levels = min(self._levels + LEVELS_PER_S * elapsed_s, float(MAX_STEP))
        step = int(self._levels)
        if step == 0:
            return
        self._step = step
        self._levels -= step
        brighter = np.asarray(cv2.subtract(luma, self._background), np.uint8)
        darker = np.asarray(cv2.subtract(self._background, luma), np.uint8)
        at_most(brighter, step)
        at_most(darker, step)
        cv2.add(self._background, brighter, dst=self._background)
        cv2.subtract(self._background, darker, dst=self._background)

    def _adapt_thresholds(self, firing: Plane, elapsed_s: float) -> None:
        self._blink_s += elapsed_s
        if self._blink_s < BLINK_PERIOD_S:
            return
        raised = int(min(BLINK_LEVELS_PER_S * self._blink_s, MOST_BLINK))
        self._sink_levels += SINK_LEVELS_PER_S * self._blink_s
        self._blink_s = 0.0
        cv2.subtract(firing, doubled(self.foreground), dst=firing)
        at_most(firing, raised)
        cv2.add(self._excess, firing, dst=self._excess)
        at_most(self._excess, MOST_EXCESS)
        sink = int(self._sink_levels)
        if sink:
            self._sink_levels -= sink
            lower(self._excess, min(sink, MOST_EXCESS))
