"""Pictures in 16 x 9 tiles: what most tiles say is not spoilt by a clock or a passing lorry."""

from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

Tiles = npt.NDArray[np.float32]
"""(9, 16): a figure for each tile."""
TileMask = npt.NDArray[np.bool_]
"""(9, 16)."""
Map = npt.NDArray[np.float32]
"""(h, w): a figure for each pixel."""
TILES: Final = (9, 16)
"""Rows and columns of tiles."""


def tile_means(plane: npt.NDArray[np.uint8] | Map) -> Tiles:
    """Return the mean of each tile of an (h, w) plane of any size."""
    mean = cv2.resize(
        np.asarray(plane, np.float32), (TILES[1], TILES[0]), interpolation=cv2.INTER_AREA
    )
    return np.asarray(mean, np.float32)


def blurred(plane: Map, sigma_px: float) -> Map:
    """Return an (h, w) map smoothed by a Gaussian."""
    smooth = cv2.GaussianBlur(plane, (0, 0), sigma_px, borderType=cv2.BORDER_REPLICATE)
    return np.asarray(smooth, np.float32)


def share(mask: TileMask, among: TileMask) -> float:
    """Return the share of the tiles `among` that are in `mask`; 0 where there are none."""
    number = np.count_nonzero(among)
    return float(np.count_nonzero(mask & among) / number) if number else 0.0


def percentile(tiles: Tiles, among: TileMask, rank: float) -> float:
    """Return a percentile (rank 0-100) of the tiles `among`; 0 where there are none."""
    chosen = tiles[among]
    return float(np.percentile(chosen, rank)) if chosen.size else 0.0
