"""Regular stripes and torn lines, seen in the spectrum and in the rows of a picture."""

from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.quality.tiles import Map, blurred

_LEAST_CYCLES: Final = 5
"""Slower waves across the picture are the scene's own light and shade."""
_LEAST_AMPLITUDE: Final = 2.5
"""Levels; fainter ones are the coder's blocks."""
_AROUND: Final = 13
_LEAST_SIDE_PX: Final = 32


def stripe_peak(luma: Map) -> float:
    """Return how far the highest peak of the spectrum stands above what is around it.

    In nepers of amplitude: noise reaches 1.5, a scene with railings 3. A peak off the centre is
    the common sign of stripes (Sidike et al. and others who find periodic noise for notch
    filters); here its surroundings are taken off, so that a textured scene counts less.

    Args:
        luma: (h, w) 0-255; smaller than 32 pixels it has no peak.
    """
    height, width = luma.shape
    if min(height, width) < _LEAST_SIDE_PX:
        return 0.0
    flat = luma - blurred(luma, width / 20)
    window = np.outer(np.hanning(height), np.hanning(width)).astype(np.float32)
    spectrum = np.fft.rfft2(np.clip(flat, -40, 40) * window)
    power = np.log(np.abs(np.fft.fftshift(spectrum, axes=0)) + 1.0).astype(np.float32)
    # A pure wave is four bins wide under this window.
    around = cv2.blur(power, (_AROUND, _AROUND), borderType=cv2.BORDER_REFLECT)
    peaks = cv2.blur(power, (3, 3), borderType=cv2.BORDER_REFLECT) - around
    middle = height // 2
    rows, columns = np.ogrid[: peaks.shape[0], : peaks.shape[1]]
    peaks[np.hypot(rows - middle, columns) < _LEAST_CYCLES] = 0.0
    faintest = _LEAST_AMPLITUDE / 2 * float(window.sum())
    peaks[power < np.log(faintest)] = 0.0
    return float(peaks.max())


def line_unrest(luma: Map) -> float:
    """Return by how many levels whole rows, or whole columns, differ from their neighbours.

    Args:
        luma: (h, w) 0-255.
    """
    return max(_unrest(luma), _unrest(luma.T))


def _unrest(luma: Map) -> float:
    rows = np.ascontiguousarray(luma)
    above = np.roll(rows, 2, axis=0)
    below = np.roll(rows, -2, axis=0)
    # What a row has in common all along: the median is not moved by an edge in a part of it.
    differs = np.median(rows - (above + below) / 2, axis=1)[2:-2]
    return float(np.mean(np.abs(differs))) if differs.size else 0.0
