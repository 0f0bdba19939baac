import asyncio
import socket
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sharpeyes.devices.simulator.errors import AddressError
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.scene import Scene

StartFleet = Callable[..., Awaitable[Fleet]]
Connect = Callable[..., Awaitable[Any]]  # to the client of conftest.py


async def test_every_camera_answers_at_its_own_address(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet(cameras=12)
    for index, camera in enumerate(fleet.cameras):
        described = await (await connect(fleet, camera=index)).ask("DESCRIBE")
        assert f"IN IP4 {camera.host}\r\n" in described.body


async def test_cameras_share_the_scenes_but_not_the_moment(start_fleet: StartFleet) -> None:
    fleet = await start_fleet(cameras=12)
    assert len(fleet._world.clips) == 3
    times_s = {fleet.scene_time_s(c.device_code) for c in fleet.cameras if c.scene == "busy"}
    assert len(times_s) > 1


async def test_scene_time_follows_the_clock_and_its_speed(start_fleet: StartFleet) -> None:
    now_s = 50.0
    fleet = await start_fleet(speed_ratio=4.0, monotonic=lambda: now_s)
    code = fleet.cameras[0].device_code
    assert fleet.scene_time_s(code) == 0
    now_s = 51.0
    assert fleet.scene_time_s(code) == 4
    now_s = 52.0
    assert fleet.scene_time_s(code) == 2  # the loop is 6 s long


async def test_the_end_closes_everything_and_the_address_can_be_used_again(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet(speed_ratio=20)
    client = await connect(fleet)
    await client.play()
    await fleet.__aexit__(None, None, None)
    with pytest.raises((asyncio.IncompleteReadError, ConnectionResetError)):
        await client.next_packet(channel=9)  # none comes on it: the end does
    with pytest.raises(ConnectionRefusedError):
        await connect(fleet)
    again = await start_fleet()
    assert (await (await connect(again)).ask("OPTIONS")).status == 200


async def test_a_taken_port_is_named_and_nothing_stays_open(
    start_fleet: StartFleet, connect: Connect, scene: Scene
) -> None:
    probe = await start_fleet(cameras=2)
    settings, scenes = probe.settings, list(probe.scenes.values())
    await probe.__aexit__(None, None, None)
    with socket.socket() as taken:
        taken.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        taken.bind((probe.cameras[1].host, settings.http_port))
        taken.listen()
        with pytest.raises(AddressError, match=f"{probe.cameras[1].host} port 8080: another"):
            await Fleet(settings, scenes=scenes).__aenter__()
    with pytest.raises(ConnectionRefusedError):
        await connect(probe)
