"""The HTTP side of a device of a simulated city: its time over ONVIF, and snapshots."""

import re

from sharpeyes.devices.simulator.authentication import Request
from sharpeyes.devices.simulator.city.connection import CityConnection
from sharpeyes.devices.simulator.city.fault import NoFrames
from sharpeyes.devices.simulator.city.http_message import (
    HttpRequest,
    http_answer,
    take_http_request,
)
from sharpeyes.devices.simulator.onvif import DEVICE_SERVICE_PATH, date_and_time
from sharpeyes.devices.simulator.soap import CONTENT_TYPE, envelope, fault

_SNAPSHOT = re.compile(r"/snapshot/(\d{1,2})\.jpg", re.ASCII)
_TIME_OPERATION = b"GetSystemDateAndTime"
_NOT_SUPPORTED = fault(
    "Receiver", "ActionNotSupported", "a device of a simulated city tells its time only"
)


def snapshot_path(channel: int) -> str:
    """Where the snapshots of a device's input are."""
    return f"/snapshot/{channel}.jpg"


class HttpConnection(CityConnection[HttpRequest]):
    """One client's connection."""

    __slots__ = ()

    _bad_request = http_answer(400)

    def _take(self, buffer: bytearray) -> HttpRequest | None:
        return take_http_request(buffer)

    def _refuse(self, request: HttpRequest) -> bytes:  # noqa: ARG002  # whatever it is
        return http_answer(503)

    def _answer(self, request: HttpRequest) -> bytes:
        if request.method == "POST" and request.path == DEVICE_SERVICE_PATH:
            return self._onvif(request)
        found = _SNAPSHOT.fullmatch(request.path)
        if request.method != "GET" or found is None:
            return http_answer(404)
        camera = self._world.layout.camera_at(self._device, int(found[1]))
        return http_answer(404) if camera is None else self._snapshot(request, camera)

    def _onvif(self, request: HttpRequest) -> bytes:
        if _TIME_OPERATION not in request.body:
            return http_answer(500, _NOT_SUPPORTED, CONTENT_TYPE)
        self._count("GetSystemDateAndTime")
        world, device = self._world, self._device
        told = date_and_time(world.device_time(device), is_local=world.calls_local_time_utc(device))
        return http_answer(200, envelope(told), CONTENT_TYPE)

    def _snapshot(self, request: HttpRequest, camera: int) -> bytes:
        self._count("snapshot")
        asked = Request(request.method, request.headers.get("authorization"))
        challenge = self._world.refuse(self._device, asked, qop=True)
        if challenge is not None:
            return http_answer(401, challenge=challenge)
        if isinstance(self._world.cameras.fault(camera, "stream"), NoFrames):
            return http_answer(503)
        return http_answer(200, self._world.jpeg(camera), "image/jpeg")

    def _count(self, what: str) -> None:
        requests = self._world.tally.requests
        requests[what] = requests.get(what, 0) + 1
