"""`sharpeyes endpoint`: where events are sent."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import msgspec
import typer
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events.address import open_session
from sharpeyes.events.endpoint import AddedEndpoint, EndpointStore, SentTest, pause, resume
from sharpeyes.events.event_filter import EventFilter
from sharpeyes.events.rotation import rotate
from sharpeyes.service.access import COMMAND_LINE, audit
from sharpeyes.service.api.endpoint_screen import MOST_COUNTED, EndpointView, endpoint_views
from sharpeyes.service.cli.context import Database, open_database, run
from sharpeyes.service.cli.endpoint_edit import (
    AsJson,
    Divisions,
    Name,
    Severities,
    Tiers,
    Types,
    change,
    edit,
    tier_of,
    words_of,
)
from sharpeyes.service.cli.output import CliError, console, note, print_json, print_table

app = typer.Typer(help="Where events are sent: the case system's webhooks.", no_args_is_help=True)

_LONGEST_KEPT_H = 24 * 30


@asynccontextmanager
async def _endpoints() -> AsyncIterator[tuple[Database, EndpointStore]]:
    async with open_database() as database:
        settings, own = database.settings.events, database.own_ports
        async with open_session(settings, own) as session:
            yield database, EndpointStore(database.pool, session, database.sealer, settings, own)


@app.command("add")
def add(  # noqa: PLR0917  # typer reads them by name
    name: Name,
    url: Annotated[
        str,
        typer.Argument(metavar="URL", help="Where events are posted: http(s)://HOST:PORT/PATH."),
    ],
    event_type: Types = None,
    severity: Severities = None,
    tier: Tiers = None,
    division: Divisions = None,
    handshake: Annotated[
        bool,
        typer.Option(
            "--handshake/--no-handshake",
            help="Ask the receiver for consent first. Without it you vouch for that; audited.",
        ),
    ] = True,
    as_json: AsJson = False,
) -> None:
    """Add an endpoint and print its signing secret, which cannot be read again."""
    wanted = EventFilter(
        event_types=tuple(event_type or ()),
        severities=tuple(severity or ()),
        tiers=tuple(map(tier_of, tier or ())),
        division_codes=tuple(division or ()),
    )

    async def command() -> AddedEndpoint:
        async def note(connection: PoolConnectionProxy) -> None:
            detail = msgspec.to_builtins(wanted) | {"url": url, "handshake": handshake}
            await audit(connection, COMMAND_LINE, "endpoint.add", name, detail=detail)

        async with _endpoints() as (_, endpoints):
            return await endpoints.add(name, url, wanted, handshake=handshake, note=note)

    added = run(command())
    if as_json:
        print_json({"endpoint": added.endpoint, "secret": added.secret})
        return
    note(f"Endpoint {name} is added. Its signing secret is not shown again:")
    console().print(added.secret)


app.command("edit")(edit)


@app.command("list")
def list_endpoints(as_json: AsJson = False) -> None:
    """List endpoints and how their deliveries stand, never their secrets.

    `sent` is how long ago a delivery arrived last; `error` is what the latest attempt met, unless
    one has arrived since.
    """

    async def command() -> list[EndpointView]:
        async with open_database() as database:
            return await endpoint_views(database.pool)

    found = run(command())
    if as_json:
        print_json(found)
        return
    now = datetime.now(UTC)
    print_table(
        ("name", "url", "wants", "state", "why", "pending", "oldest", "sent", "error", "dead"),
        (
            (
                endpoint.name,
                endpoint.url,
                words_of(
                    endpoint.event_types,
                    endpoint.severities,
                    endpoint.tiers,
                    endpoint.division_codes,
                ),
                endpoint.state,
                _why(endpoint),
                _count(endpoint.pending),
                _age(endpoint.oldest_pending_at, now),
                _age(endpoint.last_success_at, now),
                _error(endpoint),
                _count(endpoint.dead),
            )
            for endpoint in found
        ),
        empty="There are no endpoints yet: add one with `sharpeyes endpoint add NAME URL`.",
    )


def _count(number: int) -> str:
    return f"{number:,}" if number <= MOST_COUNTED else f"more than {MOST_COUNTED:,}"


def _error(endpoint: EndpointView) -> str:
    failed_at, taken_at = endpoint.last_failure_at, endpoint.last_success_at
    is_over = failed_at is None or (taken_at is not None and taken_at > failed_at)
    return "" if is_over else endpoint.last_failure


def _why(endpoint: EndpointView) -> str:
    if endpoint.state == "active" and endpoint.deferred_until is not None:
        return f"nearly all fails: next trial {endpoint.deferred_until:%H:%M:%S} UTC"
    return endpoint.state_reason


def _age(at: datetime | None, now: datetime) -> str:
    """Return how long ago something was, to the second under a minute and roughly above."""
    if at is None:
        return ""
    seconds = max(0, int((now - at).total_seconds()))
    minutes, hours, days = seconds // 60, seconds // 3600, seconds // 86400
    if days:
        return f"{days} d {hours % 24} h"
    if hours:
        return f"{hours} h {minutes % 60} min"
    return f"{minutes} min" if minutes else f"{seconds} s"


@app.command("rotate")
def rotate_secret(
    name: Name,
    keep_hours: Annotated[
        float,
        typer.Option(
            min=0, max=_LONGEST_KEPT_H, help="How long the old secret signs beside the new one."
        ),
    ] = 24,
    as_json: AsJson = False,
) -> None:
    """Replace an endpoint's signing secret and print the new one, which cannot be read again.

    With `--keep-hours 0` what was replaced, now and before, is worth nothing at once.
    """

    async def command() -> str:
        async with change() as (database, connection):
            keep = timedelta(hours=keep_hours)
            secret = await rotate(connection, database.sealer, name, keep, datetime.now(UTC))
            detail = {"keep_hours": keep_hours}
            await audit(connection, COMMAND_LINE, "endpoint.rotate", name, detail=detail)
            return secret

    secret = run(command())
    if as_json:
        print_json({"name": name, "secret": secret})
        return
    note(
        f"Endpoint {name} has a new signing secret, which is not shown again; "
        f"replaced ones sign beside it for {keep_hours:g} h:"
    )
    console().print(secret)


@app.command("test")
def try_endpoint(name: Name, as_json: AsJson = False) -> None:
    """Send an endpoint a signed test event and show its answer; exit code 1 unless that is 2xx.

    It is sent as deliveries are, also while the endpoint is paused; nothing of it is stored.
    """

    async def command() -> SentTest:
        async with _endpoints() as (database, endpoints):
            async with database.pool.acquire() as connection:
                await audit(connection, COMMAND_LINE, "endpoint.test", name)
            return await endpoints.send_test(name, datetime.now(UTC), random.SystemRandom())

    sent = run(command())
    said = sent.answer
    if as_json:
        print_json({"event_id": sent.event_id, "delivered": said.succeeded, "answer": said})
    else:
        answered = said.error if said.http_status is None else f"HTTP {said.http_status}"
        note(f"{answered} after {said.latency_ms:,.0f} ms, webhook-id {sent.event_id}")
        if said.head:
            console().print(said.head, markup=False)
    if not said.succeeded:
        raise CliError(f"endpoint {name} did not take the test event")


@app.command("pause")
def pause_endpoint(name: Name) -> None:
    """Stop sending to an endpoint. Its events wait until it is resumed."""

    async def command() -> None:
        async with change() as (_, connection):
            await pause(connection, name)
            await audit(connection, COMMAND_LINE, "endpoint.pause", name)

    run(command())
    note(f"Endpoint {name} is paused; its events wait.")


@app.command("resume")
def resume_endpoint(name: Name) -> None:
    """Send to an endpoint again, from the oldest event that waits."""

    async def command() -> None:
        async with change() as (_, connection):
            await resume(connection, name)
            await audit(connection, COMMAND_LINE, "endpoint.resume", name)

    run(command())
    note(f"Endpoint {name} is active.")
