"""The stationary model: which pixels have taken a new value and kept it.

Each pixel at half the working size has two modes: the scenery, and a value that may become one.
A counter says how long the second has held. The scenery never learns under foreground, so a
stopped vehicle is never absorbed by waiting; only what has been judged is learned into it.
"""

import math
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.compiled import compiled
from sharpeyes.detectors.levels import apart, followed, lowered, raised
from sharpeyes.detectors.light import Light
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.surface import Slack, Surface, blank, copy_where

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
ALONE_BELOW: Final = 9
"""A foreign pixel blinks with fewer of them in the 5 x 5 around it, itself included."""
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

Levels = npt.NDArray[np.int64]
"""(c,): levels of each plane."""


class StillnessModel:
    """Scenery and candidate value of every pixel.

    Attributes:
        scenery: (c, h, w) uint8, what belongs here.
        count: (h, w) uint8, how long a new value has held: `FULL` after the settling time.
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
        self._noise = np.zeros(len(surface))
        self._slack = np.zeros(len(surface), np.int64)
        self._levels = 0.0
        self._sink_s = 0.0
        self._tick_s = 0.0

    @property
    def slack(self) -> Slack:
        """What the picture's noise adds to the difference of each plane, in levels."""
        return tuple(self._slack.tolist())

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
        share = min(elapsed_s / self._settle_s, 1.0 / LEAST_LOOKS)
        rise = max(1, round(255 * share))
        self.full_after_s = math.ceil(FULL / rise) * min(elapsed_s, MOST_WATCHED_S)
        tick, step = self._next_tick(elapsed_s), self._next_step(elapsed_s)
        is_overdue = _look(
            surface,
            held,
            (rise, tick, step, self._next_sink(elapsed_s)),
            (self._noise, self._slack),
            (self.scenery, self._candidate, self.count, self._excess, self.differs),
        )
        if tick and is_overdue:
            self.learn(surface, (self.count >= OVERDUE).view(np.uint8) * np.uint8(255))

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

    def _next_tick(self, elapsed_s: float) -> int:
        """Return by how much full counters rise now, 0 or 1."""
        self._tick_s += elapsed_s
        if self._tick_s < OVERDUE_TICK_S:
            return 0
        self._tick_s = 0.0
        return 1

    def _next_step(self, elapsed_s: float) -> int:
        """Return by how many whole levels the scenery may follow now."""
        self._levels = min(self._levels + DRIFT_LEVELS_PER_S * elapsed_s, float(NEAR_LEVELS))
        step = int(self._levels)
        self._levels -= step
        return step

    def _next_sink(self, elapsed_s: float) -> int:
        """Return by how many whole levels raised thresholds sink now."""
        self._sink_s += elapsed_s
        sink = int(self._sink_s / SINK_PERIOD_S)
        self._sink_s -= sink * SINK_PERIOD_S
        return sink


# Each loop has few arrays and no branches, so that it does many pixels at a time.


@compiled("void(uint8[:, :, ::1], uint8[:, :, ::1], float64[::1], int64[::1])")
def _measure_noise(
    surface: Surface, scenery: Surface, noise: npt.NDArray[np.float64], slack: Levels
) -> None:
    """Follow the median difference from the scenery: most of a picture is scenery.

    Args:
        surface: (c, h, w) uint8 picture.
        scenery: (c, h, w) uint8.
        noise: (c,) levels, changed.
        slack: (c,) levels, written.
    """
    planes, height, width = surface.shape
    for plane in range(planes):
        histogram = np.zeros(256, np.int64)
        for y in range(0, height, NOISE_ROWS):
            for x in range(width):
                histogram[apart(surface[plane, y, x], scenery[plane, y, x])] += 1
        middle = histogram.sum() // 2
        median, below = 0, histogram[0]
        while below <= middle:
            median += 1
            below += histogram[median]
        noise[plane] += NOISE_SHARE * (median - noise[plane])
        slack[plane] = max(0, round(NOISE_SPREAD * noise[plane]) - NEAR_LEVELS)


