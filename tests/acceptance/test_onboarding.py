"""From an unknown network to a registry that is filled: as an engineer goes about it."""

import asyncio
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


@pytest.mark.timeout(300)
async def test_places_coverage_duplicates_and_a_merge(installation: Any, tmp_path: Path) -> None:
    one, two = "42010200001320000001", "42010200001320000002"
    where = ("--lon", "114.31", "--lat", "30.60", "--tier", "city", "--name", "解放大道")
    stream = ("--stream", "rtsp://10.0.0.1/a")
    await installation.done("camera", "add", one, *where, *stream)
    await installation.done("camera", "add", two, *where, *stream, "--snapshot", "/s.jpg")
    (tmp_path / "places.csv").write_text(
        "place_code,name_zh,kind,division_code,radius_m,longitude,latitude,polygon\n"
        "S1,中心小学,8,420102,100,114.3101,30.6001,\n"
        'SQ,广场,4,420102,50,,,"114.40,30.60 114.41,30.60 114.41,30.61"\n'
        "BAD,车站,77,420102,100,30.6,114.31,\n"
        "S1,again,8,420102,100,114.31,30.60,\n"
        "FAR,nowhere,8,420199,100,114.31,30.60,\n",
        encoding="utf-8",
    )
    imported = await installation.command("place", "import", "places.csv", "--json")
    assert imported.code == 1
    *problems, report = [json.loads(line) for line in imported.out.splitlines()]
    assert {(p["row"], p["field"]) for p in problems} == {
        (4, "kind"),
        (4, "longitude"),
        (5, "place_code"),
        (6, "division_code"),
    }
    assert report == {
        "kind": "report",
        "added": 2,
        "changed": 0,
        "unchanged": 0,
        "refused_rows": 3,
    }
    listed = await installation.done("place", "list")
    assert "not_covered" in listed.out
    shown = (await installation.done("place", "show", "S1", "--json")).json()
    assert (shown["state"], shown["watching"]) == ("covered", 2)
    figures = (await installation.done("coverage", "--json")).json()
    assert figures["coverage"]["total"]["percent"] == 50
    assert figures["coverage"]["by_tier"]["city"]["fulfilled"] == 1
    assert figures["completeness"]["total"]["cameras"] == 2
    table = await installation.done("coverage", "--fields")
    assert "50 % of 2" in table.out

    [duplicate] = (await installation.done("camera", "duplicates", "--json")).json()["duplicates"][
        :1
    ]
    assert {camera["device_code"] for camera in duplicate["cameras"]} == {one, two}
    unasked = await installation.command("camera", "merge", one, two)
    assert (unasked.code, "--yes" in unasked.err) == (1, True)
    merged = (await installation.done("camera", "merge", one, two, "--yes", "--json")).json()
    assert (merged["kept"], merged["dropped"]) == (one, two)
    assert (await installation.done("camera", "duplicates", "--json")).json()["total"] == {
        "address": 0,
        "mac": 0,
        "position": 0,
        "code": 0,
    }


WRONG = {
    "no interface": (("discover",), "--interface"),
    "a name for an address": (("discover", "--interface", "eth0"), "IPv4 address"),
    "an address of another": (
        ("discover", "--interface", "203.0.113.9", "--timeout-s", "0.5"),
        "203.0.113.9 is no address of this machine",
    ),
    "a code of a recorder": (
        ("discover", "--interface", "127.0.0.1", "--first-code", "42010200001180000001"),
        "NVR",
    ),
    "a polygon that is none": (
        (
            *("place", "add", "x", "--name-zh", "x", "--kind", "8", "--division", "420102"),
            *("--radius-m", "9", "--polygon", "1;2"),
        ),
        "corner 1",
    ),
    "a place that is not there": (("place", "show", "nowhere"), "nowhere"),
    "a division that is not there": (("coverage", "--division", "420199"), "420199"),
    "all and one": (("camera", "probe", "42010200001320000001", "--all"), "--all"),
    "nobody to probe": (("camera", "probe"), "device code"),
    "yes to nothing": (("camera", "probe", "--all", "--yes"), "--fill"),
    "a merge with itself": (
        ("camera", "merge", "42010200001320000001", "42010200001320000001", "--yes"),
        "42010200001320000001",
    ),
}


@pytest.mark.parametrize("case", WRONG)
async def test_wrong_input_is_answered_clearly(installation: Any, case: str) -> None:
    words, named = WRONG[case]
    answer = await asyncio.wait_for(installation.command(*words), 90)
    assert answer.code in {1, 2}
    assert named in answer.err
    assert "Traceback" not in answer.err
    assert answer.out == ""
