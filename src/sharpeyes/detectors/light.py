"""Is it the light that changed, all over the picture?

Seen by the signed differences of tiles, not by the share of foreground: a lorry that fills half of
the picture makes tiles brighter and darker, the sun makes nearly all of them one or the other.
"""

from typing import Final

import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.picture import Plane, shrink

TILES: Final = (9, 16)
"""Rows and columns of tiles."""
LEAST_LEVELS: Final = 3.0
ONE_SIDED: Final = 0.75
"""Share of the tiles that must change to the same side."""


def light_table(picture: Plane, reference: Plane) -> Plane | None:
    """Find the change of light that leads from a reference to a picture.

    Args:
        picture: (h, w) uint8 luma.
        reference: (h, w) uint8 luma of the same scene in the light of before.

    Returns:
        A (256,) uint8 table that relights the reference, or None where the light is the same.
    """
    now = shrink(picture, *TILES).astype(np.float32)
    before = shrink(reference, *TILES).astype(np.float32)
    change = now - before
    middle = float(np.median(change))
    if abs(middle) < LEAST_LEVELS:
        return None
    if np.mean(change * np.sign(middle) > LEAST_LEVELS / 2) < ONE_SIDED:
        return None
    gain, offset = _robust_line(before.ravel(), now.ravel())
    levels = np.arange(256, dtype=np.float32) * gain + offset
    return np.asarray(np.clip(np.rint(levels), 0, 255), np.uint8)


def _robust_line(
    before: npt.NDArray[np.float32], now: npt.NDArray[np.float32]
) -> tuple[float, float]:
    """Fit now = gain * before + offset, leaving out the third of the tiles that fits worst."""
    kept = np.ones(before.size, bool)
    gain, offset = 1.0, float(np.median(now - before))
    for _ in range(3):
        spread = float(np.var(before[kept]))
        if spread > 1.0:
            covariance = float(np.mean((before[kept] - before[kept].mean()) * now[kept]))
            gain = min(4.0, max(0.25, covariance / spread))
        offset = float(np.median(now[kept] - gain * before[kept]))
        misfit = np.abs(now - gain * before - offset)
        kept = misfit <= np.quantile(misfit, 2 / 3)
    return gain, offset
