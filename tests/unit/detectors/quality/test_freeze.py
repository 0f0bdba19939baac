from collections.abc import Callable

import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.quality import is_frozen

Picture = npt.NDArray[np.uint8]


def luma(street: Callable[..., Picture]) -> Picture:
    return np.ascontiguousarray(street()[..., 1])


def test_a_living_street_is_not_frozen(street: Callable[..., Picture]) -> None:
    assert not is_frozen(luma(street), luma(street))


def test_hostile_62_a_repeated_picture_is_frozen(street: Callable[..., Picture]) -> None:
    picture = luma(street)
    assert is_frozen(picture, picture.copy())


def test_a_running_clock_does_not_hide_a_dead_picture(street: Callable[..., Picture]) -> None:
    picture = luma(street)
    later = picture.copy()
    later[4:14, 200:310] = np.random.default_rng(1).integers(0, 255, (10, 110))
    assert is_frozen(picture, later)


def test_one_passer_by_is_life(street: Callable[..., Picture]) -> None:
    picture = luma(street)
    later = picture.copy()
    later[80:150, 100:160] += 9
    assert not is_frozen(picture, later)


def test_night_cannot_be_called_frozen() -> None:
    black = np.full((180, 320), 16, np.uint8)
    assert not is_frozen(black, black)


def test_another_size_is_not_frozen() -> None:
    assert not is_frozen(np.full((90, 160), 99, np.uint8), np.full((180, 320), 99, np.uint8))
