"""What a detector says about a scene, in memory only."""

from typing import Literal

import msgspec

from sharpeyes.detectors.boxes import BoxXyxy

FindingKind = Literal["motion", "abandoned_vehicle"]
FindingPhase = Literal["start", "alert", "end"]


class Finding(msgspec.Struct, frozen=True, kw_only=True):
    """One step in the life of one thing that a detector noticed.

    Motion has the phases `start` and `end`. A vehicle has `alert`, when its dwell exceeds the
    limit of its zone, and `end`, when it left; one that leaves before its limit is never told.

    Attributes:
        finding_id: the same in all phases of one thing; unique for one detector and the
            detectors that go on from its kept state.
        kind: what was noticed.
        phase: which step this is.
        start_s: when the motion began, or the vehicle stopped.
        alert_s: when it was first worth an event; None before that.
        end_s: when it ended; None while it lasts.
        box_xyxy: left, top, right, bottom in source pixels; right and bottom are exclusive.
        zone: name of the zone that it was judged by.
        dwell_s: seconds from `start_s` to this finding.
        verified: True, a model saw a vehicle; False, it saw something that it could not name;
            None, no model was asked.
    """

    finding_id: int
    kind: FindingKind
    phase: FindingPhase
    start_s: float
    alert_s: float | None
    end_s: float | None
    box_xyxy: BoxXyxy
    zone: str
    dwell_s: float
    verified: bool | None = None


class Standing(msgspec.Struct, frozen=True, kw_only=True):
    """A stationary thing that is followed, whether it was told or not.

    Attributes:
        finding_id: which its findings carry, or will carry.
        box_xyxy: left, top, right, bottom in source pixels.
        zone: name of the zone that it is judged by; empty outside of zones.
        start_s: when it stopped.
        limit_s: how long it may stay; infinite outside of zones.
        told: its alert has been given.
    """

    finding_id: int
    box_xyxy: BoxXyxy
    zone: str
    start_s: float
    limit_s: float
    told: bool


class Rejection(msgspec.Struct, frozen=True, kw_only=True):
    """Something that stands and was not believed to be a vehicle.

    Attributes:
        time_s: of the picture in which it was judged.
        box_xyxy: left, top, right, bottom in source pixels.
        reason: one word: ghost, light, shape, too_large, unclear, small_here, large_here.
        expected_px: where the size in its place is the reason, the least and the greatest that is
            believed there, in source pixels.
        by_width: that is a width, which its zone says; else it is the side of a square as large
            as what passes there.
    """

    time_s: float
    box_xyxy: BoxXyxy
    reason: str
    expected_px: tuple[int, int] | None = None
    by_width: bool = False
