"""The HTTP side of a simulated camera: the ONVIF services and snapshots."""

import asyncio

import cv2
from aiohttp import web

from sharpeyes.devices.simulator.authentication import Request
from sharpeyes.devices.simulator.camera import SNAPSHOT_PATH, Device
from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.event_service import EVENT_SERVICE_PATH, SUBSCRIPTION_PATH
from sharpeyes.devices.simulator.fault import Silent, Slow
from sharpeyes.devices.simulator.onvif import (
    DEVICE_SERVICE_PATH,
    MEDIA_SERVICE_PATH,
    SEARCH_SERVICE_PATH,
    answer_onvif,
)
from sharpeyes.devices.simulator.soap import CONTENT_TYPE
from sharpeyes.devices.simulator.world import World

_ONVIF_PATHS = (
    DEVICE_SERVICE_PATH,
    MEDIA_SERVICE_PATH,
    SEARCH_SERVICE_PATH,
    EVENT_SERVICE_PATH,
    SUBSCRIPTION_PATH,
)


class HttpServer:
    """One server for every address; which camera is meant, the connection's address tells."""

    def __init__(self, world: World) -> None:
        self._world = world
        # A silent camera's requests wait for ever: they must end with their connection.
        self.protocol = web.Server(self._answer, handler_cancellation=True, access_log=None)

    async def close(self) -> None:
        """End every connection."""
        self.cut()
        await self.protocol.shutdown(timeout=0)

    def cut(self, device: Device | None = None) -> None:
        """Break every connection, or those to one device, off."""
        for connection in self.protocol.connections:
            transport = connection.transport
            if transport is None:
                continue
            if device is None or self._world.device_of(transport) is device:
                transport.abort()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.transport is None:  # the client has gone; nobody reads this
            return web.Response(status=400)
        device = self._world.device_of(request.transport)
        if isinstance(device.fault, Silent):
            await asyncio.Event().wait()
        if isinstance(device.fault, Slow):
            await asyncio.sleep(device.fault.after_s)
        match request.method, request.path:
            case "GET", path if path == SNAPSHOT_PATH:
                return await self._snapshot(request, device)
            case "POST", path if path in _ONVIF_PATHS:
                return await self._onvif(request, device)
            case _:
                return web.Response(status=404)

    async def _onvif(self, request: web.BaseRequest, device: Device) -> web.Response:
        answer = await answer_onvif(self._world, device, await request.read())
        return web.Response(status=answer.status, body=answer.body, content_type=CONTENT_TYPE)

    async def _snapshot(self, request: web.BaseRequest, device: Device) -> web.Response:
        asked = Request(request.method, request.headers.get("Authorization"))
        challenge = self._world.refuse(device, asked, qop=True)
        if challenge is not None:
            return web.Response(status=401, headers={"WWW-Authenticate": challenge})
        picture = await asyncio.to_thread(self._draw_jpeg, device)
        return web.Response(body=picture, content_type="image/jpeg")

    def _draw_jpeg(self, device: Device) -> bytes:
        scene = self._world.scenes[device.camera.scene]
        picture = render(scene, self._world.scene_time_s(device))
        _, encoded = cv2.imencode(".jpg", picture, (cv2.IMWRITE_JPEG_QUALITY, 85))
        return encoded.tobytes()
