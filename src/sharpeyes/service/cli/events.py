"""`sharpeyes events`: what came in and is kept, proved by counts; legal holds."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from sharpeyes.events.hold import LegalHold, hold_camera, hold_event, holds, release_hold
from sharpeyes.events.proof import EventProof, prove
from sharpeyes.events.retention import Retention, RetentionProof
from sharpeyes.service.access import COMMAND_LINE, audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.events_listening import listen, listening, topics
from sharpeyes.service.cli.moment import moment
from sharpeyes.service.cli.output import note, print_json, print_table
from sharpeyes.service.cli.registered import JsonOption

app = typer.Typer(
    help="Events: what came in and what is kept, proved by counts; legal holds; cameras' own.",
    no_args_is_help=True,
)
app.command("listen")(listen)
app.command("listening")(listening)
app.command("topics")(topics)


@app.command("count")
def count(
    since: Annotated[
        str | None, typer.Option(metavar="TIME", help="From then on; without it, of 24 hours.")
    ] = None,
    until: Annotated[
        str | None, typer.Option(metavar="TIME", help="Before then; without it, until now.")
    ] = None,
    as_json: JsonOption = False,
) -> None:
    """Prove by counts: handed in = stored + deduplicated + refused; what is where, what is gone."""
    end = datetime.now(UTC) if until is None else moment(until, "--until")
    start = end - timedelta(days=1) if since is None else moment(since, "--since")

    async def command() -> EventProof:
        async with open_database() as database:
            return await prove(database.pool, start, end)

    proof = run(command())
    if as_json:
        print_json(proof)
        return
    print_table(
        ("caller", "received", "stored", "deduplicated", "refused"),
        ((i.caller, i.received, i.stored, i.deduplicated, i.refused) for i in proof.intake),
        empty="Nothing was handed in.",
    )
    print_table(("stored", "events"), proof.events.items(), empty="No event was stored.")
    print_table(("deliveries", ""), proof.deliveries.items(), empty="There are no deliveries.")
    print_table(
        ("deleted at (UTC)", "class", "made before", "deleted", "held", "waiting"),
        (
            (
                f"{d.at:%Y-%m-%d %H:%M}",
                d.retention_class,
                f"{d.before:%Y-%m-%d %H:%M}",
                d.deleted,
                d.held,
                d.waiting,
            )
            for d in proof.deletions
        ),
        empty="Nothing was due to be deleted.",
    )


@app.command("expire")
def expire(as_json: JsonOption = False) -> None:
    """Delete now what has been kept long enough; `serve` does so once a day. Audited."""

    async def command() -> list[RetentionProof]:
        async with open_database() as database:
            retention = Retention(
                database.pool, database.settings.events.retention, lambda: datetime.now(UTC)
            )
            proofs = await retention.run_once()
            deleted = {proof.of.value: proof.deleted for proof in proofs}
            async with database.pool.acquire() as connection:
                await audit(connection, COMMAND_LINE, "events.expire", "events", detail=deleted)
            return proofs

    proofs = run(command())
    if as_json:
        print_json(proofs)
        return
    print_table(
        ("class", "made before (UTC)", "deleted", "held", "waiting"),
        ((p.of, f"{p.before:%Y-%m-%d %H:%M}", p.deleted, p.held, p.waiting) for p in proofs),
        empty="Another process is deleting.",
    )


@app.command("hold")
def hold(  # noqa: PLR0917  # typer reads them by name
    reason: Annotated[
        str, typer.Option(metavar="TEXT", help="Why: the file number of whoever asked for it.")
    ],
    expires: Annotated[str, typer.Option(metavar="TIME", help="When the hold ends by itself.")],
    event_id: Annotated[
        str | None, typer.Argument(metavar="EVENT", help="One event's id; or give --camera.")
    ] = None,
    camera: Annotated[
        str | None, typer.Option(metavar="CODE", help="All of this camera in a time.")
    ] = None,
    since: Annotated[str | None, typer.Option(metavar="TIME", help="The time's begin.")] = None,
    until: Annotated[str | None, typer.Option(metavar="TIME", help="The time's end.")] = None,
    as_json: JsonOption = False,
) -> None:
    """Keep events from being deleted, however old they are. Audited."""
    end = moment(expires, "--expires")
    if end <= datetime.now(UTC):
        raise typer.BadParameter("--expires is over already")
    if not reason.strip():
        raise typer.BadParameter("--reason is empty")
    if (event_id is None) == (camera is None):
        raise typer.BadParameter("give either the id of an event or --camera")
    if (camera is not None) != (since is not None) or (since is None) != (until is None):
        raise typer.BadParameter("--camera takes --since and --until")

    async def command() -> LegalHold:
        async with (
            open_database() as database,
            database.pool.acquire() as connection,
            connection.transaction(),
        ):
            if event_id is not None:
                placed = await hold_event(
                    connection, event_id, reason=reason, by=COMMAND_LINE, expires_at=end
                )
            else:
                placed = await hold_camera(
                    connection,
                    camera or "",
                    moment(since or "", "--since"),
                    moment(until or "", "--until"),
                    reason=reason,
                    by=COMMAND_LINE,
                    expires_at=end,
                )
            await audit(connection, COMMAND_LINE, "hold.place", str(placed.hold_id))
            return placed

    placed = run(command())
    if as_json:
        print_json(placed)
    else:
        note(f"Hold {placed.hold_id} is in force until {placed.expires_at:%Y-%m-%d %H:%M} UTC.")


@app.command("release")
def release(
    hold_id: Annotated[
        int, typer.Argument(metavar="HOLD", min=1, max=2**63 - 1, help="The hold's number.")
    ],
) -> None:
    """End a hold; what is due is deleted by the next run. Audited."""

    async def command() -> None:
        async with (
            open_database() as database,
            database.pool.acquire() as connection,
            connection.transaction(),
        ):
            await release_hold(connection, hold_id, COMMAND_LINE)
            await audit(connection, COMMAND_LINE, "hold.release", str(hold_id))

    run(command())
    note(f"Hold {hold_id} is released.")


@app.command("holds")
def list_holds(
    ended: Annotated[bool, typer.Option("--all", help="Also those that are over.")] = False,
    as_json: JsonOption = False,
) -> None:
    """List legal holds, the latest first."""

    async def command() -> list[LegalHold]:
        async with open_database() as database:
            return await holds(database.pool, ended=ended)

    found = run(command())
    if as_json:
        print_json(found)
        return
    print_table(
        ("hold", "camera", "event", "since (UTC)", "until", "reason", "by", "expires", "released"),
        (
            (
                h.hold_id,
                h.device_code,
                h.event_id,
                _shown(h.since),
                _shown(h.until),
                h.reason,
                h.placed_by,
                _shown(h.expires_at),
                _shown(h.released_at),
            )
            for h in found
        ),
        empty="There are no holds.",
    )


def _shown(at: datetime | None) -> str:
    return "" if at is None else f"{at:%Y-%m-%d %H:%M}"
