"""`sharpeyes token`: access for people and programs."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated, cast

import typer

from sharpeyes.service.access import Scope, create_token, revoke_token
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, console, note, print_json, print_table

app = typer.Typer(help="Access for people and programs.", no_args_is_help=True)

_LONGEST_DAYS = 3650


@app.command("create")
def create(
    name: Annotated[str, typer.Argument(help="Who will hold it, as the audit shall name it.")],
    scope: Annotated[
        list[Scope] | None,
        typer.Option(help="What it may do; repeat for several. Default: read all but pictures."),
    ] = None,
    days: Annotated[
        int, typer.Option(min=1, max=_LONGEST_DAYS, help="Days until it expires.")
    ] = 90,
    as_json: Annotated[bool, typer.Option("--json", help="Answer in JSON.")] = False,
) -> None:
    """Make a token. It is shown once and cannot be read again."""
    if not name.strip() or not name.isprintable():
        raise typer.BadParameter("the name must be printable text", param_hint="NAME")
    scopes = frozenset(scope or (Scope.CAMERAS_READ, Scope.EVENTS_READ, Scope.ENDPOINTS_READ))
    expires_at = datetime.now(UTC) + timedelta(days=days)

    async def command() -> str:
        async with open_database() as database:
            return await create_token(database.pool, name, scopes, expires_at)

    token = run(command())
    if as_json:
        print_json(
            {"name": name, "token": token, "scopes": sorted(scopes), "expires_at": expires_at}
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
                "SELECT name, scopes, created_at, expires_at, revoked_at FROM token ORDER BY name"
            )
            return [dict(row) for row in rows]

    tokens = run(command())
    if as_json:
        print_json(tokens)
        return
    print_table(
        ("name", "scopes", "expires", "revoked"),
        (
            (
                token["name"],
                " ".join(cast("list[str]", token["scopes"])),
                f"{token['expires_at']:%Y-%m-%d}",
                "yes" if token["revoked_at"] else "",
            )
            for token in tokens
        ),
        empty="There are no tokens yet: make one with `sharpeyes token create NAME`.",
    )


@app.command("revoke")
def revoke(
    name: Annotated[str, typer.Argument(help="The token's name.")],
) -> None:
    """End a token at once, with every session opened with it."""

    async def command() -> bool:
        async with open_database() as database:
            return await revoke_token(database.pool, name)

    if not run(command()):
        raise CliError(f"no token named {name!r} is in force")
    note(f"Token {name} is revoked.")
