from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import aiohttp
import msgspec
import pytest

from sharpeyes.devices.simulator.control import CONTROL_HOST, CameraState, ControlServer
from sharpeyes.devices.simulator.errors import AddressError
from sharpeyes.devices.simulator.fault import Slow
from sharpeyes.devices.simulator.fleet import Fleet

StartFleet = Callable[..., Awaitable[Fleet]]


@asynccontextmanager
async def controlled(fleet: Fleet, port: int) -> AsyncIterator[aiohttp.ClientSession]:
    async with (
        ControlServer(fleet, port),
        aiohttp.ClientSession(f"http://{CONTROL_HOST}:{port}") as session,
    ):
        yield session


async def test_cameras_are_listed_with_their_truth(
    start_fleet: StartFleet, unused_tcp_port: int
) -> None:
    fleet = await start_fleet(cameras=3)
    async with controlled(fleet, unused_tcp_port) as session, session.get("/cameras") as response:
        states = msgspec.json.decode(await response.read(), type=list[CameraState])
    assert [state.device_code for state in states] == [c.device_code for c in fleet.cameras]
    assert states[0].fault is None
    assert len(states[0].no_parking) == 4


async def test_faults_are_set_and_cleared(start_fleet: StartFleet, unused_tcp_port: int) -> None:
    fleet = await start_fleet()
    code = fleet.cameras[0].device_code
    async with controlled(fleet, unused_tcp_port) as session:
        path = f"/cameras/{code}/fault"
        async with session.put(path, data=b'{"kind": "slow", "after_s": 3}') as response:
            state = msgspec.json.decode(await response.read(), type=CameraState)
        assert state.fault == fleet.device(code).fault == Slow(after_s=3)
        async with session.delete(path) as response:
            state = msgspec.json.decode(await response.read(), type=CameraState)
        assert state.fault is None
        assert fleet.device(code).fault is None


@pytest.mark.parametrize(
    ("body", "why"),
    [
        (b'{"kind": "burnt"}', "burnt"),
        (b"not json", "cannot be used"),
        (b"", "cannot be used"),
        (b'{"kind": "slow", "after_s": "3"}', "after_s"),
    ],
)
async def test_an_impossible_fault_is_explained_and_changes_nothing(
    start_fleet: StartFleet, unused_tcp_port: int, body: bytes, why: str
) -> None:
    fleet = await start_fleet()
    code = fleet.cameras[0].device_code
    async with (
        controlled(fleet, unused_tcp_port) as session,
        session.put(f"/cameras/{code}/fault", data=body) as response,
    ):
        assert response.status == 400
        assert why in (await response.json())["error"]
    assert fleet.device(code).fault is None


async def test_an_unknown_camera_is_named(start_fleet: StartFleet, unused_tcp_port: int) -> None:
    async with controlled(await start_fleet(), unused_tcp_port) as session:
        async with session.put("/cameras/42/fault", data=b'{"kind": "down"}') as response:
            assert (response.status, "no camera 42" in await response.text()) == (404, True)
        async with session.delete("/cameras/42/fault") as response:
            assert response.status == 404


async def test_a_taken_port_is_named(start_fleet: StartFleet, unused_tcp_port: int) -> None:
    fleet = await start_fleet()
    async with controlled(fleet, unused_tcp_port):
        with pytest.raises(AddressError, match=f"127.0.0.1 port {unused_tcp_port} for control"):
            await ControlServer(fleet, unused_tcp_port).__aenter__()
