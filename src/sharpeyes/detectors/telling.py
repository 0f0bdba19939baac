"""What is known of candidates, in the words of findings."""

from sharpeyes.detectors.boxes import scale_box
from sharpeyes.detectors.candidate import Candidate
from sharpeyes.detectors.finding import Finding, Rejection, Standing
from sharpeyes.detectors.newcomers import Refusal

Scale = tuple[tuple[int, int], tuple[int, int]]
"""(height, width) of the stationary model and of the source picture."""


def tell_vehicle(candidate: Candidate, end_s: float | None, time_s: float, scale: Scale) -> Finding:
    """Tell that a candidate is due at `time_s`, or that it left at `end_s`."""
    return Finding(
        finding_id=candidate.candidate_id,
        kind="abandoned_vehicle",
        phase="alert" if end_s is None else "end",
        start_s=candidate.start_s,
        alert_s=candidate.alert_s,
        end_s=end_s,
        box_xyxy=scale_box(candidate.box_xyxy, *scale),
        zone=candidate.zone,
        dwell_s=(time_s if end_s is None else end_s) - candidate.start_s,
        verified=candidate.verified,
    )


def tell_standing(candidate: Candidate, scale: Scale) -> Standing:
    """Tell what is followed."""
    return Standing(
        finding_id=candidate.candidate_id,
        box_xyxy=scale_box(candidate.box_xyxy, *scale),
        zone=candidate.zone,
        start_s=candidate.start_s,
        limit_s=candidate.limit_s,
        told=candidate.alert_s is not None,
    )


def tell_rejection(refusal: Refusal, time_s: float, scale: Scale) -> Rejection:
    """Tell what was refused."""
    expected = refusal.expected
    (_, from_width), (_, to_width) = scale
    across = to_width / from_width
    return Rejection(
        time_s=time_s,
        box_xyxy=scale_box(refusal.box_xyxy, *scale),
        reason=str(refusal.verdict),
        expected_px=None
        if expected is None
        else (round(expected.least * across), round(expected.most * across)),
        by_width=expected is not None and expected.of_width,
    )
