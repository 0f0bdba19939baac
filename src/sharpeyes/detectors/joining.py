"""Which candidates a region that settles later belongs to."""

from collections.abc import Sequence
from typing import Final

from sharpeyes.detectors.boxes import BoxXyxy, area, shared_ratio
from sharpeyes.detectors.candidate import Candidate

JOIN_SETTLES: Final = 3.0
"""Parts of one thing settle within so many settling times."""
LATE_PART_SHARE: Final = 0.5
"""A region below this share of the parts it joins is a late part, and moves no start."""
SAME_THING: Final = 0.1
"""Boxes that share so much of the smaller one are parts of one thing."""


def parts_completed(
    candidates: Sequence[Candidate], box_xyxy: BoxXyxy, joins_s: float
) -> list[Candidate] | None:
    """Find the parts of the thing that a new region completes.

    What stands for longer, or was told, stays as it is: a small region there is taken for its own
    part, and a larger one is another vehicle.

    Args:
        candidates: all that is followed.
        box_xyxy: of the region.
        joins_s: candidates that stopped before this time are complete.

    Returns:
        Candidates that become one with the region; None where the region is to be left out.
    """
    same = [one for one in candidates if shared_ratio(one.box_xyxy, box_xyxy) >= SAME_THING]
    parts = [one for one in same if one.alert_s is None and one.start_s >= joins_s]
    complete = [one for one in same if one not in parts]
    if any(area(box_xyxy) < LATE_PART_SHARE * area(one.box_xyxy) for one in complete):
        return None
    return parts
