"""A few hundred cameras of a city, asked by our own clients, while things go wrong with them."""

import asyncio
import csv
import io
import socket
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
import pytest_asyncio

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.device_clock import DeviceClock
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.jpeg import decode_jpeg, jpeg_size
from sharpeyes.devices.keyframes import first_keyframe
from sharpeyes.devices.onvif import OnvifClient
from sharpeyes.devices.rtsp import RtspDescription, check_rtsp
from sharpeyes.devices.simulator.city.camera_list import write_cameras
from sharpeyes.devices.simulator.city.fault import (
    Black,
    Busy,
    CityFault,
    ClockOff,
    Frozen,
    Garbage,
    Half,
    LocalTime,
    Moved,
    NoDescription,
    NoFrames,
    Reset,
    Silent,
    Slow,
    Trickle,
    Unanswered,
    WrongPassword,
)
from sharpeyes.devices.simulator.city.scenario import Scenario
from sharpeyes.devices.simulator.city.selection import Selection
from sharpeyes.devices.simulator.city.server import City
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.devices.simulator.city.truth import Played, Released, Struck, TruthLog, read_truth
from sharpeyes.devices.snapshot import fetch_snapshot

CAMERAS = 600


def free_port() -> int:
    with socket.socket() as listening:
        listening.bind(("0.0.0.0", 0))
        port = listening.getsockname()[1]
        assert isinstance(port, int)
        return port


def settings(**changed: Any) -> CitySettings:
    usual = {"cameras": CAMERAS, "rtsp_port": free_port(), "http_port": free_port()}
    return CitySettings(**(usual | changed))


@pytest_asyncio.fixture
async def city() -> AsyncIterator[City]:
    async with City(settings()) as city:
        yield city


async def describe(
    city: City, device: int, channel: int = 1, password: str | None = None, timeout_s: float = 5
) -> RtspDescription | Fault:
    credentials = city.settings.credentials
    if password is not None:
        credentials = Credentials(credentials.username, password)
    host, port = city.layout.host_of(device), city.settings.rtsp_port
    url = f"rtsp://{host}:{port}/Streaming/Channels/{channel}01"
    return await check_rtsp(url, credentials, timeout_s=timeout_s)


async def clock(city: City, device: int) -> DeviceClock | Fault:
    async with open_device_session() as session:
        host = city.layout.host_of(device)
        client = OnvifClient(session, host, city.settings.http_port, None, timeout_s=5)
        return await client.system_date_and_time()


async def snapshot(city: City, device: int) -> bytes | Fault:
    async with open_device_session() as session:
        host, port = city.layout.host_of(device), city.settings.http_port
        url = f"http://{host}:{port}/snapshot/1.jpg"
        return await fetch_snapshot(
            session, url, city.settings.credentials, timeout_s=5, max_bytes=1_000_000
        )


def kind(answer: object) -> FaultKind | None:
    return answer.kind if isinstance(answer, Fault) else None


async def test_every_device_answers_at_its_own_address(city: City) -> None:
    answers = await asyncio.gather(
        *(describe(city, device) for device in range(city.layout.devices))
    )
    assert all(isinstance(a, RtspDescription) and a.video for a in answers)
    tally = city.tally
    assert tally.connections == city.layout.devices == 510
    assert tally.requests == {"OPTIONS": 510, "DESCRIBE": 2 * 510}
    assert (tally.bad_logins, tally.peak_open_of_device) == (0, 1)


async def test_one_connection_after_another_is_never_two_at_once(city: City) -> None:
    for _ in range(50):
        await describe(city, 7)
    assert (city.tally.peak_open, city.tally.peak_open_of_switch) == (1, 1)


async def test_a_recorder_has_channels_and_a_camera_one(city: City) -> None:
    assert isinstance(await describe(city, 0, channel=16), RtspDescription)
    assert kind(await describe(city, 0, channel=17)) is FaultKind.PROTOCOL
    assert kind(await describe(city, 2, channel=2)) is FaultKind.PROTOCOL


async def test_pictures_come_over_rtsp_and_http(city: City) -> None:
    host, port = city.layout.host_of(0), city.settings.rtsp_port
    url = f"rtsp://{host}:{port}/Streaming/Channels/302"
    keyframe = await first_keyframe(url, city.settings.credentials, timeout_s=5)
    assert not isinstance(keyframe, Fault)
    assert keyframe.picture.shape == (180, 320, 3)
    jpeg = await snapshot(city, 0)
    assert isinstance(jpeg, bytes)
    assert jpeg_size(jpeg) == (640, 360)


@pytest.mark.parametrize(
    ("fault", "seen"),
    [
        (Unanswered(), FaultKind.NETWORK),
        (Reset(), FaultKind.NETWORK),
        (Silent(), FaultKind.SILENT),
        (Slow(30), FaultKind.SILENT),
        (Trickle(29), FaultKind.SILENT),
        (Half(), FaultKind.SILENT),
        (Garbage(), FaultKind.PROTOCOL),
        (Busy(), FaultKind.BUSY),
        (WrongPassword(), FaultKind.AUTH),
        (NoDescription(), FaultKind.PROTOCOL),
    ],
)
async def test_a_fault_is_seen_on_its_switch_only_and_ends(
    city: City, fault: CityFault, seen: FaultKind
) -> None:
    trouble = city.strike(fault, Selection(switches=(1,)))
    struck, other = city.layout.devices_of_switch(1)[20], city.layout.devices_of_switch(0)[20]
    assert kind(await describe(city, struck, timeout_s=0.3)) is seen
    assert kind(await describe(city, other)) is None
    city.release(trouble)
    assert kind(await describe(city, struck)) is None


