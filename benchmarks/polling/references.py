"""The same questions by others' programs: full RTSP checks and ONVIF times per second of CPU.

Each runs in a process of its own, is warm when it is measured, and asks so many cameras at once.
"""

from __future__ import annotations

import asyncio
import logging
import shutil
import subprocess
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import aiohttp
import uvloop
from aiortsp.rtsp.connection import RTSPConnection
from onvif.client import ONVIFService

from benchmarks.polling.crowd import HTTP_PORT, RTSP_PORT, cpu_s, hosts
from sharpeyes.devices.connecting import check_connection
from sharpeyes.devices.http_exchange import open_device_session
from sharpeyes.devices.onvif import OnvifClient
from sharpeyes.devices.simulator.city.rtsp import stream_path
from sharpeyes.devices.simulator.encoding import Stream
from sharpeyes.devices.wsdl import Service, description_path

AT_ONCE = 64
BLACKBOX = "prometheus-blackbox-exporter"
_EXPORTER_PORT = 9115
_PATH = stream_path(1, Stream.MAIN)
_TIMEOUT_S = 5.0
_LOOKS = 200

# Its module for protocols of lines: it sends LF where RTSP wants CRLF, so each line brings its CR.
# Line by line it reads the answers, and the last expected one is the description's video.
_MODULE = rf"""
modules:
  rtsp:
    prober: tcp
    timeout: 5s
    tcp:
      preferred_ip_protocol: ip4
      query_response:
        - send: "OPTIONS rtsp://camera{_PATH} RTSP/1.0\r"
        - send: "CSeq: 1\r"
        - send: "\r"
        - expect: "^RTSP/1.0 200"
        - send: "DESCRIBE rtsp://camera{_PATH} RTSP/1.0\r"
        - send: "CSeq: 2\r"
        - send: "Accept: application/sdp\r"
        - send: "\r"
        - expect: "^RTSP/1.0 200"
        - expect: "^m=video"
"""


def aiortsp_rate(cameras: int, checks: int) -> float:
    """Return aiortsp's checks per second of CPU, on uvloop as ours."""
    logging.getLogger("rtsp_client").setLevel(logging.ERROR)

    async def check(host: str) -> None:
        url = f"rtsp://{host}:{RTSP_PORT}{_PATH}"
        async with RTSPConnection(host, RTSP_PORT, timeout=_TIMEOUT_S) as connection:
            await connection.send_request("OPTIONS", url)
            await connection.send_request("DESCRIBE", url, headers={"Accept": "application/sdp"})

    return uvloop.run(_rate(check, cameras, checks))


def streams_rate(cameras: int, checks: int) -> float:
    """Return the checks per second of CPU of asyncio's streams, which read nothing they get."""

    async def check(host: str) -> None:
        reader, writer = await asyncio.open_connection(host, RTSP_PORT)
        url = f"rtsp://{host}:{RTSP_PORT}{_PATH}"
        writer.write(f"OPTIONS {url} RTSP/1.0\r\nCSeq: 1\r\n\r\n".encode())
        await reader.readuntil(b"\r\n\r\n")
        writer.write(f"DESCRIBE {url} RTSP/1.0\r\nCSeq: 2\r\n\r\n".encode())
        head = await reader.readuntil(b"\r\n\r\n")
        length = head.lower().partition(b"content-length:")[2].partition(b"\r")[0]
        await reader.readexactly(int(length))
        writer.transport.abort()

    return uvloop.run(_rate(check, cameras, checks))


def onvif_rate(cameras: int, checks: int) -> float:
    """Return our ONVIF times per second of CPU."""

    async def measure() -> float:
        async with open_device_session() as http:

            async def check(host: str) -> None:
                client = OnvifClient(http, host, HTTP_PORT, None, timeout_s=_TIMEOUT_S)
                clock = await client.system_date_and_time()
                assert hasattr(clock, "offset_s"), clock

            return await _rate(check, cameras, checks)

    return uvloop.run(measure())


def onvif_zeep_rate(cameras: int, checks: int) -> float:
    """Return onvif-zeep's times per second of CPU, its service made once for each device.

    Making the service is left out: it parses the description, which takes a third of a second.
    """
    services = [
        ONVIFService(
            f"http://{host}:{HTTP_PORT}/onvif/device_service",
            "",
            "",
            str(description_path(Service.DEVICE)),
            binding_name="{http://www.onvif.org/ver10/device/wsdl}DeviceBinding",
        )
        for host in hosts(cameras)[:4]
    ]
    for service in services:
        service.GetSystemDateAndTime()
    began_s = time.process_time()
    for number in range(checks):
        services[number % len(services)].GetSystemDateAndTime()
    return checks / (time.process_time() - began_s)


def blackbox_rate(cameras: int, checks: int) -> float | None:
    """Return the checks per second of CPU of Prometheus's blackbox exporter; None: not there."""
    program = shutil.which(BLACKBOX)
    if program is None:
        return None
    with tempfile.TemporaryDirectory(prefix="sharpeyes-") as folder:
        module = Path(folder) / "blackbox.yml"
        module.write_text(_MODULE, encoding="utf-8")
        exporter = subprocess.Popen(
            [
                program,
                f"--config.file={module}",
                f"--web.listen-address=127.0.0.1:{_EXPORTER_PORT}",
                "--log.level=error",
            ],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        try:
            return asyncio.run(_blackbox(exporter.pid, cameras, checks))
        finally:
            exporter.kill()
            exporter.wait()


async def _blackbox(pid: int, cameras: int, checks: int) -> float:
    exporter = f"http://127.0.0.1:{_EXPORTER_PORT}"
    async with aiohttp.ClientSession() as http:

        async def check(host: str) -> None:
            target = f"{host}:{RTSP_PORT}"
            async with http.get(f"{exporter}/probe?module=rtsp&target={target}") as answer:
                assert "probe_success 1" in await answer.text(), target

        await _until_it_listens()
        return await _rate(check, cameras, checks, lambda: cpu_s(pid))


async def _until_it_listens() -> None:
    for _ in range(_LOOKS):
        if await check_connection("127.0.0.1", _EXPORTER_PORT, timeout_s=1) is None:
            return
        await asyncio.sleep(0.05)
    raise AssertionError(f"{BLACKBOX} does not start")


async def _rate(
    check: Callable[[str], Awaitable[None]],
    cameras: int,
    checks: int,
    cpu: Callable[[], float] = time.process_time,
) -> float:
    known = hosts(cameras)

    async def ask(count: int) -> None:
        numbers = iter(range(count))

        async def one_after_the_other() -> None:
            for number in numbers:
                await check(known[number % len(known)])

        await asyncio.gather(*[one_after_the_other() for _ in range(AT_ONCE)])

    await ask(AT_ONCE)
    began_s = cpu()
    await ask(checks)
    return checks / (cpu() - began_s)
