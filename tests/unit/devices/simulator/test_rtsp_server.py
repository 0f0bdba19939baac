import asyncio
import itertools
import struct
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from sharpeyes.devices.simulator.fault import ClockOff
from sharpeyes.devices.simulator.fleet import Fleet

StartFleet = Callable[..., Awaitable[Fleet]]
Connect = Callable[..., Awaitable[Any]]  # to the client of conftest.py

TCP = "RTP/AVP/TCP;unicast;interleaved=0-1"


async def test_a_session_from_options_to_teardown(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet(speed_ratio=50)
    client = await connect(fleet)
    options = await client.ask("OPTIONS")
    assert options.status == 200
    assert "DESCRIBE" in options.headers["public"]
    described = await client.ask("DESCRIBE")
    assert described.headers["content-type"] == "application/sdp"
    assert "m=video 0 RTP/AVP 96" in described.body
    assert "sprop-parameter-sets=Z" in described.body
    set_up = await client.ask("SETUP", "/trackID=1", Transport=TCP)
    assert "interleaved=0-1" in set_up.headers["transport"]
    play = await client.ask("PLAY")
    (sequence,) = struct.unpack(">H", (await client.next_packet())[2:4])
    assert f"seq={sequence};" in play.headers["rtp-info"]
    assert fleet.sessions == 1
    assert (await client.ask("GET_PARAMETER")).status == 200
    assert (await client.ask("TEARDOWN")).status == 200
    assert fleet.sessions == 0


async def test_packets_start_at_a_keyframe_and_follow_the_frame_rate(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet(speed_ratio=50)
    client = await connect(fleet)
    play = await client.play()
    sequences: list[int] = []
    stamps: list[int] = []
    kinds: list[int] = []
    while len(set(stamps)) < 12:
        packet = await client.next_packet()
        _, _, sequence, stamp, _ = struct.unpack(">BBHII", packet[:12])
        sequences.append(sequence)
        stamps.append(stamp)
        kinds.append(packet[12] & 0x1F)
    assert kinds[:2] == [7, 8]  # parameter sets, then the keyframe
    assert f"rtptime={stamps[0]}" in play.headers["rtp-info"]
    each = list(dict.fromkeys(stamps))
    assert {(b - a) % 2**32 for a, b in itertools.pairwise(each)} == {90_000 // 5}
    assert {(b - a) % 2**16 for a, b in itertools.pairwise(sequences)} == {1}


async def test_sender_reports_carry_the_devices_clock(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet(cameras=2, speed_ratio=50)
    await fleet.set_fault(fleet.cameras[1].device_code, ClockOff(offset_s=-7_200))
    seconds = []
    for camera in (0, 1):
        client = await connect(fleet, camera=camera)
        await client.play()
        report = await client.next_packet(channel=1)
        assert report[1] == 200
        seconds.append(struct.unpack(">I", report[8:12])[0])
    assert seconds[1] - seconds[0] == pytest.approx(-7_200, abs=5)


async def test_udp_is_refused_politely_and_the_connection_goes_on(
    start_fleet: StartFleet, connect: Connect
) -> None:
    client = await connect(await start_fleet())
    udp = await client.ask("SETUP", "/trackID=1", Transport="RTP/AVP;unicast;client_port=5000-5001")
    assert udp.status == 461
    assert (await client.ask("SETUP", "/trackID=1", Transport=TCP)).status == 200


@pytest.mark.parametrize(
    ("method", "track", "status"),
    [
        ("DESCRIBE", "9", 404),
        ("SETUP", "9/trackID=1", 404),
        ("PLAY", "", 454),
        ("TEARDOWN", "", 454),
        ("RECORD", "", 405),
    ],
)
async def test_what_cannot_be_answered_is_refused(
    start_fleet: StartFleet, connect: Connect, method: str, track: str, status: int
) -> None:
    client = await connect(await start_fleet())
    assert (await client.ask(method, track, Transport=TCP)).status == status
    assert (await client.ask("OPTIONS")).status == 200


async def test_a_second_setup_and_a_foreign_session_are_refused(
    start_fleet: StartFleet, connect: Connect
) -> None:
    client = await connect(await start_fleet())
    await client.ask("SETUP", "/trackID=1", Transport=TCP)
    assert (await client.ask("SETUP", "/trackID=1", Transport=TCP)).status == 455
    client.session = {"Session": "another"}
    assert (await client.ask("PLAY")).status == 454


async def test_garbage_gets_one_answer_and_the_connection_is_closed(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet()
    client = await connect(fleet)
    client.writer.write(b"\x16\x03\x01\x02\x00" * 10 + b"\r\n\r\n")
    async with asyncio.timeout(20):
        assert (await client.reader.read()).startswith(b"RTSP/1.0 400 ")
    other = await connect(fleet)
    assert (await other.ask("OPTIONS")).status == 200


async def test_a_wrong_password_is_refused_and_counted_and_five_lock_the_account(
    start_fleet: StartFleet, connect: Connect
) -> None:
    now_s = 0.0
    fleet = await start_fleet(monotonic=lambda: now_s)
    device = fleet.device(fleet.cameras[0].device_code)
    wrong = await connect(fleet, password="wrong")
    assert (await wrong.ask("DESCRIBE")).status == 401
    assert device.bad_logins == 1  # the challenge itself is no failure
    for _ in range(4):
        assert (await wrong.ask("DESCRIBE")).status == 401
    assert (device.bad_logins, device.lockouts) == (5, 1)
    right = await connect(fleet)
    assert (await right.ask("DESCRIBE")).status == 401
    now_s = 1_800.0
    assert (await right.ask("DESCRIBE")).status == 200


async def test_a_client_that_stops_reading_costs_little_and_goes_on_at_a_keyframe(
    start_fleet: StartFleet, connect: Connect
) -> None:
    fleet = await start_fleet(speed_ratio=500)
    slow = await connect(fleet)
    await slow.play()
    (connection,) = fleet._rtsp._open
    other = await connect(fleet)
    await other.play()
    async with asyncio.timeout(20):
        while connection.transport.get_write_buffer_size() <= 131_072:
            await other.next_packet()
    waiting_bytes = connection.transport.get_write_buffer_size()
    assert waiting_bytes < 300_000  # the limit and one picture more
    for _ in range(200):
        await other.next_packet()
    assert connection.transport.get_write_buffer_size() == waiting_bytes
    before = None
    async with asyncio.timeout(20):
        while True:
            packet = await slow.next_packet()
            (stamp,) = struct.unpack(">I", packet[4:8])
            if before is not None and (stamp - before) % 2**32 > 18_000:
                break
            before = stamp
    assert packet[12] & 0x1F == 7  # parameter sets, then a keyframe