@compiled("uint8(uint8, boolean, uint8, uint8)")
def _next_count(count: int, holds: bool, rise: int, tick: int) -> int:
    """Return a counter after a look in which its pixel held its new value or did not."""
    # A passing vehicle may hide the thing for as long as half of what it has served.
    fallen = lowered(count, max(1, rise // 2))
    # Nothing rises beyond full here, and what is beyond stays.
    risen = max(count, min(raised(count, rise), FULL))
    now = risen if holds else fallen
    return raised(now, tick) if now >= FULL else now


@compiled("void(uint8[:, :, ::1], uint8[:, :, ::1], int64[::1], uint8[:, ::1], uint8[:, ::1])")
def _differ(
    surface: Surface, scenery: Surface, slack: Levels, excess: Plane, foreign: Plane
) -> None:
    """Say where a picture differs from the scenery.

    Args:
        surface: (c, h, w) uint8 picture.
        scenery: (c, h, w) uint8.
        slack: (c,) levels of each plane's noise.
        excess: (h, w) uint8, by how much each pixel's threshold has risen.
        foreign: (h, w) uint8, written: 255 where any plane differs, else 0.
    """
    planes, height, width = surface.shape
    foreign[:] = 0
    for plane in range(planes):
        noise = slack[plane]
        for y in range(height):
            for x in range(width):
                level = lowered(apart(surface[plane, y, x], scenery[plane, y, x]), noise)
                foreign[y, x] = max(level, foreign[y, x])
    for y in range(height):
        for x in range(width):
            differs = lowered(foreign[y, x], excess[y, x]) > NEAR_LEVELS
            foreign[y, x] = 255 if differs else 0


@compiled("void(uint8[:, ::1], uint8[:, ::1], UniTuple(int64, 3), UniTuple(uint8[:, ::1], 3))")
def _count(
    luma: Plane, counted: Plane, levels: tuple[int, int, int], model: tuple[Plane, Plane, Plane]
) -> None:
    """Count for how long each pixel has held a new value.

    Args:
        luma: (h, w) uint8, as all planes here.
        counted: not 0 where the picture differs from the scenery and no candidate stands.
        levels: of the luma's noise, by which a counter rises, and a full one rises beyond.
        model: by how much each pixel's threshold has risen; and, changed, the candidate values and
            the counters.
    """
    noise, rise, tick = levels
    excess, candidate, count = model
    height, width = luma.shape
    for y in range(height):
        for x in range(width):
            change = lowered(apart(luma[y, x], candidate[y, x]), noise)
            holds = (lowered(change, excess[y, x]) <= NEAR_LEVELS) & (counted[y, x] > 0)
            count[y, x] = _next_count(count[y, x], holds, rise, tick)
    for y in range(height):
        for x in range(width):
            # With no counter left it takes the present value, and begins again.
            begins = (count[y, x] == 0) & (counted[y, x] > 0)
            candidate[y, x] = luma[y, x] if begins else candidate[y, x]


@compiled("void(uint8[:, :, ::1], uint8[:, ::1], int64, uint8[:, :, ::1])")
def _drift(surface: Surface, foreign: Plane, step: int, scenery: Surface) -> None:
    """Let the scenery follow the picture by at most a step, where nothing is foreign.

    Args:
        surface: (c, h, w) uint8 picture.
        foreign: (h, w) uint8, not 0 where the picture differs, or a candidate stands.
        step: levels.
        scenery: (c, h, w) uint8, changed.
    """
    planes, height, width = surface.shape
    for plane in range(planes):
        for y in range(height):
            for x in range(width):
                most = 0 if foreign[y, x] else step
                scenery[plane, y, x] = followed(scenery[plane, y, x], surface[plane, y, x], most)


@compiled("int64(int64, int64)")
def _mirrored(index: int, size: int) -> int:
    """Return an index of 0 to size - 1: what is beyond a border is what is as far within."""
    if size == 1:
        return 0
    while not 0 <= index < size:
        index = -index if index < 0 else 2 * (size - 1) - index
    return index


@compiled("void(uint8[:, ::1], int64, uint8[:, ::1])")
def _blink(foreign: Plane, sink: int, excess: Plane) -> None:
    """Raise the thresholds of pixels that differ alone, and let all sink.

    Args:
        foreign: (h, w) uint8, 255 where the picture differs from the scenery, else 0.
        sink: levels.
        excess: (h, w) uint8, by how much each pixel's threshold has risen, 0 to `MOST_EXCESS`.
    """
    height, width = foreign.shape
    across = np.empty((height, width), np.uint8)
    wide = np.empty(width + 4, np.uint8)
    for y in range(height):
        for x in range(width + 4):
            wide[x] = foreign[y, _mirrored(x - 2, width)] & 1
        for x in range(width):
            across[y, x] = wide[x] + wide[x + 1] + wide[x + 2] + wide[x + 3] + wide[x + 4]
    around = np.empty(width, np.uint8)
    for y in range(height):
        around[:] = 0
        for neighbour in range(y - 2, y + 3):
            row = across[_mirrored(neighbour, height)]
            for x in range(width):
                around[x] += row[x]
        for x in range(width):
            alone = (foreign[y, x] > 0) & (around[x] < ALONE_BELOW)
            risen = min(raised(excess[y, x], BLINK_RAISE), MOST_EXCESS)
            excess[y, x] = lowered(risen if alone else excess[y, x], sink)


@compiled(
    "boolean(uint8[:, :, ::1], uint8[:, ::1], UniTuple(int64, 4),"
    " Tuple((float64[::1], int64[::1])),"
    " Tuple((uint8[:, :, ::1], uint8[:, ::1], uint8[:, ::1], uint8[:, ::1], uint8[:, ::1])))"
)
def _look(
    surface: Surface,
    held: Plane,
    levels: tuple[int, int, int, int],
    noise: tuple[npt.NDArray[np.float64], Levels],
    model: tuple[Surface, Plane, Plane, Plane, Plane],
) -> bool:
    """Look at one picture; all in one call, since each costs as much as some loops.

    Args:
        surface: (c, h, w) uint8 picture.
        held: (h, w) uint8, 255 where a candidate stands, else 0.
        levels: by which a counter rises, a full one rises beyond, the scenery may follow, and
            thresholds sink.
        noise: (c,) of each plane, and its slack; both are changed.
        model: scenery, candidate values, counters, by how much each pixel's threshold has risen,
            and what differs; all are changed.

    Returns:
        Whether any counter is overdue.
    """
    rise, tick, step, sink = levels
    scenery, candidate, count, excess, differs = model
    deviation, slack = noise
    _measure_noise(surface, scenery, deviation, slack)
    foreign = np.empty_like(count)
    _differ(surface, scenery, slack, excess, foreign)
    for y in range(differs.shape[0]):
        for x in range(differs.shape[1]):
            differs[y, x] = foreign[ASKED_PX * y, ASKED_PX * x]
    _count(surface[0], foreign & ~held, (slack[0], rise, tick), (excess, candidate, count))
    _drift(surface, foreign | held, step, scenery)
    _blink(foreign, sink, excess)
    most = np.uint8(0)
    for y in range(count.shape[0]):
        for x in range(count.shape[1]):
            most = max(most, count[y, x])
    return bool(most >= OVERDUE)
