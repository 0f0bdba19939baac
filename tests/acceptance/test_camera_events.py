"""A simulated camera's own events, through the whole service: switched on, heard, given back."""

from collections.abc import Callable
from ipaddress import IPv4Address
from typing import Any

from sharpeyes.devices.simulator.camera import MAIN_STREAM_PATH
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.scene import Scene
from sharpeyes.devices.simulator.settings import FleetSettings

MOTION = "tns1:VideoSource/MotionAlarm"
LOST = "tns1:VideoSource/SignalLoss"


async def test_a_camera_is_switched_on_heard_and_given_back(
    installation: Any, own_address: IPv4Address, free_port: Callable[[], int], no_process_left: None
) -> None:
    settings = FleetSettings(
        cameras=1, first_address=own_address, rtsp_port=free_port(), http_port=free_port()
    )
    with (installation.folder / "sharpeyes.toml").open("a") as file:
        file.write("[ingest.listening]\nwait_s = 1\nlasting_s = 60\n")
    fleet = Fleet(settings, scenes=[Scene(name, 1, 5, ()) for name in ("parked", "busy", "quiet")])
    code, host = fleet.cameras[0].device_code, fleet.cameras[0].host
    async with fleet:
        await installation.done(
            *("camera", "add", code, "--name", "解放大道", "--tier", "city", "--host", host),
            *("--rtsp-port", str(settings.rtsp_port), "--http-port", str(settings.http_port)),
            *("--main", MAIN_STREAM_PATH, "--username", "sim", "--password-stdin"),
            text="street-1",
        )
        events = installation.get("/api/v1/events", type="org.sharpeyes.camera.alarm.v1")
        ask = installation.get(f"/api/v1/cameras/{code}")
        async with installation.serving():
            await installation.until(ask, lambda camera: camera["status"] == "ok", within_s=30)
            assert fleet.listeners(code) == 0
            await installation.done("events", "listen", code, "on")

            async def listeners() -> int:
                return fleet.listeners(code)

            await installation.until(listeners, lambda count: count == 1, within_s=20)
            fleet.tell(code, MOTION, {"State": "true"})
            told = await installation.until(events, lambda page: page["events"], within_s=10)
            assert told["events"][0]["data"]["kind"] == "motion"

            fleet.tell(code, LOST, {"State": "true"})
            seen = await installation.until(
                ask, lambda camera: camera["cause"] == "picture", within_s=30
            )
            assert "the camera itself calls its picture without a signal" in seen["evidence"]
        points = fleet.device(code).pull_points
        assert (fleet.listeners(code), points.opened, points.ended) == (0, 1, 1)
        assert fleet.device(code).bad_logins == 0
    shown = await installation.done("events", "topics", "--json")
    assert {line.split('"')[3] for line in shown.out.splitlines()} == {MOTION, LOST}
