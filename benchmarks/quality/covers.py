"""What may hide a view, made with seeded extent: a cloth, a thing before the lens, paint."""

import cv2
import numpy as np

from benchmarks.quality.scenes import Change, Picture, Random, grained


def covered(random: Random, _: Picture) -> Change:
    """A cloth or a hand right before the lens: hardly lit, without detail."""
    colour = random.uniform(25, 150) * random.uniform(0.8, 1.2, 3)
    slope = random.uniform(8, 40) * random.choice([-1, 1])

    def change(picture: Picture, _: int, draws: Random) -> Picture:
        rows = np.linspace(-1, 1, picture.shape[0], dtype=np.float32)[:, None, None]
        return grained(np.zeros_like(picture) + colour + slope * rows, 2.0, draws)

    return change


def partly_covered(random: Random, _: Picture) -> Change:
    """A board, a bag or a branch too near to be sharp hides 35 to 70 %, from one side."""
    share, side = random.uniform(0.35, 0.7), int(random.integers(0, 4))
    colour = random.uniform(20, 190) * random.uniform(0.8, 1.2, 3)
    slant = random.uniform(-0.15, 0.15)

    def change(picture: Picture, _: int, draws: Random) -> Picture:
        height, width = picture.shape[:2]
        rows, columns = np.ogrid[:height, :width]
        y, x = rows / height, columns / width
        edge = (x, 1 - x, y, 1 - y)[side] + slant * ((y, y, x, x)[side] - 0.5)
        alpha = (edge < share).astype(np.float32)
        return _over(picture, alpha, colour, draws)

    return change


def sprayed(random: Random, _: Picture) -> Change:
    """Paint in blots with soft edges over 30 to 70 % of the picture."""
    share, colour = random.uniform(0.3, 0.7), random.uniform(0, 230, 3)
    centre = random.uniform(0.35, 0.65, 2)
    blots = random.normal(0, 0.16, (14, 2))
    radii = random.uniform(0.08, 0.2, 14)

    def change(picture: Picture, _: int, draws: Random) -> Picture:
        height, width = picture.shape[:2]
        rows, columns = np.ogrid[:height, :width]
        field = np.full((height, width), -np.inf)
        for (x, y), radius in zip(blots, radii, strict=True):
            far = np.hypot(columns / width - centre[0] - x, rows / height - centre[1] - y)
            field = np.maximum(field, 1 - far / radius)
        alpha = (field >= np.quantile(field, 1 - share)).astype(np.float32)
        return _over(picture, alpha, colour, draws)

    return change


def _over(picture: Picture, alpha: np.ndarray, colour: np.ndarray, random: Random) -> Picture:
    """Lay a blurred thing over a picture; it is too near to be sharp."""
    width = picture.shape[1]
    soft = cv2.GaussianBlur(alpha, (0, 0), width / 60)[..., None]
    rows = np.linspace(-20, 20, picture.shape[0], dtype=np.float32)[:, None, None]
    thing = np.zeros_like(picture, np.float32) + colour.astype(np.float32) + rows
    return grained(picture * (1 - soft) + thing * soft, 1.5, random)
