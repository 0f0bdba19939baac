"""Whether a picture shows its scene: the right view, all of it, with its contrast and detail."""

from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.quality.fault import PictureFault, PictureVerdict, verdict_of
from sharpeyes.detectors.quality.measures import PictureMeasures
from sharpeyes.detectors.quality.reference import Reference
from sharpeyes.detectors.quality.thresholds import Thresholds
from sharpeyes.detectors.quality.tiles import TileMask, Tiles
from sharpeyes.detectors.quality.view import Match

_HIDDEN_LEVEL: Final = 30.0
_LIT_LEVEL: Final = 45.0
_LEAST_KNOWN: Final = 10
"""Tiles by which a view can be known."""
_HARDLY: Final = 0.35
_SHOWN: Final = 0.12
"""A cover before the lens shows fewer shapes than this, and another scene more."""
_REST: Final = 0.5
"""Of what a cover leaves so much shows the same; another scene has no such rest,"""
_LEAST_CLEAR: Final = 6
_CLEAR_REST: Final = 0.65
"""and not so clear."""
_LEFT: Final = 0.15
_SOFT: Final = 0.45
_BY_CHANCE: Final = 0.15
"""Of details, another scene has fewer than this in common."""
_UNDIMINISHED: Final = 0.96
_LEAST_CONTRAST: Final = 0.2
_LOST: Final = 0.2
_LEAST_LOST: Final = 3
_HIDDEN_COLOUR: Final = 14.0


def judge_alone(measures: PictureMeasures, limits: Thresholds) -> PictureVerdict | None:
    """Judge what can be said of detail without knowing the scene."""
    if measures.contrast < limits.contrast_level:
        return _covered(1.0, limits.covered_share, "nothing of a scene can be seen")
    if 0 < measures.sharpness < limits.sharpness:
        return _unclear(measures.sharpness, limits.sharpness)
    return None


def judge_view(
    measures: PictureMeasures, limits: Thresholds, reference: Reference, matched: Match
) -> PictureVerdict | None:
    """Judge whether it shows the view that it should, and all of it."""
    if matched.known < _LEAST_KNOWN:
        return None
    if not _shows_view(limits, matched):
        if matched.shown_share < _SHOWN:
            return _covered(1.0, limits.covered_share, "nothing of the view can be seen")
        return _elsewhere(limits, matched)
    hidden = hidden_share(measures, reference, matched)
    if hidden > limits.covered_share or matched.lost_share > limits.lost_share:
        share = max(hidden, matched.lost_share)
        return _covered(hidden, limits.covered_share, f"{share:.0%} of the view is hidden")
    return None


def _shows_view(limits: Thresholds, matched: Match) -> bool:
    """Say whether at least a part of the picture is the reference's view."""
    if matched.shape_share >= limits.alike_share:
        return True
    if matched.rest_share < _REST:
        return False
    # What a cover leaves is as sharp as ever; what another scene has in common by chance is not.
    if matched.clear_tiles >= _LEAST_CLEAR and matched.clarity >= _CLEAR_REST:
        return True
    # The cover itself is too near to be sharp, and another scene is not.
    return matched.alike_share >= _LEFT and matched.structure < _SOFT


def _elsewhere(limits: Thresholds, matched: Match) -> PictureVerdict:
    words = (
        f"it looks elsewhere than its reference picture: {matched.shape_share:.0%} of the view is "
        "the same; turn it back, or renew the reference if this is the view that is wanted"
    )
    return verdict_of(
        PictureFault.SCENE_CHANGED,
        words,
        ("share of the view that is the same", matched.shape_share, limits.alike_share),
    )


def judge_detail(limits: Thresholds, matched: Match) -> PictureVerdict | None:
    """Judge contrast and sharpness of a view that is the right one."""
    if (
        matched.known >= _LEAST_KNOWN
        and matched.alike_share < _BY_CHANCE
        and matched.structure > _HARDLY
    ):
        return _elsewhere(limits, matched)
    if matched.known >= _LEAST_KNOWN and matched.contrast < limits.contrast_ratio:
        return _low_contrast(matched.contrast, limits.contrast_ratio)
    # Where as much detail is left as there was, it does not fit and is not blurred.
    if matched.clarity < limits.clarity_ratio and _detail_left(matched) < _UNDIMINISHED:
        return _unclear(matched.clarity, limits.clarity_ratio)
    return None


def hidden_share(measures: PictureMeasures, reference: Reference, matched: Match) -> float:
    """Return the share of the picture in the largest connected part that something hides."""
    # Where there was nothing to know a tile by, its level and colour speak. Light falls in more
    # often than it fails.
    other = (matched.level_change < -_HIDDEN_LEVEL) | (matched.level_change > _LIT_LEVEL)
    other |= _colour_change(measures, reference, matched) > _HIDDEN_COLOUR
    hidden = np.asarray(matched.lost | (other & ~matched.kept), np.bool_)
    return _largest_hidden(hidden, matched)


def _colour_change(measures: PictureMeasures, reference: Reference, matched: Match) -> Tiles:
    """Return by how many Lab units each tile's colour changed, besides what all did."""
    red_green, yellow_blue = colour_shift(measures, reference)
    by = matched.kept if matched.kept.any() else measures.seen
    if not by.any():
        return np.zeros_like(red_green)
    off = np.hypot(red_green - np.median(red_green[by]), yellow_blue - np.median(yellow_blue[by]))
    return np.where(measures.seen, off, 0.0).astype(np.float32)


def colour_shift(measures: PictureMeasures, reference: Reference) -> tuple[Tiles, Tiles]:
    """Return by how many Lab units a and b each tile differs from the reference."""
    return (
        measures.red_green - reference.red_green_tiles,
        measures.yellow_blue - reference.yellow_blue_tiles,
    )


def _largest_hidden(hidden: TileMask, matched: Match) -> float:
    """Return the share of the picture in the largest connected part, of which much is lost.

    Light that falls in changes levels, too, but takes few gradients away.
    """
    number, parts = cv2.connectedComponents(hidden.astype(np.uint8), connectivity=8)
    largest = 0
    for part in range(1, number):
        within = parts == part
        lost = np.count_nonzero(matched.lost & within)
        if lost >= max(_LEAST_LOST, _LOST * np.count_nonzero(matched.view & within)):
            largest = max(largest, int(np.count_nonzero(within)))
    return largest / hidden.size


def _detail_left(matched: Match) -> float:
    """Return how much of the detail is left for what is left of the contrast."""
    return matched.structure / min(max(matched.contrast, _LEAST_CONTRAST), 1.0)


def _covered(share: float, limit: float, seen: str) -> PictureVerdict:
    words = f"{seen}: look for a cover, paint, dirt or a thing before the lens"
    return verdict_of(PictureFault.OCCLUSION, words, ("hidden share", share, limit))


def _unclear(value: float, limit: float) -> PictureVerdict:
    words = f"the picture is not clear, sharpness {value:.2f}: clean the dome and set the focus"
    return verdict_of(PictureFault.CLARITY, words, ("sharpness", value, limit))


def _low_contrast(value: float, limit: float) -> PictureVerdict:
    words = (
        f"the picture has {value:.0%} of its usual contrast: clean the dome, check the image "
        "settings"
    )
    return verdict_of(PictureFault.LOW_CONTRAST, words, ("contrast ratio", value, limit))
