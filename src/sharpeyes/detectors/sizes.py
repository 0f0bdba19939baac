"""Is it as large as vehicles are there? By what an engineer set, else by what passes."""

from dataclasses import dataclass
from typing import Final

import numpy as np

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.judge import Verdict
from sharpeyes.detectors.traffic import Traffic, size_of
from sharpeyes.detectors.zones import Zone

SLACK_PX: Final = 2.0
"""Boxes are found to a pixel on each side."""


@dataclass(frozen=True, slots=True)
class SizeRange:
    """What is believed of a vehicle, in pixels of the stationary model.

    Attributes:
        least: the smallest.
        most: the largest.
        of_width: they are widths, as its zone says; else the sides of squares as large as the
            boxes of what passes there.
    """

    least: float
    most: float
    of_width: bool


def expected_at(
    box: BoxXyxy, shape_hw: tuple[int, int], zone: Zone | None, traffic: Traffic
) -> SizeRange | None:
    """Return what size a vehicle has that stands where a box stands; None where nobody knows.

    Args:
        box: the candidate.
        shape_hw: of the picture that it is a box of.
        zone: that it stands in.
        traffic: what passed.
    """
    height, width = shape_hw
    bottom = box[3]
    if zone is not None and zone.vehicle_widths:
        rows, least, most = np.array(sorted(zone.vehicle_widths)).T
        at = bottom / height
        return SizeRange(
            width * float(np.interp(at, rows, least)),
            width * float(np.interp(at, rows, most)),
            of_width=True,
        )
    passed = traffic.sizes_at(bottom, height)
    return None if passed is None else SizeRange(*passed, of_width=False)


def judge_size(box: BoxXyxy, expected: SizeRange) -> Verdict:
    """Compare a candidate with what is expected where it stands."""
    size = box[2] - box[0] if expected.of_width else size_of(box)
    if size < expected.least - SLACK_PX:
        return Verdict.SMALL_HERE
    return Verdict.LARGE_HERE if size > expected.most + SLACK_PX else Verdict.THING
