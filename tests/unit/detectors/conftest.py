"""A drawn street in which things stop, pass and leave."""

import itertools
from collections.abc import Callable, Iterable

import numpy as np
import numpy.typing as npt
import pytest

Picture = npt.NDArray[np.uint8]
BoxXyxy = tuple[int, int, int, int]


@pytest.fixture(scope="session")
def street() -> Callable[..., Picture]:
    """Draws a 320 x 180 BGR picture of a noisy street with car-like boxes in some light."""
    random = np.random.default_rng(7)
    ground = random.normal(105, 4, (180, 320, 1)) + np.array([2.0, 0.0, -2.0])
    ground[:60] += 40
    ground[118:122, ::2] += 60
    ground = ground.astype(np.float32)
    noises = itertools.cycle(random.normal(0, 2, (11, 180, 320, 3)).astype(np.float32))

    def draw(things: Iterable[BoxXyxy] = (), light: float = 1.0) -> Picture:
        canvas = ground.copy()
        for left, top, right, bottom in things:
            canvas[top:bottom, left:right] = (60, 50, 160)
            canvas[top + 2 : (top + bottom) // 2, left + 4 : right - 4] = (40, 40, 40)
        canvas *= light
        canvas += next(noises)
        return np.asarray(np.clip(canvas, 0, 255), np.uint8)

    return draw
