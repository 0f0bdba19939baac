"""What is measured of one picture, without knowing the scene."""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.picture import (
    Plane,
    check_picture,
    look_size,
    shrink,
    to_luma,
    working_size,
)
from sharpeyes.detectors.quality.overlay import find_overlay
from sharpeyes.detectors.quality.stripes import line_unrest, stripe_peak
from sharpeyes.detectors.quality.tiles import (
    TILES,
    Map,
    TileMask,
    Tiles,
    blurred,
    percentile,
    share,
    tile_means,
)

_MONO_CHROMA: Final = 5.0
"""Most tiles of an infrared picture are this near to one colour, and that near to grey."""
_MONO_SPREAD: Final = 1.5
_CLIPPED: Final = (10.0, 245.0)
"""A tile beyond has lost its noise and its detail."""
_TEXTURED: Final = 1.2
"""Levels of coarse detail from which a tile tells how sharp it is."""
_FINE_PX: Final = 1.0
_COARSE_PX: Final = 4.0
_FINE_NOISE: Final = 0.87
"""Standard deviation of white noise of one level in what is finer than 1 pixel,"""
_COARSE_NOISE: Final = 0.26
"""and in what is finer than 4 and coarser than 1."""
_LEAST_SHARPNESS: Final = 0.01
_LEAST_TEXTURED: Final = 6
_FLAT: Final = 0.5
_WHITE: Final = 240


@dataclass(frozen=True, slots=True, eq=False)
class PictureMeasures:
    """What was measured.

    Attributes:
        luma: (h, w) uint8, at most 160 pixels long: what is compared with the reference.
        seen: tiles that show the scene: no privacy zone, clock or caption.
        level: mean luma, 0-255.
        spread: standard deviation of luma within the tile.
        white: share of white pixels, 0-1.
        red_green: mean of Lab's a, 0 for grey, green below.
        yellow_blue: mean of Lab's b, 0 for grey, blue below.
        sharpness: fine detail for one unit of coarse detail, of the textured tiles' middle; 0
            where hardly a tile is textured.
        noise: standard deviation of luma noise, in levels at 320 pixels.
        stripe_peak: see `stripes.stripe_peak`.
        line_unrest: see `stripes.line_unrest`.
        column_spread: how far pixels are from the middle of their column, in levels.
        is_mono: without colour: infrared, or a grey source.
    """

    luma: Plane
    seen: TileMask
    level: Tiles
    spread: Tiles
    white: Tiles
    red_green: Tiles
    yellow_blue: Tiles
    sharpness: float
    noise: float
    stripe_peak: float
    line_unrest: float
    column_spread: float
    is_mono: bool

    @property
    def brightness(self) -> float:
        """Mean luma of what is seen, 0-255."""
        return float(self.level[self.seen].mean()) if self.seen.any() else 0.0

    @property
    def lit_level(self) -> float:
        """Level that one tile in ten exceeds."""
        return percentile(self.level, self.seen, 90)

    @property
    def brightest(self) -> float:
        """Level that hardly a tile exceeds."""
        return percentile(self.level, self.seen, 97)

    @property
    def bright_share(self) -> float:
        """Share of what is seen that is white, 0-1."""
        return float(self.white[self.seen].mean()) if self.seen.any() else 0.0

    @property
    def plain(self) -> tuple[float, float]:
        """Share of tiles without any detail or noise, 0-1; and by how much these differ."""
        flat = self.seen & (self.spread < _FLAT)
        return share(flat, self.seen), float(self.level[flat].std()) if flat.any() else 0.0

    @property
    def contrast(self) -> float:
        """Standard deviation of all that is seen."""
        if not self.seen.any():
            return 0.0
        within = float(np.square(self.spread[self.seen]).mean())
        return float(np.sqrt(within + self.level[self.seen].var()))

    @property
    def cast(self) -> tuple[float, float]:
        """Middle Lab a and b of the tiles that are neither black nor white."""
        lit = self.seen & (self.level > _CLIPPED[0] * 2) & (self.level < _CLIPPED[1])
        return percentile(self.red_green, lit, 50), percentile(self.yellow_blue, lit, 50)


