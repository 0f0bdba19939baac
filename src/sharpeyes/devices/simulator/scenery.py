"""The part of a drawn street that never moves."""

import cv2
import numpy as np

from sharpeyes.devices.simulator.mesh import Colour, Picture, draw, fill, frustum, shaded
from sharpeyes.devices.simulator.scene import (
    FAR_END_M,
    ROAD_LEFT_M,
    ROAD_RIGHT_M,
    STRIP_FAR_M,
    STRIP_LEFT_M,
    STRIP_NEAR_M,
    STRIP_RIGHT_M,
)
from sharpeyes.devices.simulator.view import View

_SKY_TOP: Colour = (214, 186, 158)
_SKY_LOW: Colour = (226, 220, 214)
_ASPHALT: Colour = (104, 102, 100)
_PAVEMENT: Colour = (150, 156, 160)
_KERB: Colour = (188, 192, 194)
_GRASS: Colour = (78, 118, 98)
_WHITE_PAINT: Colour = (218, 222, 222)
_YELLOW_PAINT: Colour = (70, 190, 226)
_LEAVES: Colour = (58, 104, 72)
_TRUNK: Colour = (54, 70, 84)
_WINDOW: Colour = (104, 90, 78)
_FACADES: tuple[Colour, ...] = (
    (150, 168, 184),
    (132, 140, 168),
    (172, 176, 170),
    (120, 146, 172),
    (160, 152, 140),
)
_NEAR_M = 1.0  # ground is drawn from just in front of the pole
_ENDLESS_M = 600.0
_PAVEMENT_WIDTH_M = 4.0
_STOREY_M = 3.1
_HOUSE_DEPTH_M = 12.0
_GRAIN_SIGMA = 3.0


def draw_scenery(view: View, seed: int) -> Picture:
    """The empty street, (H, W, 3) uint8 BGR; the seed chooses buildings, trees and grain."""
    rng = np.random.default_rng(seed)
    picture = _sky(view)
    _draw_ground(picture, view)
    _grain(picture, view, rng)
    _draw_markings(picture, view)
    for left in (True, False):
        _draw_buildings(picture, view, rng, left=left)
    _draw_trees(picture, view, rng)
    return picture


def _sky(view: View) -> Picture:
    down = np.linspace(0.0, 1.0, max(int(view.horizon_px), 1) + 1)[:, None]
    column = (1 - down) * np.array(_SKY_TOP) + down * np.array(_SKY_LOW)
    picture = np.empty((view.height_px, view.width_px, 3), dtype=np.uint8)
    picture[:] = shaded(_GRASS, 0.9)
    picture[: len(column)] = column.astype(np.uint8)[:, None, :]
    return picture


def _draw_ground(picture: Picture, view: View) -> None:
    far = _ENDLESS_M
    left_edge, right_edge = ROAD_LEFT_M - _PAVEMENT_WIDTH_M, ROAD_RIGHT_M + _PAVEMENT_WIDTH_M
    _slab(picture, view, (left_edge, right_edge), (_NEAR_M, far), _PAVEMENT)
    _slab(picture, view, (ROAD_LEFT_M - 0.3, ROAD_RIGHT_M + 0.3), (_NEAR_M, far), _KERB)
    _slab(picture, view, (ROAD_LEFT_M, ROAD_RIGHT_M), (_NEAR_M, far), _ASPHALT)


def _grain(picture: Picture, view: View, rng: np.random.Generator) -> None:
    """Roughen the ground: fine grain, and patches of older and newer asphalt."""
    height, width = picture.shape[:2]
    patches = cv2.resize(
        rng.normal(0.0, 1.0, (9, 16)).astype(np.float32),
        (width, height),
        interpolation=cv2.INTER_CUBIC,
    )
    grain = rng.normal(0.0, _GRAIN_SIGMA, (height, width)) + 3.0 * patches
    grain[: int(view.horizon_px)] = 0
    picture[:] = np.clip(picture + grain[:, :, None], 0, 255).astype(np.uint8)


