"""What several samples in a row agree on: a passing lorry is no cover."""

from collections import Counter
from collections.abc import Sequence
from typing import Final

import cv2
import msgspec
import numpy as np

from sharpeyes.detectors.picture import Plane
from sharpeyes.detectors.quality.fault import NORMAL, Measured, PictureFault, PictureVerdict
from sharpeyes.detectors.quality.judging import Judged

AGREEING: Final = 3
"""Samples in a row."""
HELD_S: Final = 240.0
"""And they span so long: longer than a red light."""
_SHIFTS: Final = 6
_SHAKEN: Final = 3
_SHAKE_PX: Final = 2.5
"""Of a picture 320 pixels wide; the field's 3 pixels are of 400 and more."""
_PATROL: Final = 12
"""Samples within which a dome on patrol comes home, or rests."""
_OTHER_VIEW: Final = (PictureFault.SCENE_CHANGED, PictureFault.OCCLUSION)
_SAME: Final = 0.77
_WITHIN: Final = 0.3
_VIEW: Final = (18, 32)


class PictureWatch(msgspec.Struct, frozen=True):
    """What is remembered of a camera's latest samples: less than 2 kB.

    Attributes:
        faults: of the latest samples, the newest last; at most `AGREEING`, none of them normal.
        since_s: when the first of an unbroken row of faulty samples was seen.
        shifts_px: (x, y) of the latest samples that showed the view, at most 6.
        is_new: of the latest samples, whether they showed neither the reference's view nor that of
            the sample before; at most `_PATROL`.
        view: 18 x 32 levels of the sample before.
    """

    faults: tuple[PictureFault, ...] = ()
    since_s: float = 0.0
    shifts_px: tuple[tuple[float, float], ...] = ()
    is_new: tuple[bool, ...] = ()
    view: bytes = b""

    def step(
        self, judged: Judged, luma: Plane, now_s: float, *, turns: bool = False
    ) -> tuple["PictureWatch", PictureVerdict | None]:
        """Take in one sample.

        Args:
            judged: what was found in it.
            luma: (h, w) uint8 of it.
            now_s: when it was taken, by a steady clock.
            turns: the camera is a dome that people turn: another view is no fault, but one that
                never rests is.

        Returns:
            What is remembered now; and the verdict, None while it is too early for one.
        """
        verdict, view = judged.verdict, _view(luma)
        is_new = (*self.is_new, self._shows_new(judged, view))[-_PATROL:]
        shifts = self.shifts_px
        if judged.match is not None and verdict.fault is PictureFault.NORMAL:
            shifts = (*shifts, judged.match.shift_px)[-_SHIFTS:]
            verdict = _shaking(shifts) or verdict
        if verdict.fault in _OTHER_VIEW:
            often = _PATROL - 1 if turns else AGREEING
            if sum(is_new[-_PATROL if turns else -AGREEING - 1 :]) >= often:
                verdict = _wandering(often)
            elif turns and verdict.fault is PictureFault.SCENE_CHANGED:
                verdict = NORMAL
        if verdict.fault is PictureFault.NORMAL:
            return PictureWatch(shifts_px=shifts, is_new=is_new, view=view), verdict
        faults = (*self.faults, verdict.fault)[-AGREEING:]
        since_s = self.since_s if self.faults else now_s
        after = PictureWatch(faults, since_s, shifts, is_new, view)
        if len(faults) < AGREEING or now_s - since_s < HELD_S:
            return after, None
        # Of faults that look alike, the one that was seen most.
        commonest, times = Counter(faults).most_common(1)[0]
        return after, verdict if commonest is verdict.fault or times == 1 else None

    def _shows_new(self, judged: Judged, view: bytes) -> bool:
        if judged.verdict.fault is PictureFault.NORMAL:
            return False
        return not self.view or _alike_share(self.view, view) < _SAME


def _view(luma: Plane) -> bytes:
    small = cv2.resize(luma, (_VIEW[1], _VIEW[0]), interpolation=cv2.INTER_AREA)
    return np.asarray(small, np.uint8).tobytes()


def _alike_share(first: bytes, second: bytes) -> float:
    """Return the share of two views that is alike: traffic changes a part, turning all of it."""
    one, other = (
        levels - np.median(levels)
        for levels in (np.frombuffer(view, np.uint8).astype(np.float32) for view in (first, second))
    )
    within = _WITHIN * max(float(one.std()), float(other.std())) + 1.0
    return float(np.mean(np.abs(one - other) < within))


def _shaking(shifts_px: Sequence[tuple[float, float]]) -> PictureVerdict | None:
    if len(shifts_px) < _SHAKEN + 1:
        return None
    shifts = np.array(shifts_px)
    off = np.hypot(*(shifts - np.median(shifts, axis=0)).T)
    if np.count_nonzero(off > _SHAKE_PX) < _SHAKEN:
        return None
    words = f"the view shakes, by up to {off.max() * 2:.0f} pixels of 640: fasten mount and pole"
    return PictureVerdict(
        PictureFault.JITTER,
        words,
        (Measured("shift, pixels of 320", round(float(off.max()), 1), _SHAKE_PX),),
    )


def _wandering(samples: int) -> PictureVerdict:
    words = (
        f"the view was another one in each of the last {samples} pictures: check its turning "
        "motor, its control line and its mount"
    )
    return PictureVerdict(
        PictureFault.PTZ,
        words,
        (Measured("pictures with a new view", float(samples), float(AGREEING)),),
    )
