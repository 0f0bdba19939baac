"""`sharpeyes serve`, and the processes it keeps running, each a command of its own.

Each command imports what its process is made of, and none of the others': a second and 100 MB.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Annotated

import typer
import uvloop

from sharpeyes.service.cli import context
from sharpeyes.service.cli.output import note
from sharpeyes.service.keys import load_or_create_key
from sharpeyes.service.listening import listen
from sharpeyes.service.logs import configure_logging
from sharpeyes.service.settings import Settings
from sharpeyes.service.startup import prepared_database
from sharpeyes.service.stopping import stop_requested
from sharpeyes.service.supervisor import supervise

Process = Callable[[Settings, str, asyncio.Event], Awaitable[None]]


def serve(*, supervised: context.Supervised = False) -> None:
    """Run the whole service on this machine until Ctrl-C or SIGTERM."""
    settings = context.settings()
    configure_logging(settings.log)
    # A port that is taken is told at once, not by a process that keeps ending.
    listen(settings.http).close()
    # Before any process needs it, so that two do not create two.
    load_or_create_key(settings.secret_key_file)

    async def command() -> None:
        async with (
            stop_requested(supervised=supervised) as stop,
            prepared_database(settings) as url,
        ):
            note(f"Dashboard: http://{settings.http.host}:{settings.http.port}/")
            if not settings.http.anonymous:
                note(
                    "To sign in: `sharpeyes account add NAME --role engineer` makes an account that"
                    " may import cameras; other roles and tokens are in docs/guide/access.md."
                )
            await supervise(settings, context.config_file.get(), url, stop)

    uvloop.run(command())


def demo(
    folder: Annotated[
        Path, typer.Option(help="Where the demonstration keeps what it needs.")
    ] = Path(".demo"),
    port: Annotated[
        int, typer.Option(min=1, max=65_535, help="Port of the dashboard; another if it is taken.")
    ] = 8080,
    once: Annotated[
        bool, typer.Option("--once", help="End when everything has been shown once.")
    ] = False,
) -> None:
    """Show it all: simulated cameras, an outage, an abandoned vehicle, a delivered event."""
    from sharpeyes.service.demo import Demo  # noqa: PLC0415  # see above
    from sharpeyes.service.demo_stage import Ports, Stage  # noqa: PLC0415  # see above

    async def command() -> None:
        async with stop_requested(supervised=False) as stop:
            await Demo(Stage(folder, Ports.free(port), note)).run(stop, once=once)

    uvloop.run(command())


def api(*, supervised: context.Supervised = False) -> None:
    """Run one HTTP API process: dashboard, API, metrics."""
    from sharpeyes.service.api_process import run_api  # noqa: PLC0415  # see above

    _run(run_api, supervised=supervised)


def relay(*, supervised: context.Supervised = False) -> None:
    """Run one relay: it delivers events to webhook endpoints."""
    from sharpeyes.service.relay_process import run_relay  # noqa: PLC0415  # see above

    _run(run_relay, supervised=supervised)


def worker(*, supervised: context.Supervised = False) -> None:
    """Run one worker: it probes, samples and detects for its share of the cameras."""
    from sharpeyes.service.worker_process import run_worker  # noqa: PLC0415  # see above

    _run(run_worker, supervised=supervised)


def _run(process: Process, *, supervised: bool) -> None:
    settings = context.settings()
    configure_logging(settings.log)

    async def command() -> None:
        async with (
            stop_requested(supervised=supervised) as stop,
            prepared_database(settings) as url,
        ):
            await process(settings, url, stop)

    uvloop.run(command())
