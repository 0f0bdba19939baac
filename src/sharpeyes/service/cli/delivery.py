"""`sharpeyes delivery`: what was sent, what was answered, and sending again."""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
import typer

from sharpeyes.events.delivery import (
    Delivery,
    DeliveryDetail,
    DeliveryFilter,
    DeliveryState,
    ReplayRange,
    deliveries,
    deliveries_of,
    replay,
)
from sharpeyes.service.access import COMMAND_LINE, audit
from sharpeyes.service.cli.context import open_database, run
from sharpeyes.service.cli.moment import moment
from sharpeyes.service.cli.output import CliError, note, print_json, print_table, printable
from sharpeyes.service.cli.registered import JsonOption

app = typer.Typer(
    help="Deliveries: what was sent, what was answered, sending again.", no_args_is_help=True
)

_MOST_AT_ONCE = 100_000

EndpointOption = Annotated[
    str | None, typer.Option("--endpoint", metavar="NAME", help="Only to this endpoint.")
]


@app.command("list")
def list_deliveries(  # noqa: PLR0917  # typer reads them by name
    endpoint: EndpointOption = None,
    state: Annotated[DeliveryState | None, typer.Option(help="Only those that are so far.")] = None,
    camera: Annotated[
        str | None, typer.Option(metavar="CODE", help="Only of this camera's events.")
    ] = None,
    before: Annotated[
        int | None, typer.Option(min=1, max=2**63 - 1, help="Only those before this number.")
    ] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000, help="Shown at most.")] = 50,
    as_json: JsonOption = False,
) -> None:
    """List deliveries with their latest attempts, those of the latest events first."""
    wanted = DeliveryFilter(endpoint=endpoint, state=state, device_code=camera)

    async def command() -> list[Delivery]:
        found = list[Delivery]()
        async with open_database() as database:
            page = await deliveries(database.pool, wanted, before=before, limit=limit)
            found += page.deliveries
            while page.next is not None and len(found) < limit:
                left = limit - len(found)
                page = await deliveries(database.pool, wanted, before=page.next, limit=left)
                found += page.deliveries
        return found

    found = run(command())
    if as_json:
        print_json(found)
        return
    print_table(
        ("number", "endpoint", "event", "type", "camera", "state", "attempts", "answer", "took"),
        (
            (
                d.delivery_id,
                d.endpoint,
                d.event_id,
                d.type.removeprefix("org.sharpeyes."),
                d.device_code,
                d.state,
                d.attempt_count,
                _answer(d.last_http_status, d.last_error),
                _took(d.last_latency_ms),
            )
            for d in found
        ),
        empty="There are no such deliveries.",
    )


@app.command("show")
def show(
    event_id: Annotated[
        str, typer.Argument(metavar="EVENT", help="The event's id, which is the webhook-id.")
    ],
    as_json: JsonOption = False,
) -> None:
    """Show every attempt to deliver an event: when, what was answered, how long it took."""

    async def command() -> list[DeliveryDetail]:
        async with open_database() as database:
            return await deliveries_of(database.pool, event_id)

    found = run(command())
    if not found:
        raise CliError(f"no delivery of an event {printable(event_id)[:80]}")
    if as_json:
        print_json(found)
        return
    print_table(
        ("endpoint", "state", "attempt", "at (UTC)", "answer", "took", "first bytes"),
        (
            (
                detail.delivery.endpoint,
                detail.delivery.state,
                attempt.attempt,
                f"{attempt.started_at:%Y-%m-%d %H:%M:%S}",
                _answer(attempt.http_status, attempt.error),
                _took(attempt.latency_ms),
                attempt.answer_head,
            )
            for detail in found
            for attempt in detail.attempts
        ),
        empty="Nothing was attempted yet.",
    )


@app.command("replay")
def replay_deliveries(  # noqa: PLR0917  # typer reads them by name
    event_id: Annotated[
        str | None, typer.Argument(metavar="EVENT", help="One event's id; or give --since.")
    ] = None,
    endpoint: EndpointOption = None,
    since: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Of events stored from then on, ISO 8601 with offset."),
    ] = None,
    until: Annotated[
        str | None,
        typer.Option(metavar="TIME", help="Of events stored before then, ISO 8601 with offset."),
    ] = None,
    delivered: Annotated[
        bool, typer.Option("--delivered", help="Also what arrived; receivers know it by its id.")
    ] = False,
    limit: Annotated[
        int, typer.Option(min=1, max=_MOST_AT_ONCE, help="So many at most, the oldest.")
    ] = 10_000,
    as_json: JsonOption = False,
) -> None:
    """Send again what was given up: one event, or all of a time. Audited."""
    if (event_id is None) == (since is None and until is None):
        raise typer.BadParameter("give either the id of an event or --since and --until")
    wanted = ReplayRange(
        endpoint=endpoint,
        event_id=event_id,
        since=_moment(since, "--since"),
        until=_moment(until, "--until"),
        delivered=delivered,
    )

    async def command() -> int:
        async with (
            open_database() as database,
            database.pool.acquire() as connection,
            connection.transaction(),
        ):
            count = await replay(connection, wanted, limit)
            detail = msgspec.to_builtins(wanted) | {"deliveries": count}
            await audit(
                connection, COMMAND_LINE, "delivery.replay", event_id or "range", detail=detail
            )
            return count

    count = run(command())
    if as_json:
        print_json({"replayed": count})
    if count == 0:
        raise CliError("there is nothing to replay: no such delivery was given up")
    if not as_json:
        rest = "; there may be more: give the command again" if count == limit else ""
        note(f"Deliveries that wait again: {count:,}{rest}.")


def _moment(text: str | None, option: str) -> datetime | None:
    return None if text is None else moment(text, option)


def _answer(http_status: int | None, error: str) -> str:
    return error if http_status is None else f"HTTP {http_status}"


def _took(latency_ms: float | None) -> str:
    return "" if latency_ms is None else f"{latency_ms:,.0f} ms"
