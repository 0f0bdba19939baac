import numpy as np
import numpy.typing as npt
import pytest

from sharpeyes.detectors.quality import PictureWatch
from sharpeyes.devices.fault import Fault
from sharpeyes.devices.jpeg import decode_jpeg
from sharpeyes.devices.simulator.city.gallery import Look, make_gallery
from sharpeyes.health.picture import judge_quality
from sharpeyes.health.status import Cause, Check, CheckResult


def results(picture: npt.NDArray[np.uint8]) -> list[CheckResult | None]:
    watch, told = PictureWatch(), []
    for number in range(3):
        watch, result = judge_quality(watch, picture, 300.0 * number)
        told.append(result)
    return told


@pytest.mark.parametrize(("level", "code"), [(0, 1), (128, 14)])
def test_a_picture_that_shows_nothing_is_told_with_its_code(level: int, code: int) -> None:
    first, second, third = results(np.full((180, 320, 3), level, np.uint8))
    assert first is second is None
    assert third is not None
    assert third.cause is Cause.PICTURE
    assert f"(code {code})" in third.evidence


def test_noise_is_told() -> None:
    noise = np.random.default_rng(4).integers(0, 256, (360, 640, 3), np.uint8)
    told = results(noise)[2]
    assert told is not None
    assert told.cause is Cause.PICTURE


def test_what_only_a_reference_can_tell_is_no_fault() -> None:
    bright = np.full((180, 320, 3), 255, np.uint8)
    assert results(bright)[2] == CheckResult(Check.PICTURE)


def test_a_street_is_well() -> None:
    random = np.random.default_rng(8)
    street = np.kron(random.integers(60, 180, (18, 32)), np.ones((10, 10))) + random.normal(
        0, 2, (180, 320)
    )
    assert results(street.astype(np.uint8)) == [CheckResult(Check.PICTURE)] * 3


@pytest.mark.parametrize(
    ("look", "cause"), [(Look.STREET, Cause.NONE), (Look.BLACK, Cause.PICTURE)]
)
def test_a_simulated_citys_pictures(look: Look, cause: Cause) -> None:
    watch, told = PictureWatch(), None
    jpegs = make_gallery(7)[0, look].jpegs
    for number, jpeg in enumerate(jpegs[:3]):
        picture = decode_jpeg(jpeg, max_pixels=4_000_000, reduce=2)
        assert not isinstance(picture, Fault)
        watch, told = judge_quality(watch, picture, 300.0 * number)
    assert told is not None
    assert told.cause is cause
