"""A video that shows what the detector saw."""

from __future__ import annotations

from collections.abc import Sequence
from fractions import Fraction
from pathlib import Path
from typing import Final, Self

import av
import av.error
import cv2
import numpy as np
import numpy.typing as npt

from sharpeyes.detectors.finding import Standing
from sharpeyes.detectors.scene import SceneDetector
from sharpeyes.detectors.zones import Zone, ZoneKind, blank_privacy
from sharpeyes.service.errors import ServiceError

Picture = npt.NDArray[np.uint8]

_MS: Final = Fraction(1, 1000)
_ZONE_COLOURS: Final = {
    ZoneKind.WATCH: (200, 160, 0),
    ZoneKind.NO_PARKING: (0, 140, 255),
    ZoneKind.IGNORE: (140, 140, 140),
    ZoneKind.PRIVACY: (80, 80, 80),
}
_MOVING: Final = (60, 220, 60)
_WAITING: Final = (0, 220, 255)
_TOLD: Final = (40, 40, 230)


class AnnotationError(ServiceError):
    """The annotated video cannot be written."""


class AnnotatedVideo:
    """Writes sampled frames with zones, moving pixels, boxes and dwell; a context manager."""

    def __init__(self, path: Path) -> None:
        """Open a file to write; its suffix names the container.

        Raises:
            AnnotationError: it cannot be opened.
        """
        self._path = path
        try:
            self._container = av.open(str(path), "w")
            self._stream = self._container.add_stream("libx264", options={"crf": "23"})
        except (av.error.FFmpegError, OSError, ValueError) as error:
            raise AnnotationError(f"{path}: cannot be written ({error})") from None
        self._stream.pix_fmt = "yuv420p"
        self._stream.time_base = self._stream.codec_context.time_base = _MS
        self._size: tuple[int, int] | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        try:
            if self._size is not None:
                self._container.mux(self._stream.encode(None))
            self._container.close()
        except (av.error.FFmpegError, OSError) as error:
            raise AnnotationError(f"{self._path}: cannot be written ({error})") from None

    def write(self, picture: Picture, time_s: float) -> None:
        """Add an (H, W, 3) BGR uint8 picture; a later one of another size is stretched."""
        if self._size is None:
            # H.264 wants even sides.
            self._size = (picture.shape[1] // 2 * 2, picture.shape[0] // 2 * 2)
            self._stream.width, self._stream.height = self._size
        if self._size != (picture.shape[1], picture.shape[0]):
            picture = np.asarray(cv2.resize(picture, self._size), np.uint8)
        frame = av.VideoFrame.from_ndarray(picture, format="bgr24")
        frame.pts, frame.time_base = round(time_s / _MS), _MS
        try:
            self._container.mux(self._stream.encode(frame))
        except (av.error.FFmpegError, OSError) as error:
            raise AnnotationError(f"{self._path}: cannot be written ({error})") from None


def draw(
    picture: Picture, zones: Sequence[Zone], detector: SceneDetector, time_s: float
) -> Picture:
    """Return an (H, W, 3) BGR copy of the picture with what its detector knows drawn in."""
    drawn = blank_privacy(picture, zones)
    height, width = drawn.shape[:2]
    moving = detector.foreground_at(height, width) > 0
    drawn[moving] = (drawn[moving] // 2 + np.array(_MOVING) // 2).astype(np.uint8)
    for zone in zones:
        corners = (np.asarray(zone.polygon) * (width - 1, height - 1)).round().astype(np.int32)
        cv2.polylines(drawn, [corners], isClosed=True, color=_ZONE_COLOURS[zone.kind])
        _label(drawn, zone.name, (int(corners[0, 0]), int(corners[0, 1])), _ZONE_COLOURS[zone.kind])
    for standing in detector.standing:
        _draw_standing(drawn, standing, time_s)
    _label(drawn, f"{time_s:.1f} s", (4, height - 6), (255, 255, 255))
    return drawn


def _draw_standing(drawn: Picture, standing: Standing, time_s: float) -> None:
    left, top, right, bottom = standing.box_xyxy
    colour = _TOLD if standing.told else _WAITING
    cv2.rectangle(drawn, (left, top), (right - 1, bottom - 1), colour)
    _label(drawn, f"{time_s - standing.start_s:.0f} s", (left, max(top - 3, 10)), colour)


def _label(drawn: Picture, text: str, at: tuple[int, int], colour: tuple[int, int, int]) -> None:
    font = cv2.FONT_HERSHEY_SIMPLEX
    cv2.putText(drawn, text, at, font, 0.4, (0, 0, 0), 3, cv2.LINE_AA)
    cv2.putText(drawn, text, at, font, 0.4, colour, 1, cv2.LINE_AA)
