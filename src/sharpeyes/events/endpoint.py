"""Endpoints: where events are sent."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum

import aiohttp
import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.events import handshake as consent
from sharpeyes.events import rotation
from sharpeyes.events.attempt import Answer, post
from sharpeyes.events.closed_ports import NO_PORTS, OwnPorts
from sharpeyes.events.cloudevent import CONTENT_TYPE, test_body
from sharpeyes.events.endpoint_address import check_name, check_url
from sharpeyes.events.errors import (
    EndpointExistsError,
    HandshakeError,
    UnknownEndpointError,
)
from sharpeyes.events.event import EventType, RandomBits, Severity, new_event_id
from sharpeyes.events.event_filter import ALL_EVENTS, EventFilter
from sharpeyes.events.filter_edit import refuse_unknown_divisions
from sharpeyes.events.outbox import HASTEN, Outbox
from sharpeyes.events.sealed_secret import Sealer
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.signing import new_secret, signature_headers, written

_ENDPOINTS = """
SELECT p.*, COALESCE(d.division_codes, '{}') AS division_codes
FROM endpoint p LEFT JOIN LATERAL (
    SELECT array_agg(division_code ORDER BY division_code) AS division_codes
    FROM endpoint_division WHERE endpoint_id = p.endpoint_id
) d ON true
"""

_ADD = """
INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id,
                      event_types, severities, tiers)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8) RETURNING endpoint_id
