"""The `sharpeyes` command."""

from __future__ import annotations

import importlib
import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated, Any

import typer
from typer._click.exceptions import ClickException, NoArgsIsHelpError  # typer's own, not exported
from typer.core import TyperCommand, TyperGroup

from sharpeyes.service.garbage import collect_seldom

# What each command is: a function or a group in a module of this package.
_COMMANDS = {
    "demo": ("serve", "demo"),
    "serve": ("serve", "serve"),
    "camera": ("camera", "app"),
    "status": ("status", "status"),
    "health": ("health", "app"),
    "coverage": ("coverage", "coverage"),
    "place": ("place", "app"),
    "discover": ("discover", "discover"),
    "zone": ("zone", "app"),
    "division": ("division", "app"),
    "endpoint": ("endpoint", "app"),
    "delivery": ("delivery", "app"),
    "events": ("events", "app"),
    "case": ("case", "app"),
    "credential": ("credential", "app"),
    "account": ("account", "app"),
    "token": ("token", "app"),
    "audit": ("audit", "app"),
    "detect": ("detect", "detect"),
    "simulate": ("simulate", "app"),
    "receiver": ("receiver", "receiver"),
    "api": ("serve", "api"),
    "relay": ("serve", "relay"),
    "worker": ("serve", "worker"),
}
# What each says of itself, here as well so that nothing is imported to list them.
_SUMMARIES = {
    "demo": "Show it all: simulated cameras, an outage, an abandoned vehicle, a delivered event.",
    "serve": "Run the whole service on this machine until Ctrl-C or SIGTERM.",
    "camera": "The registry of cameras: one camera, one file.",
    "status": "Count the cameras by status: in all, by tier and by district.",
    "health": "How cameras are, what is wrong and why, what is done about it.",
    "coverage": (
        "Say how many key places are watched, how many cameras are networked, how full files are."
    ),
    "place": "Key places, and who watches them.",
    "discover": "Find cameras and recorders that answer WS-Discovery, and propose records of them.",
    "zone": "Zones: which parts of a picture mean what.",
    "division": "Divisions: city, districts and what lies below.",
    "endpoint": "Where events are sent: the case system's webhooks.",
    "delivery": "Deliveries: what was sent, what was answered, sending again.",
    "events": "Events: what came in and what is kept, proved by counts; legal holds; cameras' own.",
    "case": "Cases of events: how far they are, what is said of them, false alarms.",
    "credential": "Cameras' passwords: many at a time, and their key.",
    "account": "People's access: names, roles, passwords.",
    "token": "Access for people and programs.",
    "audit": "Who did what: read it, and prove it unchanged.",
    "detect": "Look for motion and abandoned vehicles in video files.",
    "simulate": (
        "Simulated cameras on loopback addresses, a street or a city, with faults on command."
    ),
    "receiver": (
        "Receive events like a case system: verify, keep, remove duplicates, print a line for each."
    ),
    "api": "Run one HTTP API process: dashboard, API, metrics.",
    "relay": "Run one relay: it delivers events to webhook endpoints.",
    "worker": "Run one worker: it probes, samples and detects for its share of the cameras.",
}
_HELP = {"help_option_names": ["-h", "--help"]}


class Commands(TyperGroup):
    """Imports a command's module when the command is given.

    All of them together take seconds to import (OpenCV, FFmpeg, SOAP), which is too long for
    somebody who only adds a zone.
    """

    def list_commands(self, ctx: Any) -> list[str]:  # noqa: ARG002  # typer's signature
        """Return the names in the order of the help page."""
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:  # noqa: ARG002  # typer's signature
        """Return a command, or None when there is none of this name."""
        if cmd_name not in _COMMANDS:
            return None
        module, name = _COMMANDS[cmd_name]
        found = getattr(importlib.import_module(f"{__name__}.{module}"), name)
        if isinstance(found, typer.Typer):
            command = typer.main.get_command(found)
        else:
            alone = typer.Typer(add_completion=False, context_settings=_HELP)
            alone.command(cmd_name)(found)
            command = typer.main.get_command(alone)
        command.name = cmd_name
        return command

    def format_help(self, ctx: Any, formatter: Any) -> None:
        """Write the help page, which lists the commands without importing them."""
        listed = TyperGroup(
            name=self.name,
            help=self.help,
            params=self.params,
            commands={name: TyperCommand(name, help=said) for name, said in _SUMMARIES.items()},
            rich_markup_mode=self.rich_markup_mode,
        )
        listed.format_help(ctx, formatter)


app = typer.Typer(
    name="sharpeyes",
    cls=Commands,
    help="Watches over a city's public cameras: registry, health, events that arrive.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings=_HELP,
)


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"sharpeyes {version('sharpeyes')}")
        raise typer.Exit


@app.callback()
def root(
    config: Annotated[
        Path | None,
        typer.Option(help="Settings file (TOML). Default: $SHARPEYES_CONFIG or ./sharpeyes.toml."),
    ] = None,
    _version: Annotated[
        bool,
        typer.Option(
            "--version", help="Print the version.", callback=_print_version, is_eager=True
        ),
    ] = False,
) -> None:
    # Not at the top: --help and --version need none of it.
    from sharpeyes.service.cli.context import config_file  # noqa: PLC0415  # see above
    from sharpeyes.service.logs import configure_logging  # noqa: PLC0415  # see above
    from sharpeyes.service.settings import LogSettings  # noqa: PLC0415  # see above

    config_file.set(config)
    # On stderr, and only what matters: stdout is the command's answer.
    configure_logging(LogSettings(level="warning", format="console"))


def _called_wrongly(error: ClickException) -> str:
    """Say in one line what is wrong with the call, and where help is."""
    context = getattr(error, "ctx", None)
    command = context.command_path if context else "sharpeyes"
    reason = " ".join(error.format_message().split()).rstrip(".").replace("Value error, ", "")
    return f"{command}: {reason} (see {command} --help)"


def _expected() -> tuple[type[Exception], ...]:
    """Return what a command may fail with; Python asks only once something was raised."""
    from sharpeyes.service.cli.expected import EXPECTED  # noqa: PLC0415  # see above

    return EXPECTED


def main() -> None:
    """Run the command; exit 0, 1 when it failed, 2 when it was called wrongly."""
    collect_seldom()
    try:
        sys.exit(app(standalone_mode=False) or 0)
    except NoArgsIsHelpError as error:
        typer.echo(error.format_message(), err=True)
        sys.exit(error.exit_code)
    except ClickException as error:
        typer.echo(_called_wrongly(error), err=True)
        sys.exit(error.exit_code)
    except typer.Abort:
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
    except _expected() as error:
        from sharpeyes.service.cli.expected import explain  # noqa: PLC0415  # see above

        typer.echo(f"sharpeyes: {explain(error)}", err=True)
        sys.exit(1)
