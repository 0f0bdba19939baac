"""Cameras' pasts, read from the database: what availability is computed from."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import AsyncIterator, Collection, Sequence
from datetime import datetime
from typing import Final

import asyncpg
import msgspec
from asyncpg.pool import PoolConnectionProxy

from sharpeyes.health.availability import Change, Filed, Gap, Interval, timeline

_FIELDS: Final = ("life", "poll_mode", "division_code", "tier", "maker", "model")
CHANGES_OF_FIELDS: Final = "before ?| ARRAY['{}']".format("', '".join(_FIELDS))
"""SQL: a change of a camera after which its time counts otherwise, or elsewhere."""

_CAMERAS = f"""
SELECT camera_id, device_code, name, created_at, {", ".join(_FIELDS)} FROM camera
WHERE camera_id > $1 AND ($2::text IS NULL OR division_path ^@ $2)
    AND ($3::bigint[] IS NULL OR camera_id = ANY ($3))
ORDER BY camera_id LIMIT $4
"""  # noqa: S608  # made of our own names
# From the last time before that a camera was well: a fault that is under way began later.
_TRANSITIONS = """
SELECT t.camera_id, t.at, t.to_status, t.cause
FROM unnest($1::bigint[]) AS asked (camera_id)
CROSS JOIN LATERAL (
    SELECT COALESCE(max(at), '-infinity') AS at FROM camera_transition
    WHERE camera_id = asked.camera_id AND at < $2 AND to_status = 'ok'
) AS well
JOIN camera_transition AS t ON t.camera_id = asked.camera_id AND t.at >= well.at AND t.at < $3
ORDER BY t.camera_id, t.at, t.transition_id
"""
_CHANGES = f"""
SELECT camera_id, at, before FROM camera_change
WHERE camera_id = ANY ($1) AND {CHANGES_OF_FIELDS} ORDER BY camera_id, change_id DESC
"""  # noqa: S608  # as above
# Cameras that did not answer while those who ask were cut off themselves.
_BLIND = """
SELECT joined.camera_id, joined.joined_at, LEAST(COALESCE(joined.left_at, $2), $2) AS left_at
FROM incident JOIN incident_camera AS joined USING (incident_id)
WHERE incident.kind = 'poller' AND joined.camera_id = ANY ($1) AND joined.joined_at < $2
"""
_GAPS = """
SELECT since, LEAST(COALESCE(until, $1), $1) AS until FROM watch_gap WHERE since < $1 ORDER BY since
"""

Connection = asyncpg.Connection | PoolConnectionProxy
_AT_ONCE: Final = 10_000


class Past(msgspec.Struct, frozen=True):
    """What happened to one camera.

    Attributes:
        camera_id: ours.
        device_code: its code.
        name: its name.
        changes: its transitions, from the last time at which it was well on.
        files: what was on file since it was registered.
        blind: when we could not see it, and nobody knows how it was.
    """

    camera_id: int
    device_code: str
    name: str
    changes: Sequence[Change]
    files: Sequence[Filed]
    blind: Sequence[Gap] = ()

    def timeline(self, gaps: Sequence[Gap], since: datetime, until: datetime) -> list[Interval]:
        """Cut it into intervals, from `since` or the beginning of what was under way then on.

        Args:
            gaps: all up to `until`, one after the other.
            since: of the window that the past was read for, as `until`.
            until: where to stop.
        """
        begins = min(since, self.changes[0].at) if self.changes else since
        first = bisect_right(gaps, begins, key=lambda gap: gap.until)
        unseen = [*gaps[first:], *self.blind]
        return timeline(self.changes, self.files, unseen, until, since=begins)


async def read_gaps(connection: Connection, until: datetime) -> list[Gap]:
    """Return the times up to a moment in which nobody was there to ask any camera, in order."""
    rows = await connection.fetch(_GAPS, until)
    return [Gap(row["since"], row["until"]) for row in rows]


async def read_pasts(
    connection: Connection,
    since: datetime,
    until: datetime,
    *,
    path: str | None = None,
    camera_ids: Collection[int] | None = None,
    at_once: int = _AT_ONCE,
) -> AsyncIterator[list[Past]]:
    """Read what is needed to know how cameras were within [since, until).

    Args:
        connection: the database.
        since: of the window, aware.
        until: of the window, aware.
        path: only cameras below this division; None for all.
        camera_ids: only these; None for all.
        at_once: how many cameras are in memory.

    Yields:
        The cameras in the order of their ids, some at a time; those that were deleted are not known
        any more.
    """
    last = 0
    wanted = None if camera_ids is None else list(camera_ids)
    while True:
        cameras = await connection.fetch(_CAMERAS, last, path, wanted, at_once)
        if not cameras:
            return
        ids = [camera["camera_id"] for camera in cameras]
        last = ids[-1]
        changes: dict[int, list[Change]] = {}
        for camera_id, at, status, cause in await connection.fetch(_TRANSITIONS, ids, since, until):
            changes.setdefault(camera_id, []).append(Change(at, status, cause))
        edits: dict[int, list[asyncpg.Record]] = {}
        for row in await connection.fetch(_CHANGES, ids):
            edits.setdefault(row["camera_id"], []).append(row)
        blind: dict[int, list[Gap]] = {}
        for camera_id, joined_at, left_at in await connection.fetch(_BLIND, ids, until):
            blind.setdefault(camera_id, []).append(Gap(joined_at, left_at))
        yield [
            Past(
                camera["camera_id"],
                camera["device_code"],
                camera["name"],
                changes.get(camera["camera_id"], ()),
                _files(camera, edits.get(camera["camera_id"], ())),
                blind.get(camera["camera_id"], ()),
            )
            for camera in cameras
        ]


def _files(camera: asyncpg.Record, edits: Sequence[asyncpg.Record]) -> list[Filed]:
    """Go back from what is on file, change by change, the newest first."""
    known = {name: camera[name] for name in _FIELDS}
    files = []
    for edit in edits:
        files.append(Filed(since=edit["at"], **known))
        known |= {name: value for name, value in edit["before"].items() if name in known}
    files.append(Filed(since=camera["created_at"], **known))
    files.reverse()
    return files
