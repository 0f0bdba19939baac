"""Does a device take this user name and password? One attempt, and none that is not needed."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import aiohttp

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.fault import Fault, FaultKind
from sharpeyes.devices.rtsp import check_rtsp
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.devices.snapshot import fetch_snapshot


class LoginOutcome(StrEnum):
    """What came of a login."""

    ACCEPTED = "accepted"
    REFUSED = "refused"
    """The device asked for a password and did not take this one."""
    NOT_ASKED = "not_asked"
    """The device serves everybody, so that it says nothing of a password."""
    NOT_REACHED = "not_reached"
    """Whatever else: no connection, no answer, nothing that can be used."""


@dataclass(frozen=True, slots=True)
class Login:
    """How a login ended, and the device's words or ours for it; never a secret."""

    outcome: LoginOutcome
    evidence: str


async def try_login(
    session: aiohttp.ClientSession,
    credentials: Credentials,
    *,
    settings: DeviceSettings,
    stream_url: str | None,
    snapshot_url: str | None,
) -> Login:
    """Send a device a user name and password once, where it asks for them.

    It is asked without them first: the first challenge counts for no bad login, and a device that
    makes none would make any password look right.

    Args:
        session: Best from ``open_device_session``.
        credentials: What shall be tried.
        settings: Time and size limits.
        stream_url: Its RTSP address, or None.
        snapshot_url: Where its snapshots are, asked for if it has no stream, or None.

    Raises:
        DeviceUrlError: An address cannot be used.
    """

    async def ask(sent: Credentials | None) -> object:
        if stream_url is not None:
            return await check_rtsp(
                stream_url, sent, timeout_s=settings.rtsp_timeout_s, limits=settings.rtsp
            )
        assert snapshot_url is not None
        return await fetch_snapshot(
            session,
            snapshot_url,
            sent,
            timeout_s=settings.http_timeout_s,
            max_bytes=settings.http.max_snapshot_bytes,
        )

    if stream_url is None and snapshot_url is None:
        return Login(LoginOutcome.NOT_REACHED, "neither a stream nor a snapshot is on file")
    challenged = await ask(None)
    if not isinstance(challenged, Fault):
        return Login(LoginOutcome.NOT_ASKED, "the device serves everybody without a password")
    if challenged.kind is not FaultKind.AUTH:
        return Login(LoginOutcome.NOT_REACHED, challenged.evidence)
    answered = await ask(credentials)
    if not isinstance(answered, Fault):
        return Login(LoginOutcome.ACCEPTED, "")
    refused = answered.kind is FaultKind.AUTH
    return Login(LoginOutcome.REFUSED if refused else LoginOutcome.NOT_REACHED, answered.evidence)
