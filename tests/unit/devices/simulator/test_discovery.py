from collections.abc import Awaitable, Callable
from dataclasses import replace
from ipaddress import IPv4Address

from sharpeyes.devices.discovery import DiscoveredDevice, discover_devices
from sharpeyes.devices.simulator.fault import Down, Silent
from sharpeyes.devices.simulator.fleet import Fleet

StartFleet = Callable[..., Awaitable[Fleet]]


async def found(fleet: Fleet) -> dict[str, DiscoveredDevice]:
    """What is found on loopback of this fleet; other fleets may be there, too."""
    discovery = await discover_devices(IPv4Address("127.0.0.1"), timeout_s=0.4)
    hosts = {camera.host for camera in fleet.cameras}
    return {device.host: device for device in discovery.devices if device.host in hosts}


async def test_every_camera_is_found_at_its_own_address(start_fleet: StartFleet) -> None:
    fleet = await start_fleet(cameras=70)
    assert fleet.not_discoverable == ""
    devices = await found(fleet)
    assert len(devices) == 70
    camera = fleet.cameras[0]
    assert devices[camera.host].name == camera.name
    assert devices[camera.host].http_port == fleet.settings.http_port
    assert not devices[camera.host].told_elsewhere


async def test_a_camera_that_is_down_is_not_found(start_fleet: StartFleet) -> None:
    fleet = await start_fleet(cameras=3)
    down, silent, well = fleet.cameras
    await fleet.set_fault(down.device_code, Down())
    await fleet.set_fault(silent.device_code, Silent())
    assert set(await found(fleet)) == {well.host}


async def test_two_fleets_are_found_side_by_side(start_fleet: StartFleet) -> None:
    one = await start_fleet(cameras=2)
    beside = IPv4Address(one.cameras[-1].host) + 1
    settings = one.settings.model_copy(update={"first_address": beside})
    scenes = list(one.scenes.values())
    cameras = [replace(one.cameras[0], host=str(beside))]
    async with Fleet(settings, cameras=cameras, scenes=scenes) as other:
        assert len(await found(one)) == 2
        assert len(await found(other)) == 1
