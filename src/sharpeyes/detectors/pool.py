"""All candidates of a view: how they are made, kept, and found again."""

from collections.abc import Callable, Sequence
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.boxes import BoxXyxy, area, crop, widen
from sharpeyes.detectors.candidate import MARGIN_PX, Candidate
from sharpeyes.detectors.joining import LATE_PART_SHARE
from sharpeyes.detectors.kept_state import (
    KeptCandidate,
    keep_candidate,
    restore_candidate,
    surface_of,
)
from sharpeyes.detectors.light import Light
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.presence import follow_jump
from sharpeyes.detectors.stillness import StillnessModel
from sharpeyes.detectors.surface import Surface, blank, copy_where
from sharpeyes.detectors.zone_map import ZoneMap
from sharpeyes.detectors.zones import Zone

MOST_CANDIDATES: Final = 48
_AROUND: Final = np.ones((3, 3), np.uint8)


class CandidatePool:
    """What stands in one camera's picture, told or not.

    Attributes:
        candidates: all of it.
    """

    def __init__(self, zones: ZoneMap, dwell_s: float, new_id: Callable[[], int]) -> None:
        """Begin with none.

        Args:
            zones: rasterised at any size.
            dwell_s: the limit where a zone has none.
            new_id: numbers the candidates.
        """
        self._zones = zones
        self._dwell_s = dwell_s
        self._new_id = new_id
        self.candidates: list[Candidate] = []

    @property
    def is_full(self) -> bool:
        """No more are followed."""
        return len(self.candidates) >= MOST_CANDIDATES

    @property
    def state_bytes(self) -> int:
        """Bytes of pixel arrays held."""
        return sum(one.mask.nbytes + one.template.nbytes for one in self.candidates)

    def add(
        self,
        surface: Surface,
        region: Plane,
        parts: Sequence[Candidate],
        times_s: tuple[float, float],
    ) -> None:
        """Make a candidate of a region and of the candidates that are parts of the same thing.

        A part that settled before the rest belongs to something that was still moving: the whole
        counts from its own stop.

        Args:
            surface: (c, H, W) uint8 picture.
            region: (H, W) uint8, 255 in the region; it is used up.
            parts: what becomes one with it.
            times_s: when it stopped, and now.
        """
        stopped_s, now_s = times_s
        new_box = _box_of(region)
        for part in parts:
            if area(part.box_xyxy) * LATE_PART_SHARE > area(new_box):
                stopped_s = min(stopped_s, part.start_s)
            view = crop(region, part.window_xyxy)
            cv2.max(view, part.mask, dst=view)
        window = widen(_box_of(region), MARGIN_PX, surface.shape[1:])
        candidate = Candidate(
            candidate_id=self._new_id(),
            window_xyxy=window,
            mask=crop(region, window).copy(),
            template=crop(surface, window).copy(),
            start_s=stopped_s,
            seen_s=now_s,
        )
        self._assign_zone(candidate, surface.shape[1:])
        self.candidates = [one for one in self.candidates if one not in parts]
        self.candidates.append(candidate)

    def held(self, surface: Surface) -> Plane:
        """Return (H, W) uint8, 255 where candidates stand in a (c, H, W) picture."""
        held = blank(surface)
        for candidate in self.candidates:
            view = crop(held, candidate.window_xyxy)
            cv2.max(view, cv2.dilate(candidate.mask, _AROUND), dst=view)
        return held

    def zone_of(self, candidate: Candidate, shape_hw: tuple[int, ...]) -> Zone | None:
        """Return the zone that a candidate's bottom centre stands in, in a picture of a shape."""
        height, width = shape_hw
        left, _, right, bottom = candidate.box_xyxy
        return self._zones.zone_at((left + right) / 2 / width, (bottom - 0.5) / height)

    def relight(self, light: Light) -> None:
        """Bring what is remembered into another light."""
        for candidate in self.candidates:
            light.apply(candidate.template[0])

    def jump(self, surface: Surface, model: StillnessModel) -> None:
        """Learn a view anew after a jump of the camera, and find in it what stood there."""
        behind = [crop(model.scenery, one.window_xyxy).copy() for one in self.candidates]
        for candidate in self.candidates:
            follow_jump(candidate, surface)
        model.learn(surface, np.asarray(cv2.bitwise_not(self.held(surface)), np.uint8))
        for candidate, scenery in zip(self.candidates, behind, strict=True):
            _stand_before(candidate, scenery, model)

    def keep(self, scenery: Surface) -> tuple[KeptCandidate, ...]:
        """Return the kept form of all; `scenery` is the (c, H, W) uint8 of the whole picture."""
        return tuple(keep_candidate(one, scenery) for one in self.candidates)

    def resume(self, kept: Sequence[KeptCandidate], model: StillnessModel) -> None:
        """Go on with kept candidates, behind which the first picture shows no scenery."""
        for one in kept:
            candidate = restore_candidate(one)
            self._assign_zone(candidate, model.count.shape)
            _stand_before(candidate, surface_of(one.scenery, one.window_xyxy), model)
            self.candidates.append(candidate)

    def _assign_zone(self, candidate: Candidate, shape_hw: tuple[int, ...]) -> None:
        zone = self.zone_of(candidate, shape_hw)
        if zone is not None:
            candidate.zone = zone.name
            candidate.limit_s = self._dwell_s if zone.dwell_s is None else zone.dwell_s


def _stand_before(candidate: Candidate, behind: Surface, model: StillnessModel) -> None:
    """Make what was seen behind a candidate, (c, h, w) uint8 of its window, scenery again."""
    around = np.asarray(cv2.dilate(candidate.mask, _AROUND), np.uint8)
    copy_where(around, behind, crop(model.scenery, candidate.window_xyxy))


def _box_of(region: Plane) -> BoxXyxy:
    x, y, wide, high = cv2.boundingRect(region)
    return x, y, x + wide, y + high
