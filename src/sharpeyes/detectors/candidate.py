"""One settled thing, and whether it is still there."""

import math
from dataclasses import dataclass
from enum import Enum, auto
from typing import Final

import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.boxes import BoxXyxy, crop, widen
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.surface import Slack, Surface, distance

MARGIN_PX: Final = 3
"""Pixels around the thing that its template keeps: the outline is what is known best."""
SAME_CORRELATION: Final = 0.7
SAME_LEVELS: Final = 12
CREEP_PX: Final = 5
"""How far a creeping thing is looked for."""
CREEP_GAIN: Final = 0.05
"""By how much it must match better there."""
SAME_SHARE: Final = 0.6
"""Share of a thing's pixels that must be near what is remembered."""


class Presence(Enum):
    """What a look at a candidate's place shows."""

    THERE = auto()
    GONE = auto()
    """The scenery behind it is to be seen again."""
    HIDDEN = auto()
    """Neither the thing nor the scenery: something passes in front, or it moved."""


@dataclass(slots=True)
class Candidate:
    """A thing that stopped, followed until it leaves.

    Attributes:
        candidate_id: the detector's number for it, which its findings carry.
        window_xyxy: its box with a margin, in pixels of the stationary model.
        mask: (h, w) uint8 of the window, 255 where the thing stands.
        template: (c, h, w) uint8 of the window.
        start_s: when it stopped.
        seen_s: when it was last seen there.
        zone: name of the zone that its bottom centre stands in.
        limit_s: how long it may stay; for ever outside of zones.
        alert_s: when it was told; None before.
        gone_since_s: since when the scenery has been seen in its place; None while it has not.
        gone_looks: in how many looks.
        hidden_s: for how long it has been watched for without being seen.
        likeness: correlation of the last look at it with its template.
        usual_likeness: the same, of its looks so far.
        ask_again_s: when a model may be asked again that saw no vehicle.
        verified: what a model said; None where none was asked.
    """

    candidate_id: int
    window_xyxy: BoxXyxy
    mask: Plane
    template: Surface
    start_s: float
    seen_s: float
    zone: str = ""
    limit_s: float = math.inf
    alert_s: float | None = None
    gone_since_s: float | None = None
    gone_looks: int = 0
    hidden_s: float = 0.0
    likeness: float = 1.0
    usual_likeness: float = 1.0
    ask_again_s: float = -math.inf
    verified: bool | None = None

    @property
    def box_xyxy(self) -> BoxXyxy:
        """The thing itself, in pixels of the stationary model."""
        left, top, _, _ = self.window_xyxy
        x, y, width, height = cv2.boundingRect(self.mask)
        return left + x, top + y, left + x + width, top + y + height


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


def _correlation(one: Surface, other: Surface) -> float:
    """Normalised correlation, -1 to 1; 0 where one of the two is flat."""
    first = one - one.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    second = other - other.mean(axis=(1, 2), keepdims=True, dtype=np.float32)
    energy = float(np.sqrt(np.vdot(first, first) * np.vdot(second, second)))
    return float(np.vdot(first, second)) / energy if energy > 0 else 0.0


def _near_share(one: Surface, other: Surface, mask: npt.NDArray[np.bool_], slack: Slack) -> float:
    near = distance(one, other, slack)[mask] < SAME_LEVELS
    return float(near.mean()) if near.size else 0.0
