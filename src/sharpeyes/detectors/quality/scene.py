"""Whether a picture shows its scene: the right view, all of it, with its contrast and detail."""

from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.quality.fault import PictureFault, PictureVerdict, verdict_of
from sharpeyes.detectors.quality.measures import PictureMeasures
from sharpeyes.detectors.quality.reference import Reference
from sharpeyes.detectors.quality.thresholds import Thresholds
from sharpeyes.detectors.quality.tiles import TileMask
from sharpeyes.detectors.quality.view import Match

_HIDDEN_LEVEL: Final = 30.0
_LEAST_KNOWN: Final = 10
"""Tiles by which a view can be known."""
_HARDLY: Final = 0.35
"""Left of the gradients where no tile shows what it did: a cover, and no other scene."""
_REST: Final = 0.5
"""Of what a cover leaves so much shows the same; another scene has no such rest."""
_NEARLY_LOST: Final = 0.85


def judge_alone(measures: PictureMeasures, limits: Thresholds) -> PictureVerdict | None:
    """Judge what can be said of detail without knowing the scene."""
    if measures.contrast < limits.contrast_level:
        return _covered(1.0, limits.covered_share, "nothing of a scene can be seen")
    if 0 < measures.sharpness < limits.sharpness:
        return _unclear(measures.sharpness, limits.sharpness)
    return None


def judge_view(limits: Thresholds, matched: Match) -> PictureVerdict | None:
    """Judge whether it shows the view that it should, and all of it."""
    if matched.known < _LEAST_KNOWN:
        return None
    hidden = _largest(_hidden(matched))
    is_hidden = hidden > limits.covered_share or matched.lost_share > limits.lost_share
    is_scene = matched.rest_share >= _REST or matched.lost_share > _NEARLY_LOST
    if is_hidden and is_scene:
        return _covered(
            hidden,
            limits.covered_share,
            f"{max(hidden, matched.lost_share):.0%} of the view is hidden",
        )
    if matched.shape_share >= limits.alike_share:
        return None
    if matched.structure < _HARDLY:
        return _covered(1.0, limits.covered_share, "nothing of the view can be seen")
    words = (
        f"it looks elsewhere than its reference picture: {matched.shape_share:.0%} of the view is "
        "the same; turn it back, or renew the reference if this is the view that is wanted"
    )
    return verdict_of(
        PictureFault.SCENE_CHANGED,
        words,
        ("share of the view that is the same", matched.shape_share, limits.alike_share),
    )


def judge_detail(
    measures: PictureMeasures, limits: Thresholds, reference: Reference, matched: Match
) -> PictureVerdict | None:
    """Judge contrast and sharpness of a view that is the right one."""
    if matched.known >= _LEAST_KNOWN and matched.contrast < limits.contrast_ratio:
        return _low_contrast(matched.contrast, limits.contrast_ratio)
    if matched.clarity < limits.clarity_ratio:
        return _unclear(matched.clarity, limits.clarity_ratio)
    if not (reference.sharpness and measures.sharpness):
        return None
    sharp = measures.sharpness / reference.sharpness
    return _unclear(sharp, limits.sharpness_ratio) if sharp < limits.sharpness_ratio else None


def _hidden(matched: Match) -> TileMask:
    """Return the tiles that something hides."""
    # Where there was nothing to know a tile by, its level speaks, if beside lost ones.
    other = np.abs(matched.level_change) > _HIDDEN_LEVEL
    return np.asarray(matched.lost | (other & ~matched.kept), np.bool_)


def _largest(mask: TileMask) -> float:
    """Return the share of the picture in the largest connected part of a mask."""
    number, _, stats, _ = cv2.connectedComponentsWithStats(mask.astype(np.uint8), connectivity=8)
    return float(stats[1:number, cv2.CC_STAT_AREA].max() / mask.size) if number > 1 else 0.0


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
