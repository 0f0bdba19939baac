"""Long dwells, which no footage has: a real vehicle set into other real footage.

Vehicles are cut from cdnet-highway by its official masks and set onto the road of clips that are
played to and fro. All that is random comes from the scene's number.
"""

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.detectors.clips import clip, footage_folder
from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.scene import SceneDetector

SCENES = 44
LASTS_S = 2400.0
CLIP_FPS = 5.0
GAP_S = 600.0
SAME_SHARE = 0.3
LATEST_S = 60.0
"""An alarm that comes later than so long after it was due is missed."""
CUTOUT_LEAST_PX = 1800
CUTOUTS = 12
NOISES = 5

Picture = npt.NDArray[np.uint8]
Floats = npt.NDArray[np.float32]

PLACES: dict[str, tuple[tuple[float, float, float], ...]] = {
    "autostrade-backlit": ((0.62, 0.55, 0.09), (0.55, 0.75, 0.13), (0.45, 0.90, 0.16)),
    "autostrade-dusk-wet": ((0.62, 0.60, 0.10), (0.55, 0.80, 0.13)),
    "autostrade-foreste": ((0.44, 0.82, 0.09), (0.24, 0.70, 0.08)),
    "autostrade-sparse": ((0.45, 0.75, 0.11), (0.40, 0.88, 0.15)),
    "autostrade-svincolo": ((0.84, 0.62, 0.07), (0.90, 0.85, 0.09)),
    "cdnet-highway": ((0.50, 0.75, 0.20), (0.62, 0.40, 0.11)),
    "motorway-pedestrian": ((0.62, 0.60, 0.14), (0.80, 0.50, 0.10), (0.35, 0.85, 0.20)),
    "road-approach": ((0.50, 0.75, 0.18), (0.62, 0.40, 0.11), (0.35, 0.90, 0.20)),
}
"""Where a vehicle can stand: bottom centre, and its width, in shares of the picture."""


@dataclass(frozen=True)
class Cutout:
    """A vehicle: (h, w, 3) BGR and its (h, w) opacity 0-1, both float32."""

    colours: Floats
    opacity: Floats


@dataclass(frozen=True)
class Plan:
    """What happens in one scene; times in seconds.

    Attributes:
        name: the clip.
        period_s: between samples.
        limit_s: how long a vehicle may stay.
        stops_s: when the vehicle stands.
        leaves_s: when it is gone.
        place: bottom centre and width, shares of the picture.
        vehicle: index of its cutout.
        hidden: when something stands before it: begin, end, and shift in its own widths.
        darkness: light at the darkest, as a share; 1 is none.
        swing: relative change of light by passing clouds.
        gap_s: frames between these two times are not delivered; None for no gap.
        restart_s: when the detector is made anew from what it kept; None for never.
    """

    name: str
    period_s: float
    limit_s: float
    stops_s: float
    leaves_s: float
    place: tuple[float, float, float]
    vehicle: int
    hidden: tuple[tuple[float, float, float], ...]
    darkness: float
    swing: float
    gap_s: tuple[float, float] | None
    restart_s: float | None


@dataclass
class Result:
    """What became of all scenes."""

    scenes: int = 0
    found: int = 0
    missed: int = 0
    repeated: int = 0
    false: int = 0
    ended: int = 0
    camera_hours: float = 0.0
    mean_delay_s: float = 0.0


def run_scenes(number: int) -> Result:
    """Run that many scenes and add up."""
    result = Result()
    delays = []
    for seed in range(number):
        plan = make_plan(seed)
        findings = run_scene(plan, seed)
        delay_s = tally(plan, findings, result)
        if delay_s is not None:
            delays.append(delay_s)
    result.mean_delay_s = round(float(np.mean(delays)), 2) if delays else 0.0
    return result


