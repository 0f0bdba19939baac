"""What a camera's picture is like when it is well, learned from good samples."""

from dataclasses import dataclass, replace
from typing import Final, Self

import cv2
import numpy as np

from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.quality.measures import PictureMeasures
from sharpeyes.detectors.quality.tiles import TileMask, Tiles
from sharpeyes.detectors.quality.view import Match, match

SAMPLES: Final = 6
"""Good samples that make a reference."""
_FOLLOW: Final = 1 / 8
"""Weight of a sample with which an old reference follows the seasons."""
_SAME_VIEW: Final = 0.35


@dataclass(frozen=True, slots=True, eq=False)
class Reference:
    """A camera's picture by day or by night.

    Attributes:
        luma: (h, w) uint8, at most 160 pixels long, privacy zones black: 14.4 kB of 16:9.
        seen: tiles that show the scene.
        samples: from how many it was learned; it serves from `SAMPLES` on.
        brightness: of the picture's measures, as are the others.
        lit_level: level that one tile in ten exceeds.
        sharpness: fine for coarse detail; 0 where there was nothing to see it by.
        noise: in levels.
        stripe_peak: highest of the samples.
        line_unrest: highest of the samples.
        bright_share: share of tiles near white.
        red_green: cast.
        yellow_blue: cast.
        is_mono: whether it has no colour.
        red_green_tiles: (9, 16) float32, Lab's a of each tile.
        yellow_blue_tiles: (9, 16) float32, Lab's b of each tile.
    """

    luma: Plane
    seen: TileMask
    samples: int
    brightness: float
    lit_level: float
    sharpness: float
    noise: float
    stripe_peak: float
    line_unrest: float
    bright_share: float
    red_green: float
    yellow_blue: float
    is_mono: bool
    red_green_tiles: Tiles
    yellow_blue_tiles: Tiles

    @property
    def is_ready(self) -> bool:
        """Whether it was learned from enough samples to judge by."""
        return self.samples >= SAMPLES

    @classmethod
    def of(cls, measures: PictureMeasures) -> Self:
        """Begin with one good sample."""
        red_green, yellow_blue = measures.cast
        return cls(
            luma=measures.luma,
            seen=measures.seen,
            samples=1,
            brightness=measures.brightness,
            lit_level=measures.lit_level,
            sharpness=measures.sharpness,
            noise=measures.noise,
            stripe_peak=measures.stripe_peak,
            line_unrest=measures.line_unrest,
            bright_share=measures.bright_share,
            red_green=red_green,
            yellow_blue=yellow_blue,
            is_mono=measures.is_mono,
            red_green_tiles=measures.red_green,
            yellow_blue_tiles=measures.yellow_blue,
        )

    def compare(self, measures: PictureMeasures) -> Match:
        """Compare a picture with it."""
        return match(self.luma, measures.luma, self.seen & measures.seen)

    def follow(self, measures: PictureMeasures) -> Self:
        """Let the picture follow leaves, snow and new paint; what sharpness is, it keeps."""
        return replace(self, luma=_mixed(self.luma, measures.luma, _FOLLOW))


def learn(reference: Reference | None, measures: PictureMeasures) -> Reference:
    """Take in one good sample.

    Args:
        reference: what was learned before; None to begin.
        measures: of a picture in which no fault was found.

    Returns:
        The mean of what was learned and this; or a beginning, where the view is another one.
    """
    if reference is None or not _same_view(reference, measures):
        return Reference.of(measures)
    new, number = Reference.of(measures), reference.samples + 1

    def mean(old: float, now: float) -> float:
        return old + (now - old) / number

    return Reference(
        luma=_mixed(reference.luma, measures.luma, 1 / number),
        seen=reference.seen & measures.seen,
        samples=number,
        brightness=mean(reference.brightness, new.brightness),
        lit_level=mean(reference.lit_level, new.lit_level),
        sharpness=mean(reference.sharpness, new.sharpness),
        noise=mean(reference.noise, new.noise),
        stripe_peak=max(reference.stripe_peak, new.stripe_peak),
        line_unrest=max(reference.line_unrest, new.line_unrest),
        bright_share=mean(reference.bright_share, new.bright_share),
        red_green=mean(reference.red_green, new.red_green),
        yellow_blue=mean(reference.yellow_blue, new.yellow_blue),
        is_mono=reference.is_mono and new.is_mono,
        red_green_tiles=_mean_tiles(reference.red_green_tiles, measures.red_green, number),
        yellow_blue_tiles=_mean_tiles(reference.yellow_blue_tiles, measures.yellow_blue, number),
    )


def _mean_tiles(old: Tiles, now: Tiles, number: int) -> Tiles:
    return np.asarray(old + (now - old) / number, np.float32)


def _same_view(reference: Reference, measures: PictureMeasures) -> bool:
    if reference.is_mono is not measures.is_mono:
        return False
    matched = reference.compare(measures)
    return max(matched.alike_share, matched.shape_share) >= _SAME_VIEW


def _mixed(old: Plane, new: Plane, weight: float) -> Plane:
    height, width = old.shape
    if new.shape != old.shape:
        new = np.asarray(cv2.resize(new, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    return np.asarray(cv2.addWeighted(old, 1 - weight, new, weight, 0.0), np.uint8)
