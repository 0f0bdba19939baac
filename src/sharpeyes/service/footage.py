"""Video files as frames with honest times."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Final, Self

import av
import av.error
import numpy as np
import numpy.typing as npt
from av.video.frame import VideoFrame
from av.video.stream import VideoStream

from sharpeyes.service.errors import ServiceError

VIDEO_SUFFIXES: Final = frozenset(
    {".avi", ".flv", ".h264", ".m4v", ".mkv", ".mov", ".mp4", ".mpg", ".ts", ".webm", ".wmv"}
)
"""What is looked at in a folder. A file named by itself may have any suffix."""


class FootageError(ServiceError):
    """A video file cannot be read."""


@dataclass(frozen=True, slots=True)
class FootageFrame:
    """One decoded frame.

    Attributes:
        number: its place among the frames that could be decoded, from 1.
        time_s: its presentation time, counted from the start of the stream. Where the first
            packets cannot be decoded, the first frame is later than 0.
        picture: (H, W, 3) uint8, BGR.
    """

    number: int
    time_s: float
    picture: npt.NDArray[np.uint8]


class Footage:
    """The video stream of one file; a context manager that closes the file.

    Attributes:
        duration_s: as the container says; None where it does not.
    """

    def __init__(self, path: Path) -> None:
        """Open a file.

        Raises:
            FootageError: it cannot be opened, or has no video.
        """
        self._path = path
        try:
            self._container = av.open(str(path))
        except (av.error.FFmpegError, OSError) as error:
            raise FootageError(f"{path}: not a video that can be read ({_reason(error)})") from None
        if not self._container.streams.video:
            self._container.close()
            raise FootageError(f"{path}: has no video stream")
        self._stream: VideoStream = self._container.streams.video[0]
        self._stream.thread_type = "AUTO"
        duration = self._container.duration
        self.duration_s = None if duration is None else duration / 1_000_000

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._container.close()

    def frames(self, sample_fps: float | None = None) -> Iterator[FootageFrame]:
        """Decode the stream and yield its frames, or the first at or after each sampling time.

        Packets that cannot be decoded and frames that do not move forward in time are left out,
        as a live stream would leave them out.

        Raises:
            FootageError: not one frame could be decoded.
        """
        period_s = 0.0 if sample_fps is None else 1.0 / sample_fps
        due_s = last_s = -float("inf")
        number = 0
        for number, frame in enumerate(self._decoded(), start=1):
            time_s = self._time_s(frame, number)
            # Half a millisecond: containers round 1/3 s to their own ticks.
            if time_s <= last_s or time_s < due_s - 0.0005:
                continue
            # On the grid, unless the footage has a gap that is longer than a period.
            due_s = due_s + period_s if time_s < due_s + period_s else time_s + period_s
            last_s = time_s
            picture = frame.to_ndarray(format="bgr24")
            yield FootageFrame(number, time_s, picture.astype(np.uint8, copy=False))
        if number == 0:
            raise FootageError(f"{self._path}: not one frame could be decoded")

    def _decoded(self) -> Iterator[VideoFrame]:
        packets = self._container.demux(self._stream)
        while True:
            try:
                yield from next(packets).decode()
            except StopIteration:
                return
            except av.error.InvalidDataError:
                continue
            except av.error.FFmpegError as error:
                raise FootageError(f"{self._path}: reading failed ({_reason(error)})") from None

    def _time_s(self, frame: VideoFrame, number: int) -> float:
        if frame.pts is None or frame.time_base is None:
            # A bare stream has no clock; its nominal rate is all there is.
            return (number - 1) / float(self._stream.average_rate or 25)
        start = self._stream.start_time or 0
        return float(frame.pts * frame.time_base) - float(start * (self._stream.time_base or 0))


def find_videos(path: Path) -> list[Path]:
    """Return the file itself, or the videos in a folder and its subfolders, by name.

    Raises:
        FootageError: the folder has none.
    """
    if not path.is_dir():
        return [path]
    videos = sorted(file for file in path.rglob("*") if file.suffix.lower() in VIDEO_SUFFIXES)
    if not videos:
        raise FootageError(f"{path}: has no video files")
    return videos


def _reason(error: Exception) -> str:
    return getattr(error, "strerror", None) or str(error)