def make_plan(seed: int) -> Plan:
    """Draw a scene's plan."""
    random = np.random.default_rng(seed)
    name = list(PLACES)[seed % len(PLACES)]
    limit_s = float(random.choice([300, 600]))
    stops_s = float(random.uniform(90, 300))
    leaves_s = stops_s + limit_s + float(random.uniform(300, 900))
    hides = np.sort(random.uniform(stops_s + 60, leaves_s - 60, 3))
    middle_s = float(random.uniform(stops_s + 60, stops_s + limit_s - 30))
    trouble = seed // len(PLACES) % 3
    if trouble == 1:
        # What leaves during the gap can be known to nobody.
        leaves_s = max(leaves_s, middle_s + GAP_S + 180)
    return Plan(
        name=name,
        period_s=float(random.choice([1.0, 2.0, 5.0])),
        limit_s=limit_s,
        stops_s=stops_s,
        leaves_s=leaves_s,
        place=PLACES[name][int(random.integers(len(PLACES[name])))],
        vehicle=int(random.integers(CUTOUTS)),
        hidden=tuple(
            (float(at), float(at + random.uniform(5, 25)), float(random.uniform(-0.4, 0.4)))
            for at in hides
        ),
        darkness=float(random.choice([1.0, 0.4])),
        swing=float(random.uniform(0.0, 0.2)),
        gap_s=(middle_s, middle_s + GAP_S) if trouble == 1 else None,
        restart_s=middle_s if trouble == 2 else None,
    )


def run_scene(plan: Plan, seed: int) -> list[Finding]:
    """Play a scene to a detector and return what it said of vehicles."""
    random = np.random.default_rng(1000 + seed)
    detector = SceneDetector(dwell_s=plan.limit_s)
    findings: list[Finding] = []
    restarted = False
    for time_s in np.arange(0.0, LASTS_S, plan.period_s):
        if plan.gap_s is not None and plan.gap_s[0] < time_s < plan.gap_s[1]:
            continue
        if plan.restart_s is not None and time_s > plan.restart_s and not restarted:
            detector = SceneDetector(dwell_s=plan.limit_s, state=detector.dump())
            restarted = True
        picture = compose(plan, float(time_s), random)
        findings += detector.update(picture, float(time_s))
    return [finding for finding in findings if finding.kind == "abandoned_vehicle"]


def tally(plan: Plan, findings: list[Finding], result: Result) -> float | None:
    """Add a scene to the result and return the delay of its alarm, if there was one."""
    result.scenes += 1
    result.camera_hours += LASTS_S / 3600
    box = vehicle_box(plan)
    alerts = [one for one in findings if one.phase == "alert"]
    ours = [one for one in alerts if _shared(one.box_xyxy, box) > SAME_SHARE]
    result.false += len(alerts) - len(ours)
    result.repeated += max(0, len(ours) - 1)
    ends = {one.finding_id: one.end_s for one in findings if one.phase == "end"}
    delays = [(one.alert_s or 0.0) - _due_s(plan) for one in ours]
    in_time = [delay for delay in delays if -LATEST_S < delay <= LATEST_S]
    if not in_time:
        result.missed += 1
        return None
    result.found += 1
    left = ends.get(ours[0].finding_id)
    result.ended += left is not None and abs(left - plan.leaves_s) <= LATEST_S
    return in_time[0]


def _due_s(plan: Plan) -> float:
    """Return when the alarm is due; at the end of a gap if that is in it."""
    due_s = plan.stops_s + plan.limit_s
    if plan.gap_s is not None and plan.gap_s[0] < due_s < plan.gap_s[1]:
        return plan.gap_s[1]
    return due_s


def compose(plan: Plan, time_s: float, random: np.random.Generator) -> Picture:
    """Draw the (H, W, 3) BGR picture of one moment."""
    frames = _frames(plan.name)
    # To and fro, so that there is no jump.
    at = math.floor(time_s * CLIP_FPS) % (2 * len(frames) - 2)
    canvas = frames[at if at < len(frames) else 2 * len(frames) - 2 - at].astype(np.float32)
    if plan.stops_s <= time_s < plan.leaves_s:
        _set_in(canvas, plan.vehicle, plan.place)
        for begin_s, end_s, shift in plan.hidden:
            if begin_s <= time_s < end_s:
                x, y, wide = plan.place
                _set_in(canvas, plan.vehicle + 1, (x + shift * wide, y + 0.02, 1.2 * wide))
    canvas *= _light(plan, time_s)
    canvas += _noises(canvas.shape)[int(random.integers(NOISES))]
    return np.clip(canvas, 0, 255, out=canvas).astype(np.uint8)


