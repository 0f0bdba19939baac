from collections.abc import Iterable

import av
import numpy as np
import numpy.typing as npt
import pytest

from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.encoding import Clip, Frame, Stream, encode
from sharpeyes.devices.simulator.scene import Scene


def stream_of(frames: Iterable[Frame]) -> bytes:
    """The byte stream of frames; FU-A pieces are put together as a receiver does it."""
    stream = b""
    for frame in frames:
        for part in frame.payloads:
            if part[0] & 0x1F != 28:
                stream += b"\x00\x00\x00\x01" + part
                continue
            if part[1] & 0x80:
                stream += b"\x00\x00\x00\x01" + bytes(((part[0] & 0xE0) | (part[1] & 0x1F),))
            stream += part[2:]
    return stream


def decode(frames: Iterable[Frame]) -> list[npt.NDArray[np.uint8]]:
    codec = av.CodecContext.create("h264", "r")
    packets = [*codec.parse(stream_of(frames)), *codec.parse(b"")]
    decoded = [frame for packet in [*packets, None] for frame in codec.decode(packet)]
    return [frame.to_ndarray(format="bgr24").astype(np.uint8) for frame in decoded]


def psnr_db(one: npt.NDArray[np.uint8], other: npt.NDArray[np.uint8]) -> float:
    error = float(np.mean((one.astype(np.float64) - other) ** 2))
    return 10 * float(np.log10(255**2 / error))


def test_a_clip_shows_the_scene_frame_by_frame(scene: Scene) -> None:
    clip = encode(scene)[Stream.MAIN]
    assert (clip.width_px, clip.height_px) == (640, 360)
    pictures = decode(clip.frames)
    assert len(pictures) == len(clip.frames) == 30
    for index, picture in enumerate(pictures):
        assert psnr_db(picture, render(scene, index / 5)) > 30


def test_both_streams_have_a_keyframe_each_second(scene: Scene) -> None:
    clips = encode(scene)
    assert (clips[Stream.SUB].width_px, clips[Stream.SUB].height_px) == (320, 180)
    for clip in clips.values():
        assert [frame.is_keyframe for frame in clip.frames] == [True, *[False] * 4] * 6


@pytest.mark.parametrize("second", [0, 3, 5])
def test_a_clip_can_be_entered_at_every_keyframe(scene: Scene, second: int) -> None:
    clip = encode(scene)[Stream.MAIN]
    start = clip.keyframe_at(second + 0.9)
    assert start == second * 5
    (first, *_) = decode(clip.frames[start : start + 5])
    assert psnr_db(first, render(scene, second)) > 30


def test_the_loop_goes_on_seamlessly(scene: Scene) -> None:
    clip = encode(scene)[Stream.MAIN]
    before, after = decode([*clip.frames[-5:], *clip.frames[:5]])[4:6]
    apart = np.abs(before[40:].astype(np.int16) - after[40:])
    assert apart.mean() < 4
    assert (apart > 40).mean() < 0.0005


def test_parameter_sets_tell_the_size(scene: Scene) -> None:
    clip: Clip = encode(scene)[Stream.SUB]
    codec = av.CodecContext.create("h264", "r")
    codec.extradata = b"".join(b"\x00\x00\x00\x01" + unit for unit in (clip.sps, clip.pps))
    pictures = [
        frame
        for packet in codec.parse(stream_of(clip.frames[:5]))
        for frame in codec.decode(packet)
    ]
    assert (pictures[0].width, pictures[0].height) == (320, 180)
    assert clip.sprop_parameter_sets.count(",") == 1
