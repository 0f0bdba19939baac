"""What has settled: is it a thing that came, or several, or none?"""

from dataclasses import dataclass
from typing import Final

from sharpeyes.detectors.boxes import BoxXyxy, crop, widen
from sharpeyes.detectors.candidate import MARGIN_PX, Candidate
from sharpeyes.detectors.judge import CAPTION_WIDTH_TO_HEIGHT, Verdict, judge_edges, judge_shape
from sharpeyes.detectors.parting import parts_of
from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.regions import padded_to
from sharpeyes.detectors.sizes import SizeRange
from sharpeyes.detectors.stillness import StillnessModel
from sharpeyes.detectors.surface import Surface

MAY_STILL_GROW: Final = frozenset({Verdict.TOO_SMALL, Verdict.SHAPE, Verdict.UNCLEAR})
"""It may be a part of a vehicle; all else is learned into the scenery at once."""


@dataclass(frozen=True, slots=True)
class Refusal:
    """Something that stands and is not believed to be a vehicle.

    Attributes:
        box_xyxy: in pixels of the stationary model.
        verdict: why.
        expected: the sizes of vehicles there, where that is the reason.
    """

    box_xyxy: BoxXyxy
    verdict: Verdict
    expected: SizeRange | None = None


def judge_region(
    model: StillnessModel, surface: Surface, box: BoxXyxy, mask: Plane, *, at_once: bool
) -> Verdict:
    """Judge a settled region by its shape and by whose edges it has.

    Args:
        model: what was there before.
        surface: (c, H, W) uint8 picture.
        box: of the region.
        mask: (h, w) uint8 of the box, 255 in the region.
        at_once: it appeared from one look to the next.
    """
    left, top, right, bottom = box
    if at_once and right - left > CAPTION_WIDTH_TO_HEIGHT * (bottom - top):
        return Verdict.CAPTION
    verdict = judge_shape(mask, right - left, bottom - top, surface[0].size)
    if verdict is not Verdict.THING:
        return verdict
    window = widen(box, MARGIN_PX, surface.shape[1:])
    return _judge_edges(model, surface, window, padded_to(window, mask, box))


def judge_candidate(model: StillnessModel, surface: Surface, candidate: Candidate) -> Verdict:
    """Judge by its edges what was believed to be a thing, in a (c, H, W) uint8 picture."""
    return _judge_edges(model, surface, candidate.window_xyxy, candidate.mask)


def things_in(
    model: StillnessModel, surface: Surface, box: BoxXyxy, mask: Plane
) -> list[tuple[BoxXyxy, Plane]]:
    """Return the boxes and masks of a region's parts, if each of them is a thing by itself.

    Where one of them is not, it is the light that made all of them.
    """
    parts = list(parts_of(box, mask))
    verdicts = [judge_region(model, surface, *part, at_once=False) for part in parts]
    return parts if all(verdict is Verdict.THING for verdict in verdicts) else []


def _judge_edges(model: StillnessModel, surface: Surface, window: BoxXyxy, mask: Plane) -> Verdict:
    return judge_edges(crop(surface, window), crop(model.scenery, window), mask)
