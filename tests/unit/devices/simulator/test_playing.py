"""FFmpeg plays the simulated cameras, and sees what was drawn."""

import asyncio
from collections.abc import Awaitable, Callable

import av
import numpy as np
import numpy.typing as npt
import pytest

from sharpeyes.devices.simulator.authentication import AuthScheme
from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.fault import Frozen
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.scene import Scene

StartFleet = Callable[..., Awaitable[Fleet]]
Picture = npt.NDArray[np.uint8]


def play(
    fleet: Fleet, *, path: str = "/Streaming/Channels/101", password: str = "street-1", count: int
) -> list[av.VideoFrame]:
    """The first frames that FFmpeg decodes."""
    url = f"rtsp://sim:{password}@{fleet.cameras[0].host}:{fleet.settings.rtsp_port}{path}"
    with av.open(url, options={"rtsp_transport": "tcp"}, timeout=20.0) as container:
        frames = []
        for frame in container.decode(video=0):
            frames.append(frame)
            if len(frames) == count:
                break
        return frames


def picture_of(frame: av.VideoFrame) -> Picture:
    return frame.to_ndarray(format="bgr24").astype(np.uint8)


def mean_error(one: Picture, other: Picture) -> float:
    return float(np.mean((one.astype(np.float64) - other) ** 2))


@pytest.mark.parametrize("auth", [AuthScheme.DIGEST, AuthScheme.BASIC])
async def test_ffmpeg_sees_the_scene_from_a_keyframe_on(
    start_fleet: StartFleet, scene: Scene, auth: AuthScheme
) -> None:
    fleet = await start_fleet(speed_ratio=20, auth=auth)
    frames = await asyncio.to_thread(play, fleet, count=12)
    drawn = [render(scene, index / 5) for index in range(30)]
    shown = []
    for frame in frames:
        errors = [mean_error(picture_of(frame), picture) for picture in drawn]
        shown.append(int(np.argmin(errors)))
        assert min(errors) < 65  # 30 dB
    assert frames[0].key_frame
    assert shown == [(shown[0] + step) % 30 for step in range(12)]
    times_s = [frame.time for frame in frames[1:]]  # FFmpeg gives the first of RTSP no time
    assert np.allclose(np.diff(np.array(times_s, dtype=np.float64)), 0.2)


async def test_the_sub_stream_is_the_same_view_at_half_the_size(start_fleet: StartFleet) -> None:
    fleet = await start_fleet(speed_ratio=20)
    (frame,) = await asyncio.to_thread(play, fleet, path="/Streaming/Channels/102", count=1)
    assert (frame.width, frame.height) == (320, 180)


async def test_a_wrong_password_is_refused(start_fleet: StartFleet) -> None:
    fleet = await start_fleet()
    with pytest.raises(av.HTTPUnauthorizedError):
        await asyncio.to_thread(play, fleet, password="wrong", count=1)
    assert fleet.device(fleet.cameras[0].device_code).bad_logins == 1


async def test_a_frozen_camera_shows_one_picture_for_ever(start_fleet: StartFleet) -> None:
    fleet = await start_fleet(speed_ratio=20)
    code = fleet.cameras[0].device_code
    await fleet.set_fault(code, Frozen())
    frames = await asyncio.to_thread(play, fleet, count=12)
    pictures = [picture_of(frame) for frame in frames]
    assert all(np.array_equal(picture, pictures[0]) for picture in pictures)
    assert frames[-1].pts is not None
    await fleet.clear(code)
    moving = [picture_of(frame) for frame in await asyncio.to_thread(play, fleet, count=12)]
    assert not np.array_equal(moving[0], moving[-1])
