"""The zones of a camera, rasterised once for one size of picture."""

from collections.abc import Sequence

import numpy as np

from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.zones import WHOLE_PICTURE, Zone, ZoneKind, union_mask, zone_mask


class ZoneMap:
    """Which zone speaks for a pixel.

    Where zones overlap, privacy and ignore win over no_parking, and no_parking over watch; of
    two alike the later wins. Without a watch or no_parking zone the whole picture is watched.

    Attributes:
        private: (h, w) uint8, 255 in privacy zones; None where there are none.
        unseen: (h, w) uint8, 255 in privacy and ignore zones; None where there are none.
        watched: per watch zone its (h, w) uint8 mask, without what is unseen.
    """

    def __init__(self, zones: Sequence[Zone], height: int, width: int) -> None:
        """Rasterise checked zones for a picture of (height, width)."""
        kinds = {
            kind: [zone for zone in zones if zone.kind is kind and zone.polygon]
            for kind in ZoneKind
        }
        if not kinds[ZoneKind.WATCH] and not kinds[ZoneKind.NO_PARKING]:
            kinds[ZoneKind.WATCH] = [WHOLE_PICTURE]
        hidden = kinds[ZoneKind.PRIVACY] + kinds[ZoneKind.IGNORE]
        self.private = _mask_or_none(kinds[ZoneKind.PRIVACY], height, width)
        self.unseen = _mask_or_none(hidden, height, width)
        self.watched = {
            zone.name: self._seen(zone_mask(zone, height, width)) for zone in kinds[ZoneKind.WATCH]
        }
        self._judges = kinds[ZoneKind.WATCH] + kinds[ZoneKind.NO_PARKING]
        self._label = np.full((height, width), -1, np.int16)
        for index, zone in enumerate(self._judges):
            self._label[self._seen(zone_mask(zone, height, width)) > 0] = index

    def zone_at(self, x: float, y: float) -> Zone | None:
        """Return the zone that judges what stands at a point, given as 0-1 of the picture."""
        height, width = self._label.shape
        row, column = min(int(y * height), height - 1), min(int(x * width), width - 1)
        index = int(self._label[max(row, 0), max(column, 0)])
        return self._judges[index] if index >= 0 else None

    def least_dwell_s(self, default_s: float) -> float:
        """Return the shortest limit of any zone that judges vehicles."""
        return min(default_s if zone.dwell_s is None else zone.dwell_s for zone in self._judges)

    def _seen(self, mask: Plane) -> Plane:
        if self.unseen is not None:
            mask[self.unseen > 0] = 0
        return mask


def _mask_or_none(zones: Sequence[Zone], height: int, width: int) -> Plane | None:
    return union_mask(zones, height, width) if zones else None
