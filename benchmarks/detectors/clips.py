"""The shared footage and what is true in it."""

import os
from collections.abc import Iterator
from pathlib import Path

import msgspec

from benchmarks.errors import FootageMissingError
from sharpeyes.service.footage import Footage, FootageFrame

BoxXywh = tuple[int, int, int, int]


class Wait(msgspec.Struct, frozen=True):
    """Something that stood; `left_s` is None where it stayed to the end."""

    bbox: BoxXywh
    stopped_s: float
    left_s: float | None = None


class Place(msgspec.Struct, frozen=True):
    """A part of the picture that is not scored."""

    bbox: BoxXywh


class Clip(msgspec.Struct, frozen=True):
    """The truth about one clip; all times in seconds from the start of the stream."""

    name: str
    video: str
    duration_s: float
    stationary_vehicles: tuple[Wait, ...]
    stationary_other: tuple[Wait, ...]
    ignore_regions: tuple[Place, ...]

    @property
    def path(self) -> Path:
        """Where the video is."""
        return footage_folder() / self.name / self.video

    def frames(self, sample_fps: float | None = None) -> Iterator[FootageFrame]:
        """Yield the frames, all or sampled."""
        with Footage(self.path) as footage:
            yield from footage.frames(sample_fps)


def footage_folder() -> Path:
    """Return the folder of the shared footage.

    Raises:
        FootageMissingError: there is none.
    """
    beside = Path(__file__).parents[3] / "shared"
    folder = Path(os.environ.get("SHARPEYES_SHARED", beside)) / "video"
    if not folder.is_dir():
        raise FootageMissingError(f"no footage in {folder}; name its parent in SHARPEYES_SHARED")
    return folder


def read_clips() -> list[Clip]:
    """Read the truth of all clips, by name."""
    return [
        msgspec.json.decode(path.read_bytes(), type=Clip)
        for path in sorted(footage_folder().glob("*/truth.json"))
    ]


def clip(name: str) -> Clip:
    """Read the truth of one clip."""
    return msgspec.json.decode((footage_folder() / name / "truth.json").read_bytes(), type=Clip)
