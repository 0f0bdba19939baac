import msgspec
import numpy as np

from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.quality import PictureFault, PictureVerdict, PictureWatch
from sharpeyes.detectors.quality.judging import Judged
from sharpeyes.detectors.quality.view import match

VIEW: Plane = np.random.default_rng(1).integers(0, 255, (90, 160), np.uint8)
HIDDEN = PictureVerdict(PictureFault.OCCLUSION, "half of the view is hidden")
WELL = PictureVerdict()


def told(
    verdicts: list[PictureVerdict], interval_s: float = 300, *, turns: bool = False
) -> list[PictureFault | None]:
    watch, told = PictureWatch(), []
    for number, verdict in enumerate(verdicts):
        judged = Judged(verdict, None)
        watch, said = watch.step(judged, VIEW, number * interval_s, turns=turns)
        told.append(said.fault if said else None)
        assert len(msgspec.msgpack.encode(watch)) < 2000
    return told


def test_a_fault_is_told_when_three_samples_agree() -> None:
    assert told([HIDDEN] * 3) == [None, None, PictureFault.OCCLUSION]


def test_three_pictures_of_a_minute_are_a_red_light() -> None:
    assert told([HIDDEN] * 4, interval_s=20) == [None] * 4


def test_a_passing_lorry_is_no_cover() -> None:
    assert set(told([HIDDEN, HIDDEN, WELL] * 4)) == {None, PictureFault.NORMAL}


def test_of_faults_that_alternate_the_commoner_is_told() -> None:
    noisy = PictureVerdict(PictureFault.NOISE, "noise")
    assert told([HIDDEN, noisy, HIDDEN, HIDDEN])[2:] == [PictureFault.OCCLUSION] * 2


def test_a_dome_may_look_elsewhere() -> None:
    elsewhere = PictureVerdict(PictureFault.SCENE_CHANGED, "elsewhere")
    assert set(told([elsewhere] * 6, turns=True)) == {PictureFault.NORMAL}
    assert PictureFault.SCENE_CHANGED in told([elsewhere] * 6)


def test_a_view_that_never_rests_wanders() -> None:
    elsewhere = Judged(PictureVerdict(PictureFault.SCENE_CHANGED, "elsewhere"), None)
    random, watch, said = np.random.default_rng(5), PictureWatch(), None
    for number in range(4):
        picture = np.repeat(np.repeat(random.integers(0, 255, (9, 16), np.uint8), 10, 0), 10, 1)
        watch, said = watch.step(elsewhere, picture, number * 300.0)
    assert said is not None
    assert said.fault is PictureFault.PTZ


def test_a_view_that_is_off_each_time_shakes() -> None:
    still = np.ones((9, 16), np.bool_)
    shown = np.repeat(np.repeat(VIEW[:18, :32], 5, 0), 5, 1)
    watch, said = PictureWatch(), None
    for number, shift in enumerate((0, 5, -4, 0, 6, -5, 4, -6)):
        matched = match(shown, np.roll(shown, shift, axis=1), still)
        watch, said = watch.step(Judged(WELL, matched), shown, number * 300.0)
    assert said is not None
    assert said.fault is PictureFault.JITTER
