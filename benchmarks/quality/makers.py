"""Faults, made with seeded severity: from what an operator would write a ticket for to gross."""

from collections.abc import Callable

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.quality.covers import covered, partly_covered, sprayed
from benchmarks.quality.scenes import Change, Picture, Random, grained
from sharpeyes.detectors.quality import PictureFault

Maker = Callable[[Random, Picture], Change]
"""Draws one fault, given a picture of another scene."""
Matrix = npt.NDArray[np.float64]


def black(random: Random, _: Picture) -> Change:
    """The sensor or the light is dead: 0 to 10 levels and grain."""
    level, sigma = random.uniform(0, 10), random.uniform(0, 2.5)
    return lambda picture, _, draws: grained(
        np.full(picture.shape, level, np.float32), sigma, draws
    )


def too_dark(random: Random, _: Picture) -> Change:
    """A closed iris: 0.08 to 0.25 of the light, but something can still be made out."""
    gain = random.uniform(0.08, 0.25)

    def change(picture: Picture, _: int, draws: Random) -> Picture:
        least = 45 / max(float(np.quantile(picture.max(axis=2), 0.95)), 1.0)
        return grained(picture * np.float32(min(max(gain, least), 0.25)), 1.0, draws)

    return change


def too_bright(random: Random, _: Picture) -> Change:
    """An open iris: more than half of the picture is white."""
    share = random.uniform(0.55, 0.9)

    def change(picture: Picture, _: int, __: Random) -> Picture:
        luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
        gain = 255 / max(float(np.quantile(luma, 1 - share)), 4.0)
        return np.asarray(np.clip(picture * np.float32(gain), 0, 255), np.uint8)

    return change


def defocus(random: Random, _: Picture) -> Change:
    """Out of focus, by 1/160 to 1/30 of the width (4 to 21 pixels of 640)."""
    share = 1 / np.exp(random.uniform(np.log(30), np.log(160)))

    def change(picture: Picture, _: int, __: Random) -> Picture:
        return np.asarray(cv2.GaussianBlur(picture, (0, 0), share * picture.shape[1]), np.uint8)

    return change


