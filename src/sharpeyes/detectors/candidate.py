"""One settled thing."""

import math
from dataclasses import dataclass
from typing import Final

import cv2

from sharpeyes.detectors.boxes import BoxXyxy
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.surface import Surface

MARGIN_PX: Final = 3
"""Pixels around the thing that its template keeps: the outline is what is known best."""


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
