import numpy as np
import numpy.typing as npt
import pytest

from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.scene import vehicle_box
from sharpeyes.devices.simulator.traffic import SCENE_NAMES, make_scene


def difference(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> npt.NDArray[np.int16]:
    apart: npt.NDArray[np.int16] = np.abs(one.astype(np.int16) - other).max(axis=2)
    return apart


@pytest.mark.parametrize("name", SCENE_NAMES)
def test_a_picture_has_the_promised_form_and_depends_on_nothing_else(name: str) -> None:
    scene = make_scene(name)
    picture = render(scene, 3.4)
    assert picture.shape == (360, 640, 3)
    assert picture.dtype == np.uint8
    assert np.array_equal(picture, render(scene, 3.4))
    assert np.array_equal(picture, render(scene, 3.4 + scene.loop_s))
    assert not np.array_equal(picture, render(scene, 3.6))


def test_streets_differ_by_seed() -> None:
    one, other = render(make_scene("quiet", 1), 0.0), render(make_scene("quiet", 2), 0.0)
    assert (difference(one, other) > 30).mean() > 0.05


def test_the_standing_vehicle_fills_its_box_and_changes_little_else() -> None:
    scene = make_scene("parked")
    (vehicle,) = scene.stopping
    box = vehicle_box(scene, vehicle, 60.0)
    assert box is not None
    x1, y1, x2, y2 = (round(edge) for edge in box)
    changed = difference(render(scene, 0.0), render(scene, 60.0)) > 25
    assert changed[y1:y2, x1:x2].mean() > 0.6
    changed[y1 - 4 : y2 + 6, x1 - 24 : x2 + 4] = False  # the shadow falls to the left
    changed[:30, :200] = False  # the clock
    for other in scene.vehicles:
        passing = vehicle_box(scene, other, 60.0)
        if passing is not None:
            left, top, right, bottom = (round(edge) for edge in passing)
            changed[top - 4 : bottom + 8, left - 40 : right + 4] = False
    assert changed.mean() < 0.001


def test_a_moving_vehicle_is_where_the_truth_says() -> None:
    scene = make_scene("quiet")
    vehicle = scene.vehicles[0]
    empty = render(scene, 0.0)
    seen = 0
    for step in range(8):
        time_s = vehicle.appear_s + 0.5 + step
        box = vehicle_box(scene, vehicle, time_s)
        if box is None or box[3] - box[1] < 12:
            continue
        x1, y1, x2, y2 = (round(edge) for edge in box)
        changed = difference(empty, render(scene, time_s)) > 25
        assert changed[y1:y2, x1:x2].mean() > 0.4
        seen += 1
    assert seen >= 3


def test_noise_is_mild_and_the_clock_runs() -> None:
    scene = make_scene("quiet")
    apart = render(scene, 0.0).astype(np.int16) - render(scene, 0.4).astype(np.int16)
    still = apart[40:]
    assert 1.5 < still.std() < 5.0
    assert abs(apart[:30, :200]).max() < 20  # the same second
    later = difference(render(scene, 0.0), render(scene, 1.0))
    assert later[:30, :200].max() > 100
