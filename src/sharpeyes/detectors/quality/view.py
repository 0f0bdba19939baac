"""Is it the view of the reference picture, and which parts of it are?"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.quality.tiles import (
    TILES,
    Map,
    TileMask,
    Tiles,
    blurred,
    share,
    tile_means,
)

_SCALES: Final = ((1.0, 3.0, 0.35), (4.0, 0.6, 0.5))
"""Smoothing, in pixels of 160; root mean square gradient, in levels a pixel, from which a tile can
be recognized; and correlation of gradients from which it shows the same. By detail, and by larger
shapes, which blur, noise and stripes leave."""
_FINEST: Final = (0.6, 3.0, 0.35)
_LARGER_PX: Final = 4.0
_FINE_PX: Final = 2.0
_EDGE: Final = 2
"""Rows of tiles at which the slope of a cover's light looks like a shape."""
_NEAR: Final = 0.06
"""A shift of so much of the width still leaves the same view: mounts give, poles bend."""
_LEAST_SHIFT_PX: Final = 0.3
_FOREGROUND: Final = TILES[0] // 3 * 2
"""Rows of tiles from here on are near, where fog is thin."""
_LEAST_SIDE_PX: Final = 16
_LEAST_GAIN: Final = 0.05
_LEAST_TILES: Final = 6
_WHITE: Final = 235.0
_FAINTER: Final = 0.6
"""Gradients shrunk to this share no longer show what was there."""


@dataclass(frozen=True, slots=True, eq=False)
class Match:
    """How a picture compares with a reference, after the shift between them was taken out.

    Attributes:
        shift_px: (x, y) by which the view has moved, in pixels of a picture 320 wide.
        view: tiles known in any way.
        kept: tiles that show the detail or the shapes that they showed.
        lost: tiles that neither show the detail nor the shapes that they showed, but less.
        lost_share: share of the tiles known in any way that are lost, 0-1.
        alike_share: share of the tiles known by their detail that show the same, 0-1.
        shape_share: share of the tiles known by their shapes that show the same, 0-1.
        known: how many tiles are known by their shapes.
        shown_share: share of what is seen that shows shapes of its own, 0-1.
        rest_share: share of the known tiles that are not lost that show the same, 0-1.
        structure: middle ratio of the detail's gradients to the reference's, where it was known.
        clarity: how much of the finest detail is left for one unit of the larger shapes; 1 where
            hardly a tile can say,
        clear_tiles: which so many can.
        contrast: middle ratio of the shapes' gradients to the reference's, near the camera.
        level_change: levels by which each tile differs, after the light was fitted.
    """

    shift_px: tuple[float, float]
    view: TileMask
    kept: TileMask
    lost: TileMask
    lost_share: float
    alike_share: float
    shape_share: float
    known: int
    shown_share: float
    rest_share: float
    structure: float
    clarity: float
    clear_tiles: int
    contrast: float
    level_change: Tiles


def match(reference: Plane, luma: Plane, seen: TileMask) -> Match:
    """Compare two (h, w) uint8 pictures; the second is brought to the size of the first.

    Args:
        reference: of the view as it should be.
        luma: of the view as it is.
        seen: tiles that show the scene in both.
    """
    height, width = reference.shape
    if luma.shape != reference.shape:
        luma = np.asarray(cv2.resize(luma, (width, height), interpolation=cv2.INTER_AREA), np.uint8)
    before, now = reference.astype(np.float32), luma.astype(np.float32)
    detail, shapes = (_compare(before, now, seen, scale) for scale in _SCALES)
    moved, views = (0.0, 0.0), [now]
    # Spectra find larger shifts, and detail where lamps, which do not turn with the view, hold
    # the larger shapes back.
    for shift in (_shift(before, now, seen), _fine_shift(before, now)):
        if not _LEAST_SHIFT_PX < np.hypot(*shift) <= _NEAR * width:
            continue
        aligned = _moved_back(views[0], shift)
        views.append(aligned)
        other = _compare(before, aligned, seen, _SCALES[0])
        if other.score > detail.score:
            detail, shapes = other, _compare(before, aligned, seen, _SCALES[1])
            moved, now = shift, aligned
    # Only where it shows the same thing: a car that has left took its contrast with it.
    near = shapes.known & shapes.alike
    if np.count_nonzero(near[_FOREGROUND:]) >= _LEAST_TILES:
        near[:_FOREGROUND] = False
    kept = (detail.known & detail.alike) | (shapes.known & shapes.alike)
    # White is too much light, and nothing before the lens.
    known = detail.known | shapes.known
    lost = np.asarray(
        known & ~kept & (detail.ratio < _FAINTER) & (tile_means(now) < _WHITE), np.bool_
    )
    clarities = [_clarity(_compare(before, view, seen, _FINEST), shapes) for view in views]
    return Match(
        shift_px=(moved[0] * 320 / width, moved[1] * 320 / width),
        view=np.asarray(known, np.bool_),
        kept=np.asarray(kept, np.bool_),
        lost=lost,
        lost_share=share(lost, known),
        alike_share=share(detail.alike, detail.known),
        shape_share=share(shapes.alike, shapes.known),
        known=int(np.count_nonzero(shapes.known)),
        shown_share=share(shapes.shown[_EDGE:-_EDGE], seen[_EDGE:-_EDGE]),
        rest_share=share(kept, known & ~_spread(lost)),
        structure=_middle(detail.ratio, detail.known),
        clarity=max(clarity for clarity, _ in clarities),
        clear_tiles=max(number for _, number in clarities),
        contrast=_middle(shapes.ratio, near),
        level_change=_level_change(tile_means(before), tile_means(now), seen, kept),
    )


