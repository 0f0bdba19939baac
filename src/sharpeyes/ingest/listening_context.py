"""What listening is given."""

import random
from collections.abc import Awaitable, Callable, Collection
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import aiohttp
import asyncpg

from sharpeyes.devices.credentials import Credentials
from sharpeyes.devices.settings import DeviceSettings
from sharpeyes.events.payload import AlarmKind
from sharpeyes.ingest.context import Logins
from sharpeyes.ingest.heard_topics import TopicFate
from sharpeyes.ingest.listening_settings import ListeningSettings
from sharpeyes.ingest.topic_counts import TopicCounts


class ListeningMetrics(Protocol):
    """What is counted; neither cameras nor topics must become labels."""

    def heard(self, fate: TopicFate) -> None:
        """Count a message by what became of it."""

    def unread(self, count: int) -> None:
        """Count messages that came in too great a number to be read."""

    def alarmed(self, kind: AlarmKind, phase: str) -> None:
        """Count an event that was made of a message."""


class Verdicts(Protocol):
    """Takes in what cameras hold against their own pictures."""

    def say(self, camera_id: int, topics: Collection[str]) -> None:
        """Note what a camera says now; nothing: that it says nothing, or is not listened to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ListeningContext:
    """What listening is given.

    Attributes:
        pool: the database.
        http: a session for devices.
        worker_id: who holds the leases.
        settings: of listening.
        devices: how long devices may take, and how much is taken from them.
        credentials: looks up what is registered for a camera by its id; None where nothing is.
        logins: shared with all else that logs in to devices.
        verdicts: takes in what cameras hold against their own pictures.
        topics: counts what is heard by its topic.
        metrics: what is counted.
        now: the time, UTC.
        monotonic_s: a steady clock, in seconds.
        sleep: waits for so many seconds of that clock.
        random: for jitter and the identities of events.
    """

    pool: asyncpg.Pool
    http: aiohttp.ClientSession
    worker_id: str
    settings: ListeningSettings
    devices: DeviceSettings
    credentials: Callable[[int], Awaitable[Credentials | None]]
    logins: Logins
    verdicts: Verdicts
    topics: TopicCounts
    metrics: ListeningMetrics
    now: Callable[[], datetime]
    monotonic_s: Callable[[], float]
    sleep: Callable[[float], Awaitable[None]]
    random: random.Random
