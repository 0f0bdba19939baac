"""The footage as other cameras would have shown it, and what may happen to a camera.

Each variant says how frames are chosen, and what is done to each; randomness is seeded.
"""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import cv2
import numpy as np
import numpy.typing as npt

from benchmarks.detectors.clips import BoxXywh

Picture = npt.NDArray[np.uint8]
Change = Callable[[Picture, np.random.Generator], Picture]
"""Makes an (H, W, 3) BGR picture of another."""
Matrix = npt.NDArray[np.float64]
"""(2, 3), of an affine map of pixels."""
Move = Callable[[int, int], Matrix]
"""How a picture of (width, height) is moved."""

SAMPLE_FPS = 2.0
DWELL_S = 6.0
BUMPS_PX = (1, 2, 3, 6, 12, 24)
"""Of a picture 640 pixels wide."""
BUMP_SHARES = (0.3, 0.55, 0.8)
"""When, as shares of the clip."""


def _same(picture: Picture, random: np.random.Generator) -> Picture:  # noqa: ARG001  # a Change
    return picture


def _box_same(box: BoxXywh, width: int) -> BoxXywh:  # noqa: ARG001  # as the others
    return box


@dataclass(frozen=True)
class Variant:
    """One way to show a clip.

    Attributes:
        group: of the table.
        name: what it is.
        sample_fps: frames a second.
        phase_s: of the first sampling time.
        skip_s: what of the clip's beginning is left out.
        dwell_s: the limit.
        keep: share of the frames that arrive.
        backwards: played from the end; only where nothing stops.
        change: done to every frame.
        from_share: from this share of the clip on, `late` is done too.
        until_s: for so long; None for the rest of the clip.
        late: what happens to the camera.
        moves: how `late` moves the picture, where it does.
        box: where a box of the clip lies, given the picture's width.
        scale: of boxes.
    """

    group: str
    name: str
    sample_fps: float = SAMPLE_FPS
    phase_s: float = 0.0
    skip_s: float = 0.0
    dwell_s: float = DWELL_S
    keep: float = 1.0
    backwards: bool = False
    change: Change = _same
    from_share: float = 2.0
    until_s: float | None = None
    late: Change = _same
    moves: Move | None = None
    box: Callable[[BoxXywh, int], BoxXywh] = _box_same
    scale: float = 1.0

    def moved(self, box: BoxXywh, width: int, height: int) -> BoxXywh:
        """Return where a box of the clip lies after what happens to the camera."""
        if self.moves is None:
            return box
        x, y, wide, high = box
        matrix = self.moves(width, height)
        corners = matrix @ np.array([[x, x + wide], [y, y + high], [1, 1]])
        (left, right), (top, bottom) = corners.round().astype(int).tolist()
        return left, top, right - left, bottom - top

    @property
    def disturbs(self) -> bool:
        """Something happens to the camera: what stood there may be lost, but nothing invented."""
        return self.from_share < 1.0


def all_variants() -> list[Variant]:
    """Return the whole set."""
    return [*_views(), *_tones(), *_timings(), *_bumps(), *_troubles()]


def _views() -> list[Variant]:
    return [
        Variant("as it is", "as it is"),
        Variant("view", "mirror", change=_mirror, box=_box_mirrored),
        Variant("view", "scale 0.75", change=partial(_scale, 0.75), scale=0.75),
        Variant("view", "scale 0.5", change=partial(_scale, 0.5), scale=0.5),
        Variant("view", "scale 1.33", change=partial(_scale, 1.33), scale=1.33),
        Variant("view", "grey", change=_grey),
    ]


def _tones() -> list[Variant]:
    tones: list[tuple[str, Change]] = [
        *((f"gamma {power}", partial(_gamma, power)) for power in (0.8, 1.25)),
        *((f"gain {gain}", partial(_gain, gain)) for gain in (0.6, 0.8, 1.25)),
        *((f"noise {sigma}", partial(_noise, sigma)) for sigma in (3, 6, 10)),
        ("jpeg 30", partial(_jpeg, 30)),
        ("jpeg 15", partial(_jpeg, 15)),
        ("blur", _blur),
    ]
    return [Variant("tone, noise", name, change=change) for name, change in tones]


def _timings() -> list[Variant]:
    return [
        *(Variant("sampling", f"{rate} fps", sample_fps=rate) for rate in (1, 3, 5, 10)),
        *(Variant("sampling", f"phase {phase}", phase_s=phase) for phase in (0.1, 0.2, 0.3, 0.4)),
        *(Variant("sampling", f"from {skip} s", skip_s=skip) for skip in (1, 2, 3, 5, 7)),
        *(Variant("sampling", f"{keep:.0%} arrive", keep=keep) for keep in (0.5, 0.7, 0.85)),
        *(Variant("dwell", f"dwell {dwell}", dwell_s=dwell) for dwell in (4, 5, 8, 10, 12)),
        Variant("backwards", "backwards", backwards=True),
        Variant("backwards", "backwards 5 fps", backwards=True, sample_fps=5),
    ]


def _bumps() -> list[Variant]:
    return [
        _moving("bump", f"{axis} {px} px at {share}", share, partial(_shift, *by))
        for px in BUMPS_PX
        for axis, by in (("x", (px, 0)), ("y", (0, -px)), ("xy", (-px, px)))
        for share in BUMP_SHARES
    ]


