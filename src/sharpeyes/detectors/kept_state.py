"""The small value by which dwell survives a restart.

Backgrounds can be learned again and are left out. Each candidate carries the scenery behind it,
so that the new detector, whose first picture shows the vehicle, does not take it for scenery.
"""

import math
from typing import Final

import msgspec
import numpy as np

from sharpeyes.detectors.boxes import BoxXyxy, crop
from sharpeyes.detectors.candidate import Candidate
from sharpeyes.detectors.errors import StateError
from sharpeyes.detectors.surface import Surface

VERSION: Final = 2


class KeptEpisode(msgspec.Struct, frozen=True):
    """Motion that was told and has not ended; fields as in `Finding`."""

    finding_id: int
    zone: str
    start_s: float
    last_s: float
    box_xyxy: BoxXyxy


class KeptCandidate(msgspec.Struct, frozen=True):
    """A candidate; the three planes are the bytes of its window, row by row."""

    candidate_id: int
    window_xyxy: BoxXyxy
    mask: bytes
    template: bytes
    scenery: bytes
    start_s: float
    seen_s: float
    zone: str
    alert_s: float | None
    verified: bool | None


class KeptState(msgspec.Struct, frozen=True):
    """All that a detector leaves to the next.

    Attributes:
        version: of this layout.
        time_s: of the last picture.
        next_id: the first finding number that is free.
        size: (h, w) at which pictures are looked at.
        planes: of each candidate's surfaces, 1 or 2.
        candidates: what stood there.
        episodes: motion under way.
        traffic: how large what passes is; see `Traffic.keep`.
    """

    version: int
    time_s: float
    next_id: int
    size: tuple[int, int]
    planes: int
    candidates: tuple[KeptCandidate, ...]
    episodes: tuple[KeptEpisode, ...]
    traffic: bytes = b""


NOTHING: Final = KeptState(VERSION, -math.inf, 1, (0, 0), 1, (), ())
"""What a detector leaves that has seen no picture."""


def dump(state: KeptState) -> bytes:
    """Encode a state; a few kB for each candidate."""
    return msgspec.msgpack.encode(state)


def load(data: bytes) -> KeptState:
    """Decode a state.

    Raises:
        StateError: it is damaged, or of another version.
    """
    try:
        state = msgspec.msgpack.decode(data, type=KeptState)
    except (msgspec.DecodeError, RecursionError) as error:
        raise StateError(f"the kept state cannot be read: {error}") from error
    if state.version != VERSION:
        raise StateError(f"the kept state has version {state.version}, this is {VERSION}")
    for candidate in state.candidates:
        _check(candidate, state)
    return state


def keep_candidate(candidate: Candidate, scenery: Surface) -> KeptCandidate:
    """Make the kept form of a candidate; `scenery` is the (c, H, W) uint8 of the whole picture."""
    return KeptCandidate(
        candidate_id=candidate.candidate_id,
        window_xyxy=candidate.window_xyxy,
        mask=candidate.mask.tobytes(),
        template=candidate.template.tobytes(),
        scenery=crop(scenery, candidate.window_xyxy).tobytes(),
        start_s=candidate.start_s,
        seen_s=candidate.seen_s,
        zone=candidate.zone,
        alert_s=candidate.alert_s,
        verified=candidate.verified,
    )


def restore_candidate(kept: KeptCandidate) -> Candidate:
    """Make a candidate, still without its zone, of its kept form."""
    return Candidate(
        candidate_id=kept.candidate_id,
        window_xyxy=kept.window_xyxy,
        mask=surface_of(kept.mask, kept.window_xyxy)[0],
        template=surface_of(kept.template, kept.window_xyxy),
        start_s=kept.start_s,
        seen_s=kept.seen_s,
        zone=kept.zone,
        alert_s=kept.alert_s,
        verified=kept.verified,
    )


def surface_of(data: bytes, window_xyxy: BoxXyxy) -> Surface:
    """Return the bytes of a window as a (c, h, w) uint8 array of its own."""
    left, top, right, bottom = window_xyxy
    return np.frombuffer(data, np.uint8).reshape(-1, bottom - top, right - left).copy()


def _check(candidate: KeptCandidate, state: KeptState) -> None:
    left, top, right, bottom = candidate.window_xyxy
    height, width = state.size
    inside = 0 <= left < right <= width and 0 <= top < bottom <= height
    area = (right - left) * (bottom - top)
    expected = (area, area * state.planes, area * state.planes)
    planes = (candidate.mask, candidate.template, candidate.scenery)
    if not inside or tuple(len(plane) for plane in planes) != expected:
        raise StateError(
            f"the kept state's candidate {candidate.candidate_id} does not fit its window"
        )
