"""The `sharpeyes` command."""

from __future__ import annotations

import sys
from importlib.metadata import version
from pathlib import Path
from typing import Annotated

import asyncpg
import typer

from sharpeyes.events.errors import EventsError
from sharpeyes.registry.errors import RegistryError
from sharpeyes.service.cli import (
    camera,
    detect,
    division,
    endpoint,
    receiver,
    serve,
    simulate,
    token,
    zone,
)
from sharpeyes.service.cli.context import config_file
from sharpeyes.service.cli.output import CliError, fail, stop_writing
from sharpeyes.service.errors import ServiceError
from sharpeyes.service.logs import configure_logging
from sharpeyes.service.settings import LogSettings

app = typer.Typer(
    name="sharpeyes",
    help="Watches over a city's public cameras: registry, health, events that arrive.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command()(serve.serve)
app.command()(serve.demo)
app.add_typer(camera.app, name="camera")
app.add_typer(zone.app, name="zone")
app.add_typer(division.app, name="division")
app.add_typer(endpoint.app, name="endpoint")
app.add_typer(token.app, name="token")
app.command()(detect.detect)
app.add_typer(simulate.app, name="simulate")
app.command()(receiver.receiver)
app.command()(serve.api)
app.command()(serve.relay)
app.command()(serve.worker)

# What can go wrong in the world outside; anything else is a fault of ours and shows its traceback.
_EXPECTED = (CliError, ServiceError, RegistryError, EventsError)


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
    config_file.set(config)
    # On stderr, and only what matters: stdout is the command's answer.
    configure_logging(LogSettings(level="warning", format="console"))


def main() -> None:
    """Run the command; exit 0, 1 when it failed, 2 when it was called wrongly."""
    try:
        app()
    except _EXPECTED as error:
        fail(str(error))
        sys.exit(1)
    except (asyncpg.PostgresError, asyncpg.InterfaceError, asyncpg.InternalClientError) as error:
        fail(f"the database cannot be used: {error}")
        sys.exit(1)
    except BrokenPipeError:
        stop_writing()
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(130)
