"""Stopped vehicles: from settled pixels to candidates, alerts and ends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.boxes import BoxXyxy, area, crop, widen
from sharpeyes.detectors.candidate import MARGIN_PX, Candidate
from sharpeyes.detectors.joining import JOIN_SETTLES, LATE_PART_SHARE, parts_completed
from sharpeyes.detectors.judge import Verdict, judge_edges, judge_shape
from sharpeyes.detectors.kept_state import (
    KeptCandidate,
    keep_candidate,
    restore_candidate,
    surface_of,
)
from sharpeyes.detectors.light import Light, find_light
from sharpeyes.detectors.passes import blank
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.presence import (
    LEAST_LOST_S,
    Presence,
    has_crept,
    is_waited_for,
    look_at,
    note_seen,
)
from sharpeyes.detectors.regions import find_regions, padded_to, planted
from sharpeyes.detectors.stillness import StillnessModel
from sharpeyes.detectors.surface import Surface, copy_where
from sharpeyes.detectors.verifier import Sighting
from sharpeyes.detectors.zone_map import ZoneMap

SETTLE_SHARE: Final = 0.4
"""Of the shortest dwell limit: how long pixels must hold before they become a candidate."""
LEAST_SETTLE_S: Final = 1.5
MOST_SETTLE_S: Final = 8.0
MOST_TESTS: Final = 8
"""Regions judged in one look; a cloud's edge makes hundreds, and they can wait."""
MAY_STILL_GROW: Final = frozenset({Verdict.TOO_SMALL, Verdict.SHAPE, Verdict.UNCLEAR})
"""It may be a part of a vehicle; all else is learned into the scenery at once."""
ANOTHER_SCENE_RATIO: Final = 0.2
"""A region of so much of the picture is a camera that was moved, or another kind of light."""
MOST_CANDIDATES: Final = 48
LIKENESS_DROP: Final = 0.1
"""A thing that looks so much less like itself than usual is half hidden or on its way."""
MOST_GAIN: Final = 1.35
"""Beyond it the day has become another: what is remembered moves into the new light."""
ASK_AGAIN_S: Final = 20.0
"""A model that saw no vehicle is asked again after so long."""
_AROUND: Final = np.ones((3, 3), np.uint8)


@dataclass(frozen=True, slots=True)
class Step:
    """A candidate reached its limit, or one that was told left."""

    candidate: Candidate
    end_s: float | None