def measure(picture: Plane, *, private: TileMask | None = None) -> PictureMeasures:
    """Measure one picture.

    Args:
        picture: (H, W, 3) BGR or (H, W) luma uint8, at least a pixel; it is not changed.
        private: tiles with a privacy zone in them; None where there is none.

    Raises:
        PictureError: it is not a picture.
    """
    height, width = check_picture(picture)
    working = shrink(picture, *working_size(height, width))
    luma = to_luma(working)
    plane = luma.astype(np.float32)
    level = tile_means(plane)
    spread = np.sqrt(np.maximum(tile_means(plane * plane) - level * level, 0.0))
    red_green, yellow_blue = _chroma(working)
    seen = ~find_overlay(luma)
    if private is not None:
        seen &= ~private
    if np.count_nonzero(seen) < seen.size // 3:
        # So much text is none: stripes, or a scene full of steps.
        seen = np.ones(TILES, np.bool_) if private is None else ~private
    noise = _noise(plane, level, seen)
    return PictureMeasures(
        luma=shrink(luma, *look_size(height, width)),
        seen=seen,
        level=level,
        spread=spread,
        white=tile_means((luma >= _WHITE).astype(np.float32)),
        red_green=red_green,
        yellow_blue=yellow_blue,
        sharpness=_sharpness(plane, level, seen, noise),
        noise=noise,
        stripe_peak=stripe_peak(plane),
        line_unrest=line_unrest(plane),
        column_spread=_column_spread(working),
        is_mono=_is_mono(red_green, yellow_blue),
    )


def _chroma(picture: Plane) -> tuple[Tiles, Tiles]:
    """Return Lab's a and b of each tile; zero for a grey source."""
    if picture.ndim == 2:  # noqa: PLR2004  # (H, W)
        return np.zeros(TILES, np.float32), np.zeros(TILES, np.float32)
    small = cv2.resize(picture, (TILES[1] * 4, TILES[0] * 4), interpolation=cv2.INTER_AREA)
    lab = np.asarray(cv2.cvtColor(small, cv2.COLOR_BGR2LAB), np.float32)
    return tile_means(lab[..., 1]) - 128, tile_means(lab[..., 2]) - 128


def _is_mono(red_green: Tiles, yellow_blue: Tiles) -> bool:
    middle = np.median(red_green), np.median(yellow_blue)
    off = np.hypot(red_green - middle[0], yellow_blue - middle[1])
    return bool(np.hypot(*middle) < _MONO_CHROMA and np.percentile(off, 90) < _MONO_SPREAD)


def _noise(plane: Map, level: Tiles, seen: TileMask) -> float:
    """Return the noise of the quieter tiles (Immerkaer, CVIU 1996), in levels."""
    kernel = np.array([[1, -2, 1], [-2, 4, -2], [1, -2, 1]], np.float32)
    away = np.abs(cv2.filter2D(plane, cv2.CV_32F, kernel))
    sigma = tile_means(np.asarray(away, np.float32)) * float(np.sqrt(np.pi / 2) / 6)
    return percentile(sigma, seen & _unclipped(level), 25)


def _sharpness(plane: Map, level: Tiles, seen: TileMask, noise: float) -> float:
    """Return the middle ratio of fine to coarse detail, which neither fog nor light changes.

    Of both, what white noise adds is taken off.
    """
    smooth, smoother = blurred(plane, _FINE_PX), blurred(plane, _COARSE_PX)
    fine = tile_means(np.square(plane - smooth)) - (_FINE_NOISE * noise) ** 2
    coarse = tile_means(np.square(smooth - smoother)) - (_COARSE_NOISE * noise) ** 2
    textured = seen & _unclipped(level) & (coarse > _TEXTURED**2)
    if np.count_nonzero(textured) < _LEAST_TEXTURED:
        return 0.0
    ratio = np.sqrt(np.maximum(fine[textured], 0.0) / coarse[textured])
    return max(float(np.median(ratio)), _LEAST_SHARPNESS)


def _unclipped(level: Tiles) -> TileMask:
    return np.asarray((level > _CLIPPED[0]) & (level < _CLIPPED[1]), np.bool_)


def _column_spread(picture: Plane) -> float:
    """Return the middle distance from the column's middle, over all channels: 0 for bars."""
    columns = picture[::4, ::4].reshape(len(picture[::4]), -1).astype(np.float32)
    return float(np.median(np.abs(columns - np.median(columns, axis=0))))
