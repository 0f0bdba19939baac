"""`sharpeyes receiver`: a small case system to try deliveries with."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from pathlib import Path
from typing import Annotated

import typer
from aiohttp import web

from sharpeyes.events.errors import SecretInvalidError
from sharpeyes.events.kept_file import KeptFile
from sharpeyes.events.receiver import PATH, CaseReceiver
from sharpeyes.events.signing import read_secret
from sharpeyes.service.cli.context import Supervised, run
from sharpeyes.service.cli.output import CliError, console, note
from sharpeyes.service.stopping import stop_requested


def receiver(  # noqa: PLR0917  # typer reads them by name
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[
        int, typer.Option(min=0, max=65_535, help="Port to listen on; 0: any free one.")
    ] = 9000,
    secret_env: Annotated[
        str | None,
        typer.Option(metavar="VAR", help="Environment variable that holds the signing secret."),
    ] = None,
    secret_file: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE",
            help="File that holds the signing secret; read for each event, so it may come later.",
        ),
    ] = None,
    store: Annotated[
        Path | None,
        typer.Option(
            metavar="FILE", help="Keep events here, one JSON object a line. Default: in memory."
        ),
    ] = None,
    supervised: Supervised = False,
) -> None:
    """Receive events like a case system: verify, keep, remove duplicates, print a line for each.

    `sharpeyes endpoint add` prints the signing secret. What arrived is shown at GET /events.
    """
    secrets = _secrets(secret_env, secret_file)
    with ExitStack() as stack:
        file = None if store is None else stack.enter_context(KeptFile(store))
        run(
            _serve(
                CaseReceiver(secrets, file=file, announce=_print), host, port, supervised=supervised
            )
        )


def _secrets(variable: str | None, file: Path | None) -> Callable[[], Sequence[bytes]]:
    if variable is not None and file is None:
        secret = _secret_in(variable)
        return lambda: (secret,)
    if file is not None and variable is None:
        if not _secret_of(file):
            note(f"File {file} holds no signing secret yet: events are refused until it does.")
        return lambda: _secret_of(file)
    raise typer.BadParameter("give either --secret-env or --secret-file")


def _secret_in(variable: str) -> bytes:
    text = os.environ.get(variable)
    if text is None:
        raise CliError(f"environment variable {variable} is not set")
    try:
        return read_secret(text.strip())
    except SecretInvalidError as error:
        raise CliError(f"environment variable {variable}: {error}") from None


def _secret_of(file: Path) -> tuple[bytes, ...]:
    try:
        return (read_secret(file.read_text().strip()),)
    except (OSError, UnicodeDecodeError, SecretInvalidError):
        return ()


async def _serve(case_receiver: CaseReceiver, host: str, port: int, *, supervised: bool) -> None:
    runner = web.AppRunner(case_receiver.application(), access_log=None)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            raise CliError(f"cannot listen on {host} port {port}: {error.strerror}") from None
        async with stop_requested(supervised=supervised) as stop:
            chosen_port = runner.addresses[0][1]
            note(f"Receiving at http://{host}:{chosen_port}{PATH}; Ctrl-C ends.")
            await stop.wait()
    finally:
        await runner.cleanup()


def _print(line: str) -> None:
    # Types and reasons come from the sender: shown verbatim, without what a terminal would obey.
    console().print("".join(c if c.isprintable() else "?" for c in line), soft_wrap=True)
