"""A fleet of simulated cameras in one process."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack
from datetime import UTC, datetime
from types import TracebackType
from typing import Self

from sharpeyes.devices.simulator.camera import Device, SimulatedCamera
from sharpeyes.devices.simulator.discovery import DiscoveryResponder
from sharpeyes.devices.simulator.encoding import encode
from sharpeyes.devices.simulator.errors import AddressError, UnknownCameraError
from sharpeyes.devices.simulator.fault import Down, Fault, Silent
from sharpeyes.devices.simulator.http_server import HttpServer
from sharpeyes.devices.simulator.listeners import Listeners
from sharpeyes.devices.simulator.pull_points import Told
from sharpeyes.devices.simulator.rtsp_server import RtspServer
from sharpeyes.devices.simulator.scene import Scene
from sharpeyes.devices.simulator.settings import FleetSettings
from sharpeyes.devices.simulator.street import make_cameras
from sharpeyes.devices.simulator.traffic import SCENE_NAMES, make_scene
from sharpeyes.devices.simulator.world import World


def ready_scenes(seed: int) -> tuple[Scene, ...]:
    """The scenes of a fleet, each in a street of its own."""
    return tuple(make_scene(name, seed + index) for index, name in enumerate(SCENE_NAMES))


class Fleet:
    """Cameras that answer from `async with` on until its end.

    Entering draws and encodes the scenes, in threads, and then opens the addresses.

    Args:
        settings: how many cameras, where, with which credentials.
        cameras: instead of the ones that the settings invent.
        scenes: instead of the ready ones; every camera's scene is among them.
        monotonic: seconds that only grow; lock-outs and scenes go by them.
        utc_now: the true time, aware; device clocks go by it.

    Attributes:
        not_discoverable: once entered, why WS-Discovery is not answered; empty where it is.

    Raises:
        AddressError: on entering, if an address or port cannot be listened on.
    """

    def __init__(
        self,
        settings: FleetSettings | None = None,
        *,
        cameras: Sequence[SimulatedCamera] | None = None,
        scenes: Iterable[Scene] | None = None,
        monotonic: Callable[[], float] = time.monotonic,
        utc_now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self.settings = settings or FleetSettings()
        chosen = ready_scenes(self.settings.seed) if scenes is None else scenes
        self.scenes = {scene.name: scene for scene in chosen}
        self.cameras = tuple(make_cameras(self.settings) if cameras is None else cameras)
        self._devices = {
            camera.device_code: Device(camera, self.settings.subscription_limit)
            for camera in self.cameras
        }
        self._monotonic = monotonic
        self._utc_now = utc_now
        self._stack = AsyncExitStack()
        self.not_discoverable = ""

    async def __aenter__(self) -> Self:
        clips = await asyncio.gather(
            *(asyncio.to_thread(encode, scene) for scene in self.scenes.values())
        )
        self._world = World(
            settings=self.settings,
            devices={device.camera.host: device for device in self._devices.values()},
            scenes=self.scenes,
            clips=dict(zip(self.scenes, clips, strict=True)),
            monotonic=self._monotonic,
            utc_now=self._utc_now,
        )
        self._rtsp = RtspServer(self._world)
        self._http = HttpServer(self._world)
        self._listeners = Listeners(
            {self.settings.rtsp_port: self._rtsp, self.settings.http_port: self._http.protocol}
        )
        async with AsyncExitStack() as stack:
            stack.push_async_callback(self._http.close)
            stack.callback(self._rtsp.cut)
            stack.callback(self._listeners.close_all)
            for camera in self.cameras:
                await self._listeners.open(camera.host)
            responder = DiscoveryResponder(self._world)
            try:
                await responder.open()
            except AddressError as error:
                # Not every system can do that on loopback, and all else works without it.
                self.not_discoverable = str(error)
            stack.callback(responder.close)
            self._stack = stack.pop_all()
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        await self._stack.aclose()

    @property
    def sessions(self) -> int:
        """How many streams are being played."""
        return self._rtsp.sessions

    def device(self, device_code: str) -> Device:
        """How a camera is doing.

        Raises:
            UnknownCameraError: there is none of that code.
        """
        try:
            return self._devices[device_code]
        except KeyError:
            raise UnknownCameraError(f"no camera {device_code} in this fleet") from None

    def scene_time_s(self, device_code: str) -> float:
        """Where a camera's view is in its scene now."""
        return self._world.scene_time_s(self.device(device_code))

    async def set_fault(self, device_code: str, fault: Fault) -> None:
        """Break a camera; the fault takes the place of the one it had.

        Raises:
            UnknownCameraError: there is none of that code.
            AddressError: it was down, and its address is now another program's.
        """
        await self._change(self.device(device_code), fault)

    async def clear(self, device_code: str) -> None:
        """Repair a camera, and forget its failed logins.

        Raises:
            UnknownCameraError: there is none of that code.
            AddressError: it was down, and its address is now another program's.
        """
        await self._change(self.device(device_code), None)

    def tell(
        self,
        device_code: str,
        topic: str,
        data: Mapping[str, str],
        *,
        source: Mapping[str, str] | None = None,
        operation: str = "Changed",
    ) -> None:
        """Let a camera tell of an event to all that listen to it.

        Args:
            device_code: whose.
            topic: with its prefix, "tns1:VideoSource/MotionAlarm".
            data: what it says, names and values.
            source: which of its parts it is about.
            operation: "Changed" or "Deleted", or "" of what is no property.

        Raises:
            UnknownCameraError: there is none of that code.
        """
        device = self.device(device_code)
        told = Told(topic, self._world.device_time(device), source or {}, data, operation)
        device.pull_points.tell(told, self._monotonic())

    def listeners(self, device_code: str) -> int:
        """How many listen to a camera's events now.

        Raises:
            UnknownCameraError: there is none of that code.
        """
        return len(self.device(device_code).pull_points.living(self._monotonic()))

    async def _change(self, device: Device, fault: Fault | None) -> None:
        before = device.fault
        if isinstance(before, Down) and not isinstance(fault, Down):
            await self._listeners.open(device.camera.host)
        device.set_fault(fault, self._world.scene_time_s(device))
        if isinstance(fault, Down):
            self._listeners.close(device.camera.host)
        # What hung comes back by restarting, which its clients notice too.
        if isinstance(fault, Down) or (isinstance(before, Silent) and fault != before):
            self._rtsp.cut(device)
            self._http.cut(device)