def smear(random: Random, _: Picture) -> Change:
    """A greasy dome smears along one direction, 1/50 to 1/15 of the width."""
    share, angle = random.uniform(1 / 50, 1 / 15), random.uniform(0, 180)

    def change(picture: Picture, _: int, __: Random) -> Picture:
        length = max(3, int(share * picture.shape[1]))
        line = np.zeros((length, length), np.float32)
        line[length // 2] = 1
        turn = cv2.getRotationMatrix2D((length / 2 - 0.5, length / 2 - 0.5), angle, 1)
        kernel = np.asarray(cv2.warpAffine(line, turn, (length, length)), np.float32)
        smeared = cv2.filter2D(picture, -1, kernel / kernel.sum())
        # Fat scatters in every direction, too.
        spread = cv2.GaussianBlur(smeared, (0, 0), picture.shape[1] / 240)
        return np.asarray(spread, np.uint8)

    return change


def cast(random: Random, _: Picture) -> Change:
    """A channel too strong and another too weak, by 20 to 50 %."""
    gains = np.ones(3, np.float32)
    strong, weak = random.permutation(3)[:2]
    gains[strong], gains[weak] = 1 + random.uniform(0.2, 0.5), 1 - random.uniform(0.2, 0.5)
    return lambda picture, _, __: np.asarray(np.clip(picture * gains, 0, 255), np.uint8)


def noise(random: Random, _: Picture) -> Change:
    """Grain of 22 to 50 levels at 640 pixels' width, of colour or of luma."""
    sigma, coloured = random.uniform(22, 50), bool(random.random() < 0.5)

    def change(picture: Picture, _: int, draws: Random) -> Picture:
        height, width = picture.shape[:2]
        # Grain as large as a pixel at 640, whatever the size of the picture.
        wide = min(width, 640)
        grain: npt.NDArray[np.float64] = draws.normal(
            0, sigma, (max(1, height * wide // width), wide, 3 if coloured else 1)
        )
        if wide < width:
            enlarged = np.asarray(cv2.resize(grain, (width, height)), np.float64)
            grain = enlarged.reshape(height, width, -1)
        return np.asarray(np.clip(picture + grain, 0, 255), np.uint8)

    return change


def stripes(random: Random, _: Picture) -> Change:
    """Waves of 14 to 40 levels and 1/120 to 1/24 of the width, at any angle, that run."""
    amplitude, period = random.uniform(14, 40), 1 / random.uniform(24, 120)
    angle = float(random.choice([0.0, np.pi / 2, random.uniform(0, np.pi)]))

    def change(picture: Picture, _: int, draws: Random) -> Picture:
        height, width = picture.shape[:2]
        rows, columns = np.ogrid[:height, :width]
        along = columns * np.cos(angle) + rows * np.sin(angle)
        phase = draws.uniform(0, 2 * np.pi)
        wave = amplitude * np.sin(2 * np.pi * along / (period * width) + phase)
        return np.asarray(np.clip(picture + wave[..., None], 0, 255), np.uint8)

    return change


def torn_lines(random: Random, _: Picture) -> Change:
    """From 6 to 20 % of the rows are brighter or darker by 40 to 90 levels."""
    share, depth = random.uniform(0.06, 0.2), random.uniform(40, 90)

    def change(picture: Picture, _: int, draws: Random) -> Picture:
        height = picture.shape[0]
        thick = max(1, height // 240)
        rows = np.zeros(height, np.float32)
        for row in np.flatnonzero(draws.random(height) < share / thick):
            rows[row : row + thick] = draws.choice([-depth, depth])
        return np.asarray(np.clip(picture + rows[:, None, None], 0, 255), np.uint8)

    return change


def low_contrast(random: Random, _: Picture) -> Change:
    """A quarter to a twelfth of the contrast, the same near and far."""
    share, level = random.uniform(1 / 12, 1 / 4), random.uniform(90, 180)

    def change(picture: Picture, _: int, draws: Random) -> Picture:
        return grained((picture - picture.mean()) * np.float32(share) + level, 0.8, draws)

    return change


def moved(random: Random, other: Picture) -> Change:
    """Turned by 15 to 50 % of the picture, tilted by 8 to 25 degrees, or quite another view."""
    how = int(random.integers(0, 3))
    angle = random.uniform(8, 25) * random.choice([-1, 1])
    away = random.uniform(0.15, 0.5)
    direction = random.uniform(0, 2 * np.pi)

    def change(picture: Picture, _: int, __: Random) -> Picture:
        height, width = picture.shape[:2]
        if how == 0:
            return np.asarray(cv2.resize(other, (width, height)), np.uint8)
        # Enlarged, so that no border is mirrored into the view.
        turn = angle if how == 1 else 0.0
        matrix: Matrix = np.asarray(
            cv2.getRotationMatrix2D((width / 2, height / 2), turn, 1.25), float
        )
        if how == 2:
            matrix[:, 2] += away * np.array([np.cos(direction) * width, np.sin(direction) * height])
        mode = cv2.BORDER_REFLECT_101
        return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=mode))

    return change


def jitter(random: Random, _: Picture) -> Change:
    """Each picture is off by up to 1.2 to 4 % of the width."""
    share = random.uniform(0.012, 0.04)

    def change(picture: Picture, _: int, draws: Random) -> Picture:
        height, width = picture.shape[:2]
        x, y = draws.uniform(-share, share, 2) * width
        matrix = np.array([[1, 0, x], [0, 1, y]])
        mode = cv2.BORDER_REFLECT_101
        return np.asarray(cv2.warpAffine(picture, matrix, (width, height), borderMode=mode))

    return change


def wandering(random: Random, other: Picture) -> Change:
    """The view is another one in every picture."""
    del random

    def change(picture: Picture, number: int, draws: Random) -> Picture:
        height, width = picture.shape[:2]
        wide = other if number % 2 else picture
        matrix: Matrix = np.asarray(
            cv2.getRotationMatrix2D((wide.shape[1] / 2, wide.shape[0] / 2), 0, 2.0), float
        )
        matrix[:, 2] += draws.uniform(-0.45, 0.45, 2) * (wide.shape[1], wide.shape[0])
        size = wide.shape[1], wide.shape[0]
        shown = cv2.warpAffine(wide, matrix, size, borderMode=cv2.BORDER_REFLECT_101)
        return np.asarray(cv2.resize(shown, (width, height)), np.uint8)

    return change


def signal_loss(random: Random, _: Picture) -> Change:
    """A plain grey or blue field, with or without words, or colour bars."""
    how = int(random.integers(0, 3))
    colour = [(128, 128, 128), (190, 20, 10), (0, 0, 0)][how]
    words = bool(random.random() < 0.5)

    def change(picture: Picture, _: int, __: Random) -> Picture:
        height, width = picture.shape[:2]
        shown = np.empty_like(picture)
        shown[:] = colour
        if how == 2:
            columns = np.arange(width) * 8 // width
            bars = np.array([[(i >> 2 & 1), (i >> 1 & 1), i & 1] for i in range(8)])[::-1]
            shown[:] = (bars[columns] * 190).astype(np.uint8)
        elif words:
            at = (int(0.35 * width), int(0.5 * height))
            scale = height / 400
            cv2.putText(shown, "NO SIGNAL", at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255,) * 3, 2)
        return shown

    return change


MAKERS: dict[str, tuple[PictureFault, Maker]] = {
    "black": (PictureFault.BLACK, black),
    "too dark": (PictureFault.BRIGHTNESS, too_dark),
    "too bright": (PictureFault.BRIGHTNESS, too_bright),
    "defocus": (PictureFault.CLARITY, defocus),
    "smear": (PictureFault.CLARITY, smear),
    "colour cast": (PictureFault.COLOUR_CAST, cast),
    "noise": (PictureFault.NOISE, noise),
    "jitter": (PictureFault.JITTER, jitter),
    "covered": (PictureFault.OCCLUSION, covered),
    "partly covered": (PictureFault.OCCLUSION, partly_covered),
    "sprayed": (PictureFault.OCCLUSION, sprayed),
    "wandering": (PictureFault.PTZ, wandering),
    "stripes": (PictureFault.STRIPES, stripes),
    "torn lines": (PictureFault.STRIPES, torn_lines),
    "low contrast": (PictureFault.LOW_CONTRAST, low_contrast),
    "scene changed": (PictureFault.SCENE_CHANGED, moved),
    "signal loss": (PictureFault.SIGNAL_LOSS, signal_loss),
}
LATE = frozenset({"signal loss", "stripes", "torn lines", "noise"})
"""Made behind the sensor; the others come before its grain."""
