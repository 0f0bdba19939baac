"""Motion episodes: when something began to move in a zone, and when it stopped."""

import math
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Final

import cv2
import msgspec
import numpy as np

from sharpeyes.detectors.boxes import BoxXyxy, scale_box
from sharpeyes.detectors.cells import largest_box
from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.kept_state import KeptEpisode
from sharpeyes.detectors.picture import Plane

LEAST_RATIO: Final = 0.001
"""Share of the zone that must be foreground: a person far down a street is about this."""
LEAST_AREA_PX: Final = 10
"""And no less than this many pixels of the foreground mask."""
BOX_PERIOD_S: Final = 0.5
"""How often the largest moving thing is looked for: it costs as much as the mask itself."""
BOX_SHARE: Final = 0.1
"""The same as a share of the episode so far: streets where it never ends need no box a frame."""
CONFIRM_S: Final = 0.3
"""Motion for as long is no flash of light; at low sampling rates a second frame must show it."""
QUIET_S: Final = 3.0
"""An episode ends after so long without motion; at low sampling rates after two frames."""
QUIET_FRAMES: Final = 2


class MotionWatch:
    """Turns the motion ratio of one zone into findings with a start and an end."""

    def __init__(self, zone: str, area_px: int, new_id: Callable[[], int]) -> None:
        """Watch a zone of so many mask pixels; `new_id` numbers the findings."""
        self._new_id = new_id
        self._zone = zone
        self._area_px = max(area_px, 1)
        self._least_ratio = max(LEAST_RATIO, LEAST_AREA_PX / self._area_px)
        self._finding_id: int | None = None
        self._first_s: float | None = None
        self._last_s = 0.0
        self._quiet_frames = 0
        self._box: BoxXyxy = (0, 0, 0, 0)
        self._boxed_s = -math.inf

    def ratio(self, foreground_px: int) -> float:
        """Return the share of the zone (0-1) that so many pixels are."""
        return foreground_px / self._area_px

    def is_motion(self, ratio: float) -> bool:
        """Say whether so much foreground (0-1 of the zone) is motion."""
        return ratio >= self._least_ratio

    def see(self, time_s: float, find_box: Callable[[], BoxXyxy]) -> Finding | None:
        """Take a frame with motion; `find_box` tells its largest moving thing in source pixels.

        Returns:
            A finding where an episode starts, else None.
        """
        self._quiet_frames = 0
        self._last_s = time_s
        if self._first_s is None:
            self._first_s = time_s
            self._box = (0, 0, 0, 0)
            self._boxed_s = -math.inf
        if time_s - self._boxed_s >= max(BOX_PERIOD_S, BOX_SHARE * (time_s - self._first_s)):
            self._boxed_s = time_s
            self._box = max(self._box, find_box(), key=_area)
        if self._finding_id is not None or time_s - self._first_s < CONFIRM_S:
            return None
        self._finding_id = self._new_id()
        return start_of(self._episode())

    def rest(self, time_s: float) -> Finding | None:
        """Take a frame without motion; return a finding where an episode ends, else None."""
        if self._first_s is None:
            return None
        self._quiet_frames += 1
        if self._finding_id is None:
            self._first_s = None
            return None
        if time_s - self._last_s < QUIET_S or self._quiet_frames < QUIET_FRAMES:
            return None
        finding = end_of(self._episode())
        self._finding_id = None
        self._first_s = None
        return finding

    def keep(self) -> KeptEpisode | None:
        """Return the episode that was told and goes on, if there is one."""
        if self._finding_id is None or self._first_s is None:
            return None
        return self._episode()

    def resume(self, episode: KeptEpisode) -> None:
        """Go on with a kept episode of this zone."""
        self._finding_id = episode.finding_id
        self._first_s = episode.start_s
        self._last_s = episode.last_s
        self._box = episode.box_xyxy

    def _episode(self) -> KeptEpisode:
        assert self._finding_id is not None
        assert self._first_s is not None
        return KeptEpisode(self._finding_id, self._zone, self._first_s, self._last_s, self._box)


class MotionReport:
    """The episodes of all watched zones.

    Attributes:
        ratios: for each zone by name, the share of it that moved in the last picture, 0-1.
    """

    def __init__(self, masks: Mapping[str, Plane], new_id: Callable[[], int]) -> None:
        """Watch zones, given as (h, w) uint8 masks of the size of the foreground."""
        self._masks = {
            name: None if cv2.countNonZero(mask) == mask.size else mask
            for name, mask in masks.items()
        }
        self._watches = {
            name: MotionWatch(name, cv2.countNonZero(mask), new_id) for name, mask in masks.items()
        }
        self.ratios = dict.fromkeys(masks, 0.0)

    def update(self, foreground: Plane, time_s: float, source_hw: tuple[int, int]) -> list[Finding]:
        """Look at one (h, w) uint8 foreground of a source picture of (height, width)."""
        findings = []
        for name, watch in self._watches.items():
            moving = foreground
            if (mask := self._masks[name]) is not None:
                moving = np.asarray(cv2.bitwise_and(foreground, mask), np.uint8)
            self.ratios[name] = watch.ratio(cv2.countNonZero(moving))
            if watch.is_motion(self.ratios[name]):
                finding = watch.see(time_s, partial(_largest_box, moving, source_hw))
            else:
                finding = watch.rest(time_s)
            if finding is not None:
                findings.append(finding)
        return findings

    def keep(self) -> tuple[KeptEpisode, ...]:
        """Return the episodes that were told and go on."""
        kept = (watch.keep() for watch in self._watches.values())
        return tuple(episode for episode in kept if episode is not None)

    def resume(self, episodes: Iterable[KeptEpisode]) -> None:
        """Go on with kept episodes of zones that are still there."""
        for episode in episodes:
            if episode.zone in self._watches:
                self._watches[episode.zone].resume(episode)


def _largest_box(moving: Plane, source_hw: tuple[int, int]) -> BoxXyxy:
    return scale_box(largest_box(moving), (moving.shape[0], moving.shape[1]), source_hw)


def start_of(episode: KeptEpisode) -> Finding:
    """Return the finding that tells of motion under way."""
    return Finding(
        finding_id=episode.finding_id,
        kind="motion",
        phase="start",
        start_s=episode.start_s,
        alert_s=episode.start_s,
        end_s=None,
        box_xyxy=episode.box_xyxy,
        zone=episode.zone,
        dwell_s=episode.last_s - episode.start_s,
    )


def end_of(episode: KeptEpisode) -> Finding:
    """Return the finding that tells of its end, when it was last seen."""
    return msgspec.structs.replace(start_of(episode), phase="end", end_s=episode.last_s)


def _area(box_xyxy: BoxXyxy) -> int:
    left, top, right, bottom = box_xyxy
    return (right - left) * (bottom - top)
