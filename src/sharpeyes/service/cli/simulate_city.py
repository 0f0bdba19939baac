"""`sharpeyes simulate --city N`: cameras by the hundred thousand, and what goes wrong with them."""

from __future__ import annotations

import os
import time
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import BinaryIO

import msgspec

from sharpeyes.devices.simulator.city.camera_list import write_cameras
from sharpeyes.devices.simulator.city.fault import is_of_device, kind_of
from sharpeyes.devices.simulator.city.layout import Layout
from sharpeyes.devices.simulator.city.parts import Part, parts
from sharpeyes.devices.simulator.city.scenario import QUIET, Scenario, read_scenario
from sharpeyes.devices.simulator.city.server import City, open_ports
from sharpeyes.devices.simulator.city.settings import CitySettings
from sharpeyes.devices.simulator.city.tally import Tally, together
from sharpeyes.devices.simulator.city.timeline import Change, Trouble
from sharpeyes.devices.simulator.city.truth import Played, TruthLog
from sharpeyes.service.cli.output import CliError, note, print_json
from sharpeyes.service.stopping import stop_requested

_OWNER_ONLY = 0o600


@dataclass(frozen=True, slots=True)
class CityRun:
    """How a city is run.

    Args:
        settings: of the city.
        scenario: file of what goes wrong; None: nothing.
        processes: how many share the work.
        truth: where the truth log goes; None: nowhere.
        cameras: where the file for the import goes; None: nowhere.
        as_json: whether to print what happens as JSON, one a line.
        supervised: whether to end with standard input.
    """

    settings: CitySettings
    scenario: Path | None
    processes: int
    truth: Path | None
    cameras: Path | None
    as_json: bool
    supervised: bool


class _Ready(msgspec.Struct, tag_field="event", tag="ready"):
    cameras: int
    devices: int
    switches: int
    recorders: int
    links: tuple[str, ...]
    rtsp_port: int
    http_port: int
    pids: tuple[int, ...]


class _Changed(msgspec.Struct, tag_field="event", tag="change"):
    at: datetime
    t_s: float
    step: str
    begins: bool
    fault: str
    devices: int
    cameras: int


class _Tallied(msgspec.Struct, tag_field="event", tag="tally"):
    tally: Tally


async def run_city(run: CityRun) -> None:
    """Run a city until it is told to end.

    Raises:
        SimulatorError: it cannot be run.
        CliError: a file cannot be written.
    """
    scenario = QUIET if run.scenario is None else read_scenario(run.scenario)
    if run.cameras is not None:
        _write_cameras(run.cameras, run.settings)
    with ExitStack() as stack:
        truth = None if run.truth is None else _truth_log(run.truth, run.settings.layout, stack)
        ports = open_ports(run.settings, run.processes)
        teller = _Teller(run.settings.layout, truth, as_json=run.as_json)
        city = City(run.settings, scenario, on_change=teller.changed, ports=ports[0], waits=True)
        note("Drawing the pictures ...")
        others = stack.enter_context(parts(run.settings, scenario, ports[1:]))
        async with stop_requested(supervised=run.supervised) as stop, city:
            teller.ready(run.settings, others)
            _begin(city, others, scenario, truth)
            await stop.wait()
            teller.tallied(city, others)
    note("The simulated city is gone.")


def _begin(city: City, others: list[Part], scenario: Scenario, truth: TruthLog | None) -> None:
    """Let the scenario begin, at the same moment in all processes."""
    start_s = time.monotonic()
    if truth is not None:
        settings = city.settings
        truth.begin(Played(datetime.now(UTC), scenario.name, settings.seed, settings.cameras))
    for part in others:
        part.begin(start_s)
    city.begin(start_s)


class _Teller:
    """Prints what happens, and writes it into the truth log."""

    def __init__(self, layout: Layout, truth: TruthLog | None, *, as_json: bool) -> None:
        self._layout = layout
        self._truth = truth
        self._as_json = as_json

    def ready(self, settings: CitySettings, others: list[Part]) -> None:
        layout = self._layout
        if self._as_json:
            print_json(
                _Ready(
                    cameras=layout.cameras,
                    devices=layout.devices,
                    switches=layout.switches,
                    recorders=layout.recorders,
                    links=tuple(name for name, _ in layout.links()),
                    rtsp_port=settings.rtsp_port,
                    http_port=settings.http_port,
                    pids=(os.getpid(), *(part.pid for part in others)),
                )
            )
            return
        first, last = layout.host_of(0), layout.host_of(layout.devices - 1)
        note(
            f"{layout.cameras:,} cameras on {layout.switches:,} switches, {layout.recorders:,}"
            f" recorders among them, answer from {first} to {last}: RTSP on port"
            f" {settings.rtsp_port}, ONVIF and snapshots on port {settings.http_port}, user"
            f" {settings.username}. Ctrl-C ends them."
        )

    def changed(self, change: Change, trouble: Trouble, at: datetime) -> None:
        if self._truth is not None:
            self._truth.add(change, trouble, at)
        whole = is_of_device(trouble.fault)
        cameras_of = self._layout.cameras_of
        cameras = (
            sum(len(cameras_of(member)) for member in change.members)
            if whole
            else len(change.members)
        )
        devices = len(change.members) if whole else 0
        if self._as_json:
            print_json(
                _Changed(
                    at=at,
                    t_s=change.at_s,
                    step=trouble.name,
                    begins=change.begins,
                    fault=kind_of(trouble.fault),
                    devices=devices,
                    cameras=cameras,
                )
            )
            return
        what = "begins" if change.begins else "is over"
        note(
            f"{change.at_s:9.1f} s  {trouble.name}: {kind_of(trouble.fault)} {what} at"
            f" {cameras:,} cameras"
        )

    def tallied(self, city: City, others: list[Part]) -> None:
        tally = city.tally
        for part in others:
            tally = together(tally, part.tally())
        if self._as_json:
            print_json(_Tallied(tally))
            return
        asked = ", ".join(f"{count:,} {what}" for what, count in sorted(tally.requests.items()))
        note(
            f"{tally.connections:,} connections; {asked or 'nothing was asked'};"
            f" {tally.bad_logins:,} bad logins, {tally.lockouts:,} accounts locked; at most"
            f" {tally.peak_open:,} connections at once,"
            f" {tally.peak_open_of_switch:,} to one switch,"
            f" {tally.peak_open_of_device:,} to one device; {tally.cpu_s:.1f} s of CPU time."
        )


def _write_cameras(path: Path, settings: CitySettings) -> None:
    """Write the file for the import so that only its owner can read it: it holds a password."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, _OWNER_ONLY)
        with os.fdopen(handle, "w", encoding="utf-8", newline="") as file:
            os.fchmod(file.fileno(), _OWNER_ONLY)
            write_cameras(file, settings)
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror}") from error


def _truth_log(path: Path, layout: Layout, stack: ExitStack) -> TruthLog:
    try:
        file: BinaryIO = stack.enter_context(path.open("wb"))
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror}") from error
    truth = TruthLog(file, layout)
    stack.callback(truth.close)
    return truth
