import itertools

import pytest

from sharpeyes.devices.simulator.scene import (
    Scene,
    Vehicle,
    VehicleKind,
    gone_s,
    place,
    vehicle_box,
)
from sharpeyes.devices.simulator.traffic import SCENE_NAMES, make_scene
from sharpeyes.devices.simulator.view import View

STOPPER = Vehicle(
    kind=VehicleKind.CAR, colour_bgr=(0, 0, 0), lane=2, appear_s=2.0, stop_s=6.0, leave_s=20.0
)
PASSER = Vehicle(kind=VehicleKind.VAN, colour_bgr=(0, 0, 0), lane=0, appear_s=1.0)


def inside(point: tuple[float, float], polygon: tuple[tuple[float, float], ...]) -> bool:
    x, y = point
    crossings = 0
    for (x1, y1), (x2, y2) in zip(polygon, (*polygon[1:], polygon[0]), strict=True):
        if (y1 > y) != (y2 > y) and x < x1 + (y - y1) / (y2 - y1) * (x2 - x1):
            crossings += 1
    return crossings % 2 == 1


def test_a_stopping_vehicle_stands_between_its_stop_and_its_leaving() -> None:
    view = View()
    stood = {place(view, STOPPER, time_s) for time_s in (6.0, 10.0, 19.9)}
    assert len(stood) == 1
    assert place(view, STOPPER, 1.9) is None
    assert place(view, STOPPER, gone_s(view, STOPPER)) is None
    moving = [place(view, STOPPER, time_s) for time_s in (2.0, 4.0, 5.9, 6.0, 21.0, 25.0)]
    along = [at[1] for at in moving if at is not None]
    assert along == sorted(along)
    assert len(set(along)) == 6


def test_a_stopping_vehicle_never_jumps() -> None:
    view = View()
    places = [place(view, STOPPER, 2.0 + tenth / 10) for tenth in range(280)]
    there = [at for at in places if at is not None]
    steps = [max(abs(x2 - x1), abs(z2 - z1)) for (x1, z1), (x2, z2) in itertools.pairwise(there)]
    assert max(steps) < 2.0  # metres in a tenth of a second


@pytest.mark.parametrize("vehicle", [STOPPER, PASSER])
def test_a_vehicle_enters_and_leaves_where_it_cannot_be_seen_well(vehicle: Vehicle) -> None:
    scene = Scene(name="one", seed=1, loop_s=60, vehicles=(vehicle,))
    for time_s in (vehicle.appear_s, gone_s(scene.view, vehicle) - 0.01):
        box = vehicle_box(scene, vehicle, time_s)
        if box is None:
            continue
        x1, y1, x2, y2 = box
        at_lower_edge = y1 > 0.97 * scene.view.height_px
        assert at_lower_edge or (x2 - x1) * (y2 - y1) < 200


@pytest.mark.parametrize("name", SCENE_NAMES)
@pytest.mark.parametrize("seed", [1, 2, 3, 40])
def test_ready_scenes_are_empty_at_the_loop_point_and_repeat(name: str, seed: int) -> None:
    scene = make_scene(name, seed)
    assert scene == make_scene(name, seed)
    for time_s in (0.0, scene.loop_s - 0.2):
        assert [v for v in scene.vehicles if vehicle_box(scene, v, time_s) is not None] == []
    first = scene.vehicles[0]
    time_s = first.appear_s + 3.0
    box = vehicle_box(scene, first, time_s)
    assert box is not None
    assert box == pytest.approx(vehicle_box(scene, first, time_s + scene.loop_s))


@pytest.mark.parametrize(("name", "stays_s"), [("parked", [95.0]), ("busy", [8.0]), ("quiet", [])])
def test_who_stops_where_in_the_ready_scenes(name: str, stays_s: list[float]) -> None:
    scene = make_scene(name)
    found = []
    for vehicle in scene.stopping:
        assert vehicle.stop_s is not None
        assert vehicle.leave_s is not None
        found.append(vehicle.leave_s - vehicle.stop_s)
        box = vehicle_box(scene, vehicle, vehicle.stop_s)
        assert box is not None
        x1, y1, x2, y2 = box
        assert x2 - x1 > 50
        assert y2 - y1 > 40
        foot = ((x1 + x2) / 2 / scene.view.width_px, y2 / scene.view.height_px)
        assert inside(foot, scene.no_parking)
    assert found == stays_s


def test_passing_vehicles_keep_apart_from_the_one_that_stops() -> None:
    scene = make_scene("busy", 5)
    (stopping,) = scene.stopping
    beside = [v for v in scene.vehicles if v.lane == stopping.lane and v is not stopping]
    for tenth in range(scene.loop_s * 10):
        at = place(scene.view, stopping, tenth / 10)
        if at is None:
            continue
        for other in beside:
            there = place(scene.view, other, tenth / 10)
            touching = (
                there is not None and abs(there[0] - at[0]) < 1.9 and abs(there[1] - at[1]) < 5.0
            )
            assert not touching


def test_a_vehicle_that_outlasts_the_loop_is_refused() -> None:
    with pytest.raises(ValueError, match="scene late: a vehicle is there from 55 to"):
        Scene(
            name="late",
            seed=1,
            loop_s=60,
            vehicles=(Vehicle(VehicleKind.CAR, (0, 0, 0), lane=0, appear_s=55),),
        )


def test_an_unknown_scene_is_refused() -> None:
    with pytest.raises(ValueError, match="no scene 'harbour'; there are parked, busy, quiet"):
        make_scene("harbour")