def vehicle_box(plan: Plan) -> tuple[int, int, int, int]:
    """Return where the vehicle stands, xyxy source pixels."""
    height, width = _frames(plan.name)[0].shape[:2]
    cutout = _scaled(plan.vehicle, round(plan.place[2] * width))
    high, wide = cutout.opacity.shape
    left, bottom = round(plan.place[0] * width - wide / 2), round(plan.place[1] * height)
    return left, bottom - high, left + wide, bottom


def _light(plan: Plan, time_s: float) -> float:
    """Clouds swing the light; night falls over ten minutes from a quarter of the scene on."""
    night = min(max((time_s - LASTS_S / 4) / 600, 0.0), 1.0)
    clouds = 1 + plan.swing * math.sin(2 * math.pi * time_s / 700)
    return clouds * (1 - night * (1 - plan.darkness))


def _set_in(canvas: Floats, vehicle: int, place: tuple[float, float, float]) -> None:
    height, width = canvas.shape[:2]
    cutout = _scaled(vehicle % CUTOUTS, round(place[2] * width))
    high, wide = cutout.opacity.shape
    left = min(max(round(place[0] * width - wide / 2), 0), width - wide)
    top = min(max(round(place[1] * height) - high, 0), height - high)
    view = canvas[top : top + high, left : left + wide]
    view += (cutout.colours - view) * cutout.opacity[..., np.newaxis]


@cache
def _frames(name: str) -> list[Picture]:
    return [frame.picture for frame in clip(name).frames(CLIP_FPS)]


@cache
def _noises(shape: tuple[int, ...]) -> Floats:
    return np.random.default_rng(0).normal(0, 2, (NOISES, *shape)).astype(np.float32)


@cache
def _scaled(vehicle: int, width: int) -> Cutout:
    cutout = _cutouts()[vehicle]
    height = max(1, round(cutout.opacity.shape[0] * width / cutout.opacity.shape[1]))
    colours = cv2.resize(cutout.colours, (width, height), interpolation=cv2.INTER_AREA)
    opacity = cv2.resize(cutout.opacity, (width, height), interpolation=cv2.INTER_AREA)
    return Cutout(np.asarray(colours, np.float32), np.asarray(opacity, np.float32))


@cache
def _cutouts() -> list[Cutout]:
    """Cut whole vehicles out of cdnet-highway, some frames apart so that they differ."""
    cutouts: list[Cutout] = []
    masks = footage_folder() / "cdnet-highway" / "groundtruth"
    next_number = 0
    for frame in clip("cdnet-highway").frames():
        if frame.number < next_number or len(cutouts) == CUTOUTS:
            continue
        truth = cv2.imread(str(masks / f"gt{frame.number:06d}.png"), cv2.IMREAD_GRAYSCALE)
        cut = None if truth is None else _cut(frame.picture, np.asarray(truth, np.uint8))
        if cut is not None:
            cutouts.append(cut)
            next_number = frame.number + 40
    return cutouts


def _cut(picture: Picture, truth: Picture) -> Cutout | None:
    """Return the largest vehicle of a frame, if it is whole and not two."""
    moving = (truth == 255).astype(np.uint8)
    number, labels, stats, _ = cv2.connectedComponentsWithStats(moving, connectivity=8)
    if number <= 1:
        return None
    largest = 1 + int(np.argmax(stats[1:, cv2.CC_STAT_AREA]))
    x, y, wide, high, area = (int(value) for value in stats[largest])
    height, width = truth.shape
    whole = x > 2 and y > 2 and x + wide < width - 2 and y + high < height - 2
    if not whole or area < CUTOUT_LEAST_PX or area < 0.68 * wide * high:
        return None
    opacity = (labels[y : y + high, x : x + wide] == largest).astype(np.float32)
    soft = cv2.GaussianBlur(opacity, (3, 3), 0)
    colours = picture[y : y + high, x : x + wide].astype(np.float32)
    return Cutout(colours, np.asarray(soft, np.float32))


def _shared(one: tuple[int, int, int, int], other: tuple[int, int, int, int]) -> float:
    across = min(one[2], other[2]) - max(one[0], other[0])
    down = min(one[3], other[3]) - max(one[1], other[1])
    areas = [(box[2] - box[0]) * (box[3] - box[1]) for box in (one, other)]
    return max(across, 0) * max(down, 0) / max(1, min(areas))
