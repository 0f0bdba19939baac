"""Ready-made streets: who drives through them and who stops."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from sharpeyes.devices.simulator.scene import LANES_X_M, ONCOMING_LANES, Scene, Vehicle, VehicleKind
from sharpeyes.devices.simulator.view import View

SCENE_NAMES = ("parked", "busy", "quiet")

_LANE_BESIDE_STRIP = len(LANES_X_M) - 1
_DRIVE_THROUGH_S = 16.0  # the slowest lane's time from one end to the other, and some more
_PAINTS = (
    (238, 238, 238),
    (196, 198, 200),
    (34, 34, 36),
    (44, 40, 158),
    (132, 82, 36),
    (70, 120, 180),
    (96, 98, 100),
)
_KINDS = (VehicleKind.CAR, VehicleKind.CAR, VehicleKind.SUV, VehicleKind.VAN)


@dataclass(frozen=True, slots=True)
class _Stop:
    """When the stopping vehicle of a scene does what."""

    appear_s: float
    stop_s: float
    leave_s: float
    colour_bgr: tuple[int, int, int]
    kind: VehicleKind


def make_scene(name: str, seed: int = 1) -> Scene:
    """One of the ready-made streets.

    "parked": a dark car stops in the no-parking strip from 30 s to 125 s of 150 s, little traffic.
    "busy": dense traffic; a van stops for 8 s, which is nobody's business.
    "quiet": a vehicle now and then, none of which stops.

    Args:
        name: one of SCENE_NAMES.
        seed: of the buildings, trees and of the passing traffic.

    Raises:
        ValueError: there is no scene of that name.
    """
    match name:
        case "parked":
            stop = _Stop(25.0, 30.0, 125.0, (112, 44, 40), VehicleKind.CAR)
            return _scene(name, seed, loop_s=150, gap_s=9.0, view=View(), stop=stop)
        case "busy":
            view = View(x_m=1.0, height_m=6.6, pitch_deg=14.0, yaw_deg=1.0)
            stop = _Stop(24.0, 29.0, 37.0, (236, 236, 236), VehicleKind.VAN)
            return _scene(name, seed, loop_s=60, gap_s=4.0, view=view, stop=stop)
        case "quiet":
            view = View(x_m=-1.2, height_m=5.5, pitch_deg=12.0, yaw_deg=5.0)
            return _scene(name, seed, loop_s=60, gap_s=16.0, view=view, stop=None)
        case _:
            raise ValueError(f"no scene {name!r}; there are {', '.join(SCENE_NAMES)}")


def _scene(
    name: str,
    seed: int,
    *,
    loop_s: int,
    gap_s: float,
    view: View,
    stop: _Stop | None,
) -> Scene:
    rng = np.random.default_rng(seed)
    vehicles = [
        vehicle
        for lane in range(len(LANES_X_M))
        for vehicle in _passing(rng, lane, loop_s=loop_s, gap_s=gap_s)
        if stop is None or not _in_the_way(vehicle, stop)
    ]
    if stop is not None:
        vehicles.append(
            Vehicle(
                kind=stop.kind,
                colour_bgr=stop.colour_bgr,
                lane=_LANE_BESIDE_STRIP,
                appear_s=stop.appear_s,
                stop_s=stop.stop_s,
                leave_s=stop.leave_s,
            ),
        )
    return Scene(name=name, seed=seed, loop_s=loop_s, vehicles=tuple(vehicles), view=view)


def _passing(
    rng: np.random.Generator, lane: int, *, loop_s: int, gap_s: float
) -> Iterator[Vehicle]:
    """Vehicles of one lane, all equally fast, so that none overtakes another."""
    speed_m_s = float(rng.uniform(8.5, 12.5))
    appear_s = float(rng.uniform(1.0, gap_s))
    while appear_s < loop_s - _DRIVE_THROUGH_S:
        yield Vehicle(
            kind=_KINDS[int(rng.integers(len(_KINDS)))],
            colour_bgr=_PAINTS[int(rng.integers(len(_PAINTS)))],
            lane=lane,
            appear_s=round(appear_s, 2),
            speed_m_s=round(speed_m_s, 2),
        )
        appear_s += 2.0 + float(rng.exponential(gap_s))


def _in_the_way(vehicle: Vehicle, stop: _Stop) -> bool:
    """Whether a passing vehicle would meet the stopping one as it steers in or out."""
    if vehicle.lane in ONCOMING_LANES:
        return False
    return any(
        start_s - 6.0 < vehicle.appear_s < end_s + 4.0
        for start_s, end_s in (
            (stop.appear_s, stop.stop_s),
            (stop.leave_s - _DRIVE_THROUGH_S, stop.leave_s + _DRIVE_THROUGH_S),
        )
    )
