"""Endpoints: where events are sent."""

import ipaddress
import re
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import Any, Protocol

import aiohttp
import asyncpg
import msgspec
from yarl import URL

from sharpeyes.events import handshake as consent
from sharpeyes.events.address import denial
from sharpeyes.events.errors import (
    EndpointExistsError,
    EndpointInvalidError,
    HandshakeError,
    UnknownEndpointError,
)
from sharpeyes.events.event import EventType, Severity
from sharpeyes.events.settings import EventSettings
from sharpeyes.events.signing import new_secret, written

_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]{0,62}")
_LONGEST_URL = 2000


class SealedSecret(Protocol):
    """A secret as it is stored."""

    @property
    def ciphertext(self) -> bytes:
        """With the authentication tag at its end."""
        ...

    @property
    def nonce(self) -> bytes:
        """12 bytes, fresh for every sealing."""
        ...

    @property
    def key_id(self) -> str:
        """Which key opens it."""
        ...


class Sealer(Protocol):
    """Seals and opens secrets; whoever wires the service has the key."""

    def seal(self, secret: bytes, owner: bytes, /) -> SealedSecret:
        """Encrypt a secret so that it opens only together with `owner`."""
        ...

    def open(self, sealed: Any, owner: bytes, /) -> bytes:
        """Decrypt a secret. `sealed` is anything with the fields of `SealedSecret`.

        Raises:
            ValueError: It does not open; the message says why and nothing of the secret.
        """
        ...


@dataclass(frozen=True, slots=True)
class StoredSecret:
    """A `SealedSecret` as read from the table `endpoint`."""

    ciphertext: bytes
    nonce: bytes
    key_id: str


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


class EndpointStore:
    """Adds, lists and switches endpoints.

    Args:
        pool: Connections to the database.
        session: From `sharpeyes.events.address.open_session`; asks receivers for consent.
        sealer: Seals the secrets.
        settings: Which addresses are allowed, and how long a receiver may take to answer.
    """

    def __init__(
        self,
        pool: asyncpg.Pool,
        session: aiohttp.ClientSession,
        sealer: Sealer,
        settings: EventSettings,
    ) -> None:
        self._pool = pool
        self._session = session
        self._sealer = sealer
        self._settings = settings

    async def add(
        self,
        name: str,
        url: str,
        event_types: Collection[EventType] = (),
        *,
        severities: Collection[Severity] = (),
        handshake: bool = True,
    ) -> AddedEndpoint:
        """Add an endpoint once its receiver has consented. Events from now on are sent to it.

        Args:
            name: Letters, digits, dots, underscores and hyphens; 63 characters at most.
            url: http or https, without user, query and fragment: what is in a URL ends up in logs.
            event_types: The types it wants; empty for all.
            severities: The severities it wants; empty for all.
            handshake: False when an operator vouches for the receiver's consent.

        Raises:
            EndpointInvalidError: The name or the address cannot be accepted.
            EndpointExistsError: The name is taken.
            HandshakeError: The receiver did not consent.
        """
        check_name(name)
        check_url(url, self._settings)
        # Asked before the receiver is, so that a slip of the keyboard does not bother it.
        if await self._pool.fetchval("SELECT 1 FROM endpoint WHERE name = $1", name):
            raise EndpointExistsError(name)
        if handshake:
            await self._ask(url)
        secret = new_secret()
        sealed = self._sealer.seal(secret, name.encode())
        try:
            row = await self._pool.fetchrow(
                "INSERT INTO endpoint (name, url, secret_ciphertext, secret_nonce, key_id,"
                " event_types, severities) VALUES ($1, $2, $3, $4, $5, $6, $7) RETURNING *",
                name,
                url,
                sealed.ciphertext,
                sealed.nonce,
                sealed.key_id,
                sorted(set(event_types)),
                sorted(set(severities)),
            )
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
        rows = await self._pool.fetch("SELECT * FROM endpoint ORDER BY name")
        return tuple(_endpoint(row) for row in rows)

    async def pause(self, name: str) -> Endpoint:
        """Stop sending to an endpoint; its deliveries wait and go on being added.

        Raises:
            UnknownEndpointError: None has this name.
        """
        return await self._switch(name, EndpointState.PAUSED, "paused by an operator")

    async def resume(self, name: str) -> Endpoint:
        """Send to an endpoint again, also after it was disabled, and at once if it was deferred.

        Raises:
            UnknownEndpointError: None has this name.
        """
        return await self._switch(name, EndpointState.ACTIVE, "")

    async def _switch(self, name: str, state: EndpointState, reason: str) -> Endpoint:
        row = await self._pool.fetchrow(
            "UPDATE endpoint SET state = $2, state_reason = $3, deferred_until = NULL"
            " WHERE name = $1 RETURNING *",
            name,
            state,
            reason,
        )
        if row is None:
            raise UnknownEndpointError(name)
        return _endpoint(row)


def check_name(name: str) -> None:
    """Refuse a name that could not be typed or printed everywhere.

    Raises:
        EndpointInvalidError: With the reason.
    """
    if not _NAME.fullmatch(name):
        raise EndpointInvalidError(
            "name",
            f"name {name[:80]!r} is not 1 to 63 letters, digits, dots, underscores "
            "or hyphens, beginning with a letter or digit",
        )


def check_url(url: str, settings: EventSettings) -> None:
    """Refuse an address that must not be stored, or that could never be dialled.

    Names are not resolved here: what counts is the address that they lead to when it is dialled.

    Raises:
        EndpointInvalidError: With the reason; never with a user name, password or query.
    """
    reason = _url_problem(url, settings)
    if reason is not None:
        raise EndpointInvalidError("url", f"URL {reason}")


def _url_problem(url: str, settings: EventSettings) -> str | None:
    if len(url) > _LONGEST_URL or not url.isprintable() or " " in url:
        return f"is longer than {_LONGEST_URL} characters or has spaces or control characters"
    try:
        parts = URL(url)
        host = parts.host if parts.port else None
        # What the resolver does with a name: it refuses empty and overlong parts of one.
        (parts.raw_host or "").encode("idna")
    except ValueError:
        host = None
    if host is None or parts.scheme not in ("http", "https"):
        return "cannot be read: expected http://HOST:PORT/PATH or https://HOST:PORT/PATH"
    # Looked for in the text: an empty user name is gone from the parts.
    if "@" in url.partition("://")[2].partition("/")[0]:
        return "has a user name or password in it: deliveries are signed instead"
    if "?" in url or "#" in url:
        return "has a query or fragment in it: give a plain path, for no secret may be in a URL"
    assert parts.port is not None
    return _literal_problem(host, parts.port, settings)


def _literal_problem(host: str, port: int, settings: EventSettings) -> str | None:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return None  # a name
    refused = denial(address, port, settings)
    return None if refused is None else f"cannot be used: {refused}"


def _endpoint(row: asyncpg.Record) -> Endpoint:
    return msgspec.convert(dict(row), Endpoint)
