"""The motion model: what moves right now.

An approximate median (McFarlane and Schofield 1995): the background steps towards each new
picture by a fixed number of levels a second, so that no sampling rate changes what it learns.
Each pixel has its own threshold, which rises where it fires alone ("blinks": leaves, noise) and
sinks slowly, after the idea of SuBSENSE (St-Charles et al. 2015). What moves is decided by the
mean difference of a neighbourhood, each pixel's capped at twice the threshold: a majority vote in
which the undecided count half. It is the mean of 3 x 3, twice: what is near counts more.
"""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.compiled import compiled
from sharpeyes.detectors.levels import apart, followed, lowered, raised
from sharpeyes.detectors.light import Light
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


class MotionModel:
    """Background, thresholds and foreground of one camera at one size.

    Attributes:
        foreground: (h, w) uint8, 255 where the last picture differs from the background.
    """

    def __init__(self, luma: Plane) -> None:
        """Take the first (h, w) uint8 picture as background."""
        self._background = luma.copy()
        self._excess = np.zeros_like(luma)
        self._means = np.zeros_like(luma)
        self.foreground = np.zeros_like(luma)
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
        cv2.threshold(mask, self._threshold, 255, cv2.THRESH_BINARY, dst=mask)
        return mask

    def judge(self, luma: Plane) -> float:
        """Make the foreground of a (h, w) uint8 picture without learning from it.

        Returns:
            The share of the picture that is foreground, 0-1.
        """
        learned, made = (self._background, self._excess), (self._means, self.foreground)
        moving = _judge(luma, learned, self._threshold, made)
        return moving / luma.size

    def learn(self, luma: Plane, elapsed_s: float) -> None:
        """Learn from the (h, w) uint8 picture just judged, `elapsed_s` after the one before."""
        if elapsed_s > STALE_GAP_S:
            self.rebase(luma)
            return
        threshold = self._threshold
        rise, sink = self._blink_levels(elapsed_s)
        step = self._next_step(elapsed_s)
        if rise or step:
            learned = (self._background, self._excess)
            _learn(luma, self.foreground, threshold, (rise, sink, step), learned)

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

    def _next_step(self, elapsed_s: float) -> int:
        """Return by how many whole levels the background may follow now."""
        self._levels = min(self._levels + LEVELS_PER_S * elapsed_s, float(MAX_STEP))
        step = int(self._levels)
        if step:
            self._step = step
            self._levels -= step
        return step

    def _blink_levels(self, elapsed_s: float) -> tuple[int, int]:
        """Return by how many whole levels thresholds rise and sink now."""
        self._blink_s += elapsed_s
        if self._blink_s < BLINK_PERIOD_S:
            return 0, 0
        rise = int(min(BLINK_LEVELS_PER_S * self._blink_s, MOST_BLINK))
        self._sink_levels += SINK_LEVELS_PER_S * self._blink_s
        self._blink_s = 0.0
        sink = int(self._sink_levels)
        self._sink_levels -= sink
        return rise, sink


@compiled("void(uint8[:, ::1], uint16[:, ::1], uint8[:, ::1])")
def _mean_of_neighbours(plane: Plane, sums: npt.NDArray[np.uint16], means: Plane) -> None:
    """Average 3 x 3, rounded; beyond a border is what is as far within.

    Args:
        plane: (h, w) uint8.
        sums: (h, w) uint16, used up.
        means: (h, w) uint8, written; it may be the plane itself.
    """
    height, width = plane.shape
    for y in range(height):
        for x in range(1, width - 1):
            sums[y, x] = plane[y, x - 1] + plane[y, x] + plane[y, x + 1]
        sums[y, 0] = plane[y, 0] + 2 * plane[y, min(1, width - 1)]
        sums[y, width - 1] = plane[y, width - 1] + 2 * plane[y, max(width - 2, 0)]
    for y in range(height):
        here = sums[y]
        above = sums[y - 1] if y > 0 else sums[min(1, height - 1)]
        below = sums[y + 1] if y < height - 1 else sums[max(height - 2, 0)]
        for x in range(width):
            means[y, x] = (above[x] + here[x] + below[x] + 4) // 9


@compiled("int64(uint8[:, ::1], UniTuple(uint8[:, ::1], 2), int64, UniTuple(uint8[:, ::1], 2))")
def _judge(
    luma: Plane, learned: tuple[Plane, Plane], threshold: int, made: tuple[Plane, Plane]
) -> int:
    """Make the foreground of a picture.

    Args:
        luma: (h, w) uint8, as all planes here.
        learned: the background, and by how much each pixel's threshold has risen.
        threshold: above which a mean difference is foreground, levels.
        made: two planes that are written: mean differences beyond what the threshold has risen
            by, each at most twice the threshold; and 255 where something moves, else 0.

    Returns:
        Pixels of the foreground.
    """
    background, excess = learned
    means, foreground = made
    height, width = luma.shape
    for y in range(height):
        for x in range(width):
            beyond = lowered(apart(luma[y, x], background[y, x]), excess[y, x])
            means[y, x] = min(beyond, 2 * threshold)
    sums = np.empty((height, width), np.uint16)
    _mean_of_neighbours(means, sums, means)
    _mean_of_neighbours(means, sums, means)
    moving = 0
    for y in range(height):
        for x in range(width):
            moves = means[y, x] > threshold
            foreground[y, x] = 255 * moves
            moving += moves
    return moving


@compiled(
    "void(uint8[:, ::1], uint8[:, ::1], int64, UniTuple(int64, 3), UniTuple(uint8[:, ::1], 2))"
)
def _learn(
    luma: Plane,
    foreground: Plane,
    threshold: int,
    levels: tuple[int, int, int],
    learned: tuple[Plane, Plane],
) -> None:
    """Learn from a judged picture.

    Args:
        luma: (h, w) uint8, as all planes here.
        foreground: what `_judge` made of it.
        threshold: by which it was judged.
        levels: by which thresholds rise where a pixel fires alone, by which they sink, and by
            which the background may follow.
        learned: the background, and by how much each pixel's threshold has risen, 0 to
            `MOST_EXCESS`; both are changed.
    """
    rise, sink, step = levels
    background, excess = learned
    height, width = luma.shape
    for y in range(height):
        for x in range(width):
            beyond = lowered(apart(luma[y, x], background[y, x]), excess[y, x])
            alone = (beyond > threshold) & (foreground[y, x] == 0)
            risen = min(raised(excess[y, x], rise), MOST_EXCESS)
            excess[y, x] = lowered(risen if alone else excess[y, x], sink)
    for y in range(height):
        for x in range(width):
            background[y, x] = followed(background[y, x], luma[y, x], step)