async def test_a_slow_or_trickling_answer_comes_in_the_end(city: City) -> None:
    for fault in (Slow(0.01), Trickle(0.0)):
        trouble = city.strike(fault, Selection(switches=(0,)))
        assert kind(await describe(city, 3)) is None
        city.release(trouble)


async def test_five_bad_logins_lock_a_device_and_no_other(city: City) -> None:
    for _ in range(5):
        assert kind(await describe(city, 3, password="wrong")) is FaultKind.AUTH
    assert (city.tally.bad_logins, city.tally.lockouts) == (5, 1)
    assert kind(await describe(city, 3)) is FaultKind.AUTH
    assert kind(await describe(city, 4)) is None


async def test_clocks_are_off_by_little_until_they_jump_or_lie(city: City) -> None:
    right = await clock(city, 3)
    assert isinstance(right, DeviceClock)
    assert abs(right.offset_s) < 2.5
    city.strike(ClockOff(-7_200), Selection(switches=(0,)))
    wrong = await clock(city, 3)
    assert isinstance(wrong, DeviceClock)
    assert wrong.offset_s == pytest.approx(-7_200, abs=2.5)
    city.strike(LocalTime(), Selection(switches=(1,)))
    lying = await clock(city, city.layout.devices_of_switch(1)[0])
    assert isinstance(lying, DeviceClock)
    assert lying.zone_error_s == 8 * 3_600


async def test_pictures_freeze_go_black_look_elsewhere_or_do_not_come() -> None:
    now_s = 100.0
    async with City(settings(cameras=200), monotonic=lambda: now_s) as city:

        async def picture() -> np.ndarray[Any, Any]:
            jpeg = await snapshot(city, 5)
            assert isinstance(jpeg, bytes)
            return np.asarray(decode_jpeg(jpeg, max_pixels=1_000_000, reduce=1), dtype=np.int16)

        usual = await picture()
        now_s += 1
        later = await picture()
        assert (usual != later).any()
        frozen = city.strike(Frozen(), Selection(switches=(0,)))
        first = await picture()
        now_s += 3
        assert (await picture() == first).all()
        city.release(frozen)
        black = city.strike(Black(), Selection(switches=(0,)))
        assert (await picture()).mean() < 10
        city.release(black)
        moved = city.strike(Moved(), Selection(switches=(0,)))
        assert np.abs(await picture() - usual).mean() > 10 * np.abs(later - usual).mean()
        city.release(moved)
        city.strike(NoFrames(), Selection(switches=(0,)))
        assert kind(await snapshot(city, 5)) is FaultKind.BUSY


async def test_a_scenario_is_played_and_the_truth_written(tmp_path: Path) -> None:
    changed = asyncio.Event()
    scenario = msgspec.convert(
        {
            "name": "day",
            "step": [
                {
                    "name": "switch 1 dies",
                    "at_s": 0,
                    "lasts_s": 0.05,
                    "on": {"switches": [1]},
                    "fault": {"kind": "unanswered"},
                }
            ],
        },
        Scenario,
    )
    chosen = settings()
    with (tmp_path / "truth.jsonl").open("wb") as file:
        truth = TruthLog(file, chosen.layout)
        truth.begin(Played(datetime.now(UTC), "day", chosen.seed, chosen.cameras))

        def told(change: Any, trouble: Any, at: datetime) -> None:
            truth.add(change, trouble, at)
            if not change.begins:
                changed.set()

        async with City(chosen, scenario, on_change=told), asyncio.timeout(20):
            await changed.wait()
        truth.close()
    first, *lines = read_truth(tmp_path / "truth.jsonl")
    assert isinstance(first, Played)
    assert [type(line) for line in lines] == [Struck] * 200 + [Released] * 200
    assert {line.camera for line in lines if isinstance(line, Struck)} == {
        chosen.layout.code_of(camera) for camera in range(200, 400)
    }
    assert isinstance(lines[0], Struck)
    assert (lines[0].cause, lines[0].common, lines[0].place) == ("network", "switch", "1")


async def test_the_list_of_cameras_names_the_places_where_they_answer(city: City) -> None:
    text = io.StringIO()
    write_cameras(text, city.settings)
    rows = list(csv.DictReader(io.StringIO(text.getvalue())))
    assert len({row["device_code"] for row in rows}) == CAMERAS
    for row in (rows[0], rows[17], rows[40], rows[599]):
        url = f"rtsp://{row['host']}:{row['rtsp_port']}{row['main_stream_path']}"
        login = Credentials(row["username"], row["password"])
        assert isinstance(await check_rtsp(url, login, timeout_s=5), RtspDescription)
    assert [rows[17][key] for key in ("recorder_code", "recorder_channel", "network_name")] == [
        "42010200001180000017",
        "2",
        "420102-1",
    ]
