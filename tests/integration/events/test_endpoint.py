"""Endpoints: consent, secrets at rest, names."""

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from sharpeyes.events.endpoint import EndpointState, EndpointStore
from sharpeyes.events.errors import (
    EndpointExistsError,
    EndpointInvalidError,
    HandshakeError,
    UnknownEndpointError,
)
from sharpeyes.events.event import Event, EventType, Severity
from sharpeyes.events.outbox import Outbox
from sharpeyes.events.receiver import CaseReceiver
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.signing import read_secret
from sharpeyes.registry.sealing import Sealer

Serve = Callable[[web.Application], Awaitable[str]]


async def test_an_endpoint_is_added_when_its_receiver_consents(
    endpoints: EndpointStore, serve: Serve, pool: asyncpg.Pool, sealer: Sealer
) -> None:
    url = await serve(CaseReceiver(list).application())

    added = await endpoints.add("case", url, [EventType.MOTION, EventType.MOTION])

    assert await endpoints.list() == (added.endpoint,)
    assert added.endpoint.event_types == (EventType.MOTION,)
    assert added.endpoint.state is EndpointState.ACTIVE
    (target,) = await Outbox(pool, sealer).targets(datetime.now(UTC))
    assert target.secrets == (read_secret(added.secret),)
    assert added.secret not in repr(added)
    assert repr(target.secrets[0]) not in repr(target)


async def test_the_secret_is_not_in_the_database(
    endpoints: EndpointStore, pool: asyncpg.Pool, sealer: Sealer
) -> None:
    added = await endpoints.add("case", "http://10.0.0.1/x", handshake=False)
    await endpoints.add("other", "http://10.0.0.1/x", handshake=False)

    row = await pool.fetchrow("SELECT * FROM endpoint WHERE name = 'case'")
    assert row is not None
    assert read_secret(added.secret) not in b"".join(v for v in row.values() if type(v) is bytes)
    assert added.secret not in repr(row)

    # A row copied to another endpoint, and another key, do not open it.
    await pool.execute(
        "UPDATE endpoint SET secret_ciphertext = $1, secret_nonce = $2 WHERE name = 'other'",
        row["secret_ciphertext"],
        row["secret_nonce"],
    )
    assert [target.name for target in await Outbox(pool, sealer).targets(datetime.now(UTC))] == [
        "case"
    ]
    assert await Outbox(pool, Sealer(os.urandom(32))).targets(datetime.now(UTC)) == []


async def test_without_consent_nothing_is_added(endpoints: EndpointStore, serve: Serve) -> None:
    async def busy(_request: web.Request) -> web.Response:
        return web.Response()

    application = web.Application()
    application.router.add_route("*", "/events", busy)
    url = await serve(application)

    with pytest.raises(HandshakeError, match="sent no WebHook-Allowed-Origin"):
        await endpoints.add("case", url)
    assert await endpoints.list() == ()

    await endpoints.add("case", url, handshake=False)
    assert len(await endpoints.list()) == 1


async def test_a_name_is_taken_once(endpoints: EndpointStore) -> None:
    await endpoints.add("case", "http://10.0.0.1/x", handshake=False)

    with pytest.raises(EndpointExistsError, match="'case'"):
        await endpoints.add("case", "http://10.0.0.2/x")


async def test_this_machine_is_no_receiver_outside_demonstrations(
    pool: asyncpg.Pool, session: aiohttp.ClientSession, sealer: Sealer
) -> None:
    endpoints = EndpointStore(pool, session, sealer, EventSettings())

    with pytest.raises(EndpointInvalidError, match="this machine"):
        await endpoints.add("case", "http://127.0.0.1:9000/events", handshake=False)


async def test_endpoints_are_paused_and_resumed(endpoints: EndpointStore) -> None:
    await endpoints.add("case", "http://10.0.0.1/x", handshake=False)

    assert (await endpoints.pause("case")).state is EndpointState.PAUSED
    assert (await endpoints.resume("case")).state is EndpointState.ACTIVE
    with pytest.raises(UnknownEndpointError, match="'nobody'"):
        await endpoints.pause("nobody")


async def test_an_endpoint_gets_the_severities_that_it_wants(
    endpoints: EndpointStore,
    store: Callable[..., Awaitable[list[Event]]],
    cameras: dict[str, int],
    pool: asyncpg.Pool,
) -> None:
    await endpoints.add("all", "http://10.0.0.1/", handshake=False)
    await endpoints.add(
        "alerts", "http://10.0.0.1/", severities=(Severity.ALERT, Severity.ALERT), handshake=False
    )
    await endpoints.add(
        "both",
        "http://10.0.0.1/",
        (EventType.CAMERA_OFFLINE,),
        severities=(Severity.WARNING, Severity.ALERT),
        handshake=False,
    )
    await endpoints.add(
        "motion",
        "http://10.0.0.1/",
        (EventType.MOTION,),
        severities=(Severity.WARNING,),
        handshake=False,
    )
    await store(next(iter(cameras)))  # a warning

    rows = await pool.fetch("SELECT name FROM delivery JOIN endpoint USING (endpoint_id)")
    assert sorted(row["name"] for row in rows) == ["all", "both"]
    wanted = {endpoint.name: endpoint.severities for endpoint in await endpoints.list()}
    assert wanted["alerts"] == (Severity.ALERT,)
