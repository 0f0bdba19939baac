"""The pictures that the cameras of a simulated city show, drawn once and shared by all."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache

import cv2
import numpy as np

from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.encoding import Clip, Stream, encode_pictures
from sharpeyes.devices.simulator.mesh import Picture
from sharpeyes.devices.simulator.scene import Scene
from sharpeyes.devices.simulator.view import View

VIEWS = 2
_SECONDS = 8
_JPEG = (cv2.IMWRITE_JPEG_QUALITY, 80)
_DIMMED = 24
_NOISE_LEVELS = 5


class Look(StrEnum):
    """What is to be seen."""

    STREET = "street"
    BLACK = "black"
    MOVED = "moved"


@dataclass(frozen=True, slots=True, eq=False)
class Reel:
    """One look of one view: a picture a second, repeated.

    Attributes:
        clips: encoded, every picture a keyframe.
        jpegs: the same pictures.
    """

    clips: Mapping[Stream, Clip]
    jpegs: tuple[bytes, ...]


Gallery = Mapping[tuple[int, Look], Reel]
"""By number of the view."""


@lru_cache(maxsize=2)
def make_gallery(seed: int) -> Gallery:
    """Draw and encode all; takes a second, so call it in a thread."""
    return {(view, look): _reel(seed, view, look) for view in range(VIEWS) for look in Look}


def _reel(seed: int, view: int, look: Look) -> Reel:
    stands = View(x_m=view - 1.0, yaw_deg=2.0 + 2 * view)
    if look is Look.MOVED:
        stands = View(x_m=stands.x_m, yaw_deg=stands.yaw_deg + 14.0, pitch_deg=18.0)
    scene = Scene(
        name=f"city {view}",
        seed=seed + view,
        loop_s=_SECONDS,
        vehicles=(),
        view=stands,
        frames_per_s=1,
    )
    pictures = list(_pictures(scene, look))
    return Reel(
        clips=encode_pictures(pictures, (stands.width_px, stands.height_px), scene.frames_per_s),
        jpegs=tuple(cv2.imencode(".jpg", picture, _JPEG)[1].tobytes() for picture in pictures),
    )


def _pictures(scene: Scene, look: Look) -> Iterator[Picture]:
    rng = np.random.default_rng(scene.seed)
    for second in range(_SECONDS):
        picture = render(scene, float(second))
        if look is Look.BLACK:
            noise = rng.integers(0, _NOISE_LEVELS, picture.shape[:2], dtype=np.uint8)
            picture = picture // _DIMMED + noise[..., np.newaxis]
        yield picture
