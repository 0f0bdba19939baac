"""The foreground of one picture, guarded against what is no motion: light, or another scene."""

from typing import Final

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


def judge_motion(motion: MotionModel, luma: Plane) -> tuple[bool, bool]:
    """Make the foreground of an (h, w) uint8 picture, in the model.

    Returns:
        Whether the picture shows anything that can be learned from. And whether it differs as a
        whole: other light, another view, or nothing.
    """
    ratio = motion.judge(luma)
    if ratio < CROWDED_RATIO:
        return True, False
    if float(np.std(luma)) < BLIND_DEVIATION:
        motion.see_nothing()
        return False, True
    light = changed_light(motion.background, luma)
    if light is not None:
        motion.relight(light)
        ratio = motion.judge(luma)
    if ratio <= CHANGED_RATIO:
        return True, light is not None
    motion.rebase(luma)
    return True, True
