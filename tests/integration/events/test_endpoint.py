"""Endpoints: consent, secrets at rest, names."""

import os
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

import aiohttp
import asyncpg
import pytest
from aiohttp import web

from sharpeyes.events.endpoint import EndpointState, EndpointStore, pause, resume
from sharpeyes.events.errors import (
    EndpointExistsError,
    EndpointInvalidError,
    HandshakeError,
    UnknownEndpointDivisionError,
    UnknownEndpointError,
)
from sharpeyes.events.event import Event, EventType, Severity
from sharpeyes.events.event_filter import EventFilter
from sharpeyes.events.outbox import Outbox
from sharpeyes.events.receiver import CaseReceiver
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.signing import read_secret
from sharpeyes.registry.divisions import DivisionStore
from sharpeyes.registry.errors import DivisionInUseError
from sharpeyes.registry.sealing import Sealer

Serve = Callable[[web.Application], Awaitable[str]]


async def test_an_endpoint_is_added_when_its_receiver_consents(
    endpoints: EndpointStore, serve: Serve, pool: asyncpg.Pool, sealer: Sealer
) -> None:
    url = await serve(CaseReceiver(list).application())

    added = await endpoints.add(
        "case", url, EventFilter(event_types=(EventType.MOTION, EventType.MOTION))
    )

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


async def test_endpoints_are_paused_and_resumed(
    endpoints: EndpointStore, pool: asyncpg.Pool
) -> None:
    await endpoints.add("case", "http://10.0.0.1/x", handshake=False)

    await pause(pool, "case")
    assert [endpoint.state for endpoint in await endpoints.list()] == [EndpointState.PAUSED]
    await resume(pool, "case")
    assert [endpoint.state for endpoint in await endpoints.list()] == [EndpointState.ACTIVE]
    with pytest.raises(UnknownEndpointError, match="'nobody'"):
        await pause(pool, "nobody")


async def test_an_endpoint_gets_what_it_wants(
    endpoints: EndpointStore,
    store: Callable[..., Awaitable[list[Event]]],
    cameras: dict[str, int],
    pool: asyncpg.Pool,
) -> None:
    """Of a warning that the city's own camera in Wuchang went offline."""
    wants = {
        "all": EventFilter(),
        "alerts": EventFilter(severities=(Severity.ALERT, Severity.ALERT)),
        "both": EventFilter(
            event_types=(EventType.CAMERA_OFFLINE,),
            severities=(Severity.WARNING, Severity.ALERT),
        ),
        "motion": EventFilter(event_types=(EventType.MOTION,), severities=(Severity.WARNING,)),
        "city": EventFilter(tiers=(2, 1)),
        "district": EventFilter(tiers=(2,)),
        "wuhan": EventFilter(division_codes=("420100",), tiers=(1,)),
        "wuchang": EventFilter(division_codes=("420102", "420106")),
        "other district": EventFilter(division_codes=("420102",)),
    }
    for name, wanted in wants.items():
        name = name.replace(" ", "-")  # noqa: PLW2901
        await endpoints.add(name, "http://10.0.0.1/", wanted, handshake=False)
    await store(next(iter(cameras)))

    rows = await pool.fetch("SELECT name FROM delivery JOIN endpoint USING (endpoint_id)")
    assert {row["name"] for row in rows} == {"all", "both", "city", "wuhan", "wuchang"}
    added = {endpoint.name: endpoint for endpoint in await endpoints.list()}
    assert added["alerts"].severities == (Severity.ALERT,)
    assert added["city"].tiers == (1, 2)
    assert added["wuchang"].division_codes == ("420102", "420106")


async def test_an_endpoint_may_want_known_divisions_only(
    endpoints: EndpointStore, pool: asyncpg.Pool
) -> None:
    wanted = EventFilter(division_codes=("420106", "990000"))
    with pytest.raises(UnknownEndpointDivisionError, match="'990000'"):
        await endpoints.add("case", "http://10.0.0.1/", wanted)
    assert not await endpoints.list()

    await pool.execute(
        "INSERT INTO division (division_code, level, name_zh, name_en)"
        " VALUES ('990000', 'city', 'far away', 'far away')"
    )
    await endpoints.add("case", "http://10.0.0.1/", wanted, handshake=False)
    with pytest.raises(DivisionInUseError, match="endpoint_division"):
        await DivisionStore(pool).remove("990000")
