"""`sharpeyes simulate`: a street of simulated cameras, and breaking them."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine
from contextlib import AsyncExitStack
from pathlib import Path
from typing import Annotated, Any

import aiohttp
import msgspec
import typer
import uvloop
from pydantic import ValidationError

from sharpeyes.devices.simulator.authentication import AuthScheme
from sharpeyes.devices.simulator.city.settings import MAX_CAMERAS, MAX_PROCESSES, CitySettings
from sharpeyes.devices.simulator.control import (
    CONTROL_HOST,
    DEFAULT_CONTROL_PORT,
    CameraState,
    ControlServer,
    camera_state,
)
from sharpeyes.devices.simulator.errors import SimulatorError
from sharpeyes.devices.simulator.fault import FAULTS, ClockOff, Fault, FaultKind, Slow
from sharpeyes.devices.simulator.fleet import Fleet
from sharpeyes.devices.simulator.settings import (
    PUBLIC_PASSWORD,
    PUBLIC_USERNAME,
    FleetSettings,
)
from sharpeyes.devices.simulator.street import camera_file
from sharpeyes.service.cli.context import Supervised
from sharpeyes.service.cli.output import CliError, note, print_json, print_table
from sharpeyes.service.cli.simulate_city import CityRun, run_city
from sharpeyes.service.stopping import stop_requested

PASSWORD_VARIABLE = "SHARPEYES_SIMULATOR_PASSWORD"  # noqa: S105  # the name of a variable

_CONTROL_TIMEOUT = aiohttp.ClientTimeout(total=10)
_SHOWN_AT_MOST = 60
_CODE_DIGITS = 20
_CITY = "A whole city"
_OF_STREET = frozenset({"cameras", "first_address", "control_port", "csv", "auth"})
_OF_CITY = frozenset(
    {
        "scenario",
        "processes",
        "truth",
        "write_cameras",
        "login_ratio",
        "clock_spread_s",
        "zone_lie_ratio",
    }
)

app = typer.Typer(
    help="Simulated cameras on loopback addresses, a street or a city, with faults on command.",
    invoke_without_command=True,
)


def _device_code(text: str) -> str:
    if len(text) == _CODE_DIGITS and text.isascii() and text.isdecimal():
        return text
    raise typer.BadParameter(f"a device code has {_CODE_DIGITS} digits")


DeviceCode = Annotated[
    str,
    typer.Argument(
        metavar="CODE", help="Device code of the camera, 20 digits.", callback=_device_code
    ),
]
ControlPort = Annotated[
    int, typer.Option(min=1, max=65_535, help="Control port of the running simulator.")
]


@app.callback()
def simulate(
    context: typer.Context,
    *,
    cameras: Annotated[int, typer.Option(min=1, max=250_000, help="How many cameras.")] = 24,
    seed: Annotated[int, typer.Option(min=0, help="Of names, places, buildings and traffic.")] = 1,
    first_address: Annotated[
        str, typer.Option(help="Address of the first camera; the others follow it.")
    ] = "127.20.0.1",
    rtsp_port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Of every camera's streams.")
    ] = 8554,
    http_port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Of every camera's ONVIF and snapshots.")
    ] = 8080,
    control_port: Annotated[
        int,
        typer.Option(
            min=0, max=65_535, help="On 127.0.0.1, for `simulate fault` and `clear`; 0: none."
        ),
    ] = DEFAULT_CONTROL_PORT,
    csv: Annotated[
        Path | None,
        typer.Option(
            help="Write the cameras, with credentials, as a file for `sharpeyes camera import`."
        ),
    ] = None,
    username: Annotated[
        str,
        typer.Option(
            help=f"Account of every camera. Its password is {PUBLIC_PASSWORD}, or the value of"
            f" {PASSWORD_VARIABLE}."
        ),
    ] = PUBLIC_USERNAME,
    auth: Annotated[
        AuthScheme, typer.Option(help="How the cameras ask for credentials.")
    ] = AuthScheme.DIGEST,
    city: Annotated[
        int | None,
        typer.Option(
            min=1,
            max=MAX_CAMERAS,
            help="So many cameras of a whole city instead of a street: little video, little cost.",
            rich_help_panel=_CITY,
        ),
    ] = None,
    scenario: Annotated[
        Path | None,
        typer.Option(help="What goes wrong when: a TOML or JSON file.", rich_help_panel=_CITY),
    ] = None,
    processes: Annotated[
        int,
        typer.Option(
            min=1, max=MAX_PROCESSES, help="How many share the work.", rich_help_panel=_CITY
        ),
    ] = 1,
    truth: Annotated[
        Path | None,
        typer.Option(
            help="Write what really was wrong with which camera from when to when, as JSON lines.",
            rich_help_panel=_CITY,
        ),
    ] = None,
    write_cameras: Annotated[
        Path | None,
        typer.Option(
            help="Write the cameras, with credentials, as a file for `sharpeyes camera import`.",
            rich_help_panel=_CITY,
        ),
    ] = None,
    login_ratio: Annotated[
        float,
        typer.Option(
            min=0, max=1, help="How many of the devices want a login.", rich_help_panel=_CITY
        ),
    ] = 1.0,
    clock_spread_s: Annotated[
        float,
        typer.Option(
            min=0,
            max=3_600,
            help="How far clocks are off at most, either way.",
            rich_help_panel=_CITY,
        ),
    ] = 1.0,
    zone_lie_ratio: Annotated[
        float,
        typer.Option(
            min=0,
            max=1,
            help="How many of the devices call China's time UTC.",
            rich_help_panel=_CITY,
        ),
    ] = 0.0,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print the cameras, or what happens, as JSON.")
    ] = False,
    supervised: Supervised = False,
) -> None:
    """Run a street of simulated cameras, or with --city a whole city's, until Ctrl-C."""
    if context.invoked_subcommand is not None:
        return
    password = os.environ.get(PASSWORD_VARIABLE) or PUBLIC_PASSWORD
    _refuse_options_of_the_other(context, _OF_STREET if city is not None else _OF_CITY, city)
    if city is not None:
        try:
            chosen = CitySettings.model_validate(
                {
                    "cameras": city,
                    "seed": seed,
                    "rtsp_port": rtsp_port,
                    "http_port": http_port,
                    "username": username,
                    "password": password,
                    "login_ratio": login_ratio,
                    "clock_spread_s": clock_spread_s,
                    "zone_lie_ratio": zone_lie_ratio,
                }
            )
        except ValidationError as error:
            raise typer.BadParameter(_explain(error)) from error
        run = CityRun(
            settings=chosen,
            scenario=scenario,
            processes=processes,
            truth=truth,
            cameras=write_cameras,
            as_json=as_json,
            supervised=supervised,
        )
        _run_to_the_end(run_city(run))
        return
    try:
        settings = FleetSettings.model_validate(
            {
                "cameras": cameras,
                "seed": seed,
                "first_address": first_address,
                "rtsp_port": rtsp_port,
                "http_port": http_port,
                "username": username,
                "password": password,
                "auth": auth,
            }
        )
    except ValidationError as error:
        raise typer.BadParameter(_explain(error)) from error
    _run_to_the_end(
        _run(
            settings,
            control_port=control_port,
            csv=csv,
            as_json=as_json,
            supervised=supervised,
        )
    )


