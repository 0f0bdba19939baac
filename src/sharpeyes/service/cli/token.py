"""`sharpeyes token`: access for people and programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

import typer

from sharpeyes.service.access import create_token, revoke_token
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, console, note, print_json, print_table
from sharpeyes.service.roles import Role, Scope

app = typer.Typer(help="Access for people and programs.", no_args_is_help=True)

_LONGEST_DAYS = 3650
_DEFAULT_SCOPES = (Scope.CAMERAS_READ, Scope.EVENTS_READ, Scope.ENDPOINTS_READ)


@app.command("create")
def create(  # noqa: PLR0917  # typer reads them by name
    name: Annotated[
        str, typer.Argument(metavar="NAME", help="Who will hold it, as the audit shall name it.")
    ],
    role: Annotated[
        Role | None, typer.Option(help="What its holder is here for; it decides what it may do.")
    ] = None,
    scope: Annotated[
        list[Scope] | None,
        typer.Option(
            help="Instead of a role: one thing that it may do; repeat for several. "
            "Default: cameras:read, events:read, endpoints:read."
        ),
    ] = None,
    division: Annotated[
        str | None,
        typer.Option(help="Confine it to this division and all below it. Default: the city."),
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=_LONGEST_DAYS, help="Days until it expires.")
    ] = 90,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Make a token. It is shown once and cannot be read again."""
    if not name.strip() or not name.isprintable():
        raise typer.BadParameter("the name must be printable text", param_hint="NAME")
    if role is not None and scope:
        raise typer.BadParameter("give --role or --scope, not both")
    scopes = role.scopes if role is not None else frozenset(scope or _DEFAULT_SCOPES)
    expires_at = datetime.now(UTC) + timedelta(days=days)

    async def command() -> str:
        async with open_database() as database:
            return await create_token(
                database.pool, name, scopes, expires_at, role=role, division_code=division
            )

    token = run(command())
    if as_json:
        print_json(
            {
                "name": name,
                "token": token,
                "role": role,
                "scopes": sorted(scopes),
                "division_code": division,
                "expires_at": expires_at,
            }
        )
        return
    note(f"Token for {name}, until {expires_at:%Y-%m-%d}; it is not shown again:")
    console().print(token)


@app.command("list")
def list_tokens(
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """List tokens: names, scopes and ends; never the tokens themselves."""

    async def command() -> list[dict[str, object]]:
        async with open_database() as database:
            rows = await database.pool.fetch(
                "SELECT name, role, scopes, division_code, created_at, expires_at, revoked_at"
                " FROM token ORDER BY name"
            )
            return [dict(row) for row in rows]

    tokens = run(command())
    if as_json:
        print_json(tokens)
        return
    print_table(
        ("name", "may", "division", "expires", "revoked"),
        (
            (
                token["name"],
                token["role"] or " ".join(cast("list[str]", token["scopes"])),
                token["division_code"] or "all",
                f"{token['expires_at']:%Y-%m-%d}",
                "yes" if token["revoked_at"] else "",
            )
            for token in tokens
        ),
        empty="There are no tokens yet: make one with `sharpeyes token create NAME`.",
    )


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(metavar="NAME", help="The token's name.")],
) -> None:
    """End a token at once, with every session opened with it."""

    async def command() -> bool:
        async with open_database() as database:
            return await revoke_token(database.pool, name)

    if not run(command()):
        raise CliError(f"no token named {name!r} is in force")
    note(f"Token {name} is revoked.")
