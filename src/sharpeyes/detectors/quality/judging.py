"""One picture against fixed limits and against the camera's reference.

The rules are asked in an order in which a fault that would also look like others comes first:
stripes raise the noise, noise raises the sharpness, and a covered lens shows another scene.
"""

from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.quality.fault import (
    NORMAL,
    Measured,
    PictureFault,
    PictureVerdict,
)
from sharpeyes.detectors.quality.measures import PictureMeasures
from sharpeyes.detectors.quality.reference import Reference
from sharpeyes.detectors.quality.thresholds import Thresholds
from sharpeyes.detectors.quality.tiles import TileMask
from sharpeyes.detectors.quality.view import Match

_BLACK: Final = (16.0, 28.0)
"""Mean luma and lit level of a picture that shows nothing."""
_NEARLY_ALL: Final = 0.8
"""Words such as NO SIGNAL and a clock take the rest."""
_PLAIN: Final = 0.7
_SIGNAL_COLOUR: Final = 30.0
_BARS_COLUMN: Final = 1.5
_BARS_WHITE: Final = 0.3
_BARS_SPREAD: Final = 30.0
_LINE_NOISE: Final = 0.12
_HIDDEN_LEVEL: Final = 30.0
_LEAST_KNOWN: Final = 10
"""Tiles by which a view can be known."""
_HARDLY: Final = 0.35
"""Left of the gradients where no tile shows what it did: a cover, and no other scene."""
_REST: Final = 0.5
"""Of what a cover leaves so much shows the same; another scene has no such rest."""
_NEARLY_LOST: Final = 0.85
_WHITE: Final = 240.0


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """What was found.

    Attributes:
        verdict: of this picture alone.
        match: how it compares with the reference; None without one.
    """

    verdict: PictureVerdict
    match: Match | None


def judge(measures: PictureMeasures, limits: Thresholds, reference: Reference | None) -> Judged:
    """Judge one picture.

    Args:
        measures: of the picture.
        limits: for day or for night.
        reference: of the same half of the day; None, or not ready, while there is none: then only
            gross faults are found.
    """
    if reference is not None and not reference.is_ready:
        reference = None
    matched = reference.compare(measures) if reference else None
    verdict = _signal_loss(measures) or _black(measures) or _bright(measures, limits, reference)
    if verdict is None and matched is not None:
        verdict = _view(limits, matched)
    verdict = (
        verdict
        or _dark(measures, limits, reference)
        or _stripes(measures, limits, reference)
        or _noise(measures, limits, reference)
        or _cast(measures, limits, reference)
    )
    if verdict is None and reference is not None and matched is not None:
        verdict = _detail(measures, limits, reference, matched)
    elif verdict is None:
        verdict = _without_reference(measures, limits)
    return Judged(verdict or NORMAL, matched)


def _signal_loss(measures: PictureMeasures) -> PictureVerdict | None:
    plain, spread, level = *measures.plain, measures.brightness
    colour = float(np.hypot(*measures.cast))
    is_black = level < _BLACK[0] and colour < _SIGNAL_COLOUR
    is_white = level > _WHITE
    if plain >= _NEARLY_ALL and spread < _PLAIN and not is_black and not is_white:
        words = "the picture is a plain field without any noise, as encoders send without a signal"
        return _verdict(
            PictureFault.SIGNAL_LOSS,
            f"{words}: check the camera's cable, its power and the encoder's input",
            ("share of tiles without detail", plain, _NEARLY_ALL),
            ("spread of tiles, levels", spread, _PLAIN),
        )
    if (
        measures.column_spread < _BARS_COLUMN
        and measures.bright_share < _BARS_WHITE
        and (_off(measures).max() > _SIGNAL_COLOUR and measures.level.std() > _BARS_SPREAD)
    ):
        words = "the picture shows colour bars: check the camera's cable and the encoder's input"
        column = ("spread within a column, levels", measures.column_spread, _BARS_COLUMN)
        return _verdict(PictureFault.SIGNAL_LOSS, words, column)
    return None


def _black(measures: PictureMeasures) -> PictureVerdict | None:
    level = measures.brightness
    if level < _BLACK[0] and measures.brightest < _BLACK[1]:
        words = "the picture is black: check the lens for a cover, the sensor and the lighting"
        return _verdict(
            PictureFault.BLACK,
            words,
            ("mean luma", level, _BLACK[0]),
            ("luma of the lightest tiles", measures.brightest, _BLACK[1]),
        )
    return None


def _dark(
    measures: PictureMeasures, limits: Thresholds, reference: Reference | None
) -> PictureVerdict | None:
    level, lit = measures.brightness, measures.lit_level
    dark = level < limits.dark_level and lit < limits.dark_lit_level
    least = limits.dark_level
    if reference and not dark:
        least = limits.dark_ratio * reference.brightness
        dark = level < least and lit < limits.dark_ratio * 1.3 * reference.lit_level
    if dark:
        words = f"the picture is too dark: mean luma {level:.0f} of 255"
        if reference:
            words += f", usually {reference.brightness:.0f}"
        words += "; check iris, exposure and lamps"
        return _verdict(PictureFault.BRIGHTNESS, words, ("mean luma", level, least))
    return None


