"""Abandoned vehicles over all clips: found, missed, false, and how late the alarm came."""

from dataclasses import dataclass, field

from benchmarks.detectors.clips import BoxXywh, Clip, Wait
from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.detectors.verifier import Verifier

SAMPLE_FPS = 2.0
DWELL_S = 6.0
LEAST_WAIT_S = 8.0
"""Shorter stops are neither asked for nor held against anybody."""
SMALLEST_PX = 24
"""Sides of what is reported apart: the far motorcycle is 22 pixels wide."""
SAME_SHARE = 0.3
"""Of the smaller box: findings and truth that overlap so much are one thing."""


@dataclass
class Tally:
    """What became of the waits in some clips.

    Attributes:
        found: waits that got an alarm, with its delay in seconds beyond stop and limit.
        missed: names of clips in which a wait got none.
        false: clip and box of alarms where no vehicle waited.
        others: the same where a person, a bag or a bicycle did.
        tiny: waits reported apart, as clip and delay (None for missed).
    """

    found: list[float] = field(default_factory=list)
    missed: list[str] = field(default_factory=list)
    false: list[tuple[str, BoxXywh]] = field(default_factory=list)
    others: list[tuple[str, BoxXywh]] = field(default_factory=list)
    tiny: list[tuple[str, float | None]] = field(default_factory=list)


def look_through(
    clip: Clip, tally: Tally, dwell_s: float = DWELL_S, verifier: Verifier | None = None
) -> None:
    """Run the detector over a clip and add what it said to the tally."""
    detector = SceneDetector(dwell_s=dwell_s, verifier=verifier)
    alerts = [
        finding
        for frame in clip.frames(SAMPLE_FPS)
        for finding in detector.update(frame.picture, frame.time_s)
        if finding.kind == "abandoned_vehicle" and finding.phase == "alert"
    ]
    for wait in clip.stationary_vehicles:
        if (wait.left_s or clip.duration_s) - wait.stopped_s >= LEAST_WAIT_S:
            _book(clip.name, wait, alerts, dwell_s, tally)
    for alert in alerts:
        box = _xywh(alert)
        if _is_any(box, [wait.bbox for wait in clip.stationary_vehicles]):
            continue
        if _is_any(box, [place.bbox for place in clip.ignore_regions]):
            continue
        other = _is_any(box, [wait.bbox for wait in clip.stationary_other])
        (tally.others if other else tally.false).append((clip.name, box))


def _book(name: str, wait: Wait, alerts: list[Finding], dwell_s: float, tally: Tally) -> None:
    delays = [
        (alert.alert_s or 0.0) - wait.stopped_s - dwell_s
        for alert in alerts
        if overlap(_xywh(alert), wait.bbox) > SAME_SHARE
    ]
    delay = min(delays, key=abs) if delays else None
    if wait.bbox[2] < SMALLEST_PX:
        tally.tiny.append((name, delay))
    elif delay is None:
        tally.missed.append(name)
    else:
        tally.found.append(round(delay, 2))


def overlap(one: BoxXywh, other: BoxXywh) -> float:
    """Return the share of the smaller box that lies in the other, 0-1."""
    across = min(one[0] + one[2], other[0] + other[2]) - max(one[0], other[0])
    down = min(one[1] + one[3], other[1] + other[3]) - max(one[1], other[1])
    return max(across, 0) * max(down, 0) / max(1, min(one[2] * one[3], other[2] * other[3]))


def _is_any(box: BoxXywh, others: list[BoxXywh]) -> bool:
    return any(overlap(box, other) > SAME_SHARE for other in others)


def _xywh(finding: Finding) -> BoxXywh:
    left, top, right, bottom = finding.box_xyxy
    return left, top, right - left, bottom - top
