"""What happens in a drawn street: the truth that tests compare findings with."""

import math
from dataclasses import dataclass, field
from enum import StrEnum

import numpy as np

from sharpeyes.devices.simulator.view import View

# Traffic keeps right, as in Wuhan: the left half of the road drives towards the camera.
ROAD_LEFT_M = -7.0
ROAD_RIGHT_M = 6.0
LANES_X_M = (-5.25, -1.75, 1.75)
ONCOMING_LANES = (0, 1)
STRIP_LEFT_M, STRIP_RIGHT_M = 3.5, ROAD_RIGHT_M  # the no-parking strip along the right kerb
STRIP_NEAR_M, STRIP_FAR_M = 11.0, 34.0
STRIP_X_M = 4.8  # a stopped vehicle's middle
STOP_Z_M = 18.0  # its nearer end
FAR_END_M = 110.0  # where the road bends out of sight
_PULL_OUT_M_S2 = 1.6
_STEER_SHARE = 0.6  # of the way to the stop on which it crosses into the strip


class VehicleKind(StrEnum):
    """The bodies that can be drawn."""

    CAR = "car"
    SUV = "suv"
    VAN = "van"


@dataclass(frozen=True, slots=True)
class Body:
    """Outer measures of a vehicle, in metres."""

    length_m: float
    width_m: float
    height_m: float


BODIES = {
    VehicleKind.CAR: Body(4.6, 1.82, 1.47),
    VehicleKind.SUV: Body(4.7, 1.90, 1.72),
    VehicleKind.VAN: Body(5.3, 1.98, 2.25),
}


@dataclass(frozen=True, slots=True)
class Vehicle:
    """One vehicle's visit to the scene.

    Args:
        kind: its body.
        colour_bgr: paint, 0-255 each.
        lane: index into LANES_X_M; a vehicle that stops comes from the lane beside the strip.
        appear_s: scene time at which it enters the picture.
        speed_m_s: of a vehicle that passes; one that stops brakes evenly all the way.
        stop_s: scene time from which it stands in the no-parking strip; None if it only passes.
        leave_s: scene time at which it drives off; None if it only passes.
    """

    kind: VehicleKind
    colour_bgr: tuple[int, int, int]
    lane: int
    appear_s: float
    speed_m_s: float = 10.0
    stop_s: float | None = None
    leave_s: float | None = None

    @property
    def body(self) -> Body:
        """Outer measures of its kind."""
        return BODIES[self.kind]


@dataclass(frozen=True, slots=True)
class Scene:
    """A street and everything that moves in it, repeating every `loop_s`.

    Nothing is in the picture at the loop point, so the repetition shows no jump.

    Args:
        name: what people call it.
        seed: of the scenery and of the sensor noise.
        loop_s: length; scene times are taken modulo this.
        vehicles: everyone who visits.
        view: where the camera stands.
        frames_per_s: of the streams made from it; loop_s holds a whole number of seconds.
    """

    name: str
    seed: int
    loop_s: int
    vehicles: tuple[Vehicle, ...]
    view: View = field(default_factory=View)
    frames_per_s: int = 5

    def __post_init__(self) -> None:
        """Refuse a vehicle that would still be there when the loop starts again."""
        for vehicle in self.vehicles:
            gone = gone_s(self.view, vehicle)
            if vehicle.appear_s < 0 or gone > self.loop_s:
                msg = (
                    f"scene {self.name}: a vehicle is there from {vehicle.appear_s} to {gone:.1f} s"
                    f" but the loop is {self.loop_s} s"
                )
                raise ValueError(msg)

    @property
    def stopping(self) -> tuple[Vehicle, ...]:
        """The vehicles that stand in the no-parking strip at some time."""
        return tuple(vehicle for vehicle in self.vehicles if vehicle.stop_s is not None)

    @property
    def no_parking(self) -> tuple[tuple[float, float], ...]:
        """The marked strip as a polygon of (x, y) in 0-1 of the picture.

        It reaches up to the height of a vehicle's waist, so that a standing vehicle's box has its
        bottom centre inside.
        """
        corners = np.array(
            [
                (x, 0.0, z)
                for x, z in (
                    (STRIP_LEFT_M - 0.4, STRIP_NEAR_M),
                    (STRIP_LEFT_M - 0.4, STRIP_FAR_M),
                    (STRIP_RIGHT_M + 0.6, STRIP_FAR_M),
                    (STRIP_RIGHT_M + 0.6, STRIP_NEAR_M),
                )
            ],
        )
        pixels = self.view.project(corners) / (self.view.width_px, self.view.height_px)
        return tuple((float(x), float(y)) for x, y in np.clip(pixels, 0.0, 1.0))