"""

_ADD_DIVISIONS = """
INSERT INTO endpoint_division (endpoint_id, division_code) SELECT $1, unnest($2::text[])
"""

_SWITCH = """
UPDATE endpoint SET state = $2, state_reason = $3, deferred_until = NULL WHERE name = $1
RETURNING endpoint_id
"""

Connection = asyncpg.Connection | PoolConnectionProxy | asyncpg.Pool
Note = Callable[[PoolConnectionProxy], Awaitable[None]]


class EndpointState(StrEnum):
    """Whether an endpoint is served."""

    ACTIVE = "active"
    """Its deliveries are sent."""
    PAUSED = "paused"
    """By an operator: its deliveries wait."""
    DISABLED = "disabled"
    """The receiver said that it is gone (410): its deliveries wait, and none are added."""


class Endpoint(msgspec.Struct, frozen=True, kw_only=True):
    """A configured webhook target; its secret is not part of it.

    Attributes:
        endpoint_id: Its identity.
        name: What people call it; unique, and never changed: its secret is bound to it.
        url: Where events are posted.
        event_types: The types it wants; empty for all.
        severities: The severities it wants; empty for all.
        tiers: Of which tiers' cameras, as the exchanged sheet numbers them; empty for all.
        division_codes: Of which divisions' cameras, with all below them; empty for all.
        state: Whether it is served.
        state_reason: Why it is not.
        created_at: When it was added, UTC.
        deferred_until: Nearly all failed lately: nothing is sent before this, UTC, and then one
            delivery; null: it is served as usual.
    """

    endpoint_id: int
    name: str
    url: str
    event_types: tuple[EventType, ...]
    severities: tuple[Severity, ...]
    tiers: tuple[int, ...]
    division_codes: tuple[str, ...]
    state: EndpointState
    state_reason: str
    created_at: datetime
    deferred_until: datetime | None


@dataclass(frozen=True, slots=True)
class AddedEndpoint:
    """A new endpoint.

    Attributes:
        endpoint: The endpoint.
        secret: What its receiver verifies with (whsec_...); it cannot be read again.
    """

    endpoint: Endpoint
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class SentTest:
    """A test event that was sent.

    Attributes:
        event_id: Its identity, which is the webhook-id.
        answer: What the receiver did.
    """

    event_id: str
    answer: Answer


class EndpointStore:
    """Adds, lists and switches endpoints.

    Args:
        pool: Connections to the database.
        session: From `sharpeyes.events.address.open_session`; asks receivers for consent.
        sealer: Seals the secrets.
        settings: Which addresses are allowed, and how long a receiver may take to answer.
        own: Our own ports, which are denied.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        session: aiohttp.ClientSession,
        sealer: Sealer,
        settings: EventSettings,
        own: OwnPorts = NO_PORTS,
    ) -> None:
        self._pool = pool
        self._session = session
        self._sealer = sealer
        self._settings = settings
        self._own = own

    async def add(
        self,
        name: str,
        url: str,
        wanted: EventFilter = ALL_EVENTS,
        *,
        handshake: bool = True,
        note: Note | None = None,
    ) -> AddedEndpoint:
        """Add an endpoint once its receiver has consented. Events from now on are sent to it.

        Args:
            name: Letters, digits, dots, underscores and hyphens; 63 characters at most.
            url: http or https, without user, query and fragment: what is in a URL ends up in logs.
            wanted: Which events are sent to it.
            handshake: False when an operator vouches for the receiver's consent.
            note: Writes down who did this, in the same transaction.

        Raises:
            EndpointInvalidError: The name or the address cannot be accepted.
            EndpointExistsError: The name is taken.
            UnknownEndpointDivisionError: It wants cameras of a division that there is not.
            HandshakeError: The receiver did not consent.
        """
        check_name(name)
        check_url(url, self._settings, self._own)
        # Asked before the receiver is, so that a slip of the keyboard does not bother it.
        if await self._pool.fetchval("SELECT 1 FROM endpoint WHERE name = $1", name):
            raise EndpointExistsError(name)
        await refuse_unknown_divisions(self._pool, wanted.division_codes)
        if handshake:
            await self._ask(url)
        secret = new_secret()
        sealed = self._sealer.seal(secret, name.encode())
        try:
            async with self._pool.acquire() as connection, connection.transaction():
                endpoint_id = await connection.fetchval(
                    _ADD,
                    name,
                    url,
                    sealed.ciphertext,
                    sealed.nonce,
                    sealed.key_id,
                    sorted(set(wanted.event_types)),
                    sorted(set(wanted.severities)),
                    sorted(set(wanted.tiers)),
                )
                await connection.execute(
                    _ADD_DIVISIONS, endpoint_id, sorted(set(wanted.division_codes))
                )
                row = await connection.fetchrow(f"{_ENDPOINTS} WHERE p.name = $1", name)
                if note is not None:
                    await note(connection)
        except asyncpg.UniqueViolationError:
            raise EndpointExistsError(name) from None
        assert row is not None
        return AddedEndpoint(_endpoint(row), written(secret))

    async def _ask(self, url: str) -> None:
        settings = self._settings
        refusal = await consent.refusal(
            self._session, url, settings.origin, settings.attempt_timeout_s
        )
        if refusal is not None:
            raise HandshakeError(f"the receiver at {url} does not consent: {refusal}")

    async def list(self) -> tuple[Endpoint, ...]:
        """Return all endpoints in the order of their names."""
        rows = await self._pool.fetch(f"{_ENDPOINTS} ORDER BY p.name")
        return tuple(_endpoint(row) for row in rows)

    async def rotate(
        self, connection: Connection, name: str, keep: timedelta, now: datetime
    ) -> str:
        """Give an endpoint a new signing secret and return it; see `rotation.rotate`."""
        return await rotation.rotate(connection, self._sealer, name, keep, now)

    async def send_test(self, name: str, now: datetime, random: RandomBits) -> SentTest:
        """Send a test event to an endpoint, whatever its state, as deliveries are sent.

        It is signed, and dialled under the same rules. It is no event: nothing is stored of it,
        and it is tried once.

        Args:
            name: The endpoint's.
            now: When it is sent, UTC.
            random: Gives the event's identity.

        Raises:
            UnknownEndpointError: None has this name.
            EndpointLockedError: Its secret does not open, so that nothing can be signed.
        """
        target = await Outbox(self._pool, self._sealer).target(name, now)
        event_id = new_event_id(now, random)
        content = test_body(event_id, name, now, self._settings.source)
        headers = signature_headers(target.secrets, event_id, now, content)
        headers["Content-Type"] = CONTENT_TYPE
        answer = await post(
            self._session, target.url, headers, content, self._settings.attempt_timeout_s
        )
        return SentTest(event_id, answer)


async def pause(connection: Connection, name: str) -> None:
    """Stop sending to an endpoint; its deliveries wait and go on being added.

    Args:
        connection: In a transaction, in which the caller writes who did this, too.
        name: The endpoint's.

    Raises:
        UnknownEndpointError: None has this name.
    """
    await _switch(connection, name, EndpointState.PAUSED, "paused by an operator")


async def resume(connection: Connection, name: str) -> None:
    """Send all that waits for an endpoint at once, also after it was disabled or deferred.

    Args:
        connection: As for `pause`.
        name: The endpoint's.

    Raises:
        UnknownEndpointError: None has this name.
    """
    endpoint_id = await _switch(connection, name, EndpointState.ACTIVE, "")
    await connection.execute(HASTEN, endpoint_id)


async def _switch(connection: Connection, name: str, state: EndpointState, reason: str) -> int:
    endpoint_id: int | None = await connection.fetchval(_SWITCH, name, state, reason)
    if endpoint_id is None:
        raise UnknownEndpointError(name)
    return endpoint_id


def _endpoint(row: asyncpg.Record) -> Endpoint:
    return msgspec.convert(dict(row), Endpoint)
