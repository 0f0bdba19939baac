"""How another process looks at a running fleet and breaks its cameras: a little HTTP on loopback.

GET /cameras · PUT /cameras/{code}/fault with a fault as JSON · DELETE /cameras/{code}/fault
POST /cameras/{code}/events with an event as JSON
"""

from typing import Annotated, Any, Literal

import msgspec
from aiohttp import web

from sharpeyes.devices.simulator.errors import AddressError, UnknownCameraError
from sharpeyes.devices.simulator.fault import Fault
from sharpeyes.devices.simulator.fleet import Fleet

CONTROL_HOST = "127.0.0.1"
DEFAULT_CONTROL_PORT = 8090

_MAX_BODY_BYTES = 4_096
_FLEET = web.AppKey("fleet", Fleet)


class CameraState(msgspec.Struct, frozen=True):
    """A camera and how it is doing, as the control port tells it.

    Args:
        device_code: 20 digits.
        name: of its place.
        tier: 1 city, 2 district, 3 social.
        host: its address.
        rtsp_port: of its streams.
        http_port: of ONVIF and snapshots.
        scene: name of the scene it shows.
        scene_time_s: where in the scene it is.
        no_parking: polygon of (x, y) in 0-1 of the picture.
        fault: what is wrong with it, or None.
        bad_logins: refused logins since the start.
        lockouts: how often its account was locked since the start.
    """

    device_code: str
    name: str
    tier: int
    host: str
    rtsp_port: int
    http_port: int
    scene: str
    scene_time_s: float
    no_parking: tuple[tuple[float, float], ...]
    fault: Fault | None
    bad_logins: int
    lockouts: int


class ToldEvent(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What a camera shall tell of, as the control port takes it.

    Args:
        topic: with its prefix, "tns1:VideoSource/MotionAlarm".
        data: what it says, names and values.
        source: which of its parts it is about.
        operation: "Changed" or "Deleted", or "" of what is no property.
    """

    topic: Annotated[str, msgspec.Meta(min_length=1, max_length=200)]
    data: dict[str, str] = {}
    source: dict[str, str] = {}
    operation: Literal["Changed", "Deleted", ""] = "Changed"


def camera_state(fleet: Fleet, device_code: str) -> CameraState:
    """What is known of a camera now."""
    device = fleet.device(device_code)
    camera = device.camera
    return CameraState(
        device_code=camera.device_code,
        name=camera.name,
        tier=camera.tier,
        host=camera.host,
        rtsp_port=fleet.settings.rtsp_port,
        http_port=fleet.settings.http_port,
        scene=camera.scene,
        scene_time_s=round(fleet.scene_time_s(device_code), 2),
        no_parking=fleet.scenes[camera.scene].no_parking,
        fault=device.fault,
        bad_logins=device.bad_logins,
        lockouts=device.lockouts,
    )


class ControlServer:
    """The control port, from `async with` on until its end.

    Args:
        fleet: what it controls; running.
        port: on loopback.

    Raises:
        AddressError: on entering, if the port cannot be listened on.
    """

    def __init__(self, fleet: Fleet, port: int = DEFAULT_CONTROL_PORT) -> None:
        application = web.Application(client_max_size=_MAX_BODY_BYTES)
        application[_FLEET] = fleet
        application.router.add_get("/cameras", _list_cameras)
        application.router.add_put("/cameras/{code}/fault", _set_fault)
        application.router.add_delete("/cameras/{code}/fault", _clear_fault)
        application.router.add_post("/cameras/{code}/events", _tell_event)
        self._runner = web.AppRunner(application, access_log=None)
        self._port = port

    async def __aenter__(self) -> None:
        await self._runner.setup()
        try:
            await web.TCPSite(self._runner, CONTROL_HOST, self._port).start()
        except OSError as error:
            await self._runner.cleanup()
            raise AddressError(
                f"cannot listen on {CONTROL_HOST} port {self._port} for control: another program"
                " uses it, perhaps another fleet; choose another control port or 0 for none"
            ) from error

    async def __aexit__(self, *_: object) -> None:
        await self._runner.cleanup()


async def _list_cameras(request: web.Request) -> web.Response:
    fleet = request.app[_FLEET]
    return _json([camera_state(fleet, camera.device_code) for camera in fleet.cameras])


async def _set_fault(request: web.Request) -> web.Response:
    try:
        fault = msgspec.json.decode(await request.read(), type=Fault)
    except msgspec.DecodeError as error:
        return _json({"error": f"the fault cannot be used: {error}"}, status=400)
    return await _changed(request, fault)


async def _clear_fault(request: web.Request) -> web.Response:
    return await _changed(request, None)


async def _tell_event(request: web.Request) -> web.Response:
    fleet, code = request.app[_FLEET], request.match_info["code"]
    try:
        told = msgspec.json.decode(await request.read(), type=ToldEvent)
        fleet.tell(code, told.topic, told.data, source=told.source, operation=told.operation)
    except msgspec.DecodeError as error:
        return _json({"error": f"the event cannot be used: {error}"}, status=400)
    except UnknownCameraError as error:
        return _json({"error": str(error)}, status=404)
    return _json({"listeners": fleet.listeners(code)})


async def _changed(request: web.Request, fault: Fault | None) -> web.Response:
    fleet, code = request.app[_FLEET], request.match_info["code"]
    try:
        if fault is None:
            await fleet.clear(code)
        else:
            await fleet.set_fault(code, fault)
    except UnknownCameraError as error:
        return _json({"error": str(error)}, status=404)
    except AddressError as error:
        return _json({"error": str(error)}, status=409)
    return _json(camera_state(fleet, code))


def _json(value: Any, status: int = 200) -> web.Response:
    body = msgspec.json.encode(value)
    return web.Response(status=status, body=body, content_type="application/json")