class VehicleWatch:
    """Follows everything that stops in one camera's picture.

    Attributes:
        candidates: what stands there now, told or not.
        rejections: regions that the last look refused, and why.
    """

    def __init__(
        self, surface: Surface, zone_map: ZoneMap, dwell_s: float, new_id: Callable[[], int]
    ) -> None:
        """Take the first (c, h, w) uint8 picture of the stationary model's size as scenery.

        Args:
            surface: the picture.
            zone_map: the zones, rasterised at any size.
            dwell_s: the limit where a zone has none.
            new_id: numbers the candidates.
        """
        self._new_id = new_id
        settle_s = SETTLE_SHARE * zone_map.least_dwell_s(dwell_s)
        self._dwell_s = dwell_s
        self._settle_s = min(max(settle_s, LEAST_SETTLE_S), MOST_SETTLE_S)
        self._zones = zone_map
        self.model = StillnessModel(surface, self._settle_s)
        self.candidates: list[Candidate] = []
        self.rejections: list[tuple[BoxXyxy, Verdict]] = []

    def update(
        self,
        surface: Surface,
        time_s: float,
        elapsed_s: float,
        verify: Callable[[Candidate], Sighting] | None = None,
    ) -> list[Step]:
        """Look at one (c, h, w) uint8 picture.

        Args:
            surface: the picture at the model's size.
            time_s: its time.
            elapsed_s: seconds since the look before.
            verify: asks a model about a candidate that is due; None where there is no model.

        Returns:
            Candidates that reached their limit or left after having been told.
        """
        surface = self._in_known_light(surface)
        held = self._held()
        self.model.update(surface, elapsed_s, held)
        steps = list(self._follow(surface, time_s, elapsed_s, verify))
        self.rejections = []
        self._find_new(surface, time_s)
        return steps

    def keep(self) -> tuple[KeptCandidate, ...]:
        """Return the kept form of all candidates."""
        return tuple(keep_candidate(one, self.model.scenery) for one in self.candidates)

    def resume(self, kept: Sequence[KeptCandidate]) -> None:
        """Go on with kept candidates, behind which the first picture shows no scenery."""
        for one in kept:
            candidate = restore_candidate(one)
            self._assign_zone(candidate)
            behind = surface_of(one.scenery, one.window_xyxy)
            copy_where(candidate.mask, behind, crop(self.model.scenery, one.window_xyxy))
            self.candidates.append(candidate)

    @property
    def state_bytes(self) -> int:
        """Bytes of pixel arrays held."""
        patches = sum(one.mask.nbytes + one.template.nbytes for one in self.candidates)
        return self.model.state_bytes + patches

    def _in_known_light(self, surface: Surface) -> Surface:
        """Return the picture in the light in which the scenery and the templates were seen.

        Exposure swings by ten levels within seconds when a lorry passes; what is remembered stays
        as it is, since passing it through tables again and again would wear it out.
        """
        light = find_light(surface[0], self.model.scenery[0])
        if not 1 / MOST_GAIN <= light.gain <= MOST_GAIN:
            self._relight(find_light(self.model.scenery[0], surface[0]))
            return surface
        known = surface.copy()
        light.apply(known[0])
        return known

    def _relight(self, light: Light) -> None:
        self.model.relight(light)
        for candidate in self.candidates:
            light.apply(candidate.template[0])

    def _follow(
        self,
        surface: Surface,
        time_s: float,
        elapsed_s: float,
        verify: Callable[[Candidate], Sighting] | None,
    ) -> Iterator[Step]:
        kept: list[Candidate] = []
        for candidate in self.candidates:
            if self._is_still_there(candidate, surface, time_s, elapsed_s):
                kept.append(candidate)
                if self._is_due(candidate, surface, time_s) and _passes(candidate, time_s, verify):
                    candidate.alert_s = time_s
                    yield Step(candidate, None)
            elif candidate.alert_s is not None:
                end_s = candidate.gone_since_s
                yield Step(candidate, candidate.seen_s if end_s is None else end_s)
        self.candidates = kept

    def _is_still_there(
        self, candidate: Candidate, surface: Surface, time_s: float, elapsed_s: float
    ) -> bool:
        presence, likeness = look_at(candidate, surface, self.model.scenery, self.model.slack)
        if presence is not Presence.THERE:
            patience_s = max(LEAST_LOST_S, self._settle_s)
            return is_waited_for(candidate, presence, time_s, elapsed_s, patience_s)
        due_s = candidate.start_s + candidate.limit_s
        if candidate.alert_s is None and time_s >= due_s and has_crept(candidate, surface):
            return False
        note_seen(candidate, time_s, likeness)
        return True

    def _is_due(self, candidate: Candidate, surface: Surface, time_s: float) -> bool:
        told = candidate.alert_s is not None
        waiting = time_s - candidate.start_s < candidate.limit_s or time_s < candidate.ask_again_s
        changing = candidate.likeness < candidate.usual_likeness - LIKENESS_DROP
        if told or waiting or changing or candidate.seen_s < time_s:
            return False
        return self._edges(surface, candidate.window_xyxy, candidate.mask) is Verdict.THING

    def _find_new(self, surface: Surface, time_s: float) -> None:
        for tested, (box, mask) in enumerate(find_regions(self.model.count)):
            if tested >= MOST_TESTS or len(self.candidates) >= MOST_CANDIDATES:
                return
            if cv2.countNonZero(mask) > ANOTHER_SCENE_RATIO * surface[0].size:
                self.model.learn(surface, np.asarray(cv2.bitwise_not(self._held()), np.uint8))
                return
            verdict = self._judge(surface, box, mask)
            window = widen(box, MARGIN_PX, surface.shape[1:])
            padded = padded_to(window, mask, box)
            if verdict is not Verdict.THING:
                if verdict is not Verdict.TOO_SMALL:
                    self.rejections.append((box, verdict))
                if verdict not in MAY_STILL_GROW:
                    self._learn(surface, window, padded)
                continue
            self._add(surface, box, planted(mask, box, surface), time_s)

    def _add(self, surface: Surface, box: BoxXyxy, region: Plane, time_s: float) -> None:
        """Make a candidate of a region and of the candidates that are parts of the same thing.

        A part that settled before the rest belongs to something that was still moving: the whole
        counts from its own stop.
        """
        parts = parts_completed(self.candidates, box, time_s - JOIN_SETTLES * self._settle_s)
        if parts is None:
            return
        starts = [time_s - self.model.full_after_s]
        for part in parts:
            if area(part.box_xyxy) * LATE_PART_SHARE > area(box):
                starts.append(part.start_s)
            view = crop(region, part.window_xyxy)
            cv2.max(view, part.mask, dst=view)
        x, y, wide, high = cv2.boundingRect(region)
        window = widen((x, y, x + wide, y + high), MARGIN_PX, surface.shape[1:])
        candidate = Candidate(
            candidate_id=self._new_id(),
            window_xyxy=window,
            mask=crop(region, window).copy(),
            template=crop(surface, window).copy(),
            start_s=min(starts),
            seen_s=time_s,
        )
        self._assign_zone(candidate)
        self.candidates = [one for one in self.candidates if one not in parts]
        self.candidates.append(candidate)
        self.model.forget(self._held())

    def _assign_zone(self, candidate: Candidate) -> None:
        height, width = self.model.count.shape[:2]
        left, _, right, bottom = candidate.box_xyxy
        zone = self._zones.zone_at((left + right) / 2 / width, (bottom - 0.5) / height)
        if zone is not None:
            candidate.zone = zone.name
            candidate.limit_s = self._dwell_s if zone.dwell_s is None else zone.dwell_s

    def _judge(self, surface: Surface, box: BoxXyxy, mask: Plane) -> Verdict:
        left, top, right, bottom = box
        verdict = judge_shape(mask, right - left, bottom - top, surface[0].size)
        if verdict is not Verdict.THING:
            return verdict
        window = widen(box, MARGIN_PX, surface.shape[1:])
        return self._edges(surface, window, padded_to(window, mask, box))

    def _edges(self, surface: Surface, window: BoxXyxy, mask: Plane) -> Verdict:
        return judge_edges(crop(surface, window), crop(self.model.scenery, window), mask)

    def _learn(self, surface: Surface, window: BoxXyxy, mask: Plane) -> None:
        whole = blank(surface)
        cv2.dilate(mask, _AROUND, dst=crop(whole, window))
        self.model.learn(surface, whole)

    def _held(self) -> Plane:
        """Return (h, w) uint8, 255 where candidates stand."""
        held = blank(self.model.scenery)
        for candidate in self.candidates:
            view = crop(held, candidate.window_xyxy)
            cv2.max(view, cv2.dilate(candidate.mask, _AROUND), dst=view)
        return held


def _passes(
    candidate: Candidate, time_s: float, verify: Callable[[Candidate], Sighting] | None
) -> bool:
    """Say whether a candidate that is due may be told, with what a model says about it."""
    if verify is None:
        return True
    sighting = verify(candidate)
    if sighting is Sighting.OTHER:
        # Someone may be standing before a vehicle, and go.
        candidate.ask_again_s = time_s + ASK_AGAIN_S
        return False
    candidate.verified = sighting is Sighting.VEHICLE
    return True
