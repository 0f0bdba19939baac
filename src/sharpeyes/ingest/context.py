"""What ingest is given."""

import random
from collections.abc import Awaitable, Callable, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol

import aiohttp
import asyncpg

from sharpeyes.detectors.finding import Finding
from sharpeyes.detectors.zones import Zone
from sharpeyes.devices.credentials import Credentials, LoginPermit
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.ingest.settings import IngestSettings


class FrameFate(StrEnum):
    """What became of a frame that was to be sampled."""

    LOOKED_AT = "looked_at"
    LATE = "late"
    """Its moment had passed before the frame before it was dealt with."""
    CROWDED_OUT = "crowded_out"
    """Too many frames of other cameras were waiting."""
    LOST = "lost"
    """The camera sent none."""


class IngestMetrics(Protocol):
    """What is counted; cameras must not become labels."""

    def frames(self, fate: FrameFate, count: int = 1) -> None:
        """Count frames by what became of them."""

    def found(self, finding: Finding) -> None:
        """Count a finding."""


class Logins(Protocol):
    """Which devices may be sent a password; moments are seconds of the context's steady clock."""

    def begin(self, host: str, credentials: Credentials, now_s: float) -> bool:
        """Ask to send a device a password; if granted, `end` must be called."""
        ...

    def end(
        self, host: str, credentials: Credentials, now_s: float, *, accepted: bool | None
    ) -> None:
        """Note how it ended; None if the device did not come to an opinion."""
        ...

    def permit(
        self, host: str, credentials: Credentials, monotonic_s: Callable[[], float]
    ) -> LoginPermit:
        """Return what an open stream asks before it sends its password again."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class IngestContext:
    """What ingest is given.

    Attributes:
        pool: the database.
        http: a session for devices.
        worker_id: who holds the leases.
        settings: of ingest.
        devices: how long devices may take, and how much is taken from them.
        credentials: looks up what is registered for a camera by its id; None where nothing is.
        zones: looks up a camera's zones by its id.
        logins: shared with all else that logs in to devices.
        executor: `settings.detection_threads` threads that look at frames.
        metrics: what is counted.
        now: the time, UTC: it stamps frames; devices' times do not.
        monotonic_s: a steady clock, in seconds.
        random: for jitter and the identities of events.
    """

    pool: asyncpg.Pool
    http: aiohttp.ClientSession
    worker_id: str
    settings: IngestSettings
    devices: DeviceSettings
    credentials: Callable[[int], Awaitable[Credentials | None]]
    zones: Callable[[int], Awaitable[Sequence[Zone]]]
    logins: Logins
    executor: Executor
    metrics: IngestMetrics
    now: Callable[[], datetime]
    monotonic_s: Callable[[], float]
    random: random.Random