def _draw_markings(picture: Picture, view: View) -> None:
    for x in (-0.12, 0.12):  # the double line between the directions
        _slab(picture, view, (x - 0.06, x + 0.06), (_NEAR_M, FAR_END_M), _YELLOW_PAINT)
    for z in np.arange(2.0, FAR_END_M, 9.0):
        _slab(picture, view, (-3.58, -3.42), (z, z + 4.0), _WHITE_PAINT)
    _slab(
        picture, view, (STRIP_LEFT_M - 0.08, STRIP_LEFT_M + 0.08), (_NEAR_M, FAR_END_M),
        _WHITE_PAINT,
    )  # fmt: skip
    inner, outer = STRIP_LEFT_M + 0.5, STRIP_RIGHT_M - 0.15
    for z in np.arange(STRIP_NEAR_M, STRIP_FAR_M - 1.5, 3.0):  # the no-parking hatching
        stripe = np.array(
            [(inner, 0, z), (inner, 0, z + 0.25), (outer, 0, z + 1.75), (outer, 0, z + 1.5)],
        )
        fill(picture, view.project(stripe), _YELLOW_PAINT)
    for x in (inner, outer):
        _slab(picture, view, (x - 0.07, x + 0.07), (STRIP_NEAR_M, STRIP_FAR_M), _YELLOW_PAINT)


def _slab(
    picture: Picture,
    view: View,
    x_m: tuple[float, float],
    z_m: tuple[float, float],
    colour: Colour,
) -> None:
    """A flat rectangle on the ground."""
    (x1, x2), (z1, z2) = x_m, z_m
    corners = np.array([(x1, 0, z1), (x1, 0, z2), (x2, 0, z2), (x2, 0, z1)], dtype=np.float64)
    fill(picture, view.project(corners), colour)


def _draw_buildings(
    picture: Picture,
    view: View,
    rng: np.random.Generator,
    *,
    left: bool,
) -> None:
    """A row of houses behind the pavement, the farthest first."""
    houses: list[tuple[float, float, float, Colour]] = []
    z = 14.0 if left else 11.0
    while z < FAR_END_M + 40:
        length_m = float(rng.uniform(9.0, 18.0))
        storeys = int(rng.integers(3, 9))
        houses.append((z, length_m, storeys * _STOREY_M, _FACADES[rng.integers(len(_FACADES))]))
        z += length_m + float(rng.uniform(0.0, 2.5))
    front_x = ROAD_LEFT_M - _PAVEMENT_WIDTH_M if left else ROAD_RIGHT_M + _PAVEMENT_WIDTH_M
    back_x = front_x + (-_HOUSE_DEPTH_M if left else _HOUSE_DEPTH_M)
    for near, length_m, height_m, colour in reversed(houses):
        house = frustum(
            (min(front_x, back_x), 0.0, near),
            (max(front_x, back_x), height_m, near + length_m),
            colour=colour,
        )
        draw(picture, view, house, colour, np.zeros(3))
        for low in np.arange(1.0, height_m - 1.6, _STOREY_M):
            for start in np.arange(near + 0.9, near + length_m - 1.6, 2.8):
                window = [
                    (front_x, y, z)
                    for y, z in (
                        (low, start),
                        (low + 1.5, start),
                        (low + 1.5, start + 1.5),
                        (low, start + 1.5),
                    )
                ]
                fill(picture, view.project(np.array(window)), _WINDOW)


def _draw_trees(picture: Picture, view: View, rng: np.random.Generator) -> None:
    spots = [(ROAD_LEFT_M - 1.6, z) for z in np.arange(20.0, FAR_END_M, 12.0)]
    spots += [(ROAD_RIGHT_M + 2.2, z) for z in np.arange(27.0, FAR_END_M, 12.0)]
    for x, z in sorted(spots, key=lambda spot: -spot[1]):
        trunk = frustum((x - 0.15, 0.0, z - 0.15), (x + 0.15, 2.6, z + 0.15), colour=_TRUNK)
        draw(picture, view, trunk, _TRUNK, np.zeros(3))
        for _ in range(26):  # a crown of overlapping tufts, brighter towards the top
            tuft = np.array([(x, 3.7, z)]) + rng.normal(0.0, 0.6, (1, 3))
            centre = view.project(tuft)[0]
            radius = max(1, int(view.focal_px * rng.uniform(0.35, 0.6) / z))
            shade = float(0.8 + 0.18 * (tuft[0, 1] - 3.7) + rng.uniform(-0.12, 0.12))
            cv2.circle(
                picture, (int(centre[0]), int(centre[1])), radius, shaded(_LEAVES, shade), -1,
                cv2.LINE_AA,
            )  # fmt: skip
