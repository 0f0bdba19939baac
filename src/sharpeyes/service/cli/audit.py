"""`sharpeyes audit`: read the audit, and prove that nobody has changed it."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Literal

import typer

from sharpeyes.service import audit
from sharpeyes.service.audit_heads import read_heads
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.output import CliError, note, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption

app = typer.Typer(help="Who did what: read it, and prove it unchanged.", no_args_is_help=True)


@app.command("list")
def list_entries(
    actor: Annotated[str | None, typer.Option(help="Only this account's or token's.")] = None,
    outcome: Annotated[
        Literal["done", "refused"] | None, typer.Option(help="Only what was done, or refused.")
    ] = None,
    before: Annotated[
        int | None, typer.Option(min=1, max=2**63 - 1, help="Only entries before this number.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Entries at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List the latest entries, newest first."""

    async def command() -> list[audit.AuditEntry]:
        async with open_database() as database:
            return await audit.entries(
                database.pool, before=before, limit=limit, actor=actor, outcome=outcome
            )

    found = run(command())
    if as_json:
        print_json(found)
        return
    print_table(
        ("number", "at (UTC)", "who", "did", "to", "outcome"),
        (
            (e.sequence, f"{e.at:%Y-%m-%d %H:%M:%S}", e.actor, e.action, e.object, e.outcome)
            for e in found
        ),
        empty="There are no such entries.",
    )


@app.command("verify")
def verify(
    head_file: Annotated[
        Path | None,
        typer.Option(help="Heads that were written down. Default: where the service writes them."),
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Compute the chain again: exit code 1 when an entry was changed, moved, removed or cut off."""

    async def command() -> tuple[audit.Verdict, int]:
        async with open_database() as database:
            heads = read_heads(head_file or database.settings.head_file)
            async with (
                database.pool.acquire() as connection,
                connection.transaction(isolation="repeatable_read", readonly=True),
            ):
                return await audit.verify(connection, heads, datetime.now(UTC)), len(heads)

    verdict, heads = run(command())
    if as_json:
        print_json(verdict)
    elif not verdict.fault_count:
        ending = f", ends with {verdict.head.hash}" if verdict.head else ""
        note(
            f"{verdict.entries} entries are as they were written{ending}; "
            f"{heads} heads that were written down agree."
        )
    if verdict.fault_count:
        told = "; ".join(verdict.faults)
        raise CliError(f"the audit was tampered with, {verdict.fault_count} faults: {told}")


@app.command("head")
def head(as_json: JsonOption = False) -> None:
    """Print the chain's last link, to be kept where the database's owner does not reach."""

    async def command() -> audit.Head | None:
        async with open_database() as database:
            return await audit.read_head(database.pool, datetime.now(UTC))

    found = run(command())
    if as_json:
        print_json(found)
    elif found is None:
        note("The audit is empty.")
    else:
        print_table(
            ("at (UTC)", "number", "hash"),
            ((f"{found.at:%Y-%m-%d %H:%M:%S}", found.sequence, found.hash),),
            empty="",
        )
