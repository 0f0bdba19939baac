"""When nobody was there to ask the cameras: what was known before says nothing of that time."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from sharpeyes.health.pasts import Connection

_SILENCE: Final = timedelta(minutes=5)
"""A shorter one is a restart: a minute without questions makes no camera unknown."""

_IS_WATCHED = """
SELECT EXISTS (SELECT FROM shard_lease WHERE worker_id IS NOT NULL AND expires_at > now())
"""
# Only we were away: a worker that was there before still is.
_HAS_STAYED = """
SELECT EXISTS (SELECT FROM worker WHERE started_at <= $1 AND expires_at > now())
"""


async def note_watch(connection: Connection, now: datetime) -> None:
    """Note whether anybody holds cameras now; to be called about once a minute.

    A gap begins when somebody was last seen to be there, and is known once it has lasted for five
    minutes; it counts from its beginning. If nobody called for so long, we
    ourselves were away, which is a gap if no worker stayed.

    Args:
        connection: the database, in no transaction.
        now: the present, UTC.
    """
    async with connection.transaction():
        seen = await connection.fetchval("SELECT at FROM watch_seen FOR UPDATE")
        is_watched = await connection.fetchval(_IS_WATCHED)
        silent = seen is not None and now - seen >= _SILENCE
        if silent and not await connection.fetchval(_HAS_STAYED, seen):
            await connection.execute(
                "INSERT INTO watch_gap (since) VALUES ($1) ON CONFLICT DO NOTHING", seen
            )
        if not is_watched and seen is not None:
            return
        await connection.execute(
            "UPDATE watch_gap SET until = $1 WHERE until IS NULL AND since < $1", now
        )
        await connection.execute(
            "INSERT INTO watch_seen (at) VALUES ($1)"
            " ON CONFLICT (singleton) DO UPDATE SET at = GREATEST(watch_seen.at, excluded.at)",
            now,
        )
