"""From where on a picture is at fault, by day and by night."""

import msgspec


class Thresholds(msgspec.Struct, frozen=True, kw_only=True):
    """Limits of one half of the day. Levels are 0-255; ratios are to the camera's reference.

    Attributes:
        dark_level: mean luma below which a picture is too dark, whatever the reference says.
        dark_lit_level: and one tile in ten is not brighter than this.
        dark_ratio: brightness and lit level, to the reference, below which it is too dark.
        bright_level: mean luma above which it is too bright.
        bright_share: share of the picture that may be white,
        bright_more: or, where more of it usually is, this much more than usual.
        noise_level: noise, in levels, where there is no reference.
        noise_gain: noise may grow by this factor,
        noise_more: and by this many levels.
        stripe_peak: nepers, where there is no reference.
        stripe_more: nepers above the reference's.
        line_level: levels of unrest of rows, where there is no reference.
        line_more: levels above the reference's.
        cast: Lab units off grey, where there is no reference.
        cast_more: Lab units off the reference's.
        sharpness: fine to coarse detail, where there is no reference.
        clarity_ratio: of the finest detail left in what is seen again in the reference.
        contrast_level: standard deviation of luma, where there is no reference.
        contrast_ratio: to the reference's.
        alike_share: share of tiles that must still show what they showed.
        covered_share: connected share of the picture that may be hidden.
        lost_share: share of what can be recognized that may be hidden.
    """

    dark_level: float
    dark_lit_level: float
    dark_ratio: float
    bright_level: float = 220.0
    bright_share: float = 0.5
    bright_more: float = 0.15
    noise_level: float = 12.0
    noise_gain: float = 1.6
    noise_more: float = 4.0
    stripe_peak: float = 3.2
    stripe_more: float = 0.7
    line_level: float = 4.0
    line_more: float = 1.2
    cast: float = 28.0
    cast_more: float = 13.0
    sharpness: float = 0.12
    contrast_level: float = 8.0
    contrast_ratio: float = 0.3
    clarity_ratio: float = 0.74
    alike_share: float = 0.45
    covered_share: float = 0.17
    lost_share: float = 0.23


DAY = Thresholds(dark_level=30.0, dark_lit_level=60.0, dark_ratio=0.35)
NIGHT = Thresholds(dark_level=8.0, dark_lit_level=20.0, dark_ratio=0.35)
"""Lamps, noise and darkness are normal there."""