def _refuse_options_of_the_other(
    context: typer.Context, others: frozenset[str], city: int | None
) -> None:
    """Refuse what would be ignored."""
    for name in sorted(others):
        source = context.get_parameter_source(name)
        if source is not None and source.name == "COMMANDLINE":
            why = "needs --city" if city is None else "is for streets, not with --city"
            raise typer.BadParameter(why, param_hint=f"--{name.replace('_', '-')}")


def _run_to_the_end(simulation: Coroutine[object, object, None]) -> None:
    try:
        uvloop.run(simulation)
    except SimulatorError as error:
        raise CliError(str(error)) from error


@app.command("fault")
def fault(
    code: DeviceCode,
    kind: Annotated[FaultKind, typer.Argument(metavar="KIND", help="What shall be wrong with it.")],
    *,
    after_s: Annotated[
        float | None,
        typer.Option(min=0, max=3_600, help="For slow: answer so many seconds late. Default 5."),
    ] = None,
    offset_s: Annotated[
        float | None,
        typer.Option(
            min=-31_536_000,
            max=31_536_000,
            help="For clock_off: device time minus true time, seconds. Default 3600.",
        ),
    ] = None,
    control_port: ControlPort = DEFAULT_CONTROL_PORT,
    as_json: Annotated[bool, typer.Option("--json", help="Print the camera as JSON.")] = False,
) -> None:
    """Break a camera of the running simulator; a new fault takes the place of an old one."""
    chosen = FAULTS[kind]
    if after_s is not None and chosen is not Slow:
        raise typer.BadParameter("only the fault slow has it", param_hint="--after-s")
    if offset_s is not None and chosen is not ClockOff:
        raise typer.BadParameter("only the fault clock_off has it", param_hint="--offset-s")
    given = {"after_s": after_s, "offset_s": offset_s}
    parameters = {name: value for name, value in given.items() if value is not None}
    try:
        body = msgspec.convert({"kind": kind.value, **parameters}, Fault)
    except msgspec.ValidationError as error:  # nan
        raise typer.BadParameter(str(error)) from error
    state = asyncio.run(_ask(control_port, "PUT", code, msgspec.json.encode(body)))
    _print_change(state, f"{state.name} ({code}) has the fault {kind.value}.", as_json=as_json)


