"""Which topics cameras tell of and how often: what is mapped, what is not, what is left unread."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from typing import Final

import asyncpg
import msgspec

from sharpeyes.ingest.camera_topics import fate_of
from sharpeyes.ingest.heard_topics import TopicFate

MOST_TOPICS: Final = 500
"""Kept by their names; makers, and whoever wants to fill our database, may invent any number."""

OTHER_TOPICS: Final = "(others)"
"""Stands for those that came when there were so many."""

_PUT: Final = """
WITH told AS (
    SELECT told.*, (SELECT count(*) FROM camera_topic) < $6
        OR EXISTS (SELECT FROM camera_topic AS k WHERE k.topic = told.topic) AS is_named
    FROM unnest($1::text[], $2::text[], $3::bigint[], $4::timestamptz[], $5::text[])
        AS told (topic, fate, messages, at, device_code)
)
INSERT INTO camera_topic AS kept (topic, fate, messages, first_at, last_at, last_device_code)
SELECT CASE WHEN is_named THEN topic ELSE $7 END, CASE WHEN is_named THEN fate ELSE $8 END,
    sum(messages), min(at), max(at), max(device_code)
FROM told GROUP BY 1, 2 ORDER BY 1
ON CONFLICT (topic) DO UPDATE SET messages = kept.messages + excluded.messages,
    fate = excluded.fate, last_at = GREATEST(kept.last_at, excluded.last_at),
    last_device_code = excluded.last_device_code
"""


class _Count(msgspec.Struct):
    messages: int
    last_at: datetime
    last_device_code: str


class TopicCounts:
    """Counts messages by topic until they are written down; what is not is lost with the worker.

    Args:
        now: the present, UTC.
    """

    def __init__(self, now: Callable[[], datetime]) -> None:
        self._now = now
        self._counts: dict[str, _Count] = {}

    def heard(self, topic: str, device_code: str) -> None:
        """Count a message."""
        if topic not in self._counts and len(self._counts) >= MOST_TOPICS:
            topic = OTHER_TOPICS
        count = self._counts.setdefault(topic, _Count(0, self._now(), device_code))
        count.messages += 1
        count.last_at, count.last_device_code = self._now(), device_code

    async def write(self, pool: asyncpg.Pool) -> None:
        """Write down what was counted; what cannot be written is kept."""
        if not self._counts:
            return
        counts, self._counts = self._counts, {}
        rows = [
            (topic, fate_of(topic), c.messages, c.last_at, c.last_device_code)
            for topic, c in sorted(counts.items())
        ]
        written = False
        try:
            columns = map(list, zip(*rows, strict=True))
            await pool.execute(_PUT, *columns, MOST_TOPICS, OTHER_TOPICS, TopicFate.UNKNOWN)
            written = True
        finally:
            if not written:
                for topic, count in counts.items():
                    newer = self._counts.setdefault(topic, count)
                    if newer is not count:
                        newer.messages += count.messages
