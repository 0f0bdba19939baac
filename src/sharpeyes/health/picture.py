"""From a camera's picture to the result of its picture check; pure."""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime, timedelta
from typing import Final

import cv2
import msgspec
import numpy as np
from numpy.typing import NDArray

from sharpeyes.detectors.picture import working_size
from sharpeyes.detectors.quality import (
    DAY,
    NIGHT,
    PictureFault,
    PictureMeasures,
    PictureWatch,
    Reference,
    judge,
    learn,
    measure,
)
from sharpeyes.detectors.quality.device import merge_device_verdicts
from sharpeyes.detectors.quality.judging import Judged
from sharpeyes.detectors.quality.tiles import TILES, TileMask, tile_means
from sharpeyes.detectors.zones import blank_privacy, union_mask
from sharpeyes.health.light import Light
from sharpeyes.health.picture_store import KnownView
from sharpeyes.health.status import Cause, Check, CheckResult

_PLAIN: Final = frozenset(
    {
        PictureFault.BLACK,
        PictureFault.NOISE,
        PictureFault.STRIPES,
        PictureFault.SIGNAL_LOSS,
    }
)
"""Faults that show without knowing the scene or the hour."""
_FOLLOW_EVERY: Final = timedelta(days=1)
"""So often a reference follows leaves, snow and new paint."""
_KEEP_EVERY: Final = timedelta(hours=1)
_LAST_PX: Final = 320
_MOST_BYTES: Final = 24_576
_QUALITIES: Final = (80, 60, 40, 20)


class SeenPicture(msgspec.Struct, frozen=True):
    """What came of looking at a picture.

    Attributes:
        watch: what is remembered of the pictures so far.
        result: None while it is too early to say.
        reference: what is to be kept as the camera's reference; None to leave it.
        last_jpeg: what is to be kept as its last picture, masked; None to leave it.
    """

    watch: PictureWatch
    result: CheckResult | None = None
    reference: Reference | None = None
    last_jpeg: bytes | None = None


def judge_quality(
    watch: PictureWatch,
    picture: NDArray[np.uint8],
    now_s: float,
    *,
    known: KnownView | None = None,
    now: datetime | None = None,
    is_live: bool = True,
    said: Collection[str] = (),
) -> SeenPicture:
    """Judge whether the picture is well.

    Args:
        watch: what is remembered of the pictures before.
        picture: (H, W, 3) BGR or (H, W) uint8, as the camera sent it.
        now_s: when it came, by a steady clock.
        known: what is known of the camera; None where that could not be read: then only what
            shows without knowing the scene is told, and nothing is kept.
        now: when it came, UTC; needed where `known` is given.
        is_live: whether it is not known to stand still: a dead picture teaches nothing.
        said: topics of what the camera itself holds against its picture now.
    """
    if known is not None:
        picture = blank_privacy(picture, known.zones)
    measures = measure(picture, private=_private(known))
    reference = known.reference if known and known.reference and known.reference.is_ready else None
    # Without a reference by night's limits, which hold by day, too.
    if reference is None:
        # In twilight, too, between two references that need not lie on one another.
        watch = msgspec.structs.replace(watch, shifts_px=())
    by_day = reference is not None and known is not None and known.light is Light.DAY
    judged = judge(measures, DAY if by_day else NIGHT, reference)
    watch, verdict = watch.step(
        judged, measures.luma, now_s, turns=known is not None and known.turns
    )
    result = None
    # While it is too early for us, a camera is believed that it has no signal, and no more.
    merged = merge_device_verdicts(verdict, said)
    if merged is not None and (verdict is not None or merged.fault in _PLAIN):
        verdict = merged
        told = reference is not None or verdict.fault in _PLAIN
        result = CheckResult(Check.PICTURE)
        if told and verdict.fault is not PictureFault.NORMAL:
            words = f"{verdict.words} (code {verdict.fault.value})"
            result = CheckResult(Check.PICTURE, Cause.PICTURE, words)
    if known is None or now is None:
        return SeenPicture(watch, result)
    learned = _learned(known, measures, judged, now) if is_live else None
    return SeenPicture(watch, result, learned, _last(known, picture, judged, now))


def _private(known: KnownView | None) -> TileMask | None:
    if known is None or not known.zones:
        return None
    masked = union_mask(known.zones, TILES[0] * 10, TILES[1] * 10)
    return np.asarray(tile_means(np.asarray(masked > 0, np.float32)) > 0, np.bool_)


def _learned(
    known: KnownView, measures: PictureMeasures, judged: Judged, now: datetime
) -> Reference | None:
    """Return the reference after a good picture; None where it stays as it is."""
    if known.light is None or judged.verdict.fault is not PictureFault.NORMAL:
        return None
    if known.reference is None or not known.reference.is_ready:
        return learn(known.reference, measures)
    if known.reference_at is not None and now - known.reference_at < _FOLLOW_EVERY:
        return None
    # The turned view of a dome is no fault, and not what its reference is to follow.
    if judged.match is None or judged.match.shift_px != (0.0, 0.0):
        return None
    return known.reference.follow(measures)


def _last(
    known: KnownView, picture: NDArray[np.uint8], judged: Judged, now: datetime
) -> bytes | None:
    """Return the picture to be shown: once an hour, and whenever something seems wrong with it."""
    is_old = known.last_at is None or now - known.last_at >= _KEEP_EVERY
    if not is_old and judged.verdict.fault is PictureFault.NORMAL:
        return None
    height, width = working_size(*picture.shape[:2])
    scale = max(1.0, max(height, width) / _LAST_PX)
    size = (max(1, round(width / scale)), max(1, round(height / scale)))
    small = cv2.resize(picture, size, interpolation=cv2.INTER_AREA)
    for quality in _QUALITIES:
        jpeg = cv2.imencode(".jpg", small, [cv2.IMWRITE_JPEG_QUALITY, quality])[1].tobytes()
        if len(jpeg) <= _MOST_BYTES:
            return jpeg
    return None
