"""One picture against fixed limits and against the camera's reference.

The rules are asked in an order in which a fault that would also look like others comes first:
stripes raise the noise, noise raises the sharpness, and a covered lens shows another scene.
"""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sharpeyes.detectors.quality.fault import (
    NORMAL,
    PictureFault,
    PictureVerdict,
    verdict_of,
)
from sharpeyes.detectors.quality.measures import PictureMeasures
from sharpeyes.detectors.quality.reference import Reference
from sharpeyes.detectors.quality.scene import (
    colour_shift,
    judge_alone,
    judge_detail,
    judge_view,
)
from sharpeyes.detectors.quality.thresholds import Thresholds
from sharpeyes.detectors.quality.view import Match

_BLACK: Final = (16.0, 28.0)
"""Mean luma and lit level of a picture that shows nothing."""
_MADE_OUT: Final = 16.0
"""Darker than this nobody sees a view, though it can be computed."""
_NEARLY_ALL: Final = 0.8
"""Words such as NO SIGNAL and a clock take the rest."""
_PLAIN: Final = 0.7
_SIGNAL_COLOUR: Final = 30.0
_BARS_COLUMN: Final = 1.5
_BARS_WHITE: Final = 0.3
_BARS_SPREAD: Final = 30.0
_LINE_NOISE: Final = 0.12
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
    verdict = (
        _signal_loss(measures)
        or _black(measures, limits, matched)
        or _bright(measures, limits, reference)
    )
    if verdict is None and reference is not None and matched is not None:
        verdict = judge_view(measures, limits, reference, matched)
    verdict = (
        verdict
        or _dark(measures, limits, reference)
        or _stripes(measures, limits, reference)
        or _noise(measures, limits, reference)
        or _cast(measures, limits, reference, matched)
    )
    if verdict is None and reference is not None and matched is not None:
        verdict = judge_detail(limits, matched)
    elif verdict is None:
        verdict = judge_alone(measures, limits)
    return Judged(verdict or NORMAL, matched)


def _signal_loss(measures: PictureMeasures) -> PictureVerdict | None:
    plain, spread, level = *measures.plain, measures.brightness
    colour = float(np.hypot(*measures.cast))
    is_black = level < _BLACK[0] and colour < _SIGNAL_COLOUR
    is_white = level > _WHITE
    if plain >= _NEARLY_ALL and spread < _PLAIN and not is_black and not is_white:
        words = "the picture is a plain field without any noise, as encoders send without a signal"
        return verdict_of(
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
        return verdict_of(PictureFault.SIGNAL_LOSS, words, column)
    return None


def _black(
    measures: PictureMeasures, limits: Thresholds, matched: Match | None
) -> PictureVerdict | None:
    level = measures.brightness
    made_out = matched is not None and matched.shape_share >= limits.alike_share
    if made_out and measures.brightest >= _MADE_OUT:
        # By people, too: that is too dark.
        return None
    if level < _BLACK[0] and measures.brightest < _BLACK[1]:
        words = "the picture is black: check the lens for a cover, the sensor and the lighting"
        return verdict_of(
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
        return verdict_of(PictureFault.BRIGHTNESS, words, ("mean luma", level, least))
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
        return verdict_of(
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
    return verdict_of(
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
    return verdict_of(PictureFault.NOISE, words, ("noise, levels", measures.noise, most))


def _cast(
    measures: PictureMeasures,
    limits: Thresholds,
    reference: Reference | None,
    matched: Match | None,
) -> PictureVerdict | None:
    if measures.is_mono:
        return None
    red_green, yellow_blue = measures.cast
    most = limits.cast
    if reference and matched and not reference.is_mono and matched.kept.any():
        # Of what shows the same as ever: paint on a part of the lens is no cast.
        most = limits.cast_more
        # In the darker half a cast hardly shows.
        lit = matched.kept & (measures.level >= np.median(measures.level[matched.kept]))
        shifts = colour_shift(measures, reference)
        red_green, yellow_blue = (float(np.median(tiles[lit])) for tiles in shifts)
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
    return verdict_of(PictureFault.COLOUR_CAST, words, ("cast, Lab units", off, most))


def _off(measures: PictureMeasures) -> np.ndarray:
    return np.hypot(measures.red_green, measures.yellow_blue)
