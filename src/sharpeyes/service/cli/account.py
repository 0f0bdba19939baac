"""`sharpeyes account`: people who sign in with a name and a password."""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import typer

from sharpeyes.service.access import COMMAND_LINE
from sharpeyes.service.accounts import Account, Accounts
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import note, print_json, print_table
from sharpeyes.service.cli.password import read_secret
from sharpeyes.service.cli.registered import JsonOption
from sharpeyes.service.roles import Role

app = typer.Typer(help="People's access: names, roles, passwords.", no_args_is_help=True)

LoginArgument: TypeAlias = Annotated[
    str, typer.Argument(metavar="NAME", help="The login name: a-z, 0-9, and . _ -")
]
StdinOption: TypeAlias = Annotated[
    bool,
    typer.Option("--password-stdin", help="Read the password from standard input, not a prompt."),
]


@app.command("add")
def add(
    login_name: LoginArgument,
    role: Annotated[
        Literal["operator", "supervisor", "engineer", "auditor", "account_administrator"],
        typer.Option(help="What they are here for; it decides what they may do."),
    ],
    division: Annotated[
        str | None,
        typer.Option(help="Confine them to this division and all below it. Default: the city."),
    ] = None,
    password_stdin: StdinOption = False,
) -> None:
    """Let somebody sign in. The password is asked for, twice, and never shown."""
    password = read_secret(f"Password of {login_name}", from_stdin=password_stdin, confirm=True)

    async def command() -> None:
        async with open_database() as database:
            await Accounts(database.pool).add(
                login_name, password, Role(role), division, actor=COMMAND_LINE
            )

    run(command())
    note(f"{login_name} may sign in as {role}{f' in {division}' if division else ''}.")


@app.command("list")
def list_accounts(as_json: JsonOption = False) -> None:
    """List the accounts and what they may do."""

    async def command() -> list[Account]:
        async with open_database() as database:
            return await Accounts(database.pool).list()

    accounts = run(command())
    if as_json:
        print_json(accounts)
        return
    print_table(
        ("name", "role", "division", "password of", "disabled"),
        (
            (
                account.login_name,
                account.role,
                account.division_code or "all",
                f"{account.password_changed_at:%Y-%m-%d}",
                f"{account.disabled_at:%Y-%m-%d}" if account.disabled_at else "",
            )
            for account in accounts
        ),
        empty="There are no accounts yet: make one with `sharpeyes account add NAME --role ROLE`.",
    )


@app.command("password")
def password(login_name: LoginArgument, password_stdin: StdinOption = False) -> None:
    """Give an account another password; whoever is signed in with it is signed out."""
    new = read_secret(f"New password of {login_name}", from_stdin=password_stdin, confirm=True)

    async def command() -> None:
        async with open_database() as database:
            await Accounts(database.pool).set_password(login_name, new, actor=COMMAND_LINE)

    run(command())
    note(f"{login_name} has another password, and is signed out everywhere.")


@app.command("disable")
def disable(login_name: LoginArgument) -> None:
    """Let an account open nothing any more, at once. Its name stays in the audit."""

    async def command() -> None:
        async with open_database() as database:
            await Accounts(database.pool).disable(login_name, actor=COMMAND_LINE)

    run(command())
    note(f"{login_name} is disabled, and signed out everywhere.")
