"""The service is killed with -9 while events flow: none is lost, repeats carry the same id."""

import asyncio
import contextlib
import os
import random
import signal
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import aiohttp
import msgspec
import pytest

CAMERAS = 12
KILLS = 4
CAMERA_STAYS_S = 1.0


def children_of(pid: int) -> list[int]:
    return [
        int(child)
        for task in Path(f"/proc/{pid}/task").iterdir()
        for child in (task / "children").read_text().split()
    ]


@pytest.fixture
def rng() -> random.Random:
    seed = random.SystemRandom().randrange(2**32)
    print(f"seed: {seed}")  # noqa: T201  # shown when the test fails
    return random.Random(seed)


@pytest.mark.timeout(300)
async def test_killed_while_events_flow(
    installation: Any,
    rng: random.Random,
    own_address: IPv4Address,
    free_port: Any,
    no_process_left: None,
) -> None:
    receiver_port, control_port = free_port(), free_port()
    secret = installation.folder / "secret"
    secret.touch(mode=0o600)
    received = f"http://127.0.0.1:{receiver_port}/events"

    async with (
        installation.running(
            *("simulate", "--cameras", str(CAMERAS), "--csv", "cameras.csv"),
            *("--first-address", str(own_address), "--control-port", str(control_port)),
        ),
        installation.running(
            *("receiver", "--port", str(receiver_port), "--secret-file", secret),
            *("--store", "received.ndjson"),
        ),
    ):
        await installation.until(
            installation.get_at(f"http://127.0.0.1:{control_port}/cameras"), bool, within_s=60
        )
        await installation.done("camera", "import", "cameras.csv")
        await installation.until(installation.get_at(received), bool, within_s=30)
        added = await installation.done("endpoint", "add", "cases", received, "--json")
        secret.write_text(added.json()["secret"])

        breaking = asyncio.create_task(keep_breaking(control_port, rng))
        for kill in range(KILLS):
            async with installation.serving() as serve:
                before = len((await installation.get_at(received)())["events"])
                await installation.until(
                    installation.get_at(received),
                    lambda got, least=before + 3: len(got["events"]) >= least,
                    within_s=60,
                )
                # Now the supervisor with all below it, now one process that it starts again.
                victims = [serve.pid] if kill % 2 else rng.sample(children_of(serve.pid), 1)
                for pid in victims:
                    os.kill(pid, signal.SIGKILL)
                if kill % 2:
                    await serve.wait()
        breaking.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await breaking

        async with installation.serving():
            await installation.until(
                installation.get("/api/v1/endpoints"),
                lambda listed: listed["endpoints"][0]["pending"] == 0,
                within_s=90,
            )
            stored = await all_events(installation)

    lines = (installation.folder / "received.ndjson").read_bytes().splitlines()
    kept = [msgspec.json.decode(line) for line in lines]
    assert len(stored) >= 3 * KILLS
    assert {event["id"] for event in kept} == {event["event_id"] for event in stored}
    by_id = {event["event_id"]: event for event in stored}
    assert all(event["subject"] == by_id[event["id"]]["device_code"] for event in kept)


async def keep_breaking(control_port: int, rng: random.Random) -> None:
    """Break and repair cameras, so that there is always something to tell."""
    cameras = f"http://127.0.0.1:{control_port}/cameras"
    async with aiohttp.ClientSession(raise_for_status=True) as session:
        async with session.get(cameras) as listed:
            codes = [camera["device_code"] for camera in await listed.json()]
        while True:
            fault = f"{cameras}/{rng.choice(codes)}/fault"
            await session.put(fault, json={"kind": "down"})
            # The time that a camera stays so: long enough for it to be noticed.
            await asyncio.sleep(CAMERA_STAYS_S)
            await session.delete(fault)
            await asyncio.sleep(CAMERA_STAYS_S)


async def all_events(installation: Any) -> list[dict[str, Any]]:
    events: list[dict[str, Any]] = []
    query = {"limit": "500"}
    while True:
        page = await installation.get("/api/v1/events", **query)()
        events += page["events"]
        if page["next"] is None:
            return events
        query["after"] = page["next"]
