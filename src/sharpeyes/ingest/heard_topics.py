"""Which topics cameras told of, and what becomes of them: what anybody may read."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Final

import asyncpg
import msgspec

_LIST: Final = """
SELECT topic, fate, messages, first_at, last_at, last_device_code
FROM camera_topic WHERE $1::text IS NULL OR fate = $1 ORDER BY messages DESC, topic
"""


class TopicFate(StrEnum):
    """What becomes of messages of a topic."""

    ALARM = "alarm"
    """Becomes events."""
    VERDICT = "verdict"
    """Tells what the camera holds of its own picture: goes to the health of the camera."""
    UNKNOWN = "unknown"
    """Not known to us: counted, and that is all."""
    ABOUT_PERSONS = "about_persons"
    """Counted by its name, and never read."""


class CountedTopic(msgspec.Struct, frozen=True, kw_only=True):
    """A topic and how often cameras told of it.

    Attributes:
        topic: the cameras' word for it.
        fate: what becomes of its messages.
        messages: how many there were.
        first_at: when the first was noted, UTC.
        last_at: when the last was.
        last_device_code: a camera that told of it lately.
    """

    topic: str
    fate: TopicFate
    messages: int
    first_at: datetime
    last_at: datetime
    last_device_code: str


async def list_topics(pool: asyncpg.Pool, fate: TopicFate | None = None) -> list[CountedTopic]:
    """Return the topics that cameras told of, the most frequent first.

    Args:
        pool: the database.
        fate: of this fate only.
    """
    rows = await pool.fetch(_LIST, fate)
    return [msgspec.convert(dict(row), CountedTopic) for row in rows]
