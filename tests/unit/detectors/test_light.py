import cv2
import numpy as np
import pytest

from sharpeyes.detectors.light import changed_light, find_light
from sharpeyes.detectors.picture import Plane


def ground() -> Plane:
    random = np.random.default_rng(3)
    coarse = random.integers(40, 160, (9, 16), np.uint8)
    return np.asarray(cv2.resize(coarse, (160, 90), interpolation=cv2.INTER_LINEAR), np.uint8)


@pytest.mark.parametrize(("gain", "offset"), [(1.3, 0.0), (0.6, 0.0), (1.0, 15.0), (0.8, 20.0)])
def test_a_change_of_light_is_found_in_spite_of_a_lorry(gain: float, offset: float) -> None:
    before = ground()
    now = np.clip(before * gain + offset, 0, 255).astype(np.uint8)
    now[40:, 100:] = 230
    light = find_light(before, now)
    assert light.gain == pytest.approx(gain, abs=0.06)
    light.apply(before)
    assert np.abs(before[:30].astype(int) - now[:30]).mean() < 3


def test_a_lorry_is_no_change_of_light() -> None:
    now = ground()
    now[10:, 60:] = 230
    assert changed_light(ground(), now) is None


def test_the_same_light_is_no_change() -> None:
    assert changed_light(ground(), ground()) is None
    assert find_light(ground(), ground()).gain == pytest.approx(1.0, abs=0.01)


def test_a_black_picture_has_a_light_too() -> None:
    luma = ground()
    find_light(luma, np.zeros_like(luma)).apply(luma)
    assert luma.max() < 20
