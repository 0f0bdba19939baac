"""Whether a settled thing is still there."""

from enum import Enum, auto
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.boxes import crop, widen
from sharpeyes.detectors.candidate import Candidate
from sharpeyes.detectors.stillness import MOST_WATCHED_S
from sharpeyes.detectors.surface import Slack, Surface, distance

SAME_CORRELATION: Final = 0.7
SAME_LEVELS: Final = 12
CREEP_PX: Final = 5
"""How far a creeping thing is looked for."""
CREEP_GAIN: Final = 0.05
"""By how much it must match better there."""
JUMP_PX: Final = 16
"""How far a thing is looked for after the camera has jumped: a tenth of the picture's width."""
SAME_SHARE: Final = 0.6
"""Share of a thing's pixels that must be near what is remembered."""
GONE_LOOKS: Final = 3
"""Looks that must show the scenery before a thing has left."""
GONE_S: Final = 1.0
LEAST_LOST_S: Final = 4.0
"""How long a candidate may be hidden before it is forgotten, at least."""
LOST_SHARE: Final = 0.5
"""The same as a share of what it has served: who stood for long is worth waiting for."""
MOST_LOST_S: Final = 120.0
USUAL_SHARE: Final = 0.1


class Presence(Enum):
    """What a look at a candidate's place shows."""

    THERE = auto()
    GONE = auto()
    """The scenery behind it is to be seen again."""
    HIDDEN = auto()
    """Neither the thing nor the scenery: something passes in front, or it moved."""


def look_at(
    candidate: Candidate, surface: Surface, scenery: Surface, slack: Slack
) -> tuple[Presence, float]:
    """Compare a candidate's place with its template and with the scenery behind it.

    Correlation forgives a change of light, the share of near pixels forgives a part that is
    hidden; either is enough.

    Args:
        candidate: the thing.
        surface: (c, H, W) uint8 picture at the size of the stationary model.
        scenery: (c, H, W) uint8, what the place looks like without it.
        slack: levels of noise in each plane.

    Returns:
        What the look shows, and the correlation with the template, -1 to 1.
    """
    now = crop(surface, candidate.window_xyxy)
    behind = crop(scenery, candidate.window_xyxy)
    thing = candidate.mask > 0
    like_thing = _correlation(now, candidate.template)
    like_scenery = _correlation(now, behind)
    near_thing = _near_share(now, candidate.template, thing, slack)
    near_scenery = _near_share(now, behind, thing, slack)
    if near_scenery >= SAME_SHARE and near_scenery > near_thing:
        presence = Presence.GONE
    elif near_thing >= SAME_SHARE:
        presence = Presence.THERE
    elif like_scenery >= SAME_CORRELATION and like_scenery > like_thing:
        presence = Presence.GONE
    elif like_thing >= SAME_CORRELATION:
        presence = Presence.THERE
    else:
        presence = Presence.HIDDEN
    return presence, like_thing


def has_crept(candidate: Candidate, surface: Surface) -> bool:
    """Say whether a thing matches its template better a little way off: it moves on.

    Args:
        candidate: the thing.
        surface: (c, H, W) uint8 picture at the size of the stationary model.
    """
    left, top, _, _ = candidate.window_xyxy
    around = widen(candidate.window_xyxy, CREEP_PX, surface.shape[1:])
    search = np.ascontiguousarray(crop(surface[0], around))
    template = candidate.template[0]
    scores = cv2.matchTemplate(search, template, cv2.TM_CCOEFF_NORMED)
    at_home = float(scores[top - around[1], left - around[0]])
    _, best, _, (x, y) = cv2.minMaxLoc(scores)
    away = max(abs(x - (left - around[0])), abs(y - (top - around[1])))
    return away >= 1 and best > at_home + CREEP_GAIN


def follow_jump(candidate: Candidate, surface: Surface) -> None:
    """Move a candidate to where its template is found after the camera has jumped.

    Args:
        candidate: the thing; it stays where it is if it is not found.
        surface: (c, H, W) uint8 picture at the size of the stationary model.
    """
    left, top, right, bottom = candidate.window_xyxy
    around = widen(candidate.window_xyxy, JUMP_PX, surface.shape[1:])
    search = np.ascontiguousarray(crop(surface[0], around))
    scores = cv2.matchTemplate(search, candidate.template[0], cv2.TM_CCOEFF_NORMED)
    _, best, _, (x, y) = cv2.minMaxLoc(scores)
    if best < SAME_CORRELATION:
        return
    across, down = around[0] + x - left, around[1] + y - top
    candidate.window_xyxy = (left + across, top + down, right + across, bottom + down)
    candidate.template = crop(surface, candidate.window_xyxy).copy()
    candidate.gone_since_s = None
    candidate.gone_looks = 0


def note_seen(candidate: Candidate, time_s: float, likeness: float) -> None:
    """Note that a thing was there, and how like (-1 to 1) its template it looked."""
    candidate.seen_s = time_s
    candidate.likeness = likeness
    candidate.usual_likeness += USUAL_SHARE * (likeness - candidate.usual_likeness)
    candidate.hidden_s = 0.0
    candidate.gone_since_s = None
    candidate.gone_looks = 0


def is_waited_for(
    candidate: Candidate, presence: Presence, time_s: float, elapsed_s: float, patience_s: float
) -> bool:
    """Note that a thing was not there, and say whether it may come to light again.

    Args:
        candidate: the thing.
        presence: what was there instead.
        time_s: now.
        elapsed_s: seconds since the look before.
        patience_s: how long anything may be hidden; what has served for long, longer.
    """
    if presence is Presence.GONE:
        candidate.gone_looks += 1
        if candidate.gone_since_s is None:
            candidate.gone_since_s = time_s
        return candidate.gone_looks < GONE_LOOKS or time_s - candidate.gone_since_s < GONE_S
    # A gap without frames hides nothing: only time that was watched counts.
    candidate.hidden_s += min(elapsed_s, MOST_WATCHED_S)
    served_s = LOST_SHARE * (candidate.seen_s - candidate.start_s)
    return candidate.hidden_s <= min(max(patience_s, served_s), MOST_LOST_S)


def _correlation(one: Surface, other: Surface) -> float:
    """Normalised correlation, -1 to 1; 0 where one of the two is flat."""
    first = one - one.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    second = other - other.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    energy = float(np.sqrt(np.vdot(first, first) * np.vdot(second, second)))
    return float(np.vdot(first, second)) / energy if energy > 0 else 0.0


def _near_share(one: Surface, other: Surface, mask: npt.NDArray[np.bool_], slack: Slack) -> float:
    near = distance(one, other, slack)[mask] < SAME_LEVELS
    return float(near.mean()) if near.size else 0.0
