"""`sharpeyes discover`: which devices there are on a network, as proposals for the registry."""

from __future__ import annotations

import csv
import os
from collections.abc import Iterable, Iterator
from ipaddress import IPv4Address
from pathlib import Path
from typing import Annotated

import asyncpg
import msgspec
import typer

from sharpeyes.devices.discovery import (
    DiscoveredDevice,
    Discovery,
    DiscoveryError,
    discover_devices,
)
from sharpeyes.registry.csv_lines import guard_formula
from sharpeyes.registry.device_code import DeviceCode
from sharpeyes.registry.errors import DeviceCodeError
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, note, print_json, print_table
from sharpeyes.service.cli.registered import TierWord

_SERIALS = 1_000_000
_LONGEST_NAME = 200
_COLUMNS = (
    "device_code",
    "name",
    "tier",
    "division_code",
    "host",
    "http_port",
    "model",
    "poll_mode",
)


class Proposal(msgspec.Struct, frozen=True, kw_only=True):
    """A device that answered, as it could be registered.

    Attributes:
        host: Its address.
        http_port: Of its ONVIF service.
        name: What it calls itself; its address where it does not.
        model: As it calls it, or empty.
        location: Where it says that it is, or empty.
        reference: Its own lasting name.
        device_code: A free code for it; None unless one was asked for, or it is registered.
        registered: The codes of the cameras that are registered at its address.
        told_elsewhere: Whether it gave addresses on other hosts only; they were not followed.
    """

    host: str
    http_port: int
    name: str
    model: str
    location: str
    reference: str
    device_code: str | None
    registered: list[str]
    told_elsewhere: bool


def _address(text: str) -> IPv4Address:
    try:
        return IPv4Address(text.strip())
    except ValueError:
        raise typer.BadParameter(
            "must be this machine's own IPv4 address on that network; `ip -4 address` lists them",
            param_hint="--interface",
        ) from None


