"""The foreground of one picture, guarded against what is no motion: light, or another scene."""

from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.background import MotionModel
from sharpeyes.detectors.light import changed_light
from sharpeyes.detectors.picture import Plane

CROWDED_RATIO: Final = 0.25
"""From so much foreground on it is asked whether the light has changed."""
CHANGED_RATIO: Final = 0.7
"""So much foreground in the same light is another scene, not motion."""
BLIND_DEVIATION: Final = 4.0
"""A picture with less contrast than this (standard deviation of luma) shows nothing."""


def judge_motion(motion: MotionModel, luma: Plane) -> tuple[Plane | None, bool]:
    """Make the foreground of an (h, w) uint8 picture, in the model.

    Returns:
        The (h, w) uint8 levels to learn from, as `MotionModel.judge` returns them; None where the
        picture shows nothing. And whether it differs as a whole: other light, another view, or
        nothing.
    """
    levels = motion.judge(luma)
    if _ratio(motion.foreground) < CROWDED_RATIO:
        return levels, False
    if float(np.std(luma)) < BLIND_DEVIATION:
        motion.see_nothing()
        return None, True
    light = changed_light(motion.background, luma)
    if light is not None:
        motion.relight(light)
        levels = motion.judge(luma)
    if _ratio(motion.foreground) <= CHANGED_RATIO:
        return levels, light is not None
    motion.rebase(luma)
    return motion.judge(luma), True


def _ratio(mask: Plane) -> float:
    return cv2.countNonZero(mask) / mask.size
