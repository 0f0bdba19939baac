"""Stopped vehicles: from settled pixels to candidates, alerts and ends."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import cv2
import numpy as np

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.candidate import Candidate
from sharpeyes.detectors.joining import JOIN_SETTLES, parts_completed
from sharpeyes.detectors.judge import Verdict
from sharpeyes.detectors.kept_state import KeptCandidate
from sharpeyes.detectors.light import find_light
from sharpeyes.detectors.newcomers import (
    MAY_STILL_GROW,
    Refusal,
    judge_candidate,
    judge_region,
    things_in,
)
from sharpeyes.detectors.onsets import Onsets
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.pool import CandidatePool
from sharpeyes.detectors.presence import (
    LEAST_LOST_S,
    Presence,
    has_crept,
    is_waited_for,
    look_at,
    note_seen,
)
from sharpeyes.detectors.regions import find_regions, planted
from sharpeyes.detectors.sizes import expected_at, judge_size
from sharpeyes.detectors.stillness import StillnessModel
from sharpeyes.detectors.surface import Surface
from sharpeyes.detectors.traffic import Traffic
from sharpeyes.detectors.verifier import Sighting
from sharpeyes.detectors.zone_map import ZoneMap

SETTLE_SHARE: Final = 0.4
"""Of the shortest dwell limit: how long pixels must hold before they become a candidate."""
LEAST_SETTLE_S: Final = 1.5
MOST_SETTLE_S: Final = 8.0
MOST_TESTS: Final = 8
"""Regions judged in one look; a cloud's edge makes hundreds, and they can wait."""
ANOTHER_SCENE_RATIO: Final = 0.2
"""A region of so much of the picture is a camera that was moved, or another kind of light."""
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
        refusals: what the last look refused.
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
        settle_s = SETTLE_SHARE * zone_map.least_dwell_s(dwell_s)
        self._settle_s = min(max(settle_s, LEAST_SETTLE_S), MOST_SETTLE_S)
        self._model = StillnessModel(surface, self._settle_s)
        self._onsets = Onsets(self._model.differs)
        self._pool = CandidatePool(zone_map, dwell_s, new_id)
        self._traffic = Traffic()
        self.refusals: list[Refusal] = []

    @property
    def candidates(self) -> Sequence[Candidate]:
        """What stands there now, told or not."""
        return self._pool.candidates

    def update(
        self,
        surface: Surface,
        foreground: Plane,
        time_s: float,
        elapsed_s: float,
        verify: Callable[[Candidate], Sighting] | None = None,
    ) -> list[Step]:
        """Look at one (c, h, w) uint8 picture.

        Args:
            surface: the picture at the model's size; its light becomes that of what is remembered.
            foreground: (h, w) uint8, 255 where something moves.
            time_s: its time.
            elapsed_s: seconds since the look before.
            verify: asks a model about a candidate that is due; None where there is no model.

        Returns:
            Candidates that reached their limit or left after having been told.
        """
        self._bring_into_known_light(surface)
        self._model.update(surface, elapsed_s, self._pool.held(surface))
        self._traffic.look(foreground, time_s)
        self.refusals = []
        if self._onsets.look(self._model, time_s, elapsed_s):
            self._pool.jump(surface, self._model)
        steps = list(self._follow(surface, time_s, elapsed_s, verify))
        self._find_new(surface, time_s)
        return steps

    def keep(self) -> tuple[tuple[KeptCandidate, ...], bytes]:
        """Return the kept form of all candidates, and of the traffic's sizes."""
        return self._pool.keep(self._model.scenery), self._traffic.keep()

    def resume(self, candidates: Sequence[KeptCandidate], traffic: bytes) -> None:
        """Go on with what was kept of the same view."""
        self._pool.resume(candidates, self._model)
        self._traffic = Traffic(traffic)

    @property
    def state_bytes(self) -> int:
        """Bytes of arrays held."""
        parts = (self._model, self._onsets, self._pool, self._traffic)
        return sum(part.state_bytes for part in parts)

    def _bring_into_known_light(self, surface: Surface) -> None:
        """Bring the picture into the light in which the scenery and the templates were seen.

        Exposure swings by ten levels within seconds when a lorry passes; what is remembered stays
        as it is, since passing it through tables again and again would wear it out.
        """
        light = find_light(surface[0], self._model.scenery[0])
        if not 1 / MOST_GAIN <= light.gain <= MOST_GAIN:
            relight = find_light(self._model.scenery[0], surface[0])
            self._model.relight(relight)
            self._pool.relight(relight)
        else:
            light.apply(surface[0])

    def _follow(
        self,
        surface: Surface,
        time_s: float,
        elapsed_s: float,
        verify: Callable[[Candidate], Sighting] | None,
    ) -> Iterator[Step]:
        kept: list[Candidate] = []
        for candidate in self._pool.candidates:
            if self._is_still_there(candidate, surface, time_s, elapsed_s):
                kept.append(candidate)
                if self._is_due(candidate, surface, time_s) and _passes(candidate, time_s, verify):
                    candidate.alert_s = time_s
                    yield Step(candidate, None)
            elif candidate.alert_s is not None:
                end_s = candidate.gone_since_s
                yield Step(candidate, candidate.seen_s if end_s is None else end_s)
        self._pool.candidates = kept

    def _is_still_there(
        self, candidate: Candidate, surface: Surface, time_s: float, elapsed_s: float
    ) -> bool:
        presence, likeness = look_at(candidate, surface, self._model.scenery, self._model.slack)
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
        if judge_candidate(self._model, surface, candidate) is not Verdict.THING:
            return False
        return self._has_size(candidate, surface)

    def _has_size(self, candidate: Candidate, surface: Surface) -> bool:
        shape_hw = (surface.shape[1], surface.shape[2])
        box = candidate.box_xyxy
        zone = self._pool.zone_of(candidate, shape_hw)
        expected = expected_at(box, shape_hw, zone, self._traffic)
        if expected is None:
            return True
        verdict = judge_size(box, expected)
        if verdict is not Verdict.THING:
            self.refusals.append(Refusal(box, verdict, expected))
        return verdict is Verdict.THING

    def _find_new(self, surface: Surface, time_s: float) -> None:
        for tested, (box, mask) in enumerate(find_regions(self._model.count)):
            if tested >= MOST_TESTS or self._pool.is_full:
                return
            if cv2.countNonZero(mask) > ANOTHER_SCENE_RATIO * surface[0].size:
                held = self._pool.held(surface)
                self._model.learn(surface, np.asarray(cv2.bitwise_not(held), np.uint8))
                return
            self._take_in(surface, box, mask, time_s)

    def _take_in(self, surface: Surface, box: BoxXyxy, mask: Plane, time_s: float) -> None:
        """Make a region, or what it consists of, candidates or scenery, or leave it to grow."""
        at_once = self._onsets.came_at_once(box, mask)
        verdict = judge_region(self._model, surface, box, mask, at_once=at_once)
        if verdict is Verdict.SHAPE and not at_once:
            things = things_in(self._model, surface, box, mask)
            for part_box, part in things:
                self._add(surface, part_box, planted(part, part_box, surface), time_s)
            if things:
                return
        if verdict is Verdict.THING:
            self._add(surface, box, planted(mask, box, surface), time_s)
            return
        if verdict is not Verdict.TOO_SMALL:
            self.refusals.append(Refusal(box, verdict))
        if verdict not in MAY_STILL_GROW:
            self._learn(surface, box, mask)

    def _add(self, surface: Surface, box: BoxXyxy, region: Plane, time_s: float) -> None:
        joins_s = time_s - JOIN_SETTLES * self._settle_s
        parts = parts_completed(self._pool.candidates, box, joins_s)
        if parts is None:
            return
        self._pool.add(surface, region, parts, (time_s - self._model.full_after_s, time_s))
        self._model.forget(self._pool.held(surface))

    def _learn(self, surface: Surface, box: BoxXyxy, mask: Plane) -> None:
        whole = planted(mask, box, surface)
        self._model.learn(surface, np.asarray(cv2.dilate(whole, _AROUND), np.uint8))


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
