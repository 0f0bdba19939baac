"""Names and passwords from the command line, where neither `ps` nor history looks."""

from __future__ import annotations

import os
import sys
from typing import Annotated, TypeAlias

import typer

from sharpeyes.devices.credentials import Credentials
from sharpeyes.service.cli.output import CliError

_LONGEST_BYTES = 4096

UsernameOption: TypeAlias = Annotated[
    str | None,
    typer.Option(help="User name on the camera. On a terminal, its password is then asked for."),
]
PasswordStdinOption: TypeAlias = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]
PasswordEnvOption: TypeAlias = Annotated[
    str | None,
    typer.Option(metavar="VARIABLE", help="Take the password from this environment variable."),
]


def read_credentials(
    username: str | None, *, from_stdin: bool, variable: str | None
) -> Credentials | None:
    """Return what the options name; None where they name nobody.

    Raises:
        typer.BadParameter: The options do not go together.
        CliError: The password is not where they say, or is empty: something before us failed.
    """
    if from_stdin and variable is not None:
        raise typer.BadParameter("give --password-stdin or --password-env, not both")
    if username is None:
        if from_stdin or variable is not None:
            raise typer.BadParameter("a password needs --username")
        return None
    if variable is not None:
        if variable not in os.environ:
            raise CliError(f"the environment variable {variable} is not set")
        if not os.environ[variable]:
            raise CliError(f"the environment variable {variable} is empty: it holds no password")
        return Credentials(username, os.environ[variable])
    if from_stdin:
        if not (password := _read_stdin()):
            raise CliError("standard input holds no password")
        return Credentials(username, password)
    if not sys.stdin.isatty():
        raise typer.BadParameter("--username needs --password-stdin or --password-env VARIABLE")
    password = typer.prompt(f"Password of {username}", hide_input=True, err=True)
    return Credentials(username, password)


def read_secret(what: str, *, from_stdin: bool, confirm: bool = False) -> str:
    """Return a password that is asked for on the terminal, or read from standard input.

    Raises:
        typer.BadParameter: There is no terminal to ask on.
        CliError: Standard input holds none.
    """
    if from_stdin:
        if not (secret := _read_stdin()):
            raise CliError("standard input holds no password")
        return secret
    if not sys.stdin.isatty():
        raise typer.BadParameter("without a terminal, --password-stdin is needed")
    answer: str = typer.prompt(what, hide_input=True, confirmation_prompt=confirm, err=True)
    return answer


def _read_stdin() -> str:
    data = sys.stdin.buffer.read(_LONGEST_BYTES)
    try:
        # What ends the line belongs to `echo`, not to the password.
        return data.decode().removesuffix("\n").removesuffix("\r")
    except UnicodeDecodeError:
        # Not chained: the error holds the bytes.
        raise CliError("the password on standard input is not UTF-8") from None
