"""The picture of a street scene at a moment."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

import cv2
import numpy as np

from sharpeyes.devices.simulator.mesh import Picture
from sharpeyes.devices.simulator.scene import Scene, place
from sharpeyes.devices.simulator.scenery import draw_scenery
from sharpeyes.devices.simulator.vehicles import draw_vehicle

_NOISE_SIGMA = 1.6
_NOISE_MARGIN_PX = 64  # the noise sheet is larger than the picture and shifted for each moment
_CAPTION_START = datetime(2026, 11, 21, 8, 0, 0, tzinfo=UTC)
_CAPTION_AT_PX = (10, 22)


def render(scene: Scene, time_s: float) -> Picture:
    """Draw a scene.

    Args:
        scene: the street and its traffic.
        time_s: scene time; taken modulo the scene's loop.

    Returns:
        (H, W, 3) uint8 BGR. The same scene and time always give the same picture.
    """
    time_s %= scene.loop_s
    picture = _scenery(scene).copy()
    placed = [(vehicle, place(scene.view, vehicle, time_s)) for vehicle in scene.vehicles]
    seen = [(vehicle, at) for vehicle, at in placed if at is not None]
    for vehicle, at in sorted(seen, key=lambda pair: -pair[1][1]):  # the farthest first
        draw_vehicle(picture, scene.view, vehicle, at)
    _add_noise(picture, scene, time_s)
    _write_caption(picture, time_s)
    return picture


@lru_cache(maxsize=16)
def _scenery(scene: Scene) -> Picture:
    return draw_scenery(scene.view, scene.seed)


def _add_noise(picture: Picture, scene: Scene, time_s: float) -> None:
    """Sensor noise: the same for the same moment, different from one frame to the next."""
    brighter, darker = _noise_sheets(scene)
    height, width = picture.shape[:2]
    rng = np.random.default_rng((scene.seed, round(time_s * 1000)))
    top, left = (int(v) for v in rng.integers(0, _NOISE_MARGIN_PX, 2))
    cut = np.s_[top : top + height, left : left + width]
    cv2.add(picture, brighter[cut], dst=picture)
    cv2.subtract(picture, darker[cut], dst=picture)


@lru_cache(maxsize=16)
def _noise_sheets(scene: Scene) -> tuple[Picture, Picture]:
    """What to add and what to take away: unsigned halves, because saturating sums are quick."""
    size = (scene.view.height_px + _NOISE_MARGIN_PX, scene.view.width_px + _NOISE_MARGIN_PX, 1)
    noise = np.random.default_rng(scene.seed).normal(0.0, _NOISE_SIGMA, size).round()
    noise = np.repeat(noise, 3, axis=2)
    return np.maximum(noise, 0).astype(np.uint8), np.maximum(-noise, 0).astype(np.uint8)


def _write_caption(picture: Picture, time_s: float) -> None:
    """The clock that cameras write into their pictures; it starts anew with every loop."""
    text = (_CAPTION_START + timedelta(seconds=int(time_s))).strftime("%Y-%m-%d %H:%M:%S")
    x, y = _CAPTION_AT_PX
    for (at_x, at_y), colour in (((x + 1, y + 1), (20, 20, 20)), ((x, y), (245, 245, 245))):
        cv2.putText(
            picture, text, (at_x, at_y), cv2.FONT_HERSHEY_SIMPLEX, 0.5, colour, 1, cv2.LINE_AA
        )
