"""Parts of a region that has no shape of a vehicle: two vehicles, or one and what surrounds it.

Regions are joined across small gaps, since a pole may cut a vehicle in two. Where noise or blocks
of a coarse JPEG fill the gaps, what is joined wrongly comes apart at its narrow places.
"""

from collections.abc import Iterator
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.picture import Plane

MOST_PARTS: Final = 4
LEAST_SIDE_PX: Final = 6
"""Parts are held to more than whole regions: words and branches come apart, too."""
WHOLE_SHARE: Final = 0.9
"""A part with so much of the region's box is the region."""
_NARROW: Final = np.ones((3, 3), np.uint8)


def parts_of(box: BoxXyxy, mask: Plane) -> Iterator[tuple[BoxXyxy, Plane]]:
    """Take a region apart where it is narrower than three pixels.

    Args:
        box: of the region.
        mask: (h, w) uint8 of the box, 255 in the region.

    Yields:
        Box and (h, w) uint8 mask of the largest parts, largest first; nothing where it is one.
    """
    opened = np.asarray(cv2.morphologyEx(mask, cv2.MORPH_OPEN, _NARROW), np.uint8)
    number, labels, stats, _ = cv2.connectedComponentsWithStats(opened, connectivity=4)
    rows = stats.tolist()
    large = [one for one in range(1, number) if min(rows[one][2:4]) >= LEAST_SIDE_PX]
    if len(large) == 1 and _is_most(rows[large[0]], mask):
        return
    for label in sorted(large, key=lambda one: -rows[one][cv2.CC_STAT_AREA])[:MOST_PARTS]:
        x, y, wide, high = rows[label][:4]
        part = (labels[y : y + high, x : x + wide] == label).astype(np.uint8) * np.uint8(255)
        left, top = box[0] + x, box[1] + y
        yield (left, top, left + wide, top + high), part


def _is_most(row: list[int], mask: Plane) -> bool:
    return bool(row[cv2.CC_STAT_WIDTH] * row[cv2.CC_STAT_HEIGHT] >= WHOLE_SHARE * mask.size)
