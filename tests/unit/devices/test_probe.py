"""A probe against a device that answers only what the test is about."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable

import aiohttp
import msgspec
import pytest

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.probe import SnapshotSize, probe_device
from sharpeyes.devices.settings import DeviceSettings

Handler = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]
Serve = Callable[[Handler], Awaitable[int]]

ADMIN = Credentials("admin", "canary")
QUICK = DeviceSettings(rtsp_timeout_s=5, keyframe_timeout_s=0.3, http_timeout_s=5)
# A JPEG as far as its header goes: 64 x 48 pixels.
JPEG = b"\xff\xd8\xff\xc0\x00\x11\x08\x00\x30\x00\x40\x03" + bytes(9) + b"\xff\xd9"


@pytest.fixture
async def session() -> AsyncIterator[aiohttp.ClientSession]:
    async with open_device_session() as opened:
        yield opened


def answering(*answers: bytes) -> tuple[Handler, list[str]]:
    """Give every connection these answers in turn; the requests are kept."""
    requests: list[str] = []

    async def talk(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for answer in answers:
            requests.append((await reader.readuntil(b"\r\n\r\n")).decode())
            writer.write(answer)
        await reader.read()

    return talk, requests


def http(body: bytes) -> bytes:
    return f"HTTP/1.1 200 OK\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body


async def test_asks_only_what_is_registered(session: aiohttp.ClientSession, serve: Serve) -> None:
    snapshots, _ = answering(http(JPEG))
    port = await serve(snapshots)

    probe = await probe_device(
        session, None, settings=QUICK, snapshot_url=f"http://127.0.0.1:{port}/s"
    )

    assert probe.snapshot == SnapshotSize(bytes=len(JPEG), width_px=64, height_px=48)
    assert (probe.rtsp, probe.keyframe, probe.clock) == (None, None, None)
    assert probe.faults == ()
    assert msgspec.json.decode(msgspec.json.encode(probe))["snapshot"]["width_px"] == 64


async def test_tries_refused_credentials_nowhere_else(
    session: aiohttp.ClientSession, serve: Serve
) -> None:
    refused = b"RTSP/1.0 401 No\r\nWWW-Authenticate: Basic realm=x\r\n\r\n"
    rtsp, rtsp_requests = answering(refused, refused, refused)
    snapshots, snapshot_requests = answering(http(JPEG))
    rtsp_port, http_port = await serve(rtsp), await serve(snapshots)

    probe = await probe_device(
        session,
        ADMIN,
        settings=QUICK,
        stream_url=f"rtsp://127.0.0.1:{rtsp_port}/",
        onvif_host="127.0.0.1",
        onvif_port=http_port,
        snapshot_url=f"http://127.0.0.1:{http_port}/s",
    )

    assert len(rtsp_requests) == 2
    assert sum("Authorization" in request for request in rtsp_requests) == 1
    assert isinstance(probe.rtsp, Fault)
    assert isinstance(probe.snapshot, Fault)
    assert probe.snapshot.kind is FaultKind.AUTH
    assert "not asked, so that no account is locked: 127.0.0.1" in probe.snapshot.evidence
    # The device's time is asked without credentials, and therefore still is.
    assert [request.split()[0] for request in snapshot_requests] == ["POST"]
    assert isinstance(probe.clock, Fault)
    assert len(probe.faults) == 3
    assert b"canary" not in msgspec.json.encode(probe)


async def test_parts_fail_one_by_one(session: aiohttp.ClientSession, serve: Serve) -> None:
    snapshots, _ = answering(http(b"\xff\xd8\xff\xd9"))
    port = await serve(snapshots)
    silent, _ = answering()

    probe = await probe_device(
        session,
        None,
        settings=QUICK.model_copy(update={"rtsp_timeout_s": 0.2}),
        stream_url=f"rtsp://127.0.0.1:{await serve(silent)}/",
        snapshot_url=f"http://127.0.0.1:{port}/s",
    )

    assert isinstance(probe.rtsp, Fault)
    assert probe.rtsp.kind is FaultKind.SILENT
    assert probe.keyframe is None
    assert isinstance(probe.snapshot, Fault)
    assert "readable header" in probe.snapshot.evidence
