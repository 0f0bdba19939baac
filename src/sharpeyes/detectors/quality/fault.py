"""What can be wrong with a picture, with the field's codes, and what is said of it."""

from enum import IntEnum

import msgspec


class PictureFault(IntEnum):
    """A result of video quality diagnosis. 0 to 10 are the field's codes, from 11 on ours."""

    NORMAL = 0
    BLACK = 1
    FROZEN = 2
    """Judged by the health of the camera, over time."""
    OFFLINE = 3
    """Said by the health of the camera, never of a picture."""
    BRIGHTNESS = 4
    """Too dark, or too bright."""
    CLARITY = 5
    """Out of focus, or smeared."""
    COLOUR_CAST = 6
    NOISE = 7
    JITTER = 8
    """The view shakes."""
    OCCLUSION = 9
    """Covered or sprayed, wholly or in part."""
    PTZ = 10
    """The view wanders by itself."""
    STRIPES = 11
    LOW_CONTRAST = 12
    SCENE_CHANGED = 13
    """It looks elsewhere than its reference picture."""
    SIGNAL_LOSS = 14
    """A plain grey or blue field, or colour bars: what an encoder sends without a camera."""


class Measured(msgspec.Struct, frozen=True):
    """One figure that decided.

    Attributes:
        name: what was measured, with its unit.
        value: what came out.
        limit: what it had to keep to.
    """

    name: str
    value: float
    limit: float


class PictureVerdict(msgspec.Struct, frozen=True):
    """What is held of one picture, or of the latest several.

    Attributes:
        fault: what is wrong.
        words: what was seen and what to do about it, in words; empty if nothing is wrong.
        measured: the figures that decided, with their limits.
    """

    fault: PictureFault = PictureFault.NORMAL
    words: str = ""
    measured: tuple[Measured, ...] = ()


NORMAL = PictureVerdict()


def verdict_of(
    fault: PictureFault, words: str, *measured: tuple[str, float, float]
) -> PictureVerdict:
    """Return a verdict; what was measured is given as name, value and limit."""
    return PictureVerdict(
        fault,
        words,
        tuple(Measured(name, round(value, 3), round(limit, 3)) for name, value, limit in measured),
    )
