"""Motion episodes: when something began to move in a zone, and when it stopped."""

import math
from collections.abc import Callable
from typing import Final

import msgspec

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.kept_state import KeptEpisode

LEAST_RATIO: Final = 0.001
"""Share of the zone that must be foreground: a person far down a street is about this."""
LEAST_AREA_PX: Final = 10
"""And no less than this many pixels of the foreground mask."""
BOX_PERIOD_S: Final = 0.5
"""How often the largest moving thing is looked for: it costs as much as the mask itself."""
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
        if time_s - self._boxed_s >= BOX_PERIOD_S:
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
