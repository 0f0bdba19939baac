"""Measures the simulated city beside the street, with the same bare client, and prints it."""

from __future__ import annotations

import json
import os
import statistics
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import uvloop
from rich.console import Console
from rich.table import Table

from benchmarks.simulator.client import Load, ask
from sharpeyes.devices.simulator.city.settings import CitySettings

CAMERAS = 250_000
QUICK_CAMERAS = 5_000
ROUNDS = 5
QUICK_ROUNDS = 2
ROUND_S = 3.0
STREET_CAMERAS = 24
AT_ONCE = 100
_ASKED = 20_000  # different devices
_SHARPEYES = Path(sys.executable).with_name("sharpeyes")


class Cost(msgspec.Struct):
    """What checks cost the simulator.

    Attributes:
        checks_per_cpu_s: Per second of its CPU time, of each round.
        client_per_cpu_s: The client's own, of each round.
        failed: Checks that were not answered as they should be.
        rss_mb: Its memory at the end.
    """

    checks_per_cpu_s: list[float] = []
    client_per_cpu_s: list[float] = []
    failed: int = 0
    rss_mb: float = 0.0


def run(quick: bool) -> dict[str, object]:  # the one choice of every benchmark
    """Measure, print the table, and return the figures of the last line."""
    cameras, rounds = (QUICK_CAMERAS, QUICK_ROUNDS) if quick else (CAMERAS, ROUNDS)
    layout = CitySettings(cameras=cameras).layout
    hosts = [
        layout.host_of(device)
        for device in range(0, layout.devices, max(layout.devices // _ASKED, 1))
    ]
    street = [f"127.20.0.{n}" for n in range(1, STREET_CAMERAS + 1)]
    city = ["--city", str(cameras)]
    costs = {
        "street, asks for a login": _measure(["--cameras", str(STREET_CAMERAS)], street, rounds),
        "city, asks for a login": _measure([*city, "--login-ratio", "1"], hosts, rounds),
        "city, no logins": _measure([*city, "--login-ratio", "0"], hosts, rounds),
    }
    small = _measure(["--city", "200", "--login-ratio", "0"], hosts[:1], 1)
    _print(cameras, costs)
    measured = {name: statistics.median(cost.checks_per_cpu_s) for name, cost in costs.items()}
    bytes_per_camera = (
        (costs["city, no logins"].rss_mb - small.rss_mb) * 1_048_576 / (cameras - 200)
    )
    return {
        "cameras": cameras,
        "checks_per_cpu_s": {name: round(value) for name, value in measured.items()},
        "ratio_to_street": round(
            measured["city, asks for a login"] / measured["street, asks for a login"], 2
        ),
        "rss_mb": round(costs["city, no logins"].rss_mb, 1),
        "bytes_per_camera": round(max(bytes_per_camera, 0.0), 1),
        "failed": sum(cost.failed for cost in costs.values()),
    }


def _measure(options: list[str], hosts: list[str], rounds: int) -> Cost:
    cost = Cost()
    with _simulator(options) as pid:
        for number in range(rounds):
            before_s = _cpu_s(pid)
            load: Load = uvloop.run(ask(hosts, 8554, lasts_s=ROUND_S, at_once=AT_ONCE, seed=number))
            cost.checks_per_cpu_s.append(load.checks / (_cpu_s(pid) - before_s))
            cost.client_per_cpu_s.append(load.checks / load.cpu_s)
            cost.failed += load.failed
        cost.rss_mb = _rss_mb(pid)
    return cost


@contextmanager
def _simulator(options: list[str]) -> Iterator[int]:
    """Run one; the process's id, once it answers."""
    process = subprocess.Popen(
        [_SHARPEYES, "simulate", *options, "--json", "--supervised"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    with process:
        json.loads(process.stdout.readline())
        try:
            yield process.pid
        finally:
            process.stdin.close()
            process.stdout.read()


def _cpu_s(pid: int) -> float:
    words = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(words[11]) + int(words[12])) / os.sysconf("SC_CLK_TCK")


def _rss_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1_024
    raise LookupError("VmRSS")


def _print(cameras: int, costs: dict[str, Cost]) -> None:
    table = Table(title=f"RTSP checks, {cameras:,} cameras", title_justify="left", box=None)
    for column in ("simulator", "checks per CPU-second", "spread", "client's", "memory (MB)"):
        table.add_column(column, justify="left" if column == "simulator" else "right")
    for name, cost in costs.items():
        each = cost.checks_per_cpu_s
        table.add_row(
            name,
            f"{statistics.median(each):,.0f}",
            f"{min(each):,.0f}-{max(each):,.0f}",
            f"{statistics.median(cost.client_per_cpu_s):,.0f}",
            f"{cost.rss_mb:.0f}",
        )
    Console().print(table)
