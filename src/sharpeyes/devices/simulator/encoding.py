"""Scenes as H.264, encoded once and shared by every camera that shows them."""

import base64
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

import av
import cv2
import numpy as np

from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.mesh import Picture
from sharpeyes.devices.simulator.rtp import payloads, split_nal_units
from sharpeyes.devices.simulator.scene import Scene

_SPS, _PPS, _IDR, _SLICE = 7, 8, 5, 1
_QUALITY_CRF = 28
_SUB_SCALE = 2


class Stream(StrEnum):
    """A camera's RTSP presentations."""

    MAIN = "main"
    SUB = "sub"


@dataclass(frozen=True, slots=True)
class Frame:
    """An encoded picture as RTP payloads."""

    payloads: tuple[bytes, ...]
    is_keyframe: bool


@dataclass(frozen=True, slots=True, eq=False)
class Clip:
    """One stream of a scene's whole loop.

    The first frame, and then one each second, is a keyframe that nothing before it is needed for,
    so the loop can be repeated and entered at any of them.

    Args:
        width_px: of its pictures.
        height_px: of its pictures.
        frames_per_s: constant.
        sps: sequence parameter set.
        pps: picture parameter set.
        frames: of the whole loop.
    """

    width_px: int
    height_px: int
    frames_per_s: int
    sps: bytes
    pps: bytes
    frames: tuple[Frame, ...]

    @property
    def sprop_parameter_sets(self) -> str:
        """Both parameter sets as SDP carries them."""
        return ",".join(base64.b64encode(part).decode() for part in (self.sps, self.pps))

    def keyframe_at(self, time_s: float) -> int:
        """The index of the keyframe that begins the second in which a scene time lies."""
        return int(time_s) * self.frames_per_s % len(self.frames)


@lru_cache(maxsize=8)
def encode(scene: Scene) -> Mapping[Stream, Clip]:
    """Draw and encode a scene in both sizes; takes seconds, so call it in a thread.

    The latest scenes are remembered, for fleets that follow one another in a process.
    """
    drawn = (
        render(scene, index / scene.frames_per_s)
        for index in range(scene.loop_s * scene.frames_per_s)
    )
    return encode_pictures(drawn, (scene.view.width_px, scene.view.height_px), scene.frames_per_s)


def encode_pictures(
    pictures: Iterable[Picture], resolution_wh: tuple[int, int], frames_per_s: int
) -> Mapping[Stream, Clip]:
    """Encode pictures in both sizes.

    Args:
        pictures: a whole number of seconds of them, (H, W, 3) uint8 BGR.
        resolution_wh: their width and height, pixels.
        frames_per_s: constant; the first of each second is a keyframe.
    """
    width_px, height_px = resolution_wh
    encoders = {
        Stream.MAIN: _Encoder(width_px, height_px, frames_per_s),
        Stream.SUB: _Encoder(width_px // _SUB_SCALE, height_px // _SUB_SCALE, frames_per_s),
    }
    for picture in pictures:
        for encoder in encoders.values():
            encoder.add(picture)
    return {stream: encoder.finish() for stream, encoder in encoders.items()}


class _Encoder:
    def __init__(self, width_px: int, height_px: int, frames_per_s: int) -> None:
        codec = av.CodecContext.create("libx264", "w")
        codec.width, codec.height = width_px, height_px
        codec.pix_fmt = "yuv420p"
        codec.framerate = Fraction(frames_per_s)
        codec.time_base = Fraction(1, frames_per_s)
        codec.thread_count = 1  # scenes are encoded side by side
        codec.options = {
            "preset": "ultrafast",
            "tune": "zerolatency",  # a packet for each picture, nothing from the future
            "crf": str(_QUALITY_CRF),
            "x264-params": f"keyint={frames_per_s}:min-keyint={frames_per_s}:scenecut=0:"
            "sliced-threads=0:repeat-headers=1",
        }
        self._codec = codec
        self._size = (width_px, height_px)
        self._frames_per_s = frames_per_s
        self._frames: list[Frame] = []
        self._parameter_sets: dict[int, bytes] = {}

    def add(self, picture: Picture) -> None:
        if picture.shape[1::-1] != self._size:
            picture = np.asarray(
                cv2.resize(picture, self._size, interpolation=cv2.INTER_AREA), dtype=np.uint8
            )
        planes = np.asarray(cv2.cvtColor(picture, cv2.COLOR_BGR2YUV_I420), dtype=np.uint8)
        frame = av.VideoFrame.from_ndarray(planes, format="yuv420p")
        frame.pts = len(self._frames)
        for packet in self._codec.encode(frame):
            self._keep(bytes(packet))

    def finish(self) -> Clip:
        for packet in self._codec.encode(None):
            self._keep(bytes(packet))
        width_px, height_px = self._size
        return Clip(
            width_px=width_px,
            height_px=height_px,
            frames_per_s=self._frames_per_s,
            sps=self._parameter_sets[_SPS],
            pps=self._parameter_sets[_PPS],
            frames=tuple(self._frames),
        )

    def _keep(self, packet: bytes) -> None:
        units = split_nal_units(packet)
        kinds = [unit[0] & 0x1F for unit in units]
        for kind, unit in zip(kinds, units, strict=True):
            if kind in (_SPS, _PPS):
                self._parameter_sets[kind] = unit
        # The encoder's note about itself is not sent.
        shown = [
            unit
            for kind, unit in zip(kinds, units, strict=True)
            if kind in (_SPS, _PPS, _IDR, _SLICE)
        ]
        self._frames.append(Frame(tuple(payloads(shown)), is_keyframe=_IDR in kinds))
