"""Each fault does what it says, seen through real sockets."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import aiohttp
import msgspec
import pytest

from sharpeyes.devices.simulator.errors import UnknownCameraError
from sharpeyes.devices.simulator.fault import (
    FAULTS,
    Down,
    Fault,
    FaultKind,
    Frozen,
    NoFrames,
    Silent,
    Slow,
    WrongPassword,
)
from sharpeyes.devices.simulator.fleet import Fleet

StartFleet = Callable[..., Awaitable[Fleet]]
Connect = Callable[..., Awaitable[Any]]  # to the client of conftest.py

SHORT_S = 0.2  # long enough for an answer on loopback to be there


async def nothing_comes(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(SHORT_S):
            await reader.readexactly(1)
    except TimeoutError:
        return True
    return False


async def is_cut(reader: asyncio.StreamReader) -> bool:
    try:
        async with asyncio.timeout(20):
            await reader.read()
    except ConnectionResetError:
        return True
    return reader.at_eof()


def snapshot_url(fleet: Fleet, camera: int = 0) -> str:
    return f"http://{fleet.cameras[camera].host}:{fleet.settings.http_port}/snapshot.jpg"


async def test_down_refuses_and_cuts_and_comes_back(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet(cameras=2, speed_ratio=20)
    code = fleet.cameras[0].device_code
    client, neighbour = await connect(fleet), await connect(fleet, camera=1)
    await client.play()
    await neighbour.play()
    await fleet.set_fault(code, Down())
    assert await is_cut(client.reader)
    with pytest.raises(ConnectionRefusedError):
        await connect(fleet)
    async with aiohttp.ClientSession() as session:
        with pytest.raises(aiohttp.ClientConnectorError):
            await session.get(snapshot_url(fleet))
        async with session.get(snapshot_url(fleet, camera=1)) as response:
            assert response.status == 401
    await neighbour.next_packet()
    assert fleet.sessions == 1
    await fleet.clear(code)
    assert (await (await connect(fleet)).ask("DESCRIBE")).status == 200


async def test_silent_accepts_and_never_answers(start_fleet: StartFleet, connect: Connect) -> None:
    fleet = await start_fleet(speed_ratio=20)
    code = fleet.cameras[0].device_code
    before = await connect(fleet)
    await before.play()
    await fleet.set_fault(code, Silent())
    during = await connect(fleet)
    during.send("OPTIONS")
    assert await nothing_comes(during.reader)
    async with aiohttp.ClientSession() as session:
        # A POST, because a lost GET is sent again.
        asked = asyncio.ensure_future(session.post(snapshot_url(fleet)))
        done, _ = await asyncio.wait([asked], timeout=SHORT_S)
        assert not done
        await fleet.clear(code)
        with pytest.raises(aiohttp.ServerDisconnectedError):
            await asked
    assert await is_cut(during.reader)
    assert await is_cut(before.reader)
    assert (await (await connect(fleet)).ask("DESCRIBE")).status == 200


async def test_slow_answers_late_over_rtsp_and_http(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet()
    await fleet.set_fault(fleet.cameras[0].device_code, Slow(after_s=0.3))
    client = await connect(fleet)
    loop = asyncio.get_running_loop()
    start_s = loop.time()
    assert (await client.ask("OPTIONS")).status == 200
    assert loop.time() - start_s >= 0.29
    async with aiohttp.ClientSession() as session:
        start_s = loop.time()
        async with session.get(snapshot_url(fleet)) as response:
            assert response.status == 401
        assert loop.time() - start_s >= 0.29


async def test_wrong_password_refuses_everywhere(start_fleet: StartFleet, connect: Connect) -> None:
    fleet = await start_fleet()
    code = fleet.cameras[0].device_code
    await fleet.set_fault(code, WrongPassword())
    client = await connect(fleet)
    assert (await client.ask("OPTIONS")).status == 200
    assert (await client.ask("DESCRIBE")).status == 401
    digest = aiohttp.DigestAuthMiddleware("sim", "street-1")
    async with (
        aiohttp.ClientSession(middlewares=(digest,)) as session,
        session.get(snapshot_url(fleet)) as response,
    ):
        assert response.status == 401
    assert fleet.device(code).bad_logins == 2
    await fleet.clear(code)
    assert (await client.ask("DESCRIBE")).status == 200


async def test_no_frames_plays_without_pictures_until_cleared(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet(speed_ratio=20)
    code = fleet.cameras[0].device_code
    await fleet.set_fault(code, NoFrames())
    client = await connect(fleet)
    assert (await client.play()).status == 200
    assert fleet.sessions == 1
    assert await nothing_comes(client.reader)
    await fleet.clear(code)
    assert (await client.next_packet())[12] & 0x1F == 7  # parameter sets, then a keyframe


async def test_a_frozen_stream_thaws_with_a_keyframe(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet(speed_ratio=20)
    code = fleet.cameras[0].device_code
    client = await connect(fleet)
    await client.play()
    await fleet.set_fault(code, Frozen())
    before, picture = b"", await client.next_picture()
    while picture != before:
        before, picture = picture, await client.next_picture()
    await fleet.clear(code)
    while picture == before:
        picture = await client.next_picture()
    assert picture[0] & 0x1F == 7  # parameter sets, then a keyframe


async def test_one_fault_takes_the_place_of_another(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet()
    code = fleet.cameras[0].device_code
    await fleet.set_fault(code, Down())
    await fleet.set_fault(code, WrongPassword())
    assert (await (await connect(fleet)).ask("DESCRIBE")).status == 401
    assert fleet.device(code).fault == WrongPassword()


async def test_faults_of_unknown_cameras_are_refused(start_fleet: StartFleet) -> None:
    fleet = await start_fleet()
    for change in (fleet.set_fault("42", Down()), fleet.clear("42")):
        with pytest.raises(UnknownCameraError, match="no camera 42 in this fleet"):
            await change


@pytest.mark.parametrize("kind", FaultKind)
def test_faults_as_json(kind: FaultKind) -> None:
    fault = msgspec.json.decode(f'{{"kind": "{kind}"}}', type=Fault)
    assert isinstance(fault, FAULTS[kind])
    assert msgspec.json.decode(msgspec.json.encode(fault), type=Fault) == fault


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ('{"kind": "burnt"}', "burnt"),
        ('{"kind": "slow", "after_s": -1}', "after_s"),
        ('{"kind": "slow", "after_s": 1e9}', "after_s"),
        ('{"kind": "down", "after_s": 1}', "after_s"),
        ('{"after_s": 1}', "kind"),
        ("[]", "object"),
    ],
)
def test_impossible_faults_are_refused(text: str, why: str) -> None:
    with pytest.raises(msgspec.ValidationError, match=why):
        msgspec.json.decode(text, type=Fault)