@dataclass(frozen=True, slots=True, eq=False)
class _Compared:
    """Two pictures at one scale, tile by tile.

    Attributes:
        known: tiles with enough structure in the reference.
        shown: tiles with enough structure in the picture.
        alike: tiles whose gradients correlate.
        ratio: of the gradients to the reference's.
        gain: how much of the reference's gradients is left; noise adds nothing to it.
        gains: the same along rows and along columns.
        score: mean correlation of the known tiles.
    """

    known: TileMask
    shown: TileMask
    alike: TileMask
    ratio: Tiles
    gain: Tiles
    gains: tuple[Tiles, Tiles]
    score: float


def _compare(before: Map, now: Map, seen: TileMask, scale: tuple[float, float, float]) -> _Compared:
    sigma_px, structured, alike = scale
    # What is larger than that is lamps and their fall-off, which turn with the camera.
    (x0, y0), (x1, y1) = (
        _gradient(blurred(plane, sigma_px) - blurred(plane, 3 * sigma_px + _LARGER_PX))
        for plane in (before, now)
    )
    power0, power1 = tile_means(x0 * x0 + y0 * y0), tile_means(x1 * x1 + y1 * y1)
    least = structured**2
    along = [(tile_means(old * new), tile_means(old * old)) for old, new in ((x0, x1), (y0, y1))]
    common = along[0][0] + along[1][0]
    correlation = common / np.sqrt(power0 * power1 + least**2 / 1000)
    known = seen & (power0 > least)
    return _Compared(
        known=known,
        shown=np.asarray(seen & (power1 > least), np.bool_),
        alike=np.asarray(correlation > alike, np.bool_),
        ratio=np.sqrt(power1 / (power0 + least / 100)),
        gain=np.asarray(common / (power0 + least / 100), np.float32),
        gains=(
            np.asarray(along[0][0] / (along[0][1] + least / 100), np.float32),
            np.asarray(along[1][0] / (along[1][1] + least / 100), np.float32),
        ),
        score=float(correlation[known].mean()) if known.any() else 0.0,
    )


def _fine_shift(before: Map, now: Map) -> tuple[float, float]:
    """Return by how many pixels, of a few, the finest detail fits best."""
    height, width = before.shape
    reach = round(_NEAR * width)
    if min(height, width) < 4 * reach or reach < 1:
        return 0.0, 0.0
    fine, now_fine = (plane - blurred(plane, _FINE_PX) for plane in (before, now))
    middle = now_fine[reach : height - reach, reach : width - reach]
    fits = cv2.matchTemplate(fine, middle, cv2.TM_CCORR_NORMED)
    row, column = np.unravel_index(int(np.argmax(fits)), fits.shape)
    return float(reach - column), float(reach - row)


def _moved_back(plane: Map, shift_px: tuple[float, float]) -> Map:
    height, width = plane.shape
    matrix = np.array([[1, 0, -shift_px[0]], [0, 1, -shift_px[1]]], np.float64)
    moved = cv2.warpAffine(
        plane, matrix, (width, height), flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE
    )
    return np.asarray(moved, np.float32)


def _spread(tiles: TileMask) -> TileMask:
    """Add the tiles beside: a cover's border is neither."""
    return np.asarray(cv2.dilate(tiles.astype(np.uint8), np.ones((3, 3), np.uint8)) > 0, np.bool_)


def _clarity(finest: _Compared, shapes: _Compared) -> tuple[float, int]:
    """Return the clarity, and by how many tiles."""
    by = finest.known & shapes.known & shapes.alike & (shapes.gain > _LEAST_GAIN)
    # What is smeared in one direction is as sharp as ever in the other.
    left = [gain / np.maximum(shapes.gain, _LEAST_GAIN) for gain in (finest.gain, *finest.gains)]
    middle = min(_middle(np.asarray(ratio, np.float32), by) for ratio in left)
    return middle, int(np.count_nonzero(by))


def _middle(ratio: Tiles, by: TileMask) -> float:
    return float(np.median(ratio[by])) if np.count_nonzero(by) >= _LEAST_TILES else 1.0


def _gradient(plane: Map) -> tuple[Map, Map]:
    return (
        np.asarray(cv2.Sobel(plane, cv2.CV_32F, 1, 0, scale=0.25), np.float32),
        np.asarray(cv2.Sobel(plane, cv2.CV_32F, 0, 1, scale=0.25), np.float32),
    )


def _shift(before: Map, now: Map, seen: TileMask) -> tuple[float, float]:
    """Return by how many pixels the view has moved, by the phases of both spectra."""
    height, width = before.shape
    if min(height, width) < _LEAST_SIDE_PX:
        return 0.0, 0.0
    shown = cv2.resize(seen.astype(np.float32), (width, height), interpolation=cv2.INTER_NEAREST)
    window = np.outer(np.hanning(height + 2)[1:-1], np.hanning(width + 2)[1:-1])
    weight = np.asarray(shown * window, np.float32)
    first, second = ((plane - blurred(plane, width / 20 + 1)) * weight for plane in (before, now))
    (x, y), _ = cv2.phaseCorrelate(first, second)
    return float(x), float(y)


def _level_change(before: Tiles, now: Tiles, seen: TileMask, kept: TileMask) -> Tiles:
    """Return by how many levels tiles differ once a gain and an offset of the light are out."""
    by = kept if np.count_nonzero(kept) >= _LEAST_TILES else seen
    if not by.any():
        return np.zeros(TILES, np.float32)
    low, high = (np.percentile(before[by], rank) for rank in (25, 75))
    low_now, high_now = (np.percentile(now[by], rank) for rank in (25, 75))
    gain = np.clip((high_now - low_now) / max(float(high - low), 8.0), 0.5, 2.0)
    change = now - (before - np.median(before[by])) * gain - np.median(now[by])
    return np.asarray(change, np.float32)
