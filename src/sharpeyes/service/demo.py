"""`sharpeyes demo`: a street of simulated cameras, the service, and a case system, told as it goes.

Nothing here is special to the demonstration but the order of things: it writes a settings file and
then gives the commands that an engineer would give.
"""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Sequence
from contextlib import AsyncExitStack
from typing import Any

from sharpeyes.devices.simulator.traffic import make_scene
from sharpeyes.service.demo_stage import HOST, DemoError, Stage

CAMERAS = 30
DWELL_S = 15

_VEHICLE_WITHIN_S = 150.0
_FAULT_LASTS_S = 40.0
_FAULTS = ("frozen", "silent", "clock_off", "wrong_password", "down", "slow")
_VEHICLE = "org.sharpeyes.abandoned-vehicle.v1"


class Demo:
    """One demonstration.

    Args:
        stage: Where it takes place.
    """

    def __init__(self, stage: Stage) -> None:
        self._stage = stage

    async def run(self, stop: asyncio.Event, *, once: bool) -> None:
        """Tell the story and keep the street alive until `stop`; with `once`, end after the story.

        Raises:
            DemoError: A part did not start, or something did not happen in its time.
        """
        stage = self._stage
        async with stage.set_up():
            ends = [
                asyncio.create_task(self._tell(once=once)),
                asyncio.create_task(stage.broken.wait()),
                asyncio.create_task(stop.wait()),
            ]
            try:
                done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            finally:
                for end in ends:
                    end.cancel()
                await asyncio.gather(*ends, return_exceptions=True)
            for end in done:
                end.result()
            if stage.broken.is_set() and not stop.is_set():
                raise DemoError(f"a part ended unasked; see the logs in {stage.folder}")
            stage.say("The demonstration has ended.")

    async def _tell(self, *, once: bool) -> None:
        started = time.monotonic()
        async with AsyncExitStack() as parts:
            self._stage.say("Starting the service, with a database of its own ...")
            await parts.enter_async_context(self._stage.part("serve", "serve"))
            await self._stage.until("the service answers", lambda: self._stage.get("/readyz"), bool)
            self._stage.say(
                f"\n    Dashboard: {self._stage.url}/\n\n"
                "What follows are commands that you could give too, with"
                f" --config {self._stage.settings_file}:\n"
            )
            await self._connect_receiver(parts)
            cameras = await self._open_street(parts)
            await self._show_online(cameras)
            await self._show_outage(next(c for c in cameras if c["scene"] == "quiet"))
            event_id = await self._show_vehicle()
            self._stage.say(
                f"\nAll of it took {time.monotonic() - started:.0f} s. The picture, and how it was"
                f" delivered: {self._stage.url}/#/en/events/{event_id}"
            )
            if not once:
                self._stage.say("Cameras go on failing and recovering until Ctrl-C.")
                await self._keep_failing([c for c in cameras if c["scene"] != "parked"])

    async def _connect_receiver(self, parts: AsyncExitStack) -> None:
        secret = self._stage.folder / "receiver.secret"
        secret.touch(mode=0o600)
        await parts.enter_async_context(
            self._stage.part(
                "receiver",
                "receiver",
                *("--port", str(self._stage.ports.receiver), "--secret-file", str(secret)),
                *("--store", str(self._stage.folder / "received.ndjson")),
            )
        )
        await self._stage.until(
            "the case system answers", self._stage.received, lambda got: got is not None
        )
        url = f"http://{HOST}:{self._stage.ports.receiver}/events"
        added = await self._stage.command("endpoint", "add", "case-system", url, "--json")
        secret.write_text(json.loads(added)["secret"])

    async def _open_street(self, parts: AsyncExitStack) -> list[dict[str, Any]]:
        """Start the cameras and register them; return those that may be polled."""
        table = self._stage.folder / "cameras.csv"
        await parts.enter_async_context(
            self._stage.part(
                "simulate",
                "simulate",
                *("--cameras", str(CAMERAS), "--csv", str(table)),
                *("--rtsp-port", str(self._stage.ports.camera_rtsp)),
                *("--http-port", str(self._stage.ports.camera_http)),
                *("--control-port", str(self._stage.ports.control)),
            )
        )
        cameras: list[dict[str, Any]] = await self._stage.until(
            "the simulated cameras answer", self._stage.simulated, bool
        )
        # Zones first for those that see the car: a zone that comes later makes them look anew.
        await self._stage.command("camera", "import", str(table))
        strip = make_scene("parked").no_parking
        polygon = " ".join(f"{x:.4f},{y:.4f}" for x, y in strip)
        for camera in cameras:
            if camera["scene"] == "parked":
                await self._stage.command(
                    *("zone", "add", camera["device_code"], "kerb", "--kind", "no_parking"),
                    *("--polygon", polygon, "--dwell-s", str(DWELL_S)),
                )
        listed = await self._stage.get("/api/v1/cameras?limit=1000")
        polled = {c["device_code"] for c in listed["cameras"] if c["poll_mode"] == "direct"}
        return [camera for camera in cameras if camera["device_code"] in polled]

    async def _show_online(self, cameras: Sequence[dict[str, Any]]) -> None:
        status = await self._stage.until(
            "the cameras are online",
            lambda: self._stage.get("/api/v1/status"),
            lambda status: status["total"]["ok"] == len(cameras),
        )
        total = status["total"]
        self._stage.say(
            f"{total['ok']} of {total['measured']} measured cameras are online;"
            f" {total['not_measured']} are asked only on request and are not measured."
        )

    async def _show_outage(self, camera: dict[str, Any]) -> None:
        code, name = camera["device_code"], camera["name"]
        await self._fault(code, "down")
        lost = await self._stage.until(
            f"camera {code} is seen to be offline",
            lambda: self._stage.get(f"/api/v1/cameras/{code}"),
            lambda view: view["status"] == "offline",
        )
        self._stage.say(f"{name} is offline, cause {lost['cause']}: {lost['evidence']}")

    async def _show_vehicle(self) -> str:
        self._stage.say(f"Soon a car stops where none may stay for longer than {DWELL_S} s ...")
        page = await self._stage.until(
            "a vehicle stays where it must not",
            lambda: self._stage.get(f"/api/v1/events?type={_VEHICLE}"),
            lambda page: bool(page["events"]),
            within_s=_VEHICLE_WITHIN_S,
        )
        event = page["events"][-1]
        self._stage.say(
            f"A vehicle stands in zone {event['data']['zone']!r} of {event['camera_name']} for"
            f" {event['data']['dwell_s']:.0f} s: event {event['event_id']}"
        )
        await self._stage.until(
            "the case system has verified the event",
            self._stage.received,
            lambda got: any(
                one["id"] == event["event_id"] and one["verified"] for one in got["events"]
            ),
        )
        self._stage.say("The case system has received it and verified its signature.")
        return str(event["event_id"])

    async def _keep_failing(self, cameras: Sequence[dict[str, Any]]) -> None:
        turn = 0
        while True:
            camera, kind = cameras[turn % len(cameras)], _FAULTS[turn % len(_FAULTS)]
            await self._fault(camera["device_code"], kind)
            await asyncio.sleep(_FAULT_LASTS_S)
            await self._stage.command(
                *("simulate", "clear", camera["device_code"]),
                *("--control-port", str(self._stage.ports.control)),
            )
            turn += 1

    async def _fault(self, code: str, kind: str) -> None:
        await self._stage.command(
            "simulate", "fault", code, kind, "--control-port", str(self._stage.ports.control)
        )