def _troubles() -> list[Variant]:
    lasting: list[tuple[str, Change]] = [
        *((f"exposure {gain}", partial(_gain, gain)) for gain in (0.5, 0.75, 1.3, 1.7)),
        ("jpeg step", partial(_jpeg, 20)),
        ("noise step", partial(_noise, 8)),
        ("infrared", _grey),
        ("rain", _rain),
        ("defocus", _blur),
    ]
    moving: list[tuple[str, Move]] = [
        *((f"zoom {zoom}", partial(_turn, 0.0, zoom)) for zoom in (1.02, 1.06, 1.15)),
        *((f"turn {angle}", partial(_turn, angle, 1.0)) for angle in (-1.0, 1.0, 3.0)),
        ("bumped 3 s", partial(_shift, 9, 5)),
    ]
    passing: list[tuple[str, Change]] = [
        ("covered 3 s", partial(_cover, 60)),
        ("dazzled 3 s", partial(_cover, 235)),
        ("half covered 3 s", _half_cover),
    ]
    return [
        *(
            _moving("trouble", f"{name} at {share}", share, move, 3.0 if "3 s" in name else None)
            for name, move in moving
            for share in BUMP_SHARES
        ),
        *(
            Variant("trouble", f"{name} at {share}", from_share=share, late=late)
            for name, late in lasting
            for share in BUMP_SHARES
        ),
        *(
            Variant("trouble", f"{name} at {share}", from_share=share, until_s=3.0, late=late)
            for name, late in passing
            for share in BUMP_SHARES
        ),
    ]


def _mirror(picture: Picture, _: np.random.Generator) -> Picture:
    return np.ascontiguousarray(picture[:, ::-1])


def _box_mirrored(box: BoxXywh, width: int) -> BoxXywh:
    return width - box[0] - box[2], *box[1:]


def _scale(scale: float, picture: Picture, _: np.random.Generator) -> Picture:
    method = cv2.INTER_AREA if scale < 1 else cv2.INTER_LINEAR
    scaled = cv2.resize(picture, None, fx=scale, fy=scale, interpolation=method)
    return np.asarray(scaled, np.uint8)


def _grey(picture: Picture, _: np.random.Generator) -> Picture:
    luma = cv2.cvtColor(picture, cv2.COLOR_BGR2GRAY)
    return np.asarray(cv2.cvtColor(luma, cv2.COLOR_GRAY2BGR), np.uint8)


def _gamma(power: float, picture: Picture, _: np.random.Generator) -> Picture:
    table = np.round(255 * (np.arange(256) / 255) ** power).astype(np.uint8)
    return np.asarray(cv2.LUT(picture, table), np.uint8)


def _gain(gain: float, picture: Picture, _: np.random.Generator) -> Picture:
    return np.asarray(cv2.convertScaleAbs(picture, alpha=gain), np.uint8)


def _noise(sigma: float, picture: Picture, random: np.random.Generator) -> Picture:
    noise = random.standard_normal(picture.shape, np.float32) * sigma
    return np.clip(picture + noise, 0, 255).astype(np.uint8)


def _jpeg(quality: int, picture: Picture, _: np.random.Generator) -> Picture:
    data = cv2.imencode(".jpg", picture, [cv2.IMWRITE_JPEG_QUALITY, quality])[1]
    return np.asarray(cv2.imdecode(data, cv2.IMREAD_COLOR), np.uint8)


def _blur(picture: Picture, _: np.random.Generator) -> Picture:
    return np.asarray(cv2.GaussianBlur(picture, (0, 0), picture.shape[1] / 300), np.uint8)


def _moving(
    group: str, name: str, share: float, move: Move, until_s: float | None = None
) -> Variant:
    late = partial(_warp, move)
    return Variant(group, name, from_share=share, until_s=until_s, late=late, moves=move)


def _shift(across_px: float, down_px: float, width: int, height: int) -> Matrix:  # noqa: ARG001
    unit = width / 640
    return np.array([[1, 0, across_px * unit], [0, 1, down_px * unit]])


def _turn(angle: float, zoom: float, width: int, height: int) -> Matrix:
    return np.asarray(cv2.getRotationMatrix2D((width / 2, height / 2), angle, zoom), np.float64)


def _warp(move: Move, picture: Picture, _: np.random.Generator) -> Picture:
    height, width = picture.shape[:2]
    matrix = move(width, height)
    warped = cv2.warpAffine(picture, matrix, (width, height), borderMode=cv2.BORDER_REFLECT_101)
    return np.asarray(warped, np.uint8)


def _cover(level: int, picture: Picture, random: np.random.Generator) -> Picture:
    return _noise(8, np.full_like(picture, level), random)


def _half_cover(picture: Picture, random: np.random.Generator) -> Picture:
    covered = picture.copy()
    covered[:, : picture.shape[1] // 2] = _cover(70, picture, random)[:, : picture.shape[1] // 2]
    return covered


def _rain(picture: Picture, random: np.random.Generator) -> Picture:
    """Draw bright streaks, other ones in each frame."""
    height, width = picture.shape[:2]
    streaks = np.zeros((height, width), np.uint8)
    for x, y in random.uniform((0, 0), (width, height), (200, 2)):
        end = (int(x - width / 160), int(y + height / 20))
        cv2.line(streaks, (int(x), int(y)), end, 60, 1, cv2.LINE_AA)
    return np.asarray(cv2.add(picture, cv2.merge((streaks, streaks, streaks))), np.uint8)
