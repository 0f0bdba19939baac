"""What the drawn vehicles look like."""

from functools import cache

import numpy as np

from sharpeyes.devices.simulator.mesh import Colour, Face, Mesh, Picture, draw, fill, frustum, panes
from sharpeyes.devices.simulator.scene import BODIES, ONCOMING_LANES, Vehicle, VehicleKind
from sharpeyes.devices.simulator.view import View

_GLASS: Colour = (62, 50, 44)
_TYRE: Colour = (24, 24, 24)
_HUB: Colour = (120, 120, 122)
_BUMPER: Colour = (38, 38, 38)
_REAR_LAMP: Colour = (30, 30, 190)
_HEADLAMP: Colour = (235, 240, 240)
_SHADOW_SHADE = 0.52
_SHADOW_LENGTH_M = 0.7  # how far the sun throws the shadow, to the left of the vehicle
_WHEEL_RADIUS_M = 0.33
_WHEEL_CORNERS = 12

# Waistline height, then where the cabin begins and ends as a share of the length, front first.
_CABINS = {
    VehicleKind.CAR: (0.86, 0.24, 0.92, 0.55),
    VehicleKind.SUV: (1.00, 0.22, 0.99, 0.45),
    VehicleKind.VAN: (1.15, 0.04, 1.00, 0.35),
}


def draw_vehicle(picture: Picture, view: View, vehicle: Vehicle, at_m: tuple[float, float]) -> None:
    """Draw one vehicle and its shadow.

    Args:
        picture: (H, W, 3) uint8 BGR, drawn into.
        view: the camera.
        vehicle: what to draw.
        at_m: x of its middle and z of its nearer end, metres.
    """
    x, z = at_m
    _draw_shadow(picture, view, vehicle, x, z)
    mesh = _mesh(vehicle.kind, faces_camera=vehicle.lane in ONCOMING_LANES)
    draw(picture, view, mesh, vehicle.colour_bgr, np.array((x, 0.0, z)))


def _draw_shadow(picture: Picture, view: View, vehicle: Vehicle, x: float, z: float) -> None:
    body = vehicle.body
    left, right = x - body.width_m / 2 - _SHADOW_LENGTH_M, x + body.width_m / 2
    ground = np.array(
        [(left, 0, z - 0.1), (left, 0, z + body.length_m), (right, 0, z + body.length_m),
         (right, 0, z - 0.1)],
        dtype=np.float64,
    )  # fmt: skip
    outline = view.project(ground)
    x1, y1 = (int(v) for v in np.floor(outline.min(axis=0)))
    x2, y2 = (int(v) for v in np.ceil(outline.max(axis=0)))
    x1, y1 = max(x1, 0), max(y1, 0)
    region = picture[y1 : max(y2 + 1, y1), x1 : max(x2 + 1, x1)]
    if region.size == 0:
        return
    inside = np.zeros_like(region)
    fill(inside, outline - (x1, y1), (1, 1, 1))
    np.copyto(region, (region * _SHADOW_SHADE).astype(np.uint8), where=inside.astype(bool))


@cache
def _mesh(kind: VehicleKind, *, faces_camera: bool) -> Mesh:
    """The vehicle with its nearer end at z = 0, its front there if it faces the camera."""
    body = BODIES[kind]
    waist, from_share, to_share, slope_m = _CABINS[kind]
    half, length = body.width_m / 2, body.length_m
    hull = frustum((-half, 0.22, 0.0), (half, waist, length), inset_x=0.06)
    bumper = frustum((-half, 0.22, -0.02), (half, 0.48, 0.0), colour=_BUMPER)
    near_share, far_share = (
        (from_share, to_share) if faces_camera else (1 - to_share, 1 - from_share)
    )
    front_slope, back_slope = slope_m * 1.3, slope_m * 0.6
    cabin = frustum(
        (-half + 0.08, waist, near_share * length),
        (half - 0.08, body.height_m, far_share * length),
        inset_x=0.16,
        inset_near=front_slope if faces_camera else back_slope,
        inset_far=back_slope if faces_camera else front_slope,
    )
    lamp = _HEADLAMP if faces_camera else _REAR_LAMP
    lamps = _near_plate(-half + 0.1, -half + 0.45, waist, lamp) + _near_plate(
        half - 0.45, half - 0.1, waist, lamp
    )
    wheels = [
        _wheel(side * half, share * length) for side in (-1, 1) for share in (0.2, 0.8)
    ]  # they lie on the hull, so they come after it
    mesh = hull + bumper + cabin + panes(cabin, 0.82, _GLASS) + lamps
    for wheel in wheels:
        mesh += wheel
    return mesh


def _near_plate(x1: float, x2: float, top: float, colour: Colour) -> Mesh:
    """An upright rectangle on the nearer end: a lamp."""
    y1, y2, z = top - 0.26, top - 0.08, -0.02
    vertices = np.array([(x1, y1, z), (x1, y2, z), (x2, y2, z), (x2, y1, z)])
    return Mesh(vertices, (Face((0, 1, 2, 3), 1.0, colour),))


def _wheel(x: float, z: float) -> Mesh:
    """A tyre and its hub on the side of the hull at x; seen from outside only."""
    outward = 0.01 if x > 0 else -0.01
    order = tuple(range(_WHEEL_CORNERS))
    if x > 0:
        order = order[::-1]
    turns = np.arange(_WHEEL_CORNERS) * (2 * np.pi / _WHEEL_CORNERS)
    rings = [
        Mesh(
            np.column_stack(
                (
                    np.full(_WHEEL_CORNERS, x + outward * layer),
                    _WHEEL_RADIUS_M + radius * np.sin(turns),
                    z + radius * np.cos(turns),
                ),
            ),
            (Face(order, 1.0, colour),),
        )
        for layer, (radius, colour) in enumerate(
            ((_WHEEL_RADIUS_M, _TYRE), (_WHEEL_RADIUS_M * 0.55, _HUB)),
        )
    ]
    return rings[0] + rings[1]
