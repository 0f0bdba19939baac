"""Do the detectors hold on footage that they were not tuned on? The shared clips, changed.

For each variant every wait that lasts long enough must be found, and nothing else be told.
"""

import multiprocessing
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field

import cv2
import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.detectors.clips import BoxXywh, Clip, Place, Wait, read_clips
from benchmarks.detectors.events import SMALLEST_PX, overlap
from benchmarks.detectors.variants import Picture, Variant, all_variants
from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.scene import SceneDetector

BASE_FPS = 10.0
MOST_WIDTH_PX = 640
SPARE_S = 2.0
"""A wait that exceeds the limit by less than this may be told or not."""
SAME_SHARE = 0.3
WORKERS = 2
QUICK_EVERY = 16
"""Of the variants, one in so many is in the quick run."""


@dataclass
class Score:
    """What became of one clip in one variant.

    Attributes:
        group: of the variant.
        found: waits told.
        missed: waits that were due and not told, as text.
        false: boxes told where nothing waited, as text.
        others: people, bags and bicycles told.
        tiny: waits of less than 24 pixels: told, of how many.
    """

    group: str
    found: int = 0
    missed: list[str] = field(default_factory=list)
    false: list[str] = field(default_factory=list)
    others: int = 0
    tiny: tuple[int, int] = (0, 0)


def run(quick: bool) -> dict[str, object]:  # the one choice of every benchmark
    """Run the variants, print the table, and return the figures of the last line."""
    started = time.perf_counter()
    scores = run_stress(all_variants()[:: QUICK_EVERY if quick else 1])
    groups = {
        group: [one for one in scores if one.group == group]
        for group in dict.fromkeys(one.group for one in scores)
    }
    figures = {group: _sum(of_group) for group, of_group in groups.items()}
    table = Table(
        title="The clips as other cameras would show them", title_justify="left", box=None
    )
    for column in ("variants", *next(iter(figures.values()))):
        table.add_column(column)
    for group, counts in figures.items():
        table.add_row(group, *map(str, counts.values()))
    console = Console(width=130)
    console.print(table, "")
    for one in scores:
        for place in (*(f"missed: {text}" for text in one.missed), *one.false):
            console.print(place, highlight=False)
    return {"stress": figures, "took_s": round(time.perf_counter() - started, 1)}


def _sum(scores: Sequence[Score]) -> dict[str, int]:
    return {
        "runs": len(scores),
        "found": sum(one.found for one in scores),
        "missed": sum(len(one.missed) for one in scores),
        "false": sum(len(one.false) for one in scores),
        "people, bags": sum(one.others for one in scores),
        "tiny found": sum(one.tiny[0] for one in scores),
        "tiny": sum(one.tiny[1] for one in scores),
    }


def run_stress(variants: Sequence[Variant], names: Sequence[str] | None = None) -> list[Score]:
    """Run variants over all clips, or those named."""
    clips = [clip for clip in read_clips() if names is None or clip.name in names]
    clips.sort(key=lambda clip: -clip.duration_s)
    spawn = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(WORKERS, spawn, cv2.setNumThreads, (1,)) as pool:
        scored = pool.map(score_clip, clips, [variants] * len(clips))
        return [score for scores in scored for score in scores]


def score_clip(clip: Clip, variants: Sequence[Variant]) -> list[Score]:
    """Decode a clip once and show it in each variant."""
    frames, scale = _decode(clip)
    return [
        _score(clip, frames, scale, variant)
        for variant in variants
        if not (variant.backwards and (clip.stationary_vehicles or clip.stationary_other))
    ]


Frames = list[tuple[float, Picture]]
"""Times and pictures."""


def _decode(clip: Clip) -> tuple[Frames, float]:
    """Return frames of at most 640 pixels and the scale that they have of the source."""
    frames: Frames = []
    scale = 1.0
    for frame in clip.frames(BASE_FPS):
        picture = frame.picture
        scale = min(1.0, MOST_WIDTH_PX / picture.shape[1])
        if scale < 1.0:
            size = (MOST_WIDTH_PX, round(picture.shape[0] * scale))
            picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_AREA), np.uint8)
        frames.append((frame.time_s, picture))
    return frames, scale


def _score(clip: Clip, frames: Frames, scale: float, variant: Variant) -> Score:
    detector = SceneDetector(dwell_s=variant.dwell_s)
    alerts: list[Finding] = []
    width = height = 0
    for time_s, picture in _shown(frames, variant):
        height, width = picture.shape[:2]
        alerts += [
            one
            for one in detector.update(picture, time_s)
            if one.kind == "abandoned_vehicle" and one.phase == "alert"
        ]

    def place(box: BoxXywh) -> BoxXywh:
        x, y, wide, high = (round(side * scale * variant.scale) for side in box)
        return variant.box((x, y, wide, high), width)

    def places(marked: Sequence[Wait | Place]) -> list[BoxXywh]:
        placed = [place(one.bbox) for one in marked]
        return [*placed, *(variant.moved(box, width, height) for box in placed)]

    score = Score(variant.group)
    _book_waits(clip, variant, alerts, place, score)
    boxes = places(clip.stationary_vehicles)
    ignored = places(clip.ignore_regions)
    others = places(clip.stationary_other)
    for alert in alerts:
        told = _xywh(alert)
        if _is_any(told, boxes + ignored):
            continue
        if _is_any(told, others):
            score.others += 1
        else:
            score.false.append(f"{clip.name}, {variant.name}: {told} at {alert.alert_s:.1f} s")
    return score


def _book_waits(
    clip: Clip,
    variant: Variant,
    alerts: Sequence[Finding],
    place: Callable[[BoxXywh], BoxXywh],
    score: Score,
) -> None:
    told_tiny = all_tiny = 0
    for wait in clip.stationary_vehicles:
        lasts_s = (wait.left_s or clip.duration_s) - wait.stopped_s
        if lasts_s < variant.dwell_s + SPARE_S or wait.stopped_s < variant.skip_s + 1:
            continue
        told = any(overlap(_xywh(one), place(wait.bbox)) > SAME_SHARE for one in alerts)
        if wait.bbox[2] < SMALLEST_PX:
            told_tiny, all_tiny = told_tiny + told, all_tiny + 1
        elif told:
            score.found += 1
        elif not variant.disturbs:
            score.missed.append(f"{clip.name}, {variant.name}: {wait.bbox}")
    score.tiny = (told_tiny, all_tiny)


def _shown(frames: Frames, variant: Variant) -> Iterator[tuple[float, Picture]]:
    random = np.random.default_rng(0)
    start_s = frames[0][0]
    end_s = frames[-1][0]
    late_s = start_s + variant.from_share * (end_s - start_s)
    over_s = np.inf if variant.until_s is None else late_s + variant.until_s
    ordered = frames
    if variant.backwards:
        ordered = [(end_s - time_s, picture) for time_s, picture in reversed(frames)]
    due_s = -np.inf
    for time_s, picture in ordered:
        if time_s < variant.skip_s + variant.phase_s or time_s < due_s - 0.001:
            continue
        due_s = max(due_s, time_s - 0.1) + 1 / variant.sample_fps
        if random.random() >= variant.keep:
            continue
        shown = variant.change(picture, random)
        if late_s <= time_s < over_s:
            shown = variant.late(shown, random)
        yield time_s, shown


def _is_any(box: BoxXywh, others: Sequence[BoxXywh]) -> bool:
    return any(overlap(box, other) > SAME_SHARE for other in others)


def _xywh(finding: Finding) -> BoxXywh:
    left, top, right, bottom = finding.box_xyxy
    return left, top, right - left, bottom - top