def gone_s(view: View, vehicle: Vehicle) -> float:
    """The scene time at which a vehicle has left the picture."""
    if vehicle.leave_s is not None:
        return vehicle.leave_s + math.sqrt(2 * (FAR_END_M - STOP_Z_M) / _PULL_OUT_M_S2)
    return vehicle.appear_s + (FAR_END_M - _entry_m(view, vehicle)) / vehicle.speed_m_s


def place(view: View, vehicle: Vehicle, time_s: float) -> tuple[float, float] | None:
    """Where a vehicle is on the road.

    Returns:
        (x of its middle, z of its nearer end) in metres; None while it is not in the scene.
    """
    if not vehicle.appear_s <= time_s < gone_s(view, vehicle):
        return None
    if vehicle.stop_s is not None and vehicle.leave_s is not None:
        return _place_stopping(view, vehicle, time_s, vehicle.stop_s, vehicle.leave_s)
    driven_m = vehicle.speed_m_s * (time_s - vehicle.appear_s)
    if vehicle.lane in ONCOMING_LANES:
        return LANES_X_M[vehicle.lane], FAR_END_M - driven_m
    return LANES_X_M[vehicle.lane], _entry_m(view, vehicle) + driven_m


def vehicle_box(
    scene: Scene,
    vehicle: Vehicle,
    time_s: float,
) -> tuple[float, float, float, float] | None:
    """The box around a vehicle in the picture.

    Returns:
        x1, y1, x2, y2 in pixels, cut to the picture; None while nothing of it can be seen.
    """
    at = place(scene.view, vehicle, time_s % scene.loop_s)
    if at is None:
        return None
    x, z = at
    body = vehicle.body
    corners = np.array(
        [
            (x + side * body.width_m / 2, up * body.height_m, z + along * body.length_m)
            for side in (-1, 1)
            for up in (0, 1)
            for along in (0, 1)
        ],
    )
    pixels = scene.view.project(corners)
    size = (scene.view.width_px, scene.view.height_px)
    x1, y1 = (float(v) for v in np.clip(pixels.min(axis=0), 0, size))
    x2, y2 = (float(v) for v in np.clip(pixels.max(axis=0), 0, size))
    return (x1, y1, x2, y2) if x2 > x1 and y2 > y1 else None


def _entry_m(view: View, vehicle: Vehicle) -> float:
    """The nearest place at which a vehicle is just outside the picture's lower edge."""
    return view.nearest_visible_m(vehicle.body.height_m) - vehicle.body.length_m


def _place_stopping(
    view: View,
    vehicle: Vehicle,
    time_s: float,
    stop_s: float,
    leave_s: float,
) -> tuple[float, float]:
    lane_x = LANES_X_M[vehicle.lane]
    if time_s < stop_s:
        share = (time_s - vehicle.appear_s) / (stop_s - vehicle.appear_s)
        way = 1 - (1 - share) ** 2  # even braking
        start = _entry_m(view, vehicle)
        steered = _ease(way / _STEER_SHARE)
        return lane_x + (STRIP_X_M - lane_x) * steered, start + (STOP_Z_M - start) * way
    if time_s < leave_s:
        return STRIP_X_M, STOP_Z_M
    driven_m = _PULL_OUT_M_S2 / 2 * (time_s - leave_s) ** 2
    return STRIP_X_M + (lane_x - STRIP_X_M) * _ease(driven_m / 15.0), STOP_Z_M + driven_m


def _ease(share: float) -> float:
    """From 0 to 1 without a corner at either end."""
    share = min(max(share, 0.0), 1.0)
    return share * share * (3 - 2 * share)