@app.command("clear")
def clear(
    code: DeviceCode,
    *,
    control_port: ControlPort = DEFAULT_CONTROL_PORT,
    as_json: Annotated[bool, typer.Option("--json", help="Print the camera as JSON.")] = False,
) -> None:
    """Repair a camera of the running simulator, and forget its failed logins."""
    state = asyncio.run(_ask(control_port, "DELETE", code))
    _print_change(state, f"{state.name} ({code}) is well again.", as_json=as_json)


async def _run(
    settings: FleetSettings,
    *,
    control_port: int,
    csv: Path | None,
    as_json: bool,
    supervised: bool,
) -> None:
    fleet = Fleet(settings)
    if csv is not None:
        _write_private(csv, camera_file(fleet.cameras, settings))
    note("Drawing the streets ...")
    async with stop_requested(supervised=supervised) as stop, AsyncExitStack() as stack:
        await stack.enter_async_context(fleet)
        if control_port:
            await stack.enter_async_context(ControlServer(fleet, control_port))
        _print_cameras(fleet, as_json=as_json)
        _print_instructions(settings, control_port, csv)
        note(fleet.not_discoverable or "Find them with: sharpeyes discover --interface 127.0.0.1")
        note("Ctrl-C ends them.")
        await stop.wait()
    note("The simulated cameras are gone.")


def _print_cameras(fleet: Fleet, *, as_json: bool) -> None:
    if as_json:
        for camera in fleet.cameras:
            print_json(camera_state(fleet, camera.device_code))
        return
    shown = fleet.cameras[:_SHOWN_AT_MOST]
    print_table(
        ("device code", "name", "tier", "address", "scene"),
        ((c.device_code, c.name, c.tier, c.host, c.scene) for c in shown),
        empty="There are no cameras.",
    )
    if len(fleet.cameras) > len(shown):
        note(f"... and {len(fleet.cameras) - len(shown):,} more.")


def _print_instructions(settings: FleetSettings, control_port: int, csv: Path | None) -> None:
    note(
        f"{settings.cameras} cameras answer: RTSP on port {settings.rtsp_port}, ONVIF and snapshots"
        f" on port {settings.http_port}, user {settings.username}."
    )
    if csv is not None:
        note(f"Register them with: sharpeyes camera import {csv}")
    if control_port:
        port = "" if control_port == DEFAULT_CONTROL_PORT else f" --control-port {control_port}"
        note(f"Break one with: sharpeyes simulate fault CODE {'|'.join(FaultKind)}{port}")


def _write_private(path: Path, text: str) -> None:
    """Write a file that only its owner can read: it holds a password."""
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            os.fchmod(file.fileno(), 0o600)
            file.write(text)
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror}") from error


async def _ask(port: int, method: str, code: str, body: bytes | None = None) -> CameraState:
    """Ask the running simulator for a change.

    Raises:
        CliError: there is no simulator, or it refuses.
    """
    url = f"http://{CONTROL_HOST}:{port}/cameras/{code}/fault"
    try:
        async with (
            aiohttp.ClientSession(timeout=_CONTROL_TIMEOUT) as session,
            session.request(method, url, data=body) as response,
        ):
            answered = await response.read()
            is_ours = response.content_type == "application/json"
    except (aiohttp.ClientError, TimeoutError) as error:
        raise CliError(
            f"no simulator answers on {CONTROL_HOST} port {port}: start one with"
            " `sharpeyes simulate`, or name its port with --control-port"
        ) from error
    if not is_ours:
        raise CliError(f"what answers on {CONTROL_HOST} port {port} is not the simulator")
    if not response.ok:
        refusal: dict[str, Any] = msgspec.json.decode(answered)
        raise CliError(str(refusal.get("error", response.status)))
    return msgspec.json.decode(answered, type=CameraState)


def _print_change(state: CameraState, sentence: str, *, as_json: bool) -> None:
    if as_json:
        print_json(state)
    else:
        note(sentence)


def _explain(error: ValidationError) -> str:
    """The first problem in one line, with the option's name where one is to blame."""
    problem = error.errors(include_url=False, include_input=False)[0]
    option = "".join(f"--{str(part).replace('_', '-')}: " for part in problem["loc"])
    return option + problem["msg"].removeprefix("Value error, ")
