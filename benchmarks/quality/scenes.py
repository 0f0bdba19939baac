"""Cameras made from the footage: by day, at night and by infrared light, whole and in parts.

A scene gives clean pictures only; weather and exposure are part of being well.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

import cv2
import numpy as np
import numpy.typing as npt

Picture = npt.NDArray[np.uint8]
Random = np.random.Generator
Change = Callable[[Picture, int, Random], Picture]
"""Makes an (H, W, 3) BGR picture of another, given the number of the sample."""


class Hour(StrEnum):
    """By what light the scene is shown."""

    DAY = "day"
    NIGHT = "night"
    INFRARED = "infrared"


WEATHERS = ("as it is", "fog", "rain", "exposure", "glare", "coarse coding", "wind")


@dataclass(frozen=True)
class Scene:
    """One camera.

    Attributes:
        clip: which clip it was made from.
        hour: by what light.
        pictures: of the clip, cut and turned, one for each sample.
        light: turns a picture of the clip into one by this light.
        grain: of the sensor, in levels.
        draw_clock: draws the device's clock; does nothing for a camera without.
        jpeg_quality: of what the camera sends.
    """

    clip: str
    hour: Hour
    pictures: tuple[Picture, ...]
    light: Change
    grain: float
    draw_clock: Change
    jpeg_quality: int

    def sample(
        self, number: int, random: Random, change: Change | None = None, *, late: bool = False
    ) -> Picture:
        """Return the picture of one sample.

        Args:
            number: of the sample.
            random: for what differs from sample to sample.
            change: what happens to the camera, before its sensor's grain, its clock and coding.
            late: the change comes after the grain.
        """
        picture = self.light(self.pictures[number % len(self.pictures)], number, random)
        if change is not None and not late:
            picture = change(picture, number, random)
        if self.grain:
            picture = grained(picture, self.grain, random)
        if change is not None and late:
            picture = change(picture, number, random)
        picture = self.draw_clock(picture, number, random)
        data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, self.jpeg_quality])[1]
        return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def make_scene(clip: str, pictures: list[Picture], hour: Hour, random: Random) -> Scene:
    """Cut a camera out of a clip: mostly the whole, else a part; some mirrored."""
    height, width = pictures[0].shape[:2]
    share = random.choice([1.0, 1.0, random.uniform(0.6, 0.9)])
    top = int(random.uniform(0, (1 - share) * height))
    left = int(random.uniform(0, (1 - share) * width))
    part = np.s_[top : top + int(share * height), left : left + int(share * width)]
    step = int(random.choice([1, -1]))
    cut = tuple(np.ascontiguousarray(picture[part][:, ::step]) for picture in pictures)
    has_clock = bool(random.random() < 0.5)
    return Scene(
        clip=clip,
        hour=hour,
        pictures=cut,
        light=make_light(hour, cut[0].shape, random),
        grain=0.0 if hour is Hour.DAY else random.uniform(2, 6),
        draw_clock=_clock(random) if has_clock else _same,
        jpeg_quality=int(random.integers(60, 92)),
    )


def make_weather(name: str, random: Random) -> Change:  # noqa: PLR0911  # one of seven
    """Make what a well camera shows on another day."""
    strength = random.uniform(0.0, 1.0)
    if name == "fog":
        return lambda picture, _, __: _fog(picture, strength)
    if name == "rain":
        return lambda picture, _, draws: _rain(picture, strength, draws)
    if name == "exposure":
        gain = float(random.choice([random.uniform(0.6, 0.8), random.uniform(1.2, 1.4)]))
        return lambda picture, _, __: _scaled(picture, gain)
    if name == "glare":
        place = random.uniform((0.2, 0.0), (0.8, 0.4))
        return lambda picture, _, __: _glare(picture, place, strength)
    if name == "coarse coding":
        quality = int(30 - 12 * strength)
        return lambda picture, _, __: coded(picture, quality)
    if name == "wind":
        return lambda picture, _, draws: _swayed(picture, 0.003 * strength, draws)
    return _same


def make_passing(random: Random) -> Change:
    """Let a lorry stand before the camera in two samples of every five."""
    height_share, width_share = random.uniform(0.5, 0.9), random.uniform(0.35, 0.6)
    first = int(random.integers(0, 5))

    def passing(picture: Picture, number: int, draws: Random) -> Picture:
        if (number + first) % 5 > 1:
            return picture
        height, width = picture.shape[:2]
        wide, high = int(width * width_share), int(height * height_share)
        left = int(draws.uniform(0, width - wide))
        shown = picture.copy()
        colour = draws.uniform(30, 200, 3)
        shown[height - high :, left : left + wide] = colour
        shown[height - high // 4 :, left : left + wide] = 30
        noisy = shown + draws.normal(0, 3, picture.shape)
        return np.asarray(np.clip(noisy, 0, 255), np.uint8)

    return passing


def coded(picture: Picture, quality: int) -> Picture:
    """Return a picture after a coarse JPEG."""
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def grained(picture: npt.NDArray[np.floating] | Picture, sigma: float, random: Random) -> Picture:
    """Add grain of luma and cut to 0-255."""
    shape = (*picture.shape[:2], 1)
    grain = random.standard_normal(shape, np.float32) * np.float32(sigma)
    return np.asarray(np.clip(picture + grain, 0, 255), np.uint8)


def _same(picture: Picture, _: int, __: Random) -> Picture:
    return picture


def _scaled(picture: Picture, gain: float) -> Picture:
    return np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)


def make_light(hour: Hour, shape: tuple[int, ...], random: Random) -> Change:
    """Draw by what light an (H, W, 3) picture is shown."""
    height, width = shape[:2]
    if hour is Hour.DAY:
        return _same
    if hour is Hour.INFRARED:
        rows, columns = np.ogrid[:height, :width]
        far = np.hypot((columns / width - 0.5) / 0.75, (rows / height - 0.55) / 0.75)
        lamp = (1.1 * np.clip(1.15 - far, 0.25, 1.0)).astype(np.float32)[..., None]

        def infrared(picture: Picture, _: int, __: Random) -> Picture:
            luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY).astype(np.float32)
            grey = np.clip(luma[..., None] * lamp, 0, 255).astype(np.uint8)
            return np.ascontiguousarray(np.repeat(grey, 3, axis=2))

        return infrared
    lamps = _lamps(height, width, random)
    tint = np.array([0.75, 0.95, 1.1], np.float32) ** random.uniform(0.2, 1.0)
    floor = random.uniform(0.1, 0.18)

    def night(picture: Picture, _: int, __: Random) -> Picture:
        lit = picture.astype(np.float32) * (floor + lamps[..., None]) * tint
        lit += (255 * np.clip(lamps - 0.85, 0, 1) * 4)[..., None]
        return np.asarray(np.clip(lit, 0, 255), np.uint8)

    return night


def _lamps(height: int, width: int, random: Random) -> npt.NDArray[np.float32]:
    """Return an (H, W) field of what lamps add."""
    rows, columns = np.ogrid[:height, :width]
    field = np.zeros((height, width), np.float32)
    for _ in range(int(random.integers(3, 7))):
        x, y = random.uniform((0, 0), (width, 0.7 * height))
        wide = random.uniform(0.08, 0.25) * width
        far = np.square((columns - x) / wide) + np.square((rows - y) / wide)
        field += (random.uniform(0.3, 1.0) / (1 + far) ** 1.5).astype(np.float32)
    return np.minimum(field, 1.2)


def _clock(random: Random) -> Change:
    text = str(random.choice(["2026-11-%02d 14:%02d:%02d", "11-%02d-2026 08:%02d:%02d"]))
    at_top, size = bool(random.random() < 0.7), random.uniform(0.04, 0.07)

    def clock(picture: Picture, number: int, _: Random) -> Picture:
        shown, height = picture.copy(), picture.shape[0]
        scale = size * height / 22
        words = text % (1 + number // 86_400 % 28, number * 5 % 60, number * 7 % 60)
        at = (int(0.02 * height), int((1.4 * size if at_top else 0.97) * height))
        thick = max(1, round(1.6 * scale))
        cv2.putText(shown, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (0, 0, 0), thick * 3)
        cv2.putText(shown, words, at, cv2.FONT_HERSHEY_SIMPLEX, scale, (255, 255, 255), thick)
        return shown

    return clock


def _fog(picture: Picture, strength: float) -> Picture:
    """Let the distance (above) fade into grey more than the foreground (below)."""
    rows = np.linspace(0, 1, picture.shape[0], dtype=np.float32)[:, None, None]
    thickness = 0.8 + 1.2 * strength
    through = np.exp(-thickness * (1.0 - 0.75 * rows))
    airlight = float(np.clip(picture.mean() * 1.2, 60, 190))
    return np.asarray(np.clip(picture * through + airlight * (1 - through), 0, 255), np.uint8)


def _rain(picture: Picture, strength: float, random: Random) -> Picture:
    height, width = picture.shape[:2]
    streaks = np.zeros((height, width), np.uint8)
    for x, y in random.uniform((0, 0), (width, height), (int(80 + 200 * strength), 2)):
        end = (int(x - width / 200), int(y + height / 20))
        cv2.line(streaks, (int(x), int(y)), end, 45, 1, cv2.LINE_AA)
    soft = cv2.GaussianBlur(streaks, (0, 0), 0.7)
    return np.asarray(cv2.add(picture, cv2.merge((soft, soft, soft))), np.uint8)


def _glare(picture: Picture, place: npt.NDArray[np.float64], strength: float) -> Picture:
    """Let a low sun, or headlights, shine into the lens."""
    height, width = picture.shape[:2]
    rows, columns = np.ogrid[:height, :width]
    far = np.hypot(columns / width - place[0], (rows / height - place[1]) * height / width)
    glow = 255 * np.exp(-np.square(far / (0.1 + 0.12 * strength)))
    return np.asarray(np.clip(picture + glow[..., None], 0, 255), np.uint8)


def _swayed(picture: Picture, share: float, random: Random) -> Picture:
    """Let the mast give by a few thousandths of the width."""
    height, width = picture.shape[:2]
    x, y = random.normal(0, share * width, 2)
    matrix = np.array([[1, 0, x], [0, 1, y]])
    warped = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, np.uint8)
