"""What the health monitor is given."""

import random
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import aiohttp
import asyncpg

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.health.device_verdicts import DeviceVerdicts
from sharpeyes.health.logins import LoginGuard
from sharpeyes.health.settings import HealthSettings
from sharpeyes.health.status import Check, CheckResult, Transition
from sharpeyes.health.trend_store import Trends


class HealthMetrics(Protocol):
    """What is counted; cameras must not become labels."""

    def probed(self, result: CheckResult) -> None:
        """Count a result."""

    def delayed(self, delay_s: float) -> None:
        """Take in how late a probe began."""

    def put_off(self, check: Check) -> None:
        """Count a check that was due and had to wait: limits reached, or a fault of our own."""

    def changed(self, transition: Transition) -> None:
        """Count a transition."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HealthContext:
    """What the health monitor is given.

    Attributes:
        pool: the database.
        http: a session for devices.
        worker_id: who holds the leases.
        settings: of health.
        devices: how long devices may take, and how much is taken from them.
        credentials: looks up what is registered for a camera by its id; None where nothing is.
        logins: which devices may be sent a password; shared by all that send any.
        metrics: what is counted.
        now: the time, UTC.
        monotonic_s: a steady clock, in seconds.
        random: for jitter and the identities of events.
        trends: takes in latencies and clocks for the camera's page; None where nobody looks.
        verdicts: what cameras hold against their own pictures.
    """

    pool: asyncpg.Pool
    http: aiohttp.ClientSession
    worker_id: str
    settings: HealthSettings
    devices: DeviceSettings
    credentials: Callable[[int], Awaitable[Credentials | None]]
    logins: LoginGuard
    metrics: HealthMetrics
    now: Callable[[], datetime]
    monotonic_s: Callable[[], float]
    random: random.Random
    trends: Trends | None = None
    verdicts: DeviceVerdicts = field(default_factory=DeviceVerdicts)
