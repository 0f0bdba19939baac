"""From an unknown network to a registry that is filled: as an engineer goes about it."""

import csv
import json
from collections.abc import AsyncIterator, Callable
from ipaddress import IPv4Address
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio

FIRST_CODE = "42010200001320000101"
PASSWORD = "street-1"


@pytest_asyncio.fixture
async def street(
    installation: Any, own_address: IPv4Address, free_port: Callable[[], int]
) -> AsyncIterator[list[str]]:
    """Addresses of three simulated cameras that answer WS-Discovery on loopback."""
    hosts = [str(own_address + number) for number in range(3)]
    control = free_port()
    words = (
        *("simulate", "--cameras", "3", "--first-address", hosts[0], "--control-port", control),
        *("--rtsp-port", free_port(), "--http-port", free_port()),
    )
    async with installation.running(*map(str, words)):
        ask = installation.get_at(f"http://127.0.0.1:{control}/cameras")
        await installation.until(ask, lambda cameras: len(cameras) == 3, within_s=60)
        yield hosts


async def discover(installation: Any, hosts: list[str], *words: str) -> list[dict[str, Any]]:
    """Return what is found of this street; other tests may have fleets on loopback, too."""
    search = ("discover", "--interface", "127.0.0.1", "--timeout-s", "1", "--json")
    found = await installation.done(*search, *words)
    proposals = [json.loads(line) for line in found.out.splitlines()]
    return [proposal for proposal in proposals if proposal["host"] in hosts]


def keep_ours(path: Path, hosts: list[str]) -> list[dict[str, str]]:
    """Leave only this street's rows in a file for import, as an engineer would."""
    with path.open(encoding="utf-8-sig", newline="") as file:
        rows = [row for row in csv.DictReader(file) if row["host"] in hosts]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return rows


@pytest.mark.timeout(300)
async def test_a_network_is_discovered_imported_and_filled(
    installation: Any, street: list[str]
) -> None:
    new = ("--first-code", FIRST_CODE, "--tier", "social", "--division", "420102")
    file = installation.folder / "found.csv"
    proposals = await discover(installation, street, *new, "--csv", str(file))
    assert [p["host"] for p in proposals] == street
    assert all(not p["registered"] and not p["told_elsewhere"] for p in proposals)
    assert proposals[0]["model"] == "Simulated Street Camera"
    codes = {row["host"]: row["device_code"] for row in keep_ours(file, street)}
    assert codes[street[0]].startswith("42010200001320")
    # Nobody's work is overwritten.
    again = await installation.command(
        "discover", "--interface", "127.0.0.1", "--timeout-s", "0.5", "--csv", str(file)
    )
    assert (again.code, "is there already" in again.err) == (1, True)
    await installation.done("camera", "import", str(file))
    registered = await discover(installation, street)
    assert {p["host"]: p["registered"] for p in registered} == {
        host: [code] for host, code in codes.items()
    }

    one, *rest = codes.values()
    unknown = await installation.command("camera", "probe", one)
    assert unknown.code == 1
    assert "none are known" in unknown.err
    for code in codes.values():
        stdin = ("--username", "sim", "--password-stdin")
        await installation.done("camera", "password", code, *stdin, text=PASSWORD)
    shown = await installation.done("camera", "probe", one, "--fill")
    assert "main_stream_path" in shown.out
    assert "--yes files it" in shown.err
    filled = await installation.done("camera", "probe", one, "--fill", "--yes")
    assert "is filled" in filled.err
    many = await installation.done(
        "camera", "probe", "--all", "--division", "420102", "--fill", "--yes", "--json"
    )
    *cameras, report = [json.loads(line) for line in many.out.splitlines()]
    assert report == {
        "kind": "report",
        "cameras": 3,
        "causes": {"ok": 3},
        "differing": 2,
        "filled": 2,
    }
    assert {camera["device_code"] for camera in cameras} == set(codes.values())
    view = (await installation.done("camera", "show", rest[0], "--json")).json()
    assert view["main_stream_path"] == "/Streaming/Channels/101"
