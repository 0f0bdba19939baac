"""From a camera's picture to the result of its picture check; pure."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from sharpeyes.detectors.quality import (
    NIGHT,
    PictureFault,
    PictureWatch,
    judge,
    measure,
)
from sharpeyes.health.status import Cause, Check, CheckResult

_PLAIN: Final = frozenset(
    {
        PictureFault.BLACK,
        PictureFault.NOISE,
        PictureFault.STRIPES,
        PictureFault.SIGNAL_LOSS,
    }
)
"""Faults that show without knowing the scene or the hour. The others wait for references."""


def judge_quality(
    watch: PictureWatch, picture: NDArray[np.uint8], now_s: float
) -> tuple[PictureWatch, CheckResult | None]:
    """Judge whether the picture is well, by what can be said without a reference of the view.

    Args:
        watch: what is remembered of the pictures before.
        picture: (H, W, 3) BGR or (H, W) uint8.
        now_s: when it came, by a steady clock.

    Returns:
        What is remembered now; and the result, None while it is too early to say.
    """
    measures = measure(picture)
    # By night's limits, which hold by day, too: what hour it is there is not known.
    watch, verdict = watch.step(judge(measures, NIGHT, None), measures.luma, now_s)
    if verdict is None:
        return watch, None
    if verdict.fault not in _PLAIN:
        return watch, CheckResult(Check.PICTURE)
    words = f"{verdict.words} (code {verdict.fault.value})"
    return watch, CheckResult(Check.PICTURE, Cause.PICTURE, words)
