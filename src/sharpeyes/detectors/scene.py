"""The detector of one camera: pictures and their times in, findings out."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import partial
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors import kept_state
from sharpeyes.detectors.background import MotionModel
from sharpeyes.detectors.boxes import scale_box
from sharpeyes.detectors.candidate import Candidate
from sharpeyes.detectors.errors import TimeError
from sharpeyes.detectors.finding import Finding, Rejection, Standing
from sharpeyes.detectors.foreground import judge_motion
from sharpeyes.detectors.motion import MotionReport, end_of
from sharpeyes.detectors.picture import Frame, Plane, check_picture, look_size, shrink
from sharpeyes.detectors.surface import Surface, to_surface
from sharpeyes.detectors.telling import Scale, tell_rejection, tell_standing, tell_vehicle
from sharpeyes.detectors.vehicles import VehicleWatch
from sharpeyes.detectors.verifier import Sighting, Verifier
from sharpeyes.detectors.zone_map import ZoneMap
from sharpeyes.detectors.zones import Zone, blank_privacy, validate_zones

DEFAULT_DWELL_S: Final = 300.0
LOOK_PERIOD_S: Final = 0.35
"""The stationary model looks no more often: what stands does not change in less."""

Size = tuple[int, int]
"""Height and width in pixels."""


@dataclass(slots=True)
class _Parts:
    """What is made anew when the size of the look changes."""

    size: Size
    planes: int
    zones: ZoneMap
    motion: MotionModel
    vehicles: VehicleWatch
    episodes: MotionReport
    looked_s: float


class SceneDetector:
    """Finds motion and abandoned vehicles in the sampled frames of one fixed camera.

    The first picture is taken as scenery: what stands there is no finding until it has moved
    and stopped again. Another resolution of the same shape changes nothing; another shape is
    another view, which is learned anew, and what was told in the old one ends.

    Attributes:
        scene_changed: the last picture differs as a whole: other light, another view, or
            nothing to be seen. It is not motion.
    """

    def __init__(
        self,
        zones: Sequence[Zone] = (),
        *,
        dwell_s: float = DEFAULT_DWELL_S,
        verifier: Verifier | None = None,
        state: bytes | None = None,
    ) -> None:
        """Make a detector.

        Args:
            zones: the camera's zones; without a watch or no_parking zone all is watched.
            dwell_s: how long a vehicle may stay where its zone has no limit of its own.
            verifier: an object model that looks at candidates before they are told; it may serve
                many detectors of one thread.
            state: what `dump` returned earlier, to go on with its candidates.

        Raises:
            ZoneError: a zone is wrong.
            StateError: the state cannot be read.
            ValueError: `dwell_s` is not a number above 0.
        """
        if not (math.isfinite(dwell_s) and dwell_s > 0):
            raise ValueError(f"dwell_s must be a number of seconds above 0, is {dwell_s}")
        self._zones = validate_zones(zones)
        self._dwell_s = dwell_s
        self._verifier = verifier
        self._kept = kept_state.NOTHING if state is None else kept_state.load(state)
        self._next_id = self._kept.next_id
        self._last_s = self._kept.time_s
        self._parts: _Parts | None = None
        self._source: Size = (0, 0)
        self.scene_changed = False

    def update(self, picture: npt.NDArray[np.uint8], time_s: float) -> list[Finding]:
        """Look at one frame.

        Args:
            picture: (H, W, 3) BGR or (H, W) luma, uint8; it is neither changed nor kept.
            time_s: when it was taken; any epoch, but always growing.

        Returns:
            What began, was due or ended with this frame.

        Raises:
            PictureError: not a picture.
            TimeError: the time is not finite, or not after the last frame's. A camera whose clock
                was set back needs a new detector: dwell cannot be measured across the step.
        """
        return self.look(Frame.of(picture), time_s)

    def look(self, frame: Frame, time_s: float) -> list[Finding]:
        """Look at one frame that was decoded small; otherwise the same as `update`."""
        picture = frame.picture
        check_picture(picture)
        elapsed_s = self._advance(time_s)
        self._source = frame.size
        size = look_size(*frame.size)
        parts = self._parts
        if parts is None or (parts.size, parts.planes) != (size, _planes(picture)):
            return self._begin(picture, size)
        small = _without_privacy(shrink(picture, *size), parts.zones)
        surface = to_surface(small)
        luma = surface[0]
        sees, self.scene_changed = judge_motion(parts.motion, luma)
        if sees:
            parts.motion.learn(luma, elapsed_s)
        findings = parts.episodes.update(parts.motion.foreground, time_s, self._source)
        if sees and time_s - parts.looked_s >= LOOK_PERIOD_S:
            findings += self._report_vehicles(parts, surface, frame)
        return findings

    @property
    def motion_ratio(self) -> dict[str, float]:
        """For each watch zone by name, the share of it that moved in the last picture, 0-1."""
        return {} if self._parts is None else self._parts.episodes.ratios

    @property
    def foreground(self) -> npt.NDArray[np.bool_]:
        """(h, w) bool, at most 160 long: what moved in the last picture; (0, 0) before it."""
        if self._parts is None:
            return np.zeros((0, 0), np.bool_)
        return self.foreground_at(*self._parts.size) > 0

    def foreground_at(self, height: int, width: int) -> Plane:
        """Return what moved in the last picture as (height, width) uint8 of 0 and 255."""
        if self._parts is None:
            return np.zeros((height, width), np.uint8)
        return self._parts.motion.foreground_at(height, width)

    @property
    def standing(self) -> list[Standing]:
        """Everything stationary that is followed now."""
        if self._parts is None:
            return []
        scale = self._scale(self._parts.size)
        return [tell_standing(one, scale) for one in self._parts.vehicles.candidates]

    @property
    def rejections(self) -> list[Rejection]:
        """What came to rest and was refused in the last look, and why."""
        if self._parts is None or self._parts.looked_s < self._last_s:
            return []
        scale = self._scale(self._parts.size)
        return [
            tell_rejection(refusal, self._last_s, scale)
            for refusal in self._parts.vehicles.refusals
        ]

    @property
    def state_bytes(self) -> int:
        """Bytes of pixel arrays that the detector holds between frames."""
        if self._parts is None:
            return 0
        return self._parts.motion.state_bytes + self._parts.vehicles.state_bytes

    def dump(self) -> bytes:
        """Return what a later detector needs to go on: candidates and open motion."""
        return kept_state.dump(self._keep())

    def _advance(self, time_s: float) -> float:
        if not math.isfinite(time_s):
            raise TimeError(f"time_s must be finite, is {time_s}")
        if time_s <= self._last_s:
            raise TimeError(f"time_s {time_s} is not after {self._last_s}, the last frame's")
        elapsed_s = time_s - self._last_s
        self._last_s = time_s
        return elapsed_s

    def _begin(self, picture: npt.NDArray[np.uint8], size: Size) -> list[Finding]:
        """Learn a view from its first picture, and go on with what was kept of the same view."""
        kept = self._keep()
        zones = ZoneMap(self._zones, *size)
        small = _without_privacy(shrink(picture, *size), zones)
        surface = to_surface(small)
        parts = _Parts(
            size=size,
            planes=len(surface),
            zones=zones,
            motion=MotionModel(surface[0]),
            vehicles=VehicleWatch(surface, zones, self._dwell_s, self._new_id),
            episodes=MotionReport(zones.watched, self._new_id),
            looked_s=self._last_s,
        )
        self._parts = parts
        self.scene_changed = False
        if (kept.size, kept.planes) != (size, parts.planes):
            return self._end_all(kept)
        self._kept = kept_state.NOTHING
        parts.vehicles.resume(kept.candidates, kept.traffic)
        parts.episodes.resume(kept.episodes)
        return []

    def _report_vehicles(self, parts: _Parts, surface: Surface, frame: Frame) -> list[Finding]:
        elapsed_s = self._last_s - parts.looked_s
        parts.looked_s = self._last_s
        scale = self._scale(parts.size)
        verify = None if self._verifier is None else partial(self._verify, frame, parts.size)
        return [
            tell_vehicle(step.candidate, step.end_s, self._last_s, scale)
            for step in parts.vehicles.update(
                surface, parts.motion.foreground, self._last_s, elapsed_s, verify
            )
        ]

    def _verify(self, frame: Frame, size: Size, candidate: Candidate) -> Sighting:
        assert self._verifier is not None
        picture = frame.whole()
        box = scale_box(candidate.box_xyxy, size, (picture.shape[0], picture.shape[1]))
        return self._verifier.look(blank_privacy(picture, self._zones), box)

    def _end_all(self, kept: kept_state.KeptState) -> list[Finding]:
        """End what was told in a view that is no more."""
        scale = self._scale(kept.size)
        vehicles = [
            tell_vehicle(kept_state.restore_candidate(one), one.seen_s, self._last_s, scale)
            for one in kept.candidates
            if one.alert_s is not None
        ]
        return vehicles + [end_of(one) for one in kept.episodes]

    def _scale(self, size: Size) -> Scale:
        """Return from what to what boxes of the stationary model are scaled."""
        return size, self._source

    def _keep(self) -> kept_state.KeptState:
        if self._parts is None:
            return self._kept
        candidates, traffic = self._parts.vehicles.keep()
        return kept_state.KeptState(
            version=kept_state.VERSION,
            time_s=self._last_s,
            next_id=self._next_id,
            size=self._parts.size,
            planes=self._parts.planes,
            candidates=candidates,
            episodes=self._parts.episodes.keep(),
            traffic=traffic,
        )

    def _new_id(self) -> int:
        self._next_id += 1
        return self._next_id - 1


def _planes(picture: npt.NDArray[np.uint8]) -> int:
    return 1 if picture.ndim == 2 else 2  # noqa: PLR2004  # luma, or luma and warmth


def _without_privacy(small: Plane, zones: ZoneMap) -> Plane:
    if zones.private is None:
        return small
    return np.asarray(cv2.copyTo(small, cv2.bitwise_not(zones.private)), np.uint8)