def _first_code(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        code = DeviceCode.parse(text.strip())
        code.require_camera()
    except DeviceCodeError as error:
        raise typer.BadParameter(str(error)) from None
    return code.text


def discover(  # noqa: PLR0917  # typer reads them by name
    interface: Annotated[
        str,
        typer.Option(
            metavar="ADDRESS",
            help="Our own IPv4 address on the network to ask, such as 10.20.0.5.",
        ),
    ],
    timeout_s: Annotated[
        float, typer.Option(min=0.5, max=60, help="Seconds to wait for answers.")
    ] = 4.0,
    csv_file: Annotated[
        Path | None,
        typer.Option(
            "--csv",
            metavar="FILE",
            help="Write those that are not registered as a file for `sharpeyes camera import`.",
        ),
    ] = None,
    first_code: Annotated[
        str | None,
        typer.Option(
            metavar="CODE",
            callback=_first_code,
            help="Propose device codes from this one on, leaving out those that are taken.",
        ),
    ] = None,
    tier: Annotated[TierWord | None, typer.Option(help="Tier to write into the file.")] = None,
    division: Annotated[
        str | None, typer.Option(metavar="CODE", help="Division to write into the file.")
    ] = None,
    as_json: Annotated[
        bool, typer.Option("--json", help="Print one JSON object per device and line.")
    ] = False,
) -> None:
    """Find cameras and recorders that answer WS-Discovery, and propose records of them.

    Nothing is registered. A device tells no password and no stream: import the file, store the
    password, and let `sharpeyes camera probe --fill` ask for the rest.
    """
    address = _address(interface)

    async def command() -> tuple[Discovery, list[Proposal]]:
        async with open_database() as database:
            limits = database.settings.devices.discovery
            found = await discover_devices(address, timeout_s=timeout_s, limits=limits)
            return found, await _proposals(database.pool, found.devices, first_code)

    try:
        found, proposals = run(command())
    except DiscoveryError as error:
        raise CliError(str(error)) from error
    if as_json:
        for proposal in proposals:
            print_json(proposal)
    else:
        _print(proposals, address)
    if found.is_full:
        note("More answered than are taken in one search (devices.discovery in the settings).")
    fresh = [proposal for proposal in proposals if not proposal.registered]
    if csv_file is not None and not fresh:
        note(f"Nothing is new: {csv_file} is not written.")
    elif csv_file is not None:
        _write(csv_file, fresh, tier, division)
        lacking = [] if first_code else ["device_code"]
        lacking += [] if tier else ["tier"]
        todo = f"fill in {' and '.join(lacking)}, then " if lacking else ""
        note(f"{len(fresh):,} new are in {csv_file}: {todo}sharpeyes camera import {csv_file}")


async def _proposals(
    pool: asyncpg.Pool, devices: Iterable[DiscoveredDevice], first_code: str | None
) -> list[Proposal]:
    known: dict[str, list[str]] = {}
    for row in await pool.fetch(
        "SELECT DISTINCT at.host, device_code"
        " FROM camera CROSS JOIN LATERAL (VALUES (host), (ipv4)) AS at (host)"
        " WHERE at.host = ANY($1::text[]) AND life <> 'removed' ORDER BY device_code",
        sorted({device.host for device in devices}),
    ):
        known.setdefault(row["host"], []).append(row["device_code"])
    codes = await _free_codes(pool, first_code)
    return [
        Proposal(
            host=device.host,
            http_port=device.http_port,
            name=(device.name or device.host)[:_LONGEST_NAME],
            model=device.hardware,
            location=device.location,
            reference=device.reference,
            device_code=None if device.host in known else next(codes, None),
            registered=known.get(device.host, []),
            told_elsewhere=device.told_elsewhere,
        )
        for device in devices
    ]


async def _free_codes(pool: asyncpg.Pool, first_code: str | None) -> Iterator[str]:
    """Return the codes from `first_code` on that no camera has; its first 14 digits stay."""
    if first_code is None:
        return iter(())
    head, first = first_code[:14], int(first_code[14:])
    rows = await pool.fetch(
        "SELECT device_code FROM camera WHERE device_code BETWEEN $1 AND $2",
        first_code,
        f"{head}999999",
    )
    taken = {row["device_code"] for row in rows}
    every = (f"{head}{serial:06}" for serial in range(first, _SERIALS))
    return (code for code in every if code not in taken)


def _print(proposals: list[Proposal], interface: IPv4Address) -> None:
    print_table(
        ("address", "port", "name", "model", "location", "device code", "remark"),
        (
            (p.host, p.http_port, p.name, p.model, p.location, p.device_code, _remark(p))
            for p in proposals
        ),
        empty=f"Nobody answered on the network of {interface}. Devices answer only within their"
        " own network, and only with discovery switched on.",
    )


def _remark(proposal: Proposal) -> str:
    if proposal.registered:
        first, *more = proposal.registered
        return f"registered: {first}" + (f" and {len(more):,} more" if more else "")
    return "gave addresses of other hosts, not followed" if proposal.told_elsewhere else "new"


def _write(
    path: Path, proposals: Iterable[Proposal], tier: str | None, division: str | None
) -> None:
    rows = (
        (
            *(p.device_code or "", p.name, tier or "", division or ""),
            # It has just answered us, be it a social point.
            *(p.host, p.http_port, p.model, "direct"),
        )
        for p in proposals
    )
    try:
        # Never over a file that somebody may be working in.
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
        # The mark lets Excel see that it is UTF-8.
        with os.fdopen(handle, "w", encoding="utf-8-sig", newline="") as file:
            writer = csv.writer(file)
            writer.writerow(_COLUMNS)
            writer.writerows([guard_formula(str(cell)) for cell in row] for row in rows)
    except FileExistsError:
        raise CliError(f"{path} is there already: name another file, or remove it") from None
    except OSError as error:
        raise CliError(f"cannot write {path}: {error.strerror}") from error
