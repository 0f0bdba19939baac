"""`sharpeyes simulate` as an engineer uses it: started, broken, repaired, ended."""

import asyncio
import csv
import json
import os
import signal
import stat
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

SHARPEYES = Path(sys.executable).with_name("sharpeyes")
DEADLINE_S = 90.0
ENVIRON = {"PATH": os.environ["PATH"], "HOME": "/nonexistent"}


async def run(*words: str) -> tuple[int, str, str]:
    process = await asyncio.create_subprocess_exec(
        *(str(SHARPEYES), "simulate", *words),
        env=ENVIRON,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    out, err = await asyncio.wait_for(process.communicate(), DEADLINE_S)
    assert process.returncode is not None
    return process.returncode, out.decode(), err.decode()


@asynccontextmanager
async def street(*words: str) -> AsyncIterator[tuple[asyncio.subprocess.Process, list[Any]]]:
    """A running simulator of three cameras, and what it says of them; ended by Ctrl-C."""
    process = await asyncio.create_subprocess_exec(
        *(str(SHARPEYES), "simulate", "--json", "--cameras", "3", *words),
        env=ENVIRON,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE_S):
            yield process, [json.loads(await process.stdout.readline()) for _ in range(3)]
            process.send_signal(signal.SIGINT)
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


async def answers(host: str, port: int) -> bool:
    try:
        _, writer = await asyncio.open_connection(host, port)
    except ConnectionRefusedError:
        return False
    writer.close()
    return True


async def test_a_street_is_started_broken_repaired_and_ended(
    tmp_path: Path, own_address: IPv4Address, free_port: Callable[[], int]
) -> None:
    table, control = tmp_path / "cameras.csv", str(free_port())
    rtsp_port, http_port = free_port(), free_port()
    where = (
        *("--first-address", str(own_address)),
        *("--rtsp-port", str(rtsp_port), "--http-port", str(http_port)),
    )
    async with street(*where, "--csv", str(table), "--control-port", control) as (process, cameras):
        code, host = cameras[0]["device_code"], cameras[0]["host"]
        assert await answers(host, rtsp_port)
        assert await answers(host, http_port)

        ended, out, err = await run("fault", code, "down", "--control-port", control)
        assert (ended, out) == (0, "")
        assert code in err
        assert not await answers(host, rtsp_port)

        slow = ("fault", code, "slow", "--after-s", "3", "--control-port", control, "--json")
        ended, out, _ = await run(*slow)
        assert ended == 0
        assert json.loads(out)["fault"] == {"kind": "slow", "after_s": 3.0}
        assert await answers(host, rtsp_port)

        ended, out, _ = await run("clear", code, "--control-port", control, "--json")
        assert (ended, json.loads(out)["fault"]) == (0, None)

        ended, _, err = await run("clear", "9" * 20, "--control-port", control)
        assert ended == 1
        assert err == f"sharpeyes: no camera {'9' * 20} in this fleet\n"
    assert process.returncode == 0
    assert not await answers(host, rtsp_port)
    assert stat.S_IMODE(table.stat().st_mode) == 0o600
    with table.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    assert [row["device_code"] for row in rows] == [camera["device_code"] for camera in cameras]


SCENARIO = """
name = "day"

[[step]]
name = "two switches die"
at_s = 0
on = { switches = [0, 1] }
fault = { kind = "reset" }
"""


async def test_a_city_in_two_processes_plays_its_scenario_and_tells_the_truth(
    tmp_path: Path, free_port: Callable[[], int]
) -> None:
    (tmp_path / "day.toml").write_text(SCENARIO)
    rtsp_port = free_port()
    process = await asyncio.create_subprocess_exec(
        *(str(SHARPEYES), "simulate", "--city", "800", "--processes", "2", "--json"),
        *("--rtsp-port", str(rtsp_port), "--http-port", str(free_port()), "--supervised"),
        *("--scenario", str(tmp_path / "day.toml"), "--truth", str(tmp_path / "truth.jsonl")),
        *("--write-cameras", str(tmp_path / "cameras.csv")),
        env=ENVIRON,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        async with asyncio.timeout(DEADLINE_S):
            ready, change = [json.loads(await process.stdout.readline()) for _ in range(2)]
            # Of each process's switches one that is struck, and one that is not.
            well = [await asked(f"127.64.{switch}.9", rtsp_port) for switch in range(4)]
            process.stdin.close()
            tally = json.loads(await process.stdout.readline())["tally"]
            await process.wait()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    assert (ready["event"], ready["cameras"], len(set(ready["pids"]))) == ("ready", 800, 2)
    assert (change["begins"], change["devices"], change["cameras"]) == (True, 340, 400)
    assert well == [False, False, True, True]
    assert (tally["connections"], tally["requests"]) == (4, {"OPTIONS": 2})
    truth = (tmp_path / "truth.jsonl").read_text().splitlines()
    assert [json.loads(line)["event"] for line in truth] == ["start", *["begin"] * 400]
    assert stat.S_IMODE((tmp_path / "cameras.csv").stat().st_mode) == 0o600
    assert process.returncode == 0


async def asked(host: str, port: int) -> bool:
    """Whether a device answers OPTIONS; False if it breaks the connection off."""
    try:
        reader, writer = await asyncio.open_connection(host, port)
    except ConnectionResetError:  # before we have noticed that it was made
        return False
    try:
        writer.write(b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\n")
        return (await reader.readline()).startswith(b"RTSP/1.0 200")
    except ConnectionResetError:
        return False
    finally:
        writer.close()