def _bright(
    measures: PictureMeasures, limits: Thresholds, reference: Reference | None
) -> PictureVerdict | None:
    level, most = measures.brightness, limits.bright_share
    if reference:
        most = max(most, reference.bright_share + limits.bright_more)
    if level > limits.bright_level or measures.bright_share > most:
        words = (
            f"the picture is too bright: {measures.bright_share:.0%} of it is white; "
            "check iris, exposure and backlight compensation"
        )
        return _verdict(
            PictureFault.BRIGHTNESS,
            words,
            ("mean luma", level, limits.bright_level),
            ("share of white tiles", measures.bright_share, most),
        )
    return None


def _stripes(
    measures: PictureMeasures, limits: Thresholds, reference: Reference | None
) -> PictureVerdict | None:
    # Of noise alone, rows differ by so much.
    lines = _LINE_NOISE * measures.noise
    peak = limits.stripe_peak
    if reference:
        peak = reference.stripe_peak + limits.stripe_more
        lines += reference.line_unrest + limits.line_more
    else:
        lines += limits.line_level
    if measures.stripe_peak <= peak and measures.line_unrest <= lines:
        return None
    words = "stripes run through the picture: check its power supply, earthing and video cable"
    return _verdict(
        PictureFault.STRIPES,
        words,
        ("highest peak of the spectrum, nepers", measures.stripe_peak, peak),
        ("unrest of lines, levels", measures.line_unrest, lines),
    )


def _noise(
    measures: PictureMeasures, limits: Thresholds, reference: Reference | None
) -> PictureVerdict | None:
    most = limits.noise_level
    if reference:
        most = reference.noise * limits.noise_gain + limits.noise_more
    if measures.noise <= most:
        return None
    words = (
        f"the picture is noisy, {measures.noise:.1f} levels where {most:.1f} are the limit: check "
        "gain, lighting, cable and sensor"
    )
    return _verdict(PictureFault.NOISE, words, ("noise, levels", measures.noise, most))


def _cast(
    measures: PictureMeasures, limits: Thresholds, reference: Reference | None
) -> PictureVerdict | None:
    if measures.is_mono:
        return None
    red_green, yellow_blue = measures.cast
    most = limits.cast
    if reference and not reference.is_mono:
        most = limits.cast_more
        red_green -= reference.red_green
        yellow_blue -= reference.yellow_blue
    off = float(np.hypot(red_green, yellow_blue))
    if off <= most:
        return None
    towards = [
        *(("red" if red_green > 0 else "green",) if abs(red_green) > off / 3 else ()),
        *(("yellow" if yellow_blue > 0 else "blue",) if abs(yellow_blue) > off / 3 else ()),
    ]
    words = (
        f"the picture has a cast towards {' and '.join(towards)}: check white balance, the "
        "infrared filter and the cable"
    )
    return _verdict(PictureFault.COLOUR_CAST, words, ("cast, Lab units", off, most))


def _without_reference(measures: PictureMeasures, limits: Thresholds) -> PictureVerdict | None:
    """Judge what can be said of detail without knowing the scene."""
    if measures.contrast < limits.contrast_level:
        return _covered(1.0, limits.covered_share, "nothing of a scene can be seen")
    if 0 < measures.sharpness < limits.sharpness:
        return _unclear(measures.sharpness, limits.sharpness)
    return None


def _view(limits: Thresholds, matched: Match) -> PictureVerdict | None:
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
    return _verdict(
        PictureFault.SCENE_CHANGED,
        words,
        ("share of the view that is the same", matched.shape_share, limits.alike_share),
    )


def _detail(
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
    return _verdict(PictureFault.OCCLUSION, words, ("hidden share", share, limit))


def _unclear(value: float, limit: float) -> PictureVerdict:
    words = f"the picture is not clear, sharpness {value:.2f}: clean the dome and set the focus"
    return _verdict(PictureFault.CLARITY, words, ("sharpness", value, limit))


def _low_contrast(value: float, limit: float) -> PictureVerdict:
    words = (
        f"the picture has {value:.0%} of its usual contrast: clean the dome, check the image "
        "settings"
    )
    return _verdict(PictureFault.LOW_CONTRAST, words, ("contrast ratio", value, limit))


def _off(measures: PictureMeasures) -> np.ndarray:
    return np.hypot(measures.red_green, measures.yellow_blue)


def _verdict(
    fault: PictureFault, words: str, *measured: tuple[str, float, float]
) -> PictureVerdict:
    return PictureVerdict(
        fault,
        words,
        tuple(Measured(name, round(value, 3), round(limit, 3)) for name, value, limit in measured),
    )
