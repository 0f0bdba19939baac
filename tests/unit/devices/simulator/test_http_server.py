import io
from collections.abc import Awaitable, Callable

import aiohttp
import cv2
import numpy as np
import pytest

from sharpeyes.devices.simulator.authentication import AuthScheme
from sharpeyes.devices.simulator.drawing import render
from sharpeyes.devices.simulator.fault import Frozen
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.scene import Scene

StartFleet = Callable[..., Awaitable[Fleet]]


def address(fleet: Fleet, path: str) -> str:
    return f"http://{fleet.cameras[0].host}:{fleet.settings.http_port}{path}"


async def fetch_snapshot(fleet: Fleet, password: str = "street-1") -> tuple[int, bytes]:
    # The client of another house: it answers MD5 and SHA-256 challenges.
    digest = aiohttp.DigestAuthMiddleware("sim", password)
    async with (
        aiohttp.ClientSession(middlewares=(digest,)) as session,
        session.get(address(fleet, "/snapshot.jpg")) as response,
    ):
        return response.status, await response.read()


@pytest.mark.parametrize("auth", [AuthScheme.DIGEST, AuthScheme.DIGEST_SHA256])
async def test_a_snapshot_shows_the_scene_now(
    start_fleet: StartFleet, scene: Scene, auth: AuthScheme
) -> None:
    now_s = 100.0
    fleet = await start_fleet(auth=auth, monotonic=lambda: now_s)
    now_s = 101.4
    status, data = await fetch_snapshot(fleet)
    assert status == 200
    picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
    assert picture is not None
    errors = [
        float(np.mean((picture.astype(np.float64) - render(scene, time_s)) ** 2))
        for time_s in (0.4, 1.4, 2.4)
    ]
    assert errors[1] < 40
    assert errors[1] == min(errors)


async def test_a_frozen_cameras_snapshot_stands_still_too(start_fleet: StartFleet) -> None:
    now_s = 0.0
    fleet = await start_fleet(monotonic=lambda: now_s)
    moving = [await fetch_snapshot(fleet)]
    now_s = 1.4
    moving.append(await fetch_snapshot(fleet))
    assert moving[0] != moving[1]
    await fleet.set_fault(fleet.cameras[0].device_code, Frozen())
    now_s = 2.8
    assert await fetch_snapshot(fleet) == moving[1]


async def test_a_wrong_password_gets_no_picture(start_fleet: StartFleet) -> None:
    fleet = await start_fleet()
    assert await fetch_snapshot(fleet, "wrong") == (401, b"")
    assert fleet.device(fleet.cameras[0].device_code).bad_logins == 1


async def test_onvif_is_answered_over_http(start_fleet: StartFleet) -> None:
    fleet = await start_fleet()
    body = (
        '<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope"><s:Body>'
        '<GetServices xmlns="http://www.onvif.org/ver10/device/wsdl"/></s:Body></s:Envelope>'
    )
    async with (
        aiohttp.ClientSession() as session,
        session.post(address(fleet, "/onvif/device_service"), data=body) as response,
    ):
        assert response.status == 200
        assert response.content_type == "application/soap+xml"
        assert f"{fleet.cameras[0].host}:8080/onvif/media_service" in await response.text()


@pytest.mark.parametrize(
    ("method", "path", "size_bytes", "status"),
    [
        ("GET", "/", 0, 404),
        ("GET", "/onvif/device_service", 0, 404),
        ("POST", "/snapshot.jpg", 0, 404),
        ("POST", "/onvif/device_service", 2_000_000, 413),
    ],
)
async def test_other_requests_are_refused(
    start_fleet: StartFleet, method: str, path: str, size_bytes: int, status: int
) -> None:
    fleet = await start_fleet()
    async with (
        aiohttp.ClientSession() as session,
        session.request(
            method, address(fleet, path), data=io.BytesIO(b" " * size_bytes)
        ) as response,
    ):
        assert response.status == status
