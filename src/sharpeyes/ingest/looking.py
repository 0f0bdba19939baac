"""From a frame to findings and evidence; runs in a thread, without I/O or clock."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.picture import Frame
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.detectors.zones import Zone, blank_privacy
from sharpeyes.ingest.settings import IngestSettings

Picture = NDArray[np.uint8]
"""(H, W, 3) BGR."""


@dataclass(frozen=True, slots=True)
class EvidencePicture:
    """A JPEG without metadata, its privacy zones black.

    Attributes:
        jpeg: its bytes.
        width_px: its width.
        height_px: its height.
    """

    jpeg: bytes
    width_px: int
    height_px: int


@dataclass(frozen=True, slots=True)
class Look:
    """What one frame gave.

    Attributes:
        findings: worth an event.
        width_px: of the whole frame, in whose pixels the findings' boxes are told.
        height_px: of the whole frame.
        evidence: the frame as it is kept; None where no finding needs it.
        state: what the detector knew after the frame; None unless there are findings.
    """

    findings: tuple[Finding, ...]
    width_px: int
    height_px: int
    evidence: EvidencePicture | None = None
    state: bytes | None = None


def look(
    detector: SceneDetector,
    frame: Frame,
    time_s: float,
    zones: Sequence[Zone],
    settings: IngestSettings,
    *,
    motion_told_s: float,
) -> Look:
    """Let a detector look at a frame.

    Args:
        detector: of this camera; it learns the frame.
        frame: the frame; it is not changed.
        time_s: when it arrived, in seconds since 1970.
        zones: the camera's, which the detector has too; privacy zones are black in evidence.
        settings: how often motion is worth an event, and what evidence is like.
        motion_told_s: when the last motion event of this camera was, in the time of `time_s`.

    Raises:
        TimeError: `time_s` is not after the frame before.
    """
    height_px, width_px = frame.size
    motion_due = time_s - motion_told_s >= settings.motion_min_interval_s
    findings = []
    for finding in detector.look(frame, time_s):
        # Streets are full of motion: one event a while, and none of its end.
        if finding.kind == "motion":
            if finding.phase != "start" or not motion_due:
                continue
            motion_due = False
        findings.append(finding)
    if not findings:
        return Look((), width_px, height_px)
    evidence = None
    if any(finding.phase != "end" for finding in findings):
        evidence = make_evidence(blank_privacy(frame.whole(), zones), settings)
    return Look(
        tuple(findings),
        width_px,
        height_px,
        evidence=evidence,
        state=detector.dump(),
    )


def make_evidence(picture: Picture, settings: IngestSettings) -> EvidencePicture:
    """Make the picture that is kept: at most so wide, and nothing but the picture in the file.

    The finding's box is not drawn into it: it is in the event, and whoever shows it draws it.
    """
    height_px, width_px = picture.shape[:2]
    if width_px > settings.evidence_width_px:
        height_px = max(1, round(height_px * settings.evidence_width_px / width_px))
        width_px = settings.evidence_width_px
        picture = np.asarray(
            cv2.resize(picture, (width_px, height_px), interpolation=cv2.INTER_AREA), np.uint8
        )
    _, jpeg = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, settings.evidence_quality])
    return EvidencePicture(jpeg.tobytes(), width_px, height_px)
