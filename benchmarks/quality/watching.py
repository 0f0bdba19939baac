"""One made camera under watch: a reference is learned, then the picture stays well or does not."""

from dataclasses import dataclass

import cv2
import numpy as np

from benchmarks.quality.makers import LATE, MAKERS
from benchmarks.quality.scenes import (
    WEATHERS,
    Change,
    Hour,
    Picture,
    Scene,
    make_light,
    make_passing,
    make_scene,
    make_weather,
)
from sharpeyes.detectors.quality import (
    DAY,
    NIGHT,
    PictureFault,
    PictureWatch,
    Reference,
    judge,
    learn,
    measure,
)
from sharpeyes.detectors.quality.reference import SAMPLES

INTERVAL_S = 300.0
WATCHED = 8
"""Samples after the reference was learned: 40 minutes."""


@dataclass(frozen=True)
class Outcome:
    """What was said of one made camera.

    Attributes:
        clip: which it was made from.
        hour: by what light.
        seed: of the run.
        made: which fault, or which weather.
        expected: its code.
        told: the first code told; normal where none was.
        single: codes of the single pictures.
        blind: codes of the single pictures judged without a reference.
        words: of the verdict.
    """

    clip: str
    hour: Hour
    seed: int
    made: str
    expected: PictureFault
    told: PictureFault
    single: tuple[PictureFault, ...]
    blind: tuple[PictureFault, ...]
    words: str


def watch_all(pictures: dict[str, list[Picture]], seed: int) -> list[Outcome]:
    """Make each clip a camera by day, at night and by infrared light, and try all with each."""
    names = list(pictures)
    outcomes = []
    for place, name in enumerate(names):
        other = pictures[names[(place + 1 + seed) % len(names)]][0]
        for hour in Hour:
            random = np.random.default_rng([seed, place, list(Hour).index(hour)])
            scene = make_scene(name, pictures[name], hour, random)
            watched = _Watched(scene, random, seed)
            for made, (fault, maker) in MAKERS.items():
                if made == "colour cast" and hour is Hour.INFRARED:
                    continue
                shown = _as_large(other, scene.pictures[0])
                elsewhere = make_light(hour, shown.shape, random)
                shown = elsewhere(shown, 0, random)
                outcomes.append(watched.try_with(made, fault, maker(random, shown)))
            for weather in WEATHERS:
                change = make_weather(weather, random)
                outcomes.append(watched.try_with(weather, PictureFault.NORMAL, change))
            passing = make_passing(random)
            outcomes.append(watched.try_with("passing lorry", PictureFault.NORMAL, passing))
    return outcomes


def _as_large(picture: Picture, model: Picture) -> Picture:
    height, width = model.shape[:2]
    return np.asarray(cv2.resize(picture, (width, height)), np.uint8)


class _Watched:
    """A camera whose reference was learned from every other picture."""

    def __init__(self, scene: Scene, random: np.random.Generator, seed: int) -> None:
        self.scene, self.random, self.seed = scene, random, seed
        self.limits = DAY if scene.hour is Hour.DAY else NIGHT
        self.reference: Reference | None = None
        self.unlearned = 0
        for number in range(3 * SAMPLES):
            if self.reference is not None and self.reference.is_ready:
                break
            measures = measure(scene.sample(2 * number, random))
            if judge(measures, self.limits, None).verdict.fault is PictureFault.NORMAL:
                self.reference = learn(self.reference, measures)
            else:
                self.unlearned += 1

    def try_with(self, made: str, fault: PictureFault, change: Change) -> Outcome:
        told, words, state = PictureFault.NORMAL, "", PictureWatch()
        single, blind = [], []
        for number in range(WATCHED):
            measures = measure(
                self.scene.sample(2 * number + 1, self.random, change, late=made in LATE)
            )
            judged = judge(measures, self.limits, self.reference)
            single.append(judged.verdict.fault)
            blind.append(judge(measures, self.limits, None).verdict.fault)
            state, verdict = state.step(judged, measures.luma, number * INTERVAL_S)
            if verdict is not None and told is PictureFault.NORMAL:
                told, words = verdict.fault, verdict.words
        return Outcome(
            clip=self.scene.clip,
            hour=self.scene.hour,
            seed=self.seed,
            made=made,
            expected=fault,
            told=told,
            single=tuple(single),
            blind=tuple(blind),
            words=words,
        )
